/* SPDX-License-Identifier: MIT
 *
 * metrics-segments.c: how far the experts of a segment can be named beforehand for all its units.
 */
#include "stats/chance-caches.h"
#include "stats/chance.h"
#include "stats/metrics.h"

#include <math.h>

typedef struct SegmentMetric {
    MoeMetric metric;
    int times; /* experts kept or predicted, in those that a unit picks; 0: as many as do best */
} SegmentMetric;

/* Picks in segments. */
static double
picks_in(const MoeCacheCell *caches)
{
    double picks = 0;
    for (int a = 0; a <= MOE_SEGMENT; a++)
        picks += (double)a * (double)caches->active[a];
    return picks;
}

/* max_τ 2 matches / (predictions + picks), where experts that at least τ units pick are predicted
 * for every unit. active[a]: how many experts a units pick, in the mean. */
static double
best_f1(const double *active)
{
    double picks = 0, matches = 0, predicted = 0, best = NAN;
    for (int a = 1; a <= MOE_SEGMENT; a++)
        picks += a * active[a];
    for (int a = MOE_SEGMENT; a > 0; a--) {
        matches += a * active[a];
        predicted += MOE_SEGMENT * active[a];
        if (picks > 0)
            best = fmax(best, 2 * matches / (predicted + picks));
    }
    return best;
}

/* The F1 of predicting as many times the picks, of the busiest experts: of those of the last count,
 * as many as are wanted. 0: the best of all thresholds. */
static double
f1_at(const double *active, double times)
{
    double picks = 0, matches = 0, predicted = 0;
    for (int a = 1; a <= MOE_SEGMENT; a++)
        picks += a * active[a];
    if (times <= 0 || picks <= 0)
        return best_f1(active);
    for (int a = MOE_SEGMENT; a >= 0; a--) {
        double left = fmax(0, times * picks - predicted);
        double taken = fmin(active[a], left / MOE_SEGMENT);
        matches += a * taken;
        predicted += MOE_SEGMENT * taken;
    }
    return 2 * matches / (predicted + picks);
}

static int
times_of(const MoeMetric *metric)
{
    return ((const SegmentMetric *)metric)->times;
}

static double
srp(const MoeMetric *metric, const MoeMetricCell *cell)
{
    double active[MOE_SEGMENT + 1];
    for (int a = 0; a <= MOE_SEGMENT; a++)
        active[a] = (double)cell->caches->active[a];
    return f1_at(active, times_of(metric));
}

/* Of experts that units pick apart, each with its chance: binomial. */
static double
chance_srp(const MoeMetric *metric, const MoeMetricCell *cell, bool uniform)
{
    const MoeSummaryCell *summary = cell->summary;
    double active[MOE_SEGMENT + 1] = {0};
    if (cell->caches->segments == 0 || summary->units == 0)
        return NAN;
    for (int e = 0; e < summary->experts; e++) {
        double count =
            uniform ? (double)summary->picks / summary->experts : (double)summary->count[e];
        double q = fmin(1, count / (double)summary->units);
        for (int a = 0; a <= MOE_SEGMENT; a++)
            active[a] +=
                exp(lgamma(MOE_SEGMENT + 1) - lgamma(a + 1) - lgamma(MOE_SEGMENT - a + 1)) *
                pow(q, a) * pow(1 - q, MOE_SEGMENT - a);
    }
    return f1_at(active, times_of(metric));
}

static double
uniform_srp(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return chance_srp(metric, cell, true);
}

static double
shuffled_srp(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return chance_srp(metric, cell, false);
}

static double
sch(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const MoeCacheCell *caches = cell->caches;
    double picks = picks_in(caches);
    int64_t kept = times_of(metric) == 1 ? caches->kept_once : caches->kept_twice;
    return picks > 0 ? (double)kept / picks : NAN;
}

/* The share of the n largest of the counts of MOE_SEGMENT units. */
static double
uniform_sch(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const MoeSummaryCell *summary = cell->summary;
    if (cell->caches->segments == 0 || summary->units == 0)
        return NAN;
    double each = (double)summary->picks / (double)summary->units;
    double q = fmin(1, each / summary->experts);
    g_auto(MoeChance) chance = moe__chance(MOE_SEGMENT, q, summary->experts, each * MOE_SEGMENT);
    int n = times_of(metric) * MAX(1, (int)(each + 0.5));
    return fmin(1, moe__chance_highest(&chance, n) / chance.picks);
}

static double
shuffled_sch(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const MoeSummaryCell *summary = cell->summary;
    if (cell->caches->segments == 0 || summary->units == 0)
        return NAN;
    int each = MAX(1, (int)((double)summary->picks / (double)summary->units + 0.5));
    return moe__segment_by_chance(summary, times_of(metric) * each);
}

/* --- The table --------------------------------------------------------------------------------*/

#define SEGMENT(NAME, FORMULA, CONVENTION, VALUE, UNIFORM, SHUFFLED, TIMES) \
    {                                                                       \
        {sizeof(MoeMetric),                                                 \
         NAME,                                                              \
         FORMULA,                                                           \
         "share",                                                           \
         "moe-lrc, arXiv 2505.16056",                                       \
         CONVENTION,                                                        \
         MOE_METRIC_NONE,                                                   \
         MOE_TALLY_CACHES,                                                  \
         0,                                                                 \
         1,                                                                 \
         VALUE,                                                             \
         UNIFORM,                                                           \
         SHUFFLED,                                                          \
         NULL,                                                              \
         NULL},                                                             \
            TIMES                                                           \
    }

#define SEGMENTS                                                                                 \
    "segments of 16 units, side by side from the document's beginning; what is left at its end " \
    "is "                                                                                        \
    "in none"

static const SegmentMetric segment_metrics[] = {
    SEGMENT("srp@16", "max_τ 2 Σ a[a ≥ τ] / (16 #{a ≥ τ} + Σ a), a: units of a segment that pick e",
            "segment routing best performance: the F1 of predicting the same experts for all units "
            "of a segment; one τ for all segments; " SEGMENTS,
            srp, uniform_srp, shuffled_srp, 0),
    SEGMENT(
        "srp@16x1", "the same F1 where 16 #{predicted} = Σ a, experts with the largest a first",
        "srp at the cache ratio ρ = 1: of experts with the same a, as many as that takes, any of "
        "them; " SEGMENTS,
        srp, uniform_srp, shuffled_srp, 1),
    SEGMENT("srp@16x2", "the same F1 where 16 #{predicted} = 2 Σ a", "the same at ρ = 2; " SEGMENTS,
            srp, uniform_srp, shuffled_srp, 2),
    SEGMENT("sch@16x1", "Σ of the k largest a of each segment / Σ a",
            "segment cache best hit rate of a cache as large as a unit's picks (ρ = 1), filled for "
            "the segment beforehand; " SEGMENTS,
            sch, uniform_sch, shuffled_sch, 1),
    SEGMENT("sch@16x2", "Σ of the 2k largest a of each segment / Σ a",
            "the same of one twice as large (ρ = 2); " SEGMENTS, sch, uniform_sch, shuffled_sch, 2),
};

void
moe__metrics_register_segments(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(segment_metrics); i++)
        moe_metrics_add(&segment_metrics[i].metric);
}
