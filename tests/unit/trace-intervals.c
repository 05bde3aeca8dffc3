/* SPDX-License-Identifier: MIT
 *
 * Intervals that take the trace, of token ids and paths: against values of traces that each group
 * of documents is really left out of; threads, too few documents, what they aren't for.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <moescope/resample.h>
#include <moescope/trace-tools.h>

enum { DOCUMENTS = 16, LENGTH = 90, EXPERTS = 12, ROUTERS = 3, VOCABULARY = 60 };
static const double t_15 = 2.131449546; /* Student's, 97.5 %, 15 degrees of freedom */

static char *folder;

static const char *const names[] = {
    "vocabulary", "vocabulary-often",     "vocabulary-picks-weighted",
    "entropy",    "context-independence", "token-information",
    "paths",      "path-entropy",         "top-token-lift"};
enum { NAMES = G_N_ELEMENTS(names) };

static MoeTrace *
make(int documents, int experts, int vocabulary)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "t.npz", NULL);
    const MoeTraceSynth synth = {.tokens = documents * LENGTH,
                                 .routers = ROUTERS,
                                 .experts = experts,
                                 .k = 3,
                                 .domains = 2,
                                 .skew = 0.9,
                                 .specialisation = 0.5,
                                 .repetition = 0.5,
                                 .document_tokens = LENGTH,
                                 .vocabulary = vocabulary,
                                 .seed = 5};
    const MoeTraceOutput output = {.chunk_tokens = 400};
    g_assert_true(moe_trace_synth(path, &synth, &output, NULL, &error));
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return trace;
}

static void
find(const MoeTrace *trace, const MoeSummaryOptions *counted, MoeInterval *intervals)
{
    g_autoptr(GError) error = NULL;
    const MoeMetric *metrics[NAMES];
    const int routers[ROUTERS] = {0, 1, 2};
    for (int i = 0; i < NAMES; i++)
        metrics[i] = moe_metric_find(names[i]);
    g_assert_true(moe_metric_trace_intervals(trace, counted, routers, ROUTERS, metrics, NAMES, NULL,
                                             intervals, &error));
    g_assert_no_error(error);
}

/* --- Without a document -----------------------------------------------------------------------*/

/* Documents first … last counted; NULL: there are none. */
static MoeSummary *
count_part(const MoeTrace *trace, int first, int last)
{
    g_autoptr(GError) error = NULL;
    const MoeTokenFilter filter = {
        .by_document = true, .first_document = first, .last_document = last};
    const MoeSummaryOptions options = {
        .filter = &filter, .tallies = MOE_TALLY_TOKENS, .keep_tokens = true};
    if (first > last)
        return NULL;
    MoeSummary *summary = moe_summary_from_trace(trace, &options, &error);
    g_assert_no_error(error);
    return summary;
}

/* Of all documents but one. */
static double
value_without(const MoeTrace *trace, int router, const char *name, int document)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeSummary) before = count_part(trace, 0, document - 1);
    g_autoptr(MoeSummary) after = count_part(trace, document + 1, DOCUMENTS - 1);
    if (before && after)
        g_assert_true(moe_summary_add(before, after, &error));
    MoeMetricCell cell =
        moe_metric_cell(before ? before : after, trace, router, MOE_DOMAIN_ALL, NULL);
    return moe_metric_value(moe_metric_find(name), &cell);
}

/* The paths of all documents but one: -1: of all. */
static double
paths_without(const MoeTrace *trace, bool entropy, int document)
{
    g_autoptr(GHashTable) paths = g_hash_table_new(NULL, NULL);
    MoeTraceView *views[ROUTERS];
    double n = 0, sum = 0;
    for (int r = 0; r < ROUTERS; r++)
        views[r] = moe_trace_view_new();
    for (int c = 0; c < moe_trace_chunks(trace); c++) {
        MoeArray docs;
        g_autofree char *name = g_strdup_printf("tokens/%05d.doc", c);
        g_assert_true(moe_trace_read(trace, name, &docs, NULL));
        g_autofree const int32_t *doc = docs.data;
        for (int r = 0; r < ROUTERS; r++)
            g_assert_true(moe_trace_view(trace, c, r, views[r], NULL));
        for (int64_t t = 0; t < views[0]->tokens; t++) {
            int own = 0;
            for (int r = 0; r < ROUTERS; r++)
                own = own * EXPERTS + views[r]->expert[t];
            if (doc[t] == document)
                continue;
            gpointer key = GINT_TO_POINTER(own + 1);
            int seen = GPOINTER_TO_INT(g_hash_table_lookup(paths, key));
            g_hash_table_insert(paths, key, GINT_TO_POINTER(seen + 1));
            n++;
        }
    }
    for (int r = 0; r < ROUTERS; r++)
        moe_trace_view_free(views[r]);
    GHashTableIter iterator;
    gpointer times;
    g_hash_table_iter_init(&iterator, paths);
    while (g_hash_table_iter_next(&iterator, NULL, &times))
        sum -= GPOINTER_TO_INT(times) / n * log(GPOINTER_TO_INT(times) / n);
    return entropy ? sum : g_hash_table_size(paths);
}

