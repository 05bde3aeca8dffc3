/* SPDX-License-Identifier: MIT
 *
 * experts = ffn: E two-layer networks of equal size.
 *   relu, gelu, silu, gelu-tanh   W2 act(W1 x + b1) + b2
 *   swiglu   W2 (silu(Wg x + bg) * (Wu x + bu)) + b2, W1 = [Wg; Wu]  (Shazeer 2020)
 * and, with moe.shared_hidden > 0, one of that width beside them that every unit passes, with
 * weight 1 (DeepSeekMoE, arXiv 2401.06066, eq. 9; several shared experts side by side are one wide
 * one).
 */
#include "moe/builtin.h"
#include "moe/similarity.h"

typedef enum { ACT_RELU, ACT_GELU, ACT_SILU, ACT_SWIGLU, ACT_GELU_TANH } Activation;

typedef struct {
    Activation activation;
    int64_t hidden;
    MoeTensor *w1, *b1; /* [E, h or 2h, w], [E, h or 2h] or NULL */
    MoeTensor *w2, *b2; /* [E, w, h], [E, w] or NULL */
    int64_t shared_hidden;
    MoeTensor *shared_w1, *shared_b1; /* [s or 2s, w], [s or 2s] or NULL; NULL: nothing is shared */
    MoeTensor *shared_w2, *shared_b2; /* [w, s], [w] or NULL */
} State;

static void
init_shared(MoeLayer *layer, State *s)
{
    const MoeRecipe *recipe = moe_layer_recipe(layer);
    int64_t w = moe_layer_width(layer), h = moe_recipe_int(recipe, "moe.shared_hidden");
    int64_t h1 = s->activation == ACT_SWIGLU ? 2 * h : h;
    s->shared_hidden = h;
    if (h == 0)
        return;
    s->shared_w1 = moe_layer_param(layer, "shared.w1", 2, (int64_t[]){h1, w}, 0, w);
    s->shared_w2 = moe_layer_param(layer, "shared.w2", 2, (int64_t[]){w, h}, MOE_PARAM_RESIDUAL, h);
    if (!moe_recipe_bool(recipe, "moe.bias"))
        return;
    s->shared_b1 = moe_layer_param(layer, "shared.b1", 1, &h1, MOE_PARAM_NO_DECAY, 0);
    s->shared_b2 = moe_layer_param(layer, "shared.b2", 1, &w, MOE_PARAM_NO_DECAY, 0);
}

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
    if (moe_recipe_bool(recipe, "moe.zero_experts"))
        moe_init_constant(s->w2, 0);
    init_shared(layer, s);
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
    case ACT_GELU_TANH:
        return moe_gelu_tanh(tape, x);
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

static MoeTensor *
shared(MoeRouting *routing, void *state)
{
    const State *s = state;
    MoeTape *tape = routing->context->tape;
    if (!s->shared_w1)
        return NULL;
    MoeTensor *h = moe_linear(tape, routing->units, s->shared_w1, s->shared_b1);
    return moe_linear(tape, activate(tape, s->activation, h), s->shared_w2, s->shared_b2);
}

/* Adds the inner products of the experts' shares of a parameter [E, …]; NULL: none. */
static void
add_gram(const MoeTensor *x, int64_t E, double *sum)
{
    if (!x)
        return;
    g_autofree double *gram = g_new(double, E *E);
    moe__gram(x->data, E, moe_tensor_count(x) / E, gram);
    for (int64_t i = 0; i < E * E; i++)
        sum[i] += gram[i];
}

/* Weights as they stand: two experts that differ only in the order of their hidden units aren't
 * alike here, but are in their outputs. */
static void
report(MoeRouting *routing, void *state, bool thorough, const MoeReporter *to)
{
    const State *s = state;
    int64_t E = moe_layer_experts(routing->layer);
    if (!thorough)
        return;
    g_autofree double *gram = g_new0(double, E *E);
    g_autofree float *cosine = g_new(float, E *E);
    add_gram(s->w1, E, gram);
    add_gram(s->b1, E, gram);
    add_gram(s->w2, E, gram);
    add_gram(s->b2, E, gram);
    moe__cosines(gram, E, cosine);
    to->func(to->user, "expert_cosine", 2, (int64_t[]){E, E}, cosine);
}

static double
flops(const MoeLayer *layer, const void *state)
{
    const State *s = state;
    double matrices = s->activation == ACT_SWIGLU ? 3 : 2;
    double hidden = (double)s->hidden * moe_layer_mean_k(layer) + (double)s->shared_hidden;
    return 2 * matrices * hidden * moe_layer_width(layer) * moe_layer_units_per_token(layer);
}

static const MoeField fields[] = {
    {"moe.shared_hidden", MOE_FIELD_INT, "0", 0, 1 << 20, NULL, "units",
     "hidden width of an expert that every unit passes beside those picked; 0: none"},
    {"moe.zero_experts", MOE_FIELD_BOOL, "false", 0, 0, NULL, NULL,
     "expert = ffn: the last matrix of each expert starts at zero, the layer as nothing"},
};

const MoePart moe__experts_ffn = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_EXPERTS,
    .name = "ffn",
    .help = "two-layer networks (moe.hidden, moe.activation, moe.bias)",
    .cite = "Shazeer et al. 2017, arXiv 1701.06538; SwiGLU: Shazeer 2020, arXiv 2002.05202",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .state_size = sizeof(State),
    .init = init,
    .experts = experts,
    .shared = shared,
    .report = report,
    .flops = flops,
};
