/* SPDX-License-Identifier: MIT
 *
 * score = unit: z_i = x · c_i / ‖c_i‖, a direction for each expert. This is what the codes of
 * CompeteSMoE and Transformer-SMoE call StableMoE; the original (Dai et al. 2022) routes in two
 * stages, by score = centroid first.
 */
#include "moe/builtin.h"

typedef struct {
    MoeTensor *experts; /* [E, w] */
} State;

static void
init(MoeLayer *layer, void *state)
{
    State *s = state;
    int64_t E = moe_layer_experts(layer), w = moe_layer_width(layer);
    s->experts =
        moe_layer_param(layer, "router.experts", 2, (int64_t[]){E, w}, MOE_PARAM_ROUTER, 0);
    moe_init_orthogonal(s->experts, "router.experts", moe_layer_seed(layer), 0.32);
}

/* [E, w] */
static MoeTensor *
directions_of(MoeTape *tape, const void *state)
{
    const State *s = state;
    return moe_l2_normalise(tape, s->experts, 1e-4f);
}

static MoeTensor *
score(MoeRouting *routing, void *state)
{
    MoeTape *tape = routing->context->tape;
    return moe_linear(tape, routing->units, directions_of(tape, state), NULL);
}

const MoePart moe__score_unit = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SCORE,
    .name = "unit",
    .help = "product of the unit with a learned direction of length one",
    .cite = "Pham et al. 2024 (CompeteSMoE), arXiv 2402.02526, baseline 'StableMoE' of its code",
    .state_size = sizeof(State),
    .init = init,
    .score = score,
    .rows = directions_of,
    .flops = moe__linear_router_flops,
};
