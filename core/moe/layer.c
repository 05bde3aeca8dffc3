/* SPDX-License-Identifier: MIT
 *
 * A layer as it is built, and what others ask it. What a pass does stands in pass.c.
 */
#include "moe/layer.h"

static MoeFilled
fill_place(MoeLayer *layer, const MoePart *part)
{
    MoeFilled filled = {
        .part = part,
        .state = g_malloc0(MAX(part->state_size, 1)),
        .uses = g_array_new(FALSE, FALSE, sizeof(int)),
        .own = moe_params_count(layer->params),
    };
    layer->uses = filled.uses;
    if (part->init)
        part->init(layer, filled.state);
    return filled;
}

static void
fill_balance(MoeLayer *layer)
{
    layer->balance = g_array_new(FALSE, FALSE, sizeof(MoeFilled));
    layer->balance_parts = g_ptr_array_new();
    int n;
    const MoePart *const *parts = moe_parts_list(MOE_PLACE_BALANCE, &n);
    for (int i = 0; i < n; i++) {
        if (!moe_recipe_has(layer->recipe, "moe.balance", parts[i]->name))
            continue;
        MoeFilled filled = fill_place(layer, parts[i]);
        g_array_append_val(layer->balance, filled);
        g_ptr_array_add(layer->balance_parts, (gpointer)parts[i]);
    }
}

static bool
k_varies(const MoeLayer *layer)
{
    return layer->place[MOE_PLACE_SELECT].part->flags & MOE_PART_K_VARIES;
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
    layer->vocabulary = size->vocabulary;
    layer->experts = (int)moe_recipe_int(recipe, "moe.experts");
    layer->k = moe__k_rule_from_recipe(recipe);
    layer->route_scale = (float)moe_recipe_real(recipe, "moe.route_scale");
    layer->sigmoid = moe_recipe_has(recipe, "moe.affinity", "sigmoid");
    layer->pass_dropped = moe_recipe_has(recipe, "moe.dropped", "pass");
    layer->capacity = moe__capacity_from_recipe(recipe);
    const MoePart *split = moe__part_of_recipe(recipe, MOE_PLACE_SPLIT);
    split->shape(recipe, size->d_model, &layer->units_per_token, &layer->width);
    for (int place = 0; place < MOE_PLACE_BALANCE; place++) {
        const MoePart *part = moe__part_of_recipe(recipe, (MoePlace)place);
        if (part)
            layer->place[place] = fill_place(layer, part);
    }
    fill_balance(layer);
    layer->mean_k = k_varies(layer) ? layer->place[MOE_PLACE_SELECT].part->mean_k(layer->recipe)
                                    : layer->k.eval;
    return layer;
}

static void
free_state(MoeLayer *layer, const MoeFilled *filled, void *user)
{
    if (filled->part->clear)
        filled->part->clear(filled->state);
    g_array_unref(filled->uses);
    g_free(filled->state);
}

void
moe_layer_free(MoeLayer *layer)
{
    if (!layer)
        return;
    moe__layer_visit(layer, free_state, NULL);
    g_array_unref(layer->balance);
    g_ptr_array_unref(layer->balance_parts);
    moe_recipe_free(layer->recipe);
    g_free(layer->prefix);
    g_free(layer);
}

void
moe__layer_visit(MoeLayer *layer, MoeVisit visit, void *user)
{
    for (int place = 0; place < MOE_PLACE_BALANCE; place++)
        if (layer->place[place].part)
            visit(layer, &layer->place[place], user);
    for (guint i = 0; i < layer->balance->len; i++)
        visit(layer, &g_array_index(layer->balance, MoeFilled, i), user);
}

/* --- Parameters ------------------------------------------------------------------------------- */

/* Adds a parameter, zeroed, for the part that is being filled in. */
static MoeTensor *
add(MoeLayer *layer, const char *name, int ndim, const int64_t *shape, MoeParamFlags flags)
{
    int place = moe_params_count(layer->params);
    g_array_append_val(layer->uses, place);
    return moe_params_add(layer->params, name, ndim, shape, flags);
}

