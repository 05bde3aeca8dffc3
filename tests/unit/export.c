/* SPDX-License-Identifier: MIT
 *
 * Exporters on a small trace: rows come back through the importer as they were, loads and lists are
 * what a count by hand says, and nothing is left of an export that fails.
 */
#include <moescope/export.h>
#include <moescope/import.h>
#include <moescope/safetensors.h>

#include "import-file.h"

enum { TOKENS = 30, K = 2, EXPERTS = 5 };

static const MoeRouterInfo routers[] = {
    {.layer = 1,
     .experts = EXPERTS,
     .k = K,
     .units_per_token = 1,
     .causal = true,
     .score = (char *)"softmax",
     .select = (char *)"top-k",
     .gate = (char *)"score"},
    {.layer = 4,
     .experts = EXPERTS,
     .k = K,
     .units_per_token = 1,
     .causal = true,
     .score = (char *)"softmax",
     .select = (char *)"top-k",
     .gate = (char *)"score"},
};
static const char *const domains[] = {"a \"quoted\",\tname", "prose"};

/* Router 0 picks t mod 3 and 4; router 1 expert 2, and every fifth time nothing else. */
static char *
make_trace(int units)
{
    g_autoptr(GError) error = NULL;
    int32_t id[TOKENS], doc[TOKENS], pos[TOKENS], domain[TOKENS], expert[2][TOKENS * K * 2];
    float gate[2][TOKENS * K * 2];
    for (int t = 0; t < TOKENS; t++) {
        id[t] = 100 - t, doc[t] = t / 7, pos[t] = t % 7, domain[t] = t < 10 ? 0 : 1;
        expert[0][t * K] = t % 3, expert[0][t * K + 1] = 4;
        expert[1][t * K] = 2, expert[1][t * K + 1] = t % 5 ? t % 2 : -1;
        gate[0][t * K] = 0.6f, gate[0][t * K + 1] = 0.1f;
        gate[1][t * K] = 0.7f, gate[1][t * K + 1] = t % 5 ? 0.25f : 0;
    }
    MoeRouterInfo infos[2] = {routers[0], routers[1]};
    infos[1].units_per_token = units;
    char *path = import_file("trace.npz", "", 0);
    g_autofree char *meta = moe_trace_meta(infos, 2, domains, 2, NULL);
    const MoeTraceOptions options = {.compression = 1, .chunk_tokens = 8, .gates = true};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, infos, 2, &options, &error);
    g_assert_no_error(error);
    int batch = TOKENS / units;
    for (int t = 0; t < batch; t += 10) {
        const MoeTraceTokens tokens = {.n = MIN(10, batch - t),
                                       .id = id + t,
                                       .doc = doc + t,
                                       .pos = pos + t,
                                       .domain = domain + t};
        const MoeTracePicks picks[2] = {
            {.expert = expert[0] + t * K, .gate = gate[0] + t * K},
            {.expert = expert[1] + t * K * units, .gate = gate[1] + t * K * units}};
        g_assert_true(moe_trace_writer_append(writer, &tokens, picks, &error));
    }
    g_assert_true(moe_trace_writer_close(writer, &error));
    return path;
}

/* Exports the trace. (transfer full): the file's content, NULL if that failed. */
static char *
export_trace(const char *name, int units, const MoeExportOptions *options, gsize *length,
             GError **error)
{
    g_autofree char *path = make_trace(units), *out = import_file("out", "", 0);
    g_autoptr(MoeTrace) trace = moe_trace_open(path, NULL);
    char *content = NULL;
    g_remove(out);
    if (moe_export(trace, out, name, options, NULL, error))
        g_assert_true(g_file_get_contents(out, &content, length, NULL));
    else
        g_assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
    g_autofree char *folder = g_path_get_dirname(out);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *entry; (entry = g_dir_read_name(dir));)
        g_assert_false(g_str_has_suffix(entry, ".part"));
    return content;
}

/* --- Rows -------------------------------------------------------------------------------------*/

