/* SPDX-License-Identifier: MIT
 *
 * moe_parity() against equations 8 and 9 of arXiv 2411.16205, its set-ups, and the sample recipes.
 */
#include <moescope/cost.h>

#include <math.h>

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

#define RECIPE(...) recipe_of((const char *[]){__VA_ARGS__, NULL})

static MoeParity
parity_of(const MoeRecipe *recipe, const MoeRecipe *to)
{
    g_autoptr(GError) error = NULL;
    MoeParity parity;
    moe_parity(recipe, to, &parity, &error);
    g_assert_no_error(error);
    return parity;
}

/* d 768, SwiGLU: two heads get 768 and 41.3 experts, three get 512 and 93. The paper took 40 and
 * 96, 3.1 % off. Its figures have no biases; our head and merge layers have 2 d, 0.004 %. */
static void
test_paper(void)
{
    static const struct {
        const char *heads, *k;
        double hidden, experts, off;
        int64_t taken;
    } rows[] = {
        {"heads.count=2", "moe.k=2", 768, 2 * (3 * 2048 * 8 - 2 * 768.0) / (3 * 768), -0.031, 40},
        {"heads.count=3", "moe.k=3", 512, 3 * (3 * 2048 * 8 - 2 * 768.0) / (3 * 512), 0.031, 96}};
    g_autoptr(MoeRecipe) smoe =
        RECIPE("model.d_model=768", "moe.variant=smoe", "moe.k=1", "moe.hidden=2048",
               "moe.experts=8", "moe.activation=swiglu", "moe.bias=false");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MoeRecipe) recipe = RECIPE("model.d_model=768", "moe.variant=mhmoe",
                                             rows[i].heads, rows[i].k, "moe.hidden=2048");
        MoeParity parity = parity_of(recipe, smoe);
        g_assert_cmpfloat(parity.to.flops, ==, 9437184);
        g_assert_cmpfloat(parity.hidden, ==, rows[i].hidden);
        g_assert_cmpfloat_with_epsilon(parity.experts, rows[i].experts, 0.005);
        g_assert_cmpint(parity.n, ==, 4);
        g_assert_cmpfloat(parity.choice[0].flops_off, >, 0.5);
        const MoeParityChoice *eights = &parity.choice[2];
        g_assert_cmpint(eights->experts, ==, rows[i].taken);
        g_assert_cmpint(eights->hidden, ==, (int64_t)rows[i].hidden);
        g_assert_cmpfloat(eights->flops_off, ==, 0);
        g_assert_cmpfloat_with_epsilon(eights->params_off, rows[i].off, 0.0005);
    }
}

/* Equations 8 and 9 as they stand: two matrices, no biases. d_moe = 4 d, k 1, h 3: 3 d and 4 E - 1.
 */
static void
test_equations(void)
{
    const int d = 96;
    g_autoptr(MoeRecipe) smoe =
        RECIPE("model.d_model=96", "moe.k=1", "moe.hidden=384", "moe.experts=8", "moe.bias=false");
    g_autoptr(MoeRecipe) recipe =
        RECIPE("model.d_model=96", "moe.split=heads", "heads.count=3", "moe.k=1", "moe.bias=false");
    MoeParity parity = parity_of(recipe, smoe);
    g_assert_cmpfloat(parity.hidden, ==, 3 * d);
    g_assert_cmpint(parity.choice[1].experts, ==, 4 * 8 - 1);
    g_assert_cmpfloat(parity.choice[1].flops_off, ==, 0);
    /* but for the biases of head and merge */
    g_assert_cmpint(parity.choice[1].params - parity.to.params, ==, 2 * d);
}

