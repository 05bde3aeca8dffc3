/* SPDX-License-Identifier: MIT
 *
 * The routers: what they start from, what they freeze, what they compute. Against the official
 * codes they are held in tests/official.
 */
#include "train-run.h"

#include <math.h>
#include <moescope/moe.h>
#include <string.h>

/* A layer alone, and the tape that it runs on. */
typedef struct {
    MoeRecipe *recipe;
    MoeParams *params;
    MoeLayer *layer;
    MoeTape *tape;
    MoeArena *keep;
    int d;
} Router;

static Router
router_new(int index, uint64_t seed, int d, const char *const *settings)
{
    Router r = {.recipe = moe_recipe_new(),
                .params = moe_params_new(),
                .tape = moe_tape_new(true),
                .keep = moe_arena_new(),
                .d = d};
    for (; *settings; settings++)
        g_assert_true(moe_recipe_set(r.recipe, *settings, NULL));
    MoeLayerSize size = {.index = index, .d_model = d, .prefix = "moe."};
    r.layer = moe_layer_new(r.recipe, &size, r.params, seed);
    return r;
}

static void
router_clear(Router *r)
{
    moe_layer_free(r->layer);
    moe_params_free(r->params);
    moe_recipe_free(r->recipe);
    moe_tape_free(r->tape);
    moe_arena_free(r->keep);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Router, router_clear)

/* Logits [n, E] of n units ~ N(0, 1), which `units`, if not NULL, receives. */
static const MoeTensor *
router_logits(Router *r, int n, bool train, const MoeTensor **units)
{
    MoeTensor *x = moe_tensor_2d(moe_tape_arena(r->tape), n, r->d);
    moe_init_normal(x, "units", 1, 1);
    MoeContext context = {
        .tape = r->tape, .keep = r->keep, .train = train, .sequences = 1, .length = n};
    MoeRouting routing;
    moe_layer_forward(r->layer, &context, x, &routing);
    if (units)
        *units = x;
    return routing.logits;
}

static double
root_mean_square(const float *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sqrt(sum / (double)n);
}

/* N(0, std²), as far as its mean and spread show: five standard errors of each. */
static void
expect_normal(const Router *r, const char *name, double std)
{
    const MoeTensor *x = moe_params_find(r->params, name);
    g_assert_nonnull(x);
    double mean = 0, n = (double)moe_tensor_count(x);
    for (int64_t i = 0; i < moe_tensor_count(x); i++)
        mean += (double)x->data[i] / n;
    g_assert_cmpfloat(fabs(mean), <, 5 * std / sqrt(n));
    g_assert_cmpfloat(fabs(root_mean_square(x->data, (int64_t)n) - std), <, 5 * std / sqrt(2 * n));
}

static void
expect_zeros(const Router *r, const char *name)
{
    const MoeTensor *x = moe_params_find(r->params, name);
    g_assert_nonnull(x);
    for (int64_t i = 0; i < moe_tensor_count(x); i++)
        g_assert_cmpfloat(x->data[i], ==, 0);
}

/* Rows of length `gain`, at right angles. */
static void
expect_orthogonal(const Router *r, const char *name, double gain)
{
    const MoeTensor *x = moe_params_find(r->params, name);
    g_assert_nonnull(x);
    int64_t n = moe_tensor_last(x);
    for (int64_t i = 0; i < moe_tensor_rows(x); i++)
        for (int64_t j = 0; j <= i; j++) {
            double dot = 0;
            for (int64_t c = 0; c < n; c++)
                dot += (double)x->data[i * n + c] * (double)x->data[j * n + c];
            g_assert_cmpfloat_with_epsilon(dot, i == j ? gain * gain : 0, 1e-6);
        }
}

static void
test_frozen(void)
{
    g_auto(Router) r = router_new(0, 7, 128, (const char *[]){"moe.variant=smoe-dropout", NULL});
    expect_normal(&r, "moe.router.weight", 0.02);
    expect_zeros(&r, "moe.router.bias");
    int64_t all = moe_params_size(r.params, false), trained = moe_params_size(r.params, true);
    g_assert_cmpint(all - trained, ==, 16 * 128 + 16);
}

