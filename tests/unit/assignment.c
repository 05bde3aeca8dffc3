/* SPDX-License-Identifier: MIT
 *
 * The assignment problem against all assignments there are, and cases with known answers.
 */
#include <moescope/compare.h>

enum { MOST = 7 };

/* The highest sum of `rows` <= columns rows from `row` on, with columns not in `taken`. */
static double
best_of_all(const double *gain, int rows, int columns, int row, unsigned taken)
{
    if (row == rows)
        return 0;
    double best = -1e300;
    for (int j = 0; j < columns; j++)
        if (!(taken >> j & 1))
            best = MAX(best, gain[row * columns + j] +
                                 best_of_all(gain, rows, columns, row + 1, taken | 1U << j));
    return best;
}

/* Σ gain, having checked that no column is taken twice and that as many rows are served as can be.
 */
static double
sum_of(const double *gain, int rows, int columns, const int *to)
{
    unsigned taken = 0;
    double sum = 0;
    int served = 0;
    for (int i = 0; i < rows; i++) {
        g_assert_cmpint(to[i], >=, -1);
        g_assert_cmpint(to[i], <, columns);
        if (to[i] < 0)
            continue;
        g_assert_false(taken >> to[i] & 1);
        taken |= 1U << to[i];
        sum += gain[i * columns + to[i]];
        served++;
    }
    g_assert_cmpint(served, ==, MIN(rows, columns));
    return sum;
}

static void
test_all(void)
{
    MoeRng rng = moe_rng(1, 2);
    for (int round = 0; round < 400; round++) {
        int rows = 1 + (int)moe_rng_below(&rng, MOST), columns = 1 + (int)moe_rng_below(&rng, MOST);
        int to[MOST];
        double gain[MOST * MOST], turned[MOST * MOST];
        /* Small whole numbers have many ties; some are below 0. */
        uint64_t range = round % 2 ? 5 : 1000000;
        for (int i = 0; i < rows * columns; i++) {
            gain[i] = (double)moe_rng_below(&rng, range) - (round % 3 ? 0 : 3);
            turned[i % columns * rows + i / columns] = gain[i];
        }
        moe_assignment(gain, rows, columns, to);
        double best = rows <= columns ? best_of_all(gain, rows, columns, 0, 0)
                                      : best_of_all(turned, columns, rows, 0, 0);
        g_assert_cmpfloat(sum_of(gain, rows, columns, to), ==, best);
    }
}

static void
test_known(void)
{
    int to[4];
    /* Taking the highest of each row in turn would end at 10 + 1. */
    const double greedy[] = {10, 9, 9, 1};
    moe_assignment(greedy, 2, 2, to);
    g_assert_cmpint(to[0], ==, 1);
    g_assert_cmpint(to[1], ==, 0);
    const double equal[16] = {0};
    moe_assignment(equal, 4, 4, to);
    for (int i = 0; i < 4; i++)
        g_assert_cmpint(to[i], ==, i);
    const double tall[] = {1, 5, 3};
    moe_assignment(tall, 3, 1, to);
    g_assert_cmpint(to[0], ==, -1);
    g_assert_cmpint(to[1], ==, 0);
    g_assert_cmpint(to[2], ==, -1);
}

/* A permutation in noise, at the size of large models. */
static void
test_permutation(void)
{
    enum { N = 256 };
    MoeRng rng = moe_rng(3, 4);
    int expected[N], to[N];
    g_autofree double *gain = g_new(double, N *N);
    for (int i = 0; i < N; i++) {
        int j = (int)moe_rng_below(&rng, (uint64_t)i + 1);
        expected[i] = expected[j];
        expected[j] = i;
    }
    for (int i = 0; i < N * N; i++)
        gain[i] = (double)moe_rng_below(&rng, 1000) + (expected[i / N] == i % N ? 1000 : 0);
    moe_assignment(gain, N, N, to);
    g_assert_cmpmem(to, sizeof to, expected, sizeof expected);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/assignment/all", test_all);
    g_test_add_func("/assignment/known", test_known);
    g_test_add_func("/assignment/permutation", test_permutation);
    return g_test_run();
}
