/* SPDX-License-Identifier: MIT
 *
 * What scores tell of themselves: the rows that units are compared with, HyperRouter's generated
 * router, which passes without gradients share, and its costs.
 */
#include "moe/layer.h"

#include <glib/gstdio.h>
#include <math.h>
#include <moescope/model.h>
#include <string.h>

enum { D = 24, UNITS = 9, E = 8 };

/* A layer alone; passes run on tapes of their own. */
typedef struct {
    MoeRecipe *recipe;
    MoeParams *params;
    MoeLayer *layer;
    MoeArena *keep;
    MoeTape *tape; /* of the latest pass */
    MoeTensor *x;  /* [UNITS, D] */
    MoeContext context;
    MoeRouting routing;
} Layer;

static Layer *
layer_new(const char *const *settings)
{
    Layer *l = g_new0(Layer, 1);
    l->recipe = moe_recipe_new();
    l->params = moe_params_new();
    l->keep = moe_arena_new();
    for (; *settings; settings++)
        g_assert_true(moe_recipe_set(l->recipe, *settings, NULL));
    MoeLayerSize size = {.d_model = D, .prefix = "moe."};
    l->layer = moe_layer_new(l->recipe, &size, l->params, 7);
    l->x = moe_tensor_2d(l->keep, UNITS, D);
    moe_init_normal(l->x, "units", 1, 1);
    return l;
}

static void
layer_free(Layer *l)
{
    moe_tape_free(l->tape);
    moe_layer_free(l->layer);
    moe_params_free(l->params);
    moe_recipe_free(l->recipe);
    moe_arena_free(l->keep);
    g_free(l);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layer, layer_free)

/* Logits [UNITS, E] of a fresh pass. (transfer full) */
static float *
pass(Layer *l, bool recording)
{
    moe_tape_free(l->tape);
    l->tape = moe_tape_new(recording);
    l->context = (MoeContext){.tape = l->tape, .keep = l->keep, .sequences = 1, .length = UNITS};
    moe_layer_forward(l->layer, &l->context, l->x, &l->routing);
    return g_memdup2(l->routing.logits->data, UNITS * E * sizeof(float));
}

static bool
same(const float *a, const float *b)
{
    return memcmp(a, b, UNITS * E * sizeof *a) == 0;
}

#define HYPER "moe.variant=hyperrouter", "hyper.size=16", NULL

/* A pass without gradients has the bits of one with, and the next one doesn't generate again: a
 * change that nobody was told of doesn't show until somebody is. */
static void
test_shared(void)
{
    g_autoptr(Layer) l = layer_new((const char *[]){HYPER});
    MoeTensor *embedding = moe_params_find(l->params, "moe.router.embedding");
    g_autofree float *recorded = pass(l, true), *first = pass(l, false);
    g_assert_true(same(recorded, first));
    embedding->data[0] += 1;
    g_autofree float *second = pass(l, false);
    g_assert_true(same(first, second));
    moe_params_touch(l->params);
    g_autofree float *touched = pass(l, false);
    g_assert_false(same(first, touched));
    embedding->data[0] += 1;
    g_autofree float *training = pass(l, true), *after = pass(l, false);
    g_assert_false(same(touched, training));
    g_assert_true(same(training, after));
}

static void
test_step(void)
{
    g_autoptr(Layer) l = layer_new((const char *[]){HYPER});
    MoeAdamWOptions options = moe_adamw_options(l->recipe);
    g_autoptr(MoeAdamW) adamw = moe_adamw_new(l->params, &options);
    g_autofree float *before = pass(l, false);
    g_free(pass(l, true));
    MoeTensor *loss = moe_sum(l->tape, moe_square(l->tape, l->routing.logits));
    moe_params_drop_grads(l->params);
    moe_tape_backward(l->tape, loss, 1);
    g_autofree float *unchanged = pass(l, false);
    g_assert_true(same(before, unchanged));
    g_assert_true(moe_adamw_step(adamw, 0.1, 1, NULL));
    g_autofree float *after = pass(l, false), *truth = pass(l, true);
    g_assert_false(same(before, after));
    g_assert_true(same(after, truth));
}

