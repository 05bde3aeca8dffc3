/* SPDX-License-Identifier: MIT
 *
 * What units at a distance share: against the slow way on random decisions, on cases worked out by
 * hand, and what chance would show against routers that pick at random.
 */
#include "routed.h"
#include "stats/chance-sets.h"

#include <math.h>

static void
assert_near(double found, double expected, double tolerance)
{
    g_assert_cmpfloat_with_epsilon(found, expected, tolerance * MAX(1, fabs(expected)));
}

/* --- The slow way -----------------------------------------------------------------------------*/

typedef struct Slow {
    int64_t units, pairs[MOE_LAGS], same[MOE_LAGS], any[MOE_LAGS], shared[MOE_LAGS], runs[512];
    double jaccard[MOE_LAGS];
} Slow;

/* Whether each token comes right after the one before it. */
static bool *
find_links(const Routed *routed, int step)
{
    bool *link = g_new0(bool, (gsize)routed->tokens);
    int64_t next = -1;
    for (int64_t t = 0; t < routed->tokens; t++) {
        int64_t pos = routed->pos ? routed->pos[t] : -1;
        link[t] = t > 0 && routed_in(routed, t, MOE_DOMAIN_ALL, step) &&
                  routed_in(routed, t - 1, MOE_DOMAIN_ALL, step) &&
                  routed->doc[t] == routed->doc[t - 1] && routed->step[t] == routed->step[t - 1] &&
                  (pos < 0 || next < 0 || pos == next);
        next = pos >= 0 ? pos + 1 : link[t] && next >= 0 ? next + 1 : -1;
    }
    return link;
}

static void
count_pair_slowly(const Routed *routed, int64_t a, int64_t b, int lag, Slow *slow)
{
    g_autofree bool *ours = g_new(bool, (gsize)routed->info.experts);
    g_autofree bool *theirs = g_new(bool, (gsize)routed->info.experts);
    int shared = 0, both = 0;
    if (routed_set(routed, a, ours) == 0 || routed_set(routed, b, theirs) == 0)
        return;
    for (int e = 0; e < routed->info.experts; e++) {
        shared += ours[e] && theirs[e];
        both += ours[e] || theirs[e];
    }
    int32_t first = routed->expert[a * routed->slots];
    slow->pairs[lag]++;
    slow->same[lag] += first >= 0 && first == routed->expert[b * routed->slots];
    slow->any[lag] += shared > 0;
    slow->shared[lag] += shared;
    slow->jaccard[lag] += (double)shared / both;
}

static void
count_runs_slowly(const Routed *routed, int64_t unit, bool follows, Slow *slow)
{
    g_autofree bool *now = g_new(bool, (gsize)routed->info.experts);
    g_autofree bool *before = g_new0(bool, (gsize)routed->info.experts);
    slow->units += routed_set(routed, unit, now) > 0;
    if (follows)
        routed_set(routed, unit - routed->info.units_per_token, before);
    for (int e = 0; e < routed->info.experts; e++)
        slow->runs[e] += now[e] && !before[e];
}

static Slow
count_slowly(const Routed *routed, int domain, int step)
{
    Slow slow = {0};
    g_autofree bool *link = find_links(routed, step);
    int heads = routed->info.units_per_token;
    for (int64_t t = 0; t < routed->tokens; t++) {
        if (!routed_in(routed, t, domain, step))
            continue;
        for (int h = 0; h < heads; h++)
            count_runs_slowly(routed, t * heads + h, link[t], &slow);
        int64_t back = 0;
        while (link[t - back])
            back++;
        for (int lag = 0; lag < MOE_LAGS; lag++)
            for (int h = 0; back >= 1 << lag && h < heads; h++)
                count_pair_slowly(routed, t * heads + h, (t - (1 << lag)) * heads + h, lag, &slow);
    }
    return slow;
}

static void
compare(const MoeOrderCell *cell, const Slow *slow)
{
    g_assert_cmpint(cell->units, ==, slow->units);
    for (int lag = 0; lag < MOE_LAGS; lag++) {
        g_assert_cmpint(cell->pairs[lag], ==, slow->pairs[lag]);
        g_assert_cmpint(cell->same_first[lag], ==, slow->same[lag]);
        g_assert_cmpint(cell->any_shared[lag], ==, slow->any[lag]);
        g_assert_cmpint(cell->shared[lag], ==, slow->shared[lag]);
        assert_near(cell->jaccard[lag], slow->jaccard[lag], 1e-12);
    }
    for (int e = 0; e < cell->experts; e++)
        g_assert_cmpint(cell->runs[e], ==, slow->runs[e]);
}

