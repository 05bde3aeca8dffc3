/* SPDX-License-Identifier: MIT
 *
 * balance = loss-free: the rule of the bias, what it does to selection and to nothing else, and
 * that it lives through checkpoints.
 */
#include "alone.h"

#include "train-run.h"

#include <math.h>
#include <moescope/plugin.h>
#include <moescope/stats.h>
#include <string.h>

enum { D = 8, E = 8, N = 512 };
#define LOSS_FREE "moe.variant=loss-free", "moe.experts=8", "moe.hidden=4"

static float *
bias_of(const Alone *a)
{
    MoeTensor *bias = moe_params_find(a->params, "moe.router.selection_bias");
    g_assert_nonnull(bias);
    g_assert_cmpint(moe_tensor_count(bias), ==, E);
    return bias->data;
}

/* Loads below, at and above their mean of 10. */
static const int64_t loads[E] = {9, 10, 11, 10, 40, 0, 0, 0};

static void
test_rule(void)
{
    static const float sign[E] = {1, 0, -1, 0, -1, 1, 1, 1};
    g_auto(Alone) paper = alone_new(0, 1, D, 1, N, (const char *[]){LOSS_FREE, NULL});
    g_auto(Alone) titan = alone_new(
        0, 1, D, 1, N,
        (const char *[]){LOSS_FREE, "loss_free.flavor=torchtitan", "loss_free.rate=0.5", NULL});
    for (int e = 0; e < E; e++)
        g_assert_cmpfloat(bias_of(&paper)[e], ==, 0);
    moe_layer_after_step(paper.layer, 0, loads);
    moe_layer_after_step(titan.layer, 0, loads);
    for (int e = 0; e < E; e++) {
        g_assert_cmpfloat(bias_of(&paper)[e], ==, 0.001f * sign[e]);
        g_assert_cmpfloat(bias_of(&titan)[e], ==, 0.5f * sign[e] - 0.5f * 2 / E);
    }
    /* An even load, or none, moves nothing. */
    int64_t even[E], none[E] = {0};
    for (int e = 0; e < E; e++)
        even[e] = 3;
    moe_layer_after_step(paper.layer, 1, even);
    moe_layer_after_step(paper.layer, 2, none);
    for (int e = 0; e < E; e++)
        g_assert_cmpfloat(bias_of(&paper)[e], ==, 0.001f * sign[e]);
}

/* Selection ranks s + b; gates are s. */
static void
test_selection(void)
{
    g_auto(Alone) a = alone_new(0, 1, D, 1, N, (const char *[]){LOSS_FREE, NULL});
    float *bias = bias_of(&a);
    for (int e = 0; e < E; e++)
        bias[e] = 0.2f * (float)(e % 3);
    alone_run(&a);
    const float *z = a.routing.logits->data, *gate = a.routing.picks.gate;
    for (int64_t u = 0; u < N; u++) {
        double s[E];
        int best = 0, second = -1;
        for (int e = 0; e < E; e++)
            s[e] = 1 / (1 + exp(-(double)z[u * E + e])) + (double)bias[e];
        for (int e = 1; e < E; e++)
            best = s[e] > s[best] ? e : best;
        for (int e = 0; e < E; e++)
            if (e != best && (second < 0 || s[e] > s[second]))
                second = e;
        g_assert_cmpint(alone_pick(&a, u, 0), ==, best);
        g_assert_cmpint(alone_pick(&a, u, 1), ==, second);
        g_assert_cmpfloat_with_epsilon(gate[2 * u], s[best] - (double)bias[best], 1e-6);
    }
}

typedef struct {
    double max_violation;
    float bias[E];
    int told;
} Told;

static void
hear(void *user, const char *name, int ndim, const int64_t *shape, const float *values)
{
    Told *told = user;
    if (g_str_equal(name, "max_violation")) {
        g_assert_cmpint(ndim, ==, 0);
        told->max_violation = (double)values[0];
        told->told++;
    } else if (g_str_equal(name, "selection_bias")) {
        g_assert_cmpint(ndim, ==, 1);
        g_assert_cmpint(shape[0], ==, E);
        memcpy(told->bias, values, sizeof told->bias);
        told->told++;
    }
}

