/* SPDX-License-Identifier: MIT
 *
 * The language model against its definition in double (model-naive.c): values, derivatives, and
 * what must not depend on what.
 */
#include "model-naive.h"

#include <math.h>
#include <string.h>

enum { V = 19, ROWS = 2, LENGTH = 7, N = ROWS * LENGTH, MAX_ROUTERS = 3 };

typedef struct {
    MoeModel *model;
    MoeTape *tape;
    MoeArena *keep;
    MoeBatch *batch;
    MoeContext context;
    MoeRouting routings[MAX_ROUTERS];
} Fixture;

static const char *const variants[][9] = {
    {"moe.variant=dense", NULL},
    {"moe.variant=dense", "model.tied=true", "model.norm=layer", "model.attention_bias=true",
     "moe.activation=swiglu", "model.dropout=0.3", NULL},
    {"moe.variant=smoe", "moe.bias=false", "model.dropout=0.2", "model.rope_base=0", NULL},
    {"moe.variant=smoe", "moe.every=2", "model.tied=true", "moe.activation=swiglu",
     "moe.balance=switch,z-loss", "moe.router_bias=true", "model.attention_bias=true",
     "model.dense_hidden=10", NULL},
    {"moe.variant=smoe", "moe.k=1", "model.norm=layer", "moe.activation=silu", "moe.balance=z-loss",
     NULL},
};

/* Values of the size that training would give them; norms near one. */
static void
randomise(MoeParams *params)
{
    for (int p = 0; p < moe_params_count(params); p++) {
        const MoeParam *param = moe_params_get(params, p);
        MoeRng rng = moe_rng(7, (uint64_t)p);
        bool is_norm = strstr(param->name, "norm") && g_str_has_suffix(param->name, ".weight");
        for (int64_t i = 0; i < moe_tensor_count(param->tensor); i++)
            param->tensor->data[i] = (is_norm ? 1.0f : 0.0f) + 0.3f * moe_rng_normal(&rng);
    }
}

/* Random tokens; some have no target. */
static void
fill(MoeBatch *batch)
{
    MoeRng rng = moe_rng(8, 0);
    for (int i = 0; i < batch->rows * batch->length; i++) {
        batch->id[i] = (int32_t)moe_rng_below(&rng, V);
        batch->target[i] = i % 5 == 4 ? -1 : (int32_t)moe_rng_below(&rng, V);
        batch->doc[i] = i / batch->length;
        batch->pos[i] = i % batch->length;
    }
}

static Fixture *
fixture_new(const char *const *settings)
{
    static const char *const sizes[] = {"model.layers=3", "model.d_model=16", "model.heads=2",
                                        "moe.experts=5",  "moe.hidden=12",    NULL};
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    g_autoptr(GError) error = NULL;
    for (const char *const *s = sizes; *s; s++)
        g_assert_true(moe_recipe_set(recipe, *s, NULL));
    for (const char *const *s = settings; *s; s++)
        g_assert_true(moe_recipe_set(recipe, *s, NULL));
    Fixture *f = g_new0(Fixture, 1);
    f->model = moe_model_new(recipe, V, &error);
    g_assert_no_error(error);
    randomise(moe_model_params(f->model));
    f->tape = moe_tape_new(true);
    f->keep = moe_arena_new();
    f->batch = moe_batch_new(ROWS, LENGTH);
    fill(f->batch);
    f->context = (MoeContext){.tape = f->tape, .keep = f->keep, .train = true, .seed = 5};
    return f;
}

static void
fixture_free(Fixture *f)
{
    moe_model_free(f->model);
    moe_tape_free(f->tape);
    moe_arena_free(f->keep);
    moe_batch_free(f->batch);
    g_free(f);
}

static MoeLoss
run_loss(Fixture *f)
{
    moe_tape_reset(f->tape);
    moe_arena_reset(f->keep);
    return moe_model_loss(f->model, &f->context, f->batch, f->routings, NULL, NULL, NULL);
}

static Naive
naive_of(const Fixture *f)
{
    return (Naive){
        .model = f->model,
        .batch = f->batch,
        .routings = f->routings,
        .train = f->context.train,
        .seed = f->context.seed,
    };
}

/* Logits of one evaluating pass, on a tape of its own that records or not. (transfer full) */
static float *
logits_of(Fixture *f, const MoeBatch *batch, bool record)
{
    g_autoptr(MoeTape) tape = moe_tape_new(record);
    MoeContext context = {.tape = tape, .keep = f->keep};
    moe_arena_reset(f->keep);
    MoeTensor *logits = moe_model_logits(f->model, &context, batch, f->routings, NULL, NULL);
    g_assert_cmpint(moe_tensor_rows(logits), ==, batch->rows * batch->length);
    g_assert_cmpint(moe_tensor_last(logits), ==, V);
    return g_memdup2(logits->data, sizeof(float) * (gsize)moe_tensor_count(logits));
}

