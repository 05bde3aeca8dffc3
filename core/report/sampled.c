/* SPDX-License-Identifier: MIT
 *
 * Caches of experts in a long trace: simulated over evenly spaced chunks of it, by a thread of its
 * own, since all picks would take longer than the rest of the report. The sample is stated.
 */
#include "report/report.h"

#include "figure/number.h"

/* So many picks are simulated in about a second. */
#define MOST_CACHED ((int64_t)1 << 23)

static int64_t
picks_of(const MoeTrace *trace)
{
    int64_t picks = 0;
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        const MoeRouterInfo *info = moe_trace_router(trace, r);
        picks += moe_trace_tokens(trace, -1) * info->units_per_token * MAX(info->k, 1);
    }
    return picks;
}

bool
moe__report_needs_sample(const MoeTrace *trace)
{
    return picks_of(trace) > MOST_CACHED;
}

static gpointer
work(gpointer data)
{
    const unsigned tallies = MOE_TALLY_LOAD | MOE_TALLY_CACHES | MOE_TALLY_DOCUMENTS;
    return (gpointer)moe_figure_input_summary(data, 0, tallies, MOE_STEPS_LAST, 0, NULL);
}

void
moe__report_sample_begin(MoeReport *report)
{
    int64_t every = (picks_of(report->trace) + MOST_CACHED - 1) / MOST_CACHED;
    report->sampled_input = moe_figure_input_new();
    moe_figure_input_add(report->sampled_input, report->trace, NULL, report->name);
    moe_figure_input_set_sample(report->sampled_input,
                                (int)CLAMP(every, 1, moe_trace_chunks(report->trace)));
    moe_figure_input_set_progress(report->sampled_input, report->options.progress);
    report->sampling = g_thread_new("caches", work, report->sampled_input);
}

const MoeSummary *
moe__report_sampled(MoeReport *report)
{
    if (report->sampling)
        report->sampled = g_thread_join(report->sampling);
    report->sampling = NULL;
    return report->sampled;
}

char *
moe__report_sample_words(MoeReport *report)
{
    const MoeSummary *sampled = moe__report_sampled(report);
    if (!sampled)
        return NULL;
    int64_t units = moe_summary_cell(sampled, 0, MOE_DOMAIN_ALL)->units;
    int64_t all = moe_summary_cell(report->summary, 0, MOE_DOMAIN_ALL)->units;
    g_autofree char *some = moe__number_count(units), *every = moe__number_count(all);
    return g_strdup_printf(
        "Simulated over %s of the %s units (evenly spaced chunks, from the beginning on): "
        "all would take long. moescope report --sections caches does that.",
        some, every);
}
