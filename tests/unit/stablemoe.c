/* SPDX-License-Identifier: MIT
 *
 * StableMoE in two stages (stablemoe.flavor = paper): what it starts from, both stages and the
 * losses against the equations written out, and runs that are interrupted around the freezing.
 */
#include "train-run.h"

#include <math.h>
#include <string.h>

enum { V = 11, D = 8, E = 4, Q = 6, N = 24, FREEZE = 5 };

#define PAPER "stablemoe.flavor=paper"

typedef struct {
    MoeRecipe *recipe;
    MoeParams *params;
    MoeLayer *layer;
    MoeTape *tape;
    MoeArena *keep;
    MoeTensor *x, *y; /* [N, D] */
    int32_t token[N], padding[N];
    MoeContext context;
    MoeRouting routing;
} Layer;

static Layer *
layer_new(int vocabulary)
{
    static const char *const settings[] = {PAPER,
                                           "moe.experts=4",
                                           "moe.hidden=6",
                                           "stablemoe.word_dim=6",
                                           "stablemoe.freeze_step=5",
                                           "moe.capacity_factor=1"};
    Layer *l = g_new0(Layer, 1);
    l->recipe = moe_recipe_new();
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
        g_assert_true(moe_recipe_set(l->recipe, settings[i], NULL));
    l->params = moe_params_new();
    MoeLayerSize size = {.d_model = D, .prefix = "", .vocabulary = vocabulary};
    l->layer = moe_layer_new(l->recipe, &size, l->params, 3);
    l->x = moe_params_add(l->params, "x", 2, (int64_t[]){N, D}, 0);
    moe_init_normal(l->x, "x", 1, 1);
    for (int t = 0; t < N; t++)
        l->token[t] = (5 * t + t * t) % V;
    l->padding[N - 1] = -1;
    l->tape = moe_tape_new(true);
    l->keep = moe_arena_new();
    return l;
}

static void
layer_free(Layer *l)
{
    moe_layer_free(l->layer);
    moe_params_free(l->params);
    moe_recipe_free(l->recipe);
    moe_tape_free(l->tape);
    moe_arena_free(l->keep);
    g_free(l);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layer, layer_free)

static void
step(Layer *l, int64_t step)
{
    moe_tape_reset(l->tape);
    moe_arena_reset(l->keep);
    moe_params_drop_grads(l->params);
    l->context = (MoeContext){.tape = l->tape,
                              .keep = l->keep,
                              .train = true,
                              .step = step,
                              .sequences = 1,
                              .length = N,
                              .token = l->token,
                              .padding = l->padding};
    moe_layer_before_step(l->layer, step);
    l->y = moe_layer_forward(l->layer, &l->context, l->x, &l->routing);
}

static MoeTensor *
param(const Layer *l, const char *name)
{
    MoeTensor *x = moe_params_find(l->params, name);
    g_assert_nonnull(x);
    return x;
}

