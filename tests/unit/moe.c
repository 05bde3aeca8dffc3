/* SPDX-License-Identifier: MIT
 *
 * The MoE layer against its definition, written out naively in double.
 */
#include "layer-run.h"
#include "moe/picks.h"

#include <math.h>
#include <string.h>

#define N 21 /* tokens */
#define D 12
#define E 5
#define H 7

static LayerRun *
run_new(const char *const *settings)
{
    static const char *const sizes[] = {"moe.experts=5", "moe.k=2", "moe.hidden=7", NULL};
    return layer_run_new(D, 3, N / 3, sizes, settings);
}

static double
naive_activation(const char *name, double x)
{
    if (g_str_equal(name, "relu"))
        return x > 0 ? x : 0;
    if (g_str_equal(name, "gelu"))
        return 0.5 * x * (1 + erf(x / sqrt(2)));
    return x / (1 + exp(-x)); /* silu, also inside swiglu */
}

/* Expert e on one token, as experts-ffn.c defines it. */
static void
naive_expert(const LayerRun *f, int e, const float *x, double *y)
{
    const char *name = moe_recipe_text(f->recipe, "moe.activation");
    bool glu = g_str_equal(name, "swiglu");
    const MoeTensor *w1 = moe_params_find(f->params, "moe.experts.w1");
    const MoeTensor *w2 = moe_params_find(f->params, "moe.experts.w2");
    const MoeTensor *b1 = moe_params_find(f->params, "moe.experts.b1");
    const MoeTensor *b2 = moe_params_find(f->params, "moe.experts.b2");
    int h1 = glu ? 2 * H : H;
    double h[2 * H];
    for (int i = 0; i < h1; i++) {
        h[i] = b1 ? (double)b1->data[e * h1 + i] : 0;
        for (int j = 0; j < D; j++)
            h[i] += (double)w1->data[(e * h1 + i) * D + j] * (double)x[j];
    }
    for (int i = 0; i < H; i++)
        h[i] = glu ? naive_activation(name, h[i]) * h[H + i] : naive_activation(name, h[i]);
    for (int i = 0; i < D; i++) {
        y[i] = b2 ? (double)b2->data[e * D + i] : 0;
        for (int j = 0; j < H; j++)
            y[i] += (double)w2->data[(e * D + i) * H + j] * h[j];
    }
}

/* Logits of one token, and the gates of its picks by the rule of moe.gate. */
static void
naive_gates(const LayerRun *f, int t, double *gate)
{
    const MoePicks *picks = &f->routing.picks;
    const char *rule = moe_recipe_text(f->recipe, "moe.gate");
    const MoeTensor *w = moe_params_find(f->params, "moe.router.weight");
    int k = picks->k;
    double z[E], all = 0, selected = 0, kept = 0;
    for (int e = 0; e < E; e++) {
        z[e] = 0;
        for (int j = 0; j < D; j++)
            z[e] += (double)w->data[e * D + j] * (double)f->x->data[t * D + j];
        all += exp(z[e]);
    }
    for (int j = 0; j < k; j++) {
        double p = exp(z[picks->expert[t * k + j]]);
        selected += p;
        kept += picks->dropped[t * k + j] ? 0 : p;
    }
    bool by_kept = moe_recipe_has(f->recipe, "moe.renormalise", "kept");
    for (int j = 0; j < k; j++) {
        double zj = z[picks->expert[t * k + j]];
        if (g_str_equal(rule, "softmax-all"))
            gate[j] = exp(zj) / all;
        else if (g_str_equal(rule, "sigmoid"))
            gate[j] = 1 / (1 + exp(-zj));
        else if (g_str_equal(rule, "one"))
            gate[j] = 1;
        else
            gate[j] = exp(zj) / (by_kept ? kept : selected);
    }
}

static void
check_output(const LayerRun *f)
{
    const MoePicks *picks = &f->routing.picks;
    double scale = moe_recipe_real(f->recipe, "moe.route_scale");
    for (int t = 0; t < N; t++) {
        double y[D] = {0}, one[D], gate[E];
        naive_gates(f, t, gate);
        for (int j = 0; j < picks->k; j++) {
            double applied = picks->dropped[t * picks->k + j] ? 0 : scale * gate[j];
            g_assert_cmpfloat_with_epsilon(picks->gate[t * picks->k + j], applied, 2e-6 * scale);
            naive_expert(f, picks->expert[t * picks->k + j], f->x->data + t * D, one);
            for (int i = 0; i < D; i++)
                y[i] += applied * one[i];
        }
        for (int i = 0; i < D; i++)
            g_assert_cmpfloat_with_epsilon(f->y->data[t * D + i], y[i], 2e-5 * scale);
    }
}

