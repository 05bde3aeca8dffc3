/* SPDX-License-Identifier: MIT
 *
 * metrics-load.c: metrics of how picks spread over experts, and what uniformly random picks show.
 */
#include "stats/chance-draw.h"
#include "stats/chance.h"
#include "stats/metrics.h"
#include "stats/ranges.h"

#include <math.h>

/* A metric that is a function of counts alone. */
typedef struct LoadMetric {
    MoeMetric metric;
    MoeLoadFunc measure;
    double (*chance)(const MoeChance *chance, const MoeSummaryCell *cell);
} LoadMetric;

static double
load_value(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const LoadMetric *own = (const LoadMetric *)metric;
    const MoeSummaryCell *summary = cell->summary;
    return summary->picks > 0 ? own->measure(summary->count, summary->experts) : NAN;
}

static double
load_uniform(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const LoadMetric *own = (const LoadMetric *)metric;
    if (cell->summary->picks == 0)
        return NAN;
    g_auto(MoeChance) chance = moe__chance_of(cell->summary);
    return own->chance(&chance, cell->summary);
}

static void
load_range(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high)
{
    moe__range_of_load(cell->summary, ((const LoadMetric *)metric)->measure, low, high);
}

/* --- Measures with a number, and as numbers ---------------------------------------------------*/

static double
dead(const int64_t *count, int experts)
{
    return moe_load_dead(count, experts);
}

static double
top_1(const int64_t *count, int experts)
{
    return moe_load_coverage(count, experts, 1);
}

static double
top_4(const int64_t *count, int experts)
{
    return moe_load_coverage(count, experts, 4);
}

static double
top_8(const int64_t *count, int experts)
{
    return moe_load_coverage(count, experts, 8);
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
above_tenth(const int64_t *count, int experts)
{
    return moe_load_activation(count, experts, 0.1 / experts);
}

static double
above_half(const int64_t *count, int experts)
{
    return moe_load_activation(count, experts, 0.5 / experts);
}

/* Of picks, those beyond what experts hold that have room for `factor` times the mean, rounded up.
 */
static double
overflow(const int64_t *count, int experts, double factor)
{
    int64_t picks = 0, beyond = 0;
    for (int e = 0; e < experts; e++)
        picks += count[e];
    int64_t capacity = (int64_t)ceil(factor * (double)picks / experts);
    for (int e = 0; e < experts; e++)
        beyond += MAX(0, count[e] - capacity);
    return (double)beyond / (double)picks;
}

static double
overflow_1(const int64_t *count, int experts)
{
    return overflow(count, experts, 1);
}

static double
overflow_quarter(const int64_t *count, int experts)
{
    return overflow(count, experts, 1.25);
}

static double
overflow_2(const int64_t *count, int experts)
{
    return overflow(count, experts, 2);
}

static double
corrected(const int64_t *count, int experts)
{
    int64_t picks = 0;
    for (int e = 0; e < experts; e++)
        picks += count[e];
    int used = experts - moe_load_dead(count, experts);
    return moe_load_entropy(count, experts) + (used - 1) / (2 * (double)picks);
}

static double
cv_of_sample(const int64_t *count, int experts)
{
    return experts > 1 ? moe_load_cv(count, experts) * sqrt(experts / (experts - 1.0)) : NAN;
}

/* --- Chance -----------------------------------------------------------------------------------*/

static double
chance_entropy(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)cell;
    return moe__chance_entropy(chance);
}

static double
chance_normalised(const MoeChance *chance, const MoeSummaryCell *cell)
{
    return cell->experts > 1 ? moe__chance_entropy(chance) / log(cell->experts) : 1;
}

static double
chance_divergence(const MoeChance *chance, const MoeSummaryCell *cell)
{
    return log(cell->experts) - moe__chance_entropy(chance);
}

static double
chance_effective(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)cell;
    return exp(moe__chance_entropy(chance));
}

static double
chance_cv(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)chance;
    return moe_null_cv_varying(cell->making, cell->experts);
}

static double
chance_corrected(const MoeChance *chance, const MoeSummaryCell *cell)
{
    double used = cell->experts - moe_null_dead_varying(cell->making, cell->experts);
    return moe__chance_entropy(chance) + (used - 1) / (2 * chance->picks);
}

