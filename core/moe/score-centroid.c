/* SPDX-License-Identifier: MIT
 *
 * score = centroid: z_i = x · c_i, a learned centroid for each expert, small and orthogonal at
 * first (StableMoE; BASE layers before it).
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
    moe_init_orthogonal(s->experts, "router.experts", moe_layer_seed(layer), 0.1);
}

static MoeTensor *
rows(MoeTape *tape, const void *state)
{
    return ((const State *)state)->experts;
}

static MoeTensor *
score(MoeRouting *routing, void *state)
{
    const State *s = state;
    return moe_linear(routing->context->tape, routing->units, s->experts, NULL);
}

const MoePart moe__score_centroid = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SCORE,
    .name = "centroid",
    .help = "product of the unit with a learned centroid, orthogonal at first",
    .cite = "Dai et al. 2022 (StableMoE), arXiv 2204.08396, eq. 2; code: Hunter-DDM/stablemoe",
    .state_size = sizeof(State),
    .init = init,
    .score = score,
    .rows = rows,
    .flops = moe__linear_router_flops,
};