static double
dot(const float *a, const float *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* s_ti of the centroids, or of the word router. */
static double
score(const Layer *l, int t, int e)
{
    return dot(l->x->data + t * D, param(l, "router.experts")->data + e * D, D);
}

static double
word_score(const Layer *l, int t, int e)
{
    return dot(param(l, "router.words")->data + l->token[t] * Q,
               param(l, "router.word_experts")->data + e * Q, Q);
}

static int
best(const Layer *l, int t, double (*of)(const Layer *l, int t, int e))
{
    int top = 0;
    for (int e = 1; e < E; e++)
        if (of(l, t, e) > of(l, t, top))
            top = e;
    return top;
}

static double
sigmoid(double z)
{
    return 1 / (1 + exp(-z));
}

/* --- Initial values --------------------------------------------------------------------------- */

static void
expect_orthogonal(const Layer *l, const char *name, int n, double gain)
{
    const float *x = param(l, name)->data;
    for (int i = 0; i < E; i++)
        for (int j = 0; j <= i; j++)
            g_assert_cmpfloat_with_epsilon(dot(x + i * n, x + j * n, n), i == j ? gain * gain : 0,
                                           1e-7);
}

static void
test_initial_values(void)
{
    g_autoptr(Layer) l = layer_new(4000), alone = layer_new(0);
    expect_orthogonal(l, "router.experts", D, 0.1);
    expect_orthogonal(l, "router.word_experts", Q, 0.1);
    const MoeTensor *words = param(l, "router.words"), *w2 = param(l, "experts.w2");
    double n = 4000 * Q, mean = 0;
    g_assert_cmpint(moe_tensor_count(words), ==, 4000 * Q);
    for (int i = 0; i < 4000 * Q; i++)
        mean += (double)words->data[i] / n;
    g_assert_cmpfloat(fabs(mean), <, 5 / sqrt(n));
    g_assert_cmpfloat(fabs(dot(words->data, words->data, 4000 * Q) / n - 1), <, 5 * sqrt(2 / n));
    g_assert_cmpfloat(param(l, "router.words_frozen")->data[0], ==, 0);
    for (int64_t i = 0; i < moe_tensor_count(w2); i++)
        g_assert_cmpfloat(w2->data[i], ==, 0);
    g_assert_null(moe_params_find(alone->params, "router.words"));
}

/* The default ends the first stage after a tenth of the steps; w2 is drawn unless asked. */
static void
test_defaults(void)
{
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    g_autoptr(MoeParams) params = moe_params_new();
    g_assert_true(moe_recipe_set(recipe, PAPER, NULL));
    g_assert_true(moe_recipe_set(recipe, "train.steps=300", NULL));
    g_assert_true(moe_recipe_set(recipe, "moe.zero_experts=false", NULL));
    MoeLayerSize size = {.d_model = D, .prefix = "", .vocabulary = V};
    g_autoptr(MoeLayer) layer = moe_layer_new(recipe, &size, params, 3);
    const MoeTensor *frozen = moe_params_find(params, "router.words_frozen");
    moe_layer_before_step(layer, 29);
    g_assert_cmpfloat(frozen->data[0], ==, 0);
    moe_layer_before_step(layer, 30);
    g_assert_cmpfloat(frozen->data[0], ==, 1);
    g_assert_cmpfloat(moe_params_find(params, "experts.w2")->data[0], !=, 0);
}

/* --- The two stages --------------------------------------------------------------------------- */

/* Gates are sigmoids of the centroids' scores at the picks; what is dropped adds nothing. */
static void
check_picks(const Layer *l, double (*of)(const Layer *l, int t, int e))
{
    const MoePicks *picks = &l->routing.picks;
    int dropped = 0;
    g_assert_cmpint(picks->k, ==, 1);
    for (int t = 0; t < N; t++) {
        bool padding = l->padding[t] < 0;
        g_assert_cmpint(picks->expert[t], ==, padding ? -1 : best(l, t, of));
        dropped += picks->dropped[t];
        if (picks->place[t] >= 0)
            g_assert_cmpfloat_with_epsilon((double)picks->gate[t],
                                           sigmoid(score(l, t, picks->expert[t])), 1e-6);
        for (int i = 0; i < D && picks->place[t] < 0; i++)
            g_assert_cmpfloat(l->y->data[t * D + i], ==, 0);
    }
    g_assert_cmpint(dropped, >, 0);
}

static void
test_stages(void)
{
    g_autoptr(Layer) l = layer_new(V);
    moe_init_normal(param(l, "experts.w2"), "w2", 1, 0.3);
    step(l, FREEZE - 1);
    check_picks(l, score);
    g_assert_nonnull(moe_layer_balance_loss(&l->routing, NULL));
    step(l, FREEZE);
    check_picks(l, word_score);
    g_assert_null(moe_layer_balance_loss(&l->routing, NULL));
    /* The centroids learn through the gates, the word router not at all. */
    moe_tape_backward(l->tape, moe_sum(l->tape, moe_square(l->tape, l->y)), 1);
    g_assert_true(param(l, "router.experts")->has_grad);
    g_assert_false(param(l, "router.words")->has_grad);
    g_assert_false(param(l, "router.word_experts")->has_grad);
}

/* Evaluation is in the stage that training is in; without tokens, centroids decide. */
static void
test_evaluation(void)
{
    g_autoptr(Layer) l = layer_new(V);
    for (int stage = 0; stage < 3; stage++) {
        if (stage == 1)
            moe_layer_before_step(l->layer, FREEZE);
        MoeContext context = {.tape = l->tape,
                              .keep = l->keep,
                              .sequences = 1,
                              .length = N,
                              .token = stage < 2 ? l->token : NULL};
        MoeRouting routing;
        moe_layer_forward(l->layer, &context, l->x, &routing);
        for (int t = 0; t < N; t++)
            g_assert_cmpint(routing.picks.expert[t], ==,
                            best(l, t, stage == 1 ? word_score : score));
    }
}

/* --- Losses ----------------------------------------------------------------------------------- */

/* Balance and distillation, of the picks that the layer made. */
static void
naive_losses(const Layer *l, double *balance, double *distillation)
{
    const int32_t *expert = l->routing.picks.expert;
    double load[E] = {0}, units = N - 1;
    for (int t = 0; t < N - 1; t++)
        load[expert[t]]++;
    *balance = *distillation = 0;
    for (int t = 0; t < N - 1; t++) {
        double mean = units / E, sum = 0;
        *balance += (load[expert[t]] - mean) / mean * sigmoid(score(l, t, expert[t])) / units;
        for (int e = 0; e < E; e++)
            sum += exp(word_score(l, t, e));
        *distillation += (log(sum) - word_score(l, t, expert[t])) / units;
    }
}

static double
naive_total(const Layer *l)
{
    double balance, distillation;
    naive_losses(l, &balance, &distillation);
    return 0.3 * balance + 0.3 * distillation;
}

static void
check_gradient(Layer *l, const char *name)
{
    MoeTensor *p = param(l, name);
    g_assert_true(p->has_grad);
    for (int64_t i = 0; i < moe_tensor_count(p); i++) {
        float was = p->data[i], up = was + 0x1p-9f, down = was - 0x1p-9f;
        p->data[i] = up;
        double high = naive_total(l);
        p->data[i] = down;
        double low = naive_total(l);
        p->data[i] = was;
        g_assert_cmpfloat_with_epsilon((double)p->grad[i],
                                       (high - low) / ((double)up - (double)down), 1e-5);
    }
}

static void
test_losses(void)
{
    g_autoptr(Layer) l = layer_new(V);
    float raw[2] = {0, 0};
    double balance, distillation;
    step(l, 0);
    MoeTensor *total = moe_layer_balance_loss(&l->routing, raw);
    naive_losses(l, &balance, &distillation);
    g_assert_cmpfloat(fabs(balance), >, 1e-3);
    g_assert_cmpfloat_with_epsilon((double)raw[0], balance, 1e-6);
    g_assert_cmpfloat_with_epsilon((double)raw[1], distillation, 1e-6);
    g_assert_cmpfloat_with_epsilon((double)total->data[0], naive_total(l), 1e-6);
    moe_tape_backward(l->tape, total, 1);
    check_gradient(l, "router.experts");
    check_gradient(l, "router.words");
    check_gradient(l, "router.word_experts");
    check_gradient(l, "x");
}

/* --- Runs ------------------------------------------------------------------------------------- */

static const char *const paper_run[] = {PAPER, "moe.variant=stablemoe", "stablemoe.freeze_step=7",
                                        "moe.capacity_factor=2", NULL};

/* A parameter's bytes at the checkpoint of a step. */
static char *
bytes_at(const Folder *folder, int at, const char *name, size_t *n)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_strdup_printf("checkpoints/%08d", at);
    g_autofree char *path = run_path(folder, "a", file);
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(path, &error);
    g_assert_no_error(error);
    const MoeTensor *x = moe_params_find(moe_model_params(checkpoint->model), name);
    *n = (size_t)moe_tensor_count(x) * sizeof(float);
    return g_memdup2(x->data, *n);
}

