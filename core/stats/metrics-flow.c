/* SPDX-License-Identifier: MIT
 *
 * metrics-flow.c: metrics of what the first choice at one router tells about that at the next.
 */
#include "stats/metrics-flow.h"
#include "stats/metrics.h"
#include "stats/ranges.h"

#include <math.h>

static double
corrected(const int64_t *moves, int from, int experts)
{
    return moe_mutual_information(moves, from, experts, MOE_WEIGH_PICKS, true);
}

/* I / min(H, H'): of the router with less to tell, the part that the other one knows. */
static double
of_lesser(const int64_t *moves, int from, int experts)
{
    g_autofree int64_t *before = g_new0(int64_t, (gsize)from);
    g_autofree int64_t *after = g_new0(int64_t, (gsize)experts);
    for (int i = 0; i < from; i++)
        for (int j = 0; j < experts; j++) {
            before[i] += moves[(gsize)i * (gsize)experts + (gsize)j];
            after[j] += moves[(gsize)i * (gsize)experts + (gsize)j];
        }
    double least = fmin(moe_load_entropy(before, from), moe_load_entropy(after, experts));
    return least > 0 ? fmin(1, moe__flow_information(moves, from, experts) / least) : NAN;
}

static double
value(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const MoeFlowCell *flow = cell->flow;
    return moe__flow_func(metric)(flow->moves, flow->from, flow->experts);
}

static double
uniform(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return moe__flow_by_chance(cell->flow, moe__flow_func(metric), true);
}

static double
shuffled(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return moe__flow_by_chance(cell->flow, moe__flow_func(metric), false);
}

static void
information_range(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high)
{
    (void)metric;
    (void)low;
    moe__range_information(cell->flow->experts, cell->flow->from, high);
}

#define FLOW(NAME, FORMULA, UNIT, SOURCE, CONVENTION, LOW, HIGH, OF, RANGE) \
    {                                                                       \
        {sizeof(MoeMetric),                                                 \
         NAME,                                                              \
         FORMULA,                                                           \
         UNIT,                                                              \
         SOURCE,                                                            \
         CONVENTION,                                                        \
         MOE_METRIC_NONE,                                                   \
         MOE_TALLY_FLOW | MOE_BY_KIND,                                      \
         LOW,                                                               \
         HIGH,                                                              \
         value,                                                             \
         uniform,                                                           \
         shuffled,                                                          \
         RANGE,                                                             \
         NULL},                                                             \
            OF                                                              \
    }

static const MoeFlowMetric flow_metrics[] = {
    FLOW("flow-information", "I(e'; e) = Σ P ln(P / P'P)", "nats", "Shannon 1948",
         "first choices of the router before (in the trace's order) and of this one; plug-in: the "
         "nulls are its bias at this N, about (r - 1)(c - 1) / 2N, where there is no information",
         0, INFINITY, moe__flow_information, information_range),
    FLOW("flow-information-corrected", "I(e'; e) - (J₊ - r₊ - c₊ + 1) / 2N", "nats", "Miller 1955",
         "Miller and Madow's correction of flow-information; may be slightly negative", -INFINITY,
         INFINITY, corrected, information_range),
    FLOW("flow-information-normalised", "I(e'; e) / sqrt(H(e') H(e))", "share",
         "Strehl and Ghosh 2002", "plug-in, of flow-information", 0, 1, moe_flow_normalised, NULL),
    FLOW("flow-information-min", "I(e'; e) / min(H(e'), H(e))", "share", "Kvålseth 1987",
         "plug-in, of flow-information; 1 where one router's first choice follows from the "
         "other's",
         0, 1, of_lesser, NULL),
    FLOW("flow-top", "Σ_i max_j J_ij / N", "share", "ExFlow (Yao et al. 2024), arXiv 2401.08383",
         "how often the likeliest next first choice, by the last one, is the one", 0, 1,
         moe_flow_top, NULL),
};

void
moe__metrics_register_flow(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(flow_metrics); i++)
        moe_metrics_add(&flow_metrics[i].metric);
}
