/* SPDX-License-Identifier: MIT */
#include <moescope/nn.h>
#include <moescope/safetensors.h>

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define N_A 40000 /* more than one chunk */
#define N_B 7
#define N_C 5
#define N   (N_A + N_B)

static const MoeAdamWOptions options = {
    .beta1 = 0.9, .beta2 = 0.95, .eps = 1e-8, .decay = 0.1, .clip = 1};

static MoeParams *
make_params(void)
{
    MoeParams *params = moe_params_new();
    MoeTensor *a = moe_params_add(params, "a", 2, (int64_t[]){N_A / 8, 8}, 0);
    MoeTensor *b = moe_params_add(params, "b", 1, (int64_t[]){N_B}, MOE_PARAM_NO_DECAY);
    MoeTensor *c = moe_params_add(params, "c", 1, (int64_t[]){N_C}, MOE_PARAM_FROZEN);
    moe_init_normal(a, "a", 1, 1);
    moe_init_normal(b, "b", 1, 1);
    moe_init_normal(c, "c", 1, 1);
    return params;
}

/* Gradients of step t, `size` times a standard normal. */
static void
set_grads(MoeParams *params, uint64_t t, float size)
{
    for (int i = 0; i < 2; i++) {
        MoeTensor *x = moe_params_get(params, i)->tensor;
        MoeRng rng = moe_rng(t, (uint64_t)i);
        x->has_grad = true;
        for (int64_t k = 0; k < moe_tensor_count(x); k++)
            x->grad[k] = size * moe_rng_normal(&rng);
    }
}

/* The definition, in double: a and b one after the other. */
typedef struct {
    double x[N], m[N], v[N];
    int t;
} Reference;

static float *
value_at(MoeParams *params, int i, bool grad)
{
    MoeTensor *x = moe_params_get(params, i < N_A ? 0 : 1)->tensor;
    return (grad ? x->grad : x->data) + (i < N_A ? i : i - N_A);
}

static void
reference_step(Reference *r, MoeParams *params, double lr, double scale)
{
    double norm = 0, correct1 = 1 - pow(options.beta1, ++r->t);
    double correct2 = 1 - pow(options.beta2, r->t);
    for (int i = 0; i < N; i++)
        norm += pow(scale * *value_at(params, i, true), 2);
    norm = sqrt(norm);
    double clip = norm > options.clip ? options.clip / (norm + 1e-6) : 1;
    for (int i = 0; i < N; i++) {
        double g = *value_at(params, i, true) * scale * clip;
        r->m[i] = options.beta1 * r->m[i] + (1 - options.beta1) * g;
        r->v[i] = options.beta2 * r->v[i] + (1 - options.beta2) * g * g;
        if (i < N_A)
            r->x[i] -= lr * options.decay * r->x[i];
        r->x[i] -= lr * (r->m[i] / correct1) / (sqrt(r->v[i] / correct2) + options.eps);
    }
}

/* Twenty steps, some clipped and some not, against the reference. */
static void
test_against_reference(void)
{
    g_autoptr(MoeParams) params = make_params();
    g_autoptr(MoeAdamW) adamw = moe_adamw_new(params, &options);
    g_autofree Reference *r = g_new0(Reference, 1);
    float frozen[N_C];
    memcpy(frozen, moe_params_find(params, "c")->data, sizeof frozen);
    for (int i = 0; i < N; i++)
        r->x[i] = *value_at(params, i, false);
    for (uint64_t t = 0; t < 20; t++) {
        double lr = 1e-2 / (1 + (double)t), norm = 0;
        set_grads(params, t, t % 3 ? 1 : 1e-3f);
        reference_step(r, params, lr, 0.25);
        g_assert_true(moe_adamw_step(adamw, lr, 0.25, &norm));
        double expected = 0.25 * (t % 3 ? 1 : 1e-3) * sqrt(N);
        g_assert_cmpfloat(fabs(norm / expected - 1), <, 0.02);
    }
    for (int i = 0; i < N; i++)
        g_assert_cmpfloat(fabs(*value_at(params, i, false) - r->x[i]), <, 2e-6);
    g_assert_cmpmem(moe_params_find(params, "c")->data, sizeof frozen, frozen, sizeof frozen);
}

