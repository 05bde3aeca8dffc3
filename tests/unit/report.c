/* SPDX-License-Identifier: MIT
 *
 * What a layer reports of itself, against the definitions written out over its parameters.
 */
#include <math.h>
#include <moescope/moe.h>
#include <string.h>

enum { N = 45, D = 8, E = 5, H = 6 };

/* A layer with random weights and one pass over 45 tokens, of which the last three are padding. */
typedef struct {
    MoeRecipe *recipe;
    MoeParams *params;
    MoeLayer *layer;
    MoeTape *tape;
    MoeArena *keep;
    MoeTensor *x;
    int32_t padding[N];
    MoeContext context;
    MoeRouting routing;
} Fixture;

static void
randomise(MoeTensor *x, uint64_t stream, float scale)
{
    MoeRng rng = moe_rng(7, stream);
    for (int64_t i = 0; i < moe_tensor_count(x); i++)
        x->data[i] = scale * moe_rng_normal(&rng);
}

static Fixture *
fixture_new(bool record, const char *const *settings)
{
    g_autoptr(GError) error = NULL;
    Fixture *f = g_new0(Fixture, 1);
    f->recipe = moe_recipe_new();
    static const char *const sizes[] = {
        "moe.experts=5", "moe.k=2", "moe.k_min=1", "moe.hidden=6", "moe.activation=relu", NULL};
    for (const char *const *s = sizes; *s; s++)
        g_assert_true(moe_recipe_set(f->recipe, *s, NULL));
    for (const char *const *s = settings; *s; s++)
        g_assert_true(moe_recipe_set(f->recipe, *s, NULL));
    moe_recipe_check(f->recipe, &error);
    g_assert_no_error(error);
    f->params = moe_params_new();
    MoeLayerSize size = {.d_model = D, .prefix = "moe."};
    f->layer = moe_layer_new(f->recipe, &size, f->params, 1);
    for (int i = 0; i < moe_params_count(f->params); i++)
        randomise(moe_params_get(f->params, i)->tensor, (uint64_t)i, 0.5f);
    f->x = moe_params_add(f->params, "x", 2, (int64_t[]){N, D}, 0);
    randomise(f->x, 1000, 1);
    for (int i = N - 3; i < N; i++)
        f->padding[i] = -1;
    f->tape = moe_tape_new(record);
    f->keep = moe_arena_new();
    f->context = (MoeContext){
        .tape = f->tape, .keep = f->keep, .sequences = 3, .length = N / 3, .padding = f->padding};
    moe_layer_forward(f->layer, &f->context, f->x, &f->routing);
    return f;
}

static void
fixture_free(Fixture *f)
{
    moe_layer_free(f->layer);
    moe_params_free(f->params);
    moe_recipe_free(f->recipe);
    moe_tape_free(f->tape);
    moe_arena_free(f->keep);
    g_free(f);
}

/* What was reported: name -> copy. */
typedef struct {
    int ndim;
    int64_t shape[3];
    float values[64];
} Told;

static void
note(void *user, const char *name, int ndim, const int64_t *shape, const float *values)
{
    GHashTable *told = user;
    Told *copy = g_new0(Told, 1);
    copy->ndim = ndim;
    int64_t n = 1;
    for (int i = 0; i < ndim; i++)
        n *= copy->shape[i] = shape[i];
    g_assert_cmpint(n, <=, G_N_ELEMENTS(copy->values));
    memcpy(copy->values, values, sizeof *values * (size_t)n);
    g_assert_true(g_hash_table_insert(told, g_strdup(name), copy));
}

static GHashTable *
reported(Fixture *f, bool thorough)
{
    GHashTable *told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    MoeReporter to = {note, told};
    moe_layer_report(&f->routing, thorough, &to);
    return told;
}

static const Told *
find(GHashTable *told, const char *name, int ndim)
{
    const Told *found = g_hash_table_lookup(told, name);
    if (!found)
        g_error("%s is missing", name);
    g_assert_cmpint(found->ndim, ==, ndim);
    for (int i = 0; i < ndim; i++)
        g_assert_cmpint(found->shape[i], ==, E);
    return found;
}

