/* SPDX-License-Identifier: MIT
 *
 * Intervals: quantiles against tables, Wilson's against published values, and how often the
 * bootstrap interval of a mean holds what was drawn from.
 */
#include "stats/interval.h"

#include <math.h>

static void
assert_near(double found, double expected, double tolerance)
{
    g_assert_cmpfloat_with_epsilon(found, expected, tolerance);
}

static void
test_quantiles(void)
{
    assert_near(moe__normal_quantile(0.5), 0, 1e-12);
    assert_near(moe__normal_quantile(0.975), 1.959963984540054, 1e-12);
    assert_near(moe__normal_quantile(0.025), -1.959963984540054, 1e-12);
    assert_near(moe__normal_quantile(1e-12), -7.034483825011737, 1e-9);
    g_assert_cmpfloat(moe__normal_quantile(0), ==, -40);
    g_assert_cmpfloat(moe__normal_quantile(1), ==, 40);
    for (double z = -37; z < 8; z += 0.37) {
        double p = erfc(-z / G_SQRT2) / 2;
        assert_near(moe__normal_quantile(p), z, p > 0.5 ? 1e-15 * exp(z * z / 2) + 1e-12 : 1e-11);
    }
    assert_near(moe__student_quantile(0.975, 7), 2.364624251592785, 1e-3);
    assert_near(moe__student_quantile(0.995, 7), 3.499483297350494, 5e-3);
    assert_near(moe__student_quantile(0.975, 63), 1.998340542520741, 1e-6);
    assert_near(moe__student_quantile(0.05, 15), -1.753050355692572, 1e-5);
}

/* Newcombe 1998, table I: 81 of 263 and 15 of 148; and Wilson's ends where all or none hit. */
static void
test_wilson(void)
{
    MoeInterval most = moe_wilson(81, 263, 0.95), few = moe_wilson(15, 148, 0);
    assert_near(most.low, 0.2553, 5e-5);
    assert_near(most.high, 0.3662, 5e-5);
    assert_near(few.low, 0.0624, 5e-5);
    assert_near(few.high, 0.1605, 5e-5);
    MoeInterval none = moe_wilson(0, 20, 0.95), all = moe_wilson(29, 29, 0.95);
    g_assert_cmpfloat(none.low, ==, 0);
    assert_near(none.high, 0.1611, 5e-5);
    assert_near(all.low, 0.8830, 5e-5);
    g_assert_cmpfloat(all.high, ==, 1);
    g_assert_true(isnan(moe_wilson(0, 0, 0.95).low));
    g_assert_true(isnan(moe_wilson(3, 2, 0.95).high));
}

static void
test_defaults(void)
{
    MoeResampleOptions all = moe__resample_defaults(NULL);
    g_assert_cmpint(all.replicates, ==, 200);
    g_assert_cmpfloat(all.level, ==, 0.95);
    all = moe__resample_defaults(&(MoeResampleOptions){.replicates = 7, .level = 0.5, .seed = 3});
    g_assert_cmpint(all.replicates, ==, 7);
    g_assert_cmpfloat(all.level, ==, 0.5);
    g_assert_cmpuint(all.seed, ==, 3);
}

static void
test_none(void)
{
    double same[4] = {1, 1, 1, 1}, gaps[4] = {1, NAN, INFINITY, 2};
    MoeInterval point = moe__bootstrap_interval(1, same, 4, 9, 0.95, 0, 5);
    g_assert_cmpfloat(point.low, ==, 1);
    g_assert_cmpfloat(point.high, ==, 1);
    g_assert_cmpint(point.groups, ==, 9);
    g_assert_true(isnan(moe__bootstrap_interval(1, same, 4, 7, 0.95, 0, 5).low)); /* few groups */
    g_assert_true(isnan(moe__bootstrap_interval(NAN, same, 4, 9, 0.95, 0, 5).low));
    g_assert_true(
        isnan(moe__bootstrap_interval(1, gaps, 4, 9, 0.95, 0, 5).low)); /* half undefined */
}

/* Replicates 0 … 98, of mean 49, of a value of 30: as they scatter about their mean, the value does
 * about what it estimates; the interval ends at the metric's range. */
static void
test_scatter(void)
{
    enum { N = 99 };
    double replicates[N];
    for (int i = 0; i < N; i++)
        replicates[i] = (i * 37) % N;
    MoeInterval wide =
        moe__bootstrap_interval(30, replicates, N, 1000000, 0.9, -INFINITY, INFINITY);
    /* The 95th is 94, the 5th 4. */
    assert_near(wide.low, 30 - (94 - 49), 1e-3);
    assert_near(wide.high, 30 + (49 - 4), 1e-3);
    MoeInterval clipped = moe__bootstrap_interval(30, replicates, N, 1000000, 0.9, 0, 50);
    g_assert_cmpfloat(clipped.low, ==, 0);
    g_assert_cmpfloat(clipped.high, ==, 50);
    MoeInterval few = moe__bootstrap_interval(30, replicates, N, 8, 0.9, -INFINITY, INFINITY);
    double stretch = sqrt(8 / 7.0) * moe__student_quantile(0.95, 7) / moe__normal_quantile(0.95);
    assert_near(few.high - few.low, stretch * 90, 1e-9);
}

/* How often the interval of a mean of `groups` normal numbers holds the mean they came from. */
static double
coverage(int groups)
{
    enum { ROUNDS = 1500, REPLICATES = 200 };
    MoeRng rng = moe_rng(5, (uint64_t)groups);
    g_autofree double *drawn = g_new(double, (gsize)groups);
    double replicates[REPLICATES];
    int held = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double sum = 0;
        for (int g = 0; g < groups; g++)
            sum += drawn[g] = (double)moe_rng_normal(&rng);
        for (int i = 0; i < REPLICATES; i++) {
            replicates[i] = 0;
            for (int g = 0; g < groups; g++)
                replicates[i] += drawn[moe_rng_below(&rng, (uint64_t)groups)] / groups;
        }
        MoeInterval interval = moe__bootstrap_interval(sum / groups, replicates, REPLICATES, groups,
                                                       0.95, -INFINITY, INFINITY);
        held += interval.low <= 0 && 0 <= interval.high;
    }
    return (double)held / ROUNDS;
}

static void
test_coverage(void)
{
    const int groups[] = {8, 16, 64};
    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
        double held = coverage(groups[i]);
        g_test_message("%d groups: %.3f", groups[i], held);
        g_assert_cmpfloat(held, >, 0.93);
        g_assert_cmpfloat(held, <, 0.97);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/interval/quantiles", test_quantiles);
    g_test_add_func("/interval/wilson", test_wilson);
    g_test_add_func("/interval/defaults", test_defaults);
    g_test_add_func("/interval/none", test_none);
    g_test_add_func("/interval/scatter", test_scatter);
    g_test_add_func("/interval/coverage", test_coverage);
    return g_test_run();
}
