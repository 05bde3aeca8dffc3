/* SPDX-License-Identifier: MIT
 *
 * Kinds of experts: how they are spelt, that traces and summaries keep them, and the metrics of one
 * kind, by hand and against routers that pick at random.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <moescope/resample.h>
#include <moescope/trace-tools.h>
#include <string.h>

#define KINDS "ffn:2,zero:1,ffn:1,copy:2"
enum { E = 6, FFN = 0, ZERO = 1, COPY = 2 };

static char *folder;

/* --- Spelling ---------------------------------------------------------------------------------*/

static void
test_parse(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeKinds) kinds = moe_kinds_parse(KINDS, E, &error);
    g_assert_no_error(error);
    static const int of[E] = {FFN, FFN, ZERO, FFN, COPY, COPY};
    g_assert_cmpint(kinds->n, ==, 3);
    g_assert_cmpstr(kinds->name[COPY], ==, "copy");
    g_assert_cmpint(kinds->experts[FFN], ==, 3);
    g_assert_cmpmem(kinds->of, sizeof of, of, sizeof of);
    g_assert_cmpint(moe_kinds_find(kinds, "zero"), ==, ZERO);
    g_assert_cmpint(moe_kinds_find(kinds, "zer"), ==, -1);
}

static void
test_refused(void)
{
    static const char *const wrong[] = {
        "",       "ffn",       "ffn:5",       "ffn:7",        "ffn:6,", ",ffn:6", "ffn:0,zero:6",
        "ffn:-6", "ffn:6zero", "ffn:3 ,zr:3", "ffn:99999999", ":6",     "f n:6",  "ffn:6,zero:1",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("\"%s\"", wrong[i]);
        g_assert_null(moe_kinds_parse(wrong[i], E, &error));
        g_assert_error(error, MOE_ERROR, MOE_ERROR_FORMAT);
        g_assert_nonnull(strstr(error->message, "expected kinds of all 6 in the order"));
    }
}

/* --- On disk ----------------------------------------------------------------------------------*/

static const MoeRouterInfo info = {.experts = E,
                                   .k = 2,
                                   .units_per_token = 1,
                                   .shared = 1,
                                   .causal = true,
                                   .score = (char *)"linear",
                                   .select = (char *)"topk",
                                   .gate = (char *)"softmax-all",
                                   .kinds = (char *)KINDS};

static char *
write_trace(const char *name, const char *kinds, int tokens)
{
    g_autoptr(GError) error = NULL;
    char *path = g_build_filename(folder, name, NULL);
    MoeRouterInfo router = info;
    router.kinds = (char *)kinds;
    g_autofree char *meta = moe_trace_meta(&router, 1, NULL, 0, NULL);
    const MoeTraceOptions options = {.gates = true};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, &router, 1, &options, &error);
    g_assert_no_error(error);
    MoeRng rng = moe_rng(3, 0);
    for (int t = 0; t < tokens; t++) {
        int a = (int)moe_rng_below(&rng, E), b = (int)moe_rng_below(&rng, E - 1);
        const int32_t id = 0, doc = t / 50, expert[2] = {a, b + (b >= a)};
        const float gate[2] = {0.5f, 0.25f};
        moe_trace_writer_append(writer, &(MoeTraceTokens){.n = 1, .id = &id, .doc = &doc},
                                &(MoeTracePicks){.expert = expert, .gate = gate}, &error);
    }
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_assert_no_error(error);
    return path;
}

static MoeSummary *
count(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(moe_trace_router(trace, 0)->kinds, ==, KINDS);
    MoeSummary *summary = moe_summary_from_trace(trace, NULL, &error);
    g_assert_no_error(error);
    return summary;
}