static void
expect(const MoeInterval *interval, const char *name, double value, const double *without)
{
    double mean = 0, squares = 0;
    for (int g = 0; g < DOCUMENTS; g++)
        mean += without[g] / DOCUMENTS;
    for (int g = 0; g < DOCUMENTS; g++)
        squares += (without[g] - mean) * (without[g] - mean);
    double half = t_15 * sqrt(squares * (DOCUMENTS - 1) / DOCUMENTS);
    g_test_message("%s: %g ± %g, found %g … %g", name, value, half, interval->low, interval->high);
    g_assert_cmpint(interval->groups, ==, DOCUMENTS);
    g_assert_cmpfloat(half, >, 0);
    g_assert_cmpfloat_with_epsilon(interval->low, value - half, 1e-6 * fabs(value));
    g_assert_cmpfloat_with_epsilon(interval->high, value + half, 1e-6 * fabs(value));
}

static void
test_left_out(void)
{
    g_autoptr(MoeTrace) trace = make(DOCUMENTS, EXPERTS, VOCABULARY);
    MoeInterval intervals[ROUTERS * NAMES];
    double without[DOCUMENTS];
    find(trace, NULL, intervals);
    g_autoptr(MoeSummary) all = count_part(trace, 0, DOCUMENTS - 1);
    for (int i = 0; i < NAMES; i++) {
        const MoeMetric *metric = moe_metric_find(names[i]);
        bool of_paths = metric->needs & MOE_OF_PATHS;
        g_assert_true(moe_metric_interval_needs_trace(metric) == (metric->needs != 0));
        if (metric->needs == 0 || of_paths) /* "entropy" is a summary's */
            g_assert_true(isnan(intervals[i].low));
        if (metric->needs == 0)
            continue;
        int router = of_paths ? ROUTERS - 1 : 1;
        for (int g = 0; g < DOCUMENTS; g++)
            without[g] = of_paths ? paths_without(trace, g_str_equal(names[i], "path-entropy"), g)
                                  : value_without(trace, router, names[i], g);
        MoeMetricCell cell = moe_metric_cell(all, trace, router, MOE_DOMAIN_ALL, NULL);
        double value = of_paths ? paths_without(trace, g_str_equal(names[i], "path-entropy"), -1)
                                : moe_metric_value(metric, &cell);
        expect(&intervals[router * NAMES + i], names[i], value, without);
    }
}

/* --- Others -----------------------------------------------------------------------------------*/

/* Of a filter, they are of what it takes; of few documents there are none. */
static void
test_counted(void)
{
    g_autoptr(MoeTrace) trace = make(40, EXPERTS, VOCABULARY);
    const MoeTokenFilter half = {.by_document = true, .last_document = 19};
    const MoeTokenFilter few = {.by_document = true, .last_document = 6};
    MoeInterval of_all[ROUTERS * NAMES], of_half[ROUTERS * NAMES], of_few[ROUTERS * NAMES];
    find(trace, NULL, of_all);
    find(trace, &(MoeSummaryOptions){.filter = &half}, of_half);
    find(trace, &(MoeSummaryOptions){.filter = &few}, of_few);
    double all = of_all[1].high - of_all[1].low, some = of_half[1].high - of_half[1].low;
    g_assert_cmpfloat(some, >, all);
    g_assert_true(isnan(of_few[1].low));
    g_assert_cmpint(of_few[1].groups, ==, 7);
    g_assert_true(isnan(of_half[2 * NAMES + 6].low)); /* paths of a part aren't followed */
}

