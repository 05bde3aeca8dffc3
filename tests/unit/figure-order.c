/* SPDX-License-Identifier: MIT
 *
 * What arranges experts and places them: average linkage against a small tree worked out by hand
 * and against a plain version on random ones; principal components against coordinates that are
 * known.
 */
#include "figure/cluster.h"
#include "figure/lanczos.h"
#include "figure/order.h"
#include "figure/principal.h"
#include "figure/router-rows.h"
#include "moe/similarity.h"

#include <glib/gstdio.h>
#include <math.h>
#include <moescope/safetensors.h>

/* --- Average linkage --------------------------------------------------------------------------*/

static void
test_tree(void)
{
    /* 0 and 3 are joined at 0.9, then 1 and 2 at 0.6, then both at the mean of the four across. */
    static const double alike[16] = {1,   0.2, 0.4, 0.9, /**/ 0.2, 1,   0.6, 0.1,
                                     0.4, 0.6, 1,   0.3, /**/ 0.9, 0.1, 0.3, 1};
    static const int expected[4] = {0, 3, 1, 2};
    int order[4];
    g_autoptr(GArray) merges = moe__cluster(alike, 4, order);
    g_assert_cmpmem(order, sizeof(order), expected, sizeof(expected));
    g_assert_cmpuint(merges->len, ==, 3);
    const Merge *merge = (const Merge *)(const void *)merges->data;
    g_assert_cmpfloat(merge[0].likeness, ==, 0.9);
    g_assert_cmpint(merge[0].first, ==, 0);
    g_assert_cmpint(merge[0].middle, ==, 1);
    g_assert_cmpfloat(merge[1].likeness, ==, 0.6);
    g_assert_cmpint(merge[1].first, ==, 2);
    g_assert_cmpfloat_with_epsilon(merge[2].likeness, (0.2 + 0.4 + 0.1 + 0.3) / 4, 1e-12);
    g_assert_cmpint(merge[2].left, ==, 0);
    g_assert_cmpint(merge[2].right, ==, 1);
    g_assert_cmpint(merge[2].middle, ==, 2);
    g_assert_cmpint(merge[2].count, ==, 4);
}

/* The highest mean likeness of two branches, from the leaves each time. */
static double
plain_join(int *branch, const double *alike, int n)
{
    double most = -INFINITY;
    int a = 0, b = 0;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            double sum = 0, pairs = 0;
            for (int x = 0; x < n; x++)
                for (int y = 0; y < n; y++)
                    if (branch[x] == i && branch[y] == j) {
                        sum += alike[x * n + y];
                        pairs++;
                    }
            if (pairs > 0 && sum / pairs > most) {
                most = sum / pairs;
                a = i;
                b = j;
            }
        }
    for (int x = 0; x < n; x++)
        branch[x] = branch[x] == b ? a : branch[x];
    return most;
}

static void
test_linkage(void)
{
    enum { N = 17 };
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    for (int round = 0; round < 20; round++) {
        double alike[N * N];
        int order[N], branch[N], seen[N] = {0};
        for (int i = 0; i < N; i++) {
            branch[i] = i;
            for (int j = 0; j <= i; j++)
                alike[i * N + j] = alike[j * N + i] = g_rand_double(random);
        }
        g_autoptr(GArray) merges = moe__cluster(alike, N, order);
        for (int i = 0; i < N; i++)
            seen[order[i]]++;
        for (int i = 0; i < N; i++)
            g_assert_cmpint(seen[i], ==, 1);
        for (guint m = 0; m < merges->len; m++)
            g_assert_cmpfloat_with_epsilon(g_array_index(merges, Merge, m).likeness,
                                           plain_join(branch, alike, N), 1e-9);
    }
}

static void
test_few(void)
{
    static const double one = 1;
    int order[1] = {7};
    g_autoptr(GArray) merges = moe__cluster(&one, 1, order);
    g_autoptr(GArray) none = moe__cluster(&one, 0, order);
    g_assert_cmpuint(merges->len + none->len, ==, 0);
    g_assert_cmpint(order[0], ==, 0);
}

/* --- Ranks ------------------------------------------------------------------------------------*/

