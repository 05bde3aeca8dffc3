/* SPDX-License-Identifier: MIT
 *
 * The float functions of vecmath.h against the C library in double, over floats of every
 * exponent and both signs, infinities and NaN among them.
 */
#include "tensor/vecmath.h"

#include <glib.h>
#include <math.h>

#define BATCH 4096

#define KERNEL(NAME)                                                                \
    MOE_CLONES static void NAME##_batch(float *restrict y, const float *restrict x) \
    {                                                                               \
        for (int i = 0; i < BATCH; i++)                                             \
            y[i] = vec_##NAME(x[i]);                                                \
    }
KERNEL(exp)
KERNEL(log)
KERNEL(tanh)
KERNEL(sigmoid)
KERNEL(log1pexp)
KERNEL(erf)

static double
sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double
log1pexp(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static const struct {
    const char *name;
    void (*batch)(float *restrict y, const float *restrict x);
    double (*exact)(double x);
    double relative, absolute; /* the error is within relative · |exact| + absolute */
} functions[] = {
    {"exp", exp_batch, exp, 1.2e-7, 2e-45},
    {"log", log_batch, log, 1.2e-7, 0},
    {"tanh", tanh_batch, tanh, 2.4e-7, 0},
    {"sigmoid", sigmoid_batch, sigmoid, 3e-7, 4e-39},
    {"log1pexp", log1pexp_batch, log1pexp, 2.4e-7, 2e-45},
    {"erf", erf_batch, erf, 0, 5e-7},
};

static void
check(size_t f, float x, float y)
{
    double exact = functions[f].exact((double)x);
    bool same = (isnan(exact) && isnan(y)) || (float)exact == y;
    double allowed = functions[f].relative * fabs(exact) + functions[f].absolute;
    /* the last float before infinity may round either way */
    bool over = isinf(y) && fabs(exact) > 0.9999998 * G_MAXFLOAT;
    if (!same && !over && !(fabs((double)y - exact) <= allowed))
        g_error("%s(%.9g) is %.9g, not %.17g", functions[f].name, (double)x, (double)y, exact);
}

static void
test_function(const void *which)
{
    size_t f = GPOINTER_TO_SIZE(which);
    static float x[BATCH], y[BATCH];
    /* a prime step through all bit patterns */
    for (uint64_t bits = 0; bits < (uint64_t)1 << 32;) {
        for (int i = 0; i < BATCH; i++, bits += 8191)
            x[i] = vec_from_bits((int32_t)(uint32_t)bits);
        functions[f].batch(y, x);
        for (int i = 0; i < BATCH; i++)
            check(f, x[i], y[i]);
    }
}

static void
test_ends(void)
{
    const float ends[] = {INFINITY, -INFINITY, NAN, 0.0f, -0.0f, G_MAXFLOAT, -G_MAXFLOAT, 1e-45f};
    static float x[BATCH], y[BATCH];
    for (int i = 0; i < BATCH; i++)
        x[i] = ends[i % (int)G_N_ELEMENTS(ends)];
    for (size_t f = 0; f < G_N_ELEMENTS(functions); f++) {
        functions[f].batch(y, x);
        for (int i = 0; i < BATCH; i++)
            check(f, x[i], y[i]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vecmath/ends", test_ends);
    for (size_t f = 0; f < G_N_ELEMENTS(functions); f++) {
        g_autofree char *path = g_strdup_printf("/vecmath/%s", functions[f].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(f), test_function);
    }
    return g_test_run();
}
