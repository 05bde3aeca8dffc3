/* SPDX-License-Identifier: MIT
 *
 * Metrics of real files, read by importers, against reference values that an independent script
 * computed in double precision. All have to agree to 1e-9. Without the files the tests are skipped
 * (real-data.h).
 */
#include "import-file.h"
#include "real-data.h"

#include <math.h>
#include <moescope/import.h>
#include <moescope/metrics.h>
#include <string.h>

/* --- Comparing --------------------------------------------------------------------------------*/

typedef struct {
    const char *column, *metric;
    double tolerance; /* relative */
} Pair;

enum { LOADS = 14, GATES = 6 };
static const Pair pairs[] = {
    {"max_share", "top-1-share", 1e-9},
    {"cv_pop", "cv", 1e-9},
    {"maxvio", "maxvio", 1e-9},
    {"minvio", "minvio", 1e-9},
    {"avgvio", "avgvio", 1e-9},
    {"gini", "gini", 1e-9},
    {"entropy_nat", "entropy", 1e-9},
    {"entropy_norm", "entropy-normalised", 1e-9},
    {"eff_experts_exp", "effective-experts", 1e-9},
    {"eff_experts_invsimpson", "effective-experts-2", 1e-9},
    {"dead", "dead", 1e-9},
    {"balancedness_mean_over_max", "balancedness", 1e-9},
    {"kl_uniform_nat", "kl-uniform", 1e-9},
    {"tv_uniform", "tv-uniform", 1e-9},
    {"same_top1_prev", "same-first", 1e-9},
    {"any_shared_prev", "any-shared", 1e-9},
    {"mean_jaccard_prev", "jaccard", 1e-9},
    {"max_coact", "max-coactivation", 1e-9},
    {"mean_margin12", "margin", 1e-9},
    {"mean_topk_entropy_nat", "gate-spread", 1e-9},
};
G_STATIC_ASSERT(G_N_ELEMENTS(pairs) == LOADS + GATES);

/* The table has ten decimals: half of the last one comes on top. */
static void
compare_row(char **head, char **row, const MoeMetricCell *cell)
{
    int n = cell->order ? LOADS + GATES : LOADS;
    g_assert_cmpint(cell->summary->picks, ==, atoll(real_field(head, row, "N")));
    for (int i = 0; i < n; i++) {
        double expected = g_ascii_strtod(real_field(head, row, pairs[i].column), NULL);
        double found = moe_metric_value(moe_metric_find(pairs[i].metric), cell);
        g_test_message("%s: %.12g found, %.12g expected, off by %.2g", pairs[i].metric, found,
                       expected, fabs(found - expected) / MAX(fabs(expected), 1e-10));
        g_assert_cmpfloat_with_epsilon(found, expected,
                                       pairs[i].tolerance * fabs(expected) + 5.1e-11);
    }
}

/* --- Traces -----------------------------------------------------------------------------------*/

typedef struct {
    MoeTrace *trace;
    MoeSummary *summary;
} Measured;

static void
measured_clear(Measured *measured)
{
    moe_trace_free(measured->trace);
    moe_summary_free(measured->summary);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Measured, measured_clear)

static Measured
measure(const char *const *paths, int n, const MoeImportOptions *options)
{
    Measured measured = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *out = import_file("metrics.npz", "", 0);
    moe_import(paths, n, out, options, NULL, NULL, &error);
    g_assert_no_error(error);
    measured.trace = moe_trace_open(out, &error);
    g_assert_no_error(error);
    const MoeSummaryOptions counted = {.tallies =
                                           MOE_TALLY_ORDER | MOE_TALLY_PAIRS | MOE_TALLY_FLOW};
    measured.summary = moe_summary_from_trace(measured.trace, &counted, &error);
    g_assert_no_error(error);
    return measured;
}

/* The cell of a row's layer and domain, which is its first field. */
static MoeMetricCell
find_cell(const Measured *measured, const char *domain_name, int layer)
{
    int router = 0, domain = 0;
    while (moe_trace_router(measured->trace, router)->layer != layer)
        g_assert_cmpint(++router, <, moe_trace_routers(measured->trace));
    while (!g_str_equal(moe_trace_domain_name(measured->trace, domain), domain_name))
        g_assert_cmpint(++domain, <, moe_trace_domains(measured->trace));
    return moe_metric_cell(measured->summary, measured->trace, router, domain, NULL);
}

static void
compare_group(char **head, char **row, void *user)
{
    const MoeMetricCell cell = find_cell(user, row[0], atoi(real_field(head, row, "layer")));
    g_assert_cmpint(cell.summary->units, ==, atoll(real_field(head, row, "tokens")));
    compare_row(head, row, &cell);
    int i, j;
    moe_pairs_top(cell.pairs->together, cell.pairs->experts, &i, &j);
    g_assert_cmpint(i, ==, atoi(real_field(head, row, "max_coact_i")));
    g_assert_cmpint(j, ==, atoi(real_field(head, row, "max_coact_j")));
}

