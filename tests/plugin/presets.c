/* SPDX-License-Identifier: MIT
 *
 * Every preset and every sample recipe is one that can be trained, those of the shipped plugins
 * included.
 */
#include <moescope/model.h>
#include <moescope/plugin.h>

#include <string.h>

/* What sees later tokens is refused until the recipe says that this is meant. */
static void
allow_noncausal(MoeRecipe *recipe)
{
    const MoePart *select = moe_part_find(MOE_PLACE_SELECT, moe_recipe_text(recipe, "moe.select"));
    if (!(select->flags & MOE_PART_NON_CAUSAL))
        return;
    g_assert_false(moe_recipe_check(recipe, NULL));
    g_assert_true(moe_recipe_set(recipe, "moe.allow_noncausal=true", NULL));
}

/* Every variant as it stands, and its choices of flavour. */
static void
test_variants(void)
{
    int n;
    const MoePreset *const *presets = moe_presets_list(&n);
    int checked = 0;
    for (int i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeRecipe) recipe = moe_recipe_new();
        if (!g_str_equal(presets[i]->key, "moe.variant"))
            continue;
        g_autofree char *choice = g_strconcat("moe.variant=", presets[i]->name, NULL);
        g_assert_true(moe_recipe_set(recipe, choice, NULL));
        allow_noncausal(recipe);
        if (!moe_recipe_check(recipe, &error))
            g_error("%s: %s", presets[i]->name, error->message);
        checked++;
    }
    g_assert_cmpint(checked, >=, 13);
}

/* The schedule of the code: 8 to 16 of 16 experts. */
static void
test_smoe_dropout(void)
{
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    g_assert_true(moe_recipe_set(recipe, "moe.variant=smoe-dropout", NULL));
    g_autoptr(MoeParams) params = moe_params_new();
    MoeLayerSize size = {.d_model = 8, .prefix = "moe."};
    g_autoptr(MoeLayer) layer = moe_layer_new(recipe, &size, params, 1);
    int64_t steps = moe_recipe_int(recipe, "train.steps");
    g_assert_cmpint(moe_layer_experts(layer), ==, 16);
    g_assert_cmpint(moe_layer_k_at(layer, 0), ==, 8);
    g_assert_cmpint(moe_layer_k_at(layer, steps / 2), ==, 12);
    g_assert_cmpint(moe_layer_k_at(layer, steps - 1), ==, 16);
    g_assert_cmpint(moe_layer_k(layer), ==, 2);
}

static void
test_samples(void)
{
    g_autofree char *path =
        g_build_filename(g_getenv("MOESCOPE_SOURCE_ROOT"), "samples", "recipes", NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    g_assert_nonnull(folder);
    const char *name;
    while ((name = g_dir_read_name(folder))) {
        if (!g_str_has_suffix(name, ".ini"))
            continue;
        g_autoptr(GError) error = NULL;
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_autoptr(MoeRecipe) recipe = moe_recipe_load(file, &error);
        if (!recipe || !moe_recipe_check(recipe, &error))
            g_error("%s: %s", name, error->message);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_plugins_load();
    g_test_add_func("/plugin/presets/variants", test_variants);
    g_test_add_func("/plugin/presets/smoe-dropout", test_smoe_dropout);
    g_test_add_func("/plugin/presets/samples", test_samples);
    return g_test_run();
}