MoeTensor *
moe_layer_param(MoeLayer *layer, const char *name, int ndim, const int64_t *shape,
                MoeParamFlags flags, int64_t fan_in)
{
    g_autofree char *full = g_strconcat(layer->prefix, name, NULL);
    MoeTensor *x = add(layer, full, ndim, shape, flags);
    moe_init_from_recipe(x, layer->recipe, full, layer->seed, fan_in,
                         (flags & MOE_PARAM_RESIDUAL) != 0);
    return x;
}

MoeTensor *
moe_layer_param_uniform(MoeLayer *layer, const char *name, int ndim, const int64_t *shape,
                        MoeParamFlags flags, double limit)
{
    g_autofree char *full = g_strconcat(layer->prefix, name, NULL);
    MoeTensor *x = add(layer, full, ndim, shape, flags);
    moe_init_uniform(x, full, layer->seed, limit);
    return x;
}

MoeTensor *
moe_layer_shared_param(MoeLayer *layer, const char *name, int ndim, const int64_t *shape,
                       MoeParamFlags flags, bool *is_new)
{
    g_autofree char *full = g_strconcat("moe.", name, NULL);
    MoeTensor *x = moe_params_find(layer->params, full);
    *is_new = x == NULL;
    if (*is_new)
        return add(layer, full, ndim, shape, flags);
    for (int i = 0; i < moe_params_count(layer->params); i++)
        if (moe_params_get(layer->params, i)->tensor == x)
            g_array_append_val(layer->uses, i);
    return x;
}

uint64_t
moe_layer_seed(const MoeLayer *layer)
{
    /* Weyl steps: layers next to each other get seeds far apart. */
    return layer->seed + ((uint64_t)layer->index + 1) * G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
}

/* --- Picks a unit ----------------------------------------------------------------------------- */

int
moe_layer_k(const MoeLayer *layer)
{
    return k_varies(layer) ? 0 : layer->k.eval;
}

double
moe_layer_mean_k(const MoeLayer *layer)
{
    return layer->mean_k;
}

int
moe_layer_k_at(const MoeLayer *layer, int64_t step)
{
    const MoeKRule *k = &layer->k;
    return k_varies(layer) ? 0 : moe_k_schedule(k->schedule, k->low, k->high, step, k->steps);
}

bool
moe_layer_k_fixed(const MoeLayer *layer)
{
    const MoeKRule *k = &layer->k;
    bool constant = k->schedule == MOE_K_CONSTANT || k->low == k->high;
    return !k_varies(layer) && constant && k->eval == k->high;
}

/* --- Around a training step --------------------------------------------------------------------*/

static void
before_step(MoeLayer *layer, const MoeFilled *filled, void *user)
{
    if (filled->part->before_step)
        filled->part->before_step(layer, filled->state, *(int64_t *)user);
}

void
moe_layer_before_step(MoeLayer *layer, int64_t step)
{
    moe__layer_visit(layer, before_step, &step);
    moe_params_touch(layer->params);
}

typedef struct {
    int64_t step;
    const int64_t *load;
} Done;

static void
after_step(MoeLayer *layer, const MoeFilled *filled, void *user)
{
    const Done *done = user;
    if (filled->part->after_step)
        filled->part->after_step(layer, filled->state, done->step, done->load);
}

void
moe_layer_after_step(MoeLayer *layer, int64_t step, const int64_t *load)
{
    Done done = {step, load};
    moe__layer_visit(layer, after_step, &done);
    moe_params_touch(layer->params);
}

/* --- What others ask ---------------------------------------------------------------------------*/

const MoeRecipe *
moe_layer_recipe(const MoeLayer *layer)
{
    return layer->recipe;
}

MoeParams *
moe_layer_params(const MoeLayer *layer)
{
    return layer->params;
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
moe_layer_units_per_token(const MoeLayer *layer)
{
    return layer->units_per_token;
}

int
moe_layer_width(const MoeLayer *layer)
{
    return layer->width;
}

int
moe_layer_vocabulary(const MoeLayer *layer)
{
    return layer->vocabulary;
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