static void
test_hyper(void)
{
    static const char *const settings[] = {"moe.variant=hyperrouter", NULL};
    g_auto(Router) r = router_new(0, 7, 256, settings);
    g_auto(Router) next = router_new(1, 7, 256, settings);
    expect_normal(&r, "moe.router.embedding", 1);
    expect_normal(&r, "moe.router.hyper.w1", 0.02);
    expect_normal(&r, "moe.router.hyper.w2", 0.02);
    expect_zeros(&r, "moe.router.hyper.b1");
    expect_zeros(&r, "moe.router.hyper.b2");
    g_assert_cmpfloat(moe_params_find(r.params, "moe.router.embedding")->data[0], !=,
                      moe_params_find(next.params, "moe.router.embedding")->data[0]);
}

/* The spread depends on the number of experts no more than any mean does: few are enough. */
#define HYPER_OF_4 "moe.variant=hyperrouter", "moe.experts=4"

static double
first_spread(uint64_t seed, const char *const *settings)
{
    g_auto(Router) r = router_new(0, seed, 256, settings);
    const MoeTensor *z = router_logits(&r, 200, false, NULL);
    return root_mean_square(z->data, moe_tensor_count(z));
}

/* At the sizes of the official code the router starts hotter, 0.02² √(256 · 256 · 256 / 2) = 1.16
 * in the mean over seeds, than a linear one, 0.02 √256 = 0.32. match_scale takes that away. */
static void
test_hyper_scale(void)
{
    double mean = 0;
    for (uint64_t seed = 0; seed < 10; seed++)
        mean += first_spread(seed, (const char *[]){HYPER_OF_4, NULL}) / 10;
    g_assert_cmpfloat_with_epsilon(mean, 1.16, 0.1);
    static const char *const matched[] = {HYPER_OF_4, "hyper.match_scale=true", NULL};
    g_assert_cmpfloat_with_epsilon(first_spread(7, matched), 0.32, 0.03);
    static const char *const linear[] = {"moe.variant=smoe", "moe.experts=4", NULL};
    g_assert_cmpfloat_with_epsilon(first_spread(7, linear), 0.32, 0.03);
}

static void
test_directions(void)
{
    g_auto(Router) x = router_new(0, 7, 64, (const char *[]){"moe.variant=xmoe", NULL});
    g_auto(Router) s = router_new(0, 7, 64, (const char *[]){"moe.variant=stablemoe", NULL});
    expect_normal(&x, "moe.router.reduction", 0.02);
    g_assert_cmpint(moe_params_find(x.params, "moe.router.reduction")->shape[0], ==, 16);
    expect_orthogonal(&x, "moe.router.experts", 0.32);
    static const char *const paper[] = {"moe.variant=xmoe", "cosine.flavor=paper", NULL};
    g_auto(Router) p = router_new(0, 7, 64, paper);
    g_assert_cmpint(moe_params_find(p.params, "moe.router.reduction")->shape[0], ==, 8 / 2);
    expect_orthogonal(&s, "moe.router.experts", 0.32);
}

/* A training step brings the directions to length 1.5; passes leave every bit. */
static void
test_cosine_lengths(void)
{
    g_auto(Router) r = router_new(0, 7, 64, (const char *[]){"moe.variant=xmoe", NULL});
    const MoeTensor *v = moe_params_find(r.params, "moe.router.experts");
    size_t bytes = (size_t)moe_tensor_count(v) * sizeof *v->data;
    g_autofree float *before = g_memdup2(v->data, bytes);
    router_logits(&r, 8, false, NULL);
    router_logits(&r, 8, true, NULL);
    g_assert_cmpmem(v->data, bytes, before, bytes);
    moe_layer_before_step(r.layer, 0);
    expect_orthogonal(&r, "moe.router.experts", 1.5);
}

