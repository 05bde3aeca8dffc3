/* SPDX-License-Identifier: MIT
 *
 * compare-metrics.c: metrics of comparisons, their values by chance, and their intervals.
 */
#include "stats/compare.h"
#include "stats/interval.h"

#include <math.h>

static double
ratio(double sum, double n)
{
    return n > 0 ? sum / n : NAN;
}

/* Σ_e a_e b_e / n²: chance that two independent draws of these counts are the same expert. */
static double
meeting(const int64_t *a, const int64_t *b, const MoeComparisonCell *cell)
{
    double sum = 0, units = (double)cell->units;
    for (int e = 0; e < cell->experts; e++)
        sum += (double)a[e] / units * ((double)b[e] / units);
    return cell->units > 0 ? sum : NAN;
}

/* Whether all units of a cell make the same number of picks: k_A and k_B. */
static bool
is_full(const MoeComparisonCell *cell)
{
    return cell->units > 0 && cell->full == cell->units;
}

/* --- Agreement, overlap -----------------------------------------------------------------------*/

static double
agreement(const MoeComparisonCell *cell)
{
    return ratio((double)cell->same_first, (double)cell->units);
}

static double
uniform_agreement(const MoeComparisonCell *cell)
{
    return cell->units > 0 ? 1.0 / cell->experts : NAN;
}

static double
shuffled_agreement(const MoeComparisonCell *cell)
{
    return meeting(cell->first_a, cell->first_b, cell);
}

static double
overlap(const MoeComparisonCell *cell)
{
    return ratio((double)cell->shared, (double)cell->larger);
}

/* E|A ∩ B| = |A| |B| / E. */
static double
uniform_overlap(const MoeComparisonCell *cell)
{
    return ratio((double)cell->product / cell->experts, (double)cell->larger);
}

static double
shuffled_overlap(const MoeComparisonCell *cell)
{
    if (!is_full(cell))
        return NAN;
    return meeting(cell->picks_a, cell->picks_b, cell) / MAX(cell->k_a, cell->k_b);
}

/* --- Sets -------------------------------------------------------------------------------------*/

static double
jaccard(const MoeComparisonCell *cell)
{
    return ratio((double)cell->jaccard / (double)MOE_COMPARE_ONE, (double)cell->units);
}

/* ln C(n, k). */
static double
log_choose(int n, int k)
{
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}

/* P(|A ∩ B| = j), hypergeometric. */
static double
sharing_chance(const MoeComparisonCell *cell, int j)
{
    int e = cell->experts, a = cell->k_a, b = cell->k_b;
    if (j > MIN(a, b) || b - j > e - a)
        return 0;
    return exp(log_choose(a, j) + log_choose(e - a, b - j) - log_choose(e, b));
}

static double
uniform_jaccard(const MoeComparisonCell *cell)
{
    double sum = 0;
    if (!is_full(cell))
        return NAN;
    for (int j = 1; j <= cell->depth; j++)
        sum += sharing_chance(cell, j) * j / (cell->k_a + cell->k_b - j);
    return sum;
}

static double
flips(const MoeComparisonCell *cell)
{
    double all = (double)(cell->units + cell->apart);
    return ratio(all - (double)cell->same_set, all);
}

static double
uniform_flips(const MoeComparisonCell *cell)
{
    if (!is_full(cell))
        return NAN;
    double same = cell->k_a == cell->k_b ? sharing_chance(cell, cell->k_a) : 0;
    double all = (double)(cell->units + cell->apart);
    return 1 - same * (double)cell->units / all;
}

/* --- Ranks ------------------------------------------------------------------------------------*/

/* Σ over units of (1-p)/p Σ_{d<=s} p^d X_d/d + p^s X_s/s, from Σ X_d over units that reach d, and
 * Σ X_s over those that end there (Webber et al. 2010, eq. 30). */
static double
rank_biased(const MoeComparisonCell *cell, double (*met)(const MoeComparisonCell *, int),
            double (*ended)(const MoeComparisonCell *, int))
{
    const double p = MOE_COMPARE_RBO_P;
    double sum = 0, weight = 1;
    for (int d = 1; d <= cell->depth; d++) {
        weight *= p;
        sum += weight * ((1 - p) / p * met(cell, d) + ended(cell, d)) / d;
    }
    return ratio(sum, (double)cell->units);
}

static double
met(const MoeComparisonCell *cell, int d)
{
    return (double)cell->meet[d];
}