static double
chance_cv_of_sample(const MoeChance *chance, const MoeSummaryCell *cell)
{
    double all = cell->experts;
    return all > 1 ? chance_cv(chance, cell) * sqrt(all / (all - 1)) : NAN;
}

/* 1 / Σ f² = E / (1 + CV²). */
static double
chance_simpson(const MoeChance *chance, const MoeSummaryCell *cell)
{
    double cv = chance_cv(chance, cell);
    return cell->experts / (1 + cv * cv);
}

static double
chance_effective_max(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)cell;
    return chance->picks / moe__chance_highest(chance, 1);
}

static double
chance_balancedness(const MoeChance *chance, const MoeSummaryCell *cell)
{
    return chance_effective_max(chance, cell) / cell->experts;
}

static double
chance_max_violation(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)cell;
    return moe__chance_highest(chance, 1) / chance->mean - 1;
}

static double
chance_min_violation(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)cell;
    return 1 - moe__chance_lowest(chance) / chance->mean;
}

static double
chance_mean_violation(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)cell;
    return moe__chance_mean_violation(chance);
}

static double
chance_uneven(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)cell;
    return moe__chance_mean_violation(chance) / 2;
}

static double
chance_gini(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)cell;
    return moe__chance_gini(chance);
}

static double
chance_dead(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)chance;
    return moe_null_dead_varying(cell->making, cell->experts);
}

static double
chance_top_1(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)cell;
    return moe__chance_highest(chance, 1) / chance->picks;
}

static double
chance_top_4(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)cell;
    return moe__chance_highest(chance, 4) / chance->picks;
}

static double
chance_top_8(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)cell;
    return moe__chance_highest(chance, 8) / chance->picks;
}

static double
chance_overflow(const MoeChance *chance, double factor)
{
    double capacity = ceil(factor * chance->mean), beyond = 0;
    for (int i = 0; i < chance->n; i++)
        beyond += chance->p[i] * fmax(0, (double)(chance->low + i) - capacity);
    return chance->experts > 1 ? beyond / chance->mean : 0; /* one gets all, whatever is drawn */
}

static double
chance_overflow_1(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)cell;
    return chance_overflow(chance, 1);
}

static double
chance_overflow_quarter(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)cell;
    return chance_overflow(chance, 1.25);
}

static double
chance_overflow_2(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)cell;
    return chance_overflow(chance, 2);
}

/* A whole number of experts: the mean of drawn loads, the same each time. */
static double
chance_hot_set(const MoeSummaryCell *cell, MoeLoadFunc hot)
{
    enum { DRAWS_ALL = 16384, DRAWS_LEAST = 8, DRAWS_MOST = 512, SEED = 6 };
    int draws = CLAMP(DRAWS_ALL / cell->experts, DRAWS_LEAST, DRAWS_MOST);
    double q = fmin(1, (double)cell->picks / (double)cell->units / cell->experts), sum = 0;
    g_autofree int64_t *count = g_new(int64_t, (gsize)cell->experts);
    MoeRng rng = moe_rng(SEED, 0);
    for (int i = 0; i < draws; i++) {
        moe__draw_load(&rng, cell->experts, cell->units, q, count);
        sum += hot(count, cell->experts);
    }
    return sum / draws;
}

static double
chance_hot_half(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)chance;
    return chance_hot_set(cell, hot_half);
}

static double
chance_hot_most(const MoeChance *chance, const MoeSummaryCell *cell)
{
    (void)chance;
    return chance_hot_set(cell, hot_most);
}

static double
chance_tenth(const MoeChance *chance, const MoeSummaryCell *cell)
{
    return moe__chance_activation(chance, 0.1 / cell->experts);
}

static double
chance_half(const MoeChance *chance, const MoeSummaryCell *cell)
{
    return moe__chance_activation(chance, 0.5 / cell->experts);
}

/* --- Drops ------------------------------------------------------------------------------------*/

static double
drop_rate(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    const MoeSummaryCell *summary = cell->summary;
    if (cell->whole && cell->whole->dropped > 0)
        return NAN; /* whose picks were dropped isn't summed up */
    return summary->picks > 0 ? (double)summary->dropped / (double)summary->picks : NAN;
}

