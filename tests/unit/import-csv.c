/* SPDX-License-Identifier: MIT
 *
 * Importers of CSV: the plain layout, and llama.cpp's traces, which only say layer and expert.
 */
#include "import-trace.h"

/* --- The plain layout -------------------------------------------------------------------------*/

static void
test_plain(void)
{
    static const char text[] = "# made by hand\n"
                               "doc,pos,id,domain,layer,experts,gates,note\r\n"
                               "a,0,17,\"prose, or \"\"so\"\"\",2,5 2,.25 .5,x\r\n"
                               "\n"
                               "a,0,17,\"prose, or \"\"so\"\"\",4,\"1;0\",\".75;.25\",\r\n"
                               "b,,,\"co\nde\",2,3 -1,1 0,\n"
                               "b,,,\"co\nde\",4,7 6,0.5 0.5,";
    g_autofree char *path = import_gz("plain.csv", text);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, NULL);
    expect_picks(trace, 0, "2:0.5 5:0.25, 3:1 -1:0");
    expect_picks(trace, 1, "1:0.75 0:0.25, 6:0.5 7:0.5");
    expect_column(trace, "tokens/id", "17 -1");
    expect_column(trace, "tokens/domain", "0 1");
    g_assert_cmpstr(moe_trace_domain_name(trace, 0), ==, "prose, or \"so\"");
    g_assert_cmpstr(moe_trace_domain_name(trace, 1), ==, "co de");
    g_assert_cmpint(moe_trace_router(trace, 1)->layer, ==, 4);
}

/* The same two tokens in each of these layouts. */
static void
expect_both(const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_test_message("%s", texts[i]);
        g_autofree char *path = import_file("x.csv", texts[i], -1);
        g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, NULL);
        expect_picks(trace, 0, "2:0.5 5:0.25, 1:0.75 0:0.25");
        g_assert_cmpint(moe_trace_router(trace, 0)->layer, ==, 3);
    }
}

/* What pandas and R write: an index, names in quotation marks or behind blanks, lists as Python
 * prints them. */
static void
test_plain_variants(void)
{
    static const char *const texts[] = {
        ",layer,experts,gates\n0,3,\"[5, 2]\",\"[0.25, 0.5]\"\n1,3,\"[1, 0]\",\"[0.75, 0.25]\"\n",
        ("\xef\xbb\xbf\"\",\"layer\",\"experts\",\"gates\"\r\n\"1\",3,\"5 2\",\".25 .5\"\r\n"
         "\"2\",3,\"1 0\",\".75 .25\"\r\n"),
        "index, layer, experts, gates\n0,3,5;2,.25;.5\n1,3,1;0,.75;.25\n",
    };
    expect_both(texts, G_N_ELEMENTS(texts));
}

/* Texts of tokens have ends of lines in them, which stand within quotation marks. */
static void
test_plain_lines(void)
{
    static const char *const texts[] = {
        "text,layer,experts,gates\n\"\n\",3,5 2,.25 .5\n\"a\"\"b\n\n#c\",3,1 0,.75 .25\n",
        "layer,experts,gates,text\r\n3,5 2,.25 .5,\"so\r\n, and\"\r\n3,1 0,.75 .25,\"\n\"\r\n",
    };
    expect_both(texts, G_N_ELEMENTS(texts));
}

/* What spreadsheets write: semicolons or tabs, names in any case. The comma of a list parts no
 * cells then. */
static void
test_plain_separators(void)
{
    static const char *const texts[] = {
        "Doc;Layer;Experts;Gates\r\na;3;5 2;0.25 0.5\r\na;3;1,0;.75,.25\r\n",
        "doc;layer;experts;gates\na;3;\"5;2\";\"0.25;0.5\"\na;3;[1, 0];[.75, .25]\n",
        "DOC\tLAYER\tEXPERTS\tGATES\na\t3\t5;2\t.25;.5\na\t3\t1,0\t.75,.25\n",
        "Note, of \"x\";Layer Idx;Expert-IDs;Expert Weights\n;3;5 2;.25 .5\n;3;1 0;.75 .25\n",
        "sep=;\r\nlayer;experts;gates\r\n3;5 2;.25 .5\r\n3;1 0;.75 .25\r\n",
        "# by hand\n\nlayer\texperts\tgates\n3\t\"[5, 2]\"\t.25 .5\n3\t1 0\t.75 .25\n",
    };
    expect_both(texts, G_N_ELEMENTS(texts));
}