static bool
same_at(const Folder *folder, int a, int b, const char *name)
{
    size_t n, m;
    g_autofree char *x = bytes_at(folder, a, name, &n), *y = bytes_at(folder, b, name, &m);
    return memcmp(x, y, MIN(n, m)) == 0;
}

/* Frozen after step 7, between the checkpoints of 5 and 10: then no bit of the word router moves,
 * whether the run was interrupted before or after; and what decides is
 * saved with the model. */
static void
test_frozen(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", paper_run);
    static const char *const names[] = {"blocks.1.moe.router.words",
                                        "blocks.1.moe.router.word_experts",
                                        "blocks.0.moe.router.words_frozen"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_false(same_at(folder, 5, 10, names[i]));
        g_assert_true(same_at(folder, 10, 12, names[i]));
    }
    g_assert_false(same_at(folder, 10, 12, "blocks.1.moe.router.experts"));
    run_whole(folder, "b", paper_run);
    run_remove_checkpoint(folder, "b", 12);
    run_go_on(folder, "b");
    run_expect_same_end(folder, "a", "b");
    run_remove_checkpoint(folder, "b", 12);
    run_remove_checkpoint(folder, "b", 10);
    run_go_on(folder, "b");
    run_expect_same_end(folder, "a", "b");
    run_expect_same(folder, "a", "b", "trace.npz");
}

