/* SPDX-License-Identifier: MIT
 *
 * verdict.h: what is done with a trace or a summary that was just written.
 */
#ifndef CMD_VERDICT_H
#define CMD_VERDICT_H

#include <moescope/trace.h>

/* With `summary`, puts the trace's summary into it, with what the checker finds, so that it opens
 * at once. With `tell`, prints a line: the path and the checker's verdict, with a pointer to
 * moescope check where there is more to say. */
bool cmd_trace_finish(const char *path, bool summary, bool tell, GError **error);
/* Prints such a line for a summary of counts. */
bool cmd_verdict_summary(const char *path, GError **error);

#endif
