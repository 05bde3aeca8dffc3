/* SPDX-License-Identifier: MIT
 *
 * What the walk over the table of operations can't see: infinities, masks, random fates, aborts.
 */
#include <moescope/ops.h>

#include <math.h>

static MoeTensor *
filled(MoeTape *tape, int64_t rows, int64_t columns, float value)
{
    MoeTensor *x = moe_tensor_2d(moe_tape_arena(tape), rows, columns);
    for (int64_t i = 0; i < rows * columns; i++)
        x->data[i] = value;
    return x;
}

/* A masked expert (-∞) gets no weight and spoils nothing. */
static void
test_softmax_of_masked(void)
{
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    MoeTensor *x = filled(tape, 2, 21, -INFINITY);
    x->data[3] = x->data[20] = 1000;
    x->data[21 + 7] = -1000;
    MoeTensor *y = moe_softmax(tape, x), *z = moe_logsumexp(tape, x);
    for (int i = 0; i < 21; i++) {
        g_assert_cmpfloat(y->data[i], ==, i == 3 || i == 20 ? 0.5f : 0);
        g_assert_cmpfloat(y->data[21 + i], ==, i == 7 ? 1 : 0);
    }
    g_assert_cmpfloat_with_epsilon(z->data[0], 1000 + G_LN2, 1e-4);
    g_assert_cmpfloat(z->data[1], ==, -1000);
}

static void
test_logsumexp_of_infinities(void)
{
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    MoeTensor *x = filled(tape, 3, 5, -INFINITY);
    x->data[5 + 2] = INFINITY;
    x->data[10] = NAN;
    MoeTensor *y = moe_logsumexp(tape, x);
    g_assert_cmpfloat(y->data[0], ==, -INFINITY);
    g_assert_cmpfloat(y->data[1], ==, INFINITY);
    g_assert_true(isnan(y->data[2]));
}

/* Far out, activations are their asymptotes exactly; rounding in the tail must not be scaled up. */
static void
test_far_activations(void)
{
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    MoeTensor *far = filled(tape, 1, 40, 1e30f), *low = filled(tape, 1, 40, -1e30f);
    MoeTensor *(*const functions[])(MoeTape *, MoeTensor *) = {moe_gelu, moe_gelu_tanh, moe_silu,
                                                               moe_relu, moe_softplus};
    for (size_t f = 0; f < G_N_ELEMENTS(functions); f++) {
        g_assert_cmpfloat(functions[f](tape, far)->data[39], ==, 1e30f);
        g_assert_cmpfloat(functions[f](tape, low)->data[39], ==, 0);
    }
}

static void
test_nan_passes_through(void)
{
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    MoeTensor *x = filled(tape, 1, 40, NAN);
    MoeTensor *(*const functions[])(MoeTape *, MoeTensor *) = {moe_gelu, moe_gelu_tanh, moe_silu,
                                                               moe_relu, moe_softplus,  moe_sigmoid,
                                                               moe_tanh, moe_softmax};
    for (size_t f = 0; f < G_N_ELEMENTS(functions); f++)
        g_assert_true(isnan(functions[f](tape, x)->data[39]));
}

/* Element i's fate is number i of the stream, whatever the size of the tensor. */
static void
test_dropout(void)
{
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    MoeTensor *x = filled(tape, 301, 331, 1);
    int64_t n = moe_tensor_count(x), kept = 0;
    const float p = 0.25f;
    g_assert_true(moe_dropout(tape, x, 0, 1, 2) == x);
    MoeTensor *y = moe_dropout(tape, x, p, 1, 2);
    MoeRng rng = moe_rng(1, 2);
    for (int64_t i = 0; i < n; i++) {
        bool keep = moe_rng_uniform(&rng) >= p;
        g_assert_cmpfloat(y->data[i], ==, keep ? 1 / (1 - p) : 0);
        kept += keep;
    }
    /* five standard errors */
    g_assert_cmpfloat(fabs((double)kept / (double)n - 0.75), <, 5 * sqrt(0.25 * 0.75 / (double)n));
}

static void
test_long_sums(void)
{
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    int64_t rows = 4000, columns = 500;
    MoeTensor *x = filled(tape, rows, columns, 0.1f);
    double exact = (double)0.1f * (double)(rows * columns);
    g_assert_cmpfloat(moe_sum(tape, x)->data[0], ==, (float)exact);
    g_assert_cmpfloat_with_epsilon(moe_mean(tape, x)->data[0], 0.1f, 1e-8);
    MoeTensor *down = moe_sum_axis(tape, x, 0), *across = moe_sum_axis(tape, x, 1);
    g_assert_cmpfloat(down->data[499], ==, (float)((double)0.1f * (double)rows));
    g_assert_cmpfloat(across->data[3999], ==, (float)((double)0.1f * (double)columns));
}

static void
abort_index(void)
{
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    moe_gather_rows(tape, filled(tape, 3, 2, 0), (int32_t[]){0, 3}, 2);
}

static void
abort_norm(void)
{
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    MoeTensor *w = moe_tensor_1d(moe_tape_arena(tape), 3);
    moe_rms_norm(tape, filled(tape, 3, 2, 0), w, 1e-6f);
}

static void
abort_reshape(void)
{
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    moe_reshape(tape, filled(tape, 3, 2, 0), 2, (int64_t[]){2, 2});
}

static void
abort_slice(void)
{
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    moe_slice_last(tape, filled(tape, 3, 2, 0), 1, 2);
}

static const struct {
    const char *name;
    void (*make)(void);
    const char *message;
} aborts[] = {
    {"index", abort_index, "*gather_rows: index 3 at place 1 is not in 0 * 2*"},
    {"norm", abort_norm, "*rms_norm: ?3, 2? does not go with ?3?*"},
    {"reshape", abort_reshape, "*reshape: ?3, 2? does not go with ?2, 2?*"},
    {"slice", abort_slice, "*slice_last, of columns: ?3, 2? does not go with ?1, 3?*"},
};

static void
test_abort(const void *which)
{
    size_t i = GPOINTER_TO_SIZE(which);
    if (g_test_subprocess()) {
        aborts[i].make();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr(aborts[i].message);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ops/softmax-of-masked", test_softmax_of_masked);
    g_test_add_func("/ops/logsumexp-of-infinities", test_logsumexp_of_infinities);
    g_test_add_func("/ops/far-activations", test_far_activations);
    g_test_add_func("/ops/nan-passes-through", test_nan_passes_through);
    g_test_add_func("/ops/dropout", test_dropout);
    g_test_add_func("/ops/long-sums", test_long_sums);
    for (size_t i = 0; i < G_N_ELEMENTS(aborts); i++) {
        g_autofree char *path = g_strdup_printf("/ops/aborts/%s", aborts[i].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_abort);
    }
    return g_test_run();
}
