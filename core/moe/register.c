/* SPDX-License-Identifier: MIT
 *
 * What [moe] of a recipe may say, whatever parts it chooses, and the built-in parts. A part brings
 * its own keys.
 */
#include "moe/builtin.h"
#include "moe/layer.h"

static const MoeField fields[] = {
    /* Before moe.variant, whose choice it overrides in part. */
    {"stablemoe.flavor", MOE_FIELD_CHOICE, "code", 0, 0, NULL, NULL,
     "which method moe.variant = stablemoe is: that of CompeteSMoE's code, or of the paper"},
    {"moe.variant", MOE_FIELD_CHOICE, "smoe", 0, 0, NULL, NULL,
     "preset that the other keys of [moe] start from"},
    {"moe.every", MOE_FIELD_INT, "1", 0, 1024, NULL, "blocks",
     "every n-th block has an MoE feed-forward, counted from the last of each n; 0: none"},
    {"moe.experts", MOE_FIELD_INT, "8", 1, 4096, NULL, "experts", "routed experts a layer"},
    {"moe.k", MOE_FIELD_INT, "2", 1, 64, NULL, "experts", "experts each unit is sent to"},
    {"moe.k_schedule", MOE_FIELD_CHOICE, "constant", 0, 0,
     "constant | linear-increase | linear-decrease | cosine-increase | cosine-decrease | "
     "exp-increase | multi-step",
     NULL, "how experts a unit go between moe.k_min and moe.k over training"},
    {"moe.k_min", MOE_FIELD_INT, "1", 1, 64, NULL, "experts", "the least of moe.k_schedule"},
    {"moe.k_eval", MOE_FIELD_INT, "0", 0, 64, NULL, "experts",
     "experts each unit is sent to at evaluation; 0: moe.k"},
    {"moe.hidden", MOE_FIELD_INT, "512", 1, 1 << 20, NULL, "units", "hidden width of an expert"},
    {"moe.activation", MOE_FIELD_CHOICE, "gelu", 0, 0, "relu | gelu | silu | swiglu | gelu-tanh",
     NULL, "activation of the experts (and of dense feed-forwards)"},
    {"moe.bias", MOE_FIELD_BOOL, "true", 0, 0, NULL, NULL, "experts have biases"},
    {"moe.split", MOE_FIELD_CHOICE, "token", 0, 0, NULL, NULL, "what is routed"},
    {"moe.score", MOE_FIELD_CHOICE, "linear", 0, 0, NULL, NULL,
     "how a unit is scored against the experts"},
    {"moe.select", MOE_FIELD_CHOICE, "topk", 0, 0, NULL, NULL, "which experts are picked"},
    {"moe.gate", MOE_FIELD_CHOICE, "softmax-selected", 0, 0, NULL, NULL,
     "with which weight a picked expert enters"},
    {"moe.affinity", MOE_FIELD_CHOICE, "softmax", 0, 0, "softmax | sigmoid", NULL,
     "what makes affinities of logits: for gate = renormalised, and where selection adds to them"},
    {"moe.route_scale", MOE_FIELD_REAL, "1", 0, 1000, NULL, NULL, "factor on all gates"},
    {"moe.branch", MOE_FIELD_CHOICE, "none", 0, 0, NULL, NULL, "what is added beside the experts"},
    {"moe.balance", MOE_FIELD_CHOICES, "switch", 0, 0, NULL, NULL,
     "losses that keep the load even"},
    {"moe.expert", MOE_FIELD_CHOICE, "ffn", 0, 0, NULL, NULL, "what an expert is"},
    {"balance.temperature", MOE_FIELD_REAL, "1", 0.001, 1000, NULL, NULL,
     "'switch' and 'gshard' take P from softmax(z / temperature)"},
    {"moe.allow_noncausal", MOE_FIELD_BOOL, "false", 0, 0, NULL, NULL,
     "take a select part whose picks for a token depend on later tokens; traces are marked"},
    {"balance.group", MOE_FIELD_CHOICE, "batch", 0, 0, "batch | sequence", NULL,
     "'switch' and 'gshard' are taken over the batch, or a sequence and averaged"},
    {"moe.capacity_factor", MOE_FIELD_REAL, "0", 0, 1000, NULL, NULL,
     "slots an expert = factor x k x units / experts, in training; 0: unlimited, no drops"},
    {"moe.capacity_eval_factor", MOE_FIELD_REAL, "2", 0, 1000, NULL, NULL,
     "the same at evaluation (where capacity_factor limits); 0: unlimited"},
    {"moe.capacity_eval_fraction", MOE_FIELD_REAL, "0", 0, 1, NULL, NULL,
     "instead: slots = fraction x units at evaluation; 0: off"},
    {"moe.capacity_slots", MOE_FIELD_INT, "0", 0, 1 << 30, NULL, "slots",
     "instead: so many slots an expert, in training and at evaluation; 0: off"},
    {"moe.dropped", MOE_FIELD_CHOICE, "zero", 0, 0, "zero | pass", NULL,
     "a dropped pick adds nothing, or the unit itself times its gate (Switch)"},
    {"moe.capacity_min", MOE_FIELD_INT, "1", 0, 1 << 30, NULL, "slots", "at least so many slots"},
    {"moe.capacity_fill", MOE_FIELD_CHOICE, "position", 0, 0, "position | probability | random",
     NULL, "who stays within the capacity; first choices always before second choices"},
    {"moe.capacity_rounding", MOE_FIELD_CHOICE, "product", 0, 0, "product | share", NULL,
     "ceil(factor x k x units / experts), or k x ceil(factor x units / experts)"},
    {"moe.capacity_group", MOE_FIELD_CHOICE, "batch", 0, 0, "batch | sequence", NULL,
     "units that share a capacity"},
};

const MoePart *
moe__part_of_recipe(const MoeRecipe *recipe, MoePlace place)
{
    return moe_part_find(place, moe_recipe_text(recipe, moe_place_key(place)));
}

void
moe__moe_register(void)
{
    static const MoePart *const parts[] = {
        &moe__split_token,       &moe__split_heads,         &moe__score_linear,
        &moe__score_frozen,      &moe__score_hyper,         &moe__score_cosine,
        &moe__score_unit,        &moe__score_centroid,      &moe__score_noisy,
        &moe__select_topk,       &moe__gate_softmax_all,    &moe__gate_softmax_selected,
        &moe__gate_renormalised, &moe__gate_sigmoid,        &moe__gate_one,
        &moe__experts_ffn,       &moe__branch_hyper,        &moe__branch_static,
        &moe__balance_switch,    &moe__balance_gshard,      &moe__balance_cv2,
        &moe__balance_cv2_load,  &moe__balance_switch_hf,   &moe__balance_z,
        &moe__balance_stable,    &moe__balance_word_router,
    };
    moe_fields_add(fields, G_N_ELEMENTS(fields));
    moe__presets_register();
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autoptr(GError) error = NULL;
        if (!moe_part_add(parts[i], &error))
            g_error("%s", error->message);
    }
    moe__rules_register();
}
