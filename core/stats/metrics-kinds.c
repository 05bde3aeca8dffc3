/* SPDX-License-Identifier: MIT
 *
 * metrics-kinds.c: what part of the routing falls on one kind of experts.
 */
#include "stats/metrics.h"

#include <math.h>

static double
ratio(double of, double all)
{
    return all > 0 ? of / all : NAN;
}

static double
total(const double *gates, int experts)
{
    double sum = 0;
    for (int e = 0; e < experts; e++)
        sum += gates[e];
    return sum;
}

static double
firsts(const MoeSummaryCell *cell)
{
    double sum = 0;
    for (int e = 0; e < cell->experts; e++)
        sum += (double)cell->first[e];
    return sum;
}

static double
share(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return ratio((double)cell->summary->picks, (double)cell->whole->picks);
}

static double
gate_share(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return ratio(total(cell->summary->gate_sum, cell->summary->experts),
                 total(cell->whole->gate_sum, cell->whole->experts));
}

static double
first_share(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return ratio(firsts(cell->summary), firsts(cell->whole));
}

static double
picks_per_expert(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return (double)cell->summary->picks / cell->summary->experts;
}

static double
picks_per_unit(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return ratio((double)cell->summary->picks, (double)cell->summary->units);
}

/* --- Chance -----------------------------------------------------------------------------------*/

/* A router that picks uniformly among all experts. */
static double
uniform_share(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return (double)cell->summary->experts / cell->whole->experts;
}

static double
uniform_per_expert(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return (double)cell->whole->picks / cell->whole->experts;
}

static double
uniform_per_unit(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return uniform_share(metric, cell) *
           ratio((double)cell->whole->picks, (double)cell->whole->units);
}

static void
range_per_unit(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high)
{
    (void)metric;
    *low = 0;
    *high = cell->summary->experts;
}

/* --- The table --------------------------------------------------------------------------------*/

#define KIND(NAME, FORMULA, UNIT, CONVENTION, HIGH, VALUE, UNIFORM, SHUFFLED, RANGE) \
    {                                                                                \
        sizeof(MoeMetric), NAME, FORMULA, UNIT, MOEPP, CONVENTION, MOE_METRIC_NONE,  \
            MOE_NEEDS_KIND, 0, HIGH, VALUE, UNIFORM, SHUFFLED, RANGE, NULL           \
    }

#define MOEPP "Jin et al. 2024 (MoE++), arXiv 2410.07348"

static const MoeMetric kind_metrics[] = {
    KIND("kind-share", "N_K / N", "share",
         "of the picks, which go to the E_K experts of the kind; uniform: among all experts, E_K / "
         "E",
         1, share, uniform_share, NULL, NULL),
    KIND("kind-gate-share", "Σ_{e ∈ K} w_te / Σ w_te", "share",
         "gates as applied; shuffled: the same picks, whose gates have nothing to do with the kind",
         1, gate_share, uniform_share, share, NULL),
    KIND("kind-first-share", "first choices in K / first choices", "share",
         "shuffled: the same picks in any order", 1, first_share, uniform_share, share, NULL),
    KIND("kind-picks-per-expert", "N_K / E_K", "picks",
         "tokens an expert of the kind gets, in the mean; uniform: N / E", INFINITY,
         picks_per_expert, uniform_per_expert, NULL, NULL),
    KIND("kind-picks-per-unit", "N_K / T", "picks",
         "of the k picks of a unit, those of the kind, in the mean; uniform: k E_K / E", INFINITY,
         picks_per_unit, uniform_per_unit, NULL, range_per_unit),
};

void
moe__metrics_register_kinds(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kind_metrics); i++)
        moe_metrics_add(&kind_metrics[i]);
}
