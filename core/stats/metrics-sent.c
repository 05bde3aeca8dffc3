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

/* The chance of a unit with picks to be sent to none of two devices, of one on the diagonal. */
typedef struct Missing {
    double of[MOE_RANKS_MOST * MOE_RANKS_MOST]; /* [ranks × ranks] */
    int ranks;
} Missing;

static double
both(const Missing *missing, int a, int b)
{
    const double *of = missing->of;
    int n = missing->ranks;
    return 1 - of[a * n + a] - (a == b ? 0 : of[b * n + b] - of[a * n + b]);
}

static void
find_uniform(const MoeSummaryCell *summary, Missing *missing)
{
    double units = (double)(summary->units - summary->making[0]);
    int held[MOE_RANKS_MOST] = {0}, ranks = missing->ranks;
    for (int e = 0; e < summary->experts; e++)
        held[(int64_t)e * ranks / summary->experts]++;
    for (int a = 0; a < ranks; a++)
        for (int b = 0; b < ranks; b++) {
            int of_both = held[a] + (a == b ? 0 : held[b]);
            double sum = 0;
            for (int k = 1; k <= summary->experts; k++)
                if (summary->making[k] > 0)
                    sum +=
                        (double)summary->making[k] / units * none_of(of_both, k, summary->experts);
            missing->of[a * ranks + b] = sum;
        }
}

/* Sets of the largest entropy with this load. */
static bool
find_by_load(const MoeSummaryCell *summary, Missing *missing)
{
    g_autofree int *place = g_new(int, (gsize)summary->experts);
    for (int e = 0; e < summary->experts; e++)
        place[e] = (int)((int64_t)e * missing->ranks / summary->experts);
    return moe__sets_missing(summary, place, missing->ranks, missing->of);
}

static bool
find_missing(const MoeMetric *metric, const MoeMetricCell *cell, bool uniform, Missing *missing)
{
    missing->ranks = ranks_of(metric);
    if (!fits(metric, cell))
        return false;
    if (!uniform)
        return find_by_load(cell->summary, missing);
    find_uniform(cell->summary, missing);
    return true;
}

static double
chance_reach(const MoeMetric *metric, const MoeMetricCell *cell, bool uniform)
{
    Missing missing;
    double sum = 0;
    if (!find_missing(metric, cell, uniform, &missing))
        return NAN;
    for (int r = 0; r < missing.ranks; r++)
        sum += both(&missing, r, r);
    return sum;
}

/* Devices are sent Bin(T, p_r) units, and a unit that goes to one is less, or more, likely to go to
 * another: the root of the expected square of the CV, Σ_r E[s_r²] / R - E[(Σ_r s_r / R)²]. */
static double
chance_spread(const MoeMetric *metric, const MoeMetricCell *cell, bool uniform)
{
    Missing missing;
    double mean = 0, square = 0, units = (double)cell->ranks->units;
    if (!find_missing(metric, cell, uniform, &missing))
        return NAN;
    int ranks = missing.ranks;
    for (int r = 0; r < ranks; r++)
        mean += both(&missing, r, r) / ranks;
    for (int a = 0; a < ranks; a++) {
        double p = both(&missing, a, a);
        square += ((p - mean) * (p - mean) + p * (1 - p) / units) / ranks;
        for (int b = 0; b < ranks; b++)
            square -= (both(&missing, a, b) - p * both(&missing, b, b)) / units / ranks / ranks;
    }
    return sqrt(fmax(0, square)) / mean;
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
         "DeepSeek-V2, arXiv 2405.04434, section 2.2.3: communication balance",           \
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