static void
test_forward(void)
{
    for (size_t v = 0; v < G_N_ELEMENTS(variants); v++) {
        Fixture *f = fixture_new(variants[v]);
        f->context.train = false;
        g_autofree float *logits = logits_of(f, f->batch, true);
        Naive naive = naive_of(f);
        g_autofree double *expected = naive_logits(&naive, NULL);
        for (int i = 0; i < N * V; i++)
            g_assert_cmpfloat_with_epsilon((double)logits[i], expected[i], 3e-5);
        fixture_free(f);
    }
}

/* With dropout, without balance losses at evaluation, each token's loss on the way. */
static void
test_loss(void)
{
    for (size_t v = 0; v < G_N_ELEMENTS(variants); v++) {
        Fixture *f = fixture_new(variants[v]);
        Naive naive = naive_of(f);
        MoeLoss loss = run_loss(f);
        double expected = naive_loss(&naive);
        g_assert_cmpfloat_with_epsilon((double)loss.total->data[0], expected, 1e-5);
        g_assert_cmpfloat_with_epsilon((double)(loss.cross_entropy + loss.balance), expected, 1e-5);
        g_assert_cmpint(loss.balance > 0, ==, moe_model_routers(f->model) > 0);
        f->context.train = naive.train = false;
        loss = run_loss(f);
        g_assert_cmpfloat_with_epsilon((double)loss.total->data[0], naive_loss(&naive), 1e-5);
        g_assert_cmpfloat(loss.balance, ==, 0);
        fixture_free(f);
    }
}

/* The derivative along a random direction of one parameter. */
static void
check_slope(Fixture *f, const MoeParam *param, MoeRng *rng)
{
    Naive naive = naive_of(f);
    int64_t n = moe_tensor_count(param->tensor);
    g_autofree double *along = g_new(double, n);
    double slope = 0, loss[2];
    for (int64_t i = 0; i < n; i++) {
        along[i] = (double)moe_rng_normal(rng) / sqrt((double)n);
        slope += along[i] * (double)param->tensor->grad[i];
    }
    naive.moved = param->tensor;
    naive.along = along;
    for (int side = 0; side < 2; side++) {
        naive.step = side ? 1e-5 : -1e-5;
        loss[side] = naive_loss(&naive);
    }
    double expected = (loss[1] - loss[0]) / 2e-5;
    if (!(fabs(slope - expected) < 1e-5 + 1e-4 * fabs(expected)))
        g_error("%s: slope %.9g, expected %.9g", param->name, slope, expected);
}

static void
test_gradients(void)
{
    MoeRng rng = moe_rng(3, 3);
    for (size_t v = 0; v < G_N_ELEMENTS(variants); v++) {
        Fixture *f = fixture_new(variants[v]);
        MoeParams *params = moe_model_params(f->model);
        moe_tape_backward(f->tape, run_loss(f).total, 1);
        for (int p = 0; p < moe_params_count(params); p++)
            check_slope(f, moe_params_get(params, p), &rng);
        fixture_free(f);
    }
}

/* A tape that doesn't record releases each block's memory, and gives the same numbers. */
static void
test_inference(void)
{
    for (size_t v = 0; v < G_N_ELEMENTS(variants); v++) {
        Fixture *f = fixture_new(variants[v]);
        g_autofree float *recorded = logits_of(f, f->batch, true);
        g_autofree float *inferred = logits_of(f, f->batch, false);
        g_assert_cmpmem(inferred, sizeof(float) * N * V, recorded, sizeof(float) * N * V);
        MoeLoss loss = run_loss(f);
        double total = (double)loss.total->data[0], balance = (double)loss.balance;
        g_autoptr(MoeTape) tape = moe_tape_new(false);
        f->context.tape = tape;
        loss = run_loss(f);
        g_assert_cmpfloat((double)loss.total->data[0], ==, total);
        g_assert_cmpfloat((double)loss.balance, ==, balance);
        fixture_free(f);
    }
}

/* Position 4 changes: nothing before it does, and it does itself. */
static void
test_causality(void)
{
    for (size_t v = 0; v < G_N_ELEMENTS(variants); v++) {
        Fixture *f = fixture_new(variants[v]);
        g_autofree float *before = logits_of(f, f->batch, false);
        f->batch->id[4] = (f->batch->id[4] + 1) % V;
        g_autofree float *after = logits_of(f, f->batch, false);
        for (int i = 0; i < N * V; i++)
            if (i / V < 4 || i / V >= LENGTH)
                g_assert_cmpfloat_with_epsilon(before[i], after[i], 1e-6);
        g_assert_cmpint(memcmp(before + 4 * V, after + 4 * V, sizeof(float) * V), !=, 0);
        fixture_free(f);
    }
}

