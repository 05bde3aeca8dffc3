/* SPDX-License-Identifier: MIT
 *
 * What the rules refuse and what they let pass, a sentence for each problem.
 */
#include <moescope/moe.h>

#include <string.h>

static MoeRecipe *
recipe_of(const char *const *settings)
{
    g_autoptr(GError) error = NULL;
    MoeRecipe *recipe = moe_recipe_new();
    for (; *settings; settings++)
        moe_recipe_set(recipe, *settings, &error);
    g_assert_no_error(error);
    return recipe;
}

/* Each with the one problem that it has; NULL: none. */
static const struct {
    const char *settings[6];
    const char *problem;
} cases[] = {
    {{"moe.k=9"}, "moe.k: 9 experts a unit, but only 8 in moe.experts"},
    {{"moe.k_eval=9"}, "moe.k_eval: 9 experts a unit, but only 8 in moe.experts"},
    {{"moe.k_schedule=multi-step", "moe.k_min=3"}, "moe.k_min: 3 is more than moe.k, 2"},
    {{"moe.k_min=2"}, "moe.k_min: 2 does nothing while moe.k_schedule is constant"},
    {{"moe.k_schedule=linear-increase", "moe.k=8", "moe.k_min=2", "moe.k_eval=4"}, NULL},
    {{"model.d_model=30", "model.heads=4"}, "model.heads: 4 does not divide model.d_model = 30"},
    {{"model.d_model=30", "model.heads=2"},
     "model.heads: rotary positions need an even width a head, not 15"},
    {{"model.d_model=30", "model.heads=2", "model.rope_base=0"}, NULL},
    {{"model.rope_base=0.5"},
     "model.rope_base: found 0.5, expected 0 or 1 and more: frequencies fall from 1"},
    {{"moe.every=5"},
     "moe.every: 5 leaves no MoE layer in 4 blocks (model.layers); 0 says so "
     "plainly"},
    {{"moe.split=heads", "heads.count=3"},
     "heads.count: model.d_model (256) is not a multiple of 3 heads"},
    {{"moe.balance=switch", "moe.score=frozen"},
     "moe.balance: 'switch' can't balance moe.score = frozen, which nothing trains"},
    {{"moe.capacity_fill=random"},
     "moe.capacity_fill: 'random' needs a capacity "
     "(moe.capacity_factor), else nothing is dropped"},
    {{"moe.dropped=pass"},
     "moe.dropped: 'pass' needs a capacity (moe.capacity_factor), else "
     "nothing is dropped"},
    {{"moe.capacity_min=4"},
     "moe.capacity_min: '4' needs a capacity (moe.capacity_factor), else "
     "nothing is dropped"},
    {{"moe.gate=renormalised", "moe.renormalise=kept"},
     "moe.renormalise: 'kept' needs a capacity (moe.capacity_factor), else nothing is dropped"},
    {{"moe.renormalise=kept", "moe.capacity_factor=1"},
     "moe.renormalise: only moe.gate = renormalised reads it, and that is 'softmax-selected' "
     "here"},
    {{"moe.capacity_slots=4", "moe.capacity_factor=2"},
     "moe.capacity_factor: does nothing, since moe.capacity_slots says the capacity"},
    {{"moe.variant=gshard", "moe.dropped=pass"},
     "moe.dropped: 'pass' weights a unit by the gate of its dropped pick, which moe.renormalise = "
     "kept makes 0"},
    {{"topk.groups=3"}, "topk.groups: moe.experts (8) is not a multiple of 3 groups"},
    {{"topk.groups=4", "topk.groups_kept=5"},
     "topk.groups_kept: 5 groups kept, but only 4 in topk.groups"},
    {{"topk.groups=8"},
     "topk.groups_kept: 1 groups of 1 experts, but 2 experts a unit are asked "
     "for"},
    {{"hyper.size=64"}, "hyper.size: only moe.score = hyper reads it, and that is 'linear' here"},
    {{"moe.score=cosine", "moe.router_bias=true"},
     "moe.router_bias: only moe.score = linear reads it, and that is 'cosine' here"},
    {{"balance.gshard=0.5"},
     "balance.gshard: only moe.balance = gshard reads it, and that is 'switch' here"},
    {{"moe.gate=one", "moe.balance=cv2"},
     "moe.balance: 'cv2' can't balance moe.gate = one, whose gates are the same whatever the "
     "router "
     "says"},
    {{"moe.variant=xmoe", "cosine.temperature=0.07"},
     "cosine.temperature: only cosine.flavor = paper has one"},
    /* Values that change nothing, that a preset gives, or that a dense model has no use for. */
    {{"hyper.size=256", "moe.renormalise=picked", "moe.capacity_min=1"}, NULL},
    {{"moe.variant=mhmoe", "moe.split=token"}, NULL},
    {{"moe.variant=mhmoe", "moe.capacity_factor=0"}, NULL},
    {{"moe.variant=dense", "hyper.size=64", "heads.count=3", "moe.dropped=pass"}, NULL},
};

static void
test_cases(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeRecipe) recipe = recipe_of(cases[i].settings);
        bool good = moe_recipe_check(recipe, &error);
        g_assert_cmpstr(error ? error->message : NULL, ==, cases[i].problem);
        g_assert_true(good == (cases[i].problem == NULL));
    }
}

/* What passes still passes once it is written out, with every key given. */
static void
test_written_out(void)
{
    int n, passed = 0;
    const MoePreset *const *preset = moe_presets_list(&n);
    for (int i = 0; i < n; i++) {
        if (strcmp(preset[i]->key, "moe.variant") != 0)
            continue;
        g_autoptr(GError) error = NULL;
        g_autofree char *variant = g_strconcat("moe.variant=", preset[i]->name, NULL);
        g_autoptr(MoeRecipe) recipe =
            recipe_of((const char *[]){variant, "moe.score=linear", "moe.split=token", NULL});
        if (!moe_recipe_check(recipe, NULL))
            continue;
        passed++;
        g_autofree char *text = moe_recipe_to_text(recipe);
        g_autoptr(MoeRecipe) again = moe_recipe_parse(text, "again", &error);
        g_assert_no_error(error);
        moe_recipe_check(again, &error);
        g_assert_no_error(error);
    }
    g_assert_cmpint(passed, >=, 9);
}

/* What a run wrote still passes where a default has changed since. */
static void
test_recorded(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe =
        recipe_of((const char *[]){"moe.variant=smoe", "hyper.size=64", NULL});
    g_assert_false(moe_recipe_check(recipe, &error));
    moe_recipe_set_recorded(recipe);
    g_clear_error(&error);
    g_autoptr(MoeRecipe) copy = moe_recipe_copy(recipe);
    moe_recipe_check(copy, &error);
    g_assert_no_error(error);
}

static void
test_changed(void)
{
    g_autoptr(MoeRecipe) recipe = recipe_of(
        (const char *[]){"moe.variant=switch", "moe.k=1", "moe.experts=8", "moe.hidden=9", NULL});
    g_assert_false(moe_recipe_changed(recipe, "moe.k"));       /* the preset's */
    g_assert_false(moe_recipe_changed(recipe, "moe.experts")); /* the default */
    g_assert_false(moe_recipe_changed(recipe, "moe.bias"));    /* not given */
    g_assert_true(moe_recipe_changed(recipe, "moe.hidden"));
    g_assert_true(moe_recipe_changed(recipe, "moe.variant"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/rules/cases", test_cases);
    g_test_add_func("/rules/written-out", test_written_out);
    g_test_add_func("/rules/changed", test_changed);
    g_test_add_func("/rules/recorded", test_recorded);
    return g_test_run();
}
