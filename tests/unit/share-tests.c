/* SPDX-License-Identifier: MIT
 *
 * Tests of shares of picks: by hand, how often they say that nothing is something, and what of many
 * of them is left.
 */
#include <math.h>
#include <moescope/resample.h>

enum { E = 8, GROUPS = 20 };

static MoeSummary *
empty(void)
{
    static const char *const domains[2] = {"a", "b"};
    const MoeRouterInfo router = {.experts = E, .k = 1, .units_per_token = 1};
    return moe_summary_new(&router, 1, domains, 2, 0);
}

static void
add(MoeSummary *summary, int domain, int group, int expert, int picks)
{
    MoeSummaryCell *cell = moe_summary_fill_group(summary, 0, domain, group);
    cell->count[expert] += picks;
    cell->picks += picks;
    cell->units += picks;
    cell->making[1] += picks;
}

/* Expert 0 has 30 or 34 of a group's 80 picks in domain a, 10 or 14 of 80 in b; the rest goes to
 * the next one. */
static void
test_by_hand(void)
{
    double p[E];
    g_autoptr(MoeSummary) summary = empty();
    for (int g = 0; g < GROUPS; g++)
        for (int d = 0; d < 2; d++) {
            int first = (d ? 10 : 30) + 4 * (g % 2);
            add(summary, d, g, 0, first);
            add(summary, d, g, 1, 80 - first);
        }
    moe_summary_settle(summary);
    moe_share_tests(summary, 0, 0, p);
    /* Shares 0.4 and 0.15; each group is off by 2 picks: the square of the difference's error is
     * 2 · 20/19 · 20 · 4 / 1600². t = 0.25 / error, far beyond anything. */
    g_assert_cmpfloat(p[0], <, 1e-15);
    g_assert_cmpfloat(p[1], <, 1e-15);
    g_assert_true(isnan(p[2])); /* nobody picks it: groups don't tell */
    moe_share_tests(summary, 0, MOE_DOMAIN_ALL, p);
    g_assert_cmpfloat(p[0], <, 1e-10); /* 0.275, not 1/8 */
    /* With 7 groups there is no saying. */
    g_autoptr(MoeSummary) few = empty();
    for (int g = 0; g < 7; g++)
        add(few, 0, g, g % 2, 10 + g);
    moe_summary_settle(few);
    moe_share_tests(few, 0, MOE_DOMAIN_ALL, p);
    g_assert_true(isnan(p[0]));
}

/* Documents that lean to one expert or another, whatever their domain: p is below 0.05 in one of
 * twenty, for the even share as for the other domain's. */
static void
test_nothing(void)
{
    enum { ROUNDS = 400 };
    int below[2] = {0}, all = 0;
    MoeRng rng = moe_rng(2, 2);
    for (int round = 0; round < ROUNDS; round++) {
        double p[E], q[E];
        g_autoptr(MoeSummary) summary = empty();
        for (int g = 0; g < 2 * GROUPS; g++) {
            int favourite = (int)moe_rng_below(&rng, E);
            for (int i = 0; i < 30; i++)
                add(summary, g % 2, g,
                    moe_rng_below(&rng, 3) ? (int)moe_rng_below(&rng, E) : favourite, 1);
        }
        moe_summary_settle(summary);
        moe_share_tests(summary, 0, MOE_DOMAIN_ALL, p);
        moe_share_tests(summary, 0, 1, q);
        for (int e = 0; e < E; e++) {
            below[0] += p[e] < 0.05;
            below[1] += q[e] < 0.05;
            all++;
        }
    }
    g_test_message("%g and %g", (double)below[0] / all, (double)below[1] / all);
    g_assert_cmpfloat_with_epsilon((double)below[0] / all, 0.05, 0.03);
    g_assert_cmpfloat_with_epsilon((double)below[1] / all, 0.05, 0.03);
}

/* The example of their paper, its 15 p-values (table of section 4.2): four are found at 0.05. */
static void
test_paper(void)
{
    static const double p[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                               NAN,    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0};
    enum { N = G_N_ELEMENTS(p) };
    double q[N];
    int found = 0;
    moe_benjamini_hochberg(p, N, q);
    for (int i = 0; i < N; i++)
        found += q[i] <= 0.05;
    g_assert_cmpint(found, ==, 4);
    g_assert_cmpfloat_with_epsilon(q[3], 0.0095 * 15 / 4, 1e-15);
    g_assert_cmpfloat_with_epsilon(q[4], 0.0201 * 15 / 5, 1e-15);
    /* 0.0278 · 15 / 6 is more than what 0.0298 and 0.0344 leave. */
    g_assert_cmpfloat_with_epsilon(q[5], 0.0298 * 15 / 7, 1e-15);
    g_assert_true(isnan(q[8]));
    g_assert_cmpfloat(q[15], ==, 1);
    moe_benjamini_hochberg(p, 0, q);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/share-tests/by-hand", test_by_hand);
    g_test_add_func("/share-tests/nothing", test_nothing);
    g_test_add_func("/share-tests/paper", test_paper);
    return g_test_run();
}
