/* SPDX-License-Identifier: MIT
 *
 * How sure a router was: the slow way from what was recorded, and noise that flips choices as often
 * as it should.
 */
#include "routed.h"
#include "stats/noise.h"

#include <math.h>

static void
assert_near(double found, double expected, double tolerance)
{
    g_assert_cmpfloat_with_epsilon(found, expected, tolerance * MAX(1, fabs(expected)));
}

typedef struct Slow {
    int64_t units, picking, edges, entropy_bins[MOE_SCORE_BINS], margin_bins[MOE_SCORE_BINS];
    double entropy, margin, mass, lse_squared, softmax_entropy, edge, lead, prob[16];
} Slow;

static int
by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

static void
count_logits_slowly(const Routed *routed, int64_t unit, Slow *slow)
{
    gsize n = (gsize)routed->info.experts;
    const float *z = routed->logits + (gsize)unit * n;
    g_autofree bool *there = g_new(bool, n);
    g_autofree float *sorted = g_memdup2(z, n * sizeof *z);
    double sum = 0, mass = 0;
    int k = routed_set(routed, unit, there);
    for (gsize e = 0; e < n; e++)
        sum += exp((double)z[e]);
    for (gsize e = 0; e < n; e++) {
        double p = exp((double)z[e]) / sum;
        slow->softmax_entropy -= p * log(p);
        mass += there[e] ? p : 0;
    }
    if (k == 0)
        return;
    qsort(sorted, n, sizeof *sorted, by_size);
    slow->picking++;
    slow->mass += mass;
    slow->lse_squared += log(sum) * log(sum);
    slow->lead += (exp((double)sorted[0]) - exp((double)sorted[1])) / sum;
    for (gsize e = 0; e < n; e++)
        slow->prob[e] += exp((double)z[e]) / sum;
    if ((gsize)k == n)
        return;
    slow->edges++;
    slow->edge += (double)(sorted[k - 1] - sorted[k]);
}

static Slow
count_slowly(const Routed *routed, int domain)
{
    Slow slow = {0};
    for (int64_t u = 0; u < routed->units; u++) {
        if (!routed_in(routed, u / routed->info.units_per_token, domain, -1))
            continue;
        double entropy = (double)routed->entropy[u], margin = (double)routed->margin[u];
        double share = entropy / log(routed->info.experts);
        int place = 0;
        while (place < MOE_SCORE_BINS - 1 && margin >= exp2((place - 47) / 3.0))
            place++;
        slow.units++;
        slow.entropy += entropy;
        slow.margin += margin;
        slow.entropy_bins[MIN((int)(share * MOE_SCORE_BINS), MOE_SCORE_BINS - 1)]++;
        slow.margin_bins[place]++;
        count_logits_slowly(routed, u, &slow);
    }
    return slow;
}

static void
test_slowly(void)
{
    g_autoptr(Routed) routed = routed_new(2, 300, 9, 0, 2);
    g_autoptr(MoeSummary) summary = routed_count(routed, 70, MOE_TALLY_SCORES, -1);
    for (int d = MOE_DOMAIN_ALL; d < ROUTED_DOMAINS; d++) {
        const MoeScoreCell *cell = moe_summary_scores(summary, 0, d);
        Slow slow = count_slowly(routed, d);
        g_assert_cmpint(cell->entropies, ==, slow.units);
        g_assert_cmpint(cell->margins, ==, slow.units);
        g_assert_cmpint(cell->masses, ==, slow.picking);
        g_assert_cmpint(cell->logits, ==, slow.picking);
        g_assert_cmpint(cell->edges, ==, slow.edges);
        assert_near(cell->entropy, slow.entropy, 1e-12);
        assert_near(cell->margin, slow.margin, 1e-12);
        assert_near(cell->mass, slow.mass, 1e-12);
        assert_near(cell->lse_squared, slow.lse_squared, 1e-12);
        assert_near(cell->edge, slow.edge, 1e-12);
        assert_near(cell->lead, slow.lead, 1e-12);
        for (int e = 0; e < cell->experts; e++)
            assert_near(cell->prob[e], slow.prob[e], 1e-12);
        g_assert_cmpmem(cell->entropy_bins, sizeof slow.entropy_bins, slow.entropy_bins,
                        sizeof slow.entropy_bins);
        g_assert_cmpmem(cell->margin_bins, sizeof slow.margin_bins, slow.margin_bins,
                        sizeof slow.margin_bins);
    }
}

/* Entropies of the logits where there is no column; then gates as mass; then nothing. */
static void
test_what_there_is(void)
{
    g_autoptr(Routed) routed = routed_new(2, 100, 6, 2, 1);
    g_clear_pointer(&routed->entropy, g_free);
    g_clear_pointer(&routed->margin, g_free);
    g_autoptr(MoeSummary) logits = routed_count(routed, 100, MOE_TALLY_SCORES, -1);
    const MoeScoreCell *cell = moe_summary_scores(logits, 0, MOE_DOMAIN_ALL);
    Slow slow = {0};
    for (int64_t u = 0; u < routed->units; u++)
        count_logits_slowly(routed, u, &slow);
    g_assert_cmpint(cell->entropies, ==, 100);
    assert_near(cell->entropy, slow.softmax_entropy, 1e-12);
    g_assert_cmpint(cell->margins, ==, 0);

    g_clear_pointer(&routed->logits, g_free);
    for (int i = 0; i < 200; i++) {
        routed->gate[i] = 0.25f + 0.25f * (float)(i % 2);
        routed->expert[i] = i % 6;
        routed->dropped[i] = i < 20;
    }
    g_autoptr(MoeSummary) none = routed_count(routed, 100, MOE_TALLY_SCORES, -1);
    g_assert_null(moe_summary_scores(none, 0, MOE_DOMAIN_ALL));
    routed->info.gate = (char *)"softmax-all";
    g_autoptr(MoeSummary) gates = routed_count(routed, 100, MOE_TALLY_SCORES, -1);
    cell = moe_summary_scores(gates, 0, MOE_DOMAIN_ALL);
    g_assert_cmpint(cell->masses, ==, 90);
    assert_near(cell->mass, 90 * 0.75, 1e-14);
    g_assert_cmpint(cell->logits, ==, 0);
}

