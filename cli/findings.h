/* SPDX-License-Identifier: MIT */
#ifndef CMD_FINDINGS_H
#define CMD_FINDINGS_H

#include <moescope/trace.h>

/* Prints what a trace shows about routing (of its last step, where it holds several): a line a
 * router on balance and on specialisation beside what chance would give, and for each domain the
 * expert that it uses most beyond its even share. */
bool cmd_findings_print(const MoeTrace *trace, GError **error);

#endif
