/* SPDX-License-Identifier: MIT
 *
 * The gate parts: with which weight a picked expert's output enters. z are the logits, p their
 * softmax over all experts, S the experts picked. Each returns [U, k].
 */
#include "moe/builtin.h"

#include <float.h>

static MoeTensor *
at_picks(MoeRouting *routing, MoeTensor *values)
{
    return moe_gather_last(routing->context->tape, values, routing->picks.expert, routing->picks.k);
}

static MoeTensor *
softmax_all(MoeRouting *routing, void *state)
{
    return at_picks(routing, moe_routing_probabilities(routing));
}

/* [U, k]: 0, or far below every logit where a unit has fewer picks than k. */
static MoeTensor *
absent(MoeRouting *routing)
{
    const MoePicks *picks = &routing->picks;
    MoeTensor *off = moe_tensor_2d(moe_tape_arena(routing->context->tape), picks->units, picks->k);
    for (int64_t i = 0; i < picks->units * picks->k; i++)
        off->data[i] = picks->expert[i] < 0 ? -1e30f : 0;
    return off;
}

static MoeTensor *
softmax_selected(MoeRouting *routing, void *state)
{
    MoeTape *tape = routing->context->tape;
    MoeTensor *z = at_picks(routing, routing->logits);
    const MoePart *select = moe_layer_part(routing->layer, MOE_PLACE_SELECT);
    if (select->flags & MOE_PART_K_VARIES)
        z = moe_add(tape, z, absent(routing));
    return moe_softmax(tape, z);
}

/* [U, k]: 1 where the pick is kept, 0 where it was dropped. */
static MoeTensor *
kept_mask(MoeRouting *routing)
{
    const MoePicks *picks = &routing->picks;
    MoeTensor *mask = moe_tensor_2d(moe_tape_arena(routing->context->tape), picks->units, picks->k);
    for (int64_t i = 0; i < picks->units * picks->k; i++)
        mask->data[i] = picks->place[i] >= 0;
    return mask;
}

/* max(sum, least), as torch.clamp has it: constant where `least` is the larger. */
static MoeTensor *
at_least(MoeTape *tape, MoeTensor *sum, float least)
{
    int64_t n = moe_tensor_count(sum);
    bool all_above = true;
    for (int64_t i = 0; i < n && all_above; i++)
        all_above = sum->data[i] >= least;
    if (all_above)
        return sum;
    MoeTensor *above = moe_tensor_1d(moe_tape_arena(tape), n);
    MoeTensor *instead = moe_tensor_1d(moe_tape_arena(tape), n);
    for (int64_t i = 0; i < n; i++) {
        above->data[i] = sum->data[i] >= least;
        instead->data[i] = sum->data[i] >= least ? 0 : least;
    }
    return moe_add(tape, moe_mul(tape, sum, above), instead);
}

/* p / Σ p. Over the kept picks: g / max(Σ g, 2^-23) with g = p where kept and 0 where dropped, as
 * in the code of GShard's descendants (top2gating of DeepSpeed and torchscale). Other codes have no
 * bound; ours is so small that only sigmoids of less than -41 meet it. */
static MoeTensor *
renormalised(MoeRouting *routing, void *state)
{
    MoeTape *tape = routing->context->tape;
    MoeTensor *p = at_picks(routing, moe_routing_affinities(routing));
    bool kept = moe_recipe_has(moe_layer_recipe(routing->layer), "moe.renormalise", "kept");
    if (kept)
        p = moe_mul(tape, p, kept_mask(routing));
    MoeTensor *sum = at_least(tape, moe_sum_axis(tape, p, 1), kept ? FLT_EPSILON : 1e-18f);
    return moe_div(tape, p, moe_reshape(tape, sum, 2, (int64_t[]){routing->picks.units, 1}));
}

static MoeTensor *
sigmoid(MoeRouting *routing, void *state)
{
    return moe_sigmoid(routing->context->tape, at_picks(routing, routing->logits));
}

static MoeTensor *
one(MoeRouting *routing, void *state)
{
    MoeTensor *gates = moe_tensor_2d(moe_tape_arena(routing->context->tape), routing->picks.units,
                                     routing->picks.k);
    for (int64_t i = 0; i < moe_tensor_count(gates); i++)
        gates->data[i] = 1;
    return gates;
}

#define GATE(symbol, name_, function, help_, cite_) \
    const MoePart symbol = {                        \
        .struct_size = sizeof(MoePart),             \
        .place = MOE_PLACE_GATE,                    \
        .name = name_,                              \
        .help = help_,                              \
        .cite = cite_,                              \
        .gate = function,                           \
    }

GATE(moe__gate_softmax_all, "softmax-all", softmax_all, "p_e: softmax over all experts",
     "Fedus et al. 2022, arXiv 2101.03961, eq. 1-2");
GATE(moe__gate_softmax_selected, "softmax-selected", softmax_selected,
     "softmax over the logits of the picked experts only",
     "Shazeer et al. 2017, arXiv 1701.06538, eq. 3");
static const MoeField renormalised_fields[] = {
    {"moe.renormalise", MOE_FIELD_CHOICE, "picked", 0, 0, "picked | kept", NULL,
     "gate = renormalised: the sum runs over all picks, or over those that capacity kept"},
};

const MoePart moe__gate_renormalised = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_GATE,
    .name = "renormalised",
    .help = "affinity / sum of the affinities of the picks (before or after drops: "
            "moe.renormalise)",
    .cite = "Lepikhin et al. 2021, arXiv 2006.16668, algorithm 1",
    .fields = renormalised_fields,
    .n_fields = G_N_ELEMENTS(renormalised_fields),
    .gate = renormalised,
};

GATE(moe__gate_sigmoid, "sigmoid", sigmoid, "sigmoid of the logit",
     "DeepSeek-V3, arXiv 2412.19437, eq. 15 (not normalised)");
GATE(moe__gate_one, "one", one, "1: the plain sum of the picked experts",
     "Roller et al. 2021, arXiv 2106.04426, eq. 2");
