/* SPDX-License-Identifier: MIT
 *
 * metrics-first.c: the load of first choices alone, which is what moves from router to router.
 */
#include "stats/chance.h"
#include "stats/metrics.h"
#include "stats/ranges.h"

#include <math.h>

static int64_t
choices(const MoeSummaryCell *cell)
{
    int64_t n = 0;
    for (int e = 0; cell->first && e < cell->experts; e++)
        n += cell->first[e];
    return n;
}

static double
entropy(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return choices(cell->summary) > 0
               ? moe_load_entropy(cell->summary->first, cell->summary->experts)
               : NAN;
}

/* One choice a unit, of as many units. */
static double
uniform(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    int64_t n = choices(cell->summary);
    int experts = cell->summary->experts;
    if (n == 0)
        return NAN;
    g_auto(MoeChance) chance = moe__chance(n, 1.0 / experts, experts, (double)n);
    return moe__chance_entropy(&chance);
}

static const MoeMetric first_entropy = {
    .struct_size = sizeof(MoeMetric),
    .name = "first-entropy",
    .formula = "H(e) = -Σ q_e ln q_e, q_e = #{t: e is t's first choice} / T",
    .unit = "nats",
    .source = "Shannon 1948",
    .convention = "what flow-information is measured against; plug-in, low by about (E₊ - 1) / 2T",
    .better = MOE_METRIC_HIGHER,
    .high = INFINITY,
    .value = entropy,
    .uniform = uniform,
    .range = moe__range_entropy,
};

void
moe__metrics_register_first(void)
{
    moe_metrics_add(&first_entropy);
}
