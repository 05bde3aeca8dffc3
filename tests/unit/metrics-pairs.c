/* SPDX-License-Identifier: MIT
 *
 * Pairs, flows and tokens of made-up traces: what the pass counts against a plain count, and what
 * metrics say of routers that pick at random against their nulls.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <moescope/metrics.h>
#include <moescope/trace-tools.h>
#include <string.h>

typedef struct Made {
    char *path;
    MoeTrace *trace;
    MoeSummary *summary;
} Made;

static void
made_clear(Made *made)
{
    moe_summary_free(made->summary);
    moe_trace_free(made->trace);
    g_unlink(made->path);
    g_free(made->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Made, made_clear)

static Made
make(const MoeTraceSynth *synth)
{
    Made made = {.path = g_strdup_printf("%s/pairs-%d.npz", g_get_tmp_dir(), (int)getpid())};
    g_autoptr(GError) error = NULL;
    const MoeTraceOutput output = {.compression = 0, .chunk_tokens = 3000};
    moe_trace_synth(made.path, synth, &output, NULL, &error);
    g_assert_no_error(error);
    made.trace = moe_trace_open(made.path, &error);
    g_assert_no_error(error);
    const MoeSummaryOptions options = {.tallies = MOE_TALLY_PAIRS | MOE_TALLY_ADJACENT |
                                                  MOE_TALLY_FLOW | MOE_TALLY_FLOW_PICKS |
                                                  MOE_TALLY_TOKENS,
                                       .keep_tokens = true};
    made.summary = moe_summary_from_trace(made.trace, &options, &error);
    g_assert_no_error(error);
    return made;
}

/* --- Counts -----------------------------------------------------------------------------------*/

typedef struct Counted {
    int64_t *together, *adjacent, *moves;
    GHashTable *picks; /* id · E + expert → units */
} Counted;

/* Counts a router's tokens of a domain, or all. */
static void
count_naively(const MoeTrace *trace, int router, int domain, Counted *counted)
{
    int n = moe_trace_router(trace, router)->experts;
    g_autoptr(MoeTraceView) view = moe_trace_view_new(), before = moe_trace_view_new();
    for (int c = 0; c < moe_trace_chunks(trace); c++) {
        MoeArray ids;
        g_autofree char *name = g_strdup_printf("tokens/%05d.id", c);
        g_assert_true(moe_trace_read(trace, name, &ids, NULL));
        g_autofree const int32_t *id = ids.data;
        g_assert_true(moe_trace_view(trace, c, router, view, NULL));
        g_assert_true(router == 0 || moe_trace_view(trace, c, router - 1, before, NULL));
        for (int64_t u = 0; u < view->units; u++) {
            if (domain != MOE_DOMAIN_ALL && view->domain[u] != domain)
                continue;
            for (int a = 0; a < view->k; a++) {
                int i = view->expert[a * view->units + u];
                gpointer key = GINT_TO_POINTER(id[u] * n + i + 1);
                int seen = GPOINTER_TO_INT(g_hash_table_lookup(counted->picks, key));
                g_hash_table_insert(counted->picks, key, GINT_TO_POINTER(seen + 1));
                for (int b = 0; b < view->k; b++)
                    counted->together[i * n + view->expert[b * view->units + u]]++;
                if (a + 1 < view->k)
                    counted->adjacent[i * n + view->expert[(a + 1) * view->units + u]]++;
            }
            if (router > 0)
                counted->moves[before->expert[u] * n + view->expert[u]]++;
        }
    }
}

static void
check_tokens(const MoeTokenTable *table, const Counted *counted)
{
    g_assert_cmpint(table->n, ==, g_hash_table_size(counted->picks));
    for (int64_t i = 0; i < table->n; i++) {
        int key = table->id[i] * table->experts + table->expert[i] + 1;
        g_assert_cmpint(table->picks[i], ==,
                        GPOINTER_TO_INT(g_hash_table_lookup(counted->picks, GINT_TO_POINTER(key))));
    }
}

