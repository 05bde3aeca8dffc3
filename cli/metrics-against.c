/* SPDX-License-Identifier: MIT
 *
 * metrics-against.c: how a place's routing agrees with that of the file that it is held against.
 */
#include "compare.h"

/* The pair that a router of the trace is in; -1: none. */
static int
find_pair(const MoeComparison *comparison, int router)
{
    for (int r = 0; r < moe_comparison_routers(comparison); r++)
        if (moe_comparison_router(comparison, r)->a == router)
            return r;
    return -1;
}

/* Where the trace tells no domains apart, the comparison has those of the other: what is of no
 * known domain here are all tokens. */
static int
domain_of(const MetricsFrom *from, int domain)
{
    bool none = moe_summary_domains(from->summary) == 0;
    return domain == MOE_DOMAIN_UNKNOWN && none && moe_comparison_domains(from->comparison) > 0
               ? MOE_DOMAIN_ALL
               : domain;
}

static GArray *
measure(const MetricsQuery *query, const MoeComparison *comparison, int pair, int domain)
{
    const CompareHow how = {.intervals = query->intervals, .resample = query->resample};
    g_autoptr(GArray) all = cmd_compare_measure(comparison, &how, pair, domain);
    GArray *out = g_array_sized_new(FALSE, FALSE, sizeof(Measured), all->len);
    for (guint i = 0; i < all->len; i++) {
        const ComparedMetric *one = &g_array_index(all, ComparedMetric, i);
        Measured measured = {.name = one->metric->name,
                             .unit = one->metric->unit,
                             .value = one->value,
                             .uniform = one->uniform,
                             .shuffled = one->shuffled,
                             .interval = one->interval,
                             .no_interval = cmd_compare_no_interval(comparison)};
        cmd_metrics_add(out, query, &measured);
    }
    return out;
}

MetricsAgainst *
cmd_metrics_against(const MetricsQuery *query, const MetricsFrom *from, int router, int domain)
{
    MoeComparisonCell cell;
    MetricsAgainst *against = g_new0(MetricsAgainst, 1);
    int pair = find_pair(from->comparison, router);
    domain = domain_of(from, domain);
    if (pair < 0) {
        against->why_not = "it has no router that goes with this one";
        return against;
    }
    if (!moe_comparison_cell(from->comparison, pair, domain, MOE_LABELS_OWN, &cell)) {
        against->why_not = "domains are too many to be told apart";
        return against;
    }
    against->router = moe_comparison_router(from->comparison, pair)->b;
    against->experts = cell.experts_b;
    against->units = cell.units;
    for (int side = 0; side < 2; side++)
        against->alone[side] = moe_comparison_alone(from->comparison, side);
    against->apart = cell.apart;
    for (int e = 0; e < cell.experts; e++)
        against->picks += cell.picks_a[e];
    against->measured = measure(query, from->comparison, pair, domain);
    return against;
}

void
cmd_metrics_against_free(MetricsAgainst *against)
{
    if (!against)
        return;
    g_clear_pointer(&against->measured, g_array_unref);
    g_free(against);
}