/* A batch whose second row is padding, and whose first ends in some, gives what the row gives on
 * its own; padding is no load. */
static void
test_padding(void)
{
    Fixture *f = fixture_new(variants[3]);
    g_autoptr(MoeBatch) alone = moe_batch_new(1, LENGTH);
    memcpy(alone->id, f->batch->id, sizeof(int32_t) * LENGTH);
    g_autofree float *expected = logits_of(f, alone, false);
    for (int i = 5; i < N; i++) {
        f->batch->id[i] = 0;
        f->batch->doc[i] = f->batch->target[i] = -1;
    }
    g_autofree float *logits = logits_of(f, f->batch, false);
    for (int i = 0; i < 5 * V; i++)
        g_assert_cmpfloat_with_epsilon(logits[i], expected[i], 1e-6);
    int64_t load = 0;
    for (int e = 0; e < 5; e++)
        load += f->routings[0].picks.load[e];
    g_assert_cmpint(load, ==, 2 * 5);
    fixture_free(f);
}

static void
count_routers(MoeRouting *routing, void *user)
{
    int *seen = user;
    g_assert_cmpint(moe_layer_index(routing->layer), ==, *seen);
    g_assert_nonnull(routing->logits);
    (*seen)++;
}

static void
test_observer(void)
{
    Fixture *f = fixture_new((const char *[]){"model.layers=6", "moe.every=2", NULL});
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    int seen = 0;
    f->context.tape = tape;
    moe_model_logits(f->model, &f->context, f->batch, f->routings, count_routers, &seen);
    g_assert_cmpint(seen, ==, 3);
    g_assert_cmpint(moe_layer_block(moe_model_router(f->model, 2)), ==, 5);
    fixture_free(f);
}

/* Counted by hand for d 16, sequences of 7: V 19, hidden 12, 5 experts, k 2, biases of experts. */
static void
test_counts(void)
{
    Fixture *f = fixture_new((const char *[]){"moe.every=3", NULL});
    /* attention 4·16², norms 2·16; dense 2·16·24 + 24 + 16; MoE 5·16 + 5·(2·16·12 + 12 + 16) */
    int64_t attention = 4 * 16 * 16 + 2 * 16, dense = 2 * 16 * 24 + 24 + 16;
    int64_t expert = 2 * 16 * 12 + 12 + 16, router = 5 * 16, outside = 2 * 19 * 16 + 16;
    MoeParams *params = moe_model_params(f->model);
    int64_t total = outside + 3 * attention + 2 * dense + router + 5 * expert;
    g_assert_cmpint(moe_params_size(params, false), ==, total);
    g_assert_cmpint(moe_model_active_params(f->model), ==, total - 3 * expert);
    /* matrices twice each; attention 2·2·16·(7 + 1)/2; the head */
    double block = 2.0 * 4 * 16 * 16 + 2 * 2 * 16 * 4, ffn = 2.0 * 2 * 16 * 24;
    double moe = 2.0 * 16 * 5 + 2 * (2.0 * 2 * 16 * 12);
    g_assert_cmpfloat_with_epsilon(moe_model_flops(f->model, LENGTH),
                                   3 * block + 2 * ffn + moe + 2.0 * 19 * 16, 1e-6);
    fixture_free(f);
    f = fixture_new((const char *[]){"moe.variant=dense", "model.tied=true",
                                     "moe.activation=swiglu", "moe.bias=false", NULL});
    total = 19 * 16 + 16 + 3 * (attention + 3 * 16 * 24);
    g_assert_cmpint(moe_params_size(moe_model_params(f->model), false), ==, total);
    g_assert_cmpint(moe_model_active_params(f->model), ==, total);
    g_assert_cmpfloat_with_epsilon(moe_model_flops(f->model, LENGTH),
                                   3 * (block + 2.0 * 3 * 16 * 24) + 2.0 * 19 * 16, 1e-6);
    fixture_free(f);
}

static void
test_refused(void)
{
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    g_autoptr(GError) error = NULL;
    g_assert_true(moe_recipe_set(recipe, "model.heads=3", NULL));
    g_assert_null(moe_model_new(recipe, V, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_RECIPE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/model/forward", test_forward);
    g_test_add_func("/model/loss", test_loss);
    g_test_add_func("/model/gradients", test_gradients);
    g_test_add_func("/model/inference", test_inference);
    g_test_add_func("/model/causality", test_causality);
    g_test_add_func("/model/padding", test_padding);
    g_test_add_func("/model/observer", test_observer);
    g_test_add_func("/model/counts", test_counts);
    g_test_add_func("/model/refused", test_refused);
    return g_test_run();
}
