/* SPDX-License-Identifier: MIT
 *
 * The pipeline. Parts decide; this file runs them in order, applies capacity, dispatches, combines
 * and keeps what was decided.
 */
#include "moe/layer.h"
#include "moe/picks.h"

#include <string.h>

typedef struct {
    const MoePart *part;
    void *state;
} Filled;

struct MoeLayer {
    MoeRecipe *recipe;
    MoeParams *params;
    char *prefix;
    uint64_t seed;
    int index, block, d_model, experts, k, units_per_token, width;
    float route_scale;
    MoeCapacity capacity;
    Filled place[MOE_PLACE_BALANCE]; /* one part each; branch may be empty */
    GArray *balance;                 /* Filled */
    GPtrArray *balance_parts;        /* MoePart, for moe_layer_balance() */
};

static Filled
fill_place(MoeLayer *layer, const MoePart *part)
{
    Filled filled = {part, g_malloc0(MAX(part->state_size, 1))};
    if (part->init)
        part->init(layer, filled.state);
    return filled;
}

static void
fill_balance(MoeLayer *layer)
{
    layer->balance = g_array_new(FALSE, FALSE, sizeof(Filled));
    layer->balance_parts = g_ptr_array_new();
    int n;
    const MoePart *const *parts = moe_parts_list(MOE_PLACE_BALANCE, &n);
    for (int i = 0; i < n; i++) {
        if (!moe_recipe_has(layer->recipe, "moe.balance", parts[i]->name))
            continue;
        Filled filled = fill_place(layer, parts[i]);
        g_array_append_val(layer->balance, filled);
        g_ptr_array_add(layer->balance_parts, (gpointer)parts[i]);
    }
}

MoeLayer *
moe_layer_new(const MoeRecipe *recipe, const MoeLayerSize *size, MoeParams *params, uint64_t seed)
{
    MoeLayer *layer = g_new0(MoeLayer, 1);
    layer->recipe = moe_recipe_copy(recipe);
    layer->params = params;
    layer->prefix = g_strdup(size->prefix);
    layer->seed = seed;
    layer->index = size->index;
    layer->block = size->block;
    layer->d_model = size->d_model;
    layer->experts = (int)moe_recipe_int(recipe, "moe.experts");
    layer->k = (int)moe_recipe_int(recipe, "moe.k");
    layer->route_scale = (float)moe_recipe_real(recipe, "moe.route_scale");
    layer->capacity = moe__capacity_from_recipe(recipe);
    const MoePart *split = moe__part_of_recipe(recipe, MOE_PLACE_SPLIT);
    split->shape(recipe, size->d_model, &layer->units_per_token, &layer->width);
    for (int place = 0; place < MOE_PLACE_BALANCE; place++) {
        const MoePart *part = moe__part_of_recipe(recipe, (MoePlace)place);
        if (part)
            layer->place[place] = fill_place(layer, part);
    }
    fill_balance(layer);
    return layer;
}

void
moe_layer_free(MoeLayer *layer)
{
    if (!layer)
        return;
    for (int place = 0; place < MOE_PLACE_BALANCE; place++)
        g_free(layer->place[place].state);
    for (guint i = 0; i < layer->balance->len; i++)
        g_free(g_array_index(layer->balance, Filled, i).state);
    g_array_unref(layer->balance);
    g_ptr_array_unref(layer->balance_parts);
    moe_recipe_free(layer->recipe);
    g_free(layer->prefix);
    g_free(layer);
}

