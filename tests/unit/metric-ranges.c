/* SPDX-License-Identifier: MIT
 *
 * Ranges of metrics: they depend on E, k and the like, hold every value, and bound every interval.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <moescope/resample.h>
#include <moescope/trace-tools.h>

static char *folder;

static void
expect_range(const char *name, const MoeMetricCell *cell, double low, double high)
{
    double least, most;
    g_test_message("%s", name);
    moe_metric_range(moe_metric_find(name), cell, &least, &most);
    g_assert_cmpfloat_with_epsilon(least, low, 1e-12);
    g_assert_cmpfloat_with_epsilon(most, high, 1e-12);
}

/* Top-2 of 8: no expert gets more than half of the picks. */
static void
test_top_2(void)
{
    int64_t count[8] = {20, 20, 20, 20, 20, 20, 20, 20}, making[9] = {0};
    double gates[8] = {0};
    making[2] = 80;
    MoeSummaryCell summary = {8, 80, 160, 0, count, making, count, gates};
    MoeMetricCell cell = {.summary = &summary};
    expect_range("entropy", &cell, log(2), log(8));
    expect_range("entropy-normalised", &cell, log(2) / log(8), 1);
    expect_range("effective-experts", &cell, 2, 8);
    expect_range("effective-experts-2", &cell, 2, 8);
    expect_range("effective-experts-inf", &cell, 2, 8);
    expect_range("cv", &cell, 0, sqrt(3));
    expect_range("maxvio", &cell, 0, 3);
    expect_range("minvio", &cell, 0, 1);
    expect_range("avgvio", &cell, 0, 1.5);
    expect_range("gini", &cell, 0, 0.75);
    expect_range("dead", &cell, 0, 6);
    expect_range("balancedness", &cell, 0.25, 1);
    expect_range("kl-uniform", &cell, 0, log(4));
    expect_range("tv-uniform", &cell, 0, 0.75);
    expect_range("top-1-share", &cell, 0.125, 0.5);
    expect_range("top-4-share", &cell, 0.5, 1);
    expect_range("hot-set@0.5", &cell, 1, 4);
    expect_range("hot-set@0.9", &cell, 2, 8);
    expect_range("activation-half", &cell, 0, 1);
    /* Gates may all be of one expert, as far as their sums tell. */
    expect_range("gate-effective-experts", &cell, 1, 8);
    expect_range("gate-maxvio", &cell, 0, 7);
    /* Where a unit picks an expert twice, that bound isn't one. */
    count[0] = 100;
    expect_range("effective-experts", &cell, 1, 8);
}

static void
test_others(void)
{
    int64_t making[9] = {0}, heads[2 * 8] = {0}, places[MOE_PLACES * 8] = {0};
    making[3] = 10;
    MoeSummaryCell summary = {.experts = 8, .units = 10, .picks = 30, .making = making};
    MoeScoreCell scores = {.experts = 8};
    MoeOrderCell order = {.experts = 8};
    MoeFlowCell flow = {.from = 4, .experts = 8};
    MoeFlowPicksCell flow_picks = {.from = 4, .experts = 8};
    MoeHeadCell head = {.experts = 8, .heads = 2, .first = heads};
    MoePlaceCell place = {.experts = 8, .first = places};
    const MoeSummaryCell *domains[3] = {&summary, &summary, &summary};
    MoeMetricCell cell = {.summary = &summary,
                          .scores = &scores,
                          .order = &order,
                          .flow = &flow,
                          .flow_picks = &flow_picks,
                          .heads = &head,
                          .places = &place,
                          .domains = domains,
                          .n_domains = 3};
    expect_range("token-entropy", &cell, 0, log(8));
    expect_range("token-perplexity", &cell, 1, 8);
    expect_range("gate-spread", &cell, 0, log(3));
    expect_range("flow-information", &cell, 0, log(4));
    expect_range("flow-information-picks", &cell, 0, log(4));
    expect_range("head-divergence", &cell, 1, 2);
    expect_range("head-information", &cell, 0, log(2));
    expect_range("position-information", &cell, 0, log(8));
    expect_range("domain-information", &cell, 0, log(3));
    expect_range("domain-affinity", &cell, 1 / 3.0, 1);
    expect_range("domain-entropy", &cell, 0, log(3));
}

/* Few documents of a router that is all but even, whose intervals would pass E; and of one that
 * hardly leaves its favourites. */
static void
check_intervals(double skew, int k)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "t.npz", NULL);
    const MoeTraceSynth synth = {.tokens = 400,
                                 .routers = 2,
                                 .experts = 8,
                                 .k = k,
                                 .domains = 2,
                                 .skew = skew,
                                 .document_tokens = 40,
                                 .gates = true,
                                 .seed = 5};
    g_assert_true(moe_trace_synth(path, &synth, &(MoeTraceOutput){0}, NULL, &error));
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    const MoeSummaryOptions options = {.tallies = MOE_TALLIES_ALL};
    g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, &options, &error);
    g_assert_no_error(error);
    int n, held = 0;
    const MoeMetric *const *metrics = moe_metrics_list(&n);
    g_autofree MoeInterval *intervals = g_new(MoeInterval, (gsize)n);
    moe_metric_intervals(summary, 1, MOE_DOMAIN_ALL, metrics, n, NULL, intervals);
    const MoeSummaryCell *domains[2];
    MoeMetricCell cell = moe_metric_cell(summary, trace, 1, MOE_DOMAIN_ALL, domains);
    for (int i = 0; i < n; i++) {
        double low, high, value = moe_metric_value(metrics[i], &cell);
        if (isnan(value))
            continue;
        moe_metric_range(metrics[i], &cell, &low, &high);
        g_test_message("%s: %g in %g … %g, interval %g … %g", metrics[i]->name, value, low, high,
                       intervals[i].low, intervals[i].high);
        double slack = 1e-3; /* f16 gates */
        g_assert_cmpfloat(value, >=, low - slack);
        g_assert_cmpfloat(value, <=, high + slack);
        if (isnan(intervals[i].low))
            continue;
        g_assert_cmpfloat(intervals[i].low, >=, fmin(low, value));
        g_assert_cmpfloat(intervals[i].high, <=, fmax(high, value));
        g_assert_cmpfloat(intervals[i].low, <=, value);
        g_assert_cmpfloat(intervals[i].high, >=, value);
        held++;
    }
    g_assert_cmpint(held, >, 60);
    g_unlink(path);
}

static void
test_intervals(void)
{
    check_intervals(0, 2);
    check_intervals(0, 7);
    check_intervals(4, 2);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    folder = g_dir_make_tmp("moescope-ranges-XXXXXX", NULL);
    g_test_add_func("/metric-ranges/top-2", test_top_2);
    g_test_add_func("/metric-ranges/others", test_others);
    g_test_add_func("/metric-ranges/intervals", test_intervals);
    int status = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return status;
}
