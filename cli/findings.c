/* SPDX-License-Identifier: MIT */
#include "findings.h"

#include <math.h>
#include <moescope/metrics.h>
#include <moescope/summary.h>
#include <stdio.h>
#include <string.h>

/* Counts of all domains of a router, domain-major, of picks or of first choices. */
static int64_t *
domain_counts(const MoeSummary *summary, int router, int experts, bool first)
{
    int n = moe_summary_domains(summary);
    int64_t *counts = g_new0(int64_t, (gsize)n * (gsize)experts);
    for (int d = 0; d < n; d++) {
        const MoeSummaryCell *cell = moe_summary_cell(summary, router, d);
        memcpy(counts + (gsize)d * (gsize)experts, first ? cell->first : cell->count,
               (gsize)experts * sizeof *counts);
    }
    return counts;
}

/* "2", or the mean "1.97" where units differ. */
static char *
picks_a_unit(const MoeSummaryCell *cell)
{
    double mean = (double)cell->picks / (double)MAX(cell->units, 1);
    bool same = cell->making[cell->picks / MAX(cell->units, 1)] == cell->units;
    return g_strdup_printf(same ? "%.0f" : "%.2f", mean);
}

/* A measure of gate sums, "-" where there are none. (transfer full) */
static char *
gate_text(const MoeMetricCell *cell, const char *name, const char *format)
{
    const MoeMetric *metric = moe_metric_find(name);
    double value = metric ? moe_metric_value(metric, cell) : NAN;
    return isnan(value) ? g_strdup("-") : g_strdup_printf(format, value);
}

/* A router without counts: what its gate sums, as shares of the load stand, say of balance. */
static void
print_gates(const MoeSummary *summary, int router)
{
    const MoeRouterInfo *info = moe_summary_router(summary, router);
    const MoeMetricCell cell = moe_metric_cell(summary, NULL, router, MOE_DOMAIN_ALL, NULL);
    g_autofree char *effective = gate_text(&cell, "gate-effective-experts", "%.2f");
    g_autofree char *maxvio = gate_text(&cell, "gate-maxvio", "%.2f");
    g_autofree char *cv = gate_text(&cell, "gate-cv", "%.3f");
    printf("  %5d %7d %4s %9s %9s %7s %7s %5s %9s %10s\n", info->layer, info->experts, "-",
           effective, maxvio, cv, "-", "-", "-", "-");
}

static void
print_router(const MoeSummary *summary, int router)
{
    const MoeRouterInfo *info = moe_summary_router(summary, router);
    const MoeSummaryCell *all = moe_summary_cell(summary, router, MOE_DOMAIN_ALL);
    int E = info->experts;
    g_autofree int64_t *first = domain_counts(summary, router, E, true);
    /* First choices: picks of one unit exclude each other, which the correction doesn't know. */
    double information =
        moe_mutual_information(first, moe_summary_domains(summary), E, MOE_WEIGH_DOMAINS, true);
    g_autofree char *k = picks_a_unit(all);
    /* Counts of other tools may not tell first choices. */
    g_autofree char *bits =
        isnan(information) ? g_strdup("-") : g_strdup_printf("%.3f", fmax(information, 0) / G_LN2);
    printf("  %5d %7d %4s %9.2f %9.2f %7.3f %7.3f %5d %7.2f %% %10s\n", info->layer, E, k,
           moe_load_effective_experts(all->count, E), moe_load_max_violation(all->count, E),
           moe_load_cv(all->count, E), moe_null_cv_varying(all->making, E),
           moe_load_dead(all->count, E), 100.0 * (double)all->dropped / (double)MAX(all->picks, 1),
           bits);
}

typedef struct {
    int router, expert;
    double share, times; /* of the domain's picks there; times the even share */
} Favourite;

static Favourite
favourite(const MoeSummary *summary, int domain)
{
    Favourite best = {0, 0, 0, 0};
    for (int r = 0; r < moe_summary_routers(summary); r++) {
        const MoeSummaryCell *cell = moe_summary_cell(summary, r, domain);
        for (int e = 0; cell->picks > 0 && e < cell->experts; e++) {
            double share = (double)cell->count[e] / (double)cell->picks;
            if (share * cell->experts > best.times)
                best = (Favourite){r, e, share, share * cell->experts};
        }
    }
    return best;
}

