/* SPDX-License-Identifier: MIT */
#include "nn/fields.h"

#include <moescope/nn.h>

#include <math.h>

static void
expect_rate(MoeSchedule schedule, int64_t step, double expected)
{
    g_assert_cmpfloat_with_epsilon(moe_schedule_lr(&schedule, step), expected, 1e-15);
}

static void
test_shapes(void)
{
    MoeSchedule constant = {.kind = 0, .lr = 1e-3, .floor = 0.1, .warmup = 10, .steps = 111};
    MoeSchedule cosine = constant, linear = constant;
    cosine.kind = 1;
    linear.kind = 2;
    expect_rate(cosine, 0, 1e-4);
    expect_rate(cosine, 4, 5e-4);
    expect_rate(cosine, 9, 1e-3);
    expect_rate(constant, 10, 1e-3);
    expect_rate(constant, 110, 1e-3);
    expect_rate(cosine, 10, 1e-3);
    expect_rate(cosine, 60, 5.5e-4);
    expect_rate(cosine, 110, 1e-4);
    expect_rate(linear, 10, 1e-3);
    expect_rate(linear, 35, 7.75e-4);
    expect_rate(linear, 110, 1e-4);
}

/* Beyond the end, and with more warm-up than steps. */
static void
test_edges(void)
{
    MoeSchedule cosine = {.kind = 1, .lr = 1, .floor = 0.25, .warmup = 0, .steps = 5};
    expect_rate(cosine, 0, 1);
    expect_rate(cosine, 4, 0.25);
    expect_rate(cosine, 400, 0.25);
    cosine.warmup = 8;
    expect_rate(cosine, 3, 0.5);
    expect_rate(cosine, 8, 1);
    MoeSchedule one = {.kind = 2, .lr = 1, .floor = 0, .warmup = 0, .steps = 1};
    expect_rate(one, 0, 1);
}

static void
test_from_recipe(void)
{
    g_autoptr(MoeRecipe) recipe =
        moe_recipe_parse("[optim]\nlr=0.5\nschedule=linear\nwarmup=3\nfloor=0.2\n"
                         "beta1=0.8\nclip=2\n[train]\nsteps=77\n",
                         "run.ini", NULL);
    MoeSchedule schedule = moe_schedule_from_recipe(recipe);
    g_assert_cmpint(schedule.kind, ==, 2);
    g_assert_cmpint(schedule.warmup, ==, 3);
    g_assert_cmpint(schedule.steps, ==, 77);
    expect_rate(schedule, 2, 0.5);
    expect_rate(schedule, 76, 0.1);
    MoeAdamWOptions options = moe_adamw_options(recipe);
    g_assert_cmpfloat(options.beta1, ==, 0.8);
    g_assert_cmpfloat(options.beta2, ==, 0.95);
    g_assert_cmpfloat(options.eps, ==, 1e-8);
    g_assert_cmpfloat(options.decay, ==, 0.1);
    g_assert_cmpfloat(options.clip, ==, 2);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe__nn_register();
    moe_fields_add(&(MoeField){"train.steps", MOE_FIELD_INT, "100", .help = ""}, 1);
    g_test_add_func("/schedule/shapes", test_shapes);
    g_test_add_func("/schedule/edges", test_edges);
    g_test_add_func("/schedule/from-recipe", test_from_recipe);
    return g_test_run();
}
