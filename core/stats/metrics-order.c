/* SPDX-License-Identifier: MIT
 *
 * metrics-order.c: metrics of units in their order, and their values by chance.
 */
#include "stats/metrics.h"

#include <math.h>

static double
ratio(double sum, int64_t n)
{
    return n > 0 ? sum / (double)n : NAN;
}

static double
same_first(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return ratio((double)cell->order->same_first[0], cell->order->pairs[0]);
}

static double
any_shared(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return ratio((double)cell->order->any_shared[0], cell->order->pairs[0]);
}

static double
jaccard(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return ratio(cell->order->jaccard[0], cell->order->pairs[0]);
}

static double
margin(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return ratio(cell->order->margin, cell->order->gated);
}

static double
spread(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return ratio(cell->order->spread, cell->order->gated);
}

static double
max_together(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    const MoePairCell *pairs = cell->pairs;
    double most = NAN;
    for (int i = 0; i < pairs->experts; i++) {
        const int64_t *row = pairs->together + (gsize)i * (gsize)pairs->experts;
        for (int j = 0; j < pairs->experts; j++)
            if (j != i && row[i] > 0)
                most = fmax(most, (double)row[j] / (double)row[i]);
    }
    return most;
}

/* --- Chance -----------------------------------------------------------------------------------*/

static double
uniform_same_first(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return cell->order->pairs[0] > 0 ? 1.0 / cell->summary->experts : NAN;
}

/* Σ f_e² of first choices: neighbours drawn apart from this load. */
static double
shuffled_same_first(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    const MoeSummaryCell *summary = cell->summary;
    if (cell->order->pairs[0] == 0)
        return NAN;
    return 1 / moe_load_effective_simpson(summary->first, summary->experts);
}

/* ln C(n, k). */
static double
log_choose(int n, int k)
{
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}

/* P(two independent subsets of a and b of E share j), hypergeometric. */
static double
share_chance(int experts, int a, int b, int j)
{
    if (j > MIN(a, b) || b - j > experts - a)
        return 0;
    return exp(log_choose(a, j) + log_choose(experts - a, b - j) - log_choose(experts, b));
}

static double
any_of(int experts, int a, int b)
{
    return 1 - share_chance(experts, a, b, 0);
}

static double
jaccard_of(int experts, int a, int b)
{
    double sum = 0;
    for (int j = 1; j <= MIN(a, b); j++)
        sum += share_chance(experts, a, b, j) * j / (a + b - j);
    return sum;
}

/* The mean over all pairs of units with picks, by how many each makes. */
static double
mean_over_pairs(const MoeMetricCell *cell, double (*of)(int experts, int a, int b))
{
    const MoeSummaryCell *summary = cell->summary;
    double units = (double)(summary->units - summary->making[0]), sum = 0;
    if (cell->order->pairs[0] == 0)
        return NAN;
    for (int a = 1; a <= summary->experts; a++)
        for (int b = 1; summary->making[a] > 0 && b <= summary->experts; b++)
            if (summary->making[b] > 0)
                sum += (double)summary->making[a] / units * ((double)summary->making[b] / units) *
                       of(summary->experts, a, b);
    return sum;
}

static double
uniform_any_shared(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return mean_over_pairs(cell, any_of);
}

static double
uniform_jaccard(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return mean_over_pairs(cell, jaccard_of);
}

/* --- The table --------------------------------------------------------------------------------*/

#define ORDER(NAME, FORMULA, UNIT, SOURCE, CONVENTION, NEEDS, HIGH, VALUE, UNIFORM, SHUFFLED) \
    {                                                                                         \
        sizeof(MoeMetric), NAME, FORMULA, UNIT, SOURCE, CONVENTION, MOE_METRIC_NONE,          \
            MOE_TALLY_##NEEDS, 0, HIGH, VALUE, UNIFORM, SHUFFLED                              \
    }

static const MoeMetric order_metrics[] = {
    ORDER("same-first", "P(first choice at t = first choice at t - 1)", "share",
          "Jiang et al. 2024 (Mixtral), arXiv 2401.04088, table 5",
          "pairs stay in a document; uniform 1/E, shuffled Σ f_e² of first choices", ORDER, 1,
          same_first, uniform_same_first, shuffled_same_first),
    ORDER("any-shared", "P(S_t ∩ S_t-1 ≠ ∅)", "share",
          "Jiang et al. 2024 (Mixtral), arXiv 2401.04088, table 5 (of two choices)",
          "all k picks; uniform 1 - C(E-k,k)/C(E,k)", ORDER, 1, any_shared, uniform_any_shared,
          NULL),
    ORDER("jaccard", "mean |S_t ∩ S_t-1| / |S_t ∪ S_t-1|", "ratio", "Jaccard 1901",
          "a mean of ratios, not a ratio of means; pairs stay in a document", ORDER, 1, jaccard,
          uniform_jaccard, NULL),
    ORDER("margin", "mean w_(1) - w_(2)", "gate", "moescope",
          "of the gates as recorded, not of scores; units with two picks or more", ORDER, INFINITY,
          margin, NULL, NULL),
    ORDER("gate-spread", "mean -Σ_S p ln p, p = w / Σ_S w", "nats", "Shannon 1948",
          "over the k gates of a unit, renormalised: at most ln k, not ln E", ORDER, INFINITY,
          spread, NULL, NULL),
    ORDER("max-coactivation", "max_{i≠j} n_ij / n_i", "share",
          "Muennighoff et al. 2024 (OLMoE), arXiv 2409.02060",
          "over all pairs of a unit's picks, not rank-adjacent ones; high where n_i is small",
          PAIRS, 1, max_together, NULL, NULL),
};

void
moe__metrics_register_order(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(order_metrics); i++)
        moe_metrics_add(&order_metrics[i]);
}
