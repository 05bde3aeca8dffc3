/* SPDX-License-Identifier: MIT
 *
 * score = hash: the same number, the same experts; different numbers, evenly spread.
 */
#include "alone.h"

#include <math.h>
#include <moescope/plugin.h>

enum { D = 4, E = 16 };
#define HASH "moe.variant=hash", "moe.experts=16", "moe.hidden=4"

/* Token ids 0 … n - 1. */
static int32_t *
ids(int n)
{
    int32_t *id = g_new(int32_t, n);
    for (int i = 0; i < n; i++)
        id[i] = i;
    return id;
}

static void
test_spread(void)
{
    enum { N = 16000 };
    g_auto(Alone) a = alone_new(0, 7, D, 1, N, (const char *[]){HASH, NULL});
    g_autofree int32_t *id = ids(N);
    a.context.token = id;
    alone_run(&a);
    double chi2 = 0, mean = (double)N / E;
    for (int e = 0; e < E; e++) {
        double off = (double)a.routing.picks.load[e] - mean;
        chi2 += off * off / mean;
    }
    /* 15 degrees of freedom: 37.7 is exceeded once in a thousand, 2.5 undercut as often. */
    g_assert_cmpfloat(chi2, <, 37.7);
    g_assert_cmpfloat(chi2, >, 2.5);
    for (int64_t u = 0; u < N; u++)
        g_assert_cmpfloat(a.routing.picks.gate[u], ==, 1);
}

/* k different experts, evenly at every place; the softmax is even over them. */
static void
test_several(void)
{
    enum { N = 8000, K = 3 };
    g_auto(Alone) a = alone_new(0, 7, D, 1, N, (const char *[]){HASH, "moe.k=3", NULL});
    g_autofree int32_t *id = ids(N);
    int64_t count[K][E] = {0};
    a.context.token = id;
    alone_run(&a);
    const MoeTensor *p = moe_routing_probabilities(&a.routing);
    for (int64_t u = 0; u < N; u++)
        for (int j = 0; j < K; j++) {
            int e = alone_pick(&a, u, j);
            count[j][e]++;
            g_assert_cmpfloat_with_epsilon(p->data[u * E + e], 1.0 / K, 1e-3);
            for (int i = 0; i < j; i++)
                g_assert_cmpint(alone_pick(&a, u, i), !=, e);
        }
    for (int j = 0; j < K; j++)
        for (int e = 0; e < E; e++)
            g_assert_cmpfloat(fabs((double)count[j][e] - (double)N / E), <,
                              5 * sqrt((double)N / E));
}

/* A pass that asks for more experts gets those of fewer first. */
static void
test_more(void)
{
    enum { N = 100 };
    g_auto(Alone) a = alone_new(0, 7, D, 1, N, (const char *[]){HASH, "moe.k=2", NULL});
    g_autofree int32_t *id = ids(N);
    int two[N][2];
    a.context.token = id;
    alone_run(&a);
    for (int u = 0; u < N; u++)
        for (int j = 0; j < 2; j++)
            two[u][j] = alone_pick(&a, u, j);
    a.context.k = E;
    alone_run(&a);
    for (int u = 0; u < N; u++) {
        uint32_t seen = 0;
        for (int j = 0; j < 2; j++)
            g_assert_cmpint(alone_pick(&a, u, j), ==, two[u][j]);
        for (int j = 0; j < E; j++)
            seen |= 1u << alone_pick(&a, u, j);
        g_assert_cmphex(seen, ==, (1u << E) - 1);
    }
}

/* How many of two passes' first picks agree. */
static int
agreement(const Alone *a, const Alone *b)
{
    int same = 0;
    for (int64_t u = 0; u < a->routing.picks.units; u++)
        same += alone_pick(a, u, 0) == alone_pick(b, u, 0);
    return same;
}

static void
test_tables(void)
{
    enum { N = 1600 };
    static const char *const settings[] = {HASH, NULL};
    g_auto(Alone) a = alone_new(0, 7, D, 1, N, settings),
                  b = alone_new(0, 7, D, 4, N / 4, settings);
    g_auto(Alone) layer = alone_new(1, 7, D, 1, N, settings);
    g_auto(Alone) seed = alone_new(0, 8, D, 1, N, settings);
    g_autofree int32_t *id = ids(N);
    Alone *all[] = {&a, &b, &layer, &seed};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        all[i]->context.token = id;
        alone_run(all[i]);
    }
    g_assert_cmpint(agreement(&a, &b), ==, N); /* wherever the tokens stand */
    g_assert_cmpint(agreement(&a, &layer), <, N / 8);
    g_assert_cmpint(agreement(&a, &seed), <, N / 8);
    /* Without ids the row stands for the id. */
    a.context.token = NULL;
    alone_run(&a);
    g_assert_cmpint(agreement(&a, &b), ==, N);
}