static void
test_slowly(void)
{
    const struct {
        int experts, k, heads;
    } cases[] = {{4, 2, 1}, {8, 0, 1}, {64, 8, 1}, {65, 3, 2}, {300, 6, 1}, {6, 1, 3}, {1, 1, 1}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        for (int step = -1; step < ROUTED_STEPS; step++) {
            g_autoptr(Routed) routed =
                routed_new(i, 900, cases[i].experts, cases[i].k, cases[i].heads);
            int64_t each = step < 0 ? 900 : 37 + 100 * step;
            g_autoptr(MoeSummary) summary = routed_count(routed, each, MOE_TALLY_ORDER, step);
            for (int d = MOE_DOMAIN_ALL; d < ROUTED_DOMAINS; d++) {
                Slow slow = count_slowly(routed, d, step);
                compare(moe_summary_order(summary, 0, d), &slow);
            }
        }
}

/* More tokens than a window holds, and than it keeps when it moves on. */
static void
test_long(void)
{
    g_autoptr(Routed) routed = routed_new(5, 9000, 600, 4, 1);
    for (int64_t t = 0; t < routed->tokens; t++) {
        routed->doc[t] = 1;
        routed->pos[t] = (int32_t)t;
        routed->step[t] = 0;
        routed->domain[t] = 0;
    }
    g_autoptr(MoeSummary) whole = routed_count(routed, 9000, MOE_TALLY_ORDER, -1);
    g_autoptr(MoeSummary) parts = routed_count(routed, 100, MOE_TALLY_ORDER, -1);
    const MoeOrderCell *a = moe_summary_order(whole, 0, MOE_DOMAIN_ALL);
    const MoeOrderCell *b = moe_summary_order(parts, 0, MOE_DOMAIN_ALL);
    Slow slow = {0};
    for (int64_t t = 64; t < routed->tokens; t++)
        count_pair_slowly(routed, t, t - 64, 6, &slow);
    g_assert_cmpint(a->any_shared[6], ==, slow.any[6]);
    g_assert_cmpint(b->any_shared[6], ==, slow.any[6]);
    g_assert_cmpmem(a->runs, 600 * sizeof *a->runs, b->runs, 600 * sizeof *b->runs);
    for (int lag = 0; lag < MOE_LAGS; lag++) {
        g_assert_cmpint(a->pairs[lag], ==, b->pairs[lag]);
        assert_near(a->jaccard[lag], b->jaccard[lag], 1e-12);
    }
}

/* The parts of a trace that is cut between documents add up to it. */
static void
test_merged(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Routed) routed = routed_new(9, 1000, 16, 2, 1);
    g_autoptr(MoeSummary) whole = routed_count(routed, 1000, MOE_TALLY_ORDER, -1);
    int64_t cut = 500;
    while (routed->doc[cut] == routed->doc[cut - 1])
        cut++;
    MoeSummaryOptions options = {.tallies = MOE_TALLY_ORDER};
    g_autoptr(MoeTrace) first = routed_trace(routed, 0, cut, 64);
    g_autoptr(MoeSummary) sum = moe_summary_from_trace(first, &options, &error);
    g_autoptr(MoeTrace) second = routed_trace(routed, cut, 1000 - cut, 64);
    g_autoptr(MoeSummary) rest = moe_summary_from_trace(second, &options, &error);
    g_assert_true(moe_summary_add(sum, rest, &error));
    for (int d = MOE_DOMAIN_ALL; d < ROUTED_DOMAINS; d++) {
        Slow slow = count_slowly(routed, d, -1);
        compare(moe_summary_order(whole, 0, d), &slow);
        compare(moe_summary_order(sum, 0, d), &slow);
    }
}

/* --- By hand ----------------------------------------------------------------------------------*/

/* One document of tokens that pick these experts, two each of four. */
static MoeSummary *
count_picks(const int32_t *expert, const float *gate, int64_t tokens)
{
    g_autoptr(Routed) routed = routed_new(1, tokens, 4, 2, 1);
    for (int64_t t = 0; t < tokens; t++) {
        routed->doc[t] = routed->domain[t] = routed->step[t] = 0;
        routed->pos[t] = (int32_t)t;
        for (int i = 0; i < 2; i++) {
            routed->expert[2 * t + i] = expert[2 * t + i];
            routed->gate[2 * t + i] = gate ? gate[2 * t + i] : 0.5f;
        }
    }
    return routed_count(routed, 2, MOE_TALLY_ORDER, -1);
}

static double
value_of(const MoeSummary *summary, const char *name)
{
    const MoeMetric *metric = moe_metric_find(name);
    const MoeSummaryCell *domains[ROUTED_DOMAINS];
    MoeMetricCell cell = moe_metric_cell(summary, NULL, 0, MOE_DOMAIN_ALL, domains);
    g_assert_nonnull(metric);
    return moe_metric_value(metric, &cell);
}

