/* SPDX-License-Identifier: MIT
 *
 * What comparisons say of chance, against routers that pick at random; shuffled tokens; and
 * intervals over documents.
 */
#include "compare-trace.h"

#include <math.h>
#include <string.h>

enum { TOKENS = 20000, LONG = 70000 };

static MoeComparison *
compare(const Made *a, const Made *b, int n_routers, const MoeCompareOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace_a = made_trace(a, n_routers, a->tokens);
    g_autoptr(MoeTrace) trace_b = made_trace(b, n_routers, a->tokens);
    const MoeCompareSide of_a = {trace_a, MOE_STEPS_ALL, 0}, of_b = {trace_b, MOE_STEPS_ALL, 0};
    MoeComparison *comparison = moe_compare(&of_a, &of_b, options, &error);
    g_assert_no_error(error);
    return comparison;
}

/* Picks without any preference; where k varies, one to four of each unit. */
static void
pick_uniformly(Made *made, int r, uint64_t seed)
{
    MoeRng rng = moe_rng(seed, 77);
    const MoeRouterInfo *info = &made->routers[r];
    int width = made_width(info), pool[128];
    for (int u = 0; u < made->tokens * info->units_per_token; u++) {
        int32_t *row = made->expert[r] + u * width;
        int n = info->k > 0 ? info->k : 1 + (int)moe_rng_below(&rng, 4);
        for (int e = 0; e < info->experts; e++)
            pool[e] = e;
        for (int slot = 0; slot < width; slot++) {
            row[slot] = -1;
            if (slot >= n)
                continue;
            int other = slot + (int)moe_rng_below(&rng, (uint64_t)(info->experts - slot));
            row[slot] = pool[other];
            pool[other] = pool[slot];
        }
    }
}

/* All metrics with a uniform value, of two routers of fixed k and one whose k varies. */
static void
test_uniform(void)
{
    int n, compared = 0;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    g_autoptr(Made) a = made_new(TOKENS, 1);
    g_autoptr(Made) b = made_new(TOKENS, 1);
    for (int r = 0; r < 3; r++) {
        pick_uniformly(a, r, 5);
        pick_uniformly(b, r, 6);
    }
    g_autoptr(MoeComparison) comparison = compare(a, b, 3, NULL);
    for (int r = 0; r < 3; r++) {
        MoeComparisonCell cell;
        g_assert_true(moe_comparison_cell(comparison, r, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &cell));
        for (int m = 0; m < n; m++) {
            double uniform = metrics[m].uniform ? metrics[m].uniform(&cell) : NAN;
            if (isnan(uniform))
                continue;
            double found = metrics[m].value(&cell);
            g_test_message("%d %s: %g by chance, %g found", r, metrics[m].name, uniform, found);
            /* js-load is a single draw of a χ² of some degrees of freedom. */
            bool loads = g_str_equal(metrics[m].name, "js-load");
            g_assert_cmpfloat_with_epsilon(found, uniform, loads ? uniform : 0.004);
            compared++;
        }
    }
    g_assert_cmpint(compared, ==, 6 + 6 + 3);
}

/* Where loads differ, and tokens have nothing to do with picks, what is found is what the loads
 * alone make, and what shuffling finds. */
static void
test_shuffled(void)
{
    int n;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    g_autoptr(Made) a = made_new(LONG, 11);
    g_autoptr(Made) b = made_new(LONG, 12);
    const MoeCompareOptions options = {.shuffle = true, .match = true, .seed = 3};
    g_autoptr(MoeComparison) comparison = compare(a, b, MADE_ROUTERS, &options);
    for (int r = 0; r < MADE_ROUTERS; r++) {
        MoeComparisonCell cell, shuffled, matched;
        g_assert_true(moe_comparison_cell(comparison, r, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &cell));
        g_assert_true(moe_comparison_shuffled(comparison, r, MOE_LABELS_OWN, &shuffled));
        g_assert_true(moe_comparison_shuffled(comparison, r, MOE_LABELS_MATCHED, &matched));
        for (int m = 0; m < n; m++) {
            double value = metrics[m].value(&cell), by_shuffle = metrics[m].value(&shuffled);
            double by_load = metrics[m].shuffled ? metrics[m].shuffled(&cell) : NAN;
            g_test_message("%d %s: %g, %g shuffled, %g by load", r, metrics[m].name, value,
                           by_shuffle, by_load);
            if (g_str_equal(metrics[m].name, "js-scores")) { /* there are no logits */
                g_assert_true(isnan(value) && isnan(by_shuffle));
                continue;
            }
            g_assert_cmpfloat_with_epsilon(value, by_shuffle, 0.012);
            if (!isnan(by_load))
                g_assert_cmpfloat_with_epsilon(value, by_load, 0.008);
        }
        /* 2^19 picks of eight a token. */
        g_assert_cmpint(r == 3 ? shuffled.units : 65536, ==, 65536);
        /* Matching finds something in nothing. */
        g_assert_cmpint(matched.shared, >=, shuffled.shared);
    }
}

