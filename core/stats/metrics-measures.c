/* SPDX-License-Identifier: MIT
 *
 * metrics-measures.c: metrics of what routers told of themselves while they were trained or
 * recorded: the last recorded value of each measure.
 */
#include "moe/similarity.h"
#include "stats/metrics.h"
#include "stats/ranges.h"

#include <math.h>

typedef struct MeasureMetric {
    MoeMetric metric;
    const char *measure; /* as in the trace */
    /* One number of the values of one step; `wide` is the length of the last axis, 1 for numbers.
     */
    double (*of)(const double *values, int64_t n, int64_t wide);
} MeasureMetric;

/* The row of a measure that was recorded at a step; -1: none. */
static int64_t
row_at(const MoeMetricCell *cell, const char *name)
{
    MoeArray steps;
    int64_t row = -1;
    g_autofree char *member = g_strconcat(name, ".step", NULL);
    if (!moe_trace_join(cell->trace, member, &steps, NULL))
        return -1;
    for (int64_t i = moe_array_count(&steps); i-- > 0 && row < 0;)
        row = (int64_t)moe_array_value(&steps, i) == cell->step ? i : -1;
    g_free((gpointer)steps.data);
    return row;
}

/* The recorded values of a measure, the last, or at the step that is asked for; NULL where the
 * trace has none. (transfer full) */
static double *
last_values(const MoeMetricCell *cell, const char *measure, int64_t *n, int64_t *wide)
{
    MoeArray array;
    g_autofree char *name = g_strdup_printf("measures/r%03d.%s", cell->router, measure);
    if (!moe_trace_join(cell->trace, name, &array, NULL))
        return NULL;
    int64_t rows = array.ndim > 0 ? array.shape[0] : 0;
    double *values = NULL;
    int64_t row = cell->at_step ? row_at(cell, name) : rows - 1;
    if (row >= 0 && row < rows) {
        *n = moe_array_count(&array) / rows;
        *wide = array.ndim > 1 ? array.shape[array.ndim - 1] : 1;
        values = g_new(double, (gsize)*n);
        for (int64_t i = 0; i < *n; i++)
            values[i] = moe_array_value(&array, row * *n + i);
    }
    g_free((gpointer)array.data);
    return values;
}

static double
measure_value(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const MeasureMetric *own = (const MeasureMetric *)metric;
    int64_t n, wide;
    g_autofree double *values = last_values(cell, own->measure, &n, &wide);
    return values && n > 0 ? own->of(values, n, wide) : NAN;
}

/* --- One number of many -----------------------------------------------------------------------*/

static double
number(const double *values, int64_t n, int64_t wide)
{
    (void)wide;
    return n == 1 ? values[0] : NAN;
}

/* Of a square matrix: the mean beside the diagonal. */
static double
beside_diagonal(const double *values, int64_t n, int64_t wide)
{
    double sum = 0;
    if (wide < 2 || n != wide * wide)
        return NAN;
    for (int64_t i = 0; i < n; i++)
        sum += i % (wide + 1) == 0 ? 0 : values[i];
    return sum / (double)(wide * (wide - 1));
}

static double
variation(const double *values, int64_t n, int64_t wide)
{
    double mean = 0, squares = 0;
    (void)wide;
    for (int64_t i = 0; i < n; i++)
        mean += values[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        squares += (values[i] - mean) * (values[i] - mean) / (double)n;
    return mean > 0 ? sqrt(squares) / mean : NAN;
}

/* --- Rank -------------------------------------------------------------------------------------*/

/* The Gram matrix of the router's rows is made of their cosines and lengths. */
static double
router_rank(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    int64_t n, wide, lengths, one;
    g_autofree double *cosine = last_values(cell, "router_cosine", &n, &wide);
    g_autofree double *norm = last_values(cell, "router_norm", &lengths, &one);
    if (!cosine || !norm || n != wide * wide || lengths != wide)
        return NAN;
    for (int64_t i = 0; i < n; i++) {
        cosine[i] *= norm[i / wide] * norm[i % wide];
        if (!isfinite(cosine[i]))
            return NAN;
    }
    return moe__effective_rank(cosine, wide);
}

static const MoeMetric rank_metric = {
    .struct_size = sizeof(MoeMetric),
    .name = "router-rank",
    .formula = "exp(-Σ_i s_i ln s_i), s_i = σ_i / Σ σ of the router's rows",
    .unit = "dimensions",
    .source = "Roy and Vetterli 2007",
    .convention = "effective rank of the rows that units are compared with, from their recorded "
                  "cosines and lengths; at most E",
    .better = MOE_METRIC_NONE,
    .needs = MOE_NEEDS_TRACE,
    .low = 1,
    .high = INFINITY,
    .value = router_rank,
    .range = moe__range_experts,
    .no_null = "that of random rows depends on their length, which traces don't have",
};

/* --- Chance -----------------------------------------------------------------------------------*/

/* Recorded beside the measure itself. */
static double
shuffled_cka(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    int64_t n, wide;
    g_autofree double *values = last_values(cell, "expert_output_cka_shuffled", &n, &wide);
    return values && n > 0 ? beside_diagonal(values, n, wide) : NAN;
}

static double
even_agreement(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return isnan(measure_value(metric, cell)) ? NAN : 1.0 / cell->summary->experts;
}

/* --- The table --------------------------------------------------------------------------------*/

#define MEASURE_WITH(UNIFORM, SHUFFLED, NO_NULL, NAME, MEASURED, OF, FORMULA, UNIT, SOURCE, \
                     CONVENTION, LOW, HIGH)                                                 \
    {                                                                                       \
        {sizeof(MoeMetric),                                                                 \
         NAME,                                                                              \
         FORMULA,                                                                           \
         UNIT,                                                                              \
         SOURCE,                                                                            \
         CONVENTION,                                                                        \
         MOE_METRIC_NONE,                                                                   \
         MOE_NEEDS_TRACE,                                                                   \
         LOW,                                                                               \
         HIGH,                                                                              \
         measure_value,                                                                     \
         UNIFORM,                                                                           \
         SHUFFLED,                                                                          \
         NULL,                                                                              \
         NO_NULL},                                                                          \
            MEASURED, OF                                                                    \
    }