static void
test_ranks(void)
{
    Rank ranks[] = {{4, 1, 0.9}, {2, 0, 0.1}, {7, 0, 0.5}, {1, 1, 0.9}};
    static const int expected[] = {7, 2, 1, 4};
    g_autoptr(GArray) experts = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_set_size(experts, 4);
    moe__experts_rank(experts, ranks);
    g_assert_cmpmem(experts->data, sizeof(expected), expected, sizeof(expected));
}

/* --- Principal components ---------------------------------------------------------------------*/

/* Points of a rectangle, turned and moved in three dimensions, are found again. */
static void
test_plane(void)
{
    enum { N = 4 };
    static const double at[N][2] = {{3, 1}, {-3, 1}, {3, -1}, {-3, -1}};
    double point[N][3], gram[N * N], x[N], y[N], share[2];
    for (int i = 0; i < N; i++) {
        point[i][0] = 5 + 0.6 * at[i][0];
        point[i][1] = -2 + 0.8 * at[i][0];
        point[i][2] = 1 + at[i][1];
    }
    for (int i = 0; i < N * N; i++)
        gram[i] = point[i / N][0] * point[i % N][0] + point[i / N][1] * point[i % N][1] +
                  point[i / N][2] * point[i % N][2];
    g_assert_cmpint(moe__principal(gram, N, x, y, share), ==, 2);
    g_assert_cmpfloat_with_epsilon(share[0], 0.9, 1e-9);
    g_assert_cmpfloat_with_epsilon(share[1], 0.1, 1e-9);
    for (int i = 0; i < N; i++) {
        g_assert_cmpfloat_with_epsilon(fabs(x[i]), 3, 1e-9);
        g_assert_cmpfloat_with_epsilon(fabs(y[i]), 1, 1e-9);
        g_assert_cmpfloat_with_epsilon(x[i] * at[0][0] * x[0] * at[i][0], 81, 1e-6);
    }
    g_assert_cmpfloat(x[0], >, 0); /* the first of the largest */
    g_assert_cmpfloat(y[0], >, 0);
}

static void
test_degenerate(void)
{
    static const double same[9] = {4, 4, 4, 4, 4, 4, 4, 4, 4};
    static const double line[4] = {1, -1, -1, 1};
    double x[3], y[3], share[2];
    g_assert_cmpint(moe__principal(same, 3, x, y, share), ==, 0);
    g_assert_cmpfloat(x[0] + x[1] + x[2] + share[0], ==, 0);
    g_assert_cmpint(moe__principal(line, 2, x, y, share), ==, 1);
    g_assert_cmpfloat_with_epsilon(x[0], 1, 1e-9);
    g_assert_cmpfloat_with_epsilon(x[1], -1, 1e-9);
    g_assert_cmpfloat(share[1], ==, 0);
}

/* --- Rows of routers --------------------------------------------------------------------------*/

typedef struct Named {
    const char *name;
    int layer; /* -1: not a router's */
} Named;

static const Named tensors[] = {
    {"model.layers.3.mlp.gate.weight", 3},
    {"model.layers.4.block_sparse_moe.gate.weight", 4},
    {"model.layers.5.mlp.router.weight", 5},
    {"encoder.block.7.layer.1.mlp.router.classifier.weight", 7},
    {"transformer.blocks.8.ffn.router.layer.weight", 8},
    {"model.layers.9.mlp.gate.wg.weight", 9},
    {"blocks.11.moe.router.weight", 11},
    {"model.layers.0.mlp.gate_proj.weight", -1},
    {"model.layers.0.mlp.shared_expert_gate.weight", -1},
    {"model.layers.1.mlp.experts.3.gate.weight", -1},
    {"model.layers.2.mlp.gate.bias", -1},
    {"router.weight", -1},
};

