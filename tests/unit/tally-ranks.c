/* SPDX-License-Identifier: MIT
 *
 * Which devices units are sent to: the slow way on random decisions, by hand, and by chance.
 */
#include "routed.h"

#include <math.h>
#include <string.h>

static void
assert_near(double found, double expected, double tolerance)
{
    g_assert_cmpfloat_with_epsilon(found, expected, tolerance * MAX(1, fabs(expected)));
}

static void
count_slowly(const Routed *routed, int domain, int ranks, int64_t *sent)
{
    int experts = routed->info.experts;
    for (int64_t u = 0; u < routed->units; u++) {
        g_autofree bool *there = g_new(bool, (gsize)experts);
        if (!routed_in(routed, u / routed->info.units_per_token, domain, -1) ||
            routed_set(routed, u, there) == 0)
            continue;
        for (int r = 0; r < ranks; r++) {
            bool any = false;
            for (int e = 0; e < experts; e++)
                any = any || (there[e] && e * ranks / experts == r);
            sent[r] += any;
        }
    }
}

static void
test_slowly(void)
{
    const int shapes[][3] = {{4, 2, 1}, {8, 0, 1}, {64, 8, 1}, {70, 3, 2}, {300, 6, 1}};
    for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++) {
        g_autoptr(Routed) routed =
            routed_new(90 + i, 500, shapes[i][0], shapes[i][1], shapes[i][2]);
        g_autoptr(MoeSummary) summary = routed_count(routed, 77, MOE_TALLY_RANKS, -1);
        for (int d = MOE_DOMAIN_ALL; d < ROUTED_DOMAINS; d++)
            for (int ranks = 2; ranks <= MOE_RANKS_MOST; ranks *= 2) {
                const MoeRankCell *cell = moe_summary_ranks(summary, 0, d);
                int64_t sent[MOE_RANKS_MOST] = {0};
                count_slowly(routed, d, ranks, sent);
                g_assert_cmpmem(cell->sent + ranks - 2, (gsize)ranks * sizeof *sent, sent,
                                (gsize)ranks * sizeof *sent);
            }
    }
}

/* Three units of four experts: {0, 1}, {0, 2}, {3, 0} on two devices, and on four. */
static void
test_by_hand(void)
{
    const int32_t expert[] = {0, 1, 0, 2, 3, 0};
    g_autoptr(Routed) routed = routed_new(1, 3, 4, 2, 1);
    for (int i = 0; i < 6; i++)
        routed->expert[i] = expert[i];
    g_autoptr(MoeSummary) summary = routed_count(routed, 2, MOE_TALLY_RANKS, -1);
    const MoeMetricCell cell = moe_metric_cell(summary, NULL, 0, MOE_DOMAIN_ALL, NULL);
    assert_near(moe_metric_value(moe_metric_find("rank-reach@2"), &cell), 5 / 3.0, 1e-15);
    assert_near(moe_metric_value(moe_metric_find("rank-sent-cv@2"), &cell), 0.2, 1e-15);
    assert_near(moe_metric_value(moe_metric_find("rank-reach@4"), &cell), 2, 1e-15);
    g_assert_true(isnan(moe_metric_value(moe_metric_find("rank-reach@8"), &cell)));
    /* Of the six pairs of four experts two lie on one device. */
    assert_near(moe_metric_uniform(moe_metric_find("rank-reach@2"), &cell), 5 / 3.0, 1e-12);
}