/* One tensor of the saved state. (transfer full) */
static float *
saved_state(const MoeAdamW *adamw, const char *name, int64_t n)
{
    g_autofree char *folder = g_dir_make_tmp("moescope-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "o.safetensors", NULL);
    g_assert_true(moe_adamw_save(adamw, path, NULL));
    g_autoptr(MoeSafetensors) file = moe_safetensors_open(path, NULL);
    float *values = g_new(float, n);
    g_assert_true(moe_stored_read_floats(moe_safetensors_find(file, name), values, NULL));
    g_unlink(path);
    g_rmdir(folder);
    return values;
}

/* A parameter frozen between steps stays as it is, to the bit, with its state, and its old gradient
 * no longer counts; the others step on. */
static void
test_frozen_later(void)
{
    g_autoptr(MoeParams) params = make_params();
    g_autoptr(MoeAdamW) adamw = moe_adamw_new(params, &options);
    MoeTensor *a = moe_params_find(params, "a"), *b = moe_params_find(params, "b");
    for (uint64_t t = 0; t < 3; t++) {
        set_grads(params, t, 1);
        g_assert_true(moe_adamw_step(adamw, 1e-2, 1, NULL));
    }
    size_t bytes = N_A * sizeof(float);
    g_autofree float *x = g_memdup2(a->data, bytes), *m = saved_state(adamw, "m.a", N_A);
    g_autofree float *v = saved_state(adamw, "v.a", N_A);
    float before = b->data[0];
    double norm, expected = 0;
    a->needs_grad = false;
    for (int i = 0; i < N_B; i++)
        expected += (double)b->grad[i] * (double)b->grad[i];
    g_assert_true(moe_adamw_step(adamw, 1e-2, 1, &norm));
    g_assert_true(moe_adamw_step(adamw, 1e-2, 1, &norm));
    g_autofree float *m_after = saved_state(adamw, "m.a", N_A);
    g_autofree float *v_after = saved_state(adamw, "v.a", N_A);
    g_assert_cmpmem(a->data, bytes, x, bytes);
    g_assert_cmpmem(m_after, bytes, m, bytes);
    g_assert_cmpmem(v_after, bytes, v, bytes);
    g_assert_cmpfloat(b->data[0], !=, before);
    g_assert_cmpfloat_with_epsilon(norm, sqrt(expected), 1e-6);
}

/* One step by hand: the first is lr · sign(g), and decay shrinks what isn't exempt. */
static void
test_first_step(void)
{
    g_autoptr(MoeParams) params = moe_params_new();
    MoeTensor *x = moe_params_add(params, "x", 1, (int64_t[]){2}, 0);
    MoeTensor *y = moe_params_add(params, "y", 1, (int64_t[]){1}, MOE_PARAM_NO_DECAY);
    MoeAdamWOptions unclipped = options;
    unclipped.clip = 0;
    g_autoptr(MoeAdamW) adamw = moe_adamw_new(params, &unclipped);
    moe_init_constant(x, 1);
    moe_init_constant(y, 1);
    x->has_grad = true;
    x->grad[0] = 300;
    x->grad[1] = -4e-3f;
    double norm;
    g_assert_true(moe_adamw_step(adamw, 0.5, 1, &norm));
    g_assert_cmpfloat_with_epsilon(norm, 300, 1e-4);
    g_assert_cmpfloat_with_epsilon(x->data[0], 0.95 - 0.5, 1e-5);
    g_assert_cmpfloat_with_epsilon(x->data[1], 0.95 + 0.5, 1e-5);
    g_assert_cmpfloat(y->data[0], ==, 1); /* had no gradient: it was zero */
}

static void
test_not_finite(void)
{
    g_autoptr(MoeParams) params = make_params();
    g_autoptr(MoeAdamW) adamw = moe_adamw_new(params, &options);
    MoeTensor *a = moe_params_find(params, "a");
    g_autofree float *before = g_memdup2(a->data, N_A * sizeof(float));
    double norm;
    set_grads(params, 1, 1);
    a->grad[N_A - 1] = NAN;
    g_assert_false(moe_adamw_step(adamw, 0.1, 1, &norm));
    g_assert_true(isnan(norm));
    a->grad[N_A - 1] = -INFINITY;
    g_assert_false(moe_adamw_step(adamw, 0.1, 1, &norm));
    g_assert_true(isinf(norm));
    g_assert_cmpmem(a->data, N_A * sizeof(float), before, N_A * sizeof(float));
}

/* Same bits with one thread and with two. */
static void
test_threads(void)
{
    g_autoptr(MoeParams) one = make_params(), two = make_params();
    g_autoptr(MoeAdamW) first = moe_adamw_new(one, &options);
    g_autoptr(MoeAdamW) second = moe_adamw_new(two, &options);
    double norm1, norm2;
    for (uint64_t t = 0; t < 3; t++) {
        set_grads(one, t, 1);
        set_grads(two, t, 1);
        moe_set_threads(1);
        g_assert_true(moe_adamw_step(first, 0.1, 1, &norm1));
        moe_set_threads(2);
        g_assert_true(moe_adamw_step(second, 0.1, 1, &norm2));
        g_assert_true(norm1 == norm2);
    }
    g_assert_cmpmem(moe_params_find(one, "a")->data, N_A * sizeof(float),
                    moe_params_find(two, "a")->data, N_A * sizeof(float));
}

/* A run that is saved after two steps and goes on elsewhere ends with the same bits. */
static void
test_save_load(void)
{
    g_autofree char *folder = g_dir_make_tmp("moescope-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "adamw.safetensors", NULL);
    g_autofree char *weights = g_build_filename(folder, "params.safetensors", NULL);
    g_autoptr(MoeParams) params = make_params(), resumed = make_params();
    g_autoptr(MoeAdamW) adamw = moe_adamw_new(params, &options);
    g_autoptr(MoeAdamW) other = moe_adamw_new(resumed, &options);
    g_autoptr(GError) error = NULL;
    for (uint64_t t = 0; t < 4; t++) {
        if (t == 2) {
            g_assert_true(moe_adamw_save(adamw, path, &error));
            g_assert_true(moe_params_save(params, weights, &error));
            g_assert_true(moe_adamw_load(other, path, &error));
            g_assert_true(moe_params_load(resumed, weights, &error));
            g_assert_no_error(error);
        }
        set_grads(params, t, 1);
        g_assert_true(moe_adamw_step(adamw, 0.1, 1, NULL));
        if (t >= 2) {
            set_grads(resumed, t, 1);
            g_assert_true(moe_adamw_step(other, 0.1, 1, NULL));
        }
    }
    g_assert_cmpmem(moe_params_find(params, "a")->data, N_A * sizeof(float),
                    moe_params_find(resumed, "a")->data, N_A * sizeof(float));
    /* A file of parameters isn't one of optimiser state. */
    g_assert_false(moe_adamw_load(other, weights, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_FORMAT);
    g_assert_nonnull(strstr(error->message, "\"steps\""));
    g_unlink(path);
    g_unlink(weights);
    g_rmdir(folder);
}

/* Time of a step over ten million values; run with -m perf. */
static void
test_speed(void)
{
    g_autoptr(MoeParams) params = moe_params_new();
    MoeTensor *x = moe_params_add(params, "x", 2, (int64_t[]){10000, 1000}, 0);
    g_autoptr(MoeAdamW) adamw = moe_adamw_new(params, &options);
    double best = INFINITY;
    memset(x->grad, 0, (size_t)moe_tensor_count(x) * sizeof(float));
    x->has_grad = true;
    for (int i = 0; i < 20; i++) {
        gint64 start = g_get_monotonic_time();
        g_assert_true(moe_adamw_step(adamw, 0.1, 1, NULL));
        best = MIN(best, (double)(g_get_monotonic_time() - start) / 1000);
    }
    g_test_minimized_result(best, "a step of 10 M values: %.1f ms", best);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/adamw/against-reference", test_against_reference);
    g_test_add_func("/adamw/first-step", test_first_step);
    g_test_add_func("/adamw/frozen-later", test_frozen_later);
    g_test_add_func("/adamw/not-finite", test_not_finite);
    g_test_add_func("/adamw/threads", test_threads);
    g_test_add_func("/adamw/save-load", test_save_load);
    if (g_test_perf())
        g_test_add_func("/adamw/speed", test_speed);
    return g_test_run();
}
