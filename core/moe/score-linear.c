/* SPDX-License-Identifier: MIT
 *
 * score = linear: z = x Wᵀ (+ b), the learned router of Shazeer et al. 2017 and nearly all since.
 */
#include "moe/builtin.h"

typedef struct {
    MoeTensor *weight; /* [E, w] */
    MoeTensor *bias;   /* [E] or NULL */
} State;

static void
init(MoeLayer *layer, void *state)
{
    State *s = state;
    int64_t E = moe_layer_experts(layer), w = moe_layer_width(layer);
    s->weight = moe_layer_param(layer, "router.weight", 2, (int64_t[]){E, w}, MOE_PARAM_ROUTER, w);
    if (moe_recipe_bool(moe_layer_recipe(layer), "moe.router_bias"))
        s->bias = moe_layer_param(layer, "router.bias", 1, (int64_t[]){E},
                                  MOE_PARAM_ROUTER | MOE_PARAM_NO_DECAY, 0);
}

static MoeTensor *
score(MoeRouting *routing, void *state)
{
    const State *s = state;
    return moe_linear(routing->context->tape, routing->units, s->weight, s->bias);
}

static MoeTensor *
rows(MoeTape *tape, const void *state)
{
    return ((const State *)state)->weight;
}

double
moe__linear_router_flops(const MoeLayer *layer, const void *state)
{
    return 2.0 * moe_layer_units_per_token(layer) * moe_layer_experts(layer) *
           moe_layer_width(layer);
}

static const MoeField fields[] = {
    {"moe.router_bias", MOE_FIELD_BOOL, "false", 0, 0, NULL, NULL,
     "score = linear: the router has a bias"},
};

const MoePart moe__score_linear = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SCORE,
    .name = "linear",
    .help = "a learned linear map of the unit",
    .cite = "Shazeer et al. 2017, arXiv 1701.06538, eq. 3 (without noise)",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .state_size = sizeof(State),
    .init = init,
    .score = score,
    .rows = rows,
    .flops = moe__linear_router_flops,
};
