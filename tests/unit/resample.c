/* SPDX-License-Identifier: MIT
 *
 * Intervals of metrics: how often they hold what made-up traces were drawn from; few documents,
 * seeds, threads.
 */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <moescope/resample.h>
#include <moescope/trace-tools.h>

enum { EXPERTS = 16, ROUTERS = 4 };

static char *folder;

static MoeTrace *
make(const MoeTraceSynth *synth)
{
    g_autoptr(GError) error = NULL;
    const MoeTraceOutput output = {0};
    g_autofree char *path = g_build_filename(folder, "t.npz", NULL);
    g_assert_true(moe_trace_synth(path, synth, &output, NULL, &error));
    g_assert_no_error(error);
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return trace;
}

static MoeSummary *
count(const MoeTrace *trace, unsigned tallies)
{
    g_autoptr(GError) error = NULL;
    const MoeSummaryOptions options = {.tallies = tallies};
    MoeSummary *summary = moe_summary_from_trace(trace, &options, &error);
    g_assert_no_error(error);
    return summary;
}

static MoeTraceSynth
synth_of(uint64_t seed, int64_t tokens, int document_tokens)
{
    return (MoeTraceSynth){.tokens = tokens,
                           .routers = ROUTERS,
                           .experts = EXPERTS,
                           .k = 2,
                           .domains = 2,
                           .skew = 0.8,
                           .specialisation = 0.5,
                           .repetition = 0.6,
                           .document_tokens = document_tokens,
                           .seed = seed};
}

static MoeInterval
interval_of(const MoeSummary *summary, int router, const char *name, uint64_t seed)
{
    const MoeMetric *metric = moe_metric_find(name);
    MoeInterval interval;
    g_assert_nonnull(metric);
    moe_metric_intervals(summary, router, MOE_DOMAIN_ALL, &metric, 1,
                         &(MoeResampleOptions){.seed = seed}, &interval);
    return interval;
}

/* --- Coverage ---------------------------------------------------------------------------------*/

/* The metric of the load that a trace was drawn from, in the limit of many tokens. */
static double
expected(const MoeTrace *trace, int router, const char *name)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_assert_true(json_parser_load_from_data(parser, moe_trace_meta_json(trace), -1, NULL));
    JsonObject *object = json_node_get_object(json_parser_get_root(parser));
    object = json_object_get_object_member(object, "synth");
    object = json_object_get_object_member(object, "expected");
    JsonArray *load =
        json_array_get_array_element(json_object_get_array_member(object, "load"), (guint)router);
    int64_t counts[EXPERTS];
    MoeSummaryCell cell = {.experts = EXPERTS, .count = counts};
    for (int e = 0; e < EXPERTS; e++)
        cell.picks += counts[e] = llround(1e12 * json_array_get_double_element(load, (guint)e));
    return moe_metric_value(moe_metric_find(name), &(MoeMetricCell){.summary = &cell});
}

/* Tokens repeat the one before them more often than not, so intervals that took them for
 * independent would be half as wide as they should be. */
static void
test_coverage(void)
{
    static const char *const names[] = {"entropy", "cv", "gini", "tv-uniform", "top-4-share"};
    enum { TRACES = 24, N = G_N_ELEMENTS(names) };
    int held[N] = {0}, below[N] = {0};
    for (uint64_t seed = 0; seed < TRACES; seed++) {
        MoeTraceSynth synth = synth_of(seed, 16384, 256);
        g_autoptr(MoeTrace) trace = make(&synth);
        g_autoptr(MoeSummary) summary = count(trace, 0);
        for (int i = 0; i < ROUTERS * N; i++) {
            const char *name = names[i % N];
            double truth = expected(trace, i / N, name);
            MoeInterval interval = interval_of(summary, i / N, name, seed);
            g_assert_cmpint(interval.groups, ==, 64);
            held[i % N] += interval.low <= truth && truth <= interval.high;
            below[i % N] += truth < interval.low;
        }
    }
    for (int i = 0; i < N; i++) {
        double share = (double)held[i] / (TRACES * ROUTERS);
        g_test_message("%s: %.3f, of the others %d too high", names[i], share, below[i]);
        g_assert_cmpfloat(share, >=, 0.85);
        g_assert_cmpfloat(share, <, 1);
    }
}

/* Routers without any preference: the interval holds what is said of chance. */
static void
test_uniform(void)
{
    static const char *const names[] = {"entropy", "cv",         "maxvio",
                                        "gini",    "avgvio",     "domain-information-corrected",
                                        "minvio",  "tv-uniform", "jaccard"};
    enum { TRACES = 12, N = G_N_ELEMENTS(names) };
    int held[N] = {0};
    for (uint64_t seed = 0; seed < TRACES; seed++) {
        MoeTraceSynth synth = synth_of(seed, 4096, 64);
        synth.skew = synth.specialisation = synth.repetition = 0;
        g_autoptr(MoeTrace) trace = make(&synth);
        g_autoptr(MoeSummary) summary = count(trace, MOE_TALLY_ORDER);
        for (int i = 0; i < ROUTERS * N; i++) {
            const MoeMetric *metric = moe_metric_find(names[i % N]);
            const MoeSummaryCell *domains[2];
            MoeMetricCell cell = moe_metric_cell(summary, NULL, i / N, MOE_DOMAIN_ALL, domains);
            double chance = moe_metric_uniform(metric, &cell);
            MoeInterval interval = interval_of(summary, i / N, names[i % N], seed);
            held[i % N] += interval.low <= chance && chance <= interval.high;
        }
    }
    for (int i = 0; i < N; i++) {
        double share = (double)held[i] / (TRACES * ROUTERS);
        g_test_message("%s: %.3f", names[i], share);
        g_assert_cmpfloat(share, >=, 0.85);
    }
}