static void
test_plain_refused(void)
{
    static const char *const cases[][2] = {
        {"layer,experts\n0,1 b\n", "line 2: experts: found \"b\", expected ids"},
        {"layer,experts\n0,1 2,3\n", "line 2: found 3 cells, expected 2"},
        {"layer,experts\n0,\"1 2\n", "line 2: a quotation mark isn't closed"},
        {"layer,experts\n0,\"1 2\n0,3 4\n0,5 6\n", "line 2: a quotation mark isn't closed"},
        {"text\tlayer\texperts\n\"\t0\t1 2\n\"\t0\t3 4\n", /* marks that are tokens */
         "line 2: a quotation mark isn't closed"},
        {"layer,experts\n-1,1 2\n", "line 2: layer: found \"-1\", expected 0 … 65535"},
        {"layer,experts\n,1 2\n", "line 2: found no layer"},
        {"layer,experts\n0,\n", "line 2: found no experts"},
        {"layer,experts,gates\n0,1 2,.5\n", "line 2: found 1 gates for 2 experts"},
        {"layer,experts,gates\n0,1 2,.5 x\n", "line 2: gates: found \"x\", expected numbers"},
        {"layer,experts\n", "found no layer in the files"},
        {"layer;experts;gates\n0;1 2;0,7 0,3\n",
         "line 2: gates: found \"0,7 0,3\", expected numbers with decimal points, not commas"},
        {"layer;experts\n0,1 2\n", "line 2: layer: found \"0,1 2\", expected 0 … 65535"},
        {"layer,experts,topk_ids\n0,1 2,1 2\n",
         "line 1: found two columns of experts, topk_ids the second, expected one"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = import_file("x.csv", cases[i][0], -1);
        expect_failure(path, &told, cases[i][1]);
    }
}

/* --- llama.cpp --------------------------------------------------------------------------------*/

static void
append_picks(GString *out, int layer, int first, int n)
{
    for (int i = 0; i < n; i++)
        g_string_append_printf(out, "%d,%d\n", layer, first + i);
}

/* A prompt of two tokens whose last layer has only the second, a token more, another trace. */
static void
test_llama(void)
{
    g_autoptr(GString) text = g_string_new("layer,expert\n");
    MoeImportOptions options = told;
    options.k = 2;
    append_picks(text, 1, 0, 4);
    append_picks(text, 2, 4, 4);
    append_picks(text, 5, 6, 2);
    for (int layer = 0; layer < 3; layer++)
        append_picks(text, layer == 2 ? 5 : layer + 1, layer, 2);
    g_string_append(text, "layer,expert\n");
    for (int layer = 0; layer < 3; layer++)
        append_picks(text, layer == 2 ? 5 : layer + 1, layer + 3, 2);
    g_autofree char *path = import_file("trace.csv", text->str, -1);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, NULL);
    expect_picks(trace, 0, "0 1, 2 3, 0 1, 3 4");
    expect_picks(trace, 1, "4 5, 6 7, 1 2, 4 5");
    expect_picks(trace, 2, "-1 -1, 6 7, 2 3, 5 6");
    expect_column(trace, "tokens/pos", "0 1 2 0");
    expect_column(trace, "tokens/doc", "0 0 0 1");
    g_assert_cmpint(moe_trace_router(trace, 2)->layer, ==, 5);
    expect_failure(path, &told, "give --k N");
    options.k = 4;
    expect_failure(path, &options,
                   "line 12: layer 5 has 2 picks in the pass that ends here, "
                   "expected a multiple of k = 4");
}

