/* SPDX-License-Identifier: MIT
 *
 * score = hyper: HyperRouter. A frozen two-layer network makes the router of a layer out of the
 * layer's trained embedding e [1, w]:
 *
 *   o = W2 relu(W1 e + b1) + b2   as [E, w + 1]: a row is an expert's weights, then its bias
 *   z = x o[:, :w]ᵀ + o[:, w]
 *
 * The router is the same for every unit, so a pass generates it once. As in the official code, e
 * is as wide as a unit, not of low dimension as in the paper.
 */
#include "moe/builtin.h"

#include <math.h>

typedef struct {
    MoeTensor *embedding; /* [1, w] */
    MoeTensor *w1, *b1;   /* [S, w], [S] */
    MoeTensor *w2, *b2;   /* [E (w + 1), S], [E (w + 1)] */
    MoeTensor *scale;     /* [1], saved with the router that it was computed from; or NULL */
} State;

/* [E, w + 1] */
static MoeTensor *
generate(const State *s, MoeTape *tape)
{
    int64_t w = moe_tensor_last(s->embedding);
    MoeTensor *h = moe_relu(tape, moe_linear(tape, s->embedding, s->w1, s->b1));
    MoeTensor *o = moe_linear(tape, h, s->w2, s->b2);
    if (s->scale)
        o = moe_mul(tape, o, s->scale);
    return moe_reshape(tape, o, 2, (int64_t[]){moe_tensor_count(o) / (w + 1), w + 1});
}

static double
mean_square(const MoeTensor *x)
{
    double sum = 0;
    int64_t n = moe_tensor_count(x);
    for (int64_t i = 0; i < n; i++)
        sum += (double)x->data[i] * (double)x->data[i];
    return sum / (double)n;
}

/* What the generated router must be multiplied by for the logits of units ~ N(0, 1) to have the
 * mean square of a linear router's: E[z²] = Σ o², over weights and bias. */
static float
matching_scale(const State *s, const MoeLayer *layer)
{
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    int64_t w = moe_layer_width(layer), E = moe_layer_experts(layer);
    MoeTensor *linear = moe_tensor_2d(moe_tape_arena(tape), E, w);
    moe_init_from_recipe(linear, moe_layer_recipe(layer), "router.weight", moe_layer_seed(layer), w,
                         false);
    double wanted = mean_square(linear) * (double)w;
    return (float)sqrt(wanted / (mean_square(generate(s, tape)) * (double)(w + 1)));
}

static void
init(MoeLayer *layer, void *state)
{
    State *s = state;
    const MoeRecipe *recipe = moe_layer_recipe(layer);
    int64_t w = moe_layer_width(layer), S = moe_recipe_int(recipe, "hyper.size");
    int64_t O = moe_layer_experts(layer) * (w + 1);
    MoeParamFlags frozen = MOE_PARAM_ROUTER | MOE_PARAM_FROZEN;
    s->embedding = moe_layer_param(layer, "router.embedding", 2, (int64_t[]){1, w},
                                   MOE_PARAM_ROUTER | MOE_PARAM_NO_DECAY, 0);
    moe_init_normal(s->embedding, "router.embedding", moe_layer_seed(layer), 1);
    s->w1 = moe_layer_param(layer, "router.hyper.w1", 2, (int64_t[]){S, w}, frozen, w);
    s->b1 = moe_layer_param(layer, "router.hyper.b1", 1, (int64_t[]){S}, frozen, 0);
    s->w2 = moe_layer_param(layer, "router.hyper.w2", 2, (int64_t[]){O, S}, frozen, S);
    s->b2 = moe_layer_param(layer, "router.hyper.b2", 1, (int64_t[]){O}, frozen, 0);
    if (!moe_recipe_bool(recipe, "hyper.match_scale"))
        return;
    float scale = s->w1->data ? matching_scale(s, layer) : 1;
    s->scale = moe_layer_param(layer, "router.hyper.scale", 1, (int64_t[]){1}, frozen, 0);
    moe_init_constant(s->scale, scale);
}

static MoeTensor *
score(MoeRouting *routing, void *state)
{
    const State *s = state;
    MoeTape *tape = routing->context->tape;
    MoeTensor *router = generate(s, tape);
    int64_t E = router->shape[0], w = router->shape[1] - 1;
    MoeTensor *weight = moe_slice_last(tape, router, 0, w);
    MoeTensor *bias = moe_reshape(tape, moe_slice_last(tape, router, w, 1), 1, (int64_t[]){E});
    return moe_linear(tape, routing->units, weight, bias);
}

/* The router is generated once, for any number of units. */
static double
pass_flops(const MoeLayer *layer, const void *state, int64_t units)
{
    const State *s = state;
    return 2.0 * (double)(moe_tensor_count(s->w1) + moe_tensor_count(s->w2));
}

static const MoeField fields[] = {
    {"hyper.size", MOE_FIELD_INT, "256", 1, 1 << 20, NULL, "units",
     "score = hyper: hidden width of the frozen network that makes the router"},
    {"hyper.match_scale", MOE_FIELD_BOOL, "false", 0, 0, NULL, NULL,
     "score = hyper: scale the router so that its first logits spread like a linear router's"},
};

const MoePart moe__score_hyper = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SCORE,
    .name = "hyper",
    .help = "a linear map that a frozen network makes of the layer's trained embedding",
    .cite = "Do et al. 2023 (HyperRouter), arXiv 2312.07035; code: giangdip2410/HyperRouter",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .state_size = sizeof(State),
    .init = init,
    .score = score,
    .flops = moe__linear_router_flops,
    .pass_flops = pass_flops,
};
