/* SPDX-License-Identifier: MIT
 *
 * step.h: which training step of a trace is counted.
 */
#ifndef MOESCOPE_STATS_STEP_H
#define MOESCOPE_STATS_STEP_H

#include <moescope/summary.h>

/* The lowest and highest step of any token. Fails with MOE_ERROR_DATA where there is no token. */
bool moe__step_range(const MoeTrace *trace, int32_t *low, int32_t *high, GError **error);
/* Turns the choice of steps into a step to count, which is one that the trace has. Fails with
 * MOE_ERROR_DATA where it has no such token. */
bool moe__choose_step(const MoeTrace *trace, const MoeSummaryOptions *options, int32_t *step,
                      GError **error);

#endif