/* Expert 0 stays for 3, 1 comes twice for 1, 2 stays for 2 and comes again for 1, 3 stays for 2:
 * six runs of ten picks. */
static void
test_dwell(void)
{
    const int32_t expert[] = {0, 1, 0, 2, 2, 0, 1, 3, 3, 2};
    g_autoptr(MoeSummary) summary = count_picks(expert, NULL, 5);
    assert_near(value_of(summary, "dwell"), 10 / 6.0, 1e-14);
    assert_near(value_of(summary, "same-first"), 1 / 4.0, 1e-14);
    assert_near(value_of(summary, "any-shared"), 3 / 4.0, 1e-14);
    assert_near(value_of(summary, "same-first@2"), 0, 1e-14);
    assert_near(value_of(summary, "any-shared@2"), 2 / 3.0, 1e-14);
    assert_near(value_of(summary, "jaccard@2"), 2 / 9.0, 1e-14);
    assert_near(value_of(summary, "same-first@4"), 0, 1e-14);
    g_assert_true(isnan(value_of(summary, "jaccard@8")));
    /* Of 5 units 3, 2, 3 and 2 pick each expert: Σ q = 2, Σ q² = 26/25; 4 pairs share 4. */
    assert_near(value_of(summary, "autocorrelation"), (1 - 1.04) / (2 - 1.04), 1e-14);
    assert_near(value_of(summary, "autocorrelation@2"), (2 / 3.0 - 1.04) / (2 - 1.04), 1e-14);
    g_assert_true(isnan(value_of(summary, "autocorrelation@8")));
}

/* Gates that binary16 has, and one that it hasn't; one unit has a negative one, one a single pick.
 */
static void
test_gates(void)
{
    const int32_t expert[] = {0, 1, 0, 1, 0, 1, 0, -1};
    const float gate[] = {0.75f, 0.25f, 3e-6f, 1, -0.5f, 1.5f, 1, 1};
    g_autoptr(MoeSummary) summary = count_picks(expert, gate, 4);
    const MoeOrderCell *cell = moe_summary_order(summary, 0, MOE_DOMAIN_ALL);
    g_assert_cmpint(cell->gated, ==, 2);
    double least = 50 * 0x1p-24, sum = 1 + least; /* 3e-6 as binary16 has it */
    double spread = -least / sum * log(least / sum) - log(1 / sum) / sum;
    assert_near(value_of(summary, "margin"), (0.5 + 1 - least) / 2, 1e-14);
    assert_near(value_of(summary, "gate-spread"),
                (-0.75 * log(0.75) - 0.25 * log(0.25) + spread) / 2, 1e-14);
    assert_near(cell->gate_square[0], 0.5625 + least * least + 0.25 + 1, 1e-14);
    assert_near(cell->gate_square[1], 0.0625 + 1 + 2.25, 1e-14);
}

/* --- Chance -----------------------------------------------------------------------------------*/

enum { E = 8, K = 2 };

static double
any(int shared, int both)
{
    (void)both;
    return shared > 0;
}

static double
ratio(int shared, int both)
{
    return (double)shared / both;
}

/* Mixtral's baselines, 12.5 % and 46.4 %, for every distance. */
static void
test_mixtral(void)
{
    int64_t making[E + 1] = {[K] = 100}, first[E] = {50, 50}, pairs[MOE_LAGS];
    MoeSummaryCell summary = {.experts = E, .units = 100, .making = making, .first = first};
    MoeOrderCell order = {.experts = E, .pairs = pairs};
    MoeMetricCell cell = {.summary = &summary, .order = &order};
    for (int lag = 0; lag < MOE_LAGS; lag++) {
        pairs[lag] = 10;
        g_autofree char *at = lag ? g_strdup_printf("@%d", 1 << lag) : g_strdup("");
        g_autofree char *same = g_strconcat("same-first", at, NULL);
        g_autofree char *shared = g_strconcat("any-shared", at, NULL);
        g_assert_true(moe_metric_uniform(moe_metric_find(same), &cell) == 0.125);
        assert_near(moe_metric_shuffled(moe_metric_find(same), &cell), 0.5, 1e-15);
        assert_near(moe_metric_uniform(moe_metric_find(shared), &cell), 1 - 30 / 56.0, 2e-16);
    }
    /* Sets of 5 and 7 of 8 share at least 4. */
    making[K] = 0;
    making[5] = making[7] = 50;
    assert_near(moe__sets_uniform(&summary, any), 1, 1e-12);
    double fives = 0; /* C(5,j) C(3,5-j) / C(8,5) */
    const double chance[] = {0, 0, 10 / 56.0, 30 / 56.0, 15 / 56.0, 1 / 56.0};
    for (int j = 2; j <= 5; j++)
        fives += chance[j] * j / (10.0 - j);
    double mixed = 5 / 8.0 * 4 / 8 + 3 / 8.0 * 5 / 7, sevens = 7 / 8.0 * 6 / 8 + 1 / 8.0;
    assert_near(moe__sets_uniform(&summary, ratio), fives / 4 + mixed / 2 + sevens / 4, 1e-12);
}