/* More ids than fit the memory of a walk; any number of threads. */
static void
test_same(void)
{
    g_autoptr(MoeTrace) trace = make(60, 300, 5000);
    MoeInterval one[ROUTERS * NAMES], three[ROUTERS * NAMES];
    moe_set_threads(1);
    find(trace, NULL, one);
    moe_set_threads(3);
    find(trace, NULL, three);
    moe_set_threads(1);
    for (int i = 0; i < ROUTERS * NAMES; i++) {
        g_assert_cmpint(one[i].groups, ==, three[i].groups);
        g_assert_cmpmem(&one[i].low, sizeof one->low, &three[i].low, sizeof one->low);
        g_assert_cmpmem(&one[i].high, sizeof one->high, &three[i].high, sizeof one->high);
    }
    g_autoptr(GError) error = NULL;
    const MoeSummaryOptions options = {.tallies = MOE_TALLY_TOKENS};
    g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, &options, &error);
    MoeMetricCell cell = moe_metric_cell(summary, trace, 0, MOE_DOMAIN_ALL, NULL);
    double value = moe_metric_value(moe_metric_find(names[4]), &cell);
    g_assert_cmpfloat_with_epsilon((one[4].low + one[4].high) / 2, value, 1e-9);
}

/* One router makes a unit of each token, the next one two: there are no paths, and all else is as
 * ever. */
static void
test_split(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "t.npz", NULL);
    MoeRouterInfo routers[2] = {
        {.experts = 4,
         .k = 1,
         .units_per_token = 1,
         .score = (char *)"",
         .select = (char *)"",
         .gate = (char *)""},
        {.layer = 1,
         .experts = 4,
         .k = 1,
         .units_per_token = 2,
         .score = (char *)"",
         .select = (char *)"",
         .gate = (char *)""},
    };
    g_autofree char *meta = moe_trace_meta(routers, 2, NULL, 0, NULL);
    const MoeTraceOptions options = {0};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, routers, 2, &options, &error);
    g_assert_no_error(error);
    for (int32_t doc = 0; doc < DOCUMENTS; doc++)
        for (int32_t pos = 0; pos < 20; pos++) {
            const int32_t id = (doc * 7 + pos * 3) % 11;
            const int32_t expert[] = {(id + doc) % 4, pos % 3};
            const MoeTracePicks picks[] = {{.expert = expert}, {.expert = expert}};
            const MoeTraceTokens tokens = {.n = 1, .id = &id, .doc = &doc, .pos = &pos};
            g_assert_true(moe_trace_writer_append(writer, &tokens, picks, &error));
        }
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    const MoeMetric *const metrics[] = {moe_metric_find("paths"), moe_metric_find("vocabulary")};
    const int both[] = {0, 1};
    MoeInterval found[4];
    g_assert_true(
        moe_metric_trace_intervals(trace, NULL, both, 2, metrics, 2, NULL, found, &error));
    g_assert_no_error(error);
    for (int r = 0; r < 2; r++) {
        g_assert_true(isnan(found[2 * r].low));
        g_assert_cmpfloat(found[2 * r + 1].low, <, found[2 * r + 1].high);
    }
}

/* Every metric has an interval, or says why it has none. */
static void
test_has_interval(void)
{
    int n;
    const MoeMetric *const *metrics = moe_metrics_list(&n);
    for (int i = 0; i < n; i++) {
        bool of_state =
            (metrics[i]->needs & MOE_NEEDS_TRACE) && !(metrics[i]->needs & MOE_OF_PATHS);
        g_test_message("%s", metrics[i]->name);
        g_assert_true((moe_metric_no_interval(metrics[i]) != NULL) == of_state);
        if (of_state)
            g_assert_false(moe_metric_interval_needs_trace(metrics[i]));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    moe_set_threads(1);
    folder = g_dir_make_tmp("moescope-intervals-XXXXXX", NULL);
    g_test_add_func("/trace-intervals/left-out", test_left_out);
    g_test_add_func("/trace-intervals/counted", test_counted);
    g_test_add_func("/trace-intervals/same", test_same);
    g_test_add_func("/trace-intervals/split", test_split);
    g_test_add_func("/trace-intervals/has-interval", test_has_interval);
    int status = g_test_run();
    g_autofree char *path = g_build_filename(folder, "t.npz", NULL);
    g_unlink(path);
    g_rmdir(folder);
    g_free(folder);
    return status;
}
