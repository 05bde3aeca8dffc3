/* SPDX-License-Identifier: MIT
 *
 * Logs of programs that were stopped: a last line, or a last pass, that is cut off is left out and
 * told of; anything else that is wrong still is.
 */
#include "import-trace.h"

#define ROW(layer, a, b) "{\"pos\": 0, \"layer\": " #layer ", \"experts\": [" #a ", " #b "]}\n"

/* What is told of an import of `text`, also in meta.json. (transfer full) */
static MoeTrace *
import_cut(const char *name, const char *text, int k, const char *part)
{
    MoeImportReport report = {0};
    MoeImportOptions options = told;
    options.k = k;
    g_autofree char *path = import_file(name, text, -1);
    MoeTrace *trace = import_all((const char *[]){path}, 1, &options, &report);
    g_assert_nonnull(report.notes);
    if (!strstr(report.notes, part))
        g_error("found \"%s\", expected \"%s\"", report.notes, part);
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), "left out"));
    g_free(report.notes);
    return trace;
}

/* Wherever a line is cut. */
static void
test_jsonl(void)
{
    static const char row[] = "{\"pos\": 1, \"layer\": 0, \"experts\": [5, 12], \"note\": true}";
    for (size_t n = 1; n < strlen(row); n++) {
        g_autofree char *text = g_strdup_printf(ROW(0, 1, 2) "%.*s", (int)n, row);
        g_autoptr(MoeTrace) trace = import_cut("x.jsonl", text, 0, "x.jsonl: line 2");
        expect_picks(trace, 0, "1 2");
    }
}

static void
test_csv(void)
{
    static const char *const texts[] = {
        "pos,layer,experts,gates\n0,0,1 2,1 .5\n1,0,3 4",
        "pos,layer,experts,gates\n0,0,1 2,1 .5\n1,0,3 4,1",
        "pos,layer,experts,gates\n0,0,1 2,1 .5\n1,0,\"3 4",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(MoeTrace) trace = import_cut("x.csv", texts[i], 0, "x.csv: line 3");
        expect_picks(trace, 0, "1:1 2:0.5");
    }
}

/* A prompt of two tokens, one token, and a pass that is cut in its last layer, after it, in a line.
 */
static void
test_llama(void)
{
    static const char whole[] = "layer,expert\n0,1\n0,2\n0,3\n0,4\n1,5\n1,6\n1,7\n1,0\n"
                                "0,2\n0,1\n1,3\n1,4\n";
    static const char *const tails[] = {"0,5\n0,6\n1,7\n", "0,5\n0,6\n", "0,5\n",
                                        "0,5\n0,6\n1,7\n1,"};
    for (size_t i = 0; i < G_N_ELEMENTS(tails); i++) {
        g_autofree char *text = g_strconcat(whole, tails[i], NULL);
        g_autoptr(MoeTrace) trace =
            import_cut("x.csv", text, 2, "x.csv ends within a pass, which begins on line 14: its");
        expect_picks(trace, 0, "1 2, 3 4, 2 1");
        expect_picks(trace, 1, "5 6, 7 0, 3 4");
    }
    g_autoptr(MoeTrace) single =
        import_cut("x.csv", "layer,expert\n3,1\n3,2\n3,0\n3,", 2, "x.csv ends within a token");
    expect_picks(single, 0, "1 2");
    g_autoptr(MoeTrace) listed = import_cut("x.csv",
                                            "0,\"1 2\"\n1,\"3 4\"\n0,\"5 6\"\n0,\"7 0\"\n"
                                            "1,\"3 4\"\n1,\"2",
                                            0, "which begins on line 3");
    expect_picks(listed, 0, "1 2");
}

static void
test_refused(void)
{
    static const char *const cases[][3] = {
        {"x.jsonl", "{\"layer\": 0, \"experts\": [1", "the text ends"}, /* there is nothing else */
        {"x.jsonl", ROW(0, 1, 2) "{\"layer\": 0, \"experts\": [1 2]}", "found '2', expected"},
        {"x.jsonl", ROW(0, 1, 2) "{\"layer\": 0, \"expe\n" ROW(0, 1, 2), "line 2"},
        {"x.json", "[{\"layer\": 0, \"experts\": [1, 2]}, {\"layer\"", "the text ends"},
        {"x.csv", "layer,experts\n0,1 2\n0\n", "line 3: found 1 cells, expected 2"},
        {"x.csv", "layer,expert\n0,1\n0,2\n0,3\n1,1\n1,2\n1,3\n0,1\n0,2\n0,3\n1,1\n1,2\n1,3\n",
         "line 8: layer 0 has 3 picks in the pass that ends here"},
        {"x.csv", "layer,expert\n0,1\n0,2\n1,3\n",
         "layer 1 has 1 picks in the pass that ends here"},
        {"x.csv", /* whole passes, of k 1 */
         "layer,expert\n0,1\n0,2\n1,1\n1,2\n0,3\n1,4\n",
         "layer 0 has 1 picks in the pass that ends here"},
        {"x.csv", "layer,expert\n3,1\n3,2\n3,0\n", "layer 3 has 1 picks in the pass that ends"},
    };
    MoeImportOptions options = told;
    options.k = 2;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = import_file(cases[i][0], cases[i][1], -1);
        expect_failure(path, &options, cases[i][2]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/import-cut/jsonl", test_jsonl);
    g_test_add_func("/import-cut/csv", test_csv);
    g_test_add_func("/import-cut/llama", test_llama);
    g_test_add_func("/import-cut/refused", test_refused);
    int status = g_test_run();
    import_files_remove();
    return status;
}
