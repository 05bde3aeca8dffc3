/* SPDX-License-Identifier: MIT */
#include "experts.h"

#include "metric-choice.h"

#include <math.h>

/* --- Shares -----------------------------------------------------------------------------------*/

/* The load share of one expert, as a metric: what intervals are made for. */
typedef struct ShareMetric {
    MoeMetric metric;
    int expert;
} ShareMetric;

static double
share(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const ShareMetric *own = (const ShareMetric *)metric;
    const MoeSummaryCell *summary = cell->summary;
    return summary->picks > 0 ? (double)summary->count[own->expert] / (double)summary->picks : NAN;
}

/* Wilson's interval is of units that pick the expert; the share is of picks. */
static MoeInterval
wilson(const MoeSummaryCell *cell, int expert, double level)
{
    MoeInterval interval = moe_wilson(cell->count[expert], cell->units, level);
    double units_a_pick = (double)cell->units / (double)cell->picks;
    interval.low *= units_a_pick;
    interval.high = MIN(interval.high * units_a_pick, 1);
    return interval;
}

static void
set_intervals(const MoeSummary *summary, int router, int domain, const MetricsQuery *query,
              GArray *experts)
{
    const MoeSummaryCell *cell = moe_summary_cell(summary, router, domain);
    gsize n = experts->len;
    g_autofree ShareMetric *shares = g_new0(ShareMetric, n);
    g_autofree const MoeMetric **metrics = g_new(const MoeMetric *, n);
    g_autofree MoeInterval *intervals = g_new(MoeInterval, n);
    for (gsize e = 0; e < n; e++) {
        shares[e] =
            (ShareMetric){{.struct_size = sizeof(MoeMetric), .high = 1, .value = share}, (int)e};
        metrics[e] = &shares[e].metric;
    }
    moe_metric_intervals(summary, router, domain, metrics, (int)n, &query->resample, intervals);
    for (gsize e = 0; e < n; e++) {
        Expert *expert = &g_array_index(experts, Expert, e);
        expert->bootstrap = !isnan(intervals[e].low);
        expert->interval =
            expert->bootstrap ? intervals[e] : wilson(cell, (int)e, query->resample.level);
    }
}

/* --- Tests ------------------------------------------------------------------------------------*/

/* Those of all routers that are shown are one family (Benjamini and Hochberg). */
static void
set_discoveries(const MoeSummary *summary, int router, int domain, const MetricsQuery *query,
                GArray *experts)
{
    int n = 0, own = 0;
    for (int r = 0; r < moe_summary_routers(summary); r++)
        n += moe_summary_router(summary, r)->experts;
    g_autofree double *p = g_new(double, (gsize)n), *q = g_new(double, (gsize)n);
    n = 0;
    for (int r = 0; r < moe_summary_routers(summary); r++) {
        const MoeRouterInfo *info = moe_summary_router(summary, r);
        if (!cmd_layers_have(query->layers, info->layer))
            continue;
        own = r == router ? n : own;
        moe_share_tests(summary, r, domain, p + n);
        n += info->experts;
    }
    moe_benjamini_hochberg(p, n, q);
    for (guint e = 0; e < experts->len; e++)
        g_array_index(experts, Expert, e).discovery = q[own + (int)e];
}

/* --- Tokens and partners ----------------------------------------------------------------------*/

static void
set_tokens(const MoeTokenCell *tokens, int e, Expert *expert)
{
    for (int i = 0; i < EXPERTS_TOKENS; i++) {
        int at = e * MOE_TOKENS_TOP + i;
        if (tokens->top_picks[at] > 0)
            expert->tokens[expert->n_tokens++] =
                (ExpertToken){(int)tokens->top_id[at], tokens->top_picks[at], tokens->top_lift[at]};
    }
}

/* Those with the highest share of this expert's units, the first of equals. */
static void
set_partners(const MoePairCell *pairs, int e, Expert *expert)
{
    const int64_t *row = pairs->together + (gsize)e * (gsize)pairs->experts;
    for (int j = 0; j < pairs->experts && row[e] > 0; j++) {
        double own = (double)row[e], with = (double)row[j];
        double other = (double)pairs->together[(gsize)j * (gsize)pairs->experts + (gsize)j];
        int at = expert->n_partners;
        while (at > 0 && expert->partners[at - 1].share < with / own)
            at--;
        if (j == e || row[j] == 0 || at == EXPERTS_PARTNERS)
            continue;
        expert->n_partners = MIN(expert->n_partners + 1, EXPERTS_PARTNERS);
        for (int i = expert->n_partners - 1; i > at; i--)
            expert->partners[i] = expert->partners[i - 1];
        expert->partners[at] =
            (ExpertPartner){j, with / own, with * (double)pairs->units / (own * other)};
    }
}

/* --- All --------------------------------------------------------------------------------------*/

static double
part(double of, double all)
{
    return all > 0 ? of / all : NAN;
}

GArray *
cmd_experts_of(const MoeSummary *summary, int router, int domain, const MetricsQuery *query)
{
    const MoeSummaryCell *cell = moe_summary_cell(summary, router, domain);
    const MoePairCell *pairs = moe_summary_pairs(summary, router, domain);
    const MoeTokenCell *tokens =
        domain == MOE_DOMAIN_ALL ? moe_summary_tokens(summary, router) : NULL;
    GArray *experts = g_array_sized_new(FALSE, TRUE, sizeof(Expert), (guint)cell->experts);
    double gates = 0, firsts = 0;
    for (int e = 0; e < cell->experts; e++) {
        gates += cell->gate_sum[e];
        firsts += (double)cell->first[e];
    }
    for (int e = 0; e < cell->experts; e++) {
        Expert expert = {
            .picks = cell->count[e],
            .share = part((double)cell->count[e], (double)cell->picks),
            .interval = {NAN, NAN, 0},
            .discovery = NAN,
            .relative = part((double)cell->count[e] * cell->experts, (double)cell->picks),
            .gate_share = part(cell->gate_sum[e], gates),
            .first_share = part((double)cell->first[e], firsts),
        };
        if (tokens)
            set_tokens(tokens, e, &expert);
        if (pairs)
            set_partners(pairs, e, &expert);
        g_array_append_val(experts, expert);
    }
    if (query->intervals && cell->picks > 0)
        set_intervals(summary, router, domain, query, experts);
    if (query->intervals && cell->picks > 0 && domain != MOE_DOMAIN_UNKNOWN)
        set_discoveries(summary, router, domain, query, experts);
    return experts;
}