static void
test_modulo(void)
{
    g_auto(Alone) a =
        alone_new(3, 7, D, 1, 100, (const char *[]){HASH, "hash.kind=modulo", "moe.k=2", NULL});
    g_autofree int32_t *id = ids(100);
    a.context.token = id;
    alone_run(&a);
    for (int u = 0; u < 100; u++)
        for (int j = 0; j < 2; j++)
            g_assert_cmpint(alone_pick(&a, u, j), ==, (u + 1 + j) % E);
}

/* What is hashed: token, the one before it, both, the position. */
static void
test_of(void)
{
    /* Two sequences of four tokens. */
    static const int32_t id[] = {5, 6, 5, 7, 6, 5, 6, 5};
    static const struct {
        const char *of;
        int same[2], other[2]; /* rows whose numbers are equal, and not */
    } cases[] = {
        {"token", {0, 5}, {0, 1}},
        {"previous", {1, 6}, {1, 2}},
        {"bigram", {1, 6}, {2, 1}},
        {"position", {1, 5}, {1, 2}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *of = g_strconcat("hash.of=", cases[i].of, NULL);
        g_auto(Alone) a = alone_new(
            0, 7, D, 2, 4,
            (const char *[]){"moe.variant=hash", "moe.experts=4096", "moe.hidden=1", of, NULL});
        a.context.token = id;
        alone_run(&a);
        g_assert_cmpint(alone_pick(&a, cases[i].same[0], 0), ==,
                        alone_pick(&a, cases[i].same[1], 0));
        g_assert_cmpint(alone_pick(&a, cases[i].other[0], 0), !=,
                        alone_pick(&a, cases[i].other[1], 0));
        /* Nothing stands before the first of a sequence, whatever ended the one before it. */
        if (g_str_equal(cases[i].of, "previous"))
            g_assert_cmpint(alone_pick(&a, 0, 0), ==, alone_pick(&a, 4, 0));
    }
}

/* Sub-tokens of one token are hashed each by itself. */
static void
test_heads(void)
{
    enum { N = 800 };
    g_auto(Alone) a = alone_new(0, 7, D, 1, N,
                                (const char *[]){HASH, "moe.split=heads", "heads.count=2",
                                                 "model.d_model=4", "model.heads=1", NULL});
    g_autofree int32_t *id = ids(N);
    int same = 0;
    a.context.token = id;
    alone_run(&a);
    for (int64_t n = 0; n < N; n++)
        same += alone_pick(&a, 2 * n, 0) == alone_pick(&a, 2 * n + 1, 0);
    g_assert_cmpint(same, <, N / 8);
}

static void
test_refused(void)
{
    alone_expect_refused((const char *[]){HASH, "moe.balance=switch", NULL},
                         "moe.balance: 'switch' can't balance moe.score = hash");
    alone_expect_refused((const char *[]){HASH, "moe.balance=loss-free", NULL},
                         "moe.balance: 'loss-free' can't change what moe.score = hash says");
    alone_expect_refused((const char *[]){HASH, "topk.groups=4", NULL},
                         "topk.groups: moe.score = hash says the experts");
    alone_expect_refused(
        (const char *[]){HASH, "moe.select=expert-choice", "moe.allow_noncausal=true", NULL},
        "moe.select: 'expert-choice' has nothing to choose from");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_plugins_load();
    g_test_add_func("/plugin/hash/spread", test_spread);
    g_test_add_func("/plugin/hash/several", test_several);
    g_test_add_func("/plugin/hash/more", test_more);
    g_test_add_func("/plugin/hash/tables", test_tables);
    g_test_add_func("/plugin/hash/modulo", test_modulo);
    g_test_add_func("/plugin/hash/of", test_of);
    g_test_add_func("/plugin/hash/heads", test_heads);
    g_test_add_func("/plugin/hash/refused", test_refused);
    return g_test_run();
}
