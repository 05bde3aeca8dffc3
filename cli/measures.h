/* SPDX-License-Identifier: MIT */
#ifndef CMD_MEASURES_H
#define CMD_MEASURES_H

#include <moescope/trace.h>

/* Prints a line for each measure of a trace's routers: how many routers and steps have it, and its
 * shape, or, of a number, how it went. */
bool cmd_measures_print(const MoeTrace *trace, GError **error);

#endif
