/* SPDX-License-Identifier: MIT
 *
 * metrics-flow.c: metrics of what the first choice at one router tells about that at the next.
 */
#include "stats/chance-draw.h"
#include "stats/metrics.h"

#include <math.h>

static double
information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const MoeFlowCell *flow = cell->flow;
    return moe_mutual_information(flow->moves, flow->from, flow->experts, MOE_WEIGH_PICKS, false);
}

static double
corrected(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const MoeFlowCell *flow = cell->flow;
    return moe_mutual_information(flow->moves, flow->from, flow->experts, MOE_WEIGH_PICKS, true);
}

static double
normalised(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return moe_flow_normalised(cell->flow->moves, cell->flow->from, cell->flow->experts);
}

static double
top(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return moe_flow_top(cell->flow->moves, cell->flow->from, cell->flow->experts);
}

/* --- Chance -----------------------------------------------------------------------------------*/

/* Rows, columns and their entropies; uniform: of even choices. */
typedef struct Margins {
    int rows, columns; /* in use */
    double h, k;
} Margins;

static Margins
margins_of(const MoeFlowCell *flow, bool uniform)
{
    if (uniform)
        return (Margins){flow->from, flow->experts, log(flow->from), log(flow->experts)};
    g_autofree int64_t *row = g_new0(int64_t, (gsize)flow->from);
    g_autofree int64_t *column = g_new0(int64_t, (gsize)flow->experts);
    for (int i = 0; i < flow->from; i++)
        for (int j = 0; j < flow->experts; j++) {
            row[i] += flow->moves[(gsize)i * (gsize)flow->experts + (gsize)j];
            column[j] += flow->moves[(gsize)i * (gsize)flow->experts + (gsize)j];
        }
    return (Margins){flow->from - moe_load_dead(row, flow->from),
                     flow->experts - moe_load_dead(column, flow->experts),
                     moe_load_entropy(row, flow->from), moe_load_entropy(column, flow->experts)};
}

/* The plug-in estimate's bias, (r - 1) (c - 1) / 2N (Miller 1955), no more than it can be. */
static double
bias(const MoeFlowCell *flow, const Margins *margins)
{
    if (flow->units == 0)
        return NAN;
    double low = (double)(margins->rows - 1) * (margins->columns - 1) / (2.0 * (double)flow->units);
    return MIN(low, MIN(margins->h, margins->k));
}

static double
uniform_information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    Margins margins = margins_of(cell->flow, true);
    return bias(cell->flow, &margins);
}

static double
shuffled_information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    Margins margins = margins_of(cell->flow, false);
    return bias(cell->flow, &margins);
}

static double
zero(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return cell->flow->units > 0 ? 0 : NAN;
}

static double
uniform_normalised(const MoeMetric *metric, const MoeMetricCell *cell)
{
    Margins margins = margins_of(cell->flow, true);
    double scale = sqrt(margins.h * margins.k);
    return scale > 0 ? bias(cell->flow, &margins) / scale : NAN;
}

static double
shuffled_normalised(const MoeMetric *metric, const MoeMetricCell *cell)
{
    Margins margins = margins_of(cell->flow, false);
    double scale = sqrt(margins.h * margins.k);
    return scale > 0 ? bias(cell->flow, &margins) / scale : NAN;
}

static double
uniform_top(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return moe__flow_top_by_chance(cell->flow, true);
}

static double
shuffled_top(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return moe__flow_top_by_chance(cell->flow, false);
}

/* --- The table --------------------------------------------------------------------------------*/

#define FLOW(NAME, FORMULA, UNIT, SOURCE, CONVENTION, LOW, HIGH, VALUE, UNIFORM, SHUFFLED) \
    {                                                                                      \
        sizeof(MoeMetric), NAME, FORMULA, UNIT, SOURCE, CONVENTION, MOE_METRIC_NONE,       \
            MOE_TALLY_FLOW, LOW, HIGH, VALUE, UNIFORM, SHUFFLED                            \
    }

static const MoeMetric flow_metrics[] = {
    FLOW("flow-information", "I(e'; e) = Σ P ln(P / P'P)", "nats", "Shannon 1948",
         "first choices of the router before (in the trace's order) and of this one; plug-in: the "
         "nulls are its bias (r - 1)(c - 1) / 2N, no information at all",
         0, INFINITY, information, uniform_information, shuffled_information),
    FLOW("flow-information-corrected", "I(e'; e) - (J₊ - r₊ - c₊ + 1) / 2N", "nats", "Miller 1955",
         "Miller and Madow's correction of flow-information; may be slightly negative", -INFINITY,
         INFINITY, corrected, zero, zero),
    FLOW("flow-information-normalised", "I(e'; e) / sqrt(H(e') H(e))", "share",
         "Strehl and Ghosh 2002", "plug-in, of flow-information", 0, 1, normalised,
         uniform_normalised, shuffled_normalised),
    FLOW("flow-top", "Σ_i max_j J_ij / N", "share", "ExFlow (Yao et al. 2024), arXiv 2401.08383",
         "how often the likeliest next first choice, by the last one, is the one", 0, 1, top,
         uniform_top, shuffled_top),
};

void
moe__metrics_register_flow(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(flow_metrics); i++)
        moe_metrics_add(&flow_metrics[i]);
}