/* Every choice costs what its own layer costs, biases and all. */
static void
test_biases(void)
{
    g_autoptr(MoeRecipe) smoe = RECIPE("model.d_model=60", "moe.hidden=70", "moe.experts=7");
    g_autoptr(MoeRecipe) recipe =
        RECIPE("model.d_model=60", "moe.split=heads", "heads.count=5", "moe.k=3", "moe.hidden=33");
    MoeParity parity = parity_of(recipe, smoe);
    for (int i = 0; i < parity.n; i++) {
        const MoeParityChoice *c = &parity.choice[i];
        int64_t expert = 2 * 12 * c->hidden + c->hidden + 12, around = 2 * (60 * 60 + 60);
        g_assert_cmpint(c->params, ==, around + c->experts * expert);
        g_assert_cmpfloat(c->flops, ==, 4 * 60 * 60 + 2.0 * 2 * 60 * 3 * (double)c->hidden);
        g_assert_cmpint(c->router_params, ==, 12 * c->experts);
        g_assert_cmpint(c->experts, >=, 3);
    }
    double per = 2 * 12 * parity.hidden + parity.hidden + 12, around = 2 * (60 * 60 + 60);
    g_assert_cmpfloat_with_epsilon(around + parity.experts * per, (double)parity.to.params, 1e-6);
    g_assert_cmpint(parity.choice[3].hidden % 16, ==, 0);
    g_assert_cmpint(parity.choice[3].experts % 16, ==, 0);
}

/* No parity: heads cost more than the whole layer; widths differ; no experts. */
static void
test_none(void)
{
    g_autoptr(GError) error = NULL;
    MoeParity parity;
    g_autoptr(MoeRecipe) narrow = RECIPE("model.d_model=64", "moe.hidden=16");
    g_autoptr(MoeRecipe) heads = RECIPE("model.d_model=64", "moe.variant=mhmoe");
    g_autoptr(MoeRecipe) wide = RECIPE("model.d_model=128");
    g_autoptr(MoeRecipe) dense = RECIPE("model.d_model=64", "moe.variant=dense");
    parity = parity_of(heads, narrow);
    g_assert_cmpfloat(parity.hidden, <=, 0);
    g_assert_true(isnan(parity.experts));
    g_assert_cmpint(parity.n, ==, 1);
    g_assert_false(moe_parity(heads, wide, &parity, &error));
    g_assert_cmpstr(error->message, ==,
                    "model.d_model is 64 and 128, expected one width: layers are compared, not "
                    "models");
    g_clear_error(&error);
    g_assert_false(moe_parity(heads, dense, &parity, &error));
    g_assert_cmpstr(error->message, ==,
                    "moe.every is 0 in the second of the two recipes, expected two with MoE "
                    "layers");
}

/* What a recipe can't say isn't offered: more experts than moe.experts takes. */
static void
test_range(void)
{
    g_autoptr(MoeRecipe) smoe = RECIPE("model.d_model=64", "moe.experts=4096", "moe.hidden=64");
    g_autoptr(MoeRecipe) heads =
        RECIPE("model.d_model=64", "moe.split=heads", "heads.count=8", "moe.k=2");
    MoeParity parity = parity_of(heads, smoe);
    g_assert_cmpfloat(parity.experts, >, 4096);
    g_assert_cmpint(parity.n, ==, 1);
}

static MoeRecipe *
sample(const char *preset, const char *size)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_strdup_printf("%s-%s.ini", preset, size);
    g_autofree char *path =
        g_build_filename(g_getenv("MOESCOPE_SOURCE_ROOT"), "samples", "recipes", file, NULL);
    MoeRecipe *recipe = moe_recipe_load(path, &error);
    g_assert_no_error(error);
    return recipe;
}

/* mhmoe-parity has the FLOPs of smoe exactly, and the number of experts nearest to its parameters.
 */
static void
test_samples(void)
{
    for (const char *const *size = (const char *[]){"tiny", "small", "base", NULL}; *size; size++) {
        g_autoptr(MoeRecipe) recipe = sample("mhmoe-parity", *size);
        g_autoptr(MoeRecipe) smoe = sample("smoe", *size);
        MoeParity parity = parity_of(recipe, smoe);
        g_assert_cmpfloat(parity.choice[0].flops_off, ==, 0);
        g_assert_cmpint(parity.choice[0].hidden, ==, parity.choice[1].hidden);
        g_assert_cmpint(parity.choice[0].experts, ==, parity.choice[1].experts);
        g_assert_cmpfloat(fabs(parity.choice[0].params_off), <, 0.04);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/parity-recipe/paper", test_paper);
    g_test_add_func("/parity-recipe/equations", test_equations);
    g_test_add_func("/parity-recipe/biases", test_biases);
    g_test_add_func("/parity-recipe/none", test_none);
    g_test_add_func("/parity-recipe/range", test_range);
    g_test_add_func("/parity-recipe/samples", test_samples);
    return g_test_run();
}
