/* SPDX-License-Identifier: MIT
 *
 * How alike experts are: against values that NumPy computed from the same made-up numbers in
 * double, and at the edges where a formula alone would divide by zero.
 */
#include "moe/similarity.h"

#include <math.h>
#include <moescope/base.h>
#include <string.h>

/* x[i, j] = sin(a + 1.7 i + 0.9 j + 0.3 i j) */
static void
fill(float *x, int n, int d, double a)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < d; j++)
            x[i * d + j] = (float)sin(a + 1.7 * i + 0.9 * j + 0.3 * i * j);
}

static void
expect(double found, double expected)
{
    g_assert_cmpfloat_with_epsilon(found, expected, 1e-6 * MAX(1, fabs(expected)));
}

static void
test_cosines(void)
{
    static const double above[] = {-0.6126094652776475, 0.16709338002056162, -0.07432959471797783,
                                   -0.7765236770499983, 0.1565739566231133,  -0.6078607348536226};
    float x[4 * 6], c[16];
    double g[16];
    fill(x, 4, 6, 0.5);
    moe__gram(x, 4, 6, g);
    moe__cosines(g, 4, c);
    for (int i = 0, next = 0; i < 4; i++) {
        expect((double)c[5 * i], 1);
        for (int j = i + 1; j < 4; j++, next++) {
            expect((double)c[4 * i + j], above[next]);
            g_assert_cmpfloat(c[4 * i + j], ==, c[4 * j + i]);
        }
    }
    expect(moe__mean_off_diagonal(c, 4), -0.29127602254259516);
    /* A row of zeros is like nothing, itself included. */
    memset(x + 6, 0, 6 * sizeof *x);
    moe__gram(x, 4, 6, g);
    moe__cosines(g, 4, c);
    for (int i = 0; i < 4; i++)
        g_assert_cmpfloat(c[4 + i], ==, 0);
    g_assert_cmpfloat(c[0], >, 0.999f);
    g_assert_true(isnan(moe__mean_off_diagonal(c, 1)));
    g_assert_true(isnan(moe__mean_off_diagonal(c, 0)));
}

static void
test_eigen(void)
{
    static const double values[] = {0.016282777829940788, 1.8600119847975023, 3.688793279562362,
                                    7.3230244746530415};
    float x[4 * 6];
    double g[16], found[4], vectors[16];
    fill(x, 4, 6, 0.5);
    moe__gram(x, 4, 6, g);
    moe__eigen(g, 4, found, vectors);
    for (int k = 0; k < 4; k++) {
        expect(found[k], values[k]);
        const double *v = vectors + 4 * k;
        for (int i = 0; i < 4; i++) {
            double product = 0;
            for (int j = 0; j < 4; j++)
                product += g[4 * i + j] * v[j];
            g_assert_cmpfloat_with_epsilon(product, found[k] * v[i], 1e-10);
        }
        for (int other = 0; other < 4; other++) {
            double dot = 0;
            for (int i = 0; i < 4; i++)
                dot += v[i] * vectors[4 * other + i];
            g_assert_cmpfloat_with_epsilon(dot, k == other, 1e-12);
        }
    }
}

static double
rank_of(const float *x, int n, int d)
{
    double g[25];
    moe__gram(x, n, d, g);
    return moe__effective_rank(g, n);
}

static void
test_effective_rank(void)
{
    float x[4 * 6], one[5 * 5] = {0};
    fill(x, 4, 6, 0.5);
    expect(rank_of(x, 4, 6), 3.1262351589038535);
    for (int i = 1; i < 4; i++)
        for (int j = 0; j < 6; j++)
            x[6 * i + j] = -2.5f * (float)i * x[j];
    g_assert_cmpfloat_with_epsilon(rank_of(x, 4, 6), 1, 1e-3);
    for (int i = 0; i < 5; i++)
        one[6 * i] = 3;
    expect(rank_of(one, 5, 5), 5);
    one[6 * 4] = one[6 * 2] = 0;
    expect(rank_of(one, 5, 5), 3);
    memset(one, 0, sizeof one);
    g_assert_cmpfloat(rank_of(one, 5, 5), ==, 0);
    g_assert_cmpfloat(moe__effective_rank(NULL, 0), ==, 0);
}

/* The second is of widely different scales, the third no linear map of the first. */
static void
test_cka(void)
{
    enum { M = 7, D = 5 };
    float y[3][M][D], c[9];
    fill(y[0][0], M, D, 0.1);
    fill(y[1][0], M, D, 1.3);
    fill(y[2][0], M, D, 2.9);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < D; j++) {
            y[1][i][j] *= (float)((j + 1) * (i + 1) * (i + 1));
            y[2][i][j] *= y[2][i][j] * y[2][i][j];
        }
    moe__linear_cka(y[0][0], 3, M, D, c, NULL);
    expect((double)c[0], 1);
    expect((double)c[1], 0.5114615930121207);
    expect((double)c[2], 0.9236763289085829);
    expect((double)c[5], 0.45663778163553426);
    g_assert_cmpfloat(c[3], ==, c[1]);
}