/* A column of all chunks, or a router's picks, as text. */
static char *
describe(const MoeTrace *trace)
{
    static const char *const columns[] = {"tokens/id", "tokens/doc", "tokens/pos", "tokens/domain"};
    GString *text = g_string_new(NULL);
    for (gsize c = 0; c < G_N_ELEMENTS(columns); c++) {
        MoeArray array;
        g_assert_true(moe_trace_join(trace, columns[c], &array, NULL));
        for (int64_t i = 0; i < array.shape[0]; i++)
            g_string_append_printf(text, "%g ", moe_array_value(&array, i));
        g_free((void *)array.data);
    }
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    for (int r = 0; r < moe_trace_routers(trace); r++)
        for (int c = 0; c < moe_trace_chunks(trace); c++) {
            g_assert_true(moe_trace_view(trace, c, r, view, NULL));
            for (int64_t t = 0; t < view->units; t++)
                for (int i = 0; i < view->k; i++)
                    g_string_append_printf(text, "%d:%a ", view->expert[i * view->units + t],
                                           (double)view->gate[i * view->units + t]);
        }
    return g_string_free(text, FALSE);
}

static void
test_round_trip(gconstpointer name)
{
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *content = export_trace(name, 1, NULL, &length, &error);
    g_assert_no_error(error);
    g_autofree char *rows = import_file("rows", content, (gssize)length);
    g_autofree char *back = import_file("back.npz", "", 0), *path = make_trace(1);
    const MoeImportOptions told = {.experts = EXPERTS,
                                   .score = "softmax",
                                   .select = "top-k",
                                   .gates = MOE_IMPORT_GATES_AS_SCORED};
    MoeImportReport report;
    moe_import((const char *const *)&rows, 1, back, &told, NULL, &report, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(report.importer, ==, name);
    g_autoptr(MoeTrace) before = moe_trace_open(path, NULL), after = moe_trace_open(back, NULL);
    g_autofree char *wanted = describe(before), *found = describe(after);
    g_assert_cmpstr(found, ==, wanted);
    g_assert_cmpint(moe_trace_router(after, 1)->layer, ==, 4);
    g_assert_cmpint(moe_trace_domains(after), ==, 2);
    g_assert_cmpstr(moe_trace_domain_name(after, 0), ==, domains[0]);
}

/* Rows, not slots, come first; the trace has chunks of ten tokens. */
static void
test_safetensors(void)
{
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *content = export_trace("safetensors", 2, NULL, &length, &error);
    g_assert_no_error(error);
    g_autofree char *path = import_file("rows", content, (gssize)length);
    g_autoptr(MoeSafetensors) file = moe_safetensors_open(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_safetensors_count(file), ==, 8);
    g_assert_nonnull(strstr(moe_safetensors_metadata(file, "meta.json"), "\"prose\""));
    const MoeStored *pos = moe_safetensors_find(file, "tokens.pos");
    const MoeStored *expert = moe_safetensors_find(file, "routers.1.experts");
    const MoeStored *gate = moe_safetensors_find(file, "routers.1.gates");
    g_assert_cmpint(pos->shape[0], ==, TOKENS / 2);
    g_assert_cmpint(expert->shape[0], ==, TOKENS);
    int32_t places[TOKENS / 2], ids[TOKENS * K];
    float gates[TOKENS * K];
    memcpy(places, pos->data, sizeof places);
    memcpy(ids, expert->data, sizeof ids);
    g_assert_true(moe_stored_read_floats(gate, gates, NULL));
    for (int t = 0; t < TOKENS; t++) {
        g_assert_cmpint(places[t / 2], ==, t / 2 % 7);
        g_assert_cmpint(ids[t * K], ==, 2);
        g_assert_cmpint(ids[t * K + 1], ==, t % 5 ? t % 2 : -1);
        g_assert_cmpfloat_with_epsilon(gates[t * K], 0.7f, 1e-3f);
        g_assert_cmpfloat(gates[t * K + 1], ==, t % 5 ? 0.25f : 0);
    }
}

/* --- Placement --------------------------------------------------------------------------------*/

static void
expect_text(const char *name, const MoeExportOptions *options, const char *expected)
{
    g_autoptr(GError) error = NULL;
    gsize length;
    g_autofree char *content = export_trace(name, 1, options, &length, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(content, ==, expected);
}

static void
test_load(void)
{
    expect_text("eplb", NULL, "[[10, 10, 10, 0, 30],\n [12, 12, 30, 0, 0]]\n");
    g_autoptr(GError) error = NULL;
    gsize length;
    g_autofree char *npy = export_trace("eplb-npy", 1, NULL, &length, &error);
    g_assert_no_error(error);
    static const int64_t counts[] = {10, 10, 10, 0, 30, 12, 12, 30, 0, 0};
    g_assert_nonnull(strstr(npy + 10, "'<i8', 'fortran_order': False, 'shape': (2, 5)"));
    g_assert_cmpmem(npy + length - sizeof counts, sizeof counts, counts, sizeof counts);
}

static void
test_keep_list(void)
{
    expect_text(
        "keep-list", &(MoeExportOptions){.top = 2},
        "[{\"layer\": 1, \"num_experts\": 5, \"experts\": [4, 0], \"coverage\": 0.666667},\n"
        " {\"layer\": 4, \"num_experts\": 5, \"experts\": [2, 0], \"coverage\": 0.777778}]\n");
    expect_text("keep-list", &(MoeExportOptions){.coverage = 0.5},
                "[{\"layer\": 1, \"num_experts\": 5, \"experts\": [4], \"coverage\": 0.500000},\n"
                " {\"layer\": 4, \"num_experts\": 5, \"experts\": [2], \"coverage\": 0.555556}]\n");
}

static void
test_hot_list(void)
{
    expect_text("hot-list", &(MoeExportOptions){.top = 2},
                "[{\"layer\": 1, \"expert\": 4, \"picks\": 30, \"share\": 0.500000},\n"
                " {\"layer\": 4, \"expert\": 2, \"picks\": 30, \"share\": 0.555556}]\n");
    expect_text("hot-list", &(MoeExportOptions){.coverage = 0.2},
                "[{\"layer\": 1, \"expert\": 4, \"picks\": 30, \"share\": 0.500000}]\n");
}

/* --- Summaries --------------------------------------------------------------------------------*/

static MoeSummary *
count_trace(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = make_trace(1);
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    MoeSummary *summary = moe_summary_from_trace(trace, NULL, &error);
    g_assert_no_error(error);
    return summary;
}

/* Exports a summary. (transfer full) */
static char *
export_summary(const MoeSummary *summary, const char *name, const MoeExportOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *out = import_file("out", "", 0);
    char *content = NULL;
    moe_export_summary(summary, out, name, options, &error);
    g_assert_no_error(error);
    g_assert_true(g_file_get_contents(out, &content, NULL, NULL));
    return content;
}

/* The same files as of the trace itself. */
static void
test_summary(void)
{
    static const char *const names[] = {"eplb", "keep-list", "hot-list", "counts-csv"};
    g_autoptr(MoeSummary) summary = count_trace();
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const MoeExportOptions options = {.top = i == 1 || i == 2 ? 3 : 0};
        g_autofree char *text = export_summary(summary, names[i], &options);
        expect_text(names[i], &options, text);
    }
    g_autofree char *csv = export_summary(summary, "csv", NULL);
    expect_text("counts-csv", NULL, csv);
    g_assert_true(g_str_has_prefix(csv, "domain,layer,expert,count,first,gate_sum\n"
                                        "\"a \"\"quoted\"\",\tname\",1,0,4,4,2.4"));
}

/* Rows of sums come back as the sums they were. */
static void
test_counts_round_trip(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeSummary) summary = count_trace();
    g_autofree char *text = export_summary(summary, "counts-csv", NULL);
    g_autofree char *csv = import_file("counts.csv", text, -1), *out = import_file("s.npz", "", 0);
    const char *const source = csv;
    const MoeImportOptions options = {.experts = EXPERTS, .k = K};
    MoeImportReport report;
    moe_import(&source, 1, out, &options, NULL, &report, &error);
    g_assert_no_error(error);
    g_free(report.notes); /* a router that picks one now and then */
    g_autoptr(MoeSummary) again = moe_summary_open(out, &error);
    g_assert_no_error(error);
    for (int r = 0; r < 2; r++)
        for (int d = MOE_DOMAIN_ALL; d < 2; d++) {
            const MoeSummaryCell *was = moe_summary_cell(summary, r, d);
            const MoeSummaryCell *is = moe_summary_cell(again, r, d);
            gsize bytes = sizeof(int64_t) * EXPERTS;
            g_assert_cmpmem(is->count, bytes, was->count, bytes);
            g_assert_cmpmem(is->first, bytes, was->first, bytes);
            for (int e = 0; e < EXPERTS; e++)
                g_assert_cmpfloat_with_epsilon(is->gate_sum[e], was->gate_sum[e], 1e-12);
        }
}

