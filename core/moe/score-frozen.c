/* SPDX-License-Identifier: MIT
 *
 * score = frozen: z = x Wᵀ + b with W drawn once and never trained (SMoE-Dropout). The gradient
 * still flows through z to the unit: what is frozen is the router, not its path.
 */
#include "moe/builtin.h"

typedef struct {
    MoeTensor *weight; /* [E, w] */
    MoeTensor *bias;   /* [E], zeros: official checkpoints have one */
} State;

static void
init(MoeLayer *layer, void *state)
{
    State *s = state;
    int64_t E = moe_layer_experts(layer), w = moe_layer_width(layer);
    MoeParamFlags flags = MOE_PARAM_ROUTER | MOE_PARAM_FROZEN;
    s->weight = moe_layer_param(layer, "router.weight", 2, (int64_t[]){E, w}, flags, w);
    s->bias = moe_layer_param(layer, "router.bias", 1, (int64_t[]){E}, flags, 0);
}

static MoeTensor *
rows(MoeTape *tape, const void *state)
{
    return ((const State *)state)->weight;
}

static MoeTensor *
score(MoeRouting *routing, void *state)
{
    const State *s = state;
    return moe_linear(routing->context->tape, routing->units, s->weight, s->bias);
}

const MoePart moe__score_frozen = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SCORE,
    .name = "frozen",
    .help = "a random linear map of the unit, never trained",
    .cite =
        "Chen et al. 2023 (SMoE-Dropout), arXiv 2303.01610; code: VITA-Group/Random-MoE-as-Dropout",
    .flags = MOE_PART_UNTRAINED,
    .state_size = sizeof(State),
    .init = init,
    .score = score,
    .rows = rows,
    .flops = moe__linear_router_flops,
};
