/* SPDX-License-Identifier: MIT
 *
 * The pipeline. Parts decide; this file runs them in order, applies capacity, dispatches, combines
 * and keeps what was decided.
 */
#include "moe/layer.h"

#include <string.h>

MoeTensor *
moe_routing_probabilities(MoeRouting *routing)
{
    if (!routing->probabilities)
        routing->probabilities = moe_softmax(routing->context->tape, routing->logits);
    return routing->probabilities;
}

MoeTensor *
moe_routing_affinities(MoeRouting *routing)
{
    if (!routing->layer->sigmoid)
        return moe_routing_probabilities(routing);
    if (!routing->affinities)
        routing->affinities = moe_sigmoid(routing->context->tape, routing->logits);
    return routing->affinities;
}

float *
moe_routing_selection(MoeRouting *routing)
{
    /* Logits and affinities are tensors of the tape: changes go to a copy. */
    if (!routing->own_selection) {
        const MoeTensor *affinities = moe_routing_affinities(routing);
        size_t bytes = (size_t)moe_tensor_count(affinities) * sizeof(float);
        routing->own_selection = moe_arena_alloc(moe_tape_arena(routing->context->tape), bytes);
        memcpy(routing->own_selection, affinities->data, bytes);
        routing->selection = routing->own_selection;
    }
    return routing->own_selection;
}

/* Picks a unit may have in this pass: the width of a row of picks. */
static int
row_width(const MoeLayer *layer, const MoeContext *context)
{
    int k = context->k > 0   ? MIN(context->k, layer->experts)
            : context->train ? moe_layer_k_at(layer, context->step)
                             : moe_layer_k(layer);
    return layer->place[MOE_PLACE_SELECT].part->flags & MOE_PART_K_VARIES ? layer->experts : k;
}

/* Padding is never routed: it would take capacity and count as load. */
static void
unpick_padding(MoeRouting *routing)
{
    const MoeContext *context = routing->context;
    MoePicks *picks = &routing->picks;
    if (!context->padding)
        return;
    int units_per_token = routing->layer->units_per_token;
    for (int64_t u = 0; u < picks->units; u++)
        if (context->padding[u / units_per_token] < 0)
            for (int j = 0; j < picks->k; j++)
                picks->expert[u * picks->k + j] = -1;
}

static void
rank(MoeLayer *layer, MoeRouting *routing)
{
    if (!routing->selection)
        routing->selection = routing->logits->data;
    for (guint i = 0; i < layer->balance->len; i++) {
        const MoeFilled *balance = &g_array_index(layer->balance, MoeFilled, i);
        if (balance->part->prefer)
            balance->part->prefer(routing, balance->state);
    }
}

static void
decide(MoeLayer *layer, MoeRouting *routing)
{
    MoeArena *keep = routing->context->keep;
    const MoeFilled *select = &layer->place[MOE_PLACE_SELECT];
    moe__picks_new(&routing->picks, keep, moe_tensor_rows(routing->logits), layer->experts,
                   row_width(layer, routing->context));
    select->part->select(routing, select->state);
    unpick_padding(routing);
    moe__capacity_apply(&layer->capacity, routing, layer->units_per_token);
    moe__picks_dispatch(&routing->picks, keep);
}

static void
weigh(MoeLayer *layer, MoeRouting *routing)
{
    const MoeFilled *gate = &layer->place[MOE_PLACE_GATE];
    routing->gates = gate->part->gate(routing, gate->state);
    if (layer->route_scale != 1)
        routing->gates = moe_affine(routing->context->tape, routing->gates, layer->route_scale, 0);
    moe__picks_keep_gates(&routing->picks, routing->context->keep, routing->gates->data);
}

/* Σ of the gates of a unit's dropped picks, times the unit; NULL if nothing was dropped. */
static MoeTensor *
passed_on(MoeRouting *routing)
{
    const MoePicks *picks = &routing->picks;
    MoeTape *tape = routing->context->tape;
    if (picks->capacity == 0)
        return NULL;
    MoeTensor *mask = moe_tensor_2d(moe_tape_arena(tape), picks->units, picks->k);
    for (int64_t i = 0; i < picks->units * picks->k; i++)
        mask->data[i] = picks->dropped[i];
    MoeTensor *weight = moe_sum_axis(tape, moe_mul(tape, routing->gates, mask), 1);
    weight = moe_reshape(tape, weight, 2, (int64_t[]){picks->units, 1});
    return moe_mul(tape, routing->units, weight);
}

/* y + x, where x may be NULL. */
static MoeTensor *
plus(MoeTape *tape, MoeTensor *y, MoeTensor *x)
{
    return x ? moe_add(tape, y, x) : y;
}

static MoeTensor *
run_experts(MoeLayer *layer, MoeRouting *routing)
{
    MoeTape *tape = routing->context->tape;
    const MoeFilled *experts = &layer->place[MOE_PLACE_EXPERTS];
    MoeTensor *rows = experts->part->experts(routing, experts->state);
    MoeTensor *y = moe_combine(tape, rows, routing->gates, routing->picks.place);
    if (layer->pass_dropped)
        y = plus(tape, y, passed_on(routing));
    if (experts->part->shared)
        y = plus(tape, y, experts->part->shared(routing, experts->state));
    return y;
}

MoeTensor *
moe_layer_forward(MoeLayer *layer, MoeContext *context, MoeTensor *x, MoeRouting *routing)
{
    *routing = (MoeRouting){.layer = layer, .context = context};
    const MoeFilled *split = &layer->place[MOE_PLACE_SPLIT];
    const MoeFilled *score = &layer->place[MOE_PLACE_SCORE];
    const MoeFilled *branch = &layer->place[MOE_PLACE_BRANCH];
    routing->units = split->part->split(routing, split->state, x);
    routing->logits = score->part->score(routing, score->state);
    rank(layer, routing);
    decide(layer, routing);
    weigh(layer, routing);
    routing->combined = run_experts(layer, routing);
    if (branch->part)
        routing->branch = branch->part->branch(routing, branch->state);
    MoeTensor *y = plus(context->tape, routing->combined, routing->branch);
    return split->part->join(routing, split->state, y);
}

MoeTensor *
moe_layer_balance_loss(MoeRouting *routing, float *raw)
{
    MoeLayer *layer = routing->layer;
    MoeTape *tape = routing->context->tape;
    MoeTensor *total = NULL;
    for (guint i = 0; i < layer->balance->len; i++) {
        const MoeFilled *balance = &g_array_index(layer->balance, MoeFilled, i);
        if (!balance->part->loss)
            continue;
        MoeTensor *loss = balance->part->loss(routing, balance->state);
        if (!loss)
            continue;
        if (raw)
            raw[i] = loss->data[0];
        loss = moe_affine(tape, loss, (float)balance->part->coefficient(layer->recipe), 0);
        total = total ? moe_add(tape, total, loss) : loss;
    }
    return total;
}
