/* SPDX-License-Identifier: MIT
 *
 * metrics-heads.c: metrics of the sub-tokens of a token, and their values by chance.
 */
#include "stats/chance-entropy.h"
#include "stats/metrics.h"
#include "stats/ranges.h"

#include <math.h>

static double
divergence(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    const MoeHeadCell *heads = cell->heads;
    double sum = 0;
    for (int j = 1; j <= heads->heads; j++)
        sum += (double)j * (double)heads->distinct[j];
    return heads->tokens > 0 ? sum / (double)heads->tokens : NAN;
}

/* Shares of the first choices of all sub-tokens together; uniform: 1/E. (transfer full) */
static double *
shares_of(const MoeHeadCell *heads, bool uniform)
{
    double *share = g_new0(double, (gsize)heads->experts);
    double all = (double)heads->tokens * heads->heads;
    for (int e = 0; e < heads->experts; e++)
        for (int j = 0; j < heads->heads; j++)
            share[e] += uniform ? 1.0 / heads->experts / heads->heads
                                : (double)heads->first[j * heads->experts + e] / all;
    return share;
}

static double
chance_divergence(const MoeHeadCell *heads, bool uniform)
{
    g_autofree double *share = shares_of(heads, uniform);
    double sum = 0;
    for (int e = 0; e < heads->experts; e++)
        sum += 1 - pow(1 - share[e], heads->heads);
    return heads->tokens > 0 ? sum : NAN;
}

static double
uniform_divergence(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return chance_divergence(cell->heads, true);
}

static double
shuffled_divergence(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return chance_divergence(cell->heads, false);
}

/* --- I(head; expert) --------------------------------------------------------------------------*/

static double
information_of(const MoeHeadCell *heads, bool corrected)
{
    return moe_mutual_information(heads->first, heads->heads, heads->experts, MOE_WEIGH_PICKS,
                                  corrected);
}

static double
information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return information_of(cell->heads, false);
}

static double
corrected(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return information_of(cell->heads, true);
}

/* What heads that don't differ seem to tell: every one has as many units. Shuffled: those of all
 * heads, dealt anew. */
static double
chance_information(const MoeHeadCell *heads, bool uniform, bool corrected)
{
    g_autofree double *share = shares_of(heads, uniform);
    g_autofree double *units = g_new(double, (gsize)heads->heads);
    double all = (double)heads->tokens * heads->heads;
    const MoeChanceLoad load = {share, heads->experts, uniform ? 0 : all};
    for (int j = 0; j < heads->heads; j++)
        units[j] = (double)heads->tokens;
    if (heads->tokens == 0)
        return NAN;
    return corrected ? moe__chance_corrected(&load, units, heads->heads)
                     : moe__chance_information(&load, units, heads->heads, false);
}

static double
uniform_information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return chance_information(cell->heads, true, false);
}

static double
shuffled_information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return chance_information(cell->heads, false, false);
}

static double
uniform_corrected(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return chance_information(cell->heads, true, true);
}

static double
shuffled_corrected(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return chance_information(cell->heads, false, true);
}

/* --- The table --------------------------------------------------------------------------------*/

static void
divergence_range(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high)
{
    (void)metric;
    *low = 1;
    *high = MIN(cell->heads->heads, cell->heads->experts);
}

static void
information_range(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high)
{
    (void)metric;
    (void)low;
    moe__range_information(cell->heads->experts, cell->heads->heads, high);
}

#define HEADS(NAME, FORMULA, UNIT, SOURCE, CONVENTION, LOW, VALUE, UNIFORM, SHUFFLED, RANGE) \
    {                                                                                        \
        sizeof(MoeMetric), NAME, FORMULA, UNIT, SOURCE, CONVENTION, MOE_METRIC_NONE,         \
            MOE_TALLY_HEADS, LOW, INFINITY, VALUE, UNIFORM, SHUFFLED, RANGE, NULL            \
    }

static const MoeMetric head_metrics[] = {
    HEADS("head-divergence", "mean over tokens of #{first choices of its h sub-tokens}", "experts",
          "Wu et al. 2024 (MH-MoE), arXiv 2404.15045, fig. 7",
          "first choices alone where k > 1; one router, not a mean over layers; 1 … h; uniform "
          "E (1 - (1 - 1/E)^h), shuffled Σ_e 1 - (1 - f_e)^h with f_e of all heads' first choices",
          1, divergence, uniform_divergence, shuffled_divergence, divergence_range),
    HEADS("head-information", "I(head; expert) of first choices", "nats", "Shannon 1948",
          "plug-in, high by about (E₊ - 1)(h - 1) / 2N: the nulls say how much", 0, information,
          uniform_information, shuffled_information, information_range),
    HEADS("head-information-corrected", "I(head; expert) - (J₊ - E₊ - h + 1) / 2N", "nats",
          "Miller 1955",
          "less Miller and Madow's bias, which is too little of few tokens: the nulls are what it "
          "leaves; may be slightly below 0",
          -INFINITY, corrected, uniform_corrected, shuffled_corrected, information_range),
};

void
moe__metrics_register_heads(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(head_metrics); i++)
        moe_metrics_add(&head_metrics[i]);
}
