/* SPDX-License-Identifier: MIT
 *
 * From a unit's logits to its picks, for files that have the logits alone: the k highest, gated by
 * softmax or sigmoid, as the caller says that the model did it.
 */
#ifndef MOE_IMPORT_RULE_H
#define MOE_IMPORT_RULE_H

#include <moescope/base.h>

typedef enum {
    MOE_LOGITS_UNKNOWN, /* gates and entropies can't be told */
    MOE_LOGITS_SOFTMAX,
    MOE_LOGITS_SIGMOID,
} MoeLogitScore;

/* "softmax" and "sigmoid"; anything else, also NULL, is unknown. */
MoeLogitScore moe__logit_score(const char *name);

/* The k highest of z[E] (k <= E), best first, of equal ones the lower id. NaN ranks below every
 * number. */
void moe__logits_select(const float *z, int E, int k, int32_t *expert);
/* What softmax or sigmoid makes of a unit's logits, up to a factor that its experts share, into
 * weight[E]; returns their sum. NaN where a logit is NaN, or infinite upwards under a softmax. */
double moe__logits_weigh(const float *z, int E, MoeLogitScore score, double *weight);
/* The gates of a unit's picks by these weights and their sum: the softmax over all experts, or the
 * sigmoids; `to_one`: divided by their sum over the picks. 0 where there is no pick. A softmax
 * whose sum is NaN has no gates: all are NaN. */
void moe__logits_gates(const double *weight, double sum, MoeLogitScore score, bool to_one,
                       const int32_t *expert, int k, double *gate);
/* Entropy in nats of the weights as shares. */
double moe__logits_entropy(const double *weight, double sum, int E);
/* The lowest logit that was picked minus the highest that wasn't: what a perturbation has to
 * overcome. Below 0 where the k highest weren't picked; NaN where nothing or everything was. */
float moe__logits_margin(const float *z, int E, const int32_t *expert, int k);

#endif
