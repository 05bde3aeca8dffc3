/* SPDX-License-Identifier: MIT */
#include "costs.h"

#include "json.h"

#include <stdio.h>
#include <string.h>

/* What is asked of a model: tokens a sequence, and a pass, of its training. */
typedef struct {
    int length;
    int64_t tokens;
    bool buffers, pass; /* columns that would be empty are left out */
} Frame;

static Frame
frame_of(const MoeModel *model)
{
    const MoeRecipe *recipe = moe_model_recipe(model);
    Frame frame = {.length = (int)moe_recipe_int(recipe, "train.length")};
    frame.tokens = moe_recipe_int(recipe, "train.batch") * frame.length;
    MoeCost cost = moe_model_cost(model, frame.length, frame.tokens);
    frame.buffers = cost.buffers > 0;
    frame.pass = cost.pass_flops > 0;
    return frame;
}

static MoeCost
place_cost(const MoeLayer *layer, MoePlace place, const Frame *frame)
{
    return moe_layer_place_cost(layer, place, frame->tokens * moe_layer_units_per_token(layer));
}

static MoeCost
layer_cost(const MoeLayer *layer, const Frame *frame)
{
    return moe_layer_cost(layer, frame->tokens * moe_layer_units_per_token(layer));
}

/* The names of the parts of a place, separated by commas. (transfer full) */
static char *
parts_of(const MoeLayer *layer, MoePlace place)
{
    int n = 1;
    const MoePart *one = moe_layer_part(layer, place);
    const MoePart *const *parts = place == MOE_PLACE_BALANCE ? moe_layer_balance(layer, &n) : &one;
    GString *names = g_string_new(NULL);
    for (int i = 0; i < n; i++)
        if (parts[i])
            g_string_append_printf(names, "%s%s", i ? ", " : "", parts[i]->name);
    return g_string_free(names, FALSE);
}

/* All but the routed layers. */
static MoeCost
outside(const MoeModel *model, const Frame *frame)
{
    MoeCost rest = moe_model_cost(model, frame->length, frame->tokens);
    for (int i = 0; i < moe_model_routers(model); i++) {
        MoeCost layer = layer_cost(moe_model_router(model, i), frame);
        rest.params -= layer.params;
        rest.active -= layer.active;
        rest.trained -= layer.trained;
        rest.frozen -= layer.frozen;
        rest.buffers -= layer.buffers;
        rest.flops -= layer.flops;
        rest.train_flops -= layer.train_flops;
        rest.pass_flops -= layer.pass_flops;
        rest.pass_train_flops -= layer.pass_train_flops;
    }
    return rest;
}

/* --- As a table --------------------------------------------------------------------------------*/

static void
print_head(const Frame *frame)
{
    printf("%-26s%12s%12s%12s%12s", "costs", "parameters", "active", "trained", "frozen");
    printf(frame->buffers ? "%12s" : "%s", frame->buffers ? "buffers" : "");
    printf("%12s%12s", "MF forward", "MF training");
    printf(frame->pass ? "%14s%15s\n" : "%s%s\n", frame->pass ? "pass forward" : "",
           frame->pass ? "pass training" : "");
}

static void
print_cost(const char *label, const MoeCost *c, const Frame *frame)
{
    const int64_t counts[] = {c->params, c->active, c->trained, c->frozen};
    printf("%-26s", label);
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        printf("%12" G_GINT64_FORMAT, counts[i]);
    if (frame->buffers)
        printf("%12" G_GINT64_FORMAT, c->buffers);
    printf("%12.4f%12.4f", 1e-6 * c->flops, 1e-6 * c->train_flops);
    if (frame->pass)
        printf("%14.4f%15.4f", 1e-6 * c->pass_flops, 1e-6 * c->pass_train_flops);
    printf("\n");
}

static void
print_places(const MoeLayer *layer, const Frame *frame)
{
    static const MoeCost nothing = {0};
    for (int place = 0; place < MOE_N_PLACES; place++) {
        MoeCost cost = place_cost(layer, (MoePlace)place, frame);
        if (memcmp(&cost, &nothing, sizeof cost) == 0)
            continue;
        g_autofree char *parts = parts_of(layer, (MoePlace)place);
        g_autofree char *label =
            g_strdup_printf("    %s %s", moe_place_name((MoePlace)place), parts);
        print_cost(label, &cost, frame);
    }
}