static void
check_cells(const MoeSummary *summary, const MoeTrace *trace, int router, int domain)
{
    gsize n = (gsize)moe_trace_router(trace, router)->experts, bytes = n * n * sizeof(int64_t);
    g_autofree int64_t *together = g_new0(int64_t, n * n), *adjacent = g_new0(int64_t, n * n);
    g_autofree int64_t *moves = g_new0(int64_t, n * n);
    g_autoptr(GHashTable) picks = g_hash_table_new(NULL, NULL);
    Counted counted = {together, adjacent, moves, picks};
    count_naively(trace, router, domain, &counted);
    g_assert_cmpmem(moe_summary_pairs(summary, router, domain)->together, bytes, together, bytes);
    g_assert_cmpmem(moe_summary_adjacent(summary, router, domain)->adjacent, bytes, adjacent,
                    bytes);
    if (router > 0)
        g_assert_cmpmem(moe_summary_flow(summary, router, domain)->moves, bytes, moves, bytes);
    else
        g_assert_null(moe_summary_flow(summary, router, domain));
    if (domain == MOE_DOMAIN_ALL)
        check_tokens(moe_summary_token_table(summary, router), &counted);
}

static void
compare_counts(int experts, int k)
{
    const MoeTraceSynth synth = {.tokens = 10000,
                                 .routers = 3,
                                 .experts = experts,
                                 .k = k,
                                 .domains = 2,
                                 .skew = 0.7,
                                 .specialisation = 0.3,
                                 .repetition = 0.2,
                                 .document_tokens = 130,
                                 .vocabulary = 300,
                                 .gates = true,
                                 .seed = 3};
    g_auto(Made) made = make(&synth);
    for (int r = 0; r < 3; r++)
        for (int domain = MOE_DOMAIN_ALL; domain < 2; domain++)
            if (domain != MOE_DOMAIN_UNKNOWN)
                check_cells(made.summary, made.trace, r, domain);
}

static void
test_counts(void)
{
    compare_counts(5, 1);
    compare_counts(64, 6);
    compare_counts(70, 3);
    compare_counts(300, 3);
}

/* The sum of a trace's two parts is its summary, tokens and all. */
static void
test_add(void)
{
    const MoeTraceSynth synth = {.tokens = 4000,
                                 .routers = 2,
                                 .experts = 12,
                                 .k = 2,
                                 .domains = 1,
                                 .skew = 0.5,
                                 .vocabulary = 200,
                                 .seed = 4};
    g_auto(Made) made = make(&synth);
    g_autoptr(GError) error = NULL;
    MoeSummary *parts[2];
    const MoeSummaryOptions options = {.tallies = MOE_TALLY_TOKENS | MOE_TALLY_PAIRS,
                                       .keep_tokens = true};
    for (int i = 0; i < 2; i++) {
        g_autofree char *path = g_strdup_printf("%s.part", made.path);
        const MoeTraceSelection half = {.first_token = i * 1500, .n_tokens = i == 0 ? 1500 : 0};
        const MoeTraceOutput output = {0};
        moe_trace_select(made.trace, path, &half, &output, NULL, NULL, &error);
        g_assert_no_error(error);
        g_autoptr(MoeTrace) part = moe_trace_open(path, &error);
        g_assert_no_error(error);
        parts[i] = moe_summary_from_trace(part, &options, &error);
        g_assert_no_error(error);
        g_unlink(path);
    }
    g_assert_true(moe_summary_add(parts[0], parts[1], &error));
    for (int r = 0; r < 2; r++) {
        const MoeTokenTable *sum = moe_summary_token_table(parts[0], r);
        const MoeTokenTable *whole = moe_summary_token_table(made.summary, r);
        gsize n = (gsize)sum->n;
        g_assert_cmpint(sum->n, ==, whole->n);
        g_assert_cmpmem(sum->picks, n * 8, whole->picks, n * 8);
        g_assert_cmpmem(sum->first, n * 8, whole->first, n * 8);
        g_assert_cmpfloat(moe_summary_tokens(parts[0], r)->corrected[0], ==,
                          moe_summary_tokens(made.summary, r)->corrected[0]);
        gsize bytes = 12 * 12 * sizeof(int64_t);
        g_assert_cmpmem(moe_summary_pairs(parts[0], r, MOE_DOMAIN_ALL)->together, bytes,
                        moe_summary_pairs(made.summary, r, MOE_DOMAIN_ALL)->together, bytes);
    }
    moe_summary_free(parts[0]);
    moe_summary_free(parts[1]);
}

