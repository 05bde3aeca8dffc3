/* SPDX-License-Identifier: MIT
 *
 * score = noisy, and the balance losses that HyperMoE's code puts beside it: what noise is drawn,
 * the load that is estimated from it, and which recipes are refused.
 */
#include "moe/balance.h"

#include <math.h>
#include <string.h>

#define UNITS   24
#define WIDTH   6
#define EXPERTS 5

typedef struct {
    MoeRecipe *recipe;
    MoeParams *params;
    MoeLayer *layer;
    MoeTape *tape;
    MoeArena *keep;
    MoeTensor *x;
    MoeContext context;
    MoeRouting routing;
} Fixture;

static const char *const common[] = {
    "moe.score=noisy", "moe.experts=5", "moe.hidden=4", "moe.balance=cv2-load",
    "model.d_model=6", "model.heads=1", NULL,
};

static void
fixture_init(Fixture *f, int index, const char *const *settings)
{
    g_autoptr(GError) error = NULL;
    *f = (Fixture){.recipe = moe_recipe_new(),
                   .params = moe_params_new(),
                   .tape = moe_tape_new(true),
                   .keep = moe_arena_new()};
    const char *const *lists[] = {common, settings};
    for (int l = 0; l < 2; l++)
        for (const char *const *s = lists[l]; *s; s++) {
            moe_recipe_set(f->recipe, *s, &error);
            g_assert_no_error(error);
        }
    moe_recipe_check(f->recipe, &error);
    g_assert_no_error(error);
    MoeLayerSize size = {.index = index, .d_model = WIDTH, .prefix = "moe."};
    f->layer = moe_layer_new(f->recipe, &size, f->params, 3);
    f->x = moe_params_add(f->params, "x", 2, (int64_t[]){UNITS, WIDTH}, 0);
    moe_init_normal(f->x, "x", 1, 1);
    f->context = (MoeContext){.tape = f->tape,
                              .keep = f->keep,
                              .train = true,
                              .seed = 40,
                              .sequences = 2,
                              .length = UNITS / 2};
}

static void
fixture_clear(Fixture *f)
{
    moe_layer_free(f->layer);
    moe_params_free(f->params);
    moe_tape_free(f->tape);
    moe_arena_free(f->keep);
    moe_recipe_free(f->recipe);
}

static MoeTensor *
param(const Fixture *f, const char *name)
{
    g_autofree char *full = g_strconcat("moe.", name, NULL);
    return moe_params_find(f->params, full);
}

static void
forward(Fixture *f)
{
    moe_tape_reset(f->tape);
    moe_arena_reset(f->keep);
    moe_params_drop_grads(f->params);
    moe_layer_forward(f->layer, &f->context, f->x, &f->routing);
}

/* ε of the pass. */
static double
noise_at(const Fixture *f, int i)
{
    const MoeRouting *r = &f->routing;
    return ((double)r->logits->data[i] - (double)r->clean->data[i]) / (double)r->noise_std->data[i];
}

/* Zero router and noise: logits are noise of one strength; none at evaluation. */
static void
test_noise(void)
{
    Fixture f;
    double mean = 0, square = 0;
    int n = 0;
    fixture_init(&f, 0, (const char *[]){"moe.k=2", NULL});
    for (f.context.seed = 1; f.context.seed <= 60; f.context.seed++) {
        forward(&f);
        for (int i = 0; i < UNITS * EXPERTS; i++, n++) {
            mean += noise_at(&f, i);
            square += noise_at(&f, i) * noise_at(&f, i);
            g_assert_cmpfloat_with_epsilon((double)f.routing.noise_std->data[i], log(2) + 0.01,
                                           1e-6);
        }
    }
    g_assert_cmpfloat_with_epsilon(mean / n, 0, 0.05);
    g_assert_cmpfloat_with_epsilon(square / n, 1, 0.06);
    f.context.train = false;
    forward(&f);
    g_assert_null(f.routing.clean);
    for (int i = 0; i < UNITS * EXPERTS; i++)
        g_assert_cmpfloat((double)f.routing.logits->data[i], ==, 0);
    fixture_clear(&f);
}

