/* SPDX-License-Identifier: MIT
 *
 * What a model costs: its layers with routers, and all around them.
 */
#include "moe/cost.h"
#include "model/model.h"

/* Forward and backward, as multiples of forward, where all weights are trained and where the
 * products are of activations alone (attention): gradients of both factors. */
#define TRAIN 3

double
moe_model_flops(const MoeModel *model, int length)
{
    double flops = 2.0 * (double)model->vocabulary * (double)model->d_model;
    for (int b = 0; b < model->n_blocks; b++)
        flops += moe__block_flops(&model->blocks[b], model->d_model, length);
    return flops;
}

static MoeCost
routed_cost(const MoeModel *model, int64_t tokens)
{
    MoeCost sum = {0};
    for (int i = 0; i < model->n_routers; i++) {
        const MoeLayer *layer = model->routers[i];
        MoeCost cost = moe_layer_cost(layer, tokens * moe_layer_units_per_token(layer));
        moe_cost_add(&sum, &cost);
    }
    return sum;
}

MoeCost
moe_model_cost(const MoeModel *model, int length, int64_t tokens)
{
    MoeCost routed = routed_cost(model, tokens), all = {0};
    for (int i = 0; i < moe_params_count(model->params); i++)
        moe__cost_count(&all, moe_params_get(model->params, i), INT64_MAX);
    all.active -= routed.params - routed.active;
    all.flops = moe_model_flops(model, length);
    all.train_flops = TRAIN * (all.flops - routed.flops) + routed.train_flops;
    all.pass_flops = routed.pass_flops;
    all.pass_train_flops = routed.pass_train_flops;
    return all;
}

int64_t
moe_model_active_params(const MoeModel *model)
{
    return moe_model_cost(model, 1, 1).active;
}
