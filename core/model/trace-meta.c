/* SPDX-License-Identifier: MIT
 *
 * What a trace says about the model that it was recorded from.
 */
#include "base/json-out.h"
#include "model/recorder.h"

/* Experts that always run. */
static int
shared_experts(const MoeLayer *layer)
{
    bool has = moe_recipe_int(moe_layer_recipe(layer), "moe.shared_hidden") > 0;
    return has && moe_layer_part(layer, MOE_PLACE_EXPERTS)->shared ? 1 : 0;
}

/* Whether the gates as applied sum to one over the picks of every unit. */
static bool
gates_sum_to_one(const MoeLayer *layer)
{
    const MoeRecipe *recipe = moe_layer_recipe(layer);
    const char *gate = moe_layer_part(layer, MOE_PLACE_GATE)->name;
    bool drops = moe_recipe_real(recipe, "moe.capacity_factor") > 0;
    bool kept = moe_recipe_has(recipe, "moe.renormalise", "kept");
    if (moe_recipe_real(recipe, "moe.route_scale") != 1)
        return false;
    return (g_str_equal(gate, "softmax-selected") && !drops) ||
           (g_str_equal(gate, "renormalised") && (!drops || kept));
}

MoeRouterInfo *
moe__router_infos(MoeModel *model, int k)
{
    int n = moe_model_routers(model);
    MoeRouterInfo *infos = g_new0(MoeRouterInfo, MAX(n, 1));
    for (int i = 0; i < n; i++) {
        MoeLayer *layer = moe_model_router(model, i);
        infos[i] = (MoeRouterInfo){
            .layer = moe_layer_block(layer),
            .experts = moe_layer_experts(layer),
            .k = k ? k : moe_layer_k(layer),
            .units_per_token = moe_layer_units_per_token(layer),
            .gates_sum_to_one = gates_sum_to_one(layer),
            .shared = shared_experts(layer),
            .causal = !(moe_layer_part(layer, MOE_PLACE_SELECT)->flags & MOE_PART_NON_CAUSAL),
            .score = (char *)moe_layer_part(layer, MOE_PLACE_SCORE)->name,
            .select = (char *)moe_layer_part(layer, MOE_PLACE_SELECT)->name,
            .gate = (char *)moe_layer_part(layer, MOE_PLACE_GATE)->name,
        };
    }
    return infos;
}

MoeRouterInfo *
moe__run_router_infos(MoeModel *model)
{
    MoeRouterInfo *infos = moe__router_infos(model, 0);
    for (int i = 0; i < moe_model_routers(model); i++)
        if (!moe_layer_k_fixed(moe_model_router(model, i)))
            infos[i].k = 0;
    return infos;
}

static void
append_tokens(GString *out, const MoeTokenizer *tokenizer)
{
    g_string_append(out, ", \"tokens\": [");
    for (int id = 0; id < moe_tokenizer_size(tokenizer); id++) {
        g_autofree char *text = moe_tokenizer_display(tokenizer, id);
        g_string_append(out, id ? ", " : "");
        moe__json_append_string(out, text);
    }
    g_string_append(out, "]");
}

char *
moe__trace_extra(MoeModel *model, const MoeTokenizer *tokenizer, const char *more)
{
    const MoeRecipe *recipe = moe_model_recipe(model);
    g_autofree char *recipe_json = moe_recipe_to_json(recipe);
    MoeParams *params = moe_model_params(model);
    GString *out = g_string_new("{");
    g_string_append_printf(out,
                           "\"variant\": \"%s\", \"model\": {\"params\": %" G_GINT64_FORMAT
                           ", \"active_params\": %" G_GINT64_FORMAT
                           ", \"blocks\": %" G_GINT64_FORMAT "}, ",
                           moe_recipe_text(recipe, "moe.variant"), moe_params_size(params, false),
                           moe_model_active_params(model), moe_recipe_int(recipe, "model.layers"));
    g_string_append_printf(out, "\"tokenizer\": \"%s\", \"library\": \"moescope %s\", ",
                           moe_tokenizer_kind(tokenizer), moe_version());
    g_string_append_printf(out, "\"recipe\": %s", recipe_json);
    append_tokens(out, tokenizer);
    g_string_append(out, more);
    g_string_append(out, "}");
    return g_string_free(out, FALSE);
}