static void
test_names(void)
{
    static const float values[6] = {1, 2, 3, 4, 5, 6};
    static const int64_t shape[2] = {3, 2};
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("moescope-rows-XXXXXX", &error);
    g_assert_no_error(error);
    g_autofree char *path = g_build_filename(folder, "model.safetensors", NULL);
    g_assert_false(moe__router_rows_is(folder));
    MoeSafetensorsWriter *writer = moe_safetensors_writer_new();
    for (size_t i = 0; i < G_N_ELEMENTS(tensors); i++)
        moe_safetensors_writer_add(writer, tensors[i].name, MOE_STORED_F32, 2, shape, values);
    g_assert_true(moe_safetensors_writer_save(writer, path, &error));
    moe_safetensors_writer_free(writer);
    g_assert_true(moe__router_rows_is(folder));
    g_autoptr(GArray) rows = moe__router_rows_read(folder, ROWS_ROUTER, &error);
    g_assert_no_error(error);
    guint found = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(tensors); i++) {
        if (tensors[i].layer < 0)
            continue;
        const RouterRows *one = &g_array_index(rows, RouterRows, found++);
        g_assert_cmpint(one->layer, ==, tensors[i].layer);
        g_assert_cmpint(one->experts, ==, 3);
        g_assert_cmpfloat(one->rows[5], ==, 6);
    }
    g_assert_cmpuint(rows->len, ==, found);
    g_unlink(path);
    g_rmdir(folder);
}

/* Of many vectors along three axes, the plane of two; also where they spread equally along both. */
static void
test_many(void)
{
    enum { N = 300 };
    for (int equal = 0; equal < 2; equal++) {
        g_autofree double *gram = g_new0(double, N *N), *x = g_new(double, N),
                          *y = g_new(double, N);
        double point[N][3], spread[3] = {0}, share[2], all = 0;
        const double width[3] = {9, equal ? 9 : 4, 1};
        for (int i = 0; i < N; i++)
            for (int c = 0; c < 3; c++) { /* at right angles to each other, about 0 */
                double turn = 2 * G_PI * i * (c + 1) / N;
                point[i][c] = sqrt(width[c]) * cos(turn);
                spread[c] += point[i][c] * point[i][c];
            }
        for (int i = 0; i < N * N; i++)
            for (int c = 0; c < 3; c++)
                gram[i] += point[i / N][c] * point[i % N][c];
        for (int c = 0; c < 3; c++)
            all += spread[c];
        g_assert_cmpint(moe__principal(gram, N, x, y, share), ==, 2);
        g_assert_cmpfloat_with_epsilon(share[0], spread[0] / all, 1e-9);
        g_assert_cmpfloat_with_epsilon(share[1], spread[1] / all, 1e-9);
        for (int i = 0; i < N; i++) {
            double own = x[i] * x[i] + y[i] * y[i];
            double expected = point[i][0] * point[i][0] + point[i][1] * point[i][1];
            g_assert_cmpfloat_with_epsilon(own, expected, 1e-6);
        }
    }
}

/* Against all eigenvalues of a noisy matrix, whose largest lie close together. */
static void
test_lanczos(void)
{
    enum { N = 200, D = 90 };
    g_autofree float *x = g_new(float, N *D);
    g_autofree double *g = g_new(double, N *N), *values = g_new(double, N);
    g_autofree double *vectors = g_new(double, N *N), *own = g_new(double, 2 * N);
    MoeRng rng = moe_rng(3, 0);
    for (int i = 0; i < N * D; i++)
        x[i] = moe_rng_normal(&rng);
    moe__gram(x, N, D, g);
    moe__eigen(g, N, values, vectors);
    for (int c = 0; c < 2; c++) {
        double value = moe__lanczos(g, N, own, c, own + c * N), along = 0;
        g_assert_cmpfloat_with_epsilon(value, values[N - 1 - c], 1e-6 * value);
        for (int i = 0; i < N; i++)
            along += own[c * N + i] * vectors[(N - 1 - c) * N + i];
        g_assert_cmpfloat_with_epsilon(fabs(along), 1, 1e-6);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/figure-order/tree", test_tree);
    g_test_add_func("/figure-order/linkage", test_linkage);
    g_test_add_func("/figure-order/few", test_few);
    g_test_add_func("/figure-order/ranks", test_ranks);
    g_test_add_func("/figure-order/plane", test_plane);
    g_test_add_func("/figure-order/many", test_many);
    g_test_add_func("/figure-order/lanczos", test_lanczos);
    g_test_add_func("/figure-order/degenerate", test_degenerate);
    g_test_add_func("/figure-order/names", test_names);
    return g_test_run();
}