/* --- By hand ----------------------------------------------------------------------------------*/

static void
test_by_hand(void)
{
    /* 100 units, three experts: n = 50, 80, 40. */
    const int64_t together[] = {50, 40, 10, 40, 80, 20, 10, 20, 40};
    int i, j;
    g_assert_cmpfloat(moe_pairs_top(together, 3, &i, &j), ==, 0.8);
    g_assert_true(i == 0 && j == 1);
    double lifts[] = {40 * 100 / 4000.0, 10 * 100 / 2000.0, 20 * 100 / 3200.0};
    double mean = (lifts[0] + lifts[1] + lifts[2]) / 3, squares = 0;
    for (int l = 0; l < 3; l++)
        squares += (lifts[l] - mean) * (lifts[l] - mean) / 3;
    g_assert_cmpfloat_with_epsilon(moe_pairs_lift_spread(together, 100, 3), sqrt(squares), 1e-12);
    g_assert_cmpfloat_with_epsilon(moe_pairs_max_pmi(together, 100, 3, &i, &j), log(1), 1e-12);
    g_assert_true(i == 0 && j == 1);
    g_assert_cmpfloat_with_epsilon(moe_pairs_jaccard(together, 3),
                                   (40 / 90.0 + 10 / 80.0 + 20 / 100.0) / 3, 1e-12);
    g_assert_cmpfloat_with_epsilon(moe_pairs_partner(together, 3),
                                   (40 / 50.0 + 40 / 60.0 + 20 / 30.0) / 3, 1e-12);
    /* Expert 2's pairs are expected fewer than ten times of 20 units. */
    const int64_t few[] = {16, 12, 1, 12, 14, 1, 1, 1, 2};
    g_assert_cmpfloat_with_epsilon(moe_pairs_max_pmi(few, 20, 3, NULL, NULL), log(12 * 20 / 224.0),
                                   1e-12);
    g_assert_true(isnan(moe_pairs_lift_spread(few, 1000, 3)));
    const int64_t adjacent[] = {0, 3, 0, 1, 0, 0, 0, 5, 0}, count[] = {10, 20, 10};
    g_assert_cmpfloat(moe_pairs_adjacent_top(adjacent, count, 3, &i, &j), ==, 0.5);
    g_assert_true(i == 2 && j == 1);
    const int64_t moves[] = {6, 2, 0, 4};
    g_assert_cmpfloat_with_epsilon(moe_flow_top(moves, 2, 2), 10 / 12.0, 1e-12);
    /* The second router's choice says the first's, which has less to tell. */
    int64_t known[] = {4, 4, 0, 0, 0, 8};
    const MoeFlowCell flow = {.from = 2, .experts = 3, .units = 16, .moves = known};
    MoeMetricCell cell = {.flow = &flow};
    const MoeMetric *least = moe_metric_find("flow-information-min");
    g_assert_cmpfloat_with_epsilon(moe_metric_value(least, &cell), 1, 1e-12);
    known[5] = 0;
    g_assert_true(isnan(moe_metric_value(least, &cell)));
}

/* --- Chance -----------------------------------------------------------------------------------*/

static double
measure(const Made *made, int router, const char *name, int which)
{
    const MoeSummaryCell *domains[8];
    MoeMetricCell cell =
        moe_metric_cell(made->summary, made->trace, router, MOE_DOMAIN_ALL, domains);
    const MoeMetric *metric = moe_metric_find(name);
    g_assert_nonnull(metric);
    return which == 0   ? moe_metric_value(metric, &cell)
           : which == 1 ? moe_metric_uniform(metric, &cell)
                        : moe_metric_shuffled(metric, &cell);
}