static void
test_kept(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = write_trace("t.npz", KINDS, 10);
    g_autoptr(MoeSummary) summary = count(path);
    g_autofree char *sums = g_build_filename(folder, "s.npz", NULL);
    g_assert_true(moe_summary_save(summary, sums, NULL, &error));
    g_autoptr(MoeSummary) read = moe_summary_open(sums, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(moe_summary_router(read, 0)->kinds, ==, KINDS);
    g_assert_cmpint(moe_summary_router(read, 0)->shared, ==, 1);
    /* Others than these aren't added. */
    MoeRouterInfo other = info;
    other.kinds = NULL;
    g_autoptr(MoeSummary) plain = moe_summary_new(&other, 1, NULL, 0, 0);
    g_assert_false(moe_summary_add(read, plain, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "untold in one summary and " KINDS));
}

static void
test_wrong_meta(void)
{
    g_autoptr(GError) error = NULL;
    MoeRouterInfo router = info;
    router.kinds = (char *)"ffn:5";
    g_autofree char *meta = moe_trace_meta(&router, 1, NULL, 0, NULL);
    g_autofree char *path = g_build_filename(folder, "w.npz", NULL);
    g_assert_null(moe_trace_writer_new(path, meta, &router, 1, &(MoeTraceOptions){0}, &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, "router 0: found kinds of experts \"ffn:5\""));
}

/* Traces of other kinds can't be joined, and have other fingerprints. */
static void
test_other_traces(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *with = write_trace("a.npz", KINDS, 4);
    g_autofree char *without = write_trace("b.npz", NULL, 4);
    g_autofree char *out = g_build_filename(folder, "c.npz", NULL);
    g_autoptr(MoeTrace) a = moe_trace_open(with, &error);
    g_autoptr(MoeTrace) b = moe_trace_open(without, &error);
    const MoeTrace *both[2] = {a, b};
    g_assert_false(moe_trace_merge(both, 2, out, MOE_TRACE_DOCUMENTS_SHIFT, &(MoeTraceOutput){0},
                                   NULL, &error));
    g_assert_nonnull(strstr(error->message, "router 0 has other kinds of experts"));
    g_autofree char *one = moe_trace_fingerprint(a), *two = moe_trace_fingerprint(b);
    g_assert_cmpstr(one, !=, two);
}

/* --- Metrics ----------------------------------------------------------------------------------*/

static double
value_of(const char *name, const MoeMetricCell *cell)
{
    return moe_metric_value(moe_metric_find(name), cell);
}

static void
test_by_hand(void)
{
    int64_t picks[E] = {8, 4, 3, 0, 5, 0}, first[E] = {6, 1, 1, 0, 2, 0}, making[E + 1] = {0};
    double gates[E] = {4, 1, 1, 0, 2, 0};
    making[2] = 10;
    MoeSummaryCell whole = {E, 10, 20, 0, picks, making, first, gates};
    g_autoptr(MoeKinds) kinds = moe_kinds_of(&info);
    const MoeMetricCell all = {.summary = &whole};
    g_autoptr(MoeKindPart) part = moe_kind_part(&all, kinds, FFN);
    const MoeMetricCell *cell = moe_kind_part_cell(part);
    const struct {
        const char *name;
        double value, uniform, shuffled;
    } expected[] = {
        {"kind-share", 12 / 20.0, 0.5, NAN},
        {"kind-gate-share", 5 / 8.0, 0.5, 12 / 20.0},
        {"kind-first-share", 7 / 10.0, 0.5, 12 / 20.0},
        {"kind-picks-per-expert", 4, 20 / 6.0, NAN},
        {"kind-picks-per-unit", 1.2, 1, NAN},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        const MoeMetric *metric = moe_metric_find(expected[i].name);
        g_test_message("%s", metric->name);
        g_assert_cmpfloat_with_epsilon(moe_metric_value(metric, cell), expected[i].value, 1e-14);
        g_assert_cmpfloat_with_epsilon(moe_metric_uniform(metric, cell), expected[i].uniform,
                                       1e-14);
        if (isnan(expected[i].shuffled))
            g_assert_true(isnan(moe_metric_shuffled(metric, cell)));
        else
            g_assert_cmpfloat_with_epsilon(moe_metric_shuffled(metric, cell), expected[i].shuffled,
                                           1e-14);
    }
    /* Experts 0, 1 and 3: of 12 picks, 4 each when even; 10 units make one pick or two. */
    g_assert_cmpfloat(value_of("dead", cell), ==, 1);
    g_assert_cmpfloat(value_of("maxvio", cell), ==, 1);
    g_assert_cmpfloat_with_epsilon(value_of("entropy", cell),
                                   -(2 / 3.0) * log(2 / 3.0) - (1 / 3.0) * log(1 / 3.0), 1e-14);
    g_assert_cmpint(cell->summary->making[1], ==, 8);
    g_assert_cmpint(cell->summary->making[2], ==, 2);
    /* What isn't known of a kind is no number. */
    g_assert_true(isnan(value_of("same-first", cell)));
    g_assert_true(isnan(value_of("kind-share", &(MoeMetricCell){.summary = &whole})));
    whole.dropped = 1;
    g_assert_true(isnan(value_of("drop-rate", cell)));
    g_autoptr(MoeKindPart) copy = moe_kind_part(&all, kinds, COPY);
    g_assert_cmpint(moe_kind_part_cell(copy)->summary->making[0], ==, 5);
}

/* What other tallies hold by expert, of experts 0, 1 and 3. */
static void
test_other_tallies(void)
{
    int64_t picks[E] = {8, 4, 3, 4, 5, 0}, making[E + 1] = {0}, runs[E] = {5, 3, 3, 2, 5, 0};
    int64_t together[E * E] = {0}, moves[2 * E] = {3, 1, 0, 0, 9, 0, 1, 3, 7, 0, 0, 0};
    making[2] = 12;
    for (int e = 0; e < E; e++)
        together[e * E + e] = picks[e];
    together[0 * E + 1] = together[1 * E + 0] = 2;
    together[0 * E + 4] = together[4 * E + 0] = 5; /* of two kinds */
    MoeSummaryCell whole = {E, 12, 24, 0, picks, making, picks, NULL};
    double none[E] = {0};
    whole.gate_sum = none;
    const int64_t pairs_at[MOE_LAGS] = {11};
    MoeOrderCell order = {.experts = E, .units = 12, .pairs = (int64_t *)pairs_at, .runs = runs};
    order.same_first = order.any_shared = order.shared = (int64_t *)pairs_at;
    double zeros[MOE_LAGS] = {0};
    order.jaccard = zeros;
    order.gate_square = none;
    MoePairCell pairs = {E, 12, together};
    MoeFlowCell flow = {2, E, 24, moves};
    int64_t half[E] = {8, 0, 3, 1, 0, 0}, rest[E] = {0, 4, 0, 3, 5, 0};
    MoeSummaryCell first = {E, 6, 12, 0, half, making, half, none};
    MoeSummaryCell second = {E, 6, 12, 0, rest, making, rest, none};
    const MoeSummaryCell *domains[2] = {&first, &second};
    const MoeMetricCell all = {.summary = &whole,
                               .order = &order,
                               .pairs = &pairs,
                               .flow = &flow,
                               .domains = domains,
                               .n_domains = 2};
    g_autoptr(MoeKinds) kinds = moe_kinds_of(&info);
    g_autoptr(MoeKindPart) part = moe_kind_part(&all, kinds, FFN);
    const MoeMetricCell *cell = moe_kind_part_cell(part);
    const struct {
        const char *name;
        double value;
    } expected[] = {
        {"dwell", 16 / 10.0},
        {"max-coactivation", 0.5}, /* of expert 1, not 5/8 of 0 with 4 */
        {"top-partner", 1},
        {"flow-top", 6 / 8.0},
        {"domain-distance", 8 / 9.0 - 0 + 1 / 9.0 - 1 / 9.0},
        {"domain-affinity", (1 + 1 + 0.75) / 3},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_test_message("%s", expected[i].name);
        g_assert_cmpfloat_with_epsilon(value_of(expected[i].name, cell), expected[i].value, 1e-14);
    }
    g_assert_cmpint(cell->flow->units, ==, 8);
    g_assert_cmpint(cell->flow->from, ==, 2);
    g_assert_null(moe_metric_no_kinds(moe_metric_find("dwell")));
    g_assert_nonnull(moe_metric_no_kinds(moe_metric_find("jaccard")));
    g_assert_nonnull(moe_metric_no_kinds(moe_metric_find("rank-cv@8")));
}

/* Of a router without preferences: intervals are there, and hold what is said of chance. */
static void
test_random(void)
{
    static const char *const names[] = {"kind-share", "kind-gate-share", "kind-first-share",
                                        "kind-picks-per-expert", "kind-picks-per-unit"};
    g_autofree char *path = write_trace("r.npz", KINDS, 4000);
    g_autoptr(MoeSummary) summary = count(path);
    g_autoptr(MoeKinds) kinds = moe_kinds_of(&info);
    const MoeMetricCell whole = moe_metric_cell(summary, NULL, 0, MOE_DOMAIN_ALL, NULL);
    for (int kind = 0; kind < kinds->n; kind++)
        for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
            const MoeMetric *metric = moe_metric_find(names[i]);
            g_autoptr(MoeKindPart) part = moe_kind_part(&whole, kinds, kind);
            MoeInterval interval;
            moe_metric_kind_intervals(summary, 0, MOE_DOMAIN_ALL, kinds, kind, &metric, 1,
                                      &(MoeResampleOptions){.level = 0.999}, &interval);
            double uniform = moe_metric_uniform(metric, moe_kind_part_cell(part));
            g_test_message("%s of %s: %g … %g, %g by chance", names[i], kinds->name[kind],
                           interval.low, interval.high, uniform);
            g_assert_cmpfloat(interval.low, <, uniform);
            g_assert_cmpfloat(interval.high, >, uniform);
            g_assert_cmpfloat(interval.high - interval.low, <, 0.4 * uniform);
        }
}

