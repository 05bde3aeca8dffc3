/* SPDX-License-Identifier: MIT */
#include "stats/ranges.h"

#include <math.h>

/* Whether no expert was picked twice by a unit, as far as counts can tell. */
static bool
is_one_each(const MoeSummaryCell *cell, int64_t units)
{
    for (int e = 0; e < cell->experts; e++)
        if (cell->count[e] > units)
            return false;
    return true;
}

/* Gives each expert `most` of the picks until there are none left. */
static void
concentrate(int64_t *count, int experts, int64_t picks, int64_t most)
{
    for (int e = 0; e < experts; e++) {
        count[e] = MIN(picks, most);
        picks -= count[e];
    }
}

static void
range_between(const int64_t *uneven, int experts, MoeLoadFunc measure, double *low, double *high)
{
    g_autofree int64_t *even = g_new(int64_t, (gsize)experts);
    for (int e = 0; e < experts; e++)
        even[e] = 1;
    double a = measure(even, experts), b = measure(uneven, experts);
    *low = fmin(a, b);
    *high = fmax(a, b);
}

void
moe__range_of_load(const MoeSummaryCell *cell, MoeLoadFunc measure, double *low, double *high)
{
    int64_t units = cell->units - cell->making[0];
    if (cell->picks <= 0)
        return;
    g_autofree int64_t *uneven = g_new(int64_t, (gsize)cell->experts);
    concentrate(uneven, cell->experts, cell->picks,
                units > 0 && is_one_each(cell, units) ? units : cell->picks);
    range_between(uneven, cell->experts, measure, low, high);
}

void
moe__range_of_shares(int experts, MoeLoadFunc measure, double *low, double *high)
{
    g_autofree int64_t *uneven = g_new(int64_t, (gsize)experts);
    concentrate(uneven, experts, 1, 1);
    range_between(uneven, experts, measure, low, high);
}

void
moe__range_entropy(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high)
{
    (void)metric;
    *low = 0;
    *high = log(cell->summary->experts);
}

void
moe__range_experts(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high)
{
    (void)metric;
    *low = 1;
    *high = cell->summary->experts;
}

void
moe__range_information(int experts, int others, double *high)
{
    *high = log(MAX(1, MIN(experts, others)));
}
