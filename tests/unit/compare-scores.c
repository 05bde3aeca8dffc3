/* SPDX-License-Identifier: MIT
 *
 * How far apart the logits of two routers are: the slow way, under other numbers, by chance, and
 * where there are none.
 */
#include "routed.h"

#include <math.h>
#include <moescope/compare.h>

enum { TOKENS = 600, E = 7, K = 2, STEP = 0 };

/* Two routings of the same tokens, all of one step; the second's logits are the first's, moved by
 * `noise` of what another text has. */
typedef struct Two {
    Routed *a, *b;
} Two;

static Two
make(float noise)
{
    Two two = {routed_new(8, TOKENS, E, K, 1), routed_new(8, TOKENS, E, K, 1)};
    g_autoptr(Routed) other = routed_new(9, TOKENS, E, K, 1);
    for (int t = 0; t < TOKENS; t++)
        two.a->step[t] = two.b->step[t] = STEP;
    for (int i = 0; i < TOKENS * E; i++)
        two.b->logits[i] += noise * other->logits[i];
    two.a->logits[5 * E + 2] = NAN;
    return two;
}

static void
two_clear(Two *two)
{
    routed_free(two->a);
    routed_free(two->b);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Two, two_clear)

static MoeComparison *
compare(const Two *two, int64_t each_a, int64_t each_b)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) a = routed_trace(two->a, 0, TOKENS, each_a);
    g_autoptr(MoeTrace) b = routed_trace(two->b, 0, TOKENS, each_b);
    const MoeCompareSide sides[2] = {{.trace = a}, {.trace = b}};
    const MoeCompareOptions options = {.match = true, .shuffle = true};
    MoeComparison *comparison = moe_compare(&sides[0], &sides[1], &options, &error);
    g_assert_no_error(error);
    return comparison;
}

static void
probabilities(const float *z, double *p)
{
    double sum = 0;
    for (int e = 0; e < E; e++)
        sum += exp((double)z[e]);
    for (int e = 0; e < E; e++)
        p[e] = exp((double)z[e]) / sum;
}

static double
divergence(const float *a, const float *b)
{
    double p[E], q[E], sum = 0;
    probabilities(a, p);
    probabilities(b, q);
    for (int e = 0; e < E; e++)
        sum += (p[e] * log(2 * p[e] / (p[e] + q[e])) + q[e] * log(2 * q[e] / (p[e] + q[e]))) / 2;
    return sum;
}

static const MoeComparisonMetric *
find_metric(int *at)
{
    int n;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    for (*at = 0; *at < n; ++*at)
        if (g_str_equal(metrics[*at].name, "js-scores"))
            return &metrics[*at];
    g_assert_not_reached();
}

/* Logits are kept as binary16, which has these to some 1e-3. */
static void
test_slowly(void)
{
    int at, n = 0;
    double sum = 0;
    g_auto(Two) two = make(0.25f);
    g_autoptr(MoeComparison) comparison = compare(&two, 70, 111);
    const MoeComparisonMetric *metric = find_metric(&at);
    MoeComparisonCell cell, shuffled;
    for (int t = 0; t < TOKENS; t++)
        if (t != 5) {
            sum += divergence(two.a->logits + t * E, two.b->logits + t * E);
            n++;
        }
    g_assert_true(moe_comparison_cell(comparison, 0, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &cell));
    g_assert_cmpint(cell.scored, ==, n);
    g_assert_cmpfloat_with_epsilon(metric->value(&cell), sum / n, 2e-3 * sum / n);
    int64_t scored = 0;
    for (int d = MOE_DOMAIN_UNKNOWN; d < ROUTED_DOMAINS; d++) {
        g_assert_true(moe_comparison_cell(comparison, 0, d, MOE_LABELS_OWN, &cell));
        scored += cell.scored;
    }
    g_assert_cmpint(scored, ==, n);
    g_assert_true(moe_comparison_shuffled(comparison, 0, MOE_LABELS_OWN, &shuffled));
    g_assert_cmpfloat(metric->value(&shuffled), >, 3 * sum / n);
    int metrics;
    moe_comparison_metrics(&metrics);
    g_autofree MoeInterval *intervals = g_new(MoeInterval, (gsize)metrics);
    moe_comparison_intervals(comparison, 0, MOE_DOMAIN_ALL, MOE_LABELS_OWN, NULL, intervals);
    g_assert_cmpfloat(intervals[at].low, <, sum / n);
    g_assert_cmpfloat(intervals[at].high, >, sum / n);
}

/* Experts of the second router numbered from behind, logits too: matched, there is no difference.
 */
static void
test_matched(void)
{
    int at;
    g_auto(Two) two = make(0);
    for (int i = 0; i < TOKENS * K; i++)
        two.b->expert[i] = two.b->expert[i] < 0 ? -1 : E - 1 - two.b->expert[i];
    for (int t = 0; t < TOKENS; t++)
        for (int e = 0; e < E; e++)
            two.b->logits[t * E + e] = two.a->logits[t * E + E - 1 - e];
    g_autoptr(MoeComparison) comparison = compare(&two, 100, 100);
    const MoeComparisonMetric *metric = find_metric(&at);
    MoeComparisonCell own, matched;
    g_assert_true(moe_comparison_cell(comparison, 0, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &own));
    g_assert_true(moe_comparison_cell(comparison, 0, MOE_DOMAIN_ALL, MOE_LABELS_MATCHED, &matched));
    g_assert_cmpfloat(metric->value(&own), >, 0.1);
    g_assert_cmpfloat(metric->value(&matched), ==, 0);
    g_assert_cmpint(matched.scored, ==, own.scored);
}

static void
test_none(void)
{
    int at;
    g_auto(Two) two = make(0.5f);
    g_clear_pointer(&two.b->logits, g_free);
    g_autoptr(MoeComparison) comparison = compare(&two, 100, 100);
    MoeComparisonCell cell;
    g_assert_true(moe_comparison_cell(comparison, 0, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &cell));
    g_assert_true(isnan(find_metric(&at)->value(&cell)));
}

/* Of all there are, a null or a reason why there is none. */
static void
test_has_null(void)
{
    int n;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    for (int i = 0; i < n; i++)
        g_assert_true((metrics[i].uniform || metrics[i].shuffled) != (metrics[i].no_null != NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    routed_begin();
    g_test_add_func("/compare-scores/slowly", test_slowly);
    g_test_add_func("/compare-scores/matched", test_matched);
    g_test_add_func("/compare-scores/none", test_none);
    g_test_add_func("/compare-scores/has-null", test_has_null);
    int status = g_test_run();
    routed_end();
    return status;
}
