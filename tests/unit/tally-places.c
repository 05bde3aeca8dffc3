/* SPDX-License-Identifier: MIT
 *
 * Positions: their buckets, what is counted in them, and drops towards the end.
 */
#include "routed.h"

#include <math.h>

static void
assert_near(double found, double expected, double tolerance)
{
    g_assert_cmpfloat_with_epsilon(found, expected, tolerance * MAX(1, fabs(expected)));
}

static void
test_buckets(void)
{
    const int32_t starts[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40};
    for (gsize i = 0; i < G_N_ELEMENTS(starts); i++)
        g_assert_cmpint(moe_place_start((int)i), ==, starts[i]);
    for (int place = 0; place < MOE_PLACES; place++) {
        g_assert_cmpint(moe_place(moe_place_start(place)), ==, place);
        if (place > 0)
            g_assert_cmpint(moe_place(moe_place_start(place) - 1), ==, place - 1);
    }
    g_assert_cmpint(moe_place_start(MOE_PLACES - 1), ==, 7 << 14);
    g_assert_cmpint(moe_place(INT32_MAX), ==, MOE_PLACES - 1);
}

static void
test_slowly(void)
{
    enum { EXPERTS = 12 };
    g_autoptr(Routed) routed = routed_new(4, 600, EXPERTS, 3, 2);
    g_autoptr(MoeSummary) summary = routed_count(routed, 100, MOE_TALLY_PLACES, -1);
    for (int d = MOE_DOMAIN_ALL; d < ROUTED_DOMAINS; d++) {
        const MoePlaceCell *cell = moe_summary_places(summary, 0, d);
        int64_t first[MOE_PLACES * EXPERTS] = {0}, picks[MOE_PLACES] = {0};
        int64_t dropped[MOE_PLACES] = {0};
        for (int64_t i = 0; i < routed->units * routed->slots; i++) {
            int64_t unit = i / routed->slots, token = unit / 2;
            if (!routed_in(routed, token, d, -1) || routed->pos[token] < 0 || routed->expert[i] < 0)
                continue;
            int place = moe_place(routed->pos[token]);
            picks[place]++;
            dropped[place] += routed->dropped[i];
            first[place * EXPERTS + routed->expert[i]] += i % routed->slots == 0;
        }
        g_assert_cmpmem(cell->first, sizeof first, first, sizeof first);
        g_assert_cmpmem(cell->picks, sizeof picks, picks, sizeof picks);
        g_assert_cmpmem(cell->dropped, sizeof dropped, dropped, sizeof dropped);
    }
    g_clear_pointer(&routed->pos, g_free);
    g_autoptr(MoeSummary) without = routed_count(routed, 100, MOE_TALLY_PLACES, -1);
    g_assert_null(moe_summary_places(without, 0, MOE_DOMAIN_ALL));
}

/* Positions 0 … 31: the first quarter ends at 8, the last begins at 24. */
static void
test_drops(void)
{
    int64_t first[MOE_PLACES * 2] = {0}, picks[MOE_PLACES] = {0}, dropped[MOE_PLACES] = {0};
    for (int pos = 0; pos < 32; pos++) {
        picks[moe_place(pos)] += 10;
        dropped[moe_place(pos)] += pos < 8 ? 1 : pos < 24 ? 5 : 9;
    }
    MoeSummaryCell summary = {.experts = 2};
    MoePlaceCell places = {2, first, picks, dropped};
    MoeMetricCell cell = {.summary = &summary, .places = &places};
    const MoeMetric *end = moe_metric_find("drop-rate-end"), *late = moe_metric_find("drop-late");
    assert_near(moe_metric_value(end, &cell), 0.9, 1e-14);
    assert_near(moe_metric_shuffled(end, &cell), (8 + 80 + 72) / 320.0, 1e-14);
    assert_near(moe_metric_value(late, &cell), 0.8, 1e-14);
    g_assert_true(moe_metric_shuffled(late, &cell) == 0);
    /* Up to 24: quarters of 6, and the last one begins at 20, since buckets are whole. */
    picks[14] = picks[15] = 0;
    dropped[14] = dropped[15] = 0;
    assert_near(moe_metric_value(late, &cell), 0.5 - 0.1, 1e-14);
}

/* --- I(expert; position) ----------------------------------------------------------------------*/

static void
test_information(void)
{
    int64_t first[MOE_PLACES * 2] = {30, 10, 10, 30}, none[MOE_PLACES] = {0};
    MoeSummaryCell summary = {.experts = 2};
    MoePlaceCell places = {2, first, none, none};
    MoeMetricCell cell = {.summary = &summary, .places = &places};
    double plug_in = G_LN2 + 0.75 * log(0.75) + 0.25 * log(0.25);
    assert_near(moe_metric_value(moe_metric_find("position-information"), &cell), plug_in, 1e-14);
    const MoeMetric *corrected = moe_metric_find("position-information-corrected");
    /* Near Miller and Madow's (J₊ - E₊ - P₊ + 1) / 2N = 1/160. */
    assert_near(moe_metric_value(corrected, &cell), plug_in - 1 / 160.0, 2e-4);
    g_assert_true(moe_metric_uniform(corrected, &cell) == 0);
    first[0] = first[1] = first[2] = first[3] = 0;
    g_assert_true(isnan(moe_metric_uniform(corrected, &cell)));
    g_assert_true(isnan(moe_metric_value(moe_metric_find("drop-late"), &cell)));
}

/* Tokens at few and at many positions, whose experts have nothing to do with them. */
static void
test_chance(gconstpointer data)
{
    enum { E = 16, ROUNDS = 1000 };
    int tokens = GPOINTER_TO_INT(data);
    double plug_in = 0, corrected = 0, uniform = 0, shuffled = 0;
    MoeRng rng = moe_rng(5, (uint64_t)tokens);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t first[MOE_PLACES * E] = {0}, none[MOE_PLACES] = {0};
        for (int pos = 0; pos < tokens; pos++)
            first[moe_place(pos) * E + (int)moe_rng_below(&rng, E)]++;
        MoeSummaryCell summary = {.experts = E};
        MoePlaceCell places = {E, first, none, none};
        MoeMetricCell cell = {.summary = &summary, .places = &places};
        const MoeMetric *metric = moe_metric_find("position-information");
        plug_in += moe_metric_value(metric, &cell) / ROUNDS;
        uniform += moe_metric_uniform(metric, &cell) / ROUNDS;
        shuffled += moe_metric_shuffled(metric, &cell) / ROUNDS;
        metric = moe_metric_find("position-information-corrected");
        corrected += moe_metric_value(metric, &cell) / ROUNDS;
    }
    g_test_message("%g found, %g and %g by chance; corrected %g", plug_in, uniform, shuffled,
                   corrected);
    assert_near(plug_in / uniform, 1, 0.01);
    assert_near(plug_in / shuffled, 1, 0.03);
    assert_near(corrected, 0, 0.015);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    routed_begin();
    g_test_add_func("/tally-places/buckets", test_buckets);
    g_test_add_func("/tally-places/slowly", test_slowly);
    g_test_add_func("/tally-places/drops", test_drops);
    g_test_add_func("/tally-places/information", test_information);
    g_test_add_data_func("/tally-places/chance/few", GINT_TO_POINTER(200), test_chance);
    g_test_add_data_func("/tally-places/chance/many", GINT_TO_POINTER(3000), test_chance);
    int status = g_test_run();
    routed_end();
    return status;
}