/* Routers that draw 4 of 32 experts, any or the first ones more often. */
static void
check_chance(bool uniform)
{
    enum { E = 32, K = 4, TOKENS = 8000 };
    MoeRng rng = moe_rng(8, uniform);
    g_autoptr(Routed) routed = routed_new(1, TOKENS, E, K, 1);
    for (int64_t t = 0; t < TOKENS; t++) {
        bool taken[E] = {false};
        for (int i = 0; i < K; i++) {
            int e;
            do
                e = (int)moe_rng_below(&rng, uniform ? E : E + 14) % E;
            while (taken[e]);
            taken[e] = true;
            routed->expert[K * t + i] = e;
        }
    }
    g_autoptr(MoeSummary) summary = routed_count(routed, TOKENS, MOE_TALLY_RANKS, -1);
    const MoeMetricCell cell = moe_metric_cell(summary, NULL, 0, MOE_DOMAIN_ALL, NULL);
    for (int ranks = 2; ranks <= MOE_RANKS_MOST; ranks *= 2) {
        g_autofree char *reach = g_strdup_printf("rank-reach@%d", ranks);
        g_autofree char *spread = g_strdup_printf("rank-sent-cv@%d", ranks);
        const MoeMetric *metrics[2] = {moe_metric_find(reach), moe_metric_find(spread)};
        for (int m = 0; m < 2; m++) {
            double value = moe_metric_value(metrics[m], &cell);
            double null = uniform ? moe_metric_uniform(metrics[m], &cell)
                                  : moe_metric_shuffled(metrics[m], &cell);
            g_test_message("%s: %g, %g by chance", metrics[m]->name, value, null);
            if (m == 0)
                assert_near(null / value, 1, uniform ? 0.01 : 0.02);
            else /* one draw of a few devices */
                g_assert_cmpfloat_with_epsilon(value, null, uniform ? 0.012 : 0.1 * value);
        }
    }
}

static void
test_chance(void)
{
    check_chance(true);
    check_chance(false);
}

/* Few units to few devices: the root of the mean square of CVs. A unit that isn't sent to the one
 * of two is sent to the other. */
static void
test_few_devices(void)
{
    enum { E = 12, K = 3, TOKENS = 200, ROUNDS = 4000 };
    MoeRng rng = moe_rng(2, 5);
    int64_t sent[MOE_RANKS_SENT], making[E + 1] = {[K] = TOKENS}, count[E];
    for (int e = 0; e < E; e++)
        count[e] = TOKENS * K / E;
    const MoeSummaryCell summary = {
        .experts = E, .units = TOKENS, .picks = TOKENS * K, .count = count, .making = making};
    const MoeRankCell ranks = {E, TOKENS, sent};
    const MoeMetricCell cell = {.summary = &summary, .ranks = &ranks};
    const char *const names[] = {"rank-sent-cv@2", "rank-sent-cv@4"};
    double square[2] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        memset(sent, 0, sizeof sent);
        for (int t = 0; t < TOKENS; t++) {
            unsigned picked = 0, of_two = 0, of_four = 0;
            while (__builtin_popcount(picked) < K)
                picked |= 1U << moe_rng_below(&rng, E);
            for (unsigned e = 0; e < E; e++) {
                of_two |= (picked >> e & 1) << e * 2 / E;
                of_four |= (picked >> e & 1) << e * 4 / E;
            }
            for (int r = 0; r < 4; r++) {
                sent[r] += r < 2 ? of_two >> r & 1 : 0;
                sent[2 + r] += of_four >> r & 1;
            }
        }
        for (int i = 0; i < 2; i++)
            square[i] += pow(moe_metric_value(moe_metric_find(names[i]), &cell), 2) / ROUNDS;
    }
    for (int i = 0; i < 2; i++) {
        double null = moe_metric_uniform(moe_metric_find(names[i]), &cell);
        g_test_message("%s: %g, %g by chance", names[i], sqrt(square[i]), null);
        assert_near(null / sqrt(square[i]), 1, 0.04);
        assert_near(moe_metric_shuffled(moe_metric_find(names[i]), &cell), null, 1e-6);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    routed_begin();
    g_test_add_func("/tally-ranks/slowly", test_slowly);
    g_test_add_func("/tally-ranks/by-hand", test_by_hand);
    g_test_add_func("/tally-ranks/chance", test_chance);
    g_test_add_func("/tally-ranks/few-devices", test_few_devices);
    int status = g_test_run();
    routed_end();
    return status;
}