/* Of weights, hidden states and gradients: no random router says what they would be. */
#define MEASURE(...)                                                                 \
    MEASURE_WITH(NULL, NULL,                                                         \
                 "of weights and hidden states, about which routing by chance says " \
                 "nothing",                                                          \
                 __VA_ARGS__)
#define APART "of weights; of weights that are drawn apart it would be 0"

#define LAST "the last recorded value"

static const MeasureMetric measure_metrics[] = {
    MEASURE("representation-collapse", "representation_collapse", number, "RC = Tr(Σ_W Σ_B⁺)",
            "ratio", "Chi et al. 2022 (X-MoE), arXiv 2204.09179",
            "classes are first choices, weighted by their share of the units (the paper leaves "
            "both open); the smaller, the further collapsed; " LAST,
            0, INFINITY),
    MEASURE(
        "branch-ratio", "branch_ratio", number, "‖branch‖ / ‖Σ w · experts‖", "ratio", "moescope",
        "contribution ratio of what stands beside the experts; Frobenius norms over units; " LAST,
        0, INFINITY),
    MEASURE_WITH(NULL, shuffled_cka, NULL, "expert-output-cka", "expert_output_cka",
                 beside_diagonal, "mean_{i≠j} ‖YᵀX‖² / (‖XᵀX‖ ‖YᵀY‖)", "ratio",
                 "Kornblith et al. 2019",
                 "linear CKA of outputs for the same units, picked or not; shuffled: with the "
                 "units of one of "
                 "the two experts in any order; " LAST,
                 0, 1),
    MEASURE_WITH(NULL, NULL, APART, "expert-cosine", "expert_cosine", beside_diagonal,
                 "mean_{i≠j} cos(E_i, E_j)", "ratio", "Lo et al. 2024, arXiv 2406.18219",
                 "all weights and biases of an expert as one vector, neurons not matched; " LAST,
                 -1, 1),
    MEASURE_WITH(NULL, NULL, APART, "router-cosine", "router_cosine", beside_diagonal,
                 "mean_{i≠j} cos(r_i, r_j)", "ratio", "Lo et al. 2024, arXiv 2406.18219",
                 "rows that units are compared with; " LAST, -1, 1),
    MEASURE("router-norm-spread", "router_norm", variation, "CV of ‖r_e‖", "ratio", "moescope",
            "population's variance, over E; " LAST, 0, INFINITY),
    MEASURE("logit-std", "logit_std", number, "standard deviation of all logits", "logits",
            "moescope", "over units and experts; " LAST, 0, INFINITY),
    MEASURE("router-task-gradient", "router_task_grad", number, "‖∂ cross-entropy / ∂ router‖",
            "nats", "moescope",
            "of all trained parameters that decide routing, on the probe text; 0 where the task "
            "can't teach the router; " LAST,
            0, INFINITY),
    MEASURE("logit-task-gradient", "router_task_grad_logits", number,
            "‖∂ cross-entropy / ∂ logits‖", "nats", "moescope",
            "Frobenius norm on the probe text; " LAST, 0, INFINITY),
    MEASURE("generated-scale", "generated_scale", number, "root mean square of the router",
            "weight", "Do et al. 2023 (HyperRouter), arXiv 2312.07035",
            "of the generated router; " LAST, 0, INFINITY),
    MEASURE("hyper-expert-cosine", "hyper_expert_cosine", number,
            "mean cosine of two generated experts", "ratio",
            "Zhao et al. 2024 (HyperMoE), arXiv 2402.12656",
            "of up to 64 sets of picks; 1: a static adapter; " LAST, -1, 1),
    MEASURE("hyper-expert-rank", "hyper_expert_rank", number,
            "effective rank of the generated experts", "dimensions", "Roy and Vetterli 2007",
            "1: a static adapter; " LAST, 0, INFINITY),
    MEASURE("hyper-expert-sets", "hyper_expert_sets", number, "#{distinct sets of picks}", "sets",
            "Zhao et al. 2024 (HyperMoE), arXiv 2402.12656",
            "of the recorded units, an expert generated for each; " LAST, 0, INFINITY),
    MEASURE_WITH(even_agreement, NULL, NULL, "words-agree", "words_agree", number,
                 "P(first choice = the word router's)", "share",
                 "Dai et al. 2022 (StableMoE), arXiv 2204.08396", "uniform: 1/E; " LAST, 0, 1),
};

void
moe__metrics_register_measures(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(measure_metrics); i++)
        moe_metrics_add(&measure_metrics[i].metric);
    moe_metrics_add(&rank_metric);
}
