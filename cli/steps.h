/* SPDX-License-Identifier: MIT
 *
 * steps.h: metrics over training: a summary for every step.
 */
#ifndef CMD_STEPS_H
#define CMD_STEPS_H

#include "metrics.h"

/* Measures every step that the tokens of a trace were recorded at (those of the report's filter),
 * or, with `state`, every step of
 * its recorded state (the load of whole training steps: no domains, no order). `tallies`: what
 * the metrics need. Fails as moe_summary_from_trace() does; with MOE_ERROR_DATA for a summary,
 * which doesn't tell steps apart, or where there is no state. */
bool cmd_steps_measure(MetricsReport *report, MetricsInput *input, const CmdSource *source,
                       unsigned tallies, bool state, GError **error);

#endif
