/* SPDX-License-Identifier: MIT
 *
 * summary-trace.c: the summary of a trace, chunk by chunk.
 */
#include "stats/step.h"

/* Widens low … high by the steps of one chunk; a chunk without steps is at step 0. */
static bool
widen_steps(const MoeTrace *trace, int chunk, int32_t *low, int32_t *high, GError **error)
{
    MoeArray steps;
    g_autofree char *name = g_strdup_printf("tokens/%05d.step", chunk);
    if (moe_trace_tokens(trace, chunk) == 0)
        return true;
    if (!moe_trace_has(trace, name)) {
        *low = MIN(*low, 0);
        *high = MAX(*high, 0);
        return true;
    }
    if (!moe_trace_read(trace, name, &steps, error))
        return false;
    g_autofree const int32_t *values = steps.data;
    if (steps.type != MOE_I32) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: type <i4 was expected", name);
        return false;
    }
    for (int64_t i = 0, n = moe_array_count(&steps); i < n; i++) {
        *low = MIN(*low, values[i]);
        *high = MAX(*high, values[i]);
    }
    return true;
}

bool
moe__choose_step(const MoeTrace *trace, const MoeSummaryOptions *options, int32_t *step,
                 GError **error)
{
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (int i = 0; i < moe_trace_chunks(trace); i++)
        if (!widen_steps(trace, i, &low, &high, error))
            return false;
    *step = options->steps == MOE_STEPS_LAST ? high : options->step;
    if (low <= *step && *step <= high)
        return true;
    if (low > high)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "the trace has no tokens");
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "no token was recorded at step %d; the trace has steps %d … %d", *step, low,
                    high);
    return false;
}

static int64_t
counted_units(const MoeSummary *summary)
{
    int64_t units = 0;
    for (int r = 0; r < moe_summary_routers(summary); r++)
        units += moe_summary_cell(summary, r, MOE_DOMAIN_ALL)->units;
    return units;
}

/* Routers don't touch each other's cells, so they are counted side by side. */
static bool
count_chunk(MoeSummary *summary, const MoeTrace *trace, int chunk, const int32_t *step,
            MoeTraceView **views, GError **error)
{
    int n = moe_summary_routers(summary);
    g_autofree GError **errors = g_new0(GError *, (gsize)n);
#pragma omp parallel for schedule(dynamic, 1) num_threads(moe_threads())
    for (int r = 0; r < n; r++)
        if (moe_trace_view(trace, chunk, r, views[r], &errors[r]))
            moe_summary_count(summary, r, views[r], step);

    GError *first = NULL;
    for (int r = 0; r < n; r++) {
        if (!first)
            first = g_steal_pointer(&errors[r]);
        g_clear_error(&errors[r]);
    }
    if (first)
        g_propagate_error(error, first);
    return !first;
}

static bool
count_chunks(MoeSummary *summary, const MoeTrace *trace, const int32_t *step,
             const MoeProgress *progress, GError **error)
{
    int n = moe_summary_routers(summary), chunks = moe_trace_chunks(trace);
    g_autofree MoeTraceView **views = g_new(MoeTraceView *, (gsize)n);
    for (int r = 0; r < n; r++)
        views[r] = moe_trace_view_new();
    bool ok = true;
    for (int i = 0; ok && i < chunks; i++) {
        ok = moe_progress(progress, i, chunks, "counting picks");
        if (!ok)
            g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "counting picks was stopped");
        ok = ok && count_chunk(summary, trace, i, step, views, error);
    }
    for (int r = 0; r < n; r++)
        moe_trace_view_free(views[r]);
    return ok;
}

MoeSummary *
moe_summary_from_trace(const MoeTrace *trace, const MoeSummaryOptions *options, GError **error)
{
    static const MoeSummaryOptions all = {MOE_STEPS_ALL, 0, NULL};
    options = options ? options : &all;
    int32_t step;
    bool one = options->steps != MOE_STEPS_ALL;
    if (one && !moe__choose_step(trace, options, &step, error))
        return NULL;

    int n = moe_trace_routers(trace);
    g_autofree MoeRouterInfo *routers = g_new(MoeRouterInfo, (gsize)n);
    for (int r = 0; r < n; r++)
        routers[r] = *moe_trace_router(trace, r);
    g_autoptr(MoeSummary) summary = moe_summary_new(routers, n, moe_trace_domains(trace));
    if (!count_chunks(summary, trace, one ? &step : NULL, options->progress, error))
        return NULL;
    if (one && n > 0 && counted_units(summary) == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "no token was recorded at step %d", step);
        return NULL;
    }
    return g_steal_pointer(&summary);
}
