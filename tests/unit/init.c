/* SPDX-License-Identifier: MIT */
#include "nn/fields.h"

#include <moescope/nn.h>

#include <math.h>
#include <string.h>

typedef struct {
    double mean, std, least, most;
} Moments;

static Moments
moments_of(const MoeTensor *x)
{
    int64_t n = moe_tensor_count(x);
    Moments m = {.least = INFINITY, .most = -INFINITY};
    double square = 0;
    for (int64_t i = 0; i < n; i++) {
        m.mean += x->data[i] / (double)n;
        square += (double)x->data[i] * x->data[i] / (double)n;
        m.least = MIN(m.least, x->data[i]);
        m.most = MAX(m.most, x->data[i]);
    }
    m.std = sqrt(square - m.mean * m.mean);
    return m;
}

static void
test_normal(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    MoeTensor *x = moe_tensor_2d(arena, 300, 501);
    moe_init_normal(x, "x", 3, 0.02);
    Moments m = moments_of(x);
    double n = (double)moe_tensor_count(x);
    g_assert_cmpfloat(fabs(m.mean), <, 5 * 0.02 / sqrt(n));
    g_assert_cmpfloat(fabs(m.std - 0.02), <, 5 * 0.02 / sqrt(2 * n));
}

static void
test_uniform(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    MoeTensor *x = moe_tensor_2d(arena, 300, 501);
    moe_init_uniform(x, "x", 3, 0.5);
    Moments m = moments_of(x);
    double n = (double)moe_tensor_count(x), std = 0.5 / sqrt(3);
    g_assert_cmpfloat(fabs(m.mean), <, 5 * std / sqrt(n));
    g_assert_cmpfloat(fabs(m.std - std), <, 5 * std / sqrt(n));
    g_assert_true(m.least >= -0.5 && m.least < -0.499);
    g_assert_true(m.most <= 0.5 && m.most > 0.499);
}

/* Fans are the last two axes, also of a bank of matrices. */
static void
test_xavier(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    MoeTensor *x = moe_tensor_3d(arena, 8, 100, 50);
    moe_init_xavier(x, "x", 3, 2);
    double limit = 2 * sqrt(6.0 / 150);
    Moments m = moments_of(x);
    g_assert_true(m.most <= limit && m.most > 0.999 * limit);
    g_assert_true(m.least >= -limit && m.least < -0.999 * limit);
}

static double
dot_of(const MoeTensor *x, bool rows, int64_t a, int64_t b)
{
    int64_t n = x->shape[1], length = rows ? n : x->shape[0];
    double sum = 0;
    for (int64_t i = 0; i < length; i++)
        sum += rows ? (double)x->data[a * n + i] * x->data[b * n + i]
                    : (double)x->data[i * n + a] * x->data[i * n + b];
    return sum;
}

static void
check_orthogonal(int64_t m, int64_t n)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    MoeTensor *x = moe_tensor_2d(arena, m, n);
    moe_init_orthogonal(x, "x", 3, 3);
    for (int64_t a = 0; a < MIN(m, n); a++)
        for (int64_t b = 0; b <= a; b++)
            g_assert_cmpfloat(fabs(dot_of(x, m <= n, a, b) - (a == b ? 9 : 0)), <, 5e-6);
}

static void
test_orthogonal(void)
{
    check_orthogonal(40, 40);
    check_orthogonal(16, 50);
    check_orthogonal(50, 16);
    check_orthogonal(1, 1);
}

/* Values depend on seed and name alone: not on what else there is, nor on the threads. */
static void
test_streams(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    MoeTensor *x = moe_tensor_1d(arena, 20001), *y = moe_tensor_1d(arena, 20001);
    size_t bytes = 20001 * sizeof(float);
    moe_set_threads(1);
    moe_init_normal(x, "x", 3, 1);
    moe_set_threads(2);
    moe_init_normal(y, "x", 3, 1);
    g_assert_cmpmem(x->data, bytes, y->data, bytes);
    moe_init_normal(y, "y", 3, 1);
    g_assert_cmpint(memcmp(x->data, y->data, bytes), !=, 0);
    moe_init_normal(y, "x", 4, 1);
    g_assert_cmpint(memcmp(x->data, y->data, bytes), !=, 0);
    /* No piece repeats another. */
    g_assert_cmpint(memcmp(x->data, x->data + 4096, 4096 * sizeof(float)), !=, 0);
    /* A longer tensor begins as a shorter one. */
    MoeTensor *z = moe_tensor_1d(arena, 5000);
    moe_init_normal(z, "x", 3, 1);
    g_assert_cmpmem(z->data, 5000 * sizeof(float), x->data, 5000 * sizeof(float));
}

static void
test_from_recipe(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    MoeTensor *x = moe_tensor_1d(arena, 100000), *y = moe_tensor_1d(arena, 100000);
    moe_init_from_recipe(x, recipe, "x", 1, 64, false);
    g_assert_cmpfloat(fabs(moments_of(x).std - 0.02), <, 3e-4);
    moe_init_from_recipe(y, recipe, "x", 1, 64, true); /* eight layers: a quarter */
    g_assert_cmpfloat(fabs(y->data[5] - x->data[5] / 4), <, 1e-8);
    g_assert_true(moe_recipe_set(recipe, "init.scale_residual=false", NULL));
    moe_init_from_recipe(y, recipe, "x", 1, 64, true);
    g_assert_cmpfloat(y->data[5], ==, x->data[5]);
    g_assert_true(moe_recipe_set(recipe, "init.scheme=torch", NULL));
    moe_init_from_recipe(x, recipe, "x", 1, 64, false);
    g_assert_true(moments_of(x).most <= 0.125 && moments_of(x).most > 0.1249);
    moe_init_from_recipe(x, recipe, "x", 1, 0, false);
    g_assert_cmpfloat(moments_of(x).std, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe__nn_register();
    moe_fields_add(&(MoeField){"model.layers", MOE_FIELD_INT, "8", .help = ""}, 1);
    g_test_add_func("/init/normal", test_normal);
    g_test_add_func("/init/uniform", test_uniform);
    g_test_add_func("/init/xavier", test_xavier);
    g_test_add_func("/init/orthogonal", test_orthogonal);
    g_test_add_func("/init/streams", test_streams);
    g_test_add_func("/init/from-recipe", test_from_recipe);
    return g_test_run();
}
