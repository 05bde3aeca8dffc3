/* SPDX-License-Identifier: MIT
 *
 * metrics-order.c: metrics of units in their order, and their values by chance.
 */
#include "stats/chance-sets.h"
#include "stats/metrics.h"

#include <math.h>

/* A metric at a distance. */
typedef struct LagMetric {
    MoeMetric metric;
    int lag; /* 0 … MOE_LAGS - 1: 2^lag tokens */
} LagMetric;

static int
lag_of(const MoeMetric *metric)
{
    return ((const LagMetric *)metric)->lag;
}

static bool
has_pairs(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return cell->order->pairs[lag_of(metric)] > 0;
}

static double
ratio(double sum, int64_t n)
{
    return n > 0 ? sum / (double)n : NAN;
}

static double
same_first(const MoeMetric *metric, const MoeMetricCell *cell)
{
    int lag = lag_of(metric);
    return ratio((double)cell->order->same_first[lag], cell->order->pairs[lag]);
}

static double
any_shared(const MoeMetric *metric, const MoeMetricCell *cell)
{
    int lag = lag_of(metric);
    return ratio((double)cell->order->any_shared[lag], cell->order->pairs[lag]);
}

static double
jaccard(const MoeMetric *metric, const MoeMetricCell *cell)
{
    int lag = lag_of(metric);
    return ratio(cell->order->jaccard[lag], cell->order->pairs[lag]);
}

/* Of 1[e ∈ S_t], pooled over experts: Σ_e covariance / Σ_e variance. */
static double
autocorrelation(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const MoeOrderCell *order = cell->order;
    int lag = lag_of(metric);
    double mean = 0, squares = 0;
    if (order->pairs[lag] == 0)
        return NAN;
    for (int e = 0; e < cell->summary->experts; e++) {
        double share = (double)cell->summary->count[e] / (double)order->units;
        mean += share;
        squares += share * share;
    }
    double both = (double)order->shared[lag] / (double)order->pairs[lag];
    return mean > squares ? (both - squares) / (mean - squares) : NAN;
}

static double
no_correlation(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return isnan(autocorrelation(metric, cell)) ? NAN : 0;
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
dwell(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    int64_t runs = 0;
    for (int e = 0; e < cell->order->experts; e++)
        runs += cell->order->runs[e];
    return ratio((double)cell->summary->picks, runs);
}

/* --- Chance -----------------------------------------------------------------------------------*/

static double
uniform_same_first(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return has_pairs(metric, cell) ? 1.0 / cell->summary->experts : NAN;
}

/* Σ f_e² of first choices: two drawn apart from this load. */
static double
shuffled_same_first(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const MoeSummaryCell *summary = cell->summary;
    if (!has_pairs(metric, cell))
        return NAN;
    return 1 / moe_load_effective_simpson(summary->first, summary->experts);
}

static double
is_shared(int shared, int both)
{
    (void)both;
    return shared > 0;
}

static double
share_of(int shared, int both)
{
    return (double)shared / both;
}

static double
uniform_any_shared(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return has_pairs(metric, cell) ? moe__sets_uniform(cell->summary, is_shared) : NAN;
}

static double
shuffled_any_shared(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return has_pairs(metric, cell) ? moe__sets_shuffled(cell->summary, is_shared) : NAN;
}

static double
uniform_jaccard(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return has_pairs(metric, cell) ? moe__sets_uniform(cell->summary, share_of) : NAN;
}

static double
shuffled_jaccard(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return has_pairs(metric, cell) ? moe__sets_shuffled(cell->summary, share_of) : NAN;
}

/* Of gates that are all alike: a router that has no preference among its picks. */
static double
equal_margin(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return cell->order->gated > 0 ? 0 : NAN;
}

static double
equal_spread(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    const MoeSummaryCell *summary = cell->summary;
    double sum = 0, units = 0;
    for (int k = 2; k <= summary->experts; k++) {
        sum += (double)summary->making[k] * log(k);
        units += (double)summary->making[k];
    }
    return cell->order->gated > 0 && units > 0 ? sum / units : NAN;
}

static void
spread_range(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high)
{
    int k = cell->summary->experts;
    (void)metric;
    while (k > 1 && cell->summary->making[k] == 0)
        k--;
    *low = 0;
    *high = log(k);
}

/* Picks over the expected runs, where neighbours share `shared` picks in the mean: each of those is
 * one that begins no run. */
static double
chance_dwell(const MoeMetricCell *cell, double shared)
{
    double picks = (double)cell->summary->picks;
    return picks > 0 ? picks / (picks - (double)cell->order->pairs[0] * shared) : NAN;
}

static double
uniform_dwell(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    double each = (double)cell->summary->picks / (double)cell->order->units;
    return chance_dwell(cell, each * each / cell->summary->experts);
}

static double
shuffled_dwell(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    double shared = 0;
    for (int e = 0; e < cell->summary->experts; e++) {
        double share = (double)cell->summary->count[e] / (double)cell->order->units;
        shared += share * share;
    }
    return chance_dwell(cell, shared);
}

/* --- The table --------------------------------------------------------------------------------*/

#define ORDER(...) ORDER_AND(0, __VA_ARGS__)
#define ORDER_AND(ALSO, NAME, FORMULA, UNIT, SOURCE, CONVENTION, LOW, HIGH, VALUE, UNIFORM, \
                  SHUFFLED)                                                                 \
    {                                                                                       \
        sizeof(MoeMetric), NAME, FORMULA, UNIT, SOURCE, CONVENTION, MOE_METRIC_NONE,        \
            MOE_TALLY_ORDER | (ALSO), LOW, HIGH, VALUE, UNIFORM, SHUFFLED, NULL, NULL       \
    }

