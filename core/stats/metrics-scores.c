/* SPDX-License-Identifier: MIT
 *
 * metrics-scores.c: metrics of how sure a router was. Beside them stands what equal scores would
 * show.
 */
#include "stats/metrics.h"
#include "stats/ranges.h"

#include <math.h>

static double
mean(double sum, int64_t n)
{
    return n > 0 ? sum / (double)n : NAN;
}

static double
entropy(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return mean(cell->scores->entropy, cell->scores->entropies);
}

static double
flat_entropy(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return cell->scores->entropies > 0 ? log(cell->scores->experts) : NAN;
}

static double
normalised(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return cell->scores->experts > 1 ? entropy(metric, cell) / log(cell->scores->experts) : NAN;
}

static double
flat_normalised(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return cell->scores->entropies > 0 && cell->scores->experts > 1 ? 1 : NAN;
}

static double
perplexity(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return exp(entropy(metric, cell));
}

static double
flat_perplexity(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return exp(flat_entropy(metric, cell));
}

static double
score_margin(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return mean(cell->scores->margin, cell->scores->margins);
}

static double
logit_margin(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return mean(cell->scores->edge, cell->scores->edges);
}

static double
mass(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return mean(cell->scores->mass, cell->scores->masses);
}

static double
flat_mass(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    const MoeSummaryCell *summary = cell->summary;
    double units = (double)(summary->units - summary->making[0]);
    if (cell->scores->masses == 0 || units <= 0)
        return NAN;
    return (double)summary->picks / units / summary->experts;
}

static double
lead(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return mean(cell->scores->lead, cell->scores->logits);
}

static double
flat_lead(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return cell->scores->logits > 0 ? 0 : NAN;
}

/* --- Balance losses ---------------------------------------------------------------------------*/

/* E Σ_e f_e P_e of these counts. */
static double
balance(const MoeScoreCell *scores, const int64_t *count)
{
    double sum = 0, picks = 0;
    if (scores->logits == 0)
        return NAN;
    for (int e = 0; e < scores->experts; e++) {
        sum += (double)count[e] * scores->prob[e] / (double)scores->logits;
        picks += (double)count[e];
    }
    return picks > 0 ? scores->experts * sum / picks : NAN;
}

static double
balance_of_picks(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return balance(cell->scores, cell->summary->count);
}

static double
balance_of_first(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return balance(cell->scores, cell->summary->first);
}

static double
even_balance(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return isnan(metric->value(metric, cell)) ? NAN : 1;
}

static double
importance(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    const MoeScoreCell *scores = cell->scores;
    double squares = 0, even = (double)scores->logits / scores->experts;
    for (int e = 0; e < scores->experts; e++)
        squares += (scores->prob[e] - even) * (scores->prob[e] - even);
    return scores->logits > 0 ? sqrt(squares / scores->experts) / even : NAN;
}

static double
even_importance(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return flat_lead(metric, cell);
}

static double
z_loss(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return mean(cell->scores->lse_squared, cell->scores->logits);
}

static double
flips_hundredth(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return mean((double)cell->scores->flips_hundredth, cell->scores->edges);
}

static double
flips_tenth(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return mean((double)cell->scores->flips_tenth, cell->scores->edges);
}

/* --- Of equal scores
 * ----------------------------------------------------------------------------*/

static double
flat_margin(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return cell->scores->margins > 0 ? 0 : NAN;
}

static double
flat_logit_margin(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return cell->scores->edges > 0 ? 0 : NAN;
}

/* Logits of 0. */
static double
flat_z_loss(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    double lse = log(cell->scores->experts);
    return cell->scores->logits > 0 ? lse * lse : NAN;
}

/* Noise alone chooses: any k of the E experts are as likely as any others. */
static double
flat_flips(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    const MoeSummaryCell *summary = cell->summary;
    int experts = cell->scores->experts;
    double flips = 0, units = 0;
    for (int k = 1; k < experts; k++) {
        double sets = lgamma(experts + 1) - lgamma(k + 1) - lgamma(experts - k + 1);
        flips += (double)summary->making[k] * (1 - exp(-sets));
        units += (double)summary->making[k];
    }
    return cell->scores->edges > 0 && units > 0 ? flips / units : NAN;
}

/* --- The table
 * ----------------------------------------------------------------------------------*/

#define SCORE_IN(RANGE, NAME, FORMULA, UNIT, SOURCE, CONVENTION, LOW, HIGH, VALUE, UNIFORM) \
    {                                                                                       \
        sizeof(MoeMetric), NAME, FORMULA, UNIT, SOURCE, CONVENTION, MOE_METRIC_NONE,        \
            MOE_TALLY_SCORES, LOW, HIGH, VALUE, UNIFORM, NULL, RANGE, NULL                  \
    }