/* What such a router shows of pairs and runs within a kind. */
static void
test_random_pairs(void)
{
    static const struct {
        const char *name;
        double tolerance;
    } metrics[] = {{"max-coactivation", 0.1}, /* of one trace: its own scatter */
                   {"coactivation-jaccard", 0.04},
                   {"top-partner", 0.04},
                   {"dwell", 0.02}};
    g_autoptr(GError) error = NULL;
    g_autofree char *path = write_trace("r.npz", KINDS, 4000);
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    const MoeSummaryOptions options = {.tallies = MOE_TALLY_PAIRS | MOE_TALLY_ORDER};
    g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, &options, &error);
    g_assert_no_error(error);
    g_autoptr(MoeKinds) kinds = moe_kinds_of(&info);
    const MoeMetricCell whole = moe_metric_cell(summary, NULL, 0, MOE_DOMAIN_ALL, NULL);
    g_autoptr(MoeKindPart) part = moe_kind_part(&whole, kinds, FFN);
    const MoeMetricCell *cell = moe_kind_part_cell(part);
    for (gsize i = 0; i < G_N_ELEMENTS(metrics); i++) {
        const MoeMetric *metric = moe_metric_find(metrics[i].name);
        MoeInterval interval;
        moe_metric_kind_intervals(summary, 0, MOE_DOMAIN_ALL, kinds, FFN, &metric, 1, NULL,
                                  &interval);
        double value = moe_metric_value(metric, cell);
        double uniform = moe_metric_uniform(metric, cell);
        g_test_message("%s: %g in %g … %g, %g by chance", metric->name, value, interval.low,
                       interval.high, uniform);
        g_assert_cmpfloat_with_epsilon(value, uniform, metrics[i].tolerance * uniform);
        g_assert_cmpfloat(interval.low, <, value);
        g_assert_cmpfloat(interval.high, >, value);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    folder = g_dir_make_tmp("moescope-kinds-XXXXXX", NULL);
    g_test_add_func("/kinds/parse", test_parse);
    g_test_add_func("/kinds/refused", test_refused);
    g_test_add_func("/kinds/kept", test_kept);
    g_test_add_func("/kinds/wrong-meta", test_wrong_meta);
    g_test_add_func("/kinds/other-traces", test_other_traces);
    g_test_add_func("/kinds/by-hand", test_by_hand);
    g_test_add_func("/kinds/other-tallies", test_other_tallies);
    g_test_add_func("/kinds/random", test_random);
    g_test_add_func("/kinds/random-pairs", test_random_pairs);
    int status = g_test_run();
    static const char *const files[] = {"t.npz", "s.npz", "w.npz", "a.npz", "b.npz", "r.npz"};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(folder, files[i], NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
    return status;
}
