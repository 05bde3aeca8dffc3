/* SPDX-License-Identifier: MIT */
#ifndef CMD_FINDINGS_H
#define CMD_FINDINGS_H

#include <moescope/summary.h>

/* Prints what a summary shows about routing: a line a router on balance and on specialisation
 * beside what chance would give, and for each domain the expert that it uses most beyond its even
 * share. */
void cmd_findings_print(const MoeSummary *summary);

#endif
