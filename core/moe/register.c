/* SPDX-License-Identifier: MIT
 *
 * What [moe] and [balance] of a recipe may say: keys, presets, and rules over several keys.
 */
#include "moe/builtin.h"
#include "moe/layer.h"

static const MoeField fields[] = {
    {"moe.variant", MOE_FIELD_CHOICE, "smoe", 0, 0, NULL, NULL,
     "preset that the other keys of [moe] start from"},
    {"moe.every", MOE_FIELD_INT, "1", 0, 1024, NULL, "blocks",
     "every n-th block has an MoE feed-forward, counted from the last of each n; 0: none"},
    {"moe.experts", MOE_FIELD_INT, "8", 1, 4096, NULL, "experts", "routed experts a layer"},
    {"moe.k", MOE_FIELD_INT, "2", 1, 64, NULL, "experts", "experts each unit is sent to"},
    {"moe.hidden", MOE_FIELD_INT, "512", 1, 1 << 20, NULL, "units", "hidden width of an expert"},
    {"moe.activation", MOE_FIELD_CHOICE, "gelu", 0, 0, "relu | gelu | silu | swiglu", NULL,
     "activation of the experts (and of dense feed-forwards)"},
    {"moe.bias", MOE_FIELD_BOOL, "true", 0, 0, NULL, NULL, "experts have biases"},
    {"moe.router_bias", MOE_FIELD_BOOL, "false", 0, 0, NULL, NULL, "a linear router has a bias"},
    {"moe.split", MOE_FIELD_CHOICE, "token", 0, 0, NULL, NULL, "what is routed"},
    {"moe.score", MOE_FIELD_CHOICE, "linear", 0, 0, NULL, NULL,
     "how a unit is scored against the experts"},
    {"moe.select", MOE_FIELD_CHOICE, "topk", 0, 0, NULL, NULL, "which experts are picked"},
    {"moe.gate", MOE_FIELD_CHOICE, "softmax-selected", 0, 0, NULL, NULL,
     "with which weight a picked expert enters"},
    {"moe.renormalise", MOE_FIELD_CHOICE, "picked", 0, 0, "picked | kept", NULL,
     "gate = renormalised: the sum runs over all picks, or over those that capacity kept"},
    {"moe.route_scale", MOE_FIELD_REAL, "1", 0, 1000, NULL, NULL, "factor on all gates"},
    {"moe.branch", MOE_FIELD_CHOICE, "none", 0, 0, NULL, NULL, "what is added beside the experts"},
    {"moe.balance", MOE_FIELD_CHOICES, "switch", 0, 0, NULL, NULL,
     "losses that keep the load even"},
    {"balance.switch", MOE_FIELD_REAL, "0.01", 0, 1000, NULL, NULL, "coefficient of 'switch'"},
    {"balance.gshard", MOE_FIELD_REAL, "0.01", 0, 1000, NULL, NULL, "coefficient of 'gshard'"},
    {"balance.cv2", MOE_FIELD_REAL, "0.01", 0, 1000, NULL, NULL, "coefficient of 'cv2'"},
    {"balance.z_loss", MOE_FIELD_REAL, "0.001", 0, 1000, NULL, NULL, "coefficient of 'z-loss'"},
    {"moe.expert", MOE_FIELD_CHOICE, "ffn", 0, 0, NULL, NULL, "what an expert is"},
    {"hyper.size", MOE_FIELD_INT, "256", 1, 1 << 20, NULL, "units",
     "score = hyper: hidden width of the frozen network that makes the router"},
    {"hyper.match_scale", MOE_FIELD_BOOL, "false", 0, 0, NULL, NULL,
     "score = hyper: scale the router so that its first logits spread like a linear router's"},
    {"cosine.dim", MOE_FIELD_INT, "16", 1, 65536, NULL, "units",
     "score = cosine: dimensions that a unit is reduced to"},
    {"cosine.flavor", MOE_FIELD_CHOICE, "code", 0, 0, "code | paper", NULL,
     "score = cosine: 'paper' also normalises the unit and divides by a learned temperature"},
    {"cosine.temperature", MOE_FIELD_REAL, "0.3", 0.001, 1000, NULL, NULL,
     "score = cosine, flavor = paper: the temperature to start from"},
    {"balance.temperature", MOE_FIELD_REAL, "1", 0.001, 1000, NULL, NULL,
     "'switch' and 'gshard' take P from softmax(z / temperature)"},
    {"moe.capacity_factor", MOE_FIELD_REAL, "0", 0, 1000, NULL, NULL,
     "slots an expert = factor x k x units / experts, in training; 0: unlimited, no drops"},
    {"moe.capacity_eval_factor", MOE_FIELD_REAL, "2", 0, 1000, NULL, NULL,
     "the same at evaluation (where capacity_factor limits); 0: unlimited"},
    {"moe.capacity_eval_fraction", MOE_FIELD_REAL, "0", 0, 1, NULL, NULL,
     "instead: slots = fraction x units at evaluation; 0: off"},
    {"moe.capacity_min", MOE_FIELD_INT, "1", 0, 1 << 30, NULL, "slots", "at least so many slots"},
    {"moe.capacity_fill", MOE_FIELD_CHOICE, "position", 0, 0, "position | probability | random",
     NULL, "who queues first; first choices always before second choices"},
    {"moe.capacity_rounding", MOE_FIELD_CHOICE, "product", 0, 0, "product | share", NULL,
     "ceil(factor x k x units / experts), or k x ceil(factor x units / experts)"},
    {"moe.capacity_group", MOE_FIELD_CHOICE, "batch", 0, 0, "batch | sequence", NULL,
     "units that share a capacity"},
    {"heads.count", MOE_FIELD_INT, "4", 1, 1024, NULL, "heads",
     "split = heads: sub-tokens a token, each routed by itself; 1: whole tokens, no extra layers"},
};

