/* SPDX-License-Identifier: MIT
 *
 * Losses that keep the load even. Papers and codes use one name for several definitions, so each
 * is written out. U units, k picks each, c_e picks of expert e before drops, a_e first choices,
 * P_e mean of softmax(z / T)_e over the units; only P (or the gates) carries a gradient.
 */
#include "moe/builtin.h"

/* softmax(z / T), T = balance.temperature. */
static MoeTensor *
probabilities(MoeRouting *routing)
{
    MoeTape *tape = routing->context->tape;
    double T = moe_recipe_real(moe_layer_recipe(routing->layer), "balance.temperature");
    if (T == 1)
        return moe_routing_probabilities(routing);
    return moe_softmax(tape, moe_affine(tape, routing->logits, (float)(1 / T), 0));
}

/* E Σ_e f_e P_e for the shares f_e = count_e / total. */
static MoeTensor *
share_times_probability(MoeRouting *routing, const int64_t *counts)
{
    MoeTape *tape = routing->context->tape;
    int E = routing->picks.experts;
    int64_t total = 0;
    for (int e = 0; e < E; e++)
        total += counts[e];
    MoeTensor *share = moe_tensor_1d(moe_tape_arena(tape), E);
    for (int e = 0; e < E; e++)
        share->data[e] = total ? (float)((double)counts[e] / (double)total) : 0;
    MoeTensor *P = moe_mean_axis(tape, probabilities(routing), 0);
    return moe_affine(tape, moe_sum(tape, moe_mul(tape, P, share)), (float)E, 0);
}

static MoeTensor *
switch_loss(MoeRouting *routing, void *state)
{
    return share_times_probability(routing, routing->picks.load);
}

static MoeTensor *
gshard_loss(MoeRouting *routing, void *state)
{
    return share_times_probability(routing, routing->picks.first);
}

/* var(I) / mean(I)², the variance with E - 1. */
static MoeTensor *
cv2_loss(MoeRouting *routing, void *state)
{
    MoeTape *tape = routing->context->tape;
    int E = routing->picks.experts;
    MoeTensor *dense = moe_scatter_last(tape, routing->gates, routing->picks.expert, E);
    MoeTensor *importance = moe_sum_axis(tape, dense, 0);
    MoeTensor *mean = moe_mean(tape, importance);
    MoeTensor *off = moe_sub(tape, importance, mean);
    MoeTensor *variance = moe_affine(tape, moe_sum(tape, moe_square(tape, off)),
                                     E > 1 ? 1.0f / (float)(E - 1) : 0, 0);
    return moe_div(tape, variance, moe_affine(tape, moe_square(tape, mean), 1, 1e-10f));
}

static MoeTensor *
z_loss(MoeRouting *routing, void *state)
{
    MoeTape *tape = routing->context->tape;
    return moe_mean(tape, moe_square(tape, moe_logsumexp(tape, routing->logits)));
}

#define BALANCE(symbol, name_, stem, key, help_, cite_)       \
    static double stem##_coefficient(const MoeRecipe *recipe) \
    {                                                         \
        return moe_recipe_real(recipe, key);                  \
    }                                                         \
    const MoePart symbol = {                                  \
        .struct_size = sizeof(MoePart),                       \
        .place = MOE_PLACE_BALANCE,                           \
        .name = name_,                                        \
        .help = help_,                                        \
        .cite = cite_,                                        \
        .loss = stem##_loss,                                  \
        .coefficient = stem##_coefficient,                    \
    }

BALANCE(moe__balance_switch, "switch", switch, "balance.switch",
        "E sum_e f_e P_e, f the share of all picks; 1 when even",
        "Fedus et al. 2022, arXiv 2101.03961, eq. 4");
BALANCE(moe__balance_gshard, "gshard", gshard, "balance.gshard",
        "E sum_e f_e P_e, f the share of first choices; 1 when even",
        "Lepikhin et al. 2021, arXiv 2006.16668, section 2.2");
BALANCE(moe__balance_cv2, "cv2", cv2, "balance.cv2",
        "squared coefficient of variation (E-1) of the gates summed per expert; 0 when even",
        "Shazeer et al. 2017, arXiv 1701.06538, eq. 7");
BALANCE(moe__balance_z, "z-loss", z, "balance.z_loss",
        "mean squared logsumexp of the logits: keeps them small",
        "Zoph et al. 2022, arXiv 2202.08906, eq. 5");
