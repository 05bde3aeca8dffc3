/* SPDX-License-Identifier: MIT
 *
 * metrics-flow-picks.c: metrics of what all picks at one router, by their gates, tell about those
 * at the next.
 *
 * Chance. Units with weights a and b that have nothing to do with each other move N ā_i b̄_j from i
 * to j, and that varies by N s²_i s²_j, where s² are the variances of the weights over units. First
 * choices are the case s² = ā (1 - ā). So these moves scatter like those of N' first choices with
 *   N / N' = Σ_i s²_i / ā_i · Σ_j s²_j / b̄_j / ((r - 1) (c - 1)),
 * whose tables can be drawn.
 */
#include "stats/metrics-flow.h"
#include "stats/metrics.h"
#include "stats/ranges.h"

#include <math.h>

/* First choices that tell as much as weights that are the same for all units. */
#define UNITS_MOST 0x1p40

static double
value(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const MoeFlowPicksCell *flow = cell->flow_picks;
    return moe__flow_func(metric)(flow->moves, flow->from, flow->experts);
}

/* --- Chance -----------------------------------------------------------------------------------*/

/* The weights of one router over all units. */
typedef struct Weights {
    int experts, used; /* used: with a mean above 0 */
    double *mean;      /* [experts] ā; they sum to 1 */
    double scatter;    /* Σ s² / ā */
} Weights;

static void
weights_clear(Weights *weights)
{
    g_free(weights->mean);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Weights, weights_clear)

static Weights
weights_of(const MoeFlowPicksCell *flow, bool before)
{
    int n = before ? flow->from : flow->experts, others = before ? flow->experts : flow->from;
    gsize step = before ? (gsize)flow->experts : 1, stride = before ? 1 : (gsize)flow->experts;
    const int64_t *square = before ? flow->out_square : flow->in_square;
    double all = (double)flow->units * (double)MOE_FLOW_ONE;
    Weights weights = {n, 0, g_new0(double, (gsize)n), 0};
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < others; j++)
            weights.mean[i] += (double)flow->moves[(gsize)i * step + (gsize)j * stride] / all;
        double mean = weights.mean[i];
        if (mean > 0) {
            weights.used++;
            weights.scatter += fmax((double)square[i] / all - mean * mean, 0) / mean;
        }
    }
    return weights;
}

/* Those of a router that picks at random, and gates its picks likewise. */
static Weights
even_weights_of(const MoeFlowPicksCell *flow, bool before)
{
    int n = before ? flow->from : flow->experts;
    const int64_t *square = before ? flow->out_square : flow->in_square;
    double squares = 0;
    for (int i = 0; i < n; i++)
        squares += (double)square[i];
    Weights weights = {n, n, g_new(double, (gsize)n), 0};
    weights.scatter = fmax(n * squares / ((double)flow->units * (double)MOE_FLOW_ONE) - 1, 0);
    for (int i = 0; i < n; i++)
        weights.mean[i] = 1.0 / n;
    return weights;
}

/* First choices that scatter as much. */
static double
equivalent_units(double units, const Weights *a, const Weights *b)
{
    double scatter = a->scatter * b->scatter, free = (a->used - 1.0) * (b->used - 1);
    return scatter * UNITS_MOST > units * free ? fmax(1, round(units * free / scatter))
                                               : UNITS_MOST;
}

/* Of the information, to first order. */
static double
bias_of(const MoeFlowPicksCell *flow, const Weights *a, const Weights *b)
{
    return a->scatter * b->scatter / (2 * (double)flow->units);
}

/* Of tables drawn with such weights; `bias` of them. */
static double
draw(const MoeFlowPicksCell *flow, MoeFlowFunc of, bool evenly, double *bias)
{
    if (flow->units == 0)
        return NAN;
    g_auto(Weights) before = evenly ? even_weights_of(flow, true) : weights_of(flow, true);
    g_auto(Weights) after = evenly ? even_weights_of(flow, false) : weights_of(flow, false);
    double units = equivalent_units((double)flow->units, &before, &after), done = 0;
    g_autofree int64_t *row = g_new(int64_t, (gsize)flow->from);
    for (int i = 0; i < flow->from; i++) {
        row[i] = llround(units * (done + before.mean[i])) - llround(units * done);
        done += before.mean[i];
    }
    *bias = bias_of(flow, &before, &after);
    return moe__moves_by_chance(row, flow->from, after.mean, flow->experts, of);
}

