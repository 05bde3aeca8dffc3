/* SPDX-License-Identifier: MIT
 *
 * split = heads beyond what recordings of the authors' code show (tests/official): initial values,
 * padding, FLOPs, rules.
 */
#include "layer-run.h"

#include <moescope/model.h>

#include <math.h>
#include <string.h>

static void
set(MoeRecipe *recipe, const char *key, const char *value)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *assignment = g_strdup_printf("%s=%s", key, value);
    moe_recipe_set(recipe, assignment, &error);
    g_assert_no_error(error);
}

/* A padded token takes all its sub-tokens out, and only them. */
static void
test_padding(void)
{
    enum { TOKENS = 7, HEADS = 3 };
    static const char *const sizes[] = {"moe.variant=mhmoe", "heads.count=3", "moe.hidden=5", NULL};
    g_autoptr(LayerRun) run = layer_run_new(12, 1, TOKENS, sizes, (const char *[]){NULL});
    int32_t padding[TOKENS] = {0};
    padding[4] = -1;
    run->context.padding = padding;
    layer_run_again(run);
    const MoePicks *picks = &run->routing.picks;
    g_assert_cmpint(picks->units, ==, TOKENS * HEADS);
    for (int64_t i = 0; i < picks->units * picks->k; i++)
        g_assert_cmpint(picks->expert[i] < 0, ==, i / (picks->k * HEADS) == 4);
}

/* Within their limits, and with the standard deviation limit/√3 of a uniform draw. */
static void
expect_uniform(const MoeParams *params, const char *name, double limit)
{
    const MoeTensor *x = moe_params_find(params, name);
    int64_t n = moe_tensor_count(x);
    double square = 0;
    for (int64_t i = 0; i < n; i++) {
        g_assert_cmpfloat(fabs((double)x->data[i]), <=, limit);
        square += (double)x->data[i] * (double)x->data[i];
    }
    g_assert_cmpfloat_with_epsilon(sqrt(3 * square / (double)n), limit,
                                   2 * limit / sqrt((double)n));
}

static void
test_initial_values(void)
{
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    set(recipe, "moe.variant", "mhmoe");
    g_autoptr(MoeParams) params = moe_params_new();
    MoeLayerSize size = {.d_model = 64, .prefix = ""};
    moe_layer_free(moe_layer_new(recipe, &size, params, 1));
    expect_uniform(params, "heads.weight", sqrt(6.0 / 128) / sqrt(2));
    expect_uniform(params, "heads.bias", 1 / sqrt(64));
    expect_uniform(params, "merge.weight", sqrt(6.0 / 128));
    const MoeTensor *bias = moe_params_find(params, "merge.bias");
    for (int i = 0; i < 64; i++)
        g_assert_cmpfloat(bias->data[i], ==, 0);
}

static double
sample_flops(const char *preset, const char *size)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_strdup_printf("%s-%s.ini", preset, size);
    g_autofree char *path =
        g_build_filename(g_getenv("MOESCOPE_SOURCE_ROOT"), "samples", "recipes", file, NULL);
    g_autoptr(MoeRecipe) recipe = moe_recipe_load(path, &error);
    g_assert_no_error(error);
    g_autoptr(MoeParams) params = moe_params_new();
    MoeLayerSize layer_size = {.d_model = (int)moe_recipe_int(recipe, "model.d_model"),
                               .prefix = ""};
    g_autoptr(MoeLayer) layer = moe_layer_new(recipe, &layer_size, params, 1);
    return moe_layer_flops(layer);
}

/* The sample recipes claim the FLOPs of smoe, head and merge layers included. */
static void
test_flops(void)
{
    for (const char *const *size = (const char *[]){"tiny", "small", "base", NULL}; *size; size++)
        g_assert_cmpfloat(sample_flops("mhmoe", *size), ==, sample_flops("smoe", *size));
}

/* A token's sub-tokens reach h k = 4 of the 6 experts. */
static void
test_active_parameters(void)
{
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    set(recipe, "moe.variant", "mhmoe");
    set(recipe, "heads.count", "2");
    set(recipe, "moe.experts", "6");
    set(recipe, "moe.hidden", "5");
    set(recipe, "model.layers", "1");
    set(recipe, "model.d_model", "8");
    set(recipe, "model.heads", "1");
    g_autoptr(MoeModel) model = moe_model_new(recipe, 7, NULL);
    int64_t expert = 3 * 5 * 4, all = moe_params_size(moe_model_params(model), false);
    g_assert_cmpint(moe_model_active_params(model), ==, all - 2 * expert);
}

static void
test_rule(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    set(recipe, "moe.variant", "mhmoe");
    set(recipe, "heads.count", "5");
    g_assert_false(moe_recipe_check(recipe, &error));
    g_assert_nonnull(
        strstr(error->message, "heads.count: model.d_model (256) is not a multiple of 5 heads"));
    g_clear_error(&error);
    set(recipe, "moe.split", "token");
    g_assert_false(moe_recipe_check(recipe, &error));
    g_assert_cmpstr(error->message, ==,
                    "heads.count: only moe.split = heads reads it, and that is 'token' here");
    set(recipe, "heads.count", "4");
    g_assert_true(moe_recipe_check(recipe, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/mhmoe/padding", test_padding);
    g_test_add_func("/mhmoe/initial-values", test_initial_values);
    g_test_add_func("/mhmoe/flops", test_flops);
    g_test_add_func("/mhmoe/active-parameters", test_active_parameters);
    g_test_add_func("/mhmoe/rule", test_rule);
    return g_test_run();
}