static const MoeMetric drops = {
    .struct_size = sizeof(MoeMetric),
    .name = "drop-rate",
    .formula = "dropped picks / N",
    .unit = "share",
    .source = "Lepikhin et al. 2020 (GShard), arXiv 2006.16668",
    .convention = "of picks, not of tokens; 0 where the trace records no drops",
    .better = MOE_METRIC_LOWER,
    .high = 1,
    .value = drop_rate,
    .no_null = "drops follow from the capacity, which traces don't have",
};

/* --- The table --------------------------------------------------------------------------------*/

/* How many experts are above a threshold has its extremes elsewhere: RANGE NULL. */
#define LOAD_IN(RANGE, NAME, FORMULA, UNIT, SOURCE, CONVENTION, BETTER, HIGH, MEASURE, CHANCE) \
    {                                                                                          \
        {sizeof(MoeMetric),                                                                    \
         NAME,                                                                                 \
         FORMULA,                                                                              \
         UNIT,                                                                                 \
         SOURCE,                                                                               \
         CONVENTION,                                                                           \
         MOE_METRIC_##BETTER,                                                                  \
         0,                                                                                    \
         0,                                                                                    \
         HIGH,                                                                                 \
         load_value,                                                                           \
         load_uniform,                                                                         \
         NULL,                                                                                 \
         RANGE,                                                                                \
         NULL},                                                                                \
            MEASURE, CHANCE                                                                    \
    }
#define LOAD(...) LOAD_IN(load_range, __VA_ARGS__)