#define MIXTRAL "Jiang et al. 2024 (Mixtral), arXiv 2401.04088, table 5"

/* The three at one distance; `AT` is what the name ends with. */
#define LAG(AT, DISTANCE, INDEX)                                                                   \
    {ORDER("same-first" AT, "P(first choice at t = first choice at t - " DISTANCE ")", "share",    \
           MIXTRAL, "pairs stay in a document; uniform 1/E, shuffled Σ f_e² of first choices", 0,  \
           1, same_first, uniform_same_first, shuffled_same_first),                                \
     INDEX},                                                                                       \
        {ORDER("any-shared" AT, "P(S_t ∩ S_t-" DISTANCE " ≠ ∅)", "share",                          \
               MIXTRAL " (of two choices)",                                                        \
               "all k picks; uniform 1 - C(E-k,k)/C(E,k); shuffled: sets of largest entropy with " \
               "this load",                                                                        \
               0, 1, any_shared, uniform_any_shared, shuffled_any_shared),                         \
         INDEX},                                                                                   \
        {ORDER("autocorrelation" AT,                                                               \
               "Σ_e (P(e ∈ S_t ∩ S_t-" DISTANCE ") - q_e²) / Σ_e (q_e - q_e²), q_e = c_e / T",     \
               "ratio", "Box and Jenkins 1970",                                                    \
               "of 1[e ∈ S_t], pooled over experts; pairs stay in a document, q_e is of all "    \
               "units with picks; a unit that picks an expert twice (duplicate-experts of "        \
               "moescope check) counts twice in c_e, once in S_t: too low then; 0 of a router "    \
               "that takes no notice of the token",                                                \
               -1, 1, autocorrelation, no_correlation, no_correlation),                            \
         INDEX},                                                                                   \
    {                                                                                              \
        ORDER("jaccard" AT, "mean |S_t ∩ S_t-" DISTANCE "| / |S_t ∪ S_t-" DISTANCE "|", "ratio",   \
              "Jaccard 1901",                                                                      \
              "a mean of ratios, not a ratio of means; pairs stay in a document; shuffled: sets "  \
              "of largest entropy with this load",                                                 \
              0, 1, jaccard, uniform_jaccard, shuffled_jaccard),                                   \
            INDEX                                                                                  \
    }

static const LagMetric lag_metrics[] = {
    LAG("", "1", 0),     LAG("@2", "2", 1),   LAG("@4", "4", 2),   LAG("@8", "8", 3),
    LAG("@16", "16", 4), LAG("@32", "32", 5), LAG("@64", "64", 6),
};

static const MoeMetric order_metrics[] = {
    ORDER_AND(MOE_BY_KIND, "dwell", "N / Σ_e runs_e", "units", "moescope",
              "mean length of the runs of neighbouring units that pick an expert, over runs of all "
              "experts; cut off where a document ends; a unit that picks an expert twice "
              "(duplicate-experts of moescope check) counts twice in N: too long then; uniform 1 / "
              "(1 - k/E), shuffled "
              "1 / (1 - Σ q_e² / k) with q_e = c_e / T, T units with picks, in long documents",
              1, INFINITY, dwell, uniform_dwell, shuffled_dwell),
    ORDER("margin", "mean w_(1) - w_(2)", "gate", "moescope",
          "of the gates as recorded, not of scores; units with two picks or more; uniform: of "
          "equal gates",
          0, INFINITY, margin, equal_margin, NULL),
};

static const MoeMetric spread_metric = {
    .struct_size = sizeof(MoeMetric),
    .name = "gate-spread",
    .formula = "mean -Σ_S p ln p, p = w / Σ_S w",
    .unit = "nats",
    .source = "Shannon 1948",
    .convention = "over the k gates of a unit, renormalised: at most ln k, not ln E; uniform: of "
                  "equal gates",
    .better = MOE_METRIC_NONE,
    .needs = MOE_TALLY_ORDER,
    .low = 0,
    .high = INFINITY,
    .value = spread,
    .uniform = equal_spread,
    .range = spread_range,
};

void
moe__metrics_register_order(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(lag_metrics); i++)
        moe_metrics_add(&lag_metrics[i].metric);
    for (gsize i = 0; i < G_N_ELEMENTS(order_metrics); i++)
        moe_metrics_add(&order_metrics[i]);
    moe_metrics_add(&spread_metric);
}
