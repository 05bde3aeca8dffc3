/* SPDX-License-Identifier: MIT
 *
 * model-naive.h: the language model of core/model written out in double, one token and one value at
 * a time, as the definition that the fast one is held against.
 */
#ifndef MOESCOPE_TESTS_MODEL_NAIVE_H
#define MOESCOPE_TESTS_MODEL_NAIVE_H

#include <moescope/model.h>

/* One pass over a batch. The experts picked are taken from `routings`: which ones they are is
 * tested elsewhere, and a derivative holds them fixed. */
typedef struct Naive {
    MoeModel *model;
    const MoeBatch *batch;
    const MoeRouting *routings;
    bool train;    /* dropout with `seed`, balance losses */
    uint64_t seed; /* MoeContext.seed */
    /* A parameter moved by step · along[i], for derivatives; NULL: none is. */
    const MoeTensor *moved;
    const double *along;
    double step;
} Naive;

/* Logits [N, V]. `balance`, if not NULL, receives the losses of moe.balance (switch and z-loss)
 * times their coefficients. (transfer full) */
double *naive_logits(const Naive *naive, double *balance);
/* Mean cross-entropy over the targets, nats, plus the balance losses. */
double naive_loss(const Naive *naive);

#endif