static void
print_domains(const MoeSummary *summary)
{
    printf("\n  what each domain uses most, of all layers:\n");
    for (int d = 0; d < moe_summary_domains(summary); d++) {
        Favourite best = favourite(summary, d);
        if (best.times > 0)
            printf("    %-12s expert %d of layer %d takes %4.1f %% of its picks, %.1f times the "
                   "even share\n",
                   moe_summary_domain_name(summary, d), best.expert,
                   moe_summary_router(summary, best.router)->layer, 100 * best.share, best.times);
    }
}

/* --- Domains against each other ---------------------------------------------------------------*/

/* More experts of more pairs of domains would take too long for a glance. */
#define COMPARED_MOST 3e8

/* How each domain shares its picks out, all experts of all routers in a row. (transfer full,
 * [domains × *wide]) */
static float *
shares_of(const MoeSummary *summary, gsize *wide)
{
    gsize n = (gsize)moe_summary_domains(summary);
    *wide = 0;
    for (int r = 0; r < moe_summary_routers(summary); r++)
        *wide += (gsize)moe_summary_router(summary, r)->experts;
    float *shares = g_new(float, n **wide), *next = shares;
    for (int d = 0; d < (int)n; d++)
        for (int r = 0; r < moe_summary_routers(summary); r++) {
            const MoeSummaryCell *cell = moe_summary_cell(summary, r, d);
            for (int e = 0; e < cell->experts; e++)
                *next++ = cell->picks > 0 ? (float)cell->count[e] / (float)cell->picks : NAN;
        }
    return shares;
}

/* Total variation, on the mean over layers; NaN where one of them has none of the picks. */
static double
distance(const float *a, const float *b, gsize n, int routers)
{
    float sum[8] = {0}; /* so many at once */
    gsize i = 0;
    for (; i + 8 <= n; i += 8)
        for (int lane = 0; lane < 8; lane++)
            sum[lane] += fabsf(a[i + (gsize)lane] - b[i + (gsize)lane]);
    for (; i < n; i++)
        sum[0] += fabsf(a[i] - b[i]);
    double all = 0;
    for (int lane = 0; lane < 8; lane++)
        all += (double)sum[lane];
    return all / 2 / routers;
}

typedef struct Pair {
    int a, b;
    double distance;
} Pair;

/* The pair of domains whose loads differ most and least. */
static void
print_distances(const MoeSummary *summary)
{
    int n = moe_summary_domains(summary), routers = moe_summary_routers(summary);
    gsize wide;
    g_autofree float *shares = shares_of(summary, &wide);
    Pair nearest = {0, 0, INFINITY}, farthest = {0, 0, -INFINITY};
    if ((double)n * (n - 1) / 2 * (double)wide > COMPARED_MOST) {
        printf("\n  %d domains: too many to hold each against each here\n", n);
        return;
    }
    for (int a = 0; a < n; a++)
        for (int b = a + 1; b < n; b++) {
            double apart =
                distance(shares + (gsize)a * wide, shares + (gsize)b * wide, wide, routers);
            if (apart < nearest.distance)
                nearest = (Pair){a, b, apart};
            if (apart > farthest.distance)
                farthest = (Pair){a, b, apart};
        }
    if (!isfinite(nearest.distance) || !isfinite(farthest.distance))
        return;
    printf("\n  routed most alike:      %s and %s (%.0f %% of the picks would have to move)\n",
           moe_summary_domain_name(summary, nearest.a), moe_summary_domain_name(summary, nearest.b),
           100 * nearest.distance);
    printf("  routed most apart:      %s and %s (%.0f %%)\n",
           moe_summary_domain_name(summary, farthest.a),
           moe_summary_domain_name(summary, farthest.b), 100 * farthest.distance);
}

void
cmd_findings_print(const MoeSummary *summary)
{
    printf(
        "  layer experts    k effective    MaxVio      CV CV null  dead   dropped  I(E;D) bits\n");
    int counted = 0, n = moe_summary_routers(summary);
    for (int r = 0; r < n; r++) {
        bool counts = moe_summary_cell(summary, r, MOE_DOMAIN_ALL)->picks > 0;
        (counts ? print_router : print_gates)(summary, r);
        counted += counts;
    }
    if (counted < n)
        printf("  %d of %d routers have no counts of picks: their measures are of gate sums, as "
               "which shares of the\n  load stand, or \"-\"\n",
               n - counted, n);
    printf("  effective: exp(entropy of the load); MaxVio: (max - mean) / mean; CV null: of a "
           "uniform random router\n  at this many units; I(E;D): what a first choice tells about "
           "its domain, domains weighted equally,\n  bias-corrected; 0 where experts don't "
           "specialise\n");
    if (moe_summary_domains(summary) > 1) {
        print_domains(summary);
        print_distances(summary);
    }
}
