/* SPDX-License-Identifier: MIT
 *
 * Capacity: an expert takes a limited number of units; who comes later is dropped. All first
 * choices queue before any second choice, and so on; within a choice the order is
 *   position     first come, first served (GShard, Switch)
 *   probability  units sorted by their largest probability (batch-prioritised routing, Riquelme
 *                et al. 2021)
 *   random       random picks are kept, and queue in the order of their units before those that
 *                aren't (random token selection in the code of DeepSpeed, top1gating)
 * A pick over capacity still counts in the queue, as in the reference implementations.
 */
#include "moe/picks.h"

#include <math.h>
#include <string.h>

MoeCapacity
moe__capacity_from_recipe(const MoeRecipe *recipe)
{
    return (MoeCapacity){
        .factor = moe_recipe_real(recipe, "moe.capacity_factor"),
        .eval_factor = moe_recipe_real(recipe, "moe.capacity_eval_factor"),
        .slots = moe_recipe_int(recipe, "moe.capacity_slots"),
        .eval_fraction = moe_recipe_real(recipe, "moe.capacity_eval_fraction"),
        .least = moe_recipe_int(recipe, "moe.capacity_min"),
        .fill = (MoeFill)moe_recipe_choice(recipe, "moe.capacity_fill"),
        .rounding = (MoeCapacityRounding)moe_recipe_choice(recipe, "moe.capacity_rounding"),
        .per_sequence = moe_recipe_has(recipe, "moe.capacity_group", "sequence"),
    };
}

int64_t
moe__capacity_slots(const MoeCapacity *c, int64_t units, int experts, int k, bool train)
{
    if (c->slots > 0)
        return c->slots;
    if (c->factor <= 0)
        return 0;
    int64_t slots;
    double factor = train ? c->factor : c->eval_factor;
    if (!train && c->eval_fraction > 0)
        slots = (int64_t)ceil(c->eval_fraction * (double)units);
    else if (factor <= 0)
        return 0;
    else if (c->rounding == MOE_ROUND_SHARE)
        slots = k * (int64_t)ceil(factor * (double)units / experts);
    else
        slots = (int64_t)ceil(factor * (double)(k * units) / experts);
    return MAX(slots, MAX(c->least, 1));
}

typedef struct {
    float key;
    int64_t unit;
} Ranked;

static int
by_key_then_position(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;
    if (x->key != y->key)
        return x->key > y->key ? -1 : 1;
    return (x->unit > y->unit) - (x->unit < y->unit);
}

static float
top_probability(const float *z, int n)
{
    float top = z[0];
    double sum = 0;
    for (int e = 1; e < n; e++)
        top = MAX(top, z[e]);
    for (int e = 0; e < n; e++)
        sum += exp((double)z[e] - top);
    return (float)(1 / sum);
}

/* The order in which the units of a group queue. */
static void
order_units(MoeFill fill, const MoeRouting *routing, int64_t from, int64_t n, Ranked *order)
{
    int E = routing->picks.experts;
    for (int64_t i = 0; i < n; i++) {
        order[i] = (Ranked){0, from + i};
        if (fill == MOE_FILL_PROBABILITY)
            order[i].key = top_probability(routing->logits->data + (from + i) * E, E);
    }
    if (fill == MOE_FILL_PROBABILITY)
        qsort(order, (size_t)n, sizeof *order, by_key_then_position);
}

static void
fill_group(MoePicks *picks, const Ranked *order, int64_t n, int64_t *queue)
{
    for (int e = 0; e < picks->experts; e++)
        queue[e] = 0;
    for (int j = 0; j < picks->k; j++)
        for (int64_t i = 0; i < n; i++) {
            int64_t p = order[i].unit * picks->k + j;
            if (picks->expert[p] < 0)
                continue;
            picks->slot[p] = (int32_t)queue[picks->expert[p]]++;
            picks->dropped[p] = picks->slot[p] >= picks->capacity;
        }
}

/* Who of the j-th choices is dropped: of each expert's, all but the largest keys that its room
 * holds. */
static void
drop_at_random(MoePicks *picks, int j, const Ranked *order, int64_t n, const int64_t *queue)
{
    g_autofree int64_t *room = g_new(int64_t, picks->experts);
    for (int e = 0; e < picks->experts; e++)
        room[e] = picks->capacity - queue[e];
    for (int64_t i = 0; i < n; i++) {
        int64_t p = order[i].unit * picks->k + j;
        if (picks->expert[p] >= 0)
            picks->dropped[p] = room[picks->expert[p]]-- <= 0;
    }
}

/* Slots of the j-th choices that are dropped, or of those that aren't, in the order of units. */
static void
queue_up(MoePicks *picks, int j, bool dropped, int64_t from, int64_t n, int64_t *queue)
{
    for (int64_t u = from; u < from + n; u++) {
        int64_t p = u * picks->k + j;
        if (picks->expert[p] >= 0 && picks->dropped[p] == dropped)
            picks->slot[p] = (int32_t)queue[picks->expert[p]]++;
    }
}

/* The key of pick (u, e) is noise[u, e], if the context replays one. */
static void
fill_group_at_random(MoeRouting *routing, int64_t from, int64_t n, Ranked *order, int64_t *queue)
{
    MoePicks *picks = &routing->picks;
    const float *noise = routing->context->noise;
    /* A stream for each layer and group: a pick that is dropped here may be kept there. */
    uint64_t stream = G_GUINT64_CONSTANT(0xcafa) << 48 |
                      (uint64_t)moe_layer_index(routing->layer) << 32 | (uint64_t)from;
    MoeRng rng = moe_rng(routing->context->seed, stream);
    for (int e = 0; e < picks->experts; e++)
        queue[e] = 0;
    for (int j = 0; j < picks->k; j++) {
        for (int64_t i = 0; i < n; i++) {
            int64_t u = from + i;
            int32_t e = MAX(picks->expert[u * picks->k + j], 0);
            order[i] = (Ranked){noise ? noise[u * picks->experts + e] : moe_rng_uniform(&rng), u};
        }
        qsort(order, (size_t)n, sizeof *order, by_key_then_position);
        drop_at_random(picks, j, order, n, queue);
        queue_up(picks, j, false, from, n, queue);
        queue_up(picks, j, true, from, n, queue);
    }
}

void
moe__capacity_apply(const MoeCapacity *capacity, MoeRouting *routing, int units_per_token)
{
    MoePicks *picks = &routing->picks;
    MoeContext *context = routing->context;
    int64_t group = picks->units;
    if (capacity->per_sequence && context->length > 0)
        group = (int64_t)context->length * units_per_token;
    picks->capacity =
        moe__capacity_slots(capacity, group, picks->experts, picks->k, context->train);
    if (picks->capacity == 0 || picks->units == 0)
        return;
    size_t n = (size_t)(picks->units * picks->k);
    picks->slot = moe_arena_alloc(context->keep, n * sizeof *picks->slot);
    memset(picks->slot, 0xff, n * sizeof *picks->slot);
    g_autofree Ranked *order = g_new(Ranked, group);
    g_autofree int64_t *queue = g_new(int64_t, picks->experts);
    for (int64_t from = 0; from < picks->units; from += group) {
        int64_t here = MIN(group, picks->units - from);
        if (capacity->fill == MOE_FILL_RANDOM) {
            fill_group_at_random(routing, from, here, order, queue);
            continue;
        }
        order_units(capacity->fill, routing, from, here, order);
        fill_group(picks, order, here, queue);
    }
}
