/* SPDX-License-Identifier: MIT
 *
 * metrics-gates.c: the same measures of the weighted load, where a pick counts as its gate. The
 * functions of counts serve here too: gates of f16 are multiples of 2^-24, so their sums in this
 * unit are integers.
 */
#include "stats/metrics.h"

#include <math.h>

typedef struct GateMetric {
    MoeMetric metric;
    double (*measure)(const int64_t *count, int experts);
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

#define GATE(NAME, FORMULA, UNIT, SOURCE, CONVENTION, BETTER, HIGH, MEASURE) \
    {                                                                        \
        {sizeof(MoeMetric),                                                  \
         NAME,                                                               \
         FORMULA,                                                            \
         UNIT,                                                               \
         SOURCE,                                                             \
         CONVENTION,                                                         \
         MOE_METRIC_##BETTER,                                                \
         0,                                                                  \
         0,                                                                  \
         HIGH,                                                               \
         gate_value,                                                         \
         NULL,                                                               \
         NULL},                                                              \
            MEASURE                                                          \
    }

static const GateMetric gate_metrics[] = {
    GATE("gate-entropy", "-Σ g_e ln g_e, g_e = Σ_t w_te / Σ w", "nats", "Shannon 1948",
         "gates as applied, 0 where dropped; plug-in", HIGHER, INFINITY, moe_load_entropy),
    GATE("gate-effective-experts", "exp of gate-entropy", "experts", "Hill 1973, order 1", "",
         HIGHER, INFINITY, moe_load_effective_experts),
    GATE("gate-cv", "sqrt(mean_e (g_e - 1/E)²) E", "ratio",
         "Shazeer et al. 2017, arXiv 1701.06538 (importance; its square)",
         "over the gates of picks; over E, not E - 1", LOWER, INFINITY, moe_load_cv),
    GATE("gate-maxvio", "E max_e g_e - 1", "ratio", "Wang et al. 2024, arXiv 2408.15664, of gates",
         "with the -1", LOWER, INFINITY, moe_load_max_violation),
    GATE("gate-gini", "Σ_i (2i - E - 1) g_(i) / E, g ascending", "ratio", "Gini 1912",
         "over E², pairs of an expert with itself included", LOWER, 1, moe_load_gini),
    GATE("gate-tv-uniform", "½ Σ |g_e - 1/E|", "share", "total variation", "", LOWER, 1,
         moe_load_uneven),
};

void
moe__metrics_register_gates(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(gate_metrics); i++)
        moe_metrics_add(&gate_metrics[i].metric);
}
