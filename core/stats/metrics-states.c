/* SPDX-License-Identifier: MIT
 *
 * metrics-states.c: metrics of the training steps that a run recorded.
 */
#include "stats/chance.h"
#include "stats/metrics.h"

#include <math.h>

/* Recorded steps that a cell is of: all, or the one it asks for. False: there are none. */
static bool
find_steps(const MoeMetricCell *cell, const MoeStates *states, int64_t *first, int64_t *end)
{
    *first = 0;
    *end = states ? moe_states_count(states) : 0;
    while (cell->at_step && *first < *end && moe_states_step(states, *first) != cell->step)
        ++*first;
    if (cell->at_step)
        *end = MIN(*end, *first + 1);
    return *first < *end;
}

int64_t
moe__state_of(const MoeMetricCell *cell, const MoeStates *states)
{
    int64_t first, end;
    return find_steps(cell, states, &first, &end) ? end - 1 : -1;
}

/* The mean over recorded steps that have picks. */
static double
mean_over_steps(const MoeMetricCell *cell, double (*of)(const MoeSummaryCell *step))
{
    g_autoptr(MoeStates) states = moe_states_read(cell->trace, cell->router, NULL);
    double sum = 0;
    int64_t n = 0, i, end;
    for (find_steps(cell, states, &i, &end); i < end; i++) {
        const MoeSummaryCell *step = moe_states_cell(states, i);
        if (step->picks == 0)
            continue;
        sum += of(step);
        n++;
    }
    return n > 0 ? sum / (double)n : NAN;
}

static double
violation_of(const MoeSummaryCell *step)
{
    return moe_load_max_violation(step->count, step->experts);
}

static double
max_violation(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return mean_over_steps(cell, violation_of);
}

/* Steps of as many picks have the same expectation, and mostly all have as many. */
static double
uniform_max_violation(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    g_autoptr(MoeStates) states = moe_states_read(cell->trace, cell->router, NULL);
    double sum = 0, last = NAN;
    int64_t n = 0, picks = 0, i, end;
    for (find_steps(cell, states, &i, &end); i < end; i++) {
        const MoeSummaryCell *step = moe_states_cell(states, i);
        if (step->units == 0)
            continue;
        if (step->picks != picks) {
            g_auto(MoeChance) chance = moe__chance_of(step);
            last = moe__chance_highest(&chance, 1) / chance.mean - 1;
            picks = step->picks;
        }
        sum += last;
        n++;
    }
    return n > 0 ? sum / (double)n : NAN;
}

static double
drop_rate(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    g_autoptr(MoeStates) states = moe_states_read(cell->trace, cell->router, NULL);
    double picks = 0, dropped = 0;
    int64_t i, end;
    for (find_steps(cell, states, &i, &end); i < end; i++) {
        const MoeSummaryCell *step = moe_states_cell(states, i);
        picks += (double)step->picks;
        dropped += (double)step->dropped;
    }
    return picks > 0 ? dropped / picks : NAN;
}

/* --- Probabilities ----------------------------------------------------------------------------*/

static double
aux_loss(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    g_autoptr(MoeStates) states = moe_states_read(cell->trace, cell->router, NULL);
    int64_t last = moe__state_of(cell, states);
    const double *prob = last >= 0 ? moe_states_prob(states, last) : NULL;
    const MoeSummaryCell *step = last >= 0 ? moe_states_cell(states, last) : NULL;
    double sum = 0;
    if (!prob || step->picks == 0)
        return NAN;
    for (int e = 0; e < step->experts; e++)
        sum += (double)step->count[e] / (double)step->picks * prob[e];
    return step->experts * sum;
}

/* Probabilities of an even router sum up to 1 over the experts, whatever its picks. */
static double
even_loss(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return isnan(aux_loss(metric, cell)) ? NAN : 1;
}

static double
importance_cv(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    g_autoptr(MoeStates) states = moe_states_read(cell->trace, cell->router, NULL);
    int64_t last = moe__state_of(cell, states);
    const double *prob = last >= 0 ? moe_states_prob(states, last) : NULL;
    int experts = cell->summary->experts;
    double mean = 0, squares = 0;
    if (!prob)
        return NAN;
    for (int e = 0; e < experts; e++)
        mean += prob[e] / experts;
    for (int e = 0; e < experts; e++)
        squares += (prob[e] - mean) * (prob[e] - mean) / experts;
    return mean > 0 ? sqrt(squares) / mean : NAN;
}

static double
even_importance(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return isnan(importance_cv(metric, cell)) ? NAN : 0;
}

/* --- The table --------------------------------------------------------------------------------*/

#define STATE(NAME, FORMULA, UNIT, SOURCE, CONVENTION, HIGH, VALUE, UNIFORM, NO_NULL) \
    {                                                                                 \
        sizeof(MoeMetric), NAME, FORMULA, UNIT, SOURCE, CONVENTION, MOE_METRIC_LOWER, \
            MOE_NEEDS_TRACE, 0, HIGH, VALUE, UNIFORM, NULL, NULL, NO_NULL             \
    }

static const MoeMetric state_metrics[] = {
    STATE("maxvio-batch", "mean over training steps of (max_e c_e - m) / m", "ratio",
          "Wang et al. 2024, arXiv 2408.15664",
          "with the -1; over the recorded steps of the run, each by itself; its null is that of as "
          "many units a step (where k varies: of one pick each)",
          INFINITY, max_violation, uniform_max_violation, NULL),
    STATE("drop-rate-training", "Σ dropped / Σ picks over training steps", "share",
          "Lepikhin et al. 2020 (GShard), arXiv 2006.16668",
          "over the recorded steps of the run; 0 where it records no drops", 1, drop_rate, NULL,
          "drops follow from the capacity, which traces don't have"),
    STATE("aux-loss", "E Σ_e f_e P_e at the last recorded step", "ratio",
          "Fedus et al. 2022 (Switch), arXiv 2101.03961, eq. 4-6",
          "without its coefficient; f_e of all picks, summing to 1 (Switch: first choices; Hugging "
          "Face's Mixtral: k times this); P_e the mean probability; 1 when even",
          INFINITY, aux_loss, even_loss, NULL),
    STATE("importance-cv", "sqrt(mean_e (P_e - 1/E)²) E at the last recorded step", "ratio",
          "Shazeer et al. 2017, arXiv 1701.06538 (its square)",
          "of mean probabilities over all experts, not of the gates of picks; over E, not E - 1; "
          "uniform: even ones",
          INFINITY, importance_cv, even_importance, NULL),
};

void
moe__metrics_register_states(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(state_metrics); i++)
        moe_metrics_add(&state_metrics[i]);
}