/* The first router after `from` whose layer costs something else, or the number of routers. */
static int
end_of_alike(const MoeModel *model, int from, const Frame *frame)
{
    int i = from + 1;
    for (; i < moe_model_routers(model); i++)
        for (int place = 0; place < MOE_N_PLACES; place++) {
            MoeCost a = place_cost(moe_model_router(model, from), (MoePlace)place, frame);
            MoeCost b = place_cost(moe_model_router(model, i), (MoePlace)place, frame);
            if (memcmp(&a, &b, sizeof a) != 0)
                return i;
        }
    return i;
}

void
cmd_costs_print(const MoeModel *model)
{
    Frame frame = frame_of(model);
    MoeCost all = moe_model_cost(model, frame.length, frame.tokens), rest = outside(model, &frame);
    print_head(&frame);
    print_cost("  model", &all, &frame);
    if (moe_model_routers(model) > 0)
        print_cost("  outside routed layers", &rest, &frame);
    for (int i = 0, end; i < moe_model_routers(model); i = end) {
        end = end_of_alike(model, i, &frame);
        const MoeLayer *layer = moe_model_router(model, i);
        MoeCost cost = layer_cost(layer, &frame);
        g_autofree char *label = end == i + 1
                                     ? g_strdup_printf("  layer of router %d", i)
                                     : g_strdup_printf("  of routers %d to %d, each", i, end - 1);
        print_cost(label, &cost, &frame);
        print_places(layer, &frame);
    }
    printf("  active: of one token's forward pass; MF: MFLOP of matrix products, a token in "
           "sequences of %d%s\n",
           frame.length,
           frame.pass ? ";\n  a pass: beside that, to generate weights, a batch" : "");
}

/* --- As JSON -----------------------------------------------------------------------------------*/

static void
json_cost(GString *json, const char *key, const MoeCost *c)
{
    json_open(json, key, '{');
    json_int(json, "params", c->params);
    json_int(json, "active", c->active);
    json_int(json, "trained", c->trained);
    json_int(json, "frozen", c->frozen);
    json_int(json, "buffers", c->buffers);
    json_real(json, "flops", c->flops);
    json_real(json, "train_flops", c->train_flops);
    json_real(json, "pass_flops", c->pass_flops);
    json_real(json, "pass_train_flops", c->pass_train_flops);
    json_close(json, '}');
}

static void
json_router(GString *json, const MoeLayer *layer, const Frame *frame)
{
    MoeCost all = layer_cost(layer, frame);
    json_open(json, NULL, '{');
    json_int(json, "block", moe_layer_block(layer));
    json_int(json, "experts", moe_layer_experts(layer));
    json_int(json, "k", moe_layer_k(layer));
    json_int(json, "units_per_token", moe_layer_units_per_token(layer));
    json_cost(json, "costs", &all);
    json_open(json, "places", '{');
    for (int place = 0; place < MOE_N_PLACES; place++) {
        MoeCost cost = place_cost(layer, (MoePlace)place, frame);
        g_autofree char *parts = parts_of(layer, (MoePlace)place);
        if (!*parts)
            continue;
        json_open(json, moe_place_name((MoePlace)place), '{');
        json_text(json, "parts", parts);
        json_cost(json, "costs", &cost);
        json_close(json, '}');
    }
    json_close(json, '}');
    json_close(json, '}');
}

void
cmd_costs_json(GString *json, const MoeModel *model)
{
    Frame frame = frame_of(model);
    MoeCost all = moe_model_cost(model, frame.length, frame.tokens), rest = outside(model, &frame);
    json_int(json, "length", frame.length);
    json_int(json, "tokens_a_pass", frame.tokens);
    json_cost(json, "costs", &all);
    json_cost(json, "outside", &rest);
    json_open(json, "routers", '[');
    for (int i = 0; i < moe_model_routers(model); i++)
        json_router(json, moe_model_router(model, i), &frame);
    json_close(json, ']');
}