/* What is said of shuffled inputs is the mean over all their orders. */
static void
test_cka_shuffled(void)
{
    enum { M = 5, D = 3, ORDERS = 120 };
    float y[2][M][D], c[4], expected[4];
    int order[M] = {0, 1, 2, 3, 4}, orders = 0;
    double sum = 0;
    fill(y[0][0], M, D, 0.1);
    fill(y[1][0], M, D, 1.3);
    for (int i = 0; i < M; i++)
        y[1][i][0] += (float)(i * i);
    moe__linear_cka(y[0][0], 2, M, D, c, expected);
    for (int code = 0; code < M * M * M * M * M; code++) {
        float z[2][M][D];
        int used = 0;
        for (int i = 0, rest = code; i < M; i++, rest /= M)
            used |= 1 << (order[i] = rest % M);
        if (used != (1 << M) - 1)
            continue;
        for (int i = 0; i < M; i++)
            for (int j = 0; j < D; j++) {
                z[0][i][j] = y[0][i][j];
                z[1][i][j] = y[1][order[i]][j];
            }
        moe__linear_cka(z[0][0], 2, M, D, c, NULL);
        sum += (double)c[1];
        orders++;
    }
    g_assert_cmpint(orders, ==, ORDERS);
    g_assert_cmpfloat_with_epsilon(sum / ORDERS, (double)expected[1], 1e-5);
    g_assert_cmpfloat(expected[1], ==, expected[2]);
}

/* Linear CKA sees neither rotations, nor one scale for all, nor a shift; a constant is like
 * nothing. */
static void
test_cka_invariance(void)
{
    enum { M = 6, D = 2 };
    const double angle = 0.7;
    float y[3][M][D], c[9];
    fill(y[0][0], M, D, 0.4);
    for (int i = 0; i < M; i++) {
        double a = (double)y[0][i][0], b = (double)y[0][i][1];
        y[1][i][0] = (float)(5 - 3 * (cos(angle) * a - sin(angle) * b));
        y[1][i][1] = (float)(-3 * (sin(angle) * a + cos(angle) * b));
        y[2][i][0] = y[2][i][1] = 2;
    }
    moe__linear_cka(y[0][0], 3, M, D, c, NULL);
    expect((double)c[1], 1);
    g_assert_cmpfloat(c[2], ==, 0);
    g_assert_cmpfloat(c[8], ==, 0);
}

/* Class 3 has no row, one row no class. */
static void
test_collapse(void)
{
    enum { M = 12, D = 5 };
    static const int32_t klass[M] = {0, 1, 2, 0, 1, -1, 2, 2, 4, 4, 0, 1};
    static const double shift[D] = {1, -2, 0.5, 0, 1};
    float x[M][D];
    for (int i = 0; i < M; i++)
        for (int j = 0; j < D; j++) {
            float s = (float)sin(0.2 + 1.7 * i + 0.9 * j + 0.3 * i * j);
            x[i][j] = (float)(3 * (double)s + klass[i] * shift[j]);
        }
    expect(moe__representation_collapse(x[0], M, D, klass, 5), 4.305310356277004);
}

static void
test_collapse_edges(void)
{
    static const float x[] = {-1, 1, 4, 6};
    static const int32_t two[] = {0, 0, 1, 1}, one[] = {1, 1, 1, -1}, none[] = {-1, -1, -1, -1};
    static const float same[] = {1, 3, 3, 1}, exact[] = {2, 2, 5, 5};
    /* Variance 1 within; means 0 and 5, each half of the rows: 6.25 between. */
    expect(moe__representation_collapse(x, 4, 1, two, 2), 1 / 6.25);
    g_assert_cmpfloat(moe__representation_collapse(exact, 4, 1, two, 2), ==, 0);
    g_assert_true(isnan(moe__representation_collapse(x, 4, 1, one, 2)));
    g_assert_true(isnan(moe__representation_collapse(x, 4, 1, none, 2)));
    g_assert_true(isnan(moe__representation_collapse(x, 0, 1, none, 2)));
    g_assert_true(isnan(moe__representation_collapse(x, 4, 1, none, 0)));
    /* Classes with one mean: there is no distance to compare with. */
    g_assert_true(isnan(moe__representation_collapse(same, 4, 1, two, 2)));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/similarity/cosines", test_cosines);
    g_test_add_func("/similarity/eigen", test_eigen);
    g_test_add_func("/similarity/effective-rank", test_effective_rank);
    g_test_add_func("/similarity/cka", test_cka);
    g_test_add_func("/similarity/cka-shuffled", test_cka_shuffled);
    g_test_add_func("/similarity/cka-invariance", test_cka_invariance);
    g_test_add_func("/similarity/collapse", test_collapse);
    g_test_add_func("/similarity/collapse-edges", test_collapse_edges);
    return g_test_run();
}
