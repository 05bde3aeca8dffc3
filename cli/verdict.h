/* SPDX-License-Identifier: MIT */
#ifndef CMD_VERDICT_H
#define CMD_VERDICT_H

#include <moescope/trace.h>

/* Checks a trace that was just written, and prints a line: its path and the checker's verdict, with
 * a pointer to moescope check where there is more to say. */
bool cmd_verdict_print(const char *path, GError **error);

#endif