static const LoadMetric load_metrics[] = {
    LOAD("entropy", "H = -Σ f_e ln f_e", "nats", "Shannon 1948",
         "natural logarithm: divide by ln 2 for bits; plug-in, low by about (E₊ - 1) / 2N", HIGHER,
         INFINITY, moe_load_entropy, chance_entropy),
    LOAD_IN(NULL, "entropy-corrected", "H + (E₊ - 1) / 2N", "nats", "Miller 1955",
            "Miller and Madow's correction of entropy, E₊ experts in use; may be above ln E; too "
            "much where units make several picks, which exclude each other",
            HIGHER, INFINITY, corrected, chance_corrected),
    LOAD("entropy-normalised", "H / ln E", "share of ln E", "Shannon 1948",
         "1 for a single expert; the base of the logarithm cancels", HIGHER, 1,
         moe_load_entropy_normalised, chance_normalised),
    LOAD("effective-experts", "exp(H)", "experts", "Hill 1973, order 1",
         "not divided by E (NeMo's expert diversity is)", HIGHER, INFINITY,
         moe_load_effective_experts, chance_effective),
    LOAD("effective-experts-2", "1 / Σ f_e²", "experts", "Hill 1973, order 2 (Simpson 1949)",
         "f with replacement, no correction for small N", HIGHER, INFINITY,
         moe_load_effective_simpson, chance_simpson),
    LOAD("effective-experts-inf", "1 / max_e f_e", "experts", "Hill 1973, order ∞", "", HIGHER,
         INFINITY, moe_load_effective_max, chance_effective_max),
    LOAD("cv", "sqrt(mean_e (c_e - m)²) / m", "ratio",
         "Shazeer et al. 2017, arXiv 1701.06538 (its square)",
         "population's variance, over E; over E - 1: cv-sample", LOWER, INFINITY, moe_load_cv,
         chance_cv),
    LOAD("cv-sample", "sqrt(Σ_e (c_e - m)² / (E - 1)) / m", "ratio", "NVIDIA NeMo, MoE metrics",
         "the sample's standard deviation, as NeMo reports it: cv times sqrt(E / (E - 1))", LOWER,
         INFINITY, cv_of_sample, chance_cv_of_sample),
    LOAD("maxvio", "(max_e c_e - m) / m", "ratio", "Wang et al. 2024, arXiv 2408.15664",
         "with the -1: 0 when balanced; over all tokens at once (global), not a mean over batches",
         LOWER, INFINITY, moe_load_max_violation, chance_max_violation),
    LOAD("minvio", "(m - min_e c_e) / m", "ratio", "Megatron-LM (swiss-ai fork, #136)", "", LOWER,
         1, moe_load_min_violation, chance_min_violation),
    LOAD("avgvio", "(1/E) Σ |c_e - m| / m", "ratio", "Megatron-LM (swiss-ai fork, #136)", "", LOWER,
         2, moe_load_mean_violation, chance_mean_violation),
    LOAD("gini", "Σ_i (2i - E - 1) c_(i) / (E N), c ascending", "ratio", "Gini 1912",
         "over E², pairs of an expert with itself included; high where N is small", LOWER, 1,
         moe_load_gini, chance_gini),
    LOAD("dead", "#{e: c_e = 0}", "experts", "Shazeer et al. 2017",
         "dead in this sample: the null says how many a uniform router would leave", LOWER,
         INFINITY, dead, chance_dead),
    LOAD("balancedness", "m / max_e c_e", "ratio", "SGLang, vLLM",
         "over experts; there over ranks, then a mean over layers", HIGHER, 1,
         moe_load_balancedness, chance_balancedness),
    LOAD("kl-uniform", "ln E - H", "nats", "Kullback and Leibler 1951", "of the load from 1/E",
         LOWER, INFINITY, moe_load_divergence, chance_divergence),
    LOAD("tv-uniform", "½ Σ |f_e - 1/E|", "share", "total variation",
         "the share of picks that would have to move", LOWER, 1, moe_load_uneven, chance_uneven),
    LOAD("top-1-share", "max_e f_e", "share", "Megatron-LM tools/moe_routing",
         "of picks: balanced is 1/E, not k/E", LOWER, 1, top_1, chance_top_1),
    LOAD("top-4-share", "Σ of the 4 largest f_e", "share", "Megatron-LM tools/moe_routing",
         "of picks: balanced is 4/E", LOWER, 1, top_4, chance_top_4),
    LOAD("top-8-share", "Σ of the 8 largest f_e", "share", "Megatron-LM tools/moe_routing",
         "of picks: balanced is 8/E", LOWER, 1, top_8, chance_top_8),
    LOAD("hot-set@0.5", "smallest n with Σ of the n largest f_e ≥ 0.5", "experts",
         "Megatron-LM tools/moe_routing", "balanced is E/2; uniform: drawn", HIGHER, INFINITY,
         hot_half, chance_hot_half),
    LOAD("hot-set@0.9", "smallest n with Σ of the n largest f_e ≥ 0.9", "experts",
         "Megatron-LM tools/moe_routing", "balanced is 0.9 E; uniform: drawn", HIGHER, INFINITY,
         hot_most, chance_hot_most),
    LOAD_IN(
        NULL, "activation-tenth", "#{e: f_e > 1/(10E)} / E", "share of experts",
        "Wu et al. 2024 (MH-MoE), arXiv 2404.15045",
        "share of picks, over sub-tokens where heads split the token; the paper leaves theta open",
        HIGHER, 1, above_tenth, chance_tenth),
    LOAD_IN(NULL, "activation-half", "#{e: f_e > 1/(2E)} / E", "share of experts",
            "Wu et al. 2024 (MH-MoE), arXiv 2404.15045", "as activation-tenth", HIGHER, 1,
            above_half, chance_half),
    LOAD("overflow@1", "Σ_e max(0, c_e - C) / N, C = ⌈N / E⌉", "share",
         "Lepikhin et al. 2020 (GShard), arXiv 2006.16668",
         "what a capacity factor of 1 would drop if all these units were one batch; batch by batch "
         "it drops more; drops that were recorded: drop-rate",
         LOWER, 1, overflow_1, chance_overflow_1),
    LOAD("overflow@1.25", "Σ_e max(0, c_e - C) / N, C = ⌈1.25 N / E⌉", "share",
         "Lepikhin et al. 2020 (GShard), arXiv 2006.16668", "as overflow@1", LOWER, 1,
         overflow_quarter, chance_overflow_quarter),
    LOAD("overflow@2", "Σ_e max(0, c_e - C) / N, C = ⌈2 N / E⌉", "share",
         "Lepikhin et al. 2020 (GShard), arXiv 2006.16668", "as overflow@1", LOWER, 1, overflow_2,
         chance_overflow_2),
};

void
moe__metrics_register_load(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(load_metrics); i++)
        moe_metrics_add(&load_metrics[i].metric);
    moe_metrics_add(&drops);
}