static void
test_llama_variants(void)
{
    MoeImportOptions options = told;
    g_autofree char *listed = import_file("listed.csv",
                                          "0,\"5 4\"\n0,\"3 2\"\n1,\"1 0\"\n"
                                          "1,\"7 6\"\n0,\"1 2\"\n1,\"3 4\"\n",
                                          -1);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){listed}, 1, &told, NULL);
    expect_picks(trace, 0, "5 4, 3 2, 1 2");
    expect_picks(trace, 1, "1 0, 7 6, 3 4");
    options.k = 1;
    g_autofree char *single = import_file("single.csv", "layer,expert\n3,1\n3,2\n3,0\n", -1);
    g_autoptr(MoeTrace) one = import_all((const char *[]){single}, 1, &options, NULL);
    expect_picks(one, 0, "1, 2, 0");
    expect_column(one, "tokens/pos", "0 1 2");
    static const char *const bad[][2] = {
        {"layer,expert\n0,1\n1,2\n1,3\n2,0\n", "layer 1 has 2 picks in the pass that ends here"},
        {"layer,expert\n0,1\n1\n", "x.csv: line 3: found \"1\", expected layer,expert"},
        {"layer,expert\n0,x\n", "line 2: found \"0,x\", expected layer,expert"},
        {"layer,expert\n0,1 2\n", "the files say k is 2, --k says 1"},
        {"layer,expert,weight\n0,1\n", "line 2: found \"0,1\", expected layer,expert with a cell "
                                       "for each name"},
        {"layer,expert\n0,99999\n", "line 2: found \"0,99999\", expected layer,expert"},
        {"0,\"1 2\"\n0,\"1\"\n", "line 2: found 1 experts, 2 before"},
        {"layer,expert\n", "found no layer in the files"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *path = import_file("x.csv", bad[i][0], -1);
        expect_failure(path, &options, bad[i][1]);
    }
}

/* Experts all once, in any order, and again: a pass that warms up, or rows that aren't the k best.
 * One pick that is another makes it a router's. */
static void
test_llama_whole(void)
{
    enum { EXPERTS = 16, BLOCKS = 2 };
    MoeImportOptions options = told;
    options.experts = EXPERTS;
    options.k = 4;
    for (int odd = 0; odd < 2; odd++) {
        g_autoptr(GString) text = g_string_new("layer,expert\n");
        MoeImportReport report = {0};
        for (int layer = 0; layer < 3; layer++)
            for (int i = 0; i < EXPERTS * BLOCKS; i++)
                g_string_append_printf(text, "%d,%d\n", layer,
                                       odd && layer == 2 && i == 3 ? 14 : i * 3 % EXPERTS);
        for (int layer = 0; layer < 3; layer++)
            append_picks(text, layer, 2 * layer, 4);
        g_autofree char *path = import_file("x.csv", text->str, -1);
        g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, &report);
        g_assert_cmpint(moe_trace_tokens(trace, -1), ==, 9);
        g_assert_true((report.notes == NULL) == odd);
        if (report.notes)
            g_assert_nonnull(strstr(report.notes, "1 passes (96 picks) list each of the 16 experts "
                                                  "once in every 16 picks"));
        g_free(report.notes);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/import-csv/plain", test_plain);
    g_test_add_func("/import-csv/plain-variants", test_plain_variants);
    g_test_add_func("/import-csv/plain-lines", test_plain_lines);
    g_test_add_func("/import-csv/plain-separators", test_plain_separators);
    g_test_add_func("/import-csv/plain-refused", test_plain_refused);
    g_test_add_func("/import-csv/llama", test_llama);
    g_test_add_func("/import-csv/llama-whole", test_llama_whole);
    g_test_add_func("/import-csv/llama-variants", test_llama_variants);
    int status = g_test_run();
    import_files_remove();
    return status;
}
