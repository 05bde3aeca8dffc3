/* SPDX-License-Identifier: MIT
 *
 * cost.h: what an MoE layer costs, from its parameters and its parts; and how wide and how many
 * the experts of a layer with heads have to be to cost what another layer does.
 *
 * FLOPs are those of matrix products, 2 a multiply-add. Biases, norms, activations, softmaxes,
 * gates and balance losses aren't counted: they don't show beside the products. Every pick is
 * counted as run, also where capacity would drop it.
 */
#ifndef MOESCOPE_COST_H
#define MOESCOPE_COST_H

#include <moescope/moe.h>

G_BEGIN_DECLS

/* --- Costs -------------------------------------------------------------------------------------
 * Parameters are numbers of values. Backward takes the products of forward once for the gradients
 * of what they read and once more for the gradients of weights, the latter where something behind
 * the weights is trained: frozen weights have none. */
typedef struct MoeCost {
    int64_t params;            /* trained + frozen + buffers */
    int64_t active;            /* take part in one token's forward pass at evaluation: all but
                                * the experts that it isn't sent to */
    int64_t trained;           /* by the optimiser */
    int64_t frozen;            /* MOE_PARAM_FROZEN */
    int64_t buffers;           /* MOE_PARAM_BUFFER: changed by a rule of their own */
    double flops, train_flops; /* a token: forward at evaluation; forward and backward */
    double pass_flops, pass_train_flops; /* beside that, a pass: routers, experts generated */
} MoeCost;

/* sum += cost. */
MOE_API void moe_cost_add(MoeCost *sum, const MoeCost *cost);

/* What the part (balance: the parts) of a place costs; all zero where the place is empty. A
 * parameter that layers share is counted in the layer that came first, so that layers add up.
 * `units`: those of a pass (what is generated once for each set of experts depends on them). k is
 * that of evaluation, for train_flops and pass_train_flops its mean over the steps of training, and
 * moe.k where it varies from unit to unit. */
MOE_API MoeCost moe_layer_place_cost(const MoeLayer *layer, MoePlace place, int64_t units);
/* The sum over the places. */
MOE_API MoeCost moe_layer_cost(const MoeLayer *layer, int64_t units);

/* --- Parity -------------------------------------------------------------------------------------
 * A layer with heads has a head and a merge layer beside its experts, and experts that are h times
 * narrower. At the FLOPs and parameters of a layer without heads its experts are therefore less
 * wide inside and more in number (arXiv 2411.16205, eq. 8 and 9; experts of two matrices, no
 * biases):
 *
 *   k' d' = k d_moe - d        E' = h (d_moe E - d) / d'
 *
 * Here both follow from the layers as they are, whatever their activation, biases and parts: FLOPs
 * grow linearly with moe.hidden, parameters with moe.experts. Compared is all that a layer has but
 * its router, as in the paper. */
typedef struct MoeParityChoice {
    const char *name;        /* "other", "recipe", "rounded", "multiples of 8", … (constant) */
    int64_t hidden, experts; /* moe.hidden, moe.experts */
    double flops;            /* a token, forward */
    int64_t params, router_params;
    double flops_off, params_off; /* from the other layer, as shares of its: 0.031 is 3.1 % more */
} MoeParityChoice;

typedef struct MoeParity {
    MoeParityChoice to; /* the other layer */
    double hidden;      /* at equal FLOPs; <= 0: the layers around the experts alone take more */
    double experts;     /* at that hidden width and equal parameters; NaN where there's none */
    int n;
    MoeParityChoice choice[4]; /* the recipe's own; and where there is a width: both rounded, to
                                * whole numbers and to multiples of 8 and 16 (not below one) */
} MoeParity;

/* How far the MoE layer of `recipe` is from that of `to`, and what would bring it there. Errors: a
 * recipe has no MoE layer, the widths of the models differ, FLOPs don't grow with moe.hidden. */
MOE_API bool moe_parity(const MoeRecipe *recipe, const MoeRecipe *to, MoeParity *parity,
                        GError **error);

G_END_DECLS

#endif
