/* SPDX-License-Identifier: MIT
 *
 * What a recipe may not say of its MoE layers: more than there is, what can't be, and what would do
 * nothing. Rules of one part alone are that part's.
 */
#include "moe/builtin.h"
#include "moe/layer.h"

#include <string.h>

G_GNUC_PRINTF(2, 3)
static void
complain(GPtrArray *problems, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(problems, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

static bool
has_layers(const MoeRecipe *recipe)
{
    return moe_recipe_int(recipe, "moe.every") > 0;
}

static bool
chosen(const MoeRecipe *recipe, const MoePart *part)
{
    return moe_recipe_has(recipe, moe_place_key(part->place), part->name);
}

/* Calls `rule` for every part there is. */
typedef void (*PartRule)(const MoeRecipe *recipe, const MoePart *part, GPtrArray *problems);
static void
for_each_part(const MoeRecipe *recipe, GPtrArray *problems, PartRule rule)
{
    for (int place = 0; place < MOE_N_PLACES; place++) {
        int n;
        const MoePart *const *parts = moe_parts_list((MoePlace)place, &n);
        for (int i = 0; i < n; i++)
            rule(recipe, parts[i], problems);
    }
}

/* --- Numbers ----------------------------------------------------------------------------------*/

static void
rule_k(const MoeRecipe *recipe, GPtrArray *problems)
{
    long long experts = moe_recipe_int(recipe, "moe.experts"), k = moe_recipe_int(recipe, "moe.k");
    long long eval = moe_recipe_int(recipe, "moe.k_eval"), least;
    bool constant = moe_recipe_has(recipe, "moe.k_schedule", "constant");
    least = moe_recipe_int(recipe, "moe.k_min");
    if (!has_layers(recipe))
        return;
    if (k > experts)
        complain(problems, "moe.k: %lld experts a unit, but only %lld in moe.experts", k, experts);
    if (eval > experts)
        complain(problems, "moe.k_eval: %lld experts a unit, but only %lld in moe.experts", eval,
                 experts);
    if (!constant && least > k)
        complain(problems, "moe.k_min: %lld is more than moe.k, %lld", least, k);
    if (constant && moe_recipe_changed(recipe, "moe.k_min"))
        complain(problems, "moe.k_min: %lld does nothing while moe.k_schedule is constant", least);
    const MoePart *select = moe__part_of_recipe(recipe, MOE_PLACE_SELECT);
    if (!constant && (select->flags & MOE_PART_K_VARIES))
        complain(problems,
                 "moe.k_schedule: '%s' does nothing, since moe.select = %s gives each "
                 "unit its own number of experts",
                 moe_recipe_text(recipe, "moe.k_schedule"), select->name);
}

/* --- Parts ------------------------------------------------------------------------------------*/

static void
rule_flavors(const MoeRecipe *recipe, GPtrArray *problems)
{
    if (moe_recipe_has(recipe, "stablemoe.flavor", "paper") &&
        !moe_recipe_has(recipe, "moe.variant", "stablemoe"))
        complain(problems,
                 "stablemoe.flavor: 'paper' is a flavour of moe.variant = stablemoe, not of %s",
                 moe_recipe_text(recipe, "moe.variant"));
}

/* What the flags of the chosen parts rule out. */
static void
rule_flags(const MoeRecipe *recipe, GPtrArray *problems)
{
    if (!has_layers(recipe))
        return;
    const MoePart *score = moe__part_of_recipe(recipe, MOE_PLACE_SCORE);
    const MoePart *select = moe__part_of_recipe(recipe, MOE_PLACE_SELECT);
    if ((select->flags & MOE_PART_NON_CAUSAL) && !moe_recipe_bool(recipe, "moe.allow_noncausal"))
        complain(problems,
                 "moe.select: '%s' sees later tokens, which a language model must not; "
                 "moe.allow_noncausal = true takes it all the same",
                 select->name);
    int n;
    const MoePart *const *balance = moe_parts_list(MOE_PLACE_BALANCE, &n);
    for (int i = 0; i < n; i++)
        if ((score->flags & MOE_PART_UNTRAINED) && balance[i]->loss && chosen(recipe, balance[i]))
            complain(problems,
                     "moe.balance: '%s' can't balance moe.score = %s, which nothing trains",
                     balance[i]->name, score->name);
}

static void
part_rule(const MoeRecipe *recipe, const MoePart *part, GPtrArray *problems)
{
    if (part->rule && chosen(recipe, part))
        part->rule(recipe, problems);
}

static void
rule_parts(const MoeRecipe *recipe, GPtrArray *problems)
{
    if (has_layers(recipe))
        for_each_part(recipe, problems, part_rule);
}

/* Whether a part that the recipe chooses reads another's key. */
static bool
read_by_another(const MoeRecipe *recipe, const char *key)
{
    for (int place = 0; place < MOE_N_PLACES; place++) {
        int n;
        const MoePart *const *parts = moe_parts_list((MoePlace)place, &n);
        for (int i = 0; i < n; i++)
            if (parts[i]->reads && chosen(recipe, parts[i]) &&
                g_strv_contains(parts[i]->reads, key))
                return true;
    }
    return false;
}

/* Keys of a part that isn't there would do nothing. */
static void
idle_keys(const MoeRecipe *recipe, const MoePart *part, GPtrArray *problems)
{
    if (chosen(recipe, part))
        return;
    for (int i = 0; i < part->n_fields; i++) {
        const char *key = part->fields[i].name, *place = moe_place_key(part->place);
        if (moe_recipe_changed(recipe, key) && !read_by_another(recipe, key))
            complain(problems, "%s: only %s = %s reads it, and that is '%s' here", key, place,
                     part->name, moe_recipe_text(recipe, place));
    }
}

static void
rule_idle(const MoeRecipe *recipe, GPtrArray *problems)
{
    /* A dense recipe made of another by moe.variant = dense keeps what it has no use for. */
    if (has_layers(recipe))
        for_each_part(recipe, problems, idle_keys);
}

/* --- Capacity ---------------------------------------------------------------------------------*/

/* Keys that ask for something only a limit on what an expert takes can give. */
static void
rule_no_capacity(const MoeRecipe *recipe, GPtrArray *problems)
{
    static const char *const asks[][2] = {{"moe.capacity_fill", "position"},
                                          {"moe.capacity_group", "batch"},
                                          {"moe.dropped", "zero"}};
    static const char *const sizes[] = {"moe.capacity_eval_factor", "moe.capacity_eval_fraction",
                                        "moe.capacity_min", "moe.capacity_rounding"};
    const char *why = "needs a capacity (moe.capacity_factor), else nothing is dropped";
    for (size_t i = 0; i < G_N_ELEMENTS(asks); i++)
        if (!moe_recipe_has(recipe, asks[i][0], asks[i][1]))
            complain(problems, "%s: '%s' %s", asks[i][0], moe_recipe_text(recipe, asks[i][0]), why);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        if (moe_recipe_changed(recipe, sizes[i]))
            complain(problems, "%s: '%s' %s", sizes[i], moe_recipe_text(recipe, sizes[i]), why);
    if (moe_recipe_has(recipe, "moe.gate", "renormalised") &&
        moe_recipe_has(recipe, "moe.renormalise", "kept"))
        complain(problems, "moe.renormalise: 'kept' %s", why);
}

static void
rule_slots(const MoeRecipe *recipe, GPtrArray *problems)
{
    static const char *const sizes[] = {"moe.capacity_factor", "moe.capacity_eval_factor",
                                        "moe.capacity_eval_fraction", "moe.capacity_min",
                                        "moe.capacity_rounding"};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        if (moe_recipe_changed(recipe, sizes[i]))
            complain(problems, "%s: does nothing, since moe.capacity_slots says the capacity",
                     sizes[i]);
}

static void
rule_capacity(const MoeRecipe *recipe, GPtrArray *problems)
{
    bool factor = moe_recipe_real(recipe, "moe.capacity_factor") > 0;
    bool slots = moe_recipe_int(recipe, "moe.capacity_slots") > 0;
    if (!has_layers(recipe))
        return;
    if (moe_recipe_has(recipe, "moe.gate", "renormalised") &&
        moe_recipe_has(recipe, "moe.renormalise", "kept") &&
        moe_recipe_has(recipe, "moe.dropped", "pass"))
        complain(problems, "moe.dropped: 'pass' weights a unit by the gate of its dropped pick, "
                           "which moe.renormalise = kept makes 0");
    if (slots)
        rule_slots(recipe, problems);
    else if (!factor)
        rule_no_capacity(recipe, problems);
}

void
moe__rules_register(void)
{
    moe_rules_add(rule_k);
    moe_rules_add(rule_capacity);
    moe_rules_add(rule_flags);
    moe_rules_add(rule_flavors);
    moe_rules_add(rule_parts);
    moe_rules_add(rule_idle);
}