static void
test_definition(void)
{
    static const char *const variants[][6] = {
        {"moe.gate=softmax-selected", NULL},
        {"moe.gate=softmax-all", "moe.activation=swiglu", NULL},
        {"moe.gate=renormalised", "moe.activation=relu", "moe.bias=false", NULL},
        {"moe.gate=sigmoid", "moe.activation=silu", "moe.route_scale=2.5", NULL},
        {"moe.gate=one", "moe.k=5", NULL},
        {"moe.variant=switch", "moe.k=1", "moe.capacity_factor=0.5", NULL},
        {"moe.variant=gshard", "moe.capacity_factor=0.6", NULL},
        {"moe.variant=gshard", "moe.capacity_factor=0.6", "moe.capacity_fill=random", NULL},
        {"moe.variant=gshard", "moe.capacity_factor=0.7", "moe.capacity_group=sequence",
         "moe.capacity_fill=probability", "moe.renormalise=picked", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(variants); i++) {
        LayerRun *f = run_new(variants[i]);
        check_output(f);
        layer_run_free(f);
    }
}

/* The picks are the k largest logits, counted as they are, and dispatched once each. */
static void
test_picks(void)
{
    LayerRun *f = run_new((const char *[]){"moe.capacity_factor=0.6", NULL});
    const MoePicks *picks = &f->routing.picks;
    int64_t load[E] = {0}, first[E] = {0}, overflow[E] = {0}, kept = 0;
    for (int t = 0; t < N; t++) {
        const float *z = f->routing.logits->data + t * E;
        int best = 0;
        for (int e = 1; e < E; e++)
            best = z[e] > z[best] ? e : best;
        g_assert_cmpint(picks->expert[t * 2], ==, best);
        first[best]++;
        for (int j = 0; j < 2; j++) {
            int p = t * 2 + j, e = picks->expert[p];
            load[e]++;
            overflow[e] += picks->dropped[p];
            g_assert_cmpint(picks->dropped[p], ==, picks->slot[p] >= picks->capacity);
            g_assert_cmpint(picks->place[p] >= 0, ==, !picks->dropped[p]);
            if (picks->dropped[p])
                continue;
            kept++;
            g_assert_cmpint(picks->groups.row[picks->place[p]], ==, t);
            g_assert_cmpint(picks->place[p], >=, picks->groups.offset[e]);
            g_assert_cmpint(picks->place[p], <, picks->groups.offset[e + 1]);
        }
    }
    g_assert_cmpint(kept, ==, picks->groups.offset[E]);
    g_assert_cmpint(kept, <, N * 2);
    g_assert_cmpmem(load, sizeof load, picks->load, sizeof load);
    g_assert_cmpmem(first, sizeof first, picks->first, sizeof first);
    g_assert_cmpmem(overflow, sizeof overflow, picks->overflow, sizeof overflow);
    layer_run_free(f);
}

static void
test_padding(void)
{
    LayerRun *f = run_new((const char *[]){NULL});
    int32_t padding[N] = {0};
    padding[3] = padding[N - 1] = -1;
    f->context.padding = padding;
    layer_run_again(f);
    const MoePicks *picks = &f->routing.picks;
    int64_t total = 0;
    for (int e = 0; e < E; e++)
        total += picks->load[e];
    g_assert_cmpint(total, ==, 2 * (N - 2));
    for (int i = 0; i < D; i++)
        g_assert_cmpfloat(f->y->data[3 * D + i], ==, 0);
    g_assert_cmpint(picks->expert[3 * 2], ==, -1);
    layer_run_free(f);
}

static double
balance_raw(const char *name)
{
    g_autofree char *setting = g_strconcat("moe.balance=", name, NULL);
    LayerRun *f = run_new((const char *[]){setting, NULL});
    float raw = NAN;
    g_assert_nonnull(moe_layer_balance_loss(&f->routing, &raw));
    double loss = 0, sum = 0, square = 0;
    const float *p = moe_routing_probabilities(&f->routing)->data;
    for (int e = 0; e < E; e++) {
        double mean = 0, gates = 0;
        for (int t = 0; t < N; t++) {
            mean += (double)p[t * E + e] / N;
            for (int j = 0; j < 2; j++)
                if (f->routing.picks.expert[2 * t + j] == e)
                    gates += (double)f->routing.picks.gate[2 * t + j];
        }
        sum += gates;
        square += gates * gates;
        if (g_str_equal(name, "switch"))
            loss += E * mean * (double)f->routing.picks.load[e] / (2.0 * N);
        else if (g_str_equal(name, "gshard"))
            loss += E * mean * (double)f->routing.picks.first[e] / (double)N;
    }
    if (g_str_equal(name, "cv2"))
        loss = (square - sum * sum / E) / (E - 1) / (sum / E * (sum / E));
    if (g_str_equal(name, "z-loss"))
        for (int t = 0; t < N; t++) {
            double s = 0;
            for (int e = 0; e < E; e++)
                s += exp((double)f->routing.logits->data[t * E + e]);
            loss += log(s) * log(s) / N;
        }
    g_assert_cmpfloat_with_epsilon(raw, loss, 1e-5 * fmax(1, loss));
    layer_run_free(f);
    return loss;
}

static void
test_balance(void)
{
    g_assert_cmpfloat(balance_raw("switch"), !=, balance_raw("gshard"));
    balance_raw("cv2");
    balance_raw("z-loss");
}

/* sum(y r) + balance losses, in float. */
static double
objective(LayerRun *f, const float *r, MoeTensor **root)
{
    layer_run_again(f);
    MoeTensor *cotangent = moe_tensor_2d(moe_tape_arena(f->tape), N, D);
    memcpy(cotangent->data, r, sizeof(float) * N * D);
    *root = moe_sum(f->tape, moe_mul(f->tape, f->y, cotangent));
    MoeTensor *balance = moe_layer_balance_loss(&f->routing, NULL);
    if (balance)
        *root = moe_add(f->tape, *root, balance);
    return (double)(*root)->data[0];
}

/* Every parameter and the input, along one random direction each. */
static void
test_gradients(void)
{
    static const char *const variants[][4] = {
        {"moe.balance=switch,z-loss", "moe.router_bias=true", NULL},
        {"moe.gate=renormalised", "moe.balance=gshard, cv2", "moe.activation=swiglu", NULL},
        {"moe.variant=gshard", "moe.capacity_factor=0.6", NULL},
    };
    float r[N * D];
    MoeRng rng = moe_rng(3, 3);
    for (int i = 0; i < N * D; i++)
        r[i] = moe_rng_normal(&rng);
    for (size_t v = 0; v < G_N_ELEMENTS(variants); v++) {
        LayerRun *f = run_new(variants[v]);
        MoeTensor *root;
        moe_params_drop_grads(f->params);
        objective(f, r, &root);
        moe_tape_backward(f->tape, root, 1);
        for (int i = 0; i < moe_params_count(f->params); i++) {
            MoeTensor *x = moe_params_get(f->params, i)->tensor;
            int64_t n = moe_tensor_count(x);
            g_assert_true(x->has_grad);
            g_autofree float *keep = g_memdup2(x->data, sizeof(float) * (gsize)n);
            g_autofree float *along = g_new(float, n);
            double slope = 0, value[2], h = 1e-3;
            for (int64_t j = 0; j < n; j++) {
                along[j] = moe_rng_normal(&rng) / sqrtf((float)n);
                slope += (double)along[j] * (double)x->grad[j];
            }
            for (int side = 0; side < 2; side++) {
                for (int64_t j = 0; j < n; j++)
                    x->data[j] = keep[j] + (float)(side ? h : -h) * along[j];
                value[side] = objective(f, r, &root);
            }
            memcpy(x->data, keep, sizeof(float) * (gsize)n);
            double numeric = (value[1] - value[0]) / (2 * h);
            g_assert_cmpfloat_with_epsilon(slope, numeric, 2e-2 * fmax(1, fabs(numeric)));
        }
        layer_run_free(f);
    }
}

static MoeTensor *
no_score(MoeRouting *routing, void *state)
{
    return routing->units;
}

static void
test_registry(void)
{
    g_autoptr(GError) error = NULL;
    MoePart part = {
        .struct_size = sizeof part, .place = MOE_PLACE_SCORE, .name = "test", .help = "a test"};
    g_assert_false(moe_part_add(&part, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "'score'"));
    g_clear_error(&error);
    part.score = no_score;
    part.name = "linear";
    g_assert_false(moe_part_add(&part, &error));
    g_assert_nonnull(strstr(error->message, "taken"));
    g_clear_error(&error);
    part.struct_size--;
    g_assert_false(moe_part_add(&part, &error));
}

static void
test_rules(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    moe_recipe_set(recipe, "moe.k=9", NULL);
    g_assert_false(moe_recipe_set(recipe, "moe.score=liner", &error));
    g_assert_nonnull(strstr(error->message, "linear"));
    g_clear_error(&error);
    g_assert_false(moe_recipe_set(recipe, "moe.balance=switch,gshrad", NULL));
    moe_recipe_set(recipe, "model.heads=7", NULL);
    g_assert_false(moe_recipe_check(recipe, &error));
    for (const char *const *word = (const char *[]){"moe.k", "model.heads", NULL}; *word; word++)
        g_assert_nonnull(strstr(error->message, *word));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/moe/definition", test_definition);
    g_test_add_func("/moe/picks", test_picks);
    g_test_add_func("/moe/padding", test_padding);
    g_test_add_func("/moe/balance", test_balance);
    g_test_add_func("/moe/gradients", test_gradients);
    g_test_add_func("/moe/registry", test_registry);
    g_test_add_func("/moe/rules", test_rules);
    return g_test_run();
}