/* Of the units that aren't padding, sub-tokens being units. */
static void
test_logit_std(void)
{
    static const char *const variants[] = {"moe.variant=smoe",         "moe.variant=mhmoe",
                                           "moe.variant=hyperrouter",  "moe.variant=xmoe",
                                           "moe.variant=smoe-dropout", "moe.variant=stablemoe",
                                           "moe.variant=switch",       "moe.variant=gshard"};
    for (size_t v = 0; v < G_N_ELEMENTS(variants); v++) {
        const char *settings[] = {variants[v], "moe.k_min=1", NULL};
        Fixture *f = fixture_new(false, settings);
        g_autoptr(GHashTable) told = reported(f, false);
        int64_t units = (N - 3) * moe_layer_units_per_token(f->layer);
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < units * E; i++) {
            sum += (double)f->routing.logits->data[i];
            squares += pow((double)f->routing.logits->data[i], 2);
        }
        double n = (double)units * E, mean = sum / n;
        g_assert_cmpfloat_with_epsilon((double)find(told, "logit_std", 0)->values[0],
                                       sqrt(squares / n - mean * mean), 1e-5);
        g_assert_null(g_hash_table_lookup(told, "expert_cosine"));
        g_assert_null(g_hash_table_lookup(told, "representation_collapse"));
        fixture_free(f);
    }
}

static void
test_router_rows(void)
{
    Fixture *f = fixture_new(false, (const char *[]){"moe.score=linear", NULL});
    g_autoptr(GHashTable) told = reported(f, true);
    const Told *cosine = find(told, "router_cosine", 2), *norm = find(told, "router_norm", 1);
    const float *w = moe_params_find(f->params, "moe.router.weight")->data;
    for (int a = 0; a < E; a++)
        for (int b = 0; b < E; b++) {
            double ab = 0, aa = 0, bb = 0;
            for (int i = 0; i < D; i++) {
                ab += (double)w[a * D + i] * (double)w[b * D + i];
                aa += (double)w[a * D + i] * (double)w[a * D + i];
                bb += (double)w[b * D + i] * (double)w[b * D + i];
            }
            g_assert_cmpfloat_with_epsilon((double)cosine->values[a * E + b], ab / sqrt(aa * bb),
                                           1e-6);
            g_assert_cmpfloat_with_epsilon((double)norm->values[a], sqrt(aa), 1e-6);
        }
    fixture_free(f);
}

/* Expert `e`'s share of each of its parameters, one after another: [n] */
static float *
flattened(const Fixture *f, int e, int64_t *n)
{
    static const char *const names[] = {"moe.experts.w1", "moe.experts.b1", "moe.experts.w2",
                                        "moe.experts.b2"};
    GArray *all = g_array_new(FALSE, FALSE, sizeof(float));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const MoeTensor *x = moe_params_find(f->params, names[i]);
        int64_t share = x ? moe_tensor_count(x) / E : 0;
        if (x)
            g_array_append_vals(all, x->data + e * share, (guint)share);
    }
    *n = all->len;
    return (float *)(void *)g_array_free(all, FALSE);
}

static void
test_expert_cosine(gconstpointer bias)
{
    Fixture *f = fixture_new(false, (const char *[]){bias, NULL});
    g_autoptr(GHashTable) told = reported(f, true);
    const Told *cosine = find(told, "expert_cosine", 2);
    for (int a = 0; a < E; a++)
        for (int b = 0; b < E; b++) {
            int64_t n, m;
            g_autofree float *x = flattened(f, a, &n), *y = flattened(f, b, &m);
            double xy = 0, xx = 0, yy = 0;
            for (int64_t i = 0; i < n; i++) {
                xy += (double)x[i] * (double)y[i];
                xx += (double)x[i] * (double)x[i];
                yy += (double)y[i] * (double)y[i];
            }
            g_assert_cmpint(n, ==, m);
            g_assert_cmpint(n, >=, 2 * D * H);
            g_assert_cmpfloat_with_epsilon((double)cosine->values[a * E + b], xy / sqrt(xx * yy),
                                           1e-6);
        }
    fixture_free(f);
}

/* y = W2 relu(W1 x + b1) + b2 of expert e, and the cross-covariance of two of them. */
static void
outputs_of(const Fixture *f, int e, double y[N - 3][D])
{
    const float *w1 = moe_params_find(f->params, "moe.experts.w1")->data + e * H * D;
    const float *w2 = moe_params_find(f->params, "moe.experts.w2")->data + e * D * H;
    const float *b1 = moe_params_find(f->params, "moe.experts.b1")->data + e * H;
    const float *b2 = moe_params_find(f->params, "moe.experts.b2")->data + e * D;
    for (int u = 0; u < N - 3; u++) {
        double h[H];
        for (int i = 0; i < H; i++) {
            h[i] = (double)b1[i];
            for (int j = 0; j < D; j++)
                h[i] += (double)w1[i * D + j] * (double)f->x->data[u * D + j];
            h[i] = MAX(h[i], 0);
        }
        for (int i = 0; i < D; i++) {
            y[u][i] = (double)b2[i];
            for (int j = 0; j < H; j++)
                y[u][i] += (double)w2[i * H + j] * h[j];
        }
    }
    for (int i = 0; i < D; i++) {
        double mean = 0;
        for (int u = 0; u < N - 3; u++)
            mean += y[u][i] / (N - 3);
        for (int u = 0; u < N - 3; u++)
            y[u][i] -= mean;
    }
}

