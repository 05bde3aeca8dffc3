/* SPDX-License-Identifier: MIT
 *
 * Products with a few rows: every kernel that this CPU runs against the definition, with rows apart
 * from each other, added or overwritten, and nothing written beside the result.
 */
#include "tensor/thin.h"

#include <glib.h>
#include <math.h>
#include <moescope/base.h>

#define GAP   3     /* floats between the end of a row and the next */
#define GUARD 12345 /* what stands there */

typedef struct {
    float *data;
    int64_t rows, columns, ld;
} Matrix;

static Matrix
matrix(int64_t rows, int64_t columns, uint64_t seed)
{
    Matrix m = {.rows = rows, .columns = columns, .ld = columns + GAP};
    MoeRng rng = moe_rng(seed, 0);
    m.data = g_new(float, rows *m.ld);
    for (int64_t i = 0; i < rows * m.ld; i++)
        m.data[i] = i % m.ld < columns ? moe_rng_normal(&rng) : GUARD;
    return m;
}

static double
element(const float *x, int64_t ld, bool transposed, int64_t i, int64_t j)
{
    return (double)(transposed ? x[j * ld + i] : x[i * ld + j]);
}

static void
check(const MoeThinKernel *kernel, const MoeGemm *shape)
{
    MoeGemm p = *shape;
    Matrix a = p.trans_a ? matrix(p.k, p.m, 1) : matrix(p.m, p.k, 1);
    Matrix b = p.trans_b ? matrix(p.n, p.k, 2) : matrix(p.k, p.n, 2);
    Matrix c = matrix(p.m, p.n, 3), was = matrix(p.m, p.n, 3);
    p.a = a.data;
    p.lda = a.ld;
    p.b = b.data;
    p.ldb = b.ld;
    p.c = c.data;
    p.ldc = c.ld;
    g_autofree float *scratch = g_new(float, MOE_THIN_SCRATCH);
    g_assert_true(moe__thin(kernel, &p, scratch));
    for (int64_t i = 0; i < p.m; i++)
        for (int64_t j = 0; j < c.ld; j++) {
            double sum = p.beta != 0 || j >= p.n ? (double)was.data[i * c.ld + j] : 0;
            if (p.bias && j < p.n)
                sum = (double)p.bias[j];
            for (int64_t k = 0; j < p.n && k < p.k; k++)
                sum += element(p.a, p.lda, p.trans_a, i, k) * element(p.b, p.ldb, p.trans_b, k, j);
            g_assert_cmpfloat_with_epsilon((double)c.data[i * c.ld + j], sum,
                                           1e-5 * (double)p.k + 1e-6);
        }
    g_free(a.data);
    g_free(b.data);
    g_free(c.data);
    g_free(was.data);
}

static float bias[1040];

static void
test_kernels(void)
{
    for (int i = 0; i < 1040; i++)
        bias[i] = (float)(i % 23) - 11;
    static const MoeGemm shapes[] = {
        {.trans_b = true, .m = 1, .n = 1024, .k = 16},
        {.trans_b = true, .m = 29, .n = 1040, .k = 48},
        {.trans_b = true, .m = 64, .n = 1024, .k = 512, .beta = 1},
        {.trans_b = true, .m = 13, .n = 1040, .k = 32, .bias = bias},
        {.trans_a = true, .m = 1040, .n = 48, .k = 29},
        {.trans_a = true, .m = 1024, .n = 16, .k = 1, .beta = 1},
        {.trans_a = true, .m = 1072, .n = 112, .k = 64, .beta = 1},
        {.m = 29, .n = 48, .k = 1041},
        {.m = 1, .n = 16, .k = 1024, .beta = 1},
        {.m = 64, .n = 112, .k = 1500},
    };
    for (const MoeThinKernel *const *kernel = moe__thin_kernels(); *kernel; kernel++)
        for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
            g_test_message("%s %zu", (*kernel)->name, i);
            check(*kernel, &shapes[i]);
        }
}

/* What isn't thin, or doesn't fit the vectors, is left to others, untouched. */
static void
test_declined(void)
{
    static const MoeGemm shapes[] = {
        {.trans_b = true, .m = 65, .n = 1024, .k = 16},
        {.trans_b = true, .m = 8, .n = 1008, .k = 16},
        {.trans_b = true, .m = 8, .n = 1025, .k = 16},
        {.trans_b = true, .m = 8, .n = 1024, .k = 528},
        {.trans_a = true, .m = 1024, .n = 17, .k = 8},
        {.trans_a = true, .m = 1024, .n = 16, .k = 65},
        {.m = 65, .n = 16, .k = 1024},
        {.m = 8, .n = 16, .k = 1023},
        {.m = 8, .n = 16, .k = 1024, .beta = 0.5f},
        {.m = 8, .n = 16, .k = 1024, .bias = bias},
        {.trans_a = true, .trans_b = true, .m = 1024, .n = 16, .k = 16},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++)
        g_assert_false(moe__thin(moe__thin_kernels()[0], &shapes[i], NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/thin/kernels", test_kernels);
    g_test_add_func("/thin/declined", test_declined);
    return g_test_run();
}