/* cos(R x, v_i) / τ, and a temperature that has a gradient. */
static void
test_cosine_paper(void)
{
    g_auto(Router) r = router_new(0, 7, 24,
                                  (const char *[]){"moe.variant=xmoe", "cosine.flavor=paper",
                                                   "cosine.dim=5", "cosine.temperature=0.2", NULL});
    const MoeTensor *x, *z = router_logits(&r, 11, true, &x);
    const MoeTensor *R = moe_params_find(r.params, "moe.router.reduction");
    const MoeTensor *v = moe_params_find(r.params, "moe.router.experts");
    for (int t = 0; t < 11; t++)
        for (int e = 0; e < 8; e++) {
            double dot = 0, qq = 0, vv = 0;
            for (int i = 0; i < 5; i++) {
                double q = 0, c = (double)v->data[e * 5 + i];
                for (int j = 0; j < 24; j++)
                    q += (double)R->data[i * 24 + j] * (double)x->data[t * 24 + j];
                dot += q * c;
                qq += q * q;
                vv += c * c;
            }
            double expected = dot / sqrt(qq * vv) / 0.2;
            g_assert_cmpfloat_with_epsilon(z->data[t * 8 + e], expected, 2e-5);
        }
    MoeTensor *temperature = moe_params_find(r.params, "moe.router.temperature");
    double expected = 0; /* d sum(z) / dτ = -sum(z) / τ */
    for (int i = 0; i < 11 * 8; i++)
        expected -= (double)z->data[i] / 0.2;
    moe_tape_backward(r.tape, moe_sum(r.tape, (MoeTensor *)z), 1);
    g_assert_cmpfloat_with_epsilon(temperature->grad[0], expected, 1e-3);
}

/* After training every frozen parameter has the bits it started with, and no other has. */
static void
check_trained(const Folder *folder, const char *name, const char *const *settings, int frozen)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = run_recipe(folder, settings);
    g_autoptr(MoeModel) fresh = moe_model_new(recipe, 256, &error);
    g_assert_no_error(error);
    run_whole(folder, name, settings);
    g_autofree char *dir = run_path(folder, name, "");
    g_autoptr(MoeCheckpoint) trained = moe_checkpoint_open(dir, &error);
    g_assert_no_error(error);
    g_assert_cmpint(trained->step, ==, 50);
    MoeParams *params = moe_model_params(fresh);
    int found = 0;
    for (int i = 0; i < moe_params_count(params); i++) {
        const MoeParam *p = moe_params_get(params, i);
        const MoeTensor *end = moe_params_find(moe_model_params(trained->model), p->name);
        size_t bytes = (size_t)moe_tensor_count(p->tensor) * sizeof(float);
        bool same = memcmp(p->tensor->data, end->data, bytes) == 0;
        bool is_frozen = (p->flags & MOE_PARAM_FROZEN) != 0;
        if (same != is_frozen)
            g_error("%s: %s %s", name, p->name, same ? "never changed" : "changed");
        found += is_frozen;
    }
    g_assert_cmpint(found, ==, frozen);
}

static void
test_training(Folder *folder, gconstpointer data)
{
    static const struct {
        const char *variant, *more[5];
        int frozen; /* parameters, in two layers */
    } runs[] = {
        {"smoe-dropout", {"moe.k=4", "moe.k_min=2"}, 4},
        {"hyperrouter", {"hyper.size=32"}, 8},
        {"hyperrouter", {"hyper.match_scale=true"}, 10},
        {"hyperrouter",
         {"moe.k=4", "moe.k_min=2", "moe.k_schedule=linear-increase", "moe.k_eval=2"},
         8},
        {"xmoe", {"cosine.flavor=code"}, 0},
        {"xmoe", {"cosine.flavor=paper"}, 0},
        {"stablemoe", {NULL}, 0},
        {"stablemoe", {"stablemoe.flavor=paper"}, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(runs); i++) {
        g_autofree char *variant = g_strconcat("moe.variant=", runs[i].variant, NULL);
        g_autofree char *name = g_strdup_printf("%zu", i);
        const char *const *m = runs[i].more;
        check_trained(folder, name,
                      (const char *[]){variant, "moe.capacity_factor=0",
                                       "moe.capacity_fill=position", "train.steps=50", m[0], m[1],
                                       m[2], m[3], m[4], NULL},
                      runs[i].frozen);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/routers/frozen", test_frozen);
    g_test_add_func("/routers/hyper", test_hyper);
    g_test_add_func("/routers/hyper-scale", test_hyper_scale);
    g_test_add_func("/routers/directions", test_directions);
    g_test_add_func("/routers/cosine-lengths", test_cosine_lengths);
    g_test_add_func("/routers/cosine-paper", test_cosine_paper);
    g_test_add("/routers/training", Folder, NULL, run_folder_make, test_training, folder_remove);
    return g_test_run();
}
