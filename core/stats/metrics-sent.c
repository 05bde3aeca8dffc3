/* SPDX-License-Identifier: MIT
 *
 * metrics-sent.c: metrics of which devices units are sent to: how many, and how evenly.
 */
#include "stats/chance-sets.h"
#include "stats/metrics.h"

#include <math.h>

typedef struct SentMetric {
    MoeMetric metric;
    int ranks;
} SentMetric;

static int
ranks_of(const MoeMetric *metric)
{
    return ((const SentMetric *)metric)->ranks;
}

static bool
fits(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return cell->ranks->units > 0 && ranks_of(metric) <= cell->ranks->experts;
}

static const int64_t *
sent_of(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return cell->ranks->sent + ranks_of(metric) - 2;
}

static double
reach(const MoeMetric *metric, const MoeMetricCell *cell)
{
    double sum = 0;
    for (int r = 0; r < ranks_of(metric); r++)
        sum += (double)sent_of(metric, cell)[r];
    return fits(metric, cell) ? sum / (double)cell->ranks->units : NAN;
}

static double
spread(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return fits(metric, cell) ? moe_load_cv(sent_of(metric, cell), ranks_of(metric)) : NAN;
}

/* --- Chance -----------------------------------------------------------------------------------*/

/* P(a unit of k picks has none of `held` experts), any k of them as likely as any others. */
static double
none_of(int held, int k, int experts)
{
    double chance = 1;
    for (int i = 0; i < k; i++)
        chance *= fmax(0, (double)(experts - held - i)) / (experts - i);
    return chance;
}

/* Fills p[ranks]: the chance of a unit with picks to be sent to each device. */
static void
find_uniform(const MoeSummaryCell *summary, int ranks, double *p)
{
    double units = (double)(summary->units - summary->making[0]);
    for (int r = 0; r < ranks; r++) {
        int held = 0;
        for (int e = 0; e < summary->experts; e++)
            held += (int64_t)e * ranks / summary->experts == r;
        p[r] = 1;
        for (int k = 1; k <= summary->experts; k++)
            if (summary->making[k] > 0)
                p[r] -= (double)summary->making[k] / units * none_of(held, k, summary->experts);
    }
}

/* Sets of the largest entropy with this load. */
static bool
find_by_load(const MoeSummaryCell *summary, int ranks, double *p)
{
    g_autofree int *place = g_new(int, (gsize)summary->experts);
    for (int e = 0; e < summary->experts; e++)
        place[e] = (int)((int64_t)e * ranks / summary->experts);
    if (!moe__sets_missing(summary, place, ranks, p))
        return false;
    for (int r = 0; r < ranks; r++)
        p[r] = 1 - p[r];
    return true;
}

static bool
find_chances(const MoeMetric *metric, const MoeMetricCell *cell, bool uniform, double *p)
{
    if (!fits(metric, cell))
        return false;
    if (!uniform)
        return find_by_load(cell->summary, ranks_of(metric), p);
    find_uniform(cell->summary, ranks_of(metric), p);
    return true;
}

static double
chance_reach(const MoeMetric *metric, const MoeMetricCell *cell, bool uniform)
{
    double p[MOE_RANKS_MOST], sum = 0;
    if (!find_chances(metric, cell, uniform, p))
        return NAN;
    for (int r = 0; r < ranks_of(metric); r++)
        sum += p[r];
    return sum;
}

/* Devices are sent Bin(T, p_r) units: the root of the expected square of the CV. */
static double
chance_spread(const MoeMetric *metric, const MoeMetricCell *cell, bool uniform)
{
    double p[MOE_RANKS_MOST], mean = 0, square = 0, units = (double)cell->ranks->units;
    int ranks = ranks_of(metric);
    if (!find_chances(metric, cell, uniform, p))
        return NAN;
    for (int r = 0; r < ranks; r++)
        mean += p[r] / ranks;
    for (int r = 0; r < ranks; r++)
        square += ((p[r] - mean) * (p[r] - mean) + p[r] * (1 - p[r]) / units) / ranks;
    return sqrt(square) / mean;
}

static double
uniform_reach(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return chance_reach(metric, cell, true);
}

static double
shuffled_reach(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return chance_reach(metric, cell, false);
}

static double
uniform_spread(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return chance_spread(metric, cell, true);
}

static double
shuffled_spread(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return chance_spread(metric, cell, false);
}

/* --- The table --------------------------------------------------------------------------------*/

#define SENT(NAME, FORMULA, UNIT, CONVENTION, LOW, HIGH, VALUE, UNIFORM, SHUFFLED, RANKS) \
    {                                                                                     \
        {sizeof(MoeMetric),                                                               \
         NAME,                                                                            \
         FORMULA,                                                                         \
         UNIT,                                                                            \
         "DeepSeek-V2, arXiv 2405.04434, section 2.2.2 and eq. 29-31: communication",     \
         CONVENTION,                                                                      \
         MOE_METRIC_LOWER,                                                                \
         MOE_TALLY_RANKS,                                                                 \
         LOW,                                                                             \
         HIGH,                                                                            \
         VALUE,                                                                           \
         UNIFORM,                                                                         \
         SHUFFLED,                                                                        \
         NULL,                                                                            \
         NULL},                                                                           \
            RANKS                                                                         \
    }

#define LAID_OUT                                                                                    \
    "expert e on device ⌊R e / E⌋, as of rank-cv; shuffled: sets of largest entropy with this " \
    "load; "

#define OF_RANKS(TEXT, RANKS)                                                                  \
    SENT("rank-reach@" TEXT, "mean over units of #{r: S_t ∩ E_r ≠ ∅}, R = " TEXT, "devices",   \
         LAID_OUT "to how many of them a unit is sent, once to each; its own one counts", 1,   \
         RANKS, reach, uniform_reach, shuffled_reach, RANKS),                                  \
        SENT("rank-sent-cv@" TEXT, "CV over r of #{t: S_t ∩ E_r ≠ ∅}, R = " TEXT, "ratio",     \
             LAID_OUT "of units sent, where rank-cv is of picks; over R, not R - 1", 0, RANKS, \
             spread, uniform_spread, shuffled_spread, RANKS)

static const SentMetric sent_metrics[] = {OF_RANKS("2", 2), OF_RANKS("4", 4), OF_RANKS("8", 8),
                                          OF_RANKS("16", 16)};

void
moe__metrics_register_sent(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(sent_metrics); i++)
        moe_metrics_add(&sent_metrics[i].metric);
}