static double
ended(const MoeComparisonCell *cell, int s)
{
    return (double)cell->ends[s];
}

/* E|A_d ∩ B_d| = d² / E, in units that reach d. */
static double
uniform_met(const MoeComparisonCell *cell, int d)
{
    int64_t units = 0;
    for (int s = d; s <= cell->depth; s++)
        units += cell->reach[s];
    return (double)units * d * d / cell->experts;
}

static double
uniform_ended(const MoeComparisonCell *cell, int s)
{
    return (double)cell->reach[s] * s * s / cell->experts;
}

static double
rbo(const MoeComparisonCell *cell)
{
    return rank_biased(cell, met, ended);
}

static double
uniform_rbo(const MoeComparisonCell *cell)
{
    return rank_biased(cell, uniform_met, uniform_ended);
}

/* --- Gates, loads -----------------------------------------------------------------------------*/

static double
weighted_overlap(const MoeComparisonCell *cell)
{
    return ratio((double)cell->weighted / (double)MOE_COMPARE_ONE, (double)cell->gated);
}

static double
sum_of(const int64_t *count, int n)
{
    int64_t sum = 0;
    for (int i = 0; i < n; i++)
        sum += count[i];
    return (double)sum;
}

static double
js_load(const MoeComparisonCell *cell)
{
    double a = sum_of(cell->picks_a, cell->experts), b = sum_of(cell->picks_b, cell->experts);
    double sum = 0;
    if (cell->units == 0)
        return NAN;
    for (int e = 0; e < cell->experts; e++) {
        double f = (double)cell->picks_a[e] / a, g = (double)cell->picks_b[e] / b;
        if (f > 0)
            sum += f * log(2 * f / (f + g));
        if (g > 0)
            sum += g * log(2 * g / (f + g));
    }
    return MAX(0, sum / 2);
}

/* JS ≈ Σ (f - g)² / 8m near m = 1/E, and Var c_e = T q (1 - q) with q = k/E. */
static double
uniform_js_load(const MoeComparisonCell *cell)
{
    double sum = 0;
    if (!is_full(cell) || cell->experts_a != cell->experts_b)
        return NAN;
    for (int side = 0; side < 2; side++) {
        double q = (double)(side ? cell->k_b : cell->k_a) / cell->experts;
        sum += (1 - q) / ((double)cell->units * q);
    }
    return sum / 8;
}

static double
js_scores(const MoeComparisonCell *cell)
{
    return ratio((double)cell->divergence / (double)MOE_COMPARE_ONE, (double)cell->scored);
}

/* --- The table --------------------------------------------------------------------------------*/

#define APART                                                                                     \
    "it depends on how decided each of the two is, which counts don't tell; shuffled tokens do: " \
    "moe_comparison_shuffled()"

static const MoeComparisonMetric metrics[] = {
    {"agreement", "P(first choice in A = first choice in B)", "share",
     "Chi et al. 2022 (X-MoE), arXiv 2204.09179: after matching, inter-run consistency",
     "the first slot is the first choice; uniform 1/E, shuffled Σ f^A_e f^B_e of first choices", 0,
     1, agreement, uniform_agreement, shuffled_agreement, NULL},
    {"overlap", "Σ |A ∩ B| / Σ max(|A|, |B|)", "share",
     "Muennighoff et al. 2024 (OLMoE), arXiv 2409.02060, section 5.1: router saturation",
     "with equal k the mean of |A ∩ B| / k; uniform k/E", 0, 1, overlap, uniform_overlap,
     shuffled_overlap, NULL},
    {"jaccard", "mean |A ∩ B| / |A ∪ B|", "ratio", "Jaccard 1901",
     "a mean of ratios, not a ratio of means", 0, 1, jaccard, uniform_jaccard, NULL, NULL},
    {"rbo", "mean of (1-p)/p Σ_{d<=s} p^d |A_d ∩ B_d| / d + p^s |A_s ∩ B_s| / s", "ratio",
     "Webber et al. 2010, ACM TOIS 28(4), eq. 30",
     "p = 0.9, extrapolated; slots are ranks; s = min(|A|, |B|), ranks beyond it are left out", 0,
     1, rbo, uniform_rbo, NULL, NULL},
    {"weighted-overlap", "mean Σ_e min(w^A_e, w^B_e)", "share", "moescope",
     "gates renormalised to sum 1 in each unit: 1 - total variation; units with gates in both", 0,
     1, weighted_overlap, NULL, NULL, APART},
    {"flips", "P(A ≠ B)", "share", "Ma et al. 2025 (R3), arXiv 2510.11370",
     "of sets, not of their order; a set that is empty in one of them alone has changed", 0, 1,
     flips, uniform_flips, NULL, NULL},
    {"js-load", "½ KL(f^A || m) + ½ KL(f^B || m), m = (f^A + f^B) / 2", "nats", "Lin 1991",
     "of the loads of all picks, at most ln 2; uniform to first order in 1/T", 0, G_LN2, js_load,
     uniform_js_load, js_load, NULL},
    {"js-scores", "mean JS(p^A || p^B), p the softmax of a unit's logits", "nats", "Lin 1991",
     "over all E experts, at most ln 2; where both traces have logits of as many experts; shuffled "
     "tokens: of a sample, own numbers alone",
     0, G_LN2, js_scores, NULL, NULL, APART},
};

