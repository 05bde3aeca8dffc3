/* SPDX-License-Identifier: MIT
 *
 * score = hyper: HyperRouter. A frozen two-layer network makes the router of a layer out of the
 * layer's trained embedding e [1, w]:
 *
 *   o = W2 relu(W1 e + b1) + b2   as [E, w + 1]: a row is an expert's weights, then its bias
 *   z = x o[:, :w]ᵀ + o[:, w]
 *
 * The router is the same for every unit, so a pass generates it once, and passes that nothing is
 * to be learned from share one as long as no parameter changes. As in the official code, e is as
 * wide as a unit, not of low dimension as in the paper.
 */
#include "moe/builtin.h"

#include <math.h>
#include <string.h>

typedef struct {
    MoeTensor *rows;   /* [E, w + 1] */
    MoeTensor *weight; /* [E, w] */
    MoeTensor *bias;   /* [E] */
} Router;

typedef struct {
    MoeTensor *embedding; /* [1, w] */
    MoeTensor *w1, *b1;   /* [S, w], [S] */
    MoeTensor *w2, *b2;   /* [E (w + 1), S], [E (w + 1)] */
    MoeTensor *scale;     /* [1], saved with the router that it was computed from; or NULL */
    MoeArena *kept;       /* holds a router generated from parameters of `version`; or NULL */
    uint64_t version;
    Router router; /* that of the latest pass: on its tape, or kept */
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
 * mean square of a linear router's: E[z²] = Σ o², over weights and bias. A router of zeros (the
 * network is so narrow that no unit of it is active) stays as it is. */
static float
matching_scale(const State *s, const MoeLayer *layer)
{
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    int64_t w = moe_layer_width(layer), E = moe_layer_experts(layer);
    MoeTensor *linear = moe_tensor_2d(moe_tape_arena(tape), E, w);
    moe_init_from_recipe(linear, moe_layer_recipe(layer), "router.weight", moe_layer_seed(layer), w,
                         false);
    double wanted = mean_square(linear) * (double)w;
    double found = mean_square(generate(s, tape)) * (double)(w + 1);
    return found > 0 ? (float)sqrt(wanted / found) : 1;
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

static void
clear(void *state)
{
    g_clear_pointer(&((State *)state)->kept, moe_arena_free);
}

static Router
make_router(const State *s, MoeTape *tape)
{
    MoeTensor *rows = generate(s, tape);
    int64_t E = rows->shape[0], w = rows->shape[1] - 1;
    MoeTensor *bias = moe_slice_last(tape, rows, w, 1);
    return (Router){
        .rows = rows,
        .weight = moe_slice_last(tape, rows, 0, w),
        .bias = moe_reshape(tape, bias, 1, (int64_t[]){E}),
    };
}

static MoeTensor *
keep(MoeArena *arena, const MoeTensor *x)
{
    MoeTensor *copy = moe_tensor_zeros(arena, x->ndim, x->shape);
    memcpy(copy->data, x->data, (size_t)moe_tensor_count(x) * sizeof *x->data);
    return copy;
}

/* The router for passes without gradients: generated again only if parameters have changed. */
static void
use_kept(State *s, MoeTape *tape, uint64_t version)
{
    if (s->kept && s->version == version)
        return;
    Router made = make_router(s, tape);
    if (s->kept)
        moe_arena_reset(s->kept);
    else
        s->kept = moe_arena_new();
    s->version = version;
    s->router =
        (Router){keep(s->kept, made.rows), keep(s->kept, made.weight), keep(s->kept, made.bias)};
}

static MoeTensor *
score(MoeRouting *routing, void *state)
{
    State *s = state;
    MoeTape *tape = routing->context->tape;
    if (moe_tape_recording(tape)) {
        g_clear_pointer(&s->kept, moe_arena_free);
        s->router = make_router(s, tape);
    } else {
        use_kept(s, tape, moe_params_version(moe_layer_params(routing->layer)));
    }
    return moe_linear(tape, routing->units, s->router.weight, s->router.bias);
}

static MoeTensor *
rows(MoeTape *tape, const void *state)
{
    return make_router(state, tape).weight;
}

/* What the latest pass used, biases in the last column; and how hot it is. */
static void
report(MoeRouting *routing, void *state, bool thorough, const MoeReporter *to)
{
    const MoeTensor *router = ((State *)state)->router.rows;
    moe_report_scalar(to, "generated_scale", sqrt(mean_square(router)));
    if (thorough)
        moe_report_tensor(to, "generated_rows", router);
}

/* Of a pass that generates the router. */
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
    .clear = clear,
    .score = score,
    .rows = rows,
    .report = report,
    /* A token's share: generating the router costs the same for any number of tokens. */
    .flops = moe__linear_router_flops,
    .pass_flops = pass_flops,
};