/* The same picks, other tokens: only shuffling can tell. */
static void
test_seed(void)
{
    g_autoptr(Made) a = made_new(2000, 13);
    MoeComparisonCell one, same, other;
    MoeCompareOptions options = {.shuffle = true, .seed = 1};
    g_autoptr(MoeComparison) first = compare(a, a, 1, &options);
    g_autoptr(MoeComparison) again = compare(a, a, 1, &options);
    options.seed = 2;
    g_autoptr(MoeComparison) second = compare(a, a, 1, &options);
    g_assert_true(moe_comparison_shuffled(first, 0, MOE_LABELS_OWN, &one));
    g_assert_true(moe_comparison_shuffled(again, 0, MOE_LABELS_OWN, &same));
    g_assert_true(moe_comparison_shuffled(second, 0, MOE_LABELS_OWN, &other));
    g_assert_cmpint(one.shared, ==, same.shared);
    g_assert_cmpint(one.shared, !=, other.shared);
    g_assert_cmpint(one.units, ==, 2000);
    g_assert_cmpmem(one.picks_a, 16 * sizeof(int64_t), one.picks_b, 16 * sizeof(int64_t));
}

/* Documents that agree wholly or not at all: the mean of 40 of them has a standard error that is
 * known. */
static void
test_intervals(void)
{
    enum { DOCUMENTS = 40, EACH = 50 };
    int n;
    moe_comparison_metrics(&n);
    g_autofree MoeInterval *intervals = g_new(MoeInterval, (gsize)n);
    g_autoptr(Made) a = made_new(DOCUMENTS * EACH, 14);
    g_autoptr(Made) b = made_new(DOCUMENTS * EACH, 14);
    for (int t = 0; t < b->tokens; t++)
        for (int slot = 0; slot < 4; slot++) {
            a->expert[0][4 * t + slot] = slot;
            b->expert[0][4 * t + slot] = t / EACH % 4 < 2 ? slot : 8 + slot;
        }
    g_autoptr(MoeComparison) comparison = compare(a, b, 1, NULL);
    moe_comparison_intervals(comparison, 0, MOE_DOMAIN_ALL, MOE_LABELS_OWN, NULL, intervals);
    double half = (intervals[0].high - intervals[0].low) / 2;
    g_assert_cmpint(intervals[0].groups, ==, DOCUMENTS);
    g_assert_cmpfloat_with_epsilon(half, 1.96 * 0.5 / sqrt(DOCUMENTS), 0.03);
    g_assert_cmpfloat_with_epsilon((intervals[0].high + intervals[0].low) / 2, 0.5, 0.03);
    /* The 20 documents of a domain. */
    moe_comparison_intervals(comparison, 0, 1, MOE_LABELS_OWN, NULL, intervals);
    g_assert_cmpint(intervals[0].groups, ==, DOCUMENTS / 2);
    g_assert_cmpfloat(intervals[0].high - intervals[0].low, >, 2 * half);
    /* Matching wasn't asked for; and seven documents are too few. */
    moe_comparison_intervals(comparison, 0, 0, MOE_LABELS_MATCHED, NULL, intervals);
    g_assert_true(isnan(intervals[0].low));
    a->tokens = b->tokens = 7 * EACH;
    g_autoptr(MoeComparison) few = compare(a, b, 1, NULL);
    moe_comparison_intervals(few, 0, MOE_DOMAIN_ALL, MOE_LABELS_OWN, NULL, intervals);
    g_assert_true(isnan(intervals[0].low));
    g_assert_cmpint(intervals[0].groups, ==, 7);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/compare-chance/uniform", test_uniform);
    g_test_add_func("/compare-chance/shuffled", test_shuffled);
    g_test_add_func("/compare-chance/seed", test_seed);
    g_test_add_func("/compare-chance/intervals", test_intervals);
    return g_test_run();
}
