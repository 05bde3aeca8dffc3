/* SPDX-License-Identifier: MIT
 *
 * metrics-pairs.c: metrics of experts that are picked together. Their nulls are drawn
 * (chance-draw.h): at few units the extremes of any router are far from what is expected of a pair.
 */
#include "stats/chance-draw.h"
#include "stats/metrics.h"

#include <math.h>

typedef struct PairMetric {
    MoeMetric metric;
    MoePairsFunc of;
    bool lift; /* it is of lifts */
} PairMetric;

static double
value(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const PairMetric *own = (const PairMetric *)metric;
    const MoePairCell *pairs = cell->pairs;
    return pairs->units > 0 ? own->of(pairs->together, pairs->units, pairs->experts) : NAN;
}

static double
uniform(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const PairMetric *own = (const PairMetric *)metric;
    return moe__pairs_uniform(cell, own->of, own->lift);
}

static double
shuffled(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const PairMetric *own = (const PairMetric *)metric;
    return moe__pairs_shuffled(cell, own->of, own->lift);
}

static double
top(const int64_t *together, int64_t units, int experts)
{
    return moe_pairs_top(together, experts, NULL, NULL);
}

static double
pmi(const int64_t *together, int64_t units, int experts)
{
    return moe_pairs_max_pmi(together, units, experts, NULL, NULL);
}

static double
jaccard(const int64_t *together, int64_t units, int experts)
{
    return moe_pairs_jaccard(together, experts);
}

static double
partner(const int64_t *together, int64_t units, int experts)
{
    return moe_pairs_partner(together, experts);
}

/* OLMoE's own count, of neighbours in rank. */
static double
olmoe(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return moe_pairs_adjacent_top(cell->adjacent->adjacent, cell->summary->count,
                                  cell->adjacent->experts, NULL, NULL);
}

/* --- Neighbours in rank by chance
 * ---------------------------------------------------------------*/

/* Pairs of neighbours in either order as a table of pairs, whose null is then theirs; evened out,
 * or as they are. */
static double
olmoe_by_chance(const MoeMetricCell *cell, bool even)
{
    const MoeAdjacentCell *adjacent = cell->adjacent;
    gsize n = (gsize)adjacent->experts;
    int64_t all = 0;
    g_autofree int64_t *together = g_new(int64_t, n * n);
    for (gsize i = 0; i < n; i++)
        for (gsize j = 0; j < n; j++) {
            int64_t both = adjacent->adjacent[i * n + j] + adjacent->adjacent[j * n + i];
            together[i * n + j] = i == j ? cell->summary->count[i] : both;
            all += i == j ? 0 : both;
        }
    for (gsize i = 0; even && n > 1 && i < n * n; i++)
        together[i] =
            i % (n + 1) == 0 ? cell->summary->picks / (int64_t)n : all / (int64_t)(n * (n - 1));
    const MoePairCell pairs = {adjacent->experts, adjacent->units, together};
    const MoeMetricCell of = {.summary = cell->summary, .pairs = &pairs};
    return moe__pairs_shuffled(&of, top, false);
}

static double
olmoe_uniform(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return olmoe_by_chance(cell, true);
}

static double
olmoe_shuffled(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return olmoe_by_chance(cell, false);
}

#define PAIRS(NAME, FORMULA, UNIT, SOURCE, CONVENTION, LOW, HIGH, OF, LIFT) \
    {                                                                       \
        {sizeof(MoeMetric),                                                 \
         NAME,                                                              \
         FORMULA,                                                           \
         UNIT,                                                              \
         SOURCE,                                                            \
         CONVENTION,                                                        \
         MOE_METRIC_NONE,                                                   \
         MOE_TALLY_PAIRS | MOE_BY_KIND,                                     \
         LOW,                                                               \
         HIGH,                                                              \
         value,                                                             \
         uniform,                                                           \
         shuffled,                                                          \
         NULL,                                                              \
         NULL},                                                             \
            OF, LIFT                                                        \
    }

static const PairMetric pair_metrics[] = {
    PAIRS("max-coactivation", "max_{i≠j} n_ij / n_i", "share",
          "Muennighoff et al. 2024 (OLMoE), arXiv 2409.02060",
          "over all pairs of a unit's picks, not rank-adjacent ones (olmoe-coactivation); high "
          "where n_i is small; a pair of a balanced router has (k - 1) / (E - 1); shuffled: n_i "
          "and row sums as they are",
          0, 1, top, false),
    PAIRS("lift-spread", "sd over i < j of n_ij T / (n_i n_j)", "ratio", "lift: Brin et al. 1997",
          "pairs with n_i n_j / T of 10 and more; with fixed k the mean lift is below 1, "
          "(1 - 1/k) E / (E - 1) when balanced",
          0, INFINITY, moe_pairs_lift_spread, true),
    PAIRS("max-pmi", "max_{i<j} ln(n_ij T / (n_i n_j))", "nats", "Church and Hanks 1990",
          "pairs with n_i n_j / T of 10 and more", -INFINITY, INFINITY, pmi, true),
    PAIRS("coactivation-jaccard", "mean_{i<j} n_ij / (n_i + n_j - n_ij)", "ratio", "Jaccard 1901",
          "of the units of two experts, over experts; \"jaccard\" is of the experts of two units",
          0, 1, jaccard, false),
    PAIRS("top-partner", "mean_i max_j n_ij / Σ_{j≠i} n_ij", "share",
          "BuddyMoE 2025, arXiv 2511.10054, q(j|i)", "experts without partners are left out", 0, 1,
          partner, false),
};

static const MoeMetric olmoe_coactivation = {
    .struct_size = sizeof(MoeMetric),
    .name = "olmoe-coactivation",
    .formula = "max_{i≠j} (a_ij + a_ji) / c_i",
    .unit = "share",
    .source = "allenai/OLMoE, scripts/run_moe_analysis.py (more_itertools.pairwise)",
    .convention = "compatible with the figure of arXiv 2409.02060: a_ij counts j in the slot right "
                  "behind i only, k - 1 pairs of a unit's k (k - 1) / 2",
    .better = MOE_METRIC_NONE,
    .needs = MOE_TALLY_ADJACENT,
    .low = 0,
    .high = 1,
    .value = olmoe,
    .uniform = olmoe_uniform,
    .shuffled = olmoe_shuffled,
};

void
moe__metrics_register_pairs(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(pair_metrics); i++)
        moe_metrics_add(&pair_metrics[i].metric);
    moe_metrics_add(&olmoe_coactivation);
}
