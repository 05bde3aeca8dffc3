/* SPDX-License-Identifier: MIT
 *
 * metrics-paths.c: metrics of the paths that units take through all routers. They are of the whole
 * trace, and told with its last router.
 */
#include "stats/metrics.h"
#include "stats/paths.h"

#include <math.h>

/* False where the cell isn't that of the last router, or there are no paths. */
static bool
find(const MoeMetricCell *cell, bool shuffled, MoePaths *paths)
{
    return cell->router + 1 == moe_trace_routers(cell->trace) &&
           moe__paths_count(cell->trace, shuffled, paths, NULL) && paths->units > 0;
}

/* Paths that there are: a product over routers, INFINITY for very many. */
static double
all_paths(const MoeTrace *trace)
{
    double paths = 1;
    for (int r = 0; r < moe_trace_routers(trace); r++)
        paths *= moe_trace_router(trace, r)->experts;
    return paths;
}

static double
distinct(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    MoePaths paths;
    return find(cell, false, &paths) ? (double)paths.distinct : NAN;
}

static double
shuffled_distinct(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    MoePaths paths;
    return find(cell, true, &paths) ? (double)paths.distinct : NAN;
}

static double
uniform_distinct(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    MoePaths paths;
    return find(cell, false, &paths) ? moe__paths_uniform_distinct(
                                           (double)paths.units, fmin(all_paths(cell->trace), 1e15))
                                     : NAN;
}

static double
entropy(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    MoePaths paths;
    return find(cell, false, &paths) ? paths.entropy : NAN;
}

static double
shuffled_entropy(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    MoePaths paths;
    return find(cell, true, &paths) ? paths.entropy : NAN;
}

static double
uniform_entropy(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    MoePaths paths;
    return find(cell, false, &paths)
               ? moe__paths_uniform_entropy((double)paths.units, fmin(all_paths(cell->trace), 1e15))
               : NAN;
}

#define PATHS                                                                                  \
    "first choices of all routers, in the trace's order; told with the last one; of the last " \
    "65,536 units of the last step at most: shuffled says how many paths so few can show"

static const MoeMetric path_metrics[] = {
    {
        .struct_size = sizeof(MoeMetric),
        .name = "paths",
        .formula = "#{distinct (e_1t, …, e_Lt)}, e_lt the first choice of unit t at router l",
        .unit = "paths",
        .source = "arXiv 2604.17837",
        .convention = PATHS,
        .needs = MOE_TALLY_FLOW | MOE_NEEDS_TRACE,
        .low = 1,
        .high = MOE_PATHS_UNITS,
        .value = distinct,
        .uniform = uniform_distinct,
        .shuffled = shuffled_distinct,
    },
    {
        .struct_size = sizeof(MoeMetric),
        .name = "path-entropy",
        .formula = "-Σ p ln p over paths",
        .unit = "nats",
        .source = "arXiv 2604.17837",
        .convention = PATHS "; plug-in, at most ln T",
        .needs = MOE_TALLY_FLOW | MOE_NEEDS_TRACE,
        .low = 0,
        .high = INFINITY,
        .value = entropy,
        .uniform = uniform_entropy,
        .shuffled = shuffled_entropy,
    },
};

void
moe__metrics_register_paths(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(path_metrics); i++)
        moe_metrics_add(&path_metrics[i]);
}