static void
test_summary_refused(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *out = import_file("none/out", "", 0);
    g_remove(out);
    g_autoptr(MoeSummary) shares = moe_summary_new(routers, 2, NULL, 0, 0);
    moe_summary_fill(shares, 0, MOE_DOMAIN_UNKNOWN)->gate_sum[1] = 0.5;
    moe_summary_settle(shares);
    g_assert_false(moe_export_summary(shares, out, "eplb", NULL, &error));
    g_assert_nonnull(strstr(error->message, "the summary has no picks to export"));
    g_clear_error(&error);
    g_assert_false(moe_export_summary(shares, out, "safetensors", NULL, &error));
    g_assert_nonnull(strstr(error->message, "safetensors needs every token's picks"));
    g_assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
    g_autofree char *csv = export_summary(shares, "csv", NULL);
    g_assert_nonnull(strstr(csv, "\n,1,1,,,0.5\n"));
}

static void
test_refused(void)
{
    static const struct {
        const char *name;
        int units;
        MoeExportOptions options;
        const char *part;
    } cases[] = {
        {"keep-lists", 1, {0}, "did you mean keep-list"},
        {"keep-list", 1, {0}, "found top 0 and coverage 0, expected one of them"},
        {"keep-list", 1, {.top = 1, .coverage = 0.5}, "found top 1 and coverage 0.5"},
        {"keep-list", 1, {.coverage = 1.5}, "found top 0 and coverage 1.5"},
        {"jsonl", 2, {0}, "router 1: found 2 sub-tokens a token, expected one"},
        {"csv", 2, {0}, "router 1: found 2 sub-tokens a token, expected one"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        gsize length;
        g_assert_null(
            export_trace(cases[i].name, cases[i].units, &cases[i].options, &length, &error));
        if (!strstr(error->message, cases[i].part))
            g_error("found \"%s\", expected \"%s\"", error->message, cases[i].part);
    }
}

static void
test_register(void)
{
    g_autoptr(GError) error = NULL;
    const MoeExporter *taken = moe_exporter_find("csv");
    g_assert_false(moe_exporter_register(taken, &error));
    g_assert_cmpstr(error->message, ==, "exporter csv has a name that is taken");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_data_func("/export/jsonl", "jsonl", test_round_trip);
    g_test_add_data_func("/export/csv", "csv", test_round_trip);
    g_test_add_func("/export/safetensors", test_safetensors);
    g_test_add_func("/export/load", test_load);
    g_test_add_func("/export/keep-list", test_keep_list);
    g_test_add_func("/export/hot-list", test_hot_list);
    g_test_add_func("/export/summary", test_summary);
    g_test_add_func("/export/counts-round-trip", test_counts_round_trip);
    g_test_add_func("/export/summary-refused", test_summary_refused);
    g_test_add_func("/export/refused", test_refused);
    g_test_add_func("/export/register", test_register);
    int status = g_test_run();
    import_files_remove();
    return status;
}
