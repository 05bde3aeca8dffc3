/* SPDX-License-Identifier: MIT
 *
 * experts = ffn: E two-layer networks of equal size.
 *   relu, gelu, silu   W2 act(W1 x + b1) + b2
 *   swiglu             W2 (silu(Wg x + bg) * (Wu x + bu)) + b2, W1 = [Wg; Wu]  (Shazeer 2020)
 */
#include "moe/builtin.h"

typedef enum { ACT_RELU, ACT_GELU, ACT_SILU, ACT_SWIGLU } Activation;

typedef struct {
    Activation activation;
    int64_t hidden;
    MoeTensor *w1, *b1; /* [E, h or 2h, w], [E, h or 2h] or NULL */
    MoeTensor *w2, *b2; /* [E, w, h], [E, w] or NULL */
} State;

static void
init(MoeLayer *layer, void *state)
{
    State *s = state;
    const MoeRecipe *recipe = moe_layer_recipe(layer);
    s->activation = (Activation)moe_recipe_choice(recipe, "moe.activation");
    s->hidden = moe_recipe_int(recipe, "moe.hidden");
    int64_t E = moe_layer_experts(layer), w = moe_layer_width(layer), h = s->hidden;
    int64_t h1 = s->activation == ACT_SWIGLU ? 2 * h : h;
    s->w1 = moe_layer_param(layer, "experts.w1", 3, (int64_t[]){E, h1, w}, MOE_PARAM_EXPERT, w);
    s->w2 = moe_layer_param(layer, "experts.w2", 3, (int64_t[]){E, w, h},
                            MOE_PARAM_EXPERT | MOE_PARAM_RESIDUAL, h);
    if (!moe_recipe_bool(recipe, "moe.bias"))
        return;
    s->b1 = moe_layer_param(layer, "experts.b1", 2, (int64_t[]){E, h1},
                            MOE_PARAM_EXPERT | MOE_PARAM_NO_DECAY, 0);
    s->b2 = moe_layer_param(layer, "experts.b2", 2, (int64_t[]){E, w},
                            MOE_PARAM_EXPERT | MOE_PARAM_NO_DECAY, 0);
}

static MoeTensor *
activate(MoeTape *tape, Activation activation, MoeTensor *x)
{
    switch (activation) {
    case ACT_RELU:
        return moe_relu(tape, x);
    case ACT_GELU:
        return moe_gelu(tape, x);
    case ACT_SILU:
        return moe_silu(tape, x);
    case ACT_SWIGLU:
        return moe_swiglu(tape, x);
    }
    g_assert_not_reached();
}

static MoeTensor *
experts(MoeRouting *routing, void *state)
{
    const State *s = state;
    MoeTape *tape = routing->context->tape;
    const MoeGroups *sorted = &routing->picks.groups;
    MoeTensor *h = moe_grouped_linear(tape, routing->units, s->w1, s->b1, sorted);
    h = activate(tape, s->activation, h);
    /* The hidden rows stand in dispatch order already. */
    MoeGroups in_order = {sorted->groups, sorted->offset, NULL};
    return moe_grouped_linear(tape, h, s->w2, s->b2, &in_order);
}

static double
flops(const MoeLayer *layer, const void *state)
{
    const State *s = state;
    double matrices = s->activation == ACT_SWIGLU ? 3 : 2;
    return 2 * matrices * (double)s->hidden * moe_layer_width(layer) * moe_layer_k_nominal(layer) *
           moe_layer_units_per_token(layer);
}

const MoePart moe__experts_ffn = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_EXPERTS,
    .name = "ffn",
    .help = "two-layer networks (moe.hidden, moe.activation, moe.bias)",
    .cite = "Shazeer et al. 2017, arXiv 1701.06538; SwiGLU: Shazeer 2020, arXiv 2002.05202",
    .state_size = sizeof(State),
    .init = init,
    .experts = experts,
    .flops = flops,
};