/* The model of the second stage, opened again, sends a word to one expert wherever it stands. */
static void
test_words_decide(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", paper_run);
    g_autofree char *dir = run_path(folder, "a", "");
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(dir, NULL);
    MoeCorpusOptions options = moe_corpus_options(moe_model_recipe(checkpoint->model));
    g_autofree char *text = run_path(folder, "text", ""), *path = run_path(folder, "x.npz", NULL);
    g_autoptr(MoeCorpus) corpus = load_one(text, &options);
    g_autoptr(MoeTokens) tokens =
        moe_tokens_new(corpus, checkpoint->tokenizer, MOE_SPLIT_VALIDATION);
    MoeRecordOptions record = {0};
    g_assert_true(moe_record(checkpoint, corpus, tokens, path, NULL, &record, NULL, NULL, NULL));
    g_autoptr(MoeTrace) trace = moe_trace_open(path, NULL);
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    g_assert_true(moe_trace_view(trace, 0, 1, view, NULL));
    MoeArray id;
    g_assert_true(moe_trace_read(trace, "tokens/00000.id", &id, NULL));
    int expert_of[256], known = 0;
    for (int i = 0; i < 256; i++)
        expert_of[i] = -1;
    for (int64_t t = 0; t < view->tokens; t++) {
        int *expert = &expert_of[(int)moe_array_value(&id, t)];
        known += *expert < 0;
        g_assert_true(*expert < 0 || *expert == view->expert[t]);
        *expert = view->expert[t];
    }
    g_assert_cmpint(known, >, 5);
    g_free((gpointer)id.data);
}

static void
test_rule(void)
{
    g_autoptr(GError) error = NULL, check = NULL;
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    g_assert_true(moe_recipe_set(recipe, PAPER, NULL));
    g_assert_cmpstr(moe_recipe_text(recipe, "moe.variant"), ==, "stablemoe");
    g_assert_cmpstr(moe_recipe_text(recipe, "moe.score"), ==, "centroid");
    g_assert_true(moe_recipe_check(recipe, NULL));
    g_assert_true(moe_recipe_set(recipe, "moe.variant=smoe", NULL));
    g_assert_false(moe_recipe_check(recipe, &error));
    g_assert_nonnull(strstr(error->message, "'paper' is a flavour of moe.variant = stablemoe"));
    g_assert_true(moe_recipe_set(recipe, "stablemoe.flavor=code", NULL));
    g_assert_true(moe_recipe_set(recipe, "moe.variant=stablemoe", NULL));
    g_assert_cmpstr(moe_recipe_text(recipe, "moe.score"), ==, "unit");
    /* The loss without the word router stops at that step too. */
    g_autoptr(MoeRecipe) loss_alone = moe_recipe_new();
    g_assert_true(moe_recipe_set(loss_alone, "moe.balance=stable", NULL));
    g_assert_true(moe_recipe_set(loss_alone, "stablemoe.freeze_step=9", NULL));
    moe_recipe_check(loss_alone, &check);
    g_assert_no_error(check);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/stablemoe/initial-values", test_initial_values);
    g_test_add_func("/stablemoe/defaults", test_defaults);
    g_test_add_func("/stablemoe/stages", test_stages);
    g_test_add_func("/stablemoe/evaluation", test_evaluation);
    g_test_add_func("/stablemoe/losses", test_losses);
    g_test_add_func("/stablemoe/rule", test_rule);
#define ADD(name, function) \
    g_test_add("/stablemoe/" name, Folder, NULL, run_folder_make, function, folder_remove)
    ADD("frozen", test_frozen);
    ADD("words-decide", test_words_decide);
#undef ADD
    return g_test_run();
}
