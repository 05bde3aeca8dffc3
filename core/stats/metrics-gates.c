/* SPDX-License-Identifier: MIT
 *
 * metrics-gates.c: the same measures of the weighted load, where a pick counts as its gate. The
 * functions of counts serve here too: gates of f16 are multiples of 2^-24, so their sums in this
 * unit are integers.
 */
#include "stats/chance.h"
#include "stats/metrics.h"
#include "stats/ranges.h"

#include <math.h>

typedef struct GateMetric {
    MoeMetric metric;
    MoeLoadFunc measure;
    double (*chance)(const MoeChance *chance); /* of the load, of as many picks */
} GateMetric;

/* Σ w in units of 2^-24; NULL where there are no gates, or a sum below 0, which is no load. */
static int64_t *
gate_counts(const MoeSummaryCell *cell)
{
    g_autofree int64_t *count = g_new(int64_t, (gsize)cell->experts);
    double sum = 0;
    for (int e = 0; e < cell->experts; e++) {
        double gate = cell->gate_sum[e];
        sum += gate;
        /* NaN isn't >= 0; 2^38 keeps the total of any number of experts in 64 bits. */
        if (!(gate >= 0) || sum > 0x1p38)
            return NULL;
        count[e] = (int64_t)(gate * 0x1p24 + 0.5);
    }
    return sum > 0 ? g_steal_pointer(&count) : NULL;
}

static double
gate_value(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const GateMetric *own = (const GateMetric *)metric;
    g_autofree int64_t *count = gate_counts(cell->summary);
    return count ? own->measure(count, cell->summary->experts) : NAN;
}

/* --- Chance: gates that have nothing to do with the expert
 * --------------------------------------*/

/* Their sums are as the counts of picks. (How far gates differ among themselves isn't summed up,
 * and adds to this what it adds to the variance of a count.) */
static double
gate_uniform(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_autofree int64_t *count = gate_counts(cell->summary);
    if (!count || cell->summary->picks == 0)
        return NAN;
    g_auto(MoeChance) chance = moe__chance_of(cell->summary);
    return ((const GateMetric *)metric)->chance(&chance);
}

static double
gate_shuffled(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const GateMetric *own = (const GateMetric *)metric;
    g_autofree int64_t *count = gate_counts(cell->summary);
    return count && cell->summary->picks > 0
               ? own->measure(cell->summary->count, cell->summary->experts)
               : NAN;
}

static double
chance_entropy(const MoeChance *chance)
{
    return moe__chance_entropy(chance);
}

static double
chance_effective(const MoeChance *chance)
{
    return exp(moe__chance_entropy(chance));
}

/* The variance of a binomial count, over the mean. */
static double
chance_cv(const MoeChance *chance)
{
    double square = 0;
    if (chance->experts == 1)
        return 0;
    for (int i = 0; i < chance->n; i++) {
        double away = (double)(chance->low + i) - chance->mean;
        square += chance->p[i] * away * away;
    }
    return sqrt(square) / chance->mean;
}

static double
chance_max_violation(const MoeChance *chance)
{
    return moe__chance_highest(chance, 1) / chance->mean - 1;
}

static double
chance_gini(const MoeChance *chance)
{
    return moe__chance_gini(chance);
}

static double
chance_uneven(const MoeChance *chance)
{
    return moe__chance_mean_violation(chance) / 2;
}

static void
gate_range(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high)
{
    moe__range_of_shares(cell->summary->experts, ((const GateMetric *)metric)->measure, low, high);
}

/* --- The table
 * ----------------------------------------------------------------------------------*/

#define GATE(NAME, FORMULA, UNIT, SOURCE, CONVENTION, BETTER, HIGH, MEASURE, CHANCE) \
    {                                                                                \
        {sizeof(MoeMetric),   NAME,       FORMULA, UNIT, SOURCE,     CONVENTION,     \
         MOE_METRIC_##BETTER, 0,          0,       HIGH, gate_value, gate_uniform,   \
         gate_shuffled,       gate_range, NULL},                                     \
            MEASURE, CHANCE                                                          \
    }

static const GateMetric gate_metrics[] = {
    GATE("gate-entropy", "-Σ g_e ln g_e, g_e = Σ_t w_te / Σ w", "nats", "Shannon 1948",
         "gates as applied, 0 where dropped; plug-in; nulls: gates alike, or given to these picks "
         "at "
         "random, so that they stand for picks",
         HIGHER, INFINITY, moe_load_entropy, chance_entropy),
    GATE("gate-effective-experts", "exp of gate-entropy", "experts", "Hill 1973, order 1", "",
         HIGHER, INFINITY, moe_load_effective_experts, chance_effective),
    GATE("gate-cv", "sqrt(mean_e (g_e - 1/E)²) E", "ratio",
         "Shazeer et al. 2017, arXiv 1701.06538 (importance; its square)",
         "over the gates of picks; over E, not E - 1", LOWER, INFINITY, moe_load_cv, chance_cv),
    GATE("gate-maxvio", "E max_e g_e - 1", "ratio", "Wang et al. 2024, arXiv 2408.15664, of gates",
         "with the -1", LOWER, INFINITY, moe_load_max_violation, chance_max_violation),
    GATE("gate-gini", "Σ_i (2i - E - 1) g_(i) / E, g ascending", "ratio", "Gini 1912",
         "over E², pairs of an expert with itself included", LOWER, 1, moe_load_gini, chance_gini),
    GATE("gate-tv-uniform", "½ Σ |g_e - 1/E|", "share", "total variation", "", LOWER, 1,
         moe_load_uneven, chance_uneven),
};

void
moe__metrics_register_gates(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(gate_metrics); i++)
        moe_metrics_add(&gate_metrics[i].metric);
}
