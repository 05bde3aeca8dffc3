/* SPDX-License-Identifier: MIT
 *
 * Logs of which only the beginning is looked at first: what comes after it counts just as well.
 */
#include "import-trace.h"

enum { ROWS = 20000 };

/* Rows of one layer, more of them than a look takes in, and then `last`. (transfer full) */
static char *
write_log(const char *last)
{
    g_autoptr(GString) log = g_string_new(NULL);
    for (int i = 0; i < ROWS; i++)
        g_string_append_printf(log,
                               "{\"doc\": \"d%d\", \"layer\": 1, \"topk_ids\": [%d, 7], "
                               "\"domain\": \"prose\", \"note\": \"%0420d\"}\n",
                               i / 1000, i % 7, i);
    g_assert_cmpuint(log->len, >, 9 << 20);
    g_string_append(log, last);
    return import_file("long.jsonl", log->str, -1);
}

static void
test_plain(void)
{
    MoeImportReport report;
    g_autofree char *path = write_log("{\"type\": \"meta\", \"top_k\": 2}\n");
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, &report);
    g_assert_cmpint(report.tokens, ==, ROWS);
    g_assert_cmpint(report.documents, ==, ROWS / 1000);
    g_assert_cmpint(moe_trace_domains(trace), ==, 1);
}

/* The last line brings a layer and a domain: all begins again. */
static void
test_more(void)
{
    MoeImportReport report;
    g_autofree char *path = write_log("{\"doc\": \"d0\", \"pos\": 0, \"layer\": 0, \"topk_ids\": "
                                      "[1, 2], \"domain\": \"code\"}\n");
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, &report);
    g_assert_cmpint(report.routers, ==, 2);
    g_assert_cmpint(report.tokens, ==, 1);
    g_assert_cmpint(report.incomplete, ==, ROWS - 1);
    g_assert_cmpint(moe_trace_domains(trace), ==, 2);
    expect_picks(trace, 0, "1 2");
    expect_picks(trace, 1, "0 7");
}

/* Gates of a tensor are kept as such, decimals as doubles, wherever the first of these stands. */
static void
test_gates(void)
{
    static const char line[] =
        "{\"doc\": \"x\", \"layer\": 1, \"topk_ids\": [1, 2], \"gates\": [%s, "
        "0.25], \"note\": \"%0600d\"}\n";
    g_autoptr(GString) log = g_string_new(NULL);
    for (int i = 0; i < ROWS; i++)
        g_string_append_printf(log, line, "0.051599107682704926", i);
    g_autofree char *floats = import_file("long.jsonl", log->str, -1);
    g_autoptr(MoeTrace) narrow = import_all((const char *[]){floats}, 1, &told, NULL);
    g_string_append_printf(log, line, "0.1", 0);
    g_autofree char *decimals = import_file("long.jsonl", log->str, -1);
    g_autoptr(MoeTrace) wide = import_all((const char *[]){decimals}, 1, &told, NULL);
    g_autoptr(GError) error = NULL;
    MoeArray array;
    g_assert_true(moe_trace_read(narrow, "picks/00000.r000.gate", &array, &error));
    g_assert_cmpint(array.type, ==, MOE_F32);
    g_free((void *)array.data);
    g_assert_true(moe_trace_read(wide, "picks/00000.r000.gate", &array, &error));
    g_assert_cmpint(array.type, ==, MOE_F64);
    g_assert_cmpfloat(moe_array_value(&array, ROWS + 1), ==, 0.051599107682704926);
    g_free((void *)array.data);
}

/* A last line that was cut off is left out, which meta.json says as well. */
static void
test_cut(void)
{
    MoeImportReport report;
    g_autofree char *path = write_log("{\"doc\": \"x\", \"layer\": 1, \"topk_ids\": [1, 2]");
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, &report);
    g_assert_cmpint(report.tokens, ==, ROWS);
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), "the last line was cut off, and left out"));
    g_assert_nonnull(strstr(report.notes, "long.jsonl: line 20001"));
    g_free(report.notes);
}

static void
test_refused(void)
{
    static const char *const cases[][2] = {
        {"{\"type\": \"meta\", \"num_experts\": 9}\n",
         "the files say the number of experts is 9, --experts says 8"},
        {"{\"doc\": \"x\", \"layer\": 1, \"topk_ids\": [1, 9]}\n",
         "found 8 experts, but the highest id is 9"},
        {"{\"doc\": \"x\", \"layer\": 1, \"topk_ids\": [1]}\n",
         "long.jsonl: line 20001: experts a token: found 1, 2 before"},
        {"{\"doc\": \"x\", \"layer\": 1, \"topk_ids\": [1, 2]\n{", "found '{', expected"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        MoeImportOptions options = told;
        options.k = 2;
        g_autofree char *path = write_log(cases[i][0]);
        expect_failure(path, &options, cases[i][1]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/import-long/plain", test_plain);
    g_test_add_func("/import-long/more", test_more);
    g_test_add_func("/import-long/gates", test_gates);
    g_test_add_func("/import-long/cut", test_cut);
    g_test_add_func("/import-long/refused", test_refused);
    int status = g_test_run();
    import_files_remove();
    return status;
}