static void
compare_flow(char **head, char **row, void *user)
{
    const MoeMetricCell cell = find_cell(user, row[0], atoi(real_field(head, row, "layer_j")));
    double h = g_ascii_strtod(real_field(head, row, "H_i"), NULL);
    double k = g_ascii_strtod(real_field(head, row, "H_j"), NULL);
    double expected = g_ascii_strtod(real_field(head, row, "mi_top1_nat"), NULL);
    double found = moe_metric_value(moe_metric_find("flow-information"), &cell);
    double normalised = moe_metric_value(moe_metric_find("flow-information-normalised"), &cell);
    double own = moe_metric_value(moe_metric_find("first-entropy"), &cell);
    g_assert_cmpfloat_with_epsilon(own, k, 5.1e-11);
    g_assert_cmpint(cell.flow->units, ==, atoll(real_field(head, row, "N")));
    g_assert_cmpfloat_with_epsilon(found, expected, 1e-9 * expected + 5.1e-11);
    g_assert_cmpfloat_with_epsilon(normalised, expected / sqrt(h * k), 1e-9);
}

static void
test_esft(void)
{
    g_autofree char *intent = real_data("esft-dsv2lite/intent"),
                    *law = real_data("esft-dsv2lite/law");
    if (!intent || !law)
        return;
    const MoeImportOptions options = {
        .experts = 64,
        .k = 6,
        .score = "softmax",
        .select = "top-k",
        .gates = MOE_IMPORT_GATES_AS_SCORED,
        .domains = (const char *const[]){"intent", "law"},
        .n_domains = 2,
    };
    g_auto(Measured) measured = measure((const char *[]){intent, law}, 2, &options);
    int rows = real_rows("golden/esft_dsv2lite_token_metrics.csv", compare_group, &measured);
    g_assert_cmpint(rows, ==, 2 * 26);
    rows = real_rows("golden/esft_dsv2lite_interlayer_mi.csv", compare_flow, &measured);
    g_assert_cmpint(rows, ==, 2 * 25);
}

static void
test_gpt_oss(void)
{
    g_autofree char *folder = real_data("gpt-oss-20b");
    if (!folder)
        return;
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    real_examples(folder, paths);
    const MoeImportOptions options = {.experts = 32};
    g_auto(Measured) measured =
        measure((const char *const *)paths->pdata, (int)paths->len, &options);
    int rows = real_rows("golden/gptoss20b_token_metrics.csv", compare_group, &measured);
    g_assert_cmpint(rows, ==, 2 * 24);
    rows = real_rows("golden/gptoss20b_interlayer_mi.csv", compare_flow, &measured);
    g_assert_cmpint(rows, ==, 2 * 23);
}

static void
compare_whole(char **head, char **row, void *user)
{
    const Measured *measured = user;
    const MoeMetricCell cell = {.summary = moe_summary_cell(measured->summary, 0, MOE_DOMAIN_ALL)};
    compare_row(head, row, &cell);
}

static void
test_vllm(void)
{
    g_autofree char *path = real_data("vllm-jsonl/qwen15-moe-int4.jsonl.gz");
    if (!path)
        return;
    const MoeImportOptions options = {
        .experts = 60,
        .score = "softmax",
        .select = "top-k",
        .gates = MOE_IMPORT_GATES_AS_SCORED,
    };
    g_auto(Measured) measured = measure((const char *[]){path}, 1, &options);
    g_assert_cmpint(real_rows("golden/vllm_jsonl_metrics.csv", compare_whole, &measured), ==, 1);
}

/* --- Counts -----------------------------------------------------------------------------------*/

enum { OLMOE = 64 };

/* OLMoE's counts come decoded in one table: domain, layer, expert, count. */
static void
sum_counts(const char *table, const char *domain, const char *layer, int64_t *count)
{
    g_autofree char *path = real_data(table), *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    for (char **line = lines + 1; *line; line++) {
        g_auto(GStrv) row = g_strsplit(g_strchomp(*line), ",", -1);
        if (g_str_equal(row[0], domain) && g_str_equal(row[1], layer))
            count[atoi(row[2]) % OLMOE] += g_ascii_strtoll(row[3], NULL, 10);
    }
}

static void
compare_counts(char **head, char **row, void *user)
{
    int *found = user;
    bool first = g_str_has_suffix(real_field(head, row, "kind"), "top1");
    const char *table =
        first ? "olmoe/olmoe-1b-7b-0924-load-top1.csv" : "olmoe/olmoe-1b-7b-0924-load.csv";
    int64_t count[OLMOE] = {0};
    MoeSummaryCell summary = {.experts = OLMOE, .count = count};
    if (!g_str_equal(row[0], "olmoe"))
        return;
    sum_counts(table, real_field(head, row, "domain"), real_field(head, row, "layer"), count);
    for (int e = 0; e < OLMOE; e++)
        summary.picks += count[e];
    compare_row(head, row, &(MoeMetricCell){.summary = &summary});
    ++*found;
}

static void
test_olmoe(void)
{
    g_autofree char *path = real_data("olmoe/olmoe-1b-7b-0924-load.csv");
    int found = 0;
    if (!path)
        return;
    real_rows("golden/olmoe_mixtral_load_metrics.csv", compare_counts, &found);
    g_assert_cmpint(found, ==, 33);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/metrics-real/esft", test_esft);
    g_test_add_func("/metrics-real/gpt-oss", test_gpt_oss);
    g_test_add_func("/metrics-real/vllm", test_vllm);
    g_test_add_func("/metrics-real/olmoe", test_olmoe);
    int status = g_test_run();
    import_files_remove();
    return status;
}
