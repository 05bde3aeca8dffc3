/* SPDX-License-Identifier: MIT
 *
 * heads.residual = sub-token, equation 6 of MH-MoE, against the equations written out in double:
 * forward, and gradients by central differences.
 */
#include <moescope/model.h>

#include <math.h>
#include <string.h>

enum { TOKENS = 7, HEADS = 3, W = 4, D = HEADS * W, U = TOKENS * HEADS, E = 5, K = 2, H = 6 };

typedef struct {
    MoeRecipe *recipe;
    MoeParams *params;
    MoeLayer *layer;
    MoeTape *tape;
    MoeArena *keep;
    MoeTensor *x, *y, *r; /* [TOKENS, D]; r weighs y in the loss */
    MoeContext context;
    MoeRouting routing;
} Layer;

/* 42 picks for five experts of two slots each: many sub-tokens lose a pick, and some lose both. */
static Layer *
layer_new(const char *residual)
{
    static const char *const settings[] = {
        "moe.variant=mhmoe", "heads.count=3", "moe.experts=5",       "moe.k=2",
        "moe.hidden=6",      "init.std=0.4",  "moe.activation=silu", "moe.capacity_factor=0.1",
        "moe.bias=false",
    };
    Layer *l = g_new0(Layer, 1);
    l->recipe = moe_recipe_new();
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
        g_assert_true(moe_recipe_set(l->recipe, settings[i], NULL));
    g_autofree char *choice = g_strconcat("heads.residual=", residual, NULL);
    g_assert_true(moe_recipe_set(l->recipe, choice, NULL));
    l->params = moe_params_new();
    MoeLayerSize size = {.d_model = D, .prefix = ""};
    l->layer = moe_layer_new(l->recipe, &size, l->params, 3);
    l->x = moe_params_add(l->params, "x", 2, (int64_t[]){TOKENS, D}, 0);
    l->r = moe_params_add(l->params, "r", 2, (int64_t[]){TOKENS, D}, MOE_PARAM_FROZEN);
    moe_init_normal(l->x, "x", 1, 1);
    moe_init_normal(l->r, "r", 1, 1);
    l->tape = moe_tape_new(true);
    l->keep = moe_arena_new();
    l->context = (MoeContext){
        .tape = l->tape, .keep = l->keep, .train = true, .sequences = 1, .length = TOKENS};
    l->y = moe_layer_forward(l->layer, &l->context, l->x, &l->routing);
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

static const float *
values(const Layer *l, const char *name)
{
    return moe_params_find(l->params, name)->data;
}

/* y[i] = Σ_j m[i, j] x[j] + b[i]; b NULL: zeros. */
static void
linear(const float *m, const float *b, const double *x, int rows, int columns, double *y)
{
    for (int i = 0; i < rows; i++) {
        y[i] = b ? (double)b[i] : 0;
        for (int j = 0; j < columns; j++)
            y[i] += (double)m[i * columns + j] * x[j];
    }
}

/* u + Σ g f(u) of a sub-token, with the picks that the layer made; u alone where all were dropped.
 */
static void
one_unit(const Layer *l, int unit, const double *u, bool residual, double *o)
{
    const MoePicks *picks = &l->routing.picks;
    double z[E], sum = 0, h[H], f[W];
    linear(values(l, "router.weight"), NULL, u, E, W, z);
    for (int e = 0; e < E; e++)
        sum += exp(z[e]);
    for (int i = 0; i < W; i++)
        o[i] = residual ? u[i] : 0;
    for (int j = 0; j < K; j++) {
        int e = picks->expert[unit * K + j];
        if (picks->dropped[unit * K + j])
            continue;
        linear(values(l, "experts.w1") + e * H * W, NULL, u, H, W, h);
        for (int i = 0; i < H; i++)
            h[i] /= 1 + exp(-h[i]);
        linear(values(l, "experts.w2") + e * W * H, NULL, h, W, H, f);
        for (int i = 0; i < W; i++)
            o[i] += exp(z[e]) / sum * f[i];
    }
}

static void
naive(const Layer *l, bool residual, double y[TOKENS][D])
{
    for (int t = 0; t < TOKENS; t++) {
        double x[D], u[D], o[D];
        for (int i = 0; i < D; i++)
            x[i] = (double)l->x->data[t * D + i];
        linear(values(l, "heads.weight"), values(l, "heads.bias"), x, D, D, u);
        for (int j = 0; j < HEADS; j++)
            one_unit(l, t * HEADS + j, u + j * W, residual, o + j * W);
        linear(values(l, "merge.weight"), values(l, "merge.bias"), o, D, D, y[t]);
    }
}

/* Sub-tokens that lost both picks. */
static int
lost(const Layer *l)
{
    const MoePicks *picks = &l->routing.picks;
    int n = 0;
    for (int u = 0; u < U; u++)
        n += picks->dropped[u * K] && picks->dropped[u * K + 1];
    return n;
}

static void
test_forward(gconstpointer residual)
{
    g_autoptr(Layer) l = layer_new(residual);
    double y[TOKENS][D];
    g_assert_cmpint(lost(l), >, 0);
    naive(l, g_str_equal(residual, "sub-token"), y);
    for (int t = 0; t < TOKENS; t++)
        for (int i = 0; i < D; i++)
            g_assert_cmpfloat_with_epsilon((double)l->y->data[t * D + i], y[t][i], 1e-5);
}

static double
naive_loss(const Layer *l)
{
    double y[TOKENS][D], loss = 0;
    naive(l, true, y);
    for (int i = 0; i < TOKENS * D; i++)
        loss += y[i / D][i % D] * (double)l->r->data[i];
    return loss;
}

/* Every parameter's gradient, and the input's. */
static void
test_gradients(void)
{
    g_autoptr(Layer) l = layer_new("sub-token");
    moe_params_drop_grads(l->params);
    moe_tape_backward(l->tape, moe_sum(l->tape, moe_mul(l->tape, l->y, l->r)), 1);
    for (int p = 0; p < moe_params_count(l->params); p++) {
        const MoeParam *param = moe_params_get(l->params, p);
        float *x = param->tensor->data;
        if (param->flags & MOE_PARAM_FROZEN)
            continue;
        g_assert_true(param->tensor->has_grad);
        for (int64_t i = 0; i < moe_tensor_count(param->tensor); i += 3) {
            float was = x[i], up = was + 0x1p-8f, down = was - 0x1p-8f;
            x[i] = up;
            double high = naive_loss(l);
            x[i] = down;
            double low = naive_loss(l);
            x[i] = was;
            double slope = (high - low) / ((double)up - (double)down);
            double off = fabs((double)param->tensor->grad[i] - slope);
            if (!(off <= 2e-4 * (1 + fabs(slope))))
                g_error("%s[%d]: %g, expected %g", param->name, (int)i,
                        (double)param->tensor->grad[i], slope);
        }
    }
}

static void
test_one_head(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    g_assert_true(moe_recipe_set(recipe, "moe.variant=mhmoe", NULL));
    g_assert_true(moe_recipe_set(recipe, "heads.residual=sub-token", NULL));
    g_assert_true(moe_recipe_check(recipe, NULL));
    g_assert_true(moe_recipe_set(recipe, "heads.count=1", NULL));
    g_assert_false(moe_recipe_check(recipe, &error));
    g_assert_nonnull(strstr(error->message, "'sub-token' needs heads.count > 1"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_data_func("/heads-residual/sub-token", "sub-token", test_forward);
    g_test_add_data_func("/heads-residual/layer", "layer", test_forward);
    g_test_add_func("/heads-residual/gradients", test_gradients);
    g_test_add_func("/heads-residual/one-head", test_one_head);
    return g_test_run();
}
