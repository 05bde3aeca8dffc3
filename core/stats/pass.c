/* SPDX-License-Identifier: MIT
 *
 * pass.c: counts a trace. Each thread goes through all chunks of one router after the other: what a
 * tally has to remember then is of one router at a time. A router's sums don't depend on threads.
 */
#include "stats/pass.h"

#include "stats/disk.h"
#include "stats/step.h"

/* Tallies that the trace has no columns for. */
static void
drop_missing(MoeSummary *summary, const MoeTrace *trace)
{
    for (int i = 0; i < MOE_N_TALLIES; i++)
        for (int r = 0; summary->tables[i] && r < summary->n_routers; r++)
            if (moe__tallies[i]->carried && !moe__tallies[i]->carried(trace, r))
                moe__tables_drop(summary->tables[i], r);
}

static MoeSummary *
summary_for(const MoeTrace *trace, unsigned tallies)
{
    int n = moe_trace_routers(trace), n_domains = moe_trace_domains(trace);
    g_autofree MoeRouterInfo *routers = g_new(MoeRouterInfo, (gsize)n);
    g_autofree const char **domains = g_new(const char *, (gsize)n_domains);
    for (int r = 0; r < n; r++)
        routers[r] = *moe_trace_router(trace, r);
    for (int d = 0; d < n_domains; d++)
        domains[d] = moe_trace_domain_name(trace, d);
    MoeSummary *summary = moe_summary_new(routers, n, domains, n_domains, tallies);
    drop_missing(summary, trace);
    return summary;
}

static bool
count_all(MoePass *pass, const int32_t *step, const MoeTokenSet *chosen, GError **error)
{
    const unsigned places = 1U << MOE_COLUMN_DOC | 1U << MOE_COLUMN_POS | 1U << MOE_COLUMN_STEP;
    bool tokens = pass->summary->tallies & MOE_TALLY_TOKENS, followed = false;
    for (int i = 0; i < MOE_N_TALLIES; i++)
        followed |= pass->summary->tables[i] && !moe__tallies[i]->by_runs;
    MoeColumnsOptions options = {
        .wanted = 1U << MOE_COLUMN_DOC | 1U << MOE_COLUMN_DOMAIN | 1U << MOE_COLUMN_STEP |
                  (unsigned)followed << MOE_COLUMN_POS | (unsigned)tokens << MOE_COLUMN_ID,
        .runs = true,
        .step = step,
        .chosen = chosen,
        .order = tokens,
        .passing = 1U << MOE_COLUMN_ID | 1U << MOE_COLUMN_DOMAIN | (followed ? 0 : places),
    };
    pass->columns = moe__columns_new(pass->trace, &options, error);
    bool ok = pass->columns && moe__pass_count_routers(pass, error);
    moe__columns_free(pass->columns);
    return ok;
}

/* Whether anything was counted, where less than all was asked for (`step` NULL: all of them). */
static bool
check_any(const MoeSummary *summary, const int32_t *step, const MoeTokenFilter *filter,
          GError **error)
{
    if ((!step && !filter) || summary->n_routers == 0 || moe_summary_tokens_counted(summary) > 0)
        return true;
    g_autofree char *words = filter ? moe_token_filter_text(filter) : NULL;
    g_autofree char *where = words && *words ? g_strdup_printf(" where %s", words) : NULL;
    if (step)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "no token%s was recorded at step %d",
                    where ? where : "", *step);
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "there is no token%s", where ? where : "");
    return false;
}

MoeSummary *
moe__summary_count(const MoeTrace *trace, const MoeSummaryOptions *options, MoeComparePass *compare,
                   GError **error)
{
    MoeSummary *brought = options->recount ? NULL : moe__summary_brought(trace, options);
    if (brought)
        return brought;
    int32_t chosen_step;
    const int32_t *step = options->steps != MOE_STEPS_ALL ? &chosen_step : NULL;
    g_autoptr(MoeTokenSet) chosen = NULL;
    if (step && !moe__choose_step(trace, options, &chosen_step, error))
        return NULL;
    if (options->filter && !(chosen = moe_token_set_new(trace, options->filter, error)))
        return NULL;
    g_autoptr(MoeSummary) summary = summary_for(trace, options->tallies);
    MoePass pass = {
        .trace = trace,
        .summary = summary,
        .compare = compare,
        .progress = options->progress,
        .flow = moe__summary_tables(summary, MOE_TALLY_FLOW) != NULL,
        .flow_picks = moe__summary_tables(summary, MOE_TALLY_FLOW_PICKS) != NULL,
        .sets = (summary->tallies & (MOE_TALLY_PAIRS | MOE_TALLY_TOKENS)) != 0,
        .tables = options->keep_tokens,
        .chunks = moe_trace_chunks(trace),
        .sample = MAX(options->sample, 1),
    };
    if (!count_all(&pass, step, chosen, error))
        return NULL;
    moe_summary_settle(summary);
    if (compare)
        compare->counted = true;
    return check_any(summary, step, options->filter, error) ? g_steal_pointer(&summary) : NULL;
}

MoeSummary *
moe_summary_from_trace(const MoeTrace *trace, const MoeSummaryOptions *options, GError **error)
{
    static const MoeSummaryOptions all = {.steps = MOE_STEPS_ALL};
    return moe__summary_count(trace, options ? options : &all, NULL, error);
}
