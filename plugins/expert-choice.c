/* SPDX-License-Identifier: MIT
 *
 * select = expert-choice: each expert takes the C units with the largest affinity to it, of every
 * group of n units (Zhou et al. 2022, arXiv 2202.09368, eq. 1-2). Perfectly even by construction; a
 * unit gets from no expert to all of them, in order of affinity.
 *
 *   C = ceil(factor n / E), at most n; n counts no padding
 *
 * Whether a unit is taken depends on the units behind it, so a language model that is trained so
 * can't write text: moe.allow_noncausal has to say that this is meant.
 */
#include <moescope/plugin.h>

#include <math.h>
#include <string.h>

typedef struct {
    double factor;
    int64_t slots;
    bool per_sequence;
} State;

static void
init(MoeLayer *layer, void *state)
{
    State *s = state;
    const MoeRecipe *recipe = moe_layer_recipe(layer);
    s->factor = moe_recipe_real(recipe, "expert_choice.factor");
    s->slots = moe_recipe_int(recipe, "expert_choice.slots");
    s->per_sequence = moe_recipe_has(recipe, "expert_choice.group", "sequence");
}

/* One group: its units that aren't padding, and what each expert makes of them. */
typedef struct {
    int64_t n;
    int64_t *unit;     /* [n] */
    float *affinity;   /* [E, n] */
    int32_t *taken;    /* [E, C] places in unit */
    uint8_t *is_taken; /* [n, E] */
} Group;

static Group
group_new(int64_t most, int experts)
{
    return (Group){
        .unit = g_new(int64_t, most),
        .affinity = g_new(float, most *experts),
        .taken = g_new(int32_t, most * experts),
        .is_taken = g_new(uint8_t, most * experts),
    };
}

static void
group_clear(Group *group)
{
    g_free(group->unit);
    g_free(group->affinity);
    g_free(group->taken);
    g_free(group->is_taken);
}

static int64_t
slots_of(const State *s, int64_t n, int experts)
{
    int64_t slots = s->slots > 0 ? s->slots : (int64_t)ceil(s->factor * (double)n / experts);
    return MIN(slots, n);
}

static void
collect_units(Group *group, const MoeRouting *routing, int64_t from, int64_t to)
{
    const int32_t *padding = routing->context->padding;
    int per_token = moe_layer_units_per_token(routing->layer);
    group->n = 0;
    for (int64_t u = from; u < to; u++)
        if (!padding || padding[u / per_token] >= 0)
            group->unit[group->n++] = u;
}

/* Every expert's C best units; the lower unit of two equal ones. */
static void
choose(Group *group, const float *score, int experts, int64_t slots)
{
    int64_t n = group->n;
    for (int e = 0; e < experts; e++)
        for (int64_t i = 0; i < n; i++)
            group->affinity[e * n + i] = score[group->unit[i] * experts + e];
    moe_topk(group->affinity, experts, n, slots, group->taken);
    memset(group->is_taken, 0, (size_t)(n * experts));
    for (int e = 0; e < experts; e++)
        for (int64_t c = 0; c < slots; c++)
            group->is_taken[group->taken[e * slots + c] * experts + e] = 1;
}

/* A unit's picks: the experts that took it, the largest affinity first, the lower expert of two
 * equal ones. expert [E] is all -1. */
static void
list_picks(const uint8_t *is_taken, const float *score, int experts, int32_t *expert)
{
    int n = 0;
    for (int32_t e = 0; e < experts; e++) {
        if (!is_taken[e])
            continue;
        int at = n++;
        for (; at > 0 && score[expert[at - 1]] < score[e]; at--)
            expert[at] = expert[at - 1];
        expert[at] = e;
    }
}

static void
select_units(MoeRouting *routing, void *state)
{
    const State *s = state;
    const MoeContext *context = routing->context;
    MoePicks *picks = &routing->picks;
    int E = picks->experts;
    /* Units compete with each other: affinities, unlike logits, can be compared between them. */
    const float *score = moe_routing_selection(routing);
    int64_t size = picks->units;
    if (s->per_sequence && context->length > 0)
        size = (int64_t)context->length * moe_layer_units_per_token(routing->layer);
    Group group = group_new(size, E);
    for (int64_t from = 0; from < picks->units; from += size) {
        collect_units(&group, routing, from, MIN(from + size, picks->units));
        choose(&group, score, E, slots_of(s, group.n, E));
        for (int64_t i = 0; i < group.n; i++)
            list_picks(group.is_taken + i * E, score + group.unit[i] * E, E,
                       picks->expert + group.unit[i] * picks->k);
    }
    group_clear(&group);
}

