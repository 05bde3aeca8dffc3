/* SPDX-License-Identifier: MIT
 *
 * Importers on real files, against reference values that an independent script computed: loads,
 * first choices along a sequence, ESFT's own token and gate scores. Without the files the tests are
 * skipped (real-data.h).
 */
#include <moescope/import.h>

#include "import-file.h"
#include "real-data.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

static MoeTrace *
import_all(const char *const *paths, int n, const MoeImportOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *out = import_file("real.npz", "", 0);
    moe_import(paths, n, out, options, NULL, NULL, &error);
    g_assert_no_error(error);
    MoeTrace *trace = moe_trace_open(out, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_trace_chunks(trace), ==, 1);
    return trace;
}

/* --- What follows from counts -----------------------------------------------------------------*/

enum { EXPERTS = 64 };

/* A domain's tokens at one router. */
typedef struct {
    int64_t tokens, picks, count[EXPERTS];
    double gate[EXPERTS];       /* sums */
    double same_first, pairs;   /* neighbours in a sequence with the same first choice */
    double cv, maxvio, entropy; /* of the load */
} Tally;

static void
finish(Tally *tally, int experts)
{
    double mean = (double)tally->picks / experts, squares = 0, most = 0;
    for (int e = 0; e < experts; e++) {
        double count = (double)tally->count[e], p = count / (double)tally->picks;
        squares += (count - mean) * (count - mean);
        most = MAX(most, count);
        tally->entropy -= p > 0 ? p * log(p) : 0;
    }
    tally->cv = sqrt(squares / experts) / mean;
    tally->maxvio = (most - mean) / mean;
}

static Tally
tally_of(const MoeTrace *trace, int router, int domain)
{
    Tally tally = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    MoeArray doc;
    g_assert_true(moe_trace_view(trace, 0, router, view, &error));
    g_assert_true(moe_trace_join(trace, "tokens/doc", &doc, &error));
    for (int64_t t = 0; t < view->units; t++) {
        if (view->domain[t] != domain)
            continue;
        tally.tokens++;
        for (int i = 0; i < view->k; i++) {
            int e = view->expert[i * view->units + t];
            tally.count[e]++;
            tally.picks++;
            tally.gate[e] += (double)view->gate[i * view->units + t];
        }
        if (t == 0 || moe_array_value(&doc, t) != moe_array_value(&doc, t - 1))
            continue;
        tally.pairs++;
        tally.same_first += view->expert[t] == view->expert[t - 1];
    }
    g_free((void *)doc.data);
    finish(&tally, moe_trace_router(trace, router)->experts);
    return tally;
}

/* The reference has ten decimals. */
static void
expect_near(double found, const char *expected)
{
    double value = g_ascii_strtod(expected, NULL);
    g_assert_cmpfloat_with_epsilon(found, value, 1e-9 * MAX(fabs(value), 0.1));
}

static int
domain_of(const MoeTrace *trace, const char *name)
{
    for (int d = 0; d < moe_trace_domains(trace); d++)
        if (g_str_equal(moe_trace_domain_name(trace, d), name))
            return d;
    return -1;
}

static void
compare_row(char **head, char **row, void *user)
{
    const MoeTrace *trace = user;
    int layer = atoi(real_field(head, row, "layer")), first = moe_trace_router(trace, 0)->layer;
    Tally tally = tally_of(trace, layer - first, domain_of(trace, row[0]));
    g_assert_cmpint(tally.tokens, ==, atoi(real_field(head, row, "tokens")));
    g_assert_cmpint(tally.picks, ==, atoi(real_field(head, row, "N")));
    expect_near(tally.cv, real_field(head, row, "cv_pop"));
    expect_near(tally.maxvio, real_field(head, row, "maxvio"));
    expect_near(tally.entropy, real_field(head, row, "entropy_nat"));
    expect_near(tally.same_first / tally.pairs, real_field(head, row, "same_top1_prev"));
}

/* Every row of a reference table. */
static void
compare(MoeTrace *trace, const char *table)
{
    int rows = real_rows(table, compare_row, trace);
    g_assert_cmpint(rows, ==, moe_trace_routers(trace) * moe_trace_domains(trace));
}

/* --- ESFT -------------------------------------------------------------------------------------*/

/* The scores that ESFT released beside the files, with four decimals. */
static void
compare_scores(const MoeTrace *trace, const char *domain)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup_printf("esft-dsv2lite/%s/summary.json", domain);
    g_autofree char *path = real_data(name);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_assert_true(json_parser_load_from_file(parser, path, &error));
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        Tally tally = tally_of(trace, r, domain_of(trace, domain));
        g_autofree char *layer = g_strdup_printf("%d", moe_trace_router(trace, r)->layer);
        JsonObject *tokens = json_object_get_object_member(
            json_object_get_object_member(root, "token_scores"), layer);
        JsonObject *gates = json_object_get_object_member(
            json_object_get_object_member(root, "gate_scores"), layer);
        for (int e = 0; e < EXPERTS; e++) {
            g_autofree char *expert = g_strdup_printf("%d", e);
            g_assert_cmpfloat_with_epsilon((double)tally.count[e] / (double)tally.picks,
                                           json_object_get_double_member(tokens, expert),
                                           5.0001e-5);
            /* The trace's gates have 11 bits. */
            g_assert_cmpfloat_with_epsilon(tally.gate[e] / (double)tally.tokens,
                                           json_object_get_double_member(gates, expert), 1e-4);
        }
    }
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
    g_autoptr(MoeTrace) trace = import_all((const char *[]){intent, law}, 2, &options);
    g_assert_cmpint(moe_trace_routers(trace), ==, 26);
    compare(trace, "golden/esft_dsv2lite_token_metrics.csv");
    compare_scores(trace, "intent");
    compare_scores(trace, "law");
}

/* --- gpt-oss ----------------------------------------------------------------------------------*/

static void
test_gpt_oss(void)
{
    g_autofree char *folder = real_data("gpt-oss-20b");
    if (!folder)
        return;
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    real_examples(folder, paths);
    const MoeImportOptions options = {.experts = 32};
    g_autoptr(MoeTrace) trace =
        import_all((const char *const *)paths->pdata, (int)paths->len, &options);
    g_assert_cmpint(moe_trace_routers(trace), ==, 24);
    compare(trace, "golden/gptoss20b_token_metrics.csv");
}

/* --- A log of vLLM ----------------------------------------------------------------------------*/

/* As it is, with its dummy rows: finding those is the checker's part. */
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
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options);
    Tally tally = tally_of(trace, 0, -1);
    g_assert_cmpint(tally.tokens, ==, 21024);
    expect_near(tally.cv, "2.9628326075");
    expect_near(tally.maxvio, "11.1132990868");
    expect_near(tally.entropy, "2.3883409108");
    g_assert_cmpfloat_with_epsilon(tally.entropy / M_LN2, 3.4456, 5e-5);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/import-real/esft", test_esft);
    g_test_add_func("/import-real/gpt-oss", test_gpt_oss);
    g_test_add_func("/import-real/vllm", test_vllm);
    int status = g_test_run();
    import_files_remove();
    return status;
}