/* A router that likes some experts far better: the bias evens it out, without a gradient. */
static void
test_balances(void)
{
    g_auto(Alone) a =
        alone_new(0, 1, D, 1, N, (const char *[]){LOSS_FREE, "loss_free.rate=0.01", NULL});
    MoeTensor *router = moe_params_find(a.params, "moe.router.weight");
    double first = 0;
    Told told = {0};
    MoeReporter to = {hear, &told};
    moe_init_normal(router, "router", 5, 0.5);
    for (int e = 0; e < E; e++)
        router->data[e * D] = 0.5f * (float)e;
    for (int64_t u = 0; u < N; u++)
        a.x->data[u * D] = 1;
    for (int step = 0; step < 400; step++) {
        alone_run(&a);
        double violation = moe_load_max_violation(a.routing.picks.load, E);
        first = step == 0 ? violation : first;
        moe_layer_report(&a.routing, false, &to);
        g_assert_cmpfloat_with_epsilon(told.max_violation, violation, 1e-6);
        g_assert_cmpmem(told.bias, sizeof told.bias, bias_of(&a), sizeof told.bias);
        moe_layer_after_step(a.layer, step, a.routing.picks.load);
    }
    g_assert_cmpint(told.told, ==, 800);
    g_assert_cmpfloat(first, >, 1.4);
    g_assert_cmpfloat(told.max_violation, <, 0.2);
}

static const char *const training[] = {"moe.variant=loss-free", "loss_free.rate=0.01",
                                       "train.accumulate=2", NULL};

static MoeArray
read_measure(const MoeTrace *trace, const char *name)
{
    g_autoptr(GError) error = NULL;
    MoeArray array;
    moe_trace_join(trace, name, &array, &error);
    g_assert_no_error(error);
    return array;
}

/* MaxVio of every step; the bias at every snapshot, the last of which is that of the end. */
static void
expect_measures(const MoeTrace *trace, const MoeTensor *bias)
{
    MoeArray violation = read_measure(trace, "measures/r001.train.max_violation");
    MoeArray biases = read_measure(trace, "measures/r001.selection_bias");
    g_autofree const float *violations = violation.data, *rows = biases.data;
    int64_t n = moe_tensor_count(bias);
    g_assert_cmpint(violation.shape[0], ==, RUN_STEPS);
    for (int i = 0; i < RUN_STEPS; i++)
        g_assert_cmpfloat(violations[i], >=, 0);
    g_assert_cmpint(biases.shape[0], ==, 4);
    g_assert_cmpint(biases.shape[1], ==, n);
    for (int64_t e = 0; e < n; e++) {
        g_assert_cmpfloat(rows[e], ==, 0);
        g_assert_cmpfloat(rows[3 * n + e], ==, bias->data[e]);
    }
}

/* A run that was stopped at step 5 ends in the same bits, the bias among them. */
static void
test_resume(Folder *folder, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = run_recipe(folder, training);
    run_whole(folder, "whole", training);
    /* A stop on request comes as MOE_ERROR_CANCELLED or as success: what counts is what's saved. */
    run_train(folder, "cut", recipe, 5, &error);
    run_go_on(folder, "cut");
    run_expect_same_end(folder, "whole", "cut");

    g_autofree char *path = run_path(folder, "cut", "");
    g_autoptr(GError) failed = NULL;
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(path, &failed);
    g_assert_no_error(failed);
    const MoeTensor *bias =
        moe_params_find(moe_model_params(checkpoint->model), "blocks.1.moe.router.selection_bias");
    g_assert_nonnull(bias);
    double moved = 0;
    for (int64_t e = 0; e < moe_tensor_count(bias); e++)
        moved += fabs((double)bias->data[e]);
    g_assert_cmpfloat(moved, >, 0.01);
    g_assert_false(bias->needs_grad);
    g_autoptr(MoeTrace) trace = run_trace(folder, "cut");
    expect_measures(trace, bias);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_plugins_load();
    g_test_add_func("/plugin/loss-free/rule", test_rule);
    g_test_add_func("/plugin/loss-free/selection", test_selection);
    g_test_add_func("/plugin/loss-free/balances", test_balances);
    g_test_add("/plugin/loss-free/resume", Folder, NULL, run_folder_make, test_resume,
               folder_remove);
    return g_test_run();
}