/* The mean over routers that pick at random is near the null. */
static void
near_null(const Made *made, const char *name, int which, double tolerance)
{
    double value = 0, null = 0;
    int routers = moe_trace_routers(made->trace);
    for (int r = 1; r < routers; r++) {
        value += measure(made, r, name, 0) / (routers - 1);
        null += measure(made, r, name, which) / (routers - 1);
    }
    g_test_message("%s: %.5g found, %.5g by chance", name, value, null);
    g_assert_cmpfloat(fabs(value - null), <, tolerance * MAX(fabs(value), fabs(null)));
}

static void
check_nulls(int64_t tokens, int experts, int k, double skew, int which, double tolerance)
{
    const MoeTraceSynth synth = {.tokens = tokens,
                                 .routers = 9,
                                 .experts = experts,
                                 .k = k,
                                 .domains = 1,
                                 .skew = skew,
                                 .vocabulary = 500,
                                 .seed = 11};
    g_auto(Made) made = make(&synth);
    g_test_message("%d tokens, top-%d of %d, skew %g", (int)tokens, k, experts, skew);
    static const char *const metrics[] = {
        "max-coactivation",       "olmoe-coactivation",
        "coactivation-jaccard",   "top-partner",
        "flow-information",       "flow-information-normalised",
        "flow-information-min",   "flow-top",
        "flow-information-picks", "flow-information-picks-normalised",
        "flow-top-picks",         "vocabulary",
        "vocabulary-often",       "vocabulary-weighted",
        "vocabulary-picks",       "vocabulary-picks-weighted",
        "top-token-lift",         "token-information",
        "context-independence",   "context-independence-picks"};
    for (gsize i = 0; i < G_N_ELEMENTS(metrics); i++)
        near_null(&made, metrics[i], which, tolerance);
    if (tokens >= 5000) {
        near_null(&made, "lift-spread", which, tolerance);
        double pmi = measure(&made, 3, "max-pmi", 0), null = measure(&made, 3, "max-pmi", which);
        g_assert_cmpfloat_with_epsilon(pmi, null, 0.08);
    }
    double corrected = 0;
    for (int r = 1; r < synth.routers; r++)
        corrected += (measure(&made, r, "flow-information-corrected", 0) -
                      measure(&made, r, "flow-information-corrected", which)) /
                     (synth.routers - 1);
    g_assert_cmpfloat(fabs(corrected), <, 0.01);
}

static void
test_uniform(void)
{
    check_nulls(20000, 16, 4, 0, 1, 0.08);
    check_nulls(800, 8, 2, 0, 1, 0.12);
}

/* Lifts of few experts, or of many picks: what is left when each one's own share is taken out is
 * less than a pair would vary. */
static void
check_lifts(int experts, int k)
{
    const MoeTraceSynth synth = {.tokens = 800,
                                 .routers = 60,
                                 .experts = experts,
                                 .k = k,
                                 .domains = 1,
                                 .vocabulary = 50,
                                 .seed = 3};
    g_auto(Made) made = make(&synth);
    near_null(&made, "lift-spread", 1, 0.05);
    near_null(&made, "top-token-lift", 1, 0.012);
}

static void
test_lifts(void)
{
    check_lifts(8, 2);
    check_lifts(16, 8);
    check_lifts(24, 8);
}

static void
test_shuffled(void)
{
    check_nulls(20000, 16, 4, 0.8, 2, 0.08);
    check_nulls(10000, 64, 8, 0.5, 2, 0.1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/metrics-pairs/counts", test_counts);
    g_test_add_func("/metrics-pairs/add", test_add);
    g_test_add_func("/metrics-pairs/by-hand", test_by_hand);
    g_test_add_func("/metrics-pairs/uniform", test_uniform);
    g_test_add_func("/metrics-pairs/shuffled", test_shuffled);
    g_test_add_func("/metrics-pairs/lifts", test_lifts);
    return g_test_run();
}