static double
squared_covariance(double x[N - 3][D], double y[N - 3][D])
{
    double sum = 0;
    for (int i = 0; i < D; i++)
        for (int j = 0; j < D; j++) {
            double product = 0;
            for (int u = 0; u < N - 3; u++)
                product += x[u][i] * y[u][j];
            sum += product * product;
        }
    return sum;
}

/* Every expert on every unit, also on those that it didn't get. The fewer than 256 units are all in
 * the sample; padding isn't. */
static void
test_output_cka(void)
{
    Fixture *f = fixture_new(false, (const char *[]){"moe.bias=true", NULL});
    g_autoptr(GHashTable) told = reported(f, true);
    const Told *cka = find(told, "expert_output_cka", 2);
    static double y[E][N - 3][D];
    for (int e = 0; e < E; e++)
        outputs_of(f, e, y[e]);
    for (int a = 0; a < E; a++)
        for (int b = 0; b < E; b++)
            g_assert_cmpfloat_with_epsilon(
                (double)cka->values[a * E + b],
                squared_covariance(y[a], y[b]) /
                    sqrt(squared_covariance(y[a], y[a]) * squared_covariance(y[b], y[b])),
                1e-5);
    fixture_free(f);
}

/* Experts of equal weights give equal outputs; whatever they are, to report takes nothing from the
 * pass: picks, and gradients of a backward that follows. */
static void
test_leaves_pass_alone(void)
{
    static const char *const none[] = {NULL};
    Fixture *f = fixture_new(true, none), *g = fixture_new(true, none);
    MoeTensor *w[] = {moe_params_find(f->params, "moe.experts.w1"),
                      moe_params_find(g->params, "moe.experts.w1")};
    g_autoptr(GHashTable) told = reported(f, true);
    g_assert_cmpint(g_hash_table_size(told), >=, 6);
    g_assert_cmpmem(f->routing.picks.expert, N * 2 * 4, g->routing.picks.expert, N * 2 * 4);
    moe_tape_backward(f->tape, moe_sum(f->tape, f->routing.combined), 1);
    moe_tape_backward(g->tape, moe_sum(g->tape, g->routing.combined), 1);
    g_assert_true(w[0]->has_grad);
    size_t bytes = (size_t)moe_tensor_count(w[0]) * sizeof(float);
    g_assert_cmpmem(w[0]->grad, bytes, w[1]->grad, bytes);
    fixture_free(f);
    fixture_free(g);
}

/* Units that stand where their expert's others do, and far from other experts': RC falls. */
static void
test_collapse(void)
{
    static const char *const none[] = {NULL};
    Fixture *f = fixture_new(false, none);
    g_autoptr(GHashTable) before = reported(f, true);
    const MoePicks *picks = &f->routing.picks;
    for (int u = 0; u < N; u++)
        for (int i = 0; i < D; i++)
            f->x->data[u * D + i] = 0.01f * f->x->data[u * D + i] + (picks->expert[2 * u] == i);
    g_autoptr(GHashTable) after = reported(f, true);
    float a = find(before, "representation_collapse", 0)->values[0];
    float b = find(after, "representation_collapse", 0)->values[0];
    g_assert_cmpfloat(a, >, 1);
    g_assert_cmpfloat(b, <, 0.01f);
    g_assert_cmpfloat(b, >, 0);
    fixture_free(f);
}

/* A part that can't tell rows has no cosines of them, and a batch of padding nothing to compare. */
static void
test_absent(void)
{
    Fixture *f = fixture_new(false, (const char *[]){"moe.score=linear", NULL});
    for (int i = 0; i < N; i++)
        f->padding[i] = -1;
    moe_layer_forward(f->layer, &f->context, f->x, &f->routing);
    g_autoptr(GHashTable) told = reported(f, true);
    g_assert_true(isnan(find(told, "logit_std", 0)->values[0]));
    g_assert_true(isnan(find(told, "representation_collapse", 0)->values[0]));
    g_assert_null(g_hash_table_lookup(told, "expert_output_cka"));
    g_assert_nonnull(g_hash_table_lookup(told, "expert_cosine"));
    fixture_free(f);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/report/logit-std", test_logit_std);
    g_test_add_func("/report/router-rows", test_router_rows);
    g_test_add_data_func("/report/expert-cosine", "moe.bias=false", test_expert_cosine);
    g_test_add_data_func("/report/expert-cosine/bias", "moe.bias=true", test_expert_cosine);
    g_test_add_func("/report/output-cka", test_output_cka);
    g_test_add_func("/report/leaves-pass-alone", test_leaves_pass_alone);
    g_test_add_func("/report/collapse", test_collapse);
    g_test_add_func("/report/absent", test_absent);
    return g_test_run();
}
