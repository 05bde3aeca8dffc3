/* SPDX-License-Identifier: MIT
 *
 * progress.h: the line that shows how far long work is, and Ctrl-C.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <moescope/base.h>

/* From now on Ctrl-C (and SIGTERM, or a terminal that goes away) asks the work that reports to the
 * progress below to stop in good order; the second one kills. The line is shown only if stderr is a
 * terminal. */
const MoeProgress *cmd_progress_begin(void);
/* Wipes the line. Call it before printing anything. */
void cmd_progress_end(void);

#endif
