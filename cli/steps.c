/* SPDX-License-Identifier: MIT */
#include "steps.h"

#include "progress.h"

static bool
measure_tokens(MetricsReport *report, MetricsInput *input, const MoeTrace *trace, unsigned tallies,
               GError **error)
{
    int n = 0;
    g_autofree int32_t *steps = moe_trace_steps(trace, &n, error);
    bool good = steps != NULL;
    for (int i = 0; good && i < n; i++) {
        gint64 wide = steps[i];
        const MoeSummaryOptions options = {
            .steps = MOE_STEPS_ONE,
            .step = steps[i],
            .filter = report->query.filter,
            .tallies = tallies,
            .progress = cmd_progress_begin(),
        };
        g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, &options, error);
        cmd_progress_end();
        const MetricsFrom from = {summary, &wide, report->query.filter ? NULL : trace, trace,
                                  &options};
        good = summary && cmd_metrics_measure(report, input, &from, error);
    }
    return good;
}

/* --- State ------------------------------------------------------------------------------------*/

static void
free_states(gpointer states)
{
    moe_states_free(states);
}

static bool
measure_state(MetricsReport *report, MetricsInput *input, const MoeTrace *trace, GError **error)
{
    g_autoptr(GPtrArray) states = g_ptr_array_new_with_free_func(free_states);
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        MoeStates *own = moe_states_read(trace, r, error);
        if (!own)
            return false;
        g_ptr_array_add(states, own);
    }
    int64_t steps = states->len > 0 ? moe_states_count(states->pdata[0]) : 0;
    bool good = true;
    for (int64_t i = 0; good && i < steps; i++) {
        gint64 step = moe_states_step(states->pdata[0], i);
        g_autoptr(MoeSummary) summary =
            moe_states_summary(trace, (MoeStates *const *)states->pdata, i);
        const MetricsFrom from = {.summary = summary, .step = &step, .trace = trace};
        good = cmd_metrics_measure(report, input, &from, error);
    }
    return good;
}

bool
cmd_steps_measure(MetricsReport *report, MetricsInput *input, const CmdSource *source,
                  unsigned tallies, bool state, GError **error)
{
    if (!source->trace) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found a summary, which doesn't tell steps apart; --steps takes a trace");
        return false;
    }
    return state ? measure_state(report, input, source->trace, error)
                 : measure_tokens(report, input, source->trace, tallies, error);
}
