/* SPDX-License-Identifier: MIT
 *
 * run-log.h: what a run wrote down step by step where it has no trace, as dense ones haven't: the
 * metrics.jsonl of its folder.
 */
#ifndef FIGURE_RUN_LOG_H
#define FIGURE_RUN_LOG_H

#include <moescope/figure.h>

/* Whether the folder has one. */
bool moe__run_log_is(const char *folder);
/* The values of `name` as [n, 2] pairs of step and value, steps ascending: of a run that went on
 * from a checkpoint, the later ones. MOE_ERROR_DATA, naming those that are there, if it has none of
 * that name; MOE_ERROR_FORMAT for lines that aren't JSON. (transfer full) */
double *moe__run_log_read(const char *folder, const char *name, int64_t *n, GError **error);
/* What its recipe says: the variant (transfer full; NULL: nothing) and the tokens of a step (0). */
char *moe__run_log_model(const char *folder, double *tokens);

#endif