const MoeComparisonMetric *
moe_comparison_metrics(int *n)
{
    *n = (int)G_N_ELEMENTS(metrics);
    return metrics;
}

/* --- Intervals --------------------------------------------------------------------------------*/

/* Groups' rows in a domain, or in all of them. */
static void
add_group(const MoeComparison *c, const MoePairSums *pair, MoeCompareLabels labels, int domain,
          int group, int64_t weight, int64_t *row)
{
    int first = domain == MOE_DOMAIN_ALL ? -1 : domain;
    int last = domain == MOE_DOMAIN_ALL ? c->slots - 2 : domain;
    for (int d = first; d <= last; d++) {
        const int64_t *part = moe__comparison_row(c, pair, labels, d, group);
        for (gsize i = 0; i < pair->words; i++)
            row[i] += weight * part[i];
    }
}

/* Rows of the groups that have units. (transfer full) */
static int64_t *
gather_groups(const MoeComparison *c, const MoePairSums *pair, MoeCompareLabels labels, int domain,
              int *n)
{
    int64_t *rows = g_new0(int64_t, (gsize)c->groups * pair->words);
    *n = 0;
    for (int g = 0; g < c->groups; g++) {
        int64_t *row = rows + (gsize)*n * pair->words;
        add_group(c, pair, labels, domain, g, 1, row);
        *n += row[MOE_SUM_UNITS] + row[MOE_SUM_APART] > 0;
    }
    return rows;
}

static void
draw(const int64_t *rows, int n, gsize words, uint64_t seed, int replicate, int64_t *row)
{
    MoeRng rng = moe_rng(seed, (uint64_t)replicate);
    int64_t weights[MOE_SUMMARY_GROUPS] = {0};
    for (int i = 0; i < n; i++)
        weights[moe_rng_below(&rng, (uint64_t)n)]++;
    for (gsize i = 0; i < words; i++)
        row[i] = 0;
    for (int g = 0; g < n; g++)
        for (gsize i = 0; weights[g] > 0 && i < words; i++)
            row[i] += weights[g] * rows[(gsize)g * words + i];
}

void
moe_comparison_intervals(const MoeComparison *c, int router, int domain, MoeCompareLabels labels,
                         const MoeResampleOptions *options, MoeInterval *intervals)
{
    enum { METRICS = G_N_ELEMENTS(metrics) };
    const MoeResampleOptions all = moe__resample_defaults(options);
    MoeComparisonCell cell;
    int n = 0;
    for (int m = 0; m < METRICS; m++)
        intervals[m] = (MoeInterval){NAN, NAN, 0};
    if (!moe_comparison_cell(c, router, domain, labels, &cell))
        return;
    const MoePairSums *pair = &c->pairs[router];
    g_autofree int64_t *rows = gather_groups(c, pair, labels, domain, &n);
    g_autofree int64_t *row = g_new(int64_t, pair->words);
    g_autofree double *values = g_new(double, METRICS *(gsize)all.replicates);
    for (int i = 0; n >= MOE_RESAMPLE_LEAST && i < all.replicates; i++) {
        draw(rows, n, pair->words, all.seed, i, row);
        MoeComparisonCell drawn = moe__cell_view(&pair->shape, row);
        for (int m = 0; m < METRICS; m++)
            values[m * all.replicates + i] = metrics[m].value(&drawn);
    }
    for (int m = 0; m < METRICS; m++)
        intervals[m] = moe__bootstrap_interval(metrics[m].value(&cell), values + m * all.replicates,
                                               n >= MOE_RESAMPLE_LEAST ? all.replicates : 0, n,
                                               all.level, metrics[m].low, metrics[m].high);
}