static void
test_metrics(void)
{
    int64_t making[5] = {1, 0, 10}, bins[MOE_SCORE_BINS] = {0};
    int64_t count[4] = {10, 5, 5, 0}, first[4] = {10, 0, 0, 0};
    double prob[4] = {2.5, 1.25, 0.625, 0.625};
    MoeSummaryCell summary = {
        .experts = 4, .units = 11, .picks = 20, .count = count, .making = making, .first = first};
    MoeScoreCell scores = {.experts = 4,
                           .entropies = 2,
                           .entropy = 2 * G_LN2,
                           .entropy_bins = bins,
                           .margins = 4,
                           .margin = 1,
                           .margin_bins = bins,
                           .masses = 5,
                           .mass = 4,
                           .logits = 5,
                           .lse_squared = 10,
                           .lead = 2,
                           .prob = prob,
                           .edges = 4,
                           .edge = 3,
                           .flips_tenth = 3};
    MoeMetricCell cell = {.summary = &summary, .scores = &scores};
    const struct {
        const char *name;
        double value, uniform;
    } expected[] = {
        {"token-entropy", G_LN2, log(4)},
        {"token-entropy-normalised", 0.5, 1},
        {"token-perplexity", 2, 4},
        {"boundary-margin", 0.25, 0},
        {"boundary-margin-logits", 0.75, 0},
        {"top-k-mass", 0.8, 0.5},
        {"score-lead", 0.4, 0},
        {"score-aux-loss", 4 * (0.5 * 0.5 + 0.25 * 0.25 + 0.25 * 0.125), 1},
        {"score-aux-loss-first", 4 * 0.5, 1},
        {"score-importance-cv", 4 * sqrt((0.25 * 0.25 + 2 * 0.125 * 0.125) / 4), 0},
        {"z-loss", 2, log(4) * log(4)},
        {"flip-rate@0.01", 0, 5 / 6.0},
        {"flip-rate@0.1", 0.75, 5 / 6.0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        const MoeMetric *metric = moe_metric_find(expected[i].name);
        double uniform = moe_metric_uniform(metric, &cell);
        assert_near(moe_metric_value(metric, &cell), expected[i].value, 1e-14);
        assert_near(uniform, expected[i].uniform, 1e-13);
    }
}

/* --- Noise ------------------------------------------------------------------------------------*/

static void
test_edge(void)
{
    MoeRng rng = moe_rng(1, 1);
    for (int round = 0; round < 500; round++) {
        int n = 2 + (int)moe_rng_below(&rng, 40), k = 1 + (int)moe_rng_below(&rng, (uint64_t)n - 1);
        double logit[42], room[42];
        for (int e = 0; e < n; e++)
            logit[e] = (double)moe_rng_below(&rng, 12);
        MoeEdge edge = moe__edge(logit, n, k, room);
        int above = 0, at = 0, below = 0;
        for (int e = 0; e < n; e++) {
            above += logit[e] > edge.inside;
            at += logit[e] == edge.inside;
            below += logit[e] > edge.outside;
        }
        g_assert_cmpint(above, <, k);
        g_assert_cmpint(above + at, >=, k);
        g_assert_cmpint(above + edge.tied, ==, k);
        g_assert_cmpint(below, <=, k);
        g_assert_true(edge.inside >= edge.outside);
    }
}

/* Two logits a distance d apart change places with probability Φ(-d / σ√2); far ones never do, and
 * the same ones do the same again. */
static void
test_flips(void)
{
    enum { ROUNDS = 20000 };
    const double sigma = 0.1;
    int flips = 0, again = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double logit[5] = {i, i - 0.1, i - 9, i - 8, i - 7.5}, room[5];
        MoeEdge edge = moe__edge(logit, 5, 1, room);
        flips += moe__edge_flips(&edge, logit, 5, sigma);
        again += moe__edge_flips(&edge, logit, 5, sigma);
        g_assert_false(moe__edge_flips(&edge, logit, 5, 0.001));
    }
    double expected = 0.5 * erfc(0.1 / (2 * sigma)), off = sqrt(expected / ROUNDS);
    g_assert_cmpint(flips, ==, again);
    g_assert_cmpfloat_with_epsilon((double)flips / ROUNDS, expected, 4 * off);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    routed_begin();
    g_test_add_func("/tally-scores/slowly", test_slowly);
    g_test_add_func("/tally-scores/what-there-is", test_what_there_is);
    g_test_add_func("/tally-scores/metrics", test_metrics);
    g_test_add_func("/tally-scores/edge", test_edge);
    g_test_add_func("/tally-scores/flips", test_flips);
    int status = g_test_run();
    routed_end();
    return status;
}
