/* SPDX-License-Identifier: MIT */
#ifndef CMD_SAMPLES_H
#define CMD_SAMPLES_H

/* Where a sample ("corpus", "recipes/smoe-tiny.ini") is: below $MOESCOPE_SAMPLES, beside the
 * installed program (../share/moescope), or in the source tree that the program was built in. NULL
 * if there's none. (transfer full) */
char *cmd_sample(const char *name);

#endif
