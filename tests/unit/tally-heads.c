/* SPDX-License-Identifier: MIT
 *
 * Where the sub-tokens of one token go: the slow way, by hand, and by chance.
 */
#include "routed.h"

#include <math.h>

static void
assert_near(double found, double expected, double tolerance)
{
    g_assert_cmpfloat_with_epsilon(found, expected, tolerance * MAX(1, fabs(expected)));
}

/* Distinct first choices of a token; 0: a sub-token has none. */
static int
distinct_of(const Routed *routed, int64_t token, int64_t *first)
{
    int heads = routed->info.units_per_token, distinct = 0;
    g_autofree bool *seen = g_new0(bool, (gsize)routed->info.experts);
    for (int h = 0; h < heads; h++)
        if (routed->expert[(token * heads + h) * routed->slots] < 0)
            return 0;
    for (int h = 0; h < heads; h++) {
        int32_t expert = routed->expert[(token * heads + h) * routed->slots];
        first[h * routed->info.experts + expert]++;
        distinct += !seen[expert];
        seen[expert] = true;
    }
    return distinct;
}

static void
test_slowly(void)
{
    enum { HEADS = 4, EXPERTS = 70 };
    g_autoptr(Routed) routed = routed_new(3, 500, EXPERTS, 2, HEADS);
    g_autoptr(MoeSummary) summary = routed_count(routed, 61, MOE_TALLY_HEADS, 1);
    for (int d = MOE_DOMAIN_ALL; d < ROUTED_DOMAINS; d++) {
        const MoeHeadCell *cell = moe_summary_heads(summary, 0, d);
        int64_t first[HEADS * EXPERTS] = {0}, distinct[HEADS + 1] = {0}, tokens = 0;
        for (int64_t t = 0; t < routed->tokens; t++)
            if (routed_in(routed, t, d, 1))
                distinct[distinct_of(routed, t, first)]++;
        for (int j = 1; j <= HEADS; j++)
            tokens += distinct[j];
        distinct[0] = 0;
        g_assert_cmpint(cell->heads, ==, HEADS);
        g_assert_cmpint(cell->tokens, ==, tokens);
        g_assert_cmpmem(cell->first, sizeof first, first, sizeof first);
        g_assert_cmpmem(cell->distinct, sizeof distinct, distinct, sizeof distinct);
    }
    g_autoptr(Routed) whole = routed_new(3, 10, 8, 2, 1);
    g_autoptr(MoeSummary) without = routed_count(whole, 10, MOE_TALLY_HEADS, -1);
    g_assert_null(moe_summary_heads(without, 0, MOE_DOMAIN_ALL));
}

/* --- Metrics ----------------------------------------------------------------------------------*/

static void
test_by_hand(void)
{
    /* Three tokens of two sub-tokens: (0,1) (0,1) (2,2). */
    int64_t first[2 * 4] = {2, 0, 1, 0, 0, 2, 1, 0}, distinct[3] = {0, 1, 2};
    MoeSummaryCell summary = {.experts = 4};
    MoeHeadCell heads = {4, 2, 3, first, distinct};
    MoeMetricCell cell = {.summary = &summary, .heads = &heads};
    const MoeMetric *divergence = moe_metric_find("head-divergence");
    assert_near(moe_metric_value(divergence, &cell), 5 / 3.0, 1e-14);
    assert_near(moe_metric_uniform(divergence, &cell), 4 * (1 - 0.75 * 0.75), 1e-14);
    /* All have the share 1/3, but for the last. */
    assert_near(moe_metric_shuffled(divergence, &cell), 3 * (1 - 4 / 9.0), 1e-14);
    /* H(expert) = ln 3, H(expert | head) = H(2/3, 1/3); 4 pairs of 3 experts and 2 heads. */
    double plug_in = log(3) - (log(3) - 2 / 3.0 * G_LN2);
    assert_near(moe_metric_value(moe_metric_find("head-information"), &cell), plug_in, 1e-14);
    const MoeMetric *corrected = moe_metric_find("head-information-corrected");
    assert_near(moe_metric_value(corrected, &cell), plug_in - (4 - 3 - 2 + 1) / 12.0, 1e-14);
    /* Dealt anew, each head has all three experts 8 times out of 20, and then knows nothing. */
    assert_near(moe_metric_shuffled(corrected, &cell),
                0.4 * G_LN2 - (0.4 * 6 + 0.6 * 4 - 3 - 2 + 1) / 12.0, 1e-12);
}

/* Heads that draw alike from a load of eight experts, many times over. */
static void
test_chance(gconstpointer data)
{
    enum { HEADS = 4, E = 8, TOKENS = 150, ROUNDS = 2000 };
    bool uniform = GPOINTER_TO_INT(data) == 1;
    double sums[3] = {0}, chance[3] = {0};
    MoeRng rng = moe_rng(11, 1);
    const char *const names[] = {"head-divergence", "head-information",
                                 "head-information-corrected"};
    for (int round = 0; round < ROUNDS; round++) {
        int64_t first[HEADS * E] = {0}, distinct[HEADS + 1] = {0};
        for (int t = 0; t < TOKENS; t++) {
            unsigned set = 0;
            for (int h = 0; h < HEADS; h++) {
                int expert = (int)moe_rng_below(&rng, uniform ? E : 1 + moe_rng_below(&rng, E));
                first[h * E + expert]++;
                set |= 1U << expert;
            }
            distinct[__builtin_popcount(set)]++;
        }
        MoeSummaryCell summary = {.experts = E};
        MoeHeadCell heads = {E, HEADS, TOKENS, first, distinct};
        MoeMetricCell cell = {.summary = &summary, .heads = &heads};
        for (int i = 0; i < 3; i++) {
            const MoeMetric *metric = moe_metric_find(names[i]);
            sums[i] += moe_metric_value(metric, &cell) / ROUNDS;
            chance[i] +=
                (uniform ? moe_metric_uniform(metric, &cell) : moe_metric_shuffled(metric, &cell)) /
                ROUNDS;
        }
    }
    g_test_message("%g %g %g found, %g %g %g by chance", sums[0], sums[1], sums[2], chance[0],
                   chance[1], chance[2]);
    assert_near(sums[0] / chance[0], 1, 0.01);
    assert_near(sums[1] / chance[1], 1, uniform ? 0.02 : 0.04);
    g_assert_cmpfloat(fabs(sums[2]), <, sums[1] / 8); /* what the first order leaves */
    g_assert_cmpfloat_with_epsilon(sums[2], chance[2], 5e-4);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    routed_begin();
    g_test_add_func("/tally-heads/slowly", test_slowly);
    g_test_add_func("/tally-heads/by-hand", test_by_hand);
    g_test_add_data_func("/tally-heads/uniform", GINT_TO_POINTER(1), test_chance);
    g_test_add_data_func("/tally-heads/shuffled", GINT_TO_POINTER(2), test_chance);
    int status = g_test_run();
    routed_end();
    return status;
}