#define SCORE(...) SCORE_IN(NULL, __VA_ARGS__)

#define SOFTMAX                                                                             \
    "of the softmax over all E experts, whatever the router's own score function is (of a " \
    "sigmoid "                                                                              \
    "router it says little)"

static const MoeMetric score_metrics[] = {
    SCORE_IN(moe__range_entropy, "token-entropy", "mean over units of -Σ_e p_e ln p_e", "nats",
             "Shannon 1948",
             SOFTMAX "; as recorded, else of the logits; uniform: of equal scores, ln E", 0,
             INFINITY, entropy, flat_entropy),
    SCORE("token-entropy-normalised", "token-entropy / ln E", "share of ln E", "Shannon 1948",
          SOFTMAX, 0, 1, normalised, flat_normalised),
    SCORE_IN(moe__range_experts, "token-perplexity", "exp(token-entropy)", "experts",
             "Jelinek et al. 1977", "of the mean entropy, not a mean of perplexities; " SOFTMAX, 1,
             INFINITY, perplexity, flat_perplexity),
    SCORE(
        "boundary-margin", "mean s_(k) - s_(k+1)", "selection score", "moescope",
        "of the scores that selection compares, as recorded: with bias and after softmax or "
        "sigmoid where the router has them; traces have them as binary16; uniform: of equal scores",
        -INFINITY, INFINITY, score_margin, flat_margin),
    SCORE("boundary-margin-logits", "mean z_(k) - z_(k+1)", "logits", "moescope",
          "k: the picks of the unit; of the recorded logits alone, without selection's bias or "
          "groups; uniform: of equal logits",
          0, INFINITY, logit_margin, flat_logit_margin),
    SCORE("top-k-mass", "mean Σ_{e ∈ S} p_e", "share", "moescope",
          "of the logits' softmax; where there are none, Σ of gates, if these are stated to be "
          "probabilities of a softmax over all experts and nothing was dropped; uniform: of equal "
          "scores, k/E",
          0, 1, mass, flat_mass),
    SCORE("score-lead", "mean p_(1) - p_(2)", "share", "moescope",
          "of the logits' softmax, the two highest of all E; between gates: margin; uniform: of "
          "equal scores",
          0, 1, lead, flat_lead),
    SCORE("score-aux-loss", "E Σ_e f_e P_e", "ratio",
          "Fedus et al. 2022 (Switch), arXiv 2101.03961, eq. 4-6; Hugging Face's Mixtral, of which "
          "it is 1/k",
          "as aux-loss, of the recorded tokens: f_e of all picks, P_e the mean of the logits' "
          "softmax; uniform: of equal scores",
          0, INFINITY, balance_of_picks, even_balance),
    SCORE("score-aux-loss-first", "E Σ_e f_e P_e, f_e of first choices", "ratio",
          "Fedus et al. 2022 (Switch), arXiv 2101.03961, eq. 4-6", "as score-aux-loss", 0, INFINITY,
          balance_of_first, even_balance),
    SCORE("score-importance-cv", "sqrt(mean_e (P_e - 1/E)²) E", "ratio",
          "Shazeer et al. 2017, arXiv 1701.06538 (its square)",
          "as importance-cv, of the recorded tokens' logits; over E, not E - 1; uniform: of equal "
          "scores",
          0, INFINITY, importance, even_importance),
    SCORE("z-loss", "mean (ln Σ_e exp z_e)²", "nats²",
          "Zoph et al. 2022 (ST-MoE), arXiv 2202.08906",
          "without its coefficient; a mean over units with picks, where the loss is of all: "
          "those that a router of varying k gives no expert are left out; uniform: of logits 0, "
          "(ln E)²",
          0, INFINITY, z_loss, flat_z_loss),
    SCORE("flip-rate@0.01", "P(top k of z + ε ≠ top k of z), ε_e ~ N(0, 0.01²)", "share",
          "moescope",
          "one draw of normal noise a unit, seeded by its logits; k: its picks; of logits alone, "
          "without selection's bias or groups; uniform: of equal logits, 1 - 1/C(E,k)",
          0, 1, flips_hundredth, flat_flips),
    SCORE("flip-rate@0.1", "P(top k of z + ε ≠ top k of z), ε_e ~ N(0, 0.1²)", "share", "moescope",
          "as flip-rate@0.01", 0, 1, flips_tenth, flat_flips),
};

void
moe__metrics_register_scores(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(score_metrics); i++)
        moe_metrics_add(&score_metrics[i]);
}