/* Sets of two of five with chances in proportion to the product of weights, one by one. */
static void
test_by_load(void)
{
    const double weight[5] = {5, 3, 2, 1, 0.25};
    double p[10], share[5] = {0}, all = 0, meet = 0, alike = 0;
    int set[10], n = 0;
    for (int a = 0; a < 5; a++)
        for (int b = 0; b < a; b++) {
            set[n] = 1 << a | 1 << b;
            all += p[n++] = weight[a] * weight[b];
        }
    for (int i = 0; i < n; i++) {
        for (int e = 0; e < 5; e++)
            share[e] += set[i] >> e & 1 ? p[i] / all : 0;
        for (int j = 0; j < n; j++) {
            double both = p[i] * p[j] / (all * all);
            int shared = __builtin_popcount(set[i] & set[j]);
            meet += both * any(shared, 4 - shared);
            alike += both * ratio(shared, 4 - shared);
        }
    }
    const double units = 1e12;
    int64_t count[5], making[6] = {[2] = (int64_t)units};
    for (int e = 0; e < 5; e++)
        count[e] = (int64_t)(share[e] * units);
    MoeSummaryCell cell = {.experts = 5, .units = (int64_t)units, .count = count, .making = making};
    assert_near(moe__sets_shuffled(&cell, any), meet, 1e-7);
    assert_near(moe__sets_shuffled(&cell, ratio), alike, 1e-7);
    /* Of an even load, it is the uniform one. */
    for (int e = 0; e < 5; e++)
        count[e] = (int64_t)(0.4 * units);
    assert_near(moe__sets_shuffled(&cell, any), moe__sets_uniform(&cell, any), 1e-9);
    assert_near(moe__sets_shuffled(&cell, ratio), moe__sets_uniform(&cell, ratio), 1e-9);
}

/* Routers that draw each unit apart, from a load that isn't even. */
static void
test_random_routers(void)
{
    enum { TOKENS = 60000 };
    MoeRng rng = moe_rng(3, 3);
    g_autoptr(Routed) routed = routed_new(1, TOKENS, E, 3, 1);
    for (int64_t t = 0; t < TOKENS; t++) {
        routed->doc[t] = routed->step[t] = routed->domain[t] = 0;
        routed->pos[t] = (int32_t)t;
        bool taken[E] = {false};
        for (int i = 0; i < 3; i++) {
            int e;
            do
                e = (int)moe_rng_below(&rng, 12) % E; /* 0 … 3 are drawn twice as often */
            while (taken[e]);
            taken[e] = true;
            routed->expert[3 * t + i] = e;
        }
    }
    g_autoptr(MoeSummary) summary = routed_count(routed, TOKENS, MOE_TALLY_ORDER, -1);
    const char *const names[] = {"same-first",   "any-shared", "jaccard", "same-first@16",
                                 "any-shared@4", "jaccard@64", "dwell"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const MoeMetric *metric = moe_metric_find(names[i]);
        const MoeSummaryCell *domains[ROUTED_DOMAINS];
        MoeMetricCell cell = moe_metric_cell(summary, NULL, 0, MOE_DOMAIN_ALL, domains);
        double found = moe_metric_value(metric, &cell);
        double shuffled = moe_metric_shuffled(metric, &cell);
        g_test_message("%s: %g by chance, %g found", names[i], shuffled, found);
        assert_near(shuffled / found, 1, 0.03);
        g_assert_cmpfloat(moe_metric_uniform(metric, &cell), <, shuffled - 0.003);
    }
    g_assert_cmpfloat(fabs(value_of(summary, "autocorrelation")), <, 0.005);
    g_assert_cmpfloat(fabs(value_of(summary, "autocorrelation@32")), <, 0.005);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    routed_begin();
    g_test_add_func("/tally-order/slowly", test_slowly);
    g_test_add_func("/tally-order/long", test_long);
    g_test_add_func("/tally-order/merged", test_merged);
    g_test_add_func("/tally-order/dwell", test_dwell);
    g_test_add_func("/tally-order/gates", test_gates);
    g_test_add_func("/tally-order/mixtral", test_mixtral);
    g_test_add_func("/tally-order/by-load", test_by_load);
    g_test_add_func("/tally-order/random-routers", test_random_routers);
    int status = g_test_run();
    routed_end();
    return status;
}