static double
uniform(const MoeMetric *metric, const MoeMetricCell *cell)
{
    double bias;
    return draw(cell->flow_picks, moe__flow_func(metric), true, &bias);
}

static double
shuffled(const MoeMetric *metric, const MoeMetricCell *cell)
{
    double bias;
    return draw(cell->flow_picks, moe__flow_func(metric), false, &bias);
}

/* --- Less the bias ----------------------------------------------------------------------------*/

static double
corrected(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const MoeFlowPicksCell *flow = cell->flow_picks;
    if (flow->units == 0)
        return NAN;
    g_auto(Weights) before = weights_of(flow, true), after = weights_of(flow, false);
    return value(metric, cell) - bias_of(flow, &before, &after);
}

static double
uniform_corrected(const MoeMetric *metric, const MoeMetricCell *cell)
{
    double bias, drawn = draw(cell->flow_picks, moe__flow_func(metric), true, &bias);
    return drawn - bias;
}

static double
shuffled_corrected(const MoeMetric *metric, const MoeMetricCell *cell)
{
    double bias, drawn = draw(cell->flow_picks, moe__flow_func(metric), false, &bias);
    return drawn - bias;
}

/* --- The metrics ------------------------------------------------------------------------------*/

static void
information_range(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high)
{
    (void)metric;
    (void)low;
    moe__range_information(cell->flow_picks->experts, cell->flow_picks->from, high);
}

#define FLOW(NAME, FORMULA, UNIT, SOURCE, CONVENTION, LOW, HIGH, VALUE, UNIFORM, SHUFFLED, OF, \
             RANGE)                                                                            \
    {                                                                                          \
        {.struct_size = sizeof(MoeMetric),                                                     \
         .name = NAME,                                                                         \
         .formula = FORMULA,                                                                   \
         .unit = UNIT,                                                                         \
         .source = SOURCE,                                                                     \
         .convention = CONVENTION,                                                             \
         .better = MOE_METRIC_NONE,                                                            \
         .needs = MOE_TALLY_FLOW_PICKS,                                                        \
         .low = LOW,                                                                           \
         .high = HIGH,                                                                         \
         .value = VALUE,                                                                       \
         .uniform = UNIFORM,                                                                   \
         .shuffled = SHUFFLED,                                                                 \
         .range = RANGE},                                                                      \
            OF                                                                                 \
    }

static const MoeFlowMetric flow_metrics[] = {
    FLOW("flow-information-picks", "I(e'; e) = Σ P ln(P / P'P), P_ij = Σ_t a_ti b_tj / N", "nats",
         "Shannon 1948",
         "all k × k pairs of picks at the router before (in the trace's order) and at this one, by "
         "the product of their gates, each unit's renormalised (the same where there are none); "
         "less than flow-information, since a unit's move is shared out",
         0, INFINITY, value, uniform, shuffled, moe__flow_information, information_range),
    FLOW(
        "flow-information-picks-corrected", "I(e'; e) - Σ_i s²_i/ā_i Σ_j s²_j/b̄_j / 2N", "nats",
        "Miller 1955",
        "Miller and Madow's correction with the variances s² of the weights over units in place of "
        "those of single choices, ā (1 - ā); may be slightly negative",
        -INFINITY, INFINITY, corrected, uniform_corrected, shuffled_corrected,
        moe__flow_information, information_range),
    FLOW("flow-information-picks-normalised", "I(e'; e) / sqrt(H(e') H(e))", "share",
         "Strehl and Ghosh 2002", "plug-in, of flow-information-picks", 0, 1, value, uniform,
         shuffled, moe_flow_normalised, NULL),
    FLOW("flow-top-picks", "Σ_i max_j J_ij / Σ J", "share",
         "ExFlow (Yao et al. 2024), arXiv 2401.08383",
         "of what leaves an expert, by gates, the part that goes to the likeliest next one", 0, 1,
         value, uniform, shuffled, moe_flow_top, NULL),
};

void
moe__metrics_register_flow_picks(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(flow_metrics); i++)
        moe_metrics_add(&flow_metrics[i].metric);
}
