/* SPDX-License-Identifier: MIT
 *
 * metrics-paths.c: metrics of the paths that units take through all routers. They are of the whole
 * trace, and told with its last router.
 */
#include "stats/jackknife.h"
#include "stats/metrics.h"
#include "stats/paths.h"

#include <math.h>

/* False where the cell isn't that of the last router, or there are no paths. */
static bool
find(const MoeMetricCell *cell, bool shuffled, MoePaths *paths)
{
    return cell->router + 1 == moe_trace_routers(cell->trace) &&
           moe__paths_count(cell->trace, cell->at_step ? &cell->step : NULL, shuffled, paths,
                            NULL) &&
           paths->units > 0;
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

/* A metric of paths: what it is of them. */
typedef struct PathMetric {
    MoeMetric metric;
    double (*of)(const MoePaths *paths);
} PathMetric;

static double
distinct_of(const MoePaths *paths)
{
    return (double)paths->distinct;
}

static double
entropy_of(const MoePaths *paths)
{
    return paths->entropy;
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

static const PathMetric path_metrics[] = {
    {{
         .struct_size = sizeof(MoeMetric),
         .name = "paths",
         .formula = "#{distinct (e_1t, …, e_Lt)}, e_lt the first choice of unit t at router l",
         .unit = "paths",
         .source = "arXiv 2604.17837",
         .convention = PATHS,
         .needs = MOE_TALLY_FLOW | MOE_NEEDS_TRACE | MOE_OF_PATHS,
         .low = 1,
         .high = MOE_PATHS_UNITS,
         .value = distinct,
         .uniform = uniform_distinct,
         .shuffled = shuffled_distinct,
     },
     distinct_of},
    {{
         .struct_size = sizeof(MoeMetric),
         .name = "path-entropy",
         .formula = "-Σ p ln p over paths",
         .unit = "nats",
         .source = "arXiv 2604.17837",
         .convention = PATHS "; plug-in, at most ln T",
         .needs = MOE_TALLY_FLOW | MOE_NEEDS_TRACE | MOE_OF_PATHS,
         .low = 0,
         .high = INFINITY,
         .value = entropy,
         .uniform = uniform_entropy,
         .shuffled = shuffled_entropy,
     },
     entropy_of},
};

G_STATIC_ASSERT((int)MOE_PATHS_GROUPS == (int)MOE_JACKKNIFE_GROUPS);

/* NaN of a metric that isn't one of these. */
static double
value_of(const MoeMetric *metric, const MoePaths *paths)
{
    for (gsize i = 0; i < G_N_ELEMENTS(path_metrics); i++)
        if (&path_metrics[i].metric == metric)
            return path_metrics[i].of(paths);
    return NAN;
}

int
moe__jackknife_paths(const MoeTrace *trace, const int64_t *step, MoeLeftOut *out, GError **error)
{
    MoePaths all, without[MOE_PATHS_GROUPS];
    int groups = 0;
    if (!moe__paths_apart(trace, step, &all, without, error))
        return -1;
    for (int m = 0; m < out->n; m++) {
        out->value[m] = value_of(out->metrics[m], &all);
        out->low[m] = out->metrics[m]->low;
        out->high[m] = out->metrics[m]->high;
    }
    for (int g = 0; g < MOE_PATHS_GROUPS; g++) {
        if (without[g].units == all.units)
            continue; /* the group has none */
        for (int m = 0; m < out->n; m++)
            out->without[m * MOE_JACKKNIFE_GROUPS + groups] =
                value_of(out->metrics[m], &without[g]);
        groups++;
    }
    return groups;
}

void
moe__metrics_register_paths(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(path_metrics); i++)
        moe_metrics_add(&path_metrics[i].metric);
}
