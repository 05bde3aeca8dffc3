/* SPDX-License-Identifier: MIT
 *
 * What an import learns late, and what it notes: meta.json keeps it, and the checker tells it.
 */
#include "import-trace.h"

#include <moescope/check.h>
#include <moescope/trace-tools.h>

enum { TOKENS = 2000 };

/* TOKENS tokens of layers 3 and 8; every `nth` lacks layer 8. (transfer full) */
static char *
make_log(int nth)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int t = 0; t < TOKENS; t++)
        for (int layer = 3; layer <= 8; layer += 5)
            if (layer == 3 || t % nth != 0)
                g_string_append_printf(text,
                                       "{\"pos\": %d, \"layer\": %d, \"experts\": [%d, %d], "
                                       "\"gates\": [0.7, 0.2]}\n",
                                       t, layer, t % 8, (t + 1 + t / 8 % 7) % 8);
    return import_file("log.jsonl", text->str, (gssize)text->len);
}

static const MoeFinding *
find(const MoeFindings *findings, const char *check)
{
    for (int i = 0; i < moe_findings_count(findings); i++)
        if (g_str_equal(moe_findings_get(findings, i)->check, check))
            return moe_findings_get(findings, i);
    return NULL;
}

static MoeFindings *
check(const MoeTrace *trace)
{
    g_autoptr(GError) error = NULL;
    MoeFindings *findings = moe_check(trace, NULL, &error);
    g_assert_no_error(error);
    return findings;
}

static void
test_left_out(void)
{
    g_autofree char *path = make_log(4);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, NULL);
    g_assert_cmpint(moe_trace_tokens(trace, -1), ==, TOKENS - 500);
    g_assert_nonnull(strstr(moe_trace_meta_json(trace),
                            "{\"kept\": 1500, \"incomplete\": 500, \"padding\": 0, \"lacking\": "
                            "{\"8\": 500}}"));
    g_autoptr(MoeFindings) findings = check(trace);
    const MoeFinding *finding = find(findings, "token-counts");
    g_assert_nonnull(finding);
    g_assert_cmpint(finding->severity, ==, MOE_FINDING_WARNING);
    g_assert_cmpint(finding->count, ==, 500);
    g_assert_cmpint(finding->all, ==, 2000);
    g_assert_nonnull(strstr(finding->text, "500 of 2,000 (25 %) tokens"));
    g_assert_nonnull(strstr(finding->text, "layer 8 lacks 500 of them"));
}

/* A log that ends amid a token is nothing to warn of, and one that is whole nothing to tell. */
static void
test_few_left_out(void)
{
    g_autofree char *path = make_log(TOKENS);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, NULL);
    g_autoptr(MoeFindings) findings = check(trace);
    const MoeFinding *finding = find(findings, "token-counts");
    g_assert_nonnull(finding);
    g_assert_cmpint(finding->severity, ==, MOE_FINDING_NOTE);
    g_assert_cmpint(finding->count, ==, 1);
    const char *text = "{\"pos\": 0, \"layer\": 3, \"experts\": [1, 2], \"gates\": [0.7, 0.2]}\n";
    g_autofree char *one = import_file("one.jsonl", text, -1);
    g_autoptr(MoeTrace) nothing = import_all((const char *[]){one}, 1, &told, NULL);
    g_autoptr(MoeFindings) none = check(nothing);
    g_assert_null(find(none, "token-counts"));
    g_assert_null(strstr(moe_trace_meta_json(nothing), "incomplete"));
}

/* Padding is left out as it should be: it is kept in meta.json, and no finding. */
static void
test_padding(void)
{
    MoeImportOptions options = {
        .k = 2, .score = "softmax", .select = "top-k", .gates = MOE_IMPORT_GATES_AS_SCORED};
    g_autofree char *path = import_fixture("logits.pt");
    MoeImportReport report;
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, &report);
    g_free(report.notes);
    g_assert_cmpint(report.pads, ==, 1);
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), "\"incomplete\": 0, \"padding\": 1"));
    g_autoptr(MoeFindings) findings = check(trace);
    g_assert_null(find(findings, "token-counts"));
}

