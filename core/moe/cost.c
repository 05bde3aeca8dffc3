/* SPDX-License-Identifier: MIT
 *
 * What a layer costs: parameters counted by their flags, FLOPs as the parts tell them.
 */
#include "moe/cost.h"

#include "moe/layer.h"

#include <math.h>

/* k over training is a mean over so many steps, evenly spread. */
#define K_SAMPLES 1000

void
moe_cost_add(MoeCost *sum, const MoeCost *cost)
{
    sum->params += cost->params;
    sum->active += cost->active;
    sum->trained += cost->trained;
    sum->frozen += cost->frozen;
    sum->buffers += cost->buffers;
    sum->flops += cost->flops;
    sum->train_flops += cost->train_flops;
    sum->pass_flops += cost->pass_flops;
    sum->pass_train_flops += cost->pass_train_flops;
}

void
moe__cost_count(MoeCost *cost, const MoeParam *param, int64_t picks)
{
    int64_t size = moe_tensor_count(param->tensor), active = size;
    if (param->flags & MOE_PARAM_EXPERT) {
        int64_t experts = param->tensor->shape[0];
        active = size / experts * MIN(experts, picks);
    }
    cost->params += size;
    cost->active += active;
    if (param->flags & MOE_PARAM_FROZEN)
        cost->frozen += size;
    else if (param->flags & MOE_PARAM_BUFFER)
        cost->buffers += size;
    else
        cost->trained += size;
}

/* --- What backward takes -----------------------------------------------------------------------*/

static const MoeParam *
used(const MoeLayer *layer, const MoeFilled *filled, guint i)
{
    return moe_params_get(layer->params, g_array_index(filled->uses, int, i));
}

/* A token's products: with weights that are trained, or generated from something trained. */
static double
token_backward(const MoeLayer *layer, const MoeFilled *filled)
{
    for (guint i = 0; i < filled->uses->len; i++)
        if (!(used(layer, filled, i)->flags & MOE_PARAM_UNTRAINED))
            return 2;
    return 1;
}

/* A pass's own products generate weights from weights, so that each matrix among them counts for
 * itself, by its size; a tensor of one row is what goes in, or a bias. */
static double
pass_backward(const MoeLayer *layer, const MoeFilled *filled)
{
    int64_t trained = 0, all = 0;
    for (guint i = 0; i < filled->uses->len; i++) {
        const MoeParam *param = used(layer, filled, i);
        int64_t size = moe_tensor_count(param->tensor);
        if (moe_tensor_rows(param->tensor) < 2)
            continue;
        all += size;
        trained += param->flags & MOE_PARAM_UNTRAINED ? 0 : size;
    }
    return 1 + (double)trained / (double)MAX(all, 1);
}

/* --- A layer -----------------------------------------------------------------------------------*/

static double
k_over_training(const MoeLayer *layer)
{
    double sum = 0;
    if (layer->place[MOE_PLACE_SELECT].part->flags & MOE_PART_K_VARIES)
        return layer->mean_k;
    for (int i = 0; i < K_SAMPLES; i++)
        sum += moe_layer_k_at(layer, (int64_t)((double)layer->k.steps * i / K_SAMPLES));
    return sum / K_SAMPLES;
}

/* The same layer at another number of picks a unit: parts only ask it. */
static MoeLayer
at_k(const MoeLayer *layer, double k)
{
    MoeLayer other = *layer;
    other.mean_k = k;
    return other;
}

static void
add_filled(MoeCost *cost, const MoeLayer *layer, const MoeFilled *filled, int64_t units)
{
    int64_t picks = (int64_t)ceil(layer->mean_k) * layer->units_per_token;
    const MoePart *part = filled->part;
    MoeLayer training = at_k(layer, k_over_training(layer));
    for (guint i = 0; i < filled->uses->len; i++)
        if (g_array_index(filled->uses, int, i) >= filled->own)
            moe__cost_count(cost, used(layer, filled, i), picks);
    if (part->flops) {
        cost->flops += part->flops(layer, filled->state);
        cost->train_flops +=
            part->flops(&training, filled->state) * (1 + token_backward(layer, filled));
    }
    if (part->pass_flops) {
        cost->pass_flops += part->pass_flops(layer, filled->state, units);
        cost->pass_train_flops +=
            part->pass_flops(&training, filled->state, units) * (1 + pass_backward(layer, filled));
    }
}

MoeCost
moe_layer_place_cost(const MoeLayer *layer, MoePlace place, int64_t units)
{
    MoeCost cost = {0};
    if (place < MOE_PLACE_BALANCE && layer->place[place].part)
        add_filled(&cost, layer, &layer->place[place], units);
    for (guint i = 0; place == MOE_PLACE_BALANCE && i < layer->balance->len; i++)
        add_filled(&cost, layer, &g_array_index(layer->balance, MoeFilled, i), units);
    return cost;
}

MoeCost
moe_layer_cost(const MoeLayer *layer, int64_t units)
{
    MoeCost sum = {0};
    for (int place = 0; place < MOE_N_PLACES; place++) {
        MoeCost cost = moe_layer_place_cost(layer, (MoePlace)place, units);
        moe_cost_add(&sum, &cost);
    }
    return sum;
}

double
moe_layer_flops(const MoeLayer *layer)
{
    return moe_layer_cost(layer, 0).flops;
}

double
moe_layer_pass_flops(const MoeLayer *layer, int64_t units)
{
    return moe_layer_cost(layer, units).pass_flops;
}