/* Picks a unit on average. With expert_choice.slots they depend on the length of a group, which is
 * that of training. */
static double
mean_k(const MoeRecipe *recipe)
{
    double experts = (double)moe_recipe_int(recipe, "moe.experts");
    double tokens = (double)moe_recipe_int(recipe, "train.length");
    int64_t slots = moe_recipe_int(recipe, "expert_choice.slots");
    if (moe_recipe_has(recipe, "expert_choice.group", "batch"))
        tokens *= (double)moe_recipe_int(recipe, "train.batch");
    double k = slots > 0 ? (double)slots * experts / tokens
                         : moe_recipe_real(recipe, "expert_choice.factor");
    return MIN(k, experts);
}

static void
rule(const MoeRecipe *recipe, GPtrArray *problems)
{
    int n;
    const MoePart *const *balance = moe_parts_list(MOE_PLACE_BALANCE, &n);
    if (moe_recipe_real(recipe, "moe.capacity_factor") > 0)
        g_ptr_array_add(problems, g_strdup("moe.capacity_factor: 'expert-choice' fills experts "
                                           "exactly (expert_choice.factor), so nothing can be "
                                           "dropped"));
    if (moe_recipe_int(recipe, "moe.capacity_slots") > 0)
        g_ptr_array_add(problems, g_strdup("moe.capacity_slots: 'expert-choice' fills experts "
                                           "exactly (expert_choice.slots), so nothing can be "
                                           "dropped"));
    if (moe_recipe_int(recipe, "expert_choice.slots") > 0 &&
        moe_recipe_changed(recipe, "expert_choice.factor"))
        g_ptr_array_add(problems, g_strdup("expert_choice.factor: does nothing, since "
                                           "expert_choice.slots says how many units are taken"));
    /* With equal loads Σ f P is constant, and a bias shifts all units of an expert alike. */
    for (int i = 0; i < n; i++)
        if (moe_recipe_has(recipe, "moe.balance", balance[i]->name) &&
            (balance[i]->prefer || g_str_equal(balance[i]->name, "switch")))
            g_ptr_array_add(problems, g_strdup_printf("moe.balance: '%s' has no effect beside "
                                                      "'expert-choice', whose load is even",
                                                      balance[i]->name));
}

static const MoeField fields[] = {
    {"expert_choice.factor", MOE_FIELD_REAL, "2", 0.001, 4096, NULL, "experts",
     "select = expert-choice: an expert takes ceil(factor x units / experts); picks a unit on "
     "average"},
    {"expert_choice.group", MOE_FIELD_CHOICE, "sequence", 0, 0, "batch | sequence", NULL,
     "units that an expert chooses among"},
    {"expert_choice.slots", MOE_FIELD_INT, "0", 0, 1 << 30, NULL, "units",
     "instead of the factor: an expert takes so many of a group; 0: off"},
};

static const MoePart expert_choice = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SELECT,
    .name = "expert-choice",
    .help = "each expert takes its best units; even by construction, sees later tokens",
    .cite = "Zhou et al. 2022, arXiv 2202.09368, eq. 1-2",
    .flags = MOE_PART_NON_CAUSAL | MOE_PART_K_VARIES,
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .rule = rule,
    .state_size = sizeof(State),
    .init = init,
    .select = select_units,
    .mean_k = mean_k,
};

static const MoePart *const parts[] = {&expert_choice};
static const MoePreset presets[] = {
    {"moe.variant", "expert-choice",
     "moe.k=2\nmoe.select=expert-choice\nmoe.gate=softmax-all\nmoe.balance=none",
     "experts choose tokens; needs moe.allow_noncausal = true (Zhou et al. 2022)"},
};

MOE_PLUGIN = {
    .struct_size = sizeof(MoePlugin),
    .name = "expert-choice",
    .version = "1.0",
    .help = "selection by the experts",
    .parts = parts,
    .n_parts = G_N_ELEMENTS(parts),
    .presets = presets,
    .n_presets = G_N_ELEMENTS(presets),
};
