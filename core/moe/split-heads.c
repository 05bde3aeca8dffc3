/* SPDX-License-Identifier: MIT
 *
 * split = heads: multi-head MoE. A token passes a linear layer and is cut into h chunks, each
 * routed by itself; the chunks' outputs, side by side again, pass a second linear layer.
 *
 *   U = X Whᵀ + bh        sub-token n·h + j = U[n, j·m : (j+1)·m], m = d/h
 *   Y = O Woᵀ + bo        O[n, j·m : (j+1)·m] = output of sub-token n·h + j
 *
 * O are the experts' outputs o(u) = Σ g f(u). So in the authors' code (github.com/yushuiwx/MH-MoE),
 * where a sub-token that lost all its picks is zero; equation 6 of the paper has o(u) = u + Σ g
 * f(u) (heads.residual = sub-token), where it passes through. Either way the transformer block adds
 * the whole layer's output to its input. One head is plain SMoE, without the two layers.
 */
#include "moe/builtin.h"

#include <math.h>

typedef struct {
    MoeTensor *head_weight, *head_bias;   /* [d, d], [d]; NULL with one head */
    MoeTensor *merge_weight, *merge_bias; /* [d, d], [d]; NULL with one head */
    bool add_units;                       /* to the experts' outputs */
} State;

static int64_t
model_width(const MoeLayer *layer)
{
    return (int64_t)moe_layer_units_per_token(layer) * moe_layer_width(layer);
}

static void
shape(const MoeRecipe *recipe, int d_model, int *units_per_token, int *width)
{
    *units_per_token = (int)moe_recipe_int(recipe, "heads.count");
    *width = d_model / *units_per_token;
}

/* Initial values are the code's, whatever [init] says: Glorot's with gain 1/√2 for Wh and 1 for Wo
 * (limit gain √(6/2d)), torch's default for bh, zero for bo. */
static void
init(MoeLayer *layer, void *state)
{
    State *s = state;
    if (moe_layer_units_per_token(layer) == 1)
        return;
    s->add_units = moe_recipe_has(moe_layer_recipe(layer), "heads.residual", "sub-token");
    int64_t d = model_width(layer);
    s->head_weight = moe_layer_param_uniform(layer, "heads.weight", 2, (int64_t[]){d, d}, 0,
                                             sqrt(1.5 / (double)d));
    s->head_bias = moe_layer_param_uniform(layer, "heads.bias", 1, (int64_t[]){d},
                                           MOE_PARAM_NO_DECAY, 1 / sqrt((double)d));
    s->merge_weight = moe_layer_param_uniform(layer, "merge.weight", 2, (int64_t[]){d, d},
                                              MOE_PARAM_RESIDUAL, sqrt(3 / (double)d));
    s->merge_bias = moe_layer_param(layer, "merge.bias", 1, (int64_t[]){d}, MOE_PARAM_NO_DECAY, 0);
}

static MoeTensor *
split(MoeRouting *routing, void *state, MoeTensor *x)
{
    const State *s = state;
    MoeTape *tape = routing->context->tape;
    if (!s->head_weight)
        return x;
    int64_t units = moe_tensor_rows(x) * moe_layer_units_per_token(routing->layer);
    MoeTensor *u = moe_linear(tape, x, s->head_weight, s->head_bias);
    return moe_reshape(tape, u, 2, (int64_t[]){units, moe_layer_width(routing->layer)});
}

static MoeTensor *
join(MoeRouting *routing, void *state, MoeTensor *y)
{
    const State *s = state;
    MoeTape *tape = routing->context->tape;
    if (!s->merge_weight)
        return y;
    if (s->add_units)
        y = moe_add(tape, y, routing->units);
    int64_t tokens = moe_tensor_rows(y) / moe_layer_units_per_token(routing->layer);
    y = moe_reshape(tape, y, 2, (int64_t[]){tokens, model_width(routing->layer)});
    return moe_linear(tape, y, s->merge_weight, s->merge_bias);
}

static double
flops(const MoeLayer *layer, const void *state)
{
    const State *s = state;
    double d = (double)model_width(layer);
    return s->head_weight ? 2 * 2 * d * d : 0;
}

static void
rule(const MoeRecipe *recipe, GPtrArray *problems)
{
    int64_t d = moe_recipe_int(recipe, "model.d_model"), h = moe_recipe_int(recipe, "heads.count");
    if (d % h != 0)
        g_ptr_array_add(problems,
                        g_strdup_printf("heads.count: model.d_model (%" G_GINT64_FORMAT
                                        ") is not a multiple of %" G_GINT64_FORMAT " heads",
                                        d, h));
    if (h == 1 && moe_recipe_has(recipe, "heads.residual", "sub-token"))
        g_ptr_array_add(problems,
                        g_strdup("heads.residual: 'sub-token' needs heads.count > 1: one head is "
                                 "the token itself, which the block adds already"));
}

static const MoeField fields[] = {
    {"heads.count", MOE_FIELD_INT, "4", 1, 1024, NULL, "heads",
     "split = heads: sub-tokens a token, each routed by itself; 1: whole tokens, no extra layers"},
    {"heads.residual", MOE_FIELD_CHOICE, "layer", 0, 0, "layer | sub-token", NULL,
     "split = heads: 'sub-token' adds each sub-token to its experts' output before the merge (the "
     "paper's eq. 6), 'layer' doesn't (the code)"},
};

const MoePart moe__split_heads = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SPLIT,
    .name = "heads",
    .help = "each token is mixed, cut into heads.count sub-tokens, and merged after the experts",
    .cite = "Wu et al. 2024, arXiv 2404.15045, eq. 3-4 and 7-9",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .rule = rule,
    .state_size = sizeof(State),
    .init = init,
    .shape = shape,
    .split = split,
    .join = join,
    .flops = flops,
};