/* The same pass has the same noise, another seed or layer another; the context's comes first. */
static void
test_noise_streams(void)
{
    Fixture f, other;
    const char *const settings[] = {"moe.k=2", "noisy.zero=false", NULL};
    fixture_init(&f, 0, settings);
    fixture_init(&other, 1, settings);
    g_assert_cmpfloat((double)param(&f, "router.noise")->data[0], !=, 0);
    forward(&f);
    double first = noise_at(&f, 7);
    forward(&f);
    g_assert_cmpfloat(noise_at(&f, 7), ==, first);
    forward(&other);
    g_assert_cmpfloat(fabs(noise_at(&other, 7) - first), >, 1e-3);
    f.context.seed++;
    forward(&f);
    g_assert_cmpfloat(fabs(noise_at(&f, 7) - first), >, 1e-3);
    float given[UNITS * EXPERTS];
    for (int i = 0; i < UNITS * EXPERTS; i++)
        given[i] = 0.25f;
    f.context.noise = given;
    forward(&f);
    g_assert_cmpfloat_with_epsilon(noise_at(&f, 7), 0.25, 1e-5);
    fixture_clear(&f);
    fixture_clear(&other);
}

/* --- The load ----------------------------------------------------------------------------------*/

/* Clean logits, deviations and noisy logits of a pass, from double copies of router and noise. */
typedef struct {
    double clean[UNITS * EXPERTS], std[UNITS * EXPERTS], noisy[UNITS * EXPERTS];
} Logits;

static Logits
naive_logits(const Fixture *f, const double *weight, const double *noise, const float *eps)
{
    Logits z;
    for (int i = 0; i < UNITS * EXPERTS; i++) {
        double clean = 0, raw = 0;
        for (int j = 0; j < WIDTH; j++) {
            double x = (double)f->x->data[i / EXPERTS * WIDTH + j];
            clean += x * weight[i % EXPERTS * WIDTH + j];
            raw += x * noise[i % EXPERTS * WIDTH + j];
        }
        z.clean[i] = clean;
        z.std[i] = log1p(exp(raw)) + 0.01;
        z.noisy[i] = clean + (double)eps[i] * z.std[i];
    }
    return z;
}

/* The k-th largest of the noisy logits of a unit without those of expert e (Shazeer et al. 2017,
 * eq. 9). */
static double
kth_of_others(const double *z, int e, int k)
{
    for (int i = 0; i < EXPERTS; i++) {
        int above = 0;
        for (int j = 0; j < EXPERTS; j++)
            above += j != e && z[j] > z[i];
        if (i != e && above == k - 1)
            return z[i];
    }
    g_assert_not_reached();
}

static double
naive_loss(const Logits *z, int k, double load[EXPERTS])
{
    double mean = 0, variance = 0;
    for (int e = 0; e < EXPERTS; e++) {
        load[e] = 0;
        for (int u = 0; u < UNITS; u++) {
            int i = u * EXPERTS + e;
            double threshold = kth_of_others(z->noisy + u * EXPERTS, e, k);
            load[e] += 0.5 * erfc(-(z->clean[i] - threshold) / z->std[i] / G_SQRT2);
        }
        mean += load[e] / EXPERTS;
    }
    for (int e = 0; e < EXPERTS; e++)
        variance += (load[e] - mean) * (load[e] - mean) / (EXPERTS - 1);
    return variance / (mean * mean + 1e-10);
}

static void
check_load(int k)
{
    Fixture f;
    g_autofree char *picks = g_strdup_printf("moe.k=%d", k);
    fixture_init(
        &f, 0,
        (const char *[]){picks, "balance.load_estimator=shazeer", "balance.cv2_load=1", NULL});
    MoeTensor *tensors[] = {param(&f, "router.weight"), param(&f, "router.noise")};
    double value[2][EXPERTS * WIDTH], load[EXPERTS];
    float eps[UNITS * EXPERTS];
    for (int t = 0; t < 2; t++) {
        moe_init_normal(tensors[t], "w", (uint64_t)t, 0.4);
        for (int i = 0; i < EXPERTS * WIDTH; i++)
            value[t][i] = (double)tensors[t]->data[i];
    }
    MoeRng rng = moe_rng(8, 0);
    for (int i = 0; i < UNITS * EXPERTS; i++)
        eps[i] = moe_rng_normal(&rng);
    f.context.noise = eps;
    forward(&f);
    Logits z = naive_logits(&f, value[0], value[1], eps);
    double expected = naive_loss(&z, k, load);
    const MoeTensor *found = moe__balance_load(&f.routing);
    for (int e = 0; e < EXPERTS; e++)
        g_assert_cmpfloat_with_epsilon((double)found->data[e], load[e], 1e-4);
    MoeTensor *loss = moe_layer_balance_loss(&f.routing, NULL);
    g_assert_cmpfloat_with_epsilon((double)loss->data[0], expected, 1e-5);
    moe_tape_backward(f.tape, loss, 1);
    for (int t = 0; t < 2; t++)
        for (int i = 0; i < EXPERTS * WIDTH; i++) {
            double was = value[t][i], slope = 0;
            for (int side = -1; side <= 1; side += 2) {
                value[t][i] = was + side * 1e-6;
                z = naive_logits(&f, value[0], value[1], eps);
                slope += side * naive_loss(&z, k, load) / 2e-6;
            }
            value[t][i] = was;
            g_assert_cmpfloat_with_epsilon((double)tensors[t]->grad[i], slope, 1e-4);
        }
    fixture_clear(&f);
}