/* Traces that become one have left out what their imports did. */
static void
test_merged(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *some = make_log(4);
    g_autoptr(MoeTrace) first = import_all((const char *[]){some}, 1, &told, NULL);
    g_autofree char *more = make_log(10);
    g_autoptr(MoeTrace) second = import_all((const char *[]){more}, 1, &told, NULL);
    g_autofree char *path = import_file("merged.npz", "", 0);
    const MoeTrace *const parts[] = {first, second};
    g_assert_true(moe_trace_merge(parts, 2, path, MOE_TRACE_DOCUMENTS_SHIFT, &(MoeTraceOutput){0},
                                  NULL, &error));
    g_autoptr(MoeTrace) merged = moe_trace_open(path, &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(moe_trace_meta_json(merged),
                            "{\"kept\": 3300, \"incomplete\": 700, \"padding\": 0, "
                            "\"lacking\": {\"8\": 700}}"));
    g_autoptr(MoeFindings) findings = check(merged);
    const MoeFinding *finding = find(findings, "token-counts");
    g_assert_nonnull(finding);
    g_assert_cmpint(finding->count, ==, 700);
}

/* --- Notes ------------------------------------------------------------------------------------*/

static int
never(const MoeImportHead *head)
{
    (void)head;
    return 0;
}

/* Notes before and after it begins; `late` of these. */
static int late;

static bool
read_noting(MoeImport *import, GError **error)
{
    const int layer = 0;
    const MoeImportShape shape = {.layers = &layer, .n_layers = 1, .experts = 8, .k = 1};
    const int32_t expert = 5;
    const MoeImportToken token = {.id = -1, .domain = -1, .expert = &expert};
    moe_import_warn(import, "the map may be wrong");
    if (!moe_import_begin(import, &shape, error))
        return false;
    for (int i = 0; i < late; i++)
        moe_import_note(import, "pass %d was found to be \"odd\"", i);
    moe_import_warn(import, "the last pass is cut off");
    return moe_import_token(import, &token, error);
}

static const MoeImporter noting = {
    .struct_size = sizeof(MoeImporter),
    .name = "noting",
    .help = "a test",
    .cite = "this file",
    .score = never,
    .read = read_noting,
};

static MoeTrace *
import_noting(int notes)
{
    MoeImportOptions options = {.importer = "noting", .score = "softmax", .select = "top-k"};
    MoeImportReport report;
    g_autofree char *path = import_file("any.bin", "any", -1);
    late = notes;
    MoeTrace *trace = import_all((const char *[]){path}, 1, &options, &report);
    g_free(report.notes);
    return trace;
}

static void
test_notes(void)
{
    g_autoptr(MoeTrace) trace = import_noting(1);
    g_autoptr(MoeFindings) findings = check(trace);
    static const char *const texts[] = {"the map may be wrong", "the last pass is cut off",
                                        "pass 0 was found to be \"odd\""};
    int n = 0;
    for (int i = 0; i < moe_findings_count(findings); i++) {
        const MoeFinding *finding = moe_findings_get(findings, i);
        if (!g_str_equal(finding->check, "import-notes"))
            continue;
        g_assert_cmpint(n, <, (int)G_N_ELEMENTS(texts));
        g_assert_cmpint(finding->severity, ==, n == 2 ? MOE_FINDING_NOTE : MOE_FINDING_WARNING);
        g_assert_cmpstr(finding->text, ==, texts[n++]);
    }
    g_assert_cmpint(n, ==, G_N_ELEMENTS(texts));
}

/* What has no room is counted. */
static void
test_many_notes(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = import_noting(5000);
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), "pass 9 was found"));
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), " more notes, for which there is no room"));
    g_assert_null(strstr(moe_trace_meta_json(trace), "pass 4999"));
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), "the last pass is cut off"));
    g_auto(GStrv) wrong = moe_trace_verify(trace, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_strv_length(wrong), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_assert_true(moe_importer_register(&noting, NULL));
    g_test_add_func("/import-late/left-out", test_left_out);
    g_test_add_func("/import-late/few-left-out", test_few_left_out);
    g_test_add_func("/import-late/padding", test_padding);
    g_test_add_func("/import-late/merged", test_merged);
    g_test_add_func("/import-late/notes", test_notes);
    g_test_add_func("/import-late/many-notes", test_many_notes);
    int status = g_test_run();
    import_files_remove();
    return status;
}
