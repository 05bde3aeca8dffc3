/* SPDX-License-Identifier: MIT
 *
 * The language model: embedding, blocks, head.
 */
#include "model/model.h"

#include <string.h>

/* The index of block b's router, or -1 for a dense block. */
static int
router_of_block(const MoeRecipe *recipe, int b)
{
    int every = (int)moe_recipe_int(recipe, "moe.every");
    return every > 0 && (b + 1) % every == 0 ? b / every : -1;
}

static void
add_blocks(MoeModel *model)
{
    model->n_blocks = (int)moe_recipe_int(model->recipe, "model.layers");
    model->blocks = g_new0(MoeBlock, model->n_blocks);
    model->routers = g_new0(MoeLayer *, model->n_blocks);
    for (int b = 0; b < model->n_blocks; b++) {
        int router = router_of_block(model->recipe, b);
        moe__block_init(&model->blocks[b], model->recipe, model->params, b, router,
                        model->vocabulary);
        if (router >= 0)
            model->routers[model->n_routers++] = model->blocks[b].moe;
    }
}

static MoeTensor *
add_table(MoeModel *model, const char *name, MoeParamFlags flags)
{
    int64_t shape[] = {model->vocabulary, model->d_model};
    uint64_t seed = (uint64_t)moe_recipe_int(model->recipe, "train.seed");
    MoeTensor *table = moe_params_add(model->params, name, 2, shape, flags);
    moe_init_normal(table, name, seed, moe_recipe_real(model->recipe, "init.std"));
    return table;
}

/* Takes `params`, into which all tensors go. */
static MoeModel *
build(const MoeRecipe *recipe, int vocabulary, MoeParams *params)
{
    MoeModel *model = g_new0(MoeModel, 1);
    model->recipe = moe_recipe_copy(recipe);
    model->params = params;
    model->vocabulary = vocabulary;
    model->d_model = moe_recipe_int(recipe, "model.d_model");
    model->embedding = add_table(model, "embed.weight", MOE_PARAM_NO_DECAY);
    add_blocks(model);
    model->norm = moe__norm_new(recipe, model->params, "norm");
    model->head = moe_recipe_bool(recipe, "model.tied") ? model->embedding
                                                        : add_table(model, "head.weight", 0);
    return model;
}

MoeModel *
moe_model_new(const MoeRecipe *recipe, int vocabulary, GError **error)
{
    if (!moe_recipe_check(recipe, error))
        return NULL;
    return build(recipe, vocabulary, moe_params_new());
}

MoeModel *
moe_model_plan(const MoeRecipe *recipe, int vocabulary, GError **error)
{
    if (!moe_recipe_check(recipe, error))
        return NULL;
    return build(recipe, vocabulary, moe_params_new_shapes());
}

void
moe_model_free(MoeModel *model)
{
    if (!model)
        return;
    for (int b = 0; b < model->n_blocks; b++)
        moe__block_clear(&model->blocks[b]);
    g_free(model->blocks);
    g_free(model->routers);
    moe_params_free(model->params);
    moe_recipe_free(model->recipe);
    g_free(model);
}

const MoeRecipe *
moe_model_recipe(const MoeModel *model)
{
    return model->recipe;
}

MoeParams *
moe_model_params(MoeModel *model)
{
    return model->params;
}

int
moe_model_vocabulary(const MoeModel *model)
{
    return model->vocabulary;
}

int
moe_model_routers(const MoeModel *model)
{
    return model->n_routers;
}

MoeLayer *
moe_model_router(const MoeModel *model, int i)
{
    g_return_val_if_fail(i >= 0 && i < model->n_routers, NULL);
    return model->routers[i];
}

/* Where nothing will ask for them again (no backward, no balance losses), a block's intermediate
 * results are released at once: memory doesn't grow with depth, and the next block works in warm
 * cache. */
static MoeTensor *
run_block(MoeBlock *block, MoeContext *context, MoeTensor *x, MoeRouting *routing,
          MoeObserver observer, void *user)
{
    if (moe_tape_recording(context->tape) || context->train)
        return moe__block_forward(block, context, x, routing, observer, user);
    MoeArena *arena = moe_tape_arena(context->tape);
    MoeArenaMark mark = moe_arena_mark(arena);
    MoeTensor *y = moe__block_forward(block, context, x, routing, observer, user);
    memcpy(x->data, y->data, (size_t)moe_tensor_count(x) * sizeof(float));
    moe_arena_release(arena, mark);
    if (routing)
        *routing = (MoeRouting){
            .layer = routing->layer, .context = routing->context, .picks = routing->picks};
    return x;
}

MoeTensor *
moe_model_logits(MoeModel *model, MoeContext *context, const MoeBatch *batch, MoeRouting *routings,
                 MoeObserver observer, void *user)
{
    MoeTape *tape = context->tape;
    context->sequences = batch->rows;
    context->length = batch->length;
    context->token = batch->id;
    context->padding = batch->doc;
    MoeTensor *x =
        moe_embedding(tape, model->embedding, batch->id, (int64_t)batch->rows * batch->length);
    for (int b = 0, router = 0; b < model->n_blocks; b++) {
        MoeRouting *routing = model->blocks[b].moe ? &routings[router++] : NULL;
        x = run_block(&model->blocks[b], context, x, routing, observer, user);
    }
    x = moe__norm(tape, &model->norm, x);
    return moe_linear(tape, x, model->head, NULL);
}

MoeLoss
moe_model_loss(MoeModel *model, MoeContext *context, const MoeBatch *batch, MoeRouting *routings,
               MoeObserver observer, void *user, float *row_loss)
{
    MoeTape *tape = context->tape;
    MoeTensor *logits = moe_model_logits(model, context, batch, routings, observer, user);
    MoeTensor *total = moe_cross_entropy(tape, logits, batch->target, row_loss);
    MoeLoss loss = {.total = total, .cross_entropy = total->data[0]};
    /* Balance losses steer training; at evaluation, logits of the layers are gone already. */
    for (int i = 0; context->train && i < model->n_routers; i++) {
        MoeTensor *balance = moe_layer_balance_loss(&routings[i], NULL);
        if (!balance)
            continue;
        loss.balance += balance->data[0];
        loss.total = moe_add(tape, loss.total, balance);
    }
    return loss;
}