static void
test_load(void)
{
    check_load(1);
    check_load(2);
    check_load(4);
}

/* At evaluation, and where all experts are picked, the load is counted; padding has none. */
static void
test_counted_load(void)
{
    for (int k = 2; k <= EXPERTS; k += EXPERTS - 2) {
        Fixture f;
        g_autofree char *picks = g_strdup_printf("moe.k=%d", k);
        fixture_init(&f, 0, (const char *[]){picks, "noisy.zero=false", NULL});
        int32_t padding[UNITS] = {[1] = -1, [UNITS - 1] = -1};
        f.context.padding = padding;
        f.context.train = k == EXPERTS;
        forward(&f);
        const MoeTensor *load = moe__balance_load(&f.routing);
        double sum = 0;
        for (int e = 0; e < EXPERTS; e++) {
            g_assert_cmpfloat((double)load->data[e], ==, (double)f.routing.picks.load[e]);
            sum += (double)load->data[e];
        }
        g_assert_cmpfloat(sum, ==, (UNITS - 2) * k);
        g_assert_false(load->needs_grad);
        fixture_clear(&f);
    }
}

/* What a token estimates is left out where it is padding. */
static void
test_padded_load(void)
{
    Fixture f;
    fixture_init(&f, 0, (const char *[]){"moe.k=2", NULL});
    forward(&f);
    double all = 0, some = 0;
    for (int e = 0; e < EXPERTS; e++)
        all += (double)moe__balance_load(&f.routing)->data[e];
    int32_t padding[UNITS];
    for (int u = 0; u < UNITS; u++)
        padding[u] = u % 2 - 1;
    f.context.padding = padding;
    forward(&f);
    for (int e = 0; e < EXPERTS; e++)
        some += (double)moe__balance_load(&f.routing)->data[e];
    g_assert_cmpfloat(some, <, 0.75 * all);
    g_assert_cmpfloat(some, >, 0.25 * all);
    fixture_clear(&f);
}

/* --- Wrong recipes -----------------------------------------------------------------------------*/

static void
expect_refused(const char *const *settings, const char *problem)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    for (const char *const *s = settings; *s; s++) {
        moe_recipe_set(recipe, *s, &error);
        g_assert_no_error(error);
    }
    g_assert_false(moe_recipe_check(recipe, &error));
    if (!strstr(error->message, problem))
        g_error("found \"%s\", expected \"%s\"", error->message, problem);
}

static void
test_refused(void)
{
    expect_refused((const char *[]){"moe.balance=cv2-load", NULL},
                   "'cv2-load' estimates the load from the noise of moe.score = noisy; found "
                   "moe.score = linear");
    expect_refused((const char *[]){"moe.balance=switch-hf", NULL},
                   "'switch-hf' is defined for one pick a unit; found moe.k = 2");
    expect_refused((const char *[]){"moe.variant=hypermoe-switch", "moe.capacity_slots=0", NULL},
                   "needs a capacity");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/noisy/noise", test_noise);
    g_test_add_func("/noisy/noise-streams", test_noise_streams);
    g_test_add_func("/noisy/load", test_load);
    g_test_add_func("/noisy/counted-load", test_counted_load);
    g_test_add_func("/noisy/padded-load", test_padded_load);
    g_test_add_func("/noisy/refused", test_refused);
    return g_test_run();
}
