/* SPDX-License-Identifier: MIT
 *
 * metrics-gates.c: the same measures of the weighted load, where a pick counts as its gate. The
 * functions of counts serve here too: gates of f16 are multiples of 2^-24, so their sums in this
 * unit are integers.
 */
#include "stats/chance-draw.h"
#include "stats/chance.h"
#include "stats/metrics.h"
#include "stats/ranges.h"

#include <math.h>

typedef struct GateMetric {
    MoeMetric metric;
    MoeLoadFunc measure;
    double (*chance)(const MoeChance *chance); /* NULL: drawn */
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

static double
hot_half(const int64_t *count, int experts)
{
    return moe_load_hot_set(count, experts, 0.5);
}

static double
hot_most(const int64_t *count, int experts)
{
    return moe_load_hot_set(count, experts, 0.9);
}

static double
cv_squared(const int64_t *count, int experts)
{
    double cv = moe_load_cv(count, experts);
    return cv * cv;
}

/* --- Chance: gates that have nothing to do with the expert ------------------------------------*/

/* Mean gate of a pick, and how far gates are apart: E[w²] / E[w]², 1 where all are alike. */
typedef struct Gates {
    double mean, relative;
} Gates;

/* False where there are no gates, or it isn't known how far they are apart. */
static bool
find_gates(const MoeMetricCell *cell, Gates *gates)
{
    const MoeSummaryCell *summary = cell->summary;
    g_autofree int64_t *count = gate_counts(summary);
    double sum = 0, squares = 0, picks = (double)summary->picks;
    if (!count || !cell->order || summary->picks == 0 || summary->units == 0)
        return false;
    for (int e = 0; e < summary->experts; e++) {
        sum += summary->gate_sum[e];
        squares += cell->order->gate_square[e];
    }
    *gates = (Gates){sum / picks, fmax(1, squares * picks / (sum * sum))};
    return true;
}

/* Where gates hardly vary: enough to be even, and few enough to sum over. */
#define UNITS_MOST 0x1p32

/* A sum of gates varies as T (q E[w²] - q² E[w]²), less what all of them vary in common, which is
 * taken out: T q Var w / E. A count varies as T (q - q²). So relative to its mean the sum varies as
 * a count of fewer units would, these. */
static double
effective_units(const MoeSummaryCell *summary, const Gates *gates, double *q)
{
    double units = (double)summary->units, own = (double)summary->picks / units / summary->experts;
    *q = own < 1 ? own : 0.5;
    double apart = gates->relative - fmin(own, 1) - (gates->relative - 1) / summary->experts;
    return apart > 1e-9 ? CLAMP(round(units * own * (1 - *q) / (*q * apart)), 1, UNITS_MOST)
                        : INFINITY;
}

/* The mean over drawn loads of so many units. */
static double
draw_uniform(const GateMetric *own, int experts, int64_t units, double q)
{
    enum { DRAWS_ALL = 16384, LEAST = 8, MOST = 512, SEED = 10 };
    int draws = CLAMP(DRAWS_ALL / experts, LEAST, MOST);
    g_autofree int64_t *count = g_new(int64_t, (gsize)experts);
    MoeRng rng = moe_rng(SEED, 0);
    double sum = 0;
    for (int i = 0; i < draws; i++) {
        moe__draw_load(&rng, experts, units, q, count);
        sum += own->measure(count, experts);
    }
    return sum / draws;
}

static double
gate_uniform(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const GateMetric *own = (const GateMetric *)metric;
    int experts = cell->summary->experts;
    Gates gates;
    double q;
    if (!find_gates(cell, &gates))
        return NAN;
    double units = effective_units(cell->summary, &gates, &q);
    if (!own->chance)
        return draw_uniform(own, experts, (int64_t)fmin(units, UNITS_MOST), q);
    if (!isfinite(units)) /* every unit picks all experts, with the same gates */
        return gate_value(metric, cell);
    g_auto(MoeChance) chance = moe__chance((int64_t)units, q, experts, units * q * experts);
    return own->chance(&chance);
}

/* The mean over sums of these picks' gates, each any of all gates: normal, as many are. */
static double
gate_shuffled(const MoeMetric *metric, const MoeMetricCell *cell)
{
    enum { DRAWS_ALL = 16384, LEAST = 16, MOST = 512, SEED = 10 };
    const GateMetric *own = (const GateMetric *)metric;
    const MoeSummaryCell *summary = cell->summary;
    int experts = summary->experts, draws = CLAMP(DRAWS_ALL / experts, LEAST, MOST);
    Gates gates;
    if (!find_gates(cell, &gates))
        return NAN;
    if (gates.relative - 1 < 1e-9)
        return own->measure(summary->count, experts);
    g_autofree int64_t *count = g_new(int64_t, (gsize)experts);
    MoeRng rng = moe_rng(SEED, 1);
    double sum = 0;
    for (int i = 0; i < draws; i++) {
        for (int e = 0; e < experts; e++) {
            double picks = (double)summary->count[e];
            double off = sqrt(picks * (gates.relative - 1)) * (double)moe_rng_normal(&rng);
            count[e] = (int64_t)(fmax(0, picks + off) * gates.mean * 0x1p24);
        }
        sum += own->measure(count, experts);
    }
    return sum / draws;
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

/* The variance of a binomial count, over the squared mean. */
static double
chance_cv_squared(const MoeChance *chance)
{
    double square = 0;
    if (chance->experts == 1)
        return 0;
    for (int i = 0; i < chance->n; i++) {
        double away = (double)(chance->low + i) - chance->mean;
        square += chance->p[i] * away * away;
    }
    return square / (chance->mean * chance->mean);
}

static double
chance_cv(const MoeChance *chance)
{
    return sqrt(chance_cv_squared(chance));
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

/* --- The table --------------------------------------------------------------------------------*/

#define GATE(NAME, FORMULA, UNIT, SOURCE, CONVENTION, BETTER, HIGH, MEASURE, CHANCE)         \
    {                                                                                        \
        {sizeof(MoeMetric),   NAME,       FORMULA, UNIT,           SOURCE,     CONVENTION,   \
         MOE_METRIC_##BETTER, 0,          0,       HIGH,           gate_value, gate_uniform, \
         gate_shuffled,       gate_range, NULL,    MOE_TALLY_ORDER},                         \
            MEASURE, CHANCE                                                                  \
    }

static const GateMetric gate_metrics[] = {
    GATE("gate-entropy", "-Σ g_e ln g_e, g_e = Σ_t w_te / Σ w", "nats", "Shannon 1948",
         "gates as applied, 0 where dropped; plug-in; nulls: experts picked at random, or these "
         "picks, with gates as far apart as these and given to picks at random",
         HIGHER, INFINITY, moe_load_entropy, chance_entropy),
    GATE("gate-effective-experts", "exp of gate-entropy", "experts", "Hill 1973, order 1", "",
         HIGHER, INFINITY, moe_load_effective_experts, chance_effective),
    GATE("gate-cv", "sqrt(mean_e (g_e - 1/E)²) E", "ratio",
         "Shazeer et al. 2017, arXiv 1701.06538 (importance; its square)",
         "over the gates of picks; over E, not E - 1", LOWER, INFINITY, moe_load_cv, chance_cv),
    GATE("gate-importance-loss", "gate-cv²", "ratio",
         "Shazeer et al. 2017, arXiv 1701.06538, eq. 6-7",
         "without its coefficient; of all units at once, there of a batch; gates of picks, which "
         "are all that the paper's gates leave above 0",
         LOWER, INFINITY, cv_squared, chance_cv_squared),
    GATE("gate-maxvio", "E max_e g_e - 1", "ratio", "Wang et al. 2024, arXiv 2408.15664, of gates",
         "with the -1", LOWER, INFINITY, moe_load_max_violation, chance_max_violation),
    GATE("gate-gini", "Σ_i (2i - E - 1) g_(i) / E, g ascending", "ratio", "Gini 1912",
         "over E², pairs of an expert with itself included", LOWER, 1, moe_load_gini, chance_gini),
    GATE("gate-tv-uniform", "½ Σ |g_e - 1/E|", "share", "total variation", "", LOWER, 1,
         moe_load_uneven, chance_uneven),
    GATE("gate-hot-set@0.5", "smallest n with Σ of the n largest g_e ≥ 0.5", "experts",
         "Wang et al. 2024 (ESFT), arXiv 2407.01906: experts by average gate score",
         "balanced is E/2; ESFT-Gate takes 0.1; nulls are drawn", HIGHER, INFINITY, hot_half, NULL),
    GATE("gate-hot-set@0.9", "smallest n with Σ of the n largest g_e ≥ 0.9", "experts",
         "Wang et al. 2024 (ESFT), arXiv 2407.01906: experts by average gate score",
         "balanced is 0.9 E; nulls are drawn", HIGHER, INFINITY, hot_most, NULL),
};

void
moe__metrics_register_gates(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(gate_metrics); i++)
        moe_metrics_add(&gate_metrics[i].metric);
}
