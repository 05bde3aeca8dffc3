/* SPDX-License-Identifier: MIT */
#include <moescope/ops.h>

#include <math.h>
#include <stdlib.h>

static const float *row_under_sort;

/* Larger first, NaN last, ties by index. */
static int
compare(const void *a, const void *b)
{
    int32_t i = *(const int32_t *)a, j = *(const int32_t *)b;
    float x = row_under_sort[i], y = row_under_sort[j];
    if (isnan(x) != isnan(y))
        return isnan(x) ? 1 : -1;
    if (x != y && !isnan(x))
        return x > y ? -1 : 1;
    return i - j;
}

static void
check(const float *x, int64_t rows, int64_t n, int64_t k)
{
    g_autofree int32_t *index = g_new(int32_t, rows * k + 1);
    g_autofree int32_t *sorted = g_new(int32_t, n);
    moe_topk(x, rows, n, k, index);
    for (int64_t r = 0; r < rows; r++) {
        for (int32_t i = 0; i < n; i++)
            sorted[i] = i;
        row_under_sort = x + r * n;
        qsort(sorted, (size_t)n, sizeof *sorted, compare);
        for (int64_t j = 0; j < k; j++)
            g_assert_cmpint(index[r * k + j], ==, sorted[j]);
    }
}

/* Coarse values, so that ties abound; some NaN, infinities and both zeros. */
static void
test_against_sort(void)
{
    const float special[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, -NAN};
    MoeRng rng = moe_rng(3, 0);
    int64_t sizes[][3] = {{5, 1, 1},    {7, 8, 2}, {6, 64, 8},    {6, 64, 32},
                          {3, 33, 33},  {4, 5, 0}, {0, 5, 2},     {2, 1000, 100},
                          {900, 64, 6}, {5, 8, 8}, {300, 160, 17}};
    for (size_t s = 0; s < G_N_ELEMENTS(sizes); s++) {
        int64_t rows = sizes[s][0], n = sizes[s][1], k = sizes[s][2];
        g_autofree float *x = g_new(float, rows *n + 1);
        for (int64_t i = 0; i < rows * n; i++) {
            x[i] = roundf(8 * moe_rng_normal(&rng)) / 8;
            if (moe_rng_below(&rng, 10) == 0)
                x[i] = special[moe_rng_below(&rng, G_N_ELEMENTS(special))];
        }
        check(x, rows, n, k);
    }
}

static void
test_all_nan(void)
{
    float x[] = {NAN, -NAN, NAN, NAN};
    check(x, 1, 4, 3);
    check(x, 1, 4, 4);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/topk/against-sort", test_against_sort);
    g_test_add_func("/topk/all-nan", test_all_nan);
    return g_test_run();
}
