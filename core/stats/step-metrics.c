/* SPDX-License-Identifier: MIT
 *
 * step-metrics.c: how far the routing of one text has settled at a step of a run.
 */
#include <moescope/compare.h>

#include <math.h>

static double
share(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : NAN;
}

static double
fluctuation(const MoeFluctuation *f, int router, int step)
{
    const MoeStepCell *cell = moe_fluctuation_cell(f, router, step);
    return share(cell->changed, cell->followed);
}

static double
uniform_fluctuation(const MoeFluctuation *f, int router, int step)
{
    bool followed = moe_fluctuation_cell(f, router, step)->followed > 0;
    return followed ? 1 - 1.0 / moe_fluctuation_router(f, router)->experts : NAN;
}

static double
saturation_first(const MoeFluctuation *f, int router, int step)
{
    const MoeStepCell *cell = moe_fluctuation_cell(f, router, step);
    return share(cell->same_first, cell->units);
}

/* The last step agrees with itself, by chance or not. */
static double
uniform_first(const MoeFluctuation *f, int router, int step)
{
    bool last = step == moe_fluctuation_steps(f) - 1;
    return last ? NAN : 1.0 / moe_fluctuation_router(f, router)->experts;
}

static double
saturation(const MoeFluctuation *f, int router, int step)
{
    const MoeStepCell *cell = moe_fluctuation_cell(f, router, step);
    return share(cell->shared, cell->larger);
}

/* E|A ∩ B| = |A| |B| / E. */
static double
uniform_saturation(const MoeFluctuation *f, int router, int step)
{
    const MoeStepCell *cell = moe_fluctuation_cell(f, router, step);
    bool last = step == moe_fluctuation_steps(f) - 1;
    int experts = moe_fluctuation_router(f, router)->experts;
    return last ? NAN : share(cell->product, cell->larger) / experts;
}

static double
last_fluctuation(const MoeFluctuation *f, int router, int step)
{
    return share(moe_fluctuation_cell(f, router, step)->last_other,
                 moe_fluctuation_router(f, router)->traced);
}

static double
cumulative(const MoeFluctuation *f, int router, int step)
{
    const MoeSteppedRouter *info = moe_fluctuation_router(f, router);
    int64_t until = info->settled;
    for (int s = 0; s <= step; s++)
        until += moe_fluctuation_cell(f, router, s)->last_other;
    return share(until, info->traced);
}

/* P(the choices of all steps after this one but the last are the last one's) = E^-later; before the
 * first step, that all are. */
static double
uniform_cumulative(const MoeFluctuation *f, int router, int step)
{
    int later = MAX(0, moe_fluctuation_steps(f) - 2 - step);
    return pow(moe_fluctuation_router(f, router)->experts, -later);
}

static double
uniform_last(const MoeFluctuation *f, int router, int step)
{
    return uniform_cumulative(f, router, step) - uniform_cumulative(f, router, step - 1);
}

static const MoeStepMetric metrics[] = {
    {"fluctuation", "P(first choice at this step ≠ at the recorded step before)", "share",
     "Chi et al. 2022 (X-MoE), arXiv 2204.09179: RF ratio",
     "adjacent steps are those recorded: the farther apart, the higher", fluctuation,
     uniform_fluctuation},
    {"saturation-first", "P(first choice at this step = at the last)", "share",
     "Muennighoff et al. 2024 (OLMoE), arXiv 2409.02060, section 5.1",
     "top-1; the last step is the last that was recorded", saturation_first, uniform_first},
    {"saturation", "Σ |A ∩ B| / Σ max(|A|, |B|), B at the last step", "share",
     "Muennighoff et al. 2024 (OLMoE), arXiv 2409.02060, section 5.1",
     "top-k; with equal k the mean of |A ∩ B| / k", saturation, uniform_saturation},
    {"last-fluctuation",
     "share of units whose last other first choice than the final one is of this step", "share",
     "Dai et al. 2022 (StableMoE), arXiv 2204.08396", "of the steps that were recorded",
     last_fluctuation, uniform_last},
    {"cumulative", "share of units whose first choice is the final one at all later steps", "share",
     "Dai et al. 2022 (StableMoE), arXiv 2204.08396",
     "with units that never changed; 1 minus it changes after this step's", cumulative,
     uniform_cumulative},
};

const MoeStepMetric *
moe_step_metrics(int *n)
{
    *n = (int)G_N_ELEMENTS(metrics);
    return metrics;
}

const MoeStepMetric *
moe_step_metric_find(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(metrics); i++)
        if (g_str_equal(metrics[i].name, name))
            return &metrics[i];
    return NULL;
}

const char *
moe_step_metric_no_interval(const MoeStepMetric *metric)
{
    (void)metric;
    return "units are followed from step to step over all documents at once";
}
