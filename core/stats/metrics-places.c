/* SPDX-License-Identifier: MIT
 *
 * metrics-places.c: metrics of a token's position in its document.
 */
#include "stats/chance-entropy.h"
#include "stats/metrics.h"
#include "stats/ranges.h"

#include <math.h>

/* --- I(expert; position) ----------------------------------------------------------------------*/

static double
information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return moe_mutual_information(cell->places->first, MOE_PLACES, cell->places->experts,
                                  MOE_WEIGH_PICKS, false);
}

/* What places that don't differ seem to tell, with as many first choices each. */
static double
chance_information(const MoePlaceCell *places, bool uniform)
{
    double units[MOE_PLACES] = {0}, all = 0;
    g_autofree double *share = g_new0(double, (gsize)places->experts);
    for (int i = 0; i < MOE_PLACES; i++)
        for (int e = 0; e < places->experts; e++) {
            double n = (double)places->first[(gsize)i * (gsize)places->experts + (gsize)e];
            units[i] += n;
            share[e] += n;
            all += n;
        }
    for (int e = 0; e < places->experts; e++)
        share[e] = uniform ? 1.0 / places->experts : share[e] / all;
    const MoeChanceLoad load = {share, places->experts, 0};
    return all > 0 ? moe__chance_information(&load, units, MOE_PLACES, false) : NAN;
}

static double
uniform_information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return chance_information(cell->places, true);
}

static double
shuffled_information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return chance_information(cell->places, false);
}

/* Less what places that don't differ would seem to tell: buckets of few tokens are too many for a
 * correction to first order in 1/N. */
static double
corrected(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return information(metric, cell) - shuffled_information(metric, cell);
}

static double
no_information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    for (gsize i = 0; i < MOE_PLACES * (gsize)cell->places->experts; i++)
        if (cell->places->first[i] > 0)
            return 0;
    return NAN;
}

/* --- Drops towards the end --------------------------------------------------------------------*/

/* The drop rate of the buckets that lie in positions low … high - 1; NaN where none has picks. */
static double
drop_rate(const MoePlaceCell *places, double low, double high)
{
    int64_t picks = 0, dropped = 0;
    for (int i = 0; i < MOE_PLACES; i++) {
        double end = i + 1 < MOE_PLACES ? moe_place_start(i + 1) : INFINITY;
        if (moe_place_start(i) < low || end > high)
            continue;
        picks += places->picks[i];
        dropped += places->dropped[i];
    }
    return picks > 0 ? (double)dropped / (double)picks : NAN;
}

/* Where the last bucket with picks ends; the open one as if it were as long as the one before. */
static double
end_of(const MoePlaceCell *places)
{
    int last = MOE_PLACES - 1;
    while (last > 0 && places->picks[last] == 0)
        last--;
    if (last + 1 < MOE_PLACES)
        return moe_place_start(last + 1);
    return 2.0 * moe_place_start(last) - moe_place_start(last - 1);
}

static double
drop_last(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return drop_rate(cell->places, 0.75 * end_of(cell->places), INFINITY);
}

static double
drop_late(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return drop_last(metric, cell) - drop_rate(cell->places, 0, 0.25 * end_of(cell->places));
}

/* A router whose drops have nothing to do with the position. */
static double
drop_anywhere(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return drop_rate(cell->places, 0, INFINITY);
}

static double
no_difference(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return isnan(drop_late(metric, cell)) ? NAN : 0;
}

/* --- The table --------------------------------------------------------------------------------*/

static void
information_range(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high)
{
    (void)metric;
    (void)low;
    moe__range_information(cell->places->experts, MOE_PLACES, high);
}

#define PLACE(...) PLACE_IN(NULL, 0, __VA_ARGS__)
#define PLACE_IN(RANGE, ALSO, NAME, FORMULA, UNIT, SOURCE, CONVENTION, BETTER, LOW, HIGH, VALUE, \
                 UNIFORM, SHUFFLED)                                                              \
    {                                                                                            \
        sizeof(MoeMetric), NAME, FORMULA, UNIT, SOURCE, CONVENTION, MOE_METRIC_##BETTER,         \
            MOE_TALLY_PLACES | (ALSO), LOW, HIGH, VALUE, UNIFORM, SHUFFLED, RANGE, NULL          \
    }

#define BUCKETS "positions 0 … 7 each its own bucket, from there four buckets to a doubling"
#define OPENMOE "Xue et al. 2024 (OpenMoE), arXiv 2402.01739"

static const MoeMetric place_metrics[] = {
    PLACE_IN(information_range, MOE_BY_KIND, "position-information",
             "I(expert; position) of first choices", "nats", "Shannon 1948",
             BUCKETS "; plug-in, high by about (E₊ - 1)(P₊ - 1) / 2N: the nulls say how much", NONE,
             0, INFINITY, information, uniform_information, shuffled_information),
    PLACE_IN(information_range, MOE_BY_KIND, "position-information-corrected",
             "I(expert; position) - its expectation when shuffled", "nats",
             "shuffle subtraction (Panzeri et al. 2007)",
             BUCKETS
             "; not Miller and Madow's correction, since the first buckets hold few tokens; "
             "may be slightly below 0",
             NONE, -INFINITY, INFINITY, corrected, no_information, no_information),
    PLACE("drop-rate-end", "dropped picks / picks, in the last quarter of positions", "share",
          OPENMOE,
          "a quarter of the longest document's positions, to whole buckets; shuffled: the rate of "
          "all positions; 0 where the trace records no drops",
          LOWER, 0, 1, drop_last, NULL, drop_anywhere),
    PLACE("drop-late", "drop rate in the last quarter of positions - in the first", "share",
          OPENMOE,
          "above 0: dropped towards the end. Quarters of the longest document's positions, to "
          "whole buckets (" BUCKETS "); 0 where the trace records no drops",
          LOWER, -1, 1, drop_late, no_difference, no_difference),
};

void
moe__metrics_register_places(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(place_metrics); i++)
        moe_metrics_add(&place_metrics[i]);
}
