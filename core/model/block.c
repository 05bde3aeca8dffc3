/* SPDX-License-Identifier: MIT
 *
 * A pre-norm transformer block.
 */
#include "model/block.h"

typedef struct {
    const MoeRecipe *recipe;
    MoeParams *params;
    const char *prefix; /* "blocks.3." */
    uint64_t seed;
} Builder;

static MoeTensor *
matrix(const Builder *b, const char *name, int64_t out, int64_t in, MoeParamFlags flags)
{
    g_autofree char *full = g_strconcat(b->prefix, name, NULL);
    MoeTensor *w = moe_params_add(b->params, full, 2, (int64_t[]){out, in}, flags);
    moe_init_from_recipe(w, b->recipe, full, b->seed, in, (flags & MOE_PARAM_RESIDUAL) != 0);
    return w;
}

/* A bias, zero, if the recipe's `key` asks for biases. */
static MoeTensor *
bias(const Builder *b, const char *key, const char *name, int64_t n)
{
    if (!moe_recipe_bool(b->recipe, key))
        return NULL;
    g_autofree char *full = g_strconcat(b->prefix, name, NULL);
    return moe_params_add(b->params, full, 1, &n, MOE_PARAM_NO_DECAY);
}

static void
init_attention(MoeBlock *block, const Builder *b, int64_t d)
{
    block->qkv = matrix(b, "attn.qkv.weight", 3 * d, d, 0);
    block->qkv_bias = bias(b, "model.attention_bias", "attn.qkv.bias", 3 * d);
    block->out = matrix(b, "attn.out.weight", d, d, MOE_PARAM_RESIDUAL);
    block->out_bias = bias(b, "model.attention_bias", "attn.out.bias", d);
}

static void
init_dense(MoeBlock *block, const Builder *b, int64_t d)
{
    block->activation = moe_recipe_choice(b->recipe, "moe.activation");
    block->hidden = moe_recipe_int(b->recipe, "model.dense_hidden");
    int64_t k_eval = moe_recipe_int(b->recipe, "moe.k_eval");
    int64_t k = k_eval ? k_eval : moe_recipe_int(b->recipe, "moe.k");
    if (block->hidden == 0)
        block->hidden = k * moe_recipe_int(b->recipe, "moe.hidden");
    bool swiglu = moe_recipe_has(b->recipe, "moe.activation", "swiglu");
    int64_t h1 = swiglu ? 2 * block->hidden : block->hidden;
    block->w1 = matrix(b, "ffn.w1", h1, d, 0);
    block->b1 = bias(b, "moe.bias", "ffn.b1", h1);
    block->w2 = matrix(b, "ffn.w2", d, block->hidden, MOE_PARAM_RESIDUAL);
    block->b2 = bias(b, "moe.bias", "ffn.b2", d);
}

void
moe__block_init(MoeBlock *block, const MoeRecipe *recipe, MoeParams *params, int index, int router,
                int vocabulary)
{
    int64_t d = moe_recipe_int(recipe, "model.d_model");
    g_autofree char *prefix = g_strdup_printf("blocks.%d.", index);
    Builder b = {recipe, params, prefix, (uint64_t)moe_recipe_int(recipe, "train.seed")};
    *block = (MoeBlock){
        .index = index,
        .heads = (int)moe_recipe_int(recipe, "model.heads"),
        .rope_base = (float)moe_recipe_real(recipe, "model.rope_base"),
        .dropout = (float)moe_recipe_real(recipe, "model.dropout"),
    };
    g_autofree char *norm1 = g_strconcat(prefix, "norm1", NULL);
    g_autofree char *norm2 = g_strconcat(prefix, "norm2", NULL);
    block->norm1 = moe__norm_new(recipe, params, norm1);
    init_attention(block, &b, d);
    block->norm2 = moe__norm_new(recipe, params, norm2);
    if (router < 0) {
        init_dense(block, &b, d);
        return;
    }
    g_autofree char *moe_prefix = g_strconcat(prefix, "moe.", NULL);
    MoeLayerSize size = {.index = router,
                         .block = index,
                         .d_model = (int)d,
                         .prefix = moe_prefix,
                         .vocabulary = vocabulary};
    block->moe = moe_layer_new(recipe, &size, params, b.seed);
}

void
moe__block_clear(MoeBlock *block)
{
    g_clear_pointer(&block->moe, moe_layer_free);
}

static MoeTensor *
attention(MoeBlock *block, MoeContext *context, MoeTensor *x)
{
    MoeTape *tape = context->tape;
    int64_t d = moe_tensor_last(x);
    MoeTensor *qkv = moe_linear(tape, x, block->qkv, block->qkv_bias);
    qkv = moe_reshape(tape, qkv, 4, (int64_t[]){context->sequences, context->length, 3, d});
    MoeTensor *heads = moe_attention(tape, qkv, block->heads, block->rope_base);
    heads = moe_reshape(tape, heads, 2, (int64_t[]){moe_tensor_rows(x), d});
    return moe_linear(tape, heads, block->out, block->out_bias);
}

static MoeTensor *
dense(MoeBlock *block, MoeTape *tape, MoeTensor *x)
{
    /* In the order of the choices of moe.activation. */
    static MoeTensor *(*const activations[])(MoeTape *, MoeTensor *) = {
        moe_relu, moe_gelu, moe_silu, moe_swiglu, moe_gelu_tanh};
    MoeTensor *h = moe_linear(tape, x, block->w1, block->b1);
    return moe_linear(tape, activations[block->activation](tape, h), block->w2, block->b2);
}

uint64_t
moe__block_dropout_stream(int block, int site)
{
    return G_GUINT64_CONSTANT(0xd409) << 32 | (uint64_t)(2 * block + site);
}

static MoeTensor *
drop(const MoeBlock *block, MoeContext *context, MoeTensor *x, int site)
{
    if (!context->train || block->dropout == 0)
        return x;
    uint64_t stream = moe__block_dropout_stream(block->index, site);
    return moe_dropout(context->tape, x, block->dropout, context->seed, stream);
}

MoeTensor *
moe__block_forward(MoeBlock *block, MoeContext *context, MoeTensor *x, MoeRouting *routing,
                   MoeObserver observer, void *user)
{
    MoeTape *tape = context->tape;
    MoeTensor *a = attention(block, context, moe__norm(tape, &block->norm1, x));
    x = moe_add(tape, x, drop(block, context, a, 0));
    MoeTensor *h = moe__norm(tape, &block->norm2, x);
    if (block->moe) {
        h = moe_layer_forward(block->moe, context, h, routing);
        if (observer)
            observer(routing, user);
    } else {
        h = dense(block, tape, h);
    }
    return moe_add(tape, x, drop(block, context, h, 1));
}

double
moe__block_flops(const MoeBlock *block, int64_t d_model, int length)
{
    double d = (double)d_model;
    double projections = 2 * 4 * d * d;
    double attention_flops = 2 * 2 * d * (length + 1) / 2.0;
    if (block->moe)
        return projections + attention_flops + moe_layer_flops(block->moe);
    int64_t weights = moe_tensor_count(block->w1) + moe_tensor_count(block->w2);
    return projections + attention_flops + 2 * (double)weights;
}