/* --- Edges ------------------------------------------------------------------------------------*/

static void
test_few(void)
{
    MoeTraceSynth few = synth_of(1, 700, 100), enough = synth_of(1, 800, 100);
    g_autoptr(MoeTrace) a = make(&few);
    g_autoptr(MoeSummary) seven = count(a, 0);
    g_autoptr(MoeTrace) b = make(&enough);
    g_autoptr(MoeSummary) eight = count(b, 0);
    MoeInterval none = interval_of(seven, 0, "cv", 0), some = interval_of(eight, 0, "cv", 0);
    g_assert_cmpint(none.groups, ==, 7);
    g_assert_true(isnan(none.low) && isnan(none.high));
    g_assert_cmpint(some.groups, ==, 8);
    g_assert_cmpfloat(some.low, <, some.high);
    g_assert_cmpfloat(some.low, >=, 0);
}

/* One expert takes all: whatever is drawn, it shows the same. */
static void
test_certain(void)
{
    MoeTraceSynth synth = synth_of(1, 2000, 50);
    synth.experts = 2;
    g_autoptr(MoeTrace) trace = make(&synth); /* k = E */
    g_autoptr(MoeSummary) summary = count(trace, 0);
    MoeInterval interval = interval_of(summary, 0, "maxvio", 0);
    g_assert_cmpfloat(interval.low, ==, 0);
    g_assert_cmpfloat(interval.high, ==, 0);
    interval = interval_of(summary, 0, "gate-cv", 0); /* no gates */
    g_assert_true(isnan(interval.low));
    interval = interval_of(summary, 0, "same-first", 0); /* not counted */
    g_assert_true(isnan(interval.low));
}

static void
test_domain(void)
{
    MoeTraceSynth synth = synth_of(2, 6400, 100);
    g_autoptr(MoeTrace) trace = make(&synth);
    g_autoptr(MoeSummary) summary = count(trace, 0);
    const MoeMetric *cv = moe_metric_find("cv");
    MoeInterval one, unknown;
    moe_metric_intervals(summary, 0, 1, &cv, 1, NULL, &one);
    moe_metric_intervals(summary, 0, MOE_DOMAIN_UNKNOWN, &cv, 1, NULL, &unknown);
    g_assert_cmpint(one.groups, ==, 32); /* every other document */
    g_assert_cmpfloat(one.low, <, one.high);
    g_assert_cmpint(unknown.groups, ==, 0);
    g_assert_true(isnan(unknown.low));
}

/* --- The same bits ----------------------------------------------------------------------------*/

static void
assert_same(const MoeInterval *a, const MoeInterval *b, int n)
{
    for (int i = 0; i < n; i++) {
        g_assert_cmpint(a[i].groups, ==, b[i].groups);
        g_assert_cmpmem(&a[i].low, sizeof(double), &b[i].low, sizeof(double));
        g_assert_cmpmem(&a[i].high, sizeof(double), &b[i].high, sizeof(double));
    }
}

/* Any number of threads, and whatever else is asked for, gives the same intervals. */
static void
test_same(void)
{
    MoeTraceSynth synth = synth_of(3, 4000, 50);
    synth.gates = true;
    g_autoptr(MoeTrace) trace = make(&synth);
    g_autoptr(MoeSummary) summary = count(trace, MOE_TALLIES_ALL);
    int n;
    const MoeMetric *const *metrics = moe_metrics_list(&n);
    g_autofree MoeInterval *one = g_new(MoeInterval, (gsize)n);
    g_autofree MoeInterval *three = g_new(MoeInterval, (gsize)n);
    moe_set_threads(1);
    moe_metric_intervals(summary, 1, MOE_DOMAIN_ALL, metrics, n, NULL, one);
    moe_set_threads(3);
    moe_metric_intervals(summary, 1, MOE_DOMAIN_ALL, metrics, n, NULL, three);
    assert_same(one, three, n);
    moe_set_threads(1);
    for (int i = 0; i < n; i++) {
        MoeInterval alone = interval_of(summary, 1, metrics[i]->name, 0);
        assert_same(&one[i], &alone, 1);
        g_assert_true(isnan(alone.low) || alone.low <= alone.high);
        g_assert_true(isnan(alone.low) || alone.low >= metrics[i]->low);
        g_assert_true(isnan(alone.low) || alone.high <= metrics[i]->high);
    }
    MoeInterval other = interval_of(summary, 1, "entropy", 1);
    MoeInterval first = interval_of(summary, 1, "entropy", 0);
    g_assert_cmpfloat(other.low, !=, first.low);
    g_assert_cmpfloat_with_epsilon(other.low, first.low, (first.high - first.low) / 2);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_test_init(&argc, &argv, NULL);
    moe_init();
    moe_set_threads(1); /* many small pieces of work */
    folder = g_dir_make_tmp("moescope-resample-XXXXXX", &error);
    g_assert_no_error(error);
    g_test_add_func("/resample/coverage", test_coverage);
    g_test_add_func("/resample/uniform", test_uniform);
    g_test_add_func("/resample/few", test_few);
    g_test_add_func("/resample/certain", test_certain);
    g_test_add_func("/resample/domain", test_domain);
    g_test_add_func("/resample/same", test_same);
    int status = g_test_run();
    g_autofree char *path = g_build_filename(folder, "t.npz", NULL);
    g_unlink(path);
    g_rmdir(folder);
    g_free(folder);
    return status;
}