static const MoePreset presets[] = {
    {"moe.variant", "smoe", "moe.k=2\nmoe.gate=softmax-selected\nmoe.balance=switch",
     "sparse MoE, top-2, softmax over the selected, no drops (Shazeer et al. 2017)"},
    {"moe.variant", "switch",
     "moe.k=1\nmoe.gate=softmax-all\nmoe.balance=switch\nmoe.capacity_factor=1.25\n"
     "moe.capacity_eval_factor=2",
     "Switch Transformer: top-1, gate p, capacity 1.25 (Fedus et al. 2022)"},
    {"moe.variant", "gshard",
     "moe.k=2\nmoe.gate=renormalised\nmoe.renormalise=kept\nmoe.balance=gshard\n"
     "moe.capacity_factor=1.25\nmoe.capacity_eval_factor=2",
     "GShard: top-2, renormalised over the kept, capacity 1.25 (Lepikhin et al. 2021)"},
    {"moe.variant", "mhmoe",
     "moe.split=heads\nheads.count=4\nmoe.k=2\nmoe.gate=softmax-all\nmoe.balance=gshard\n"
     "moe.activation=swiglu\nmoe.bias=false\nmoe.capacity_factor=1\n"
     "moe.capacity_eval_factor=1\nmoe.capacity_rounding=share",
     "MH-MoE: four sub-tokens a token, top-2 each, gate p, SwiGLU (Wu et al. 2024)"},
    {"moe.variant", "dense", "moe.every=0\nmoe.balance=none",
     "no experts: feed-forwards as wide as k experts together, the same FLOPs a token"},
    {"moe.variant", "smoe-dropout",
     "moe.k=2\nmoe.score=frozen\nmoe.gate=softmax-selected\nmoe.balance=none",
     "random frozen router, no balance loss (Chen et al. 2023)"},
    {"moe.variant", "hyperrouter",
     "moe.k=2\nmoe.score=hyper\nmoe.gate=softmax-selected\nmoe.balance=none",
     "router from a frozen hypernetwork of a trained embedding (Do et al. 2023)"},
    {"moe.variant", "xmoe",
     "moe.k=2\nmoe.score=cosine\nmoe.gate=softmax-selected\nmoe.balance=none",
     "X-MoE: experts as directions in few dimensions (Chi et al. 2022)"},
    {"moe.variant", "stablemoe",
     "moe.k=2\nmoe.score=unit\nmoe.gate=softmax-selected\nmoe.balance=none",
     "experts as directions; StableMoE in the code of CompeteSMoE (Pham et al. 2024)"},
    {"moe.branch", "none", "", "nothing beside the experts"},
};

const MoePart *
moe__part_of_recipe(const MoeRecipe *recipe, MoePlace place)
{
    return moe_part_find(place, moe_recipe_text(recipe, moe_place_key(place)));
}

static void
rule_numbers(const MoeRecipe *recipe, GPtrArray *problems)
{
    int64_t experts = moe_recipe_int(recipe, "moe.experts"), k = moe_recipe_int(recipe, "moe.k");
    if (k > experts)
        g_ptr_array_add(problems, g_strdup_printf("moe.k: %" G_GINT64_FORMAT
                                                  " experts a unit, but only %" G_GINT64_FORMAT
                                                  " in moe.experts",
                                                  k, experts));
    bool unlimited = moe_recipe_real(recipe, "moe.capacity_factor") == 0;
    if (unlimited && moe_recipe_has(recipe, "moe.renormalise", "kept"))
        g_ptr_array_add(problems, g_strdup("moe.renormalise: 'kept' needs a capacity "
                                           "(moe.capacity_factor), else nothing is dropped"));
}

static void
rule_heads(const MoeRecipe *recipe, GPtrArray *problems)
{
    int64_t d = moe_recipe_int(recipe, "model.d_model"), h = moe_recipe_int(recipe, "heads.count");
    bool used = moe_recipe_has(recipe, "moe.split", "heads") && moe_recipe_int(recipe, "moe.every");
    if (used && d % h != 0)
        g_ptr_array_add(problems,
                        g_strdup_printf("heads.count: model.d_model (%" G_GINT64_FORMAT
                                        ") is not a multiple of %" G_GINT64_FORMAT " heads",
                                        d, h));
}

void
moe__moe_register(void)
{
    static const MoePart *const parts[] = {
        &moe__split_token,       &moe__split_heads,
        &moe__score_linear,      &moe__score_frozen,
        &moe__score_hyper,       &moe__score_cosine,
        &moe__score_unit,        &moe__select_topk,
        &moe__gate_softmax_all,  &moe__gate_softmax_selected,
        &moe__gate_renormalised, &moe__gate_sigmoid,
        &moe__gate_one,          &moe__experts_ffn,
        &moe__balance_switch,    &moe__balance_gshard,
        &moe__balance_cv2,       &moe__balance_z,
    };
    moe_fields_add(fields, G_N_ELEMENTS(fields));
    moe_presets_add(presets, G_N_ELEMENTS(presets));
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autoptr(GError) error = NULL;
        if (!moe_part_add(parts[i], &error))
            g_error("%s", error->message);
    }
    moe_rules_add(rule_numbers);
    moe_rules_add(rule_heads);
}