static void
test_load(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("moescope-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "x.safetensors", NULL);
    g_autoptr(Layer) l = layer_new((const char *[]){HYPER});
    g_assert_true(moe_params_save(l->params, path, NULL));
    g_autofree float *saved = pass(l, false);
    moe_params_find(l->params, "moe.router.embedding")->data[3] -= 2;
    moe_params_touch(l->params);
    g_autofree float *other = pass(l, false);
    g_assert_true(moe_params_load(l->params, path, &error));
    g_assert_no_error(error);
    g_autofree float *loaded = pass(l, false);
    g_assert_false(same(saved, other));
    g_assert_true(same(saved, loaded));
    g_unlink(path);
    g_rmdir(folder);
}

/* x · rowᵀ for all units and experts, into z [UNITS, E]. */
static void
products(const float *x, const MoeTensor *rows, double *z)
{
    int64_t n = moe_tensor_last(rows);
    g_assert_cmpint(moe_tensor_rows(rows), ==, E);
    for (int u = 0; u < UNITS; u++)
        for (int e = 0; e < E; e++) {
            z[u * E + e] = 0;
            for (int64_t i = 0; i < n; i++)
                z[u * E + e] += (double)x[u * n + i] * (double)rows->data[e * n + i];
        }
}

/* Each score's logits are products with its rows, of the unit or of the unit reduced, but for the
 * biases: these are gone from differences between units. */
static void
test_rows(void)
{
    static const char *const settings[][3] = {
        {"moe.variant=smoe"},
        {"moe.score=frozen", "moe.balance=none"},
        {"moe.variant=hyperrouter", "hyper.size=16"},
        {"moe.variant=xmoe", "cosine.dim=5"},
        {"moe.variant=stablemoe"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        g_autoptr(Layer) l = layer_new((const char *[]){settings[i][0], settings[i][1], NULL});
        g_autofree float *z = pass(l, true);
        const MoeFilled *score = &l->layer->place[MOE_PLACE_SCORE];
        const MoeTensor *rows = score->part->rows(l->tape, score->state), *x = l->x;
        const MoeTensor *reduction = moe_params_find(l->params, "moe.router.reduction");
        if (reduction)
            x = moe_linear(l->tape, l->x, (MoeTensor *)reduction, NULL);
        double expected[UNITS * E];
        products(x->data, rows, expected);
        for (int j = 0; j < UNITS * E; j++)
            g_assert_cmpfloat_with_epsilon((double)z[j] - (double)z[j % E],
                                           expected[j] - expected[j % E], 1e-4);
    }
}

typedef struct {
    double scale;
    float *rows; /* [E, D + 1] */
} Told;

static void
hear(void *user, const char *name, int ndim, const int64_t *shape, const float *values)
{
    Told *told = user;
    if (g_str_equal(name, "generated_scale")) {
        g_assert_cmpint(ndim, ==, 0);
        told->scale = (double)values[0];
    } else if (g_str_equal(name, "generated_rows")) {
        g_assert_cmpint(ndim, ==, 2);
        g_assert_cmpint(shape[0], ==, E);
        g_assert_cmpint(shape[1], ==, D + 1);
        told->rows = g_memdup2(values, E * (D + 1) * sizeof *values);
    }
}

/* The generated rows are told where asked for, their root mean square always; in training and out
 * of it. */
static void
test_report(void)
{
    g_autoptr(Layer) l = layer_new((const char *[]){HYPER});
    for (int recording = 0; recording < 2; recording++) {
        Told short_form = {0}, told = {0};
        g_autofree float *z = pass(l, recording);
        moe_layer_report(&l->routing, false, &(MoeReporter){hear, &short_form});
        moe_layer_report(&l->routing, true, &(MoeReporter){hear, &told});
        g_assert_null(short_form.rows);
        g_assert_nonnull(told.rows);
        double squares = 0, first = (double)told.rows[D];
        for (int i = 0; i < E * (D + 1); i++)
            squares += (double)told.rows[i] * (double)told.rows[i];
        for (int i = 0; i < D; i++)
            first += (double)told.rows[i] * (double)l->x->data[i];
        g_assert_cmpfloat_with_epsilon((double)z[0], first, 1e-5);
        g_assert_cmpfloat_with_epsilon(told.scale, sqrt(squares / (E * (D + 1))), 1e-6);
        g_assert_cmpfloat(told.scale, ==, short_form.scale);
        g_free(told.rows);
    }
}

/* A pass generates the router once: 2 S (w + E (w + 1)). */
static void
test_costs(void)
{
    g_autoptr(Layer) hyper = layer_new((const char *[]){HYPER});
    g_autoptr(Layer) linear = layer_new((const char *[]){"moe.variant=smoe", NULL});
    double generation = 2 * 16 * (D + E * (D + 1));
    g_assert_cmpfloat(moe_layer_pass_flops(hyper->layer, 5), ==, generation);
    g_assert_cmpfloat(moe_layer_pass_flops(hyper->layer, 500), ==, generation);
    g_assert_cmpfloat(moe_layer_pass_flops(linear->layer, 5), ==, 0);
    g_assert_cmpfloat(moe_layer_flops(hyper->layer), ==, moe_layer_flops(linear->layer));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/router-rows/shared", test_shared);
    g_test_add_func("/router-rows/step", test_step);
    g_test_add_func("/router-rows/load", test_load);
    g_test_add_func("/router-rows/rows", test_rows);
    g_test_add_func("/router-rows/report", test_report);
    g_test_add_func("/router-rows/costs", test_costs);
    return g_test_run();
}