MoeTensor *
moe_routing_probabilities(MoeRouting *routing)
{
    if (!routing->probabilities)
        routing->probabilities = moe_softmax(routing->context->tape, routing->logits);
    return routing->probabilities;
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
decide(MoeLayer *layer, MoeRouting *routing)
{
    MoeArena *keep = routing->context->keep;
    const Filled *select = &layer->place[MOE_PLACE_SELECT];
    moe__picks_new(&routing->picks, keep, moe_tensor_rows(routing->logits), layer->experts,
                   layer->k);
    select->part->select(routing, select->state);
    unpick_padding(routing);
    moe__capacity_apply(&layer->capacity, routing, layer->units_per_token);
    moe__picks_dispatch(&routing->picks, keep);
}

static void
weigh(MoeLayer *layer, MoeRouting *routing)
{
    const Filled *gate = &layer->place[MOE_PLACE_GATE];
    routing->gates = gate->part->gate(routing, gate->state);
    if (layer->route_scale != 1)
        routing->gates = moe_affine(routing->context->tape, routing->gates, layer->route_scale, 0);
    moe__picks_keep_gates(&routing->picks, routing->context->keep, routing->gates->data);
}

MoeTensor *
moe_layer_forward(MoeLayer *layer, MoeContext *context, MoeTensor *x, MoeRouting *routing)
{
    *routing = (MoeRouting){.layer = layer, .context = context};
    const Filled *split = &layer->place[MOE_PLACE_SPLIT];
    const Filled *score = &layer->place[MOE_PLACE_SCORE];
    const Filled *experts = &layer->place[MOE_PLACE_EXPERTS];
    const Filled *branch = &layer->place[MOE_PLACE_BRANCH];
    routing->units = split->part->split(routing, split->state, x);
    routing->logits = score->part->score(routing, score->state);
    decide(layer, routing);
    weigh(layer, routing);
    MoeTensor *rows = experts->part->experts(routing, experts->state);
    MoeTensor *y = moe_combine(context->tape, rows, routing->gates, routing->picks.place);
    if (branch->part)
        y = moe_add(context->tape, y, branch->part->branch(routing, branch->state));
    return split->part->join(routing, split->state, y);
}

MoeTensor *
moe_layer_balance_loss(MoeRouting *routing, float *raw)
{
    MoeLayer *layer = routing->layer;
    MoeTape *tape = routing->context->tape;
    MoeTensor *total = NULL;
    for (guint i = 0; i < layer->balance->len; i++) {
        const Filled *balance = &g_array_index(layer->balance, Filled, i);
        MoeTensor *loss = balance->part->loss(routing, balance->state);
        if (raw)
            raw[i] = loss->data[0];
        loss = moe_affine(tape, loss, (float)balance->part->coefficient(layer->recipe), 0);
        total = total ? moe_add(tape, total, loss) : loss;
    }
    return total;
}

double
moe_layer_flops(const MoeLayer *layer)
{
    double flops = 0;
    for (int place = 0; place < MOE_PLACE_BALANCE; place++) {
        const Filled *filled = &layer->place[place];
        if (filled->part && filled->part->flops)
            flops += filled->part->flops(layer, filled->state);
    }
    return flops;
}

MoeTensor *
moe_layer_param(MoeLayer *layer, const char *name, int ndim, const int64_t *shape,
                MoeParamFlags flags, int64_t fan_in)
{
    g_autofree char *full = g_strconcat(layer->prefix, name, NULL);
    MoeTensor *x = moe_params_add(layer->params, full, ndim, shape, flags);
    moe_init_from_recipe(x, layer->recipe, full, layer->seed, fan_in,
                         (flags & MOE_PARAM_RESIDUAL) != 0);
    return x;
}

MoeTensor *
moe_layer_param_uniform(MoeLayer *layer, const char *name, int ndim, const int64_t *shape,
                        MoeParamFlags flags, double limit)
{
    g_autofree char *full = g_strconcat(layer->prefix, name, NULL);
    MoeTensor *x = moe_params_add(layer->params, full, ndim, shape, flags);
    moe_init_uniform(x, full, layer->seed, limit);
    return x;
}

uint64_t
moe_layer_seed(const MoeLayer *layer)
{
    /* Weyl steps: layers next to each other get seeds far apart. */
    return layer->seed + ((uint64_t)layer->index + 1) * G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
}

const MoeRecipe *
moe_layer_recipe(const MoeLayer *layer)
{
    return layer->recipe;
}

int
moe_layer_index(const MoeLayer *layer)
{
    return layer->index;
}

int
moe_layer_block(const MoeLayer *layer)
{
    return layer->block;
}

int
moe_layer_experts(const MoeLayer *layer)
{
    return layer->experts;
}

int
moe_layer_k(const MoeLayer *layer)
{
    return layer->k;
}

int
moe_layer_units_per_token(const MoeLayer *layer)
{
    return layer->units_per_token;
}

int
moe_layer_width(const MoeLayer *layer)
{
    return layer->width;
}

const MoePart *
moe_layer_part(const MoeLayer *layer, MoePlace place)
{
    return place < MOE_PLACE_BALANCE ? layer->place[place].part : NULL;
}

const MoePart *const *
moe_layer_balance(const MoeLayer *layer, int *n)
{
    *n = (int)layer->balance_parts->len;
    return (const MoePart *const *)layer->balance_parts->pdata;
}
