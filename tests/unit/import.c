/* SPDX-License-Identifier: MIT
 *
 * Importers on small files made after their descriptions: what comes out, and what is said of what
 * is missing or wrong.
 */
#include "import-trace.h"

#include <string.h>

/* --- JSON Lines -------------------------------------------------------------------------------*/

/* Two layers, a pass at a time; the second pass numbers its tokens from 0 again. */
static const char route[] =
    "{\"type\": \"meta\", \"model_id\": \"m\", \"top_k\": 2, \"layers_logged\": [1, 3]}\n"
    "{\"type\": \"route\", \"req_id\": \"r1\", \"token_idx\": 0, \"layer\": 3, "
    "\"topk_ids\": [5, 7], \"topk_weights\": [0.25, 0.5]}\n"
    "{\"type\": \"route\", \"req_id\": \"r1\", \"token_idx\": 1, \"layer\": 3, "
    "\"topk_ids\": [0, 1], \"topk_weights\": [0.5, 0.25]}\n"
    "{\"type\": \"route\", \"req_id\": \"r1\", \"token_idx\": 0, \"layer\": 1, "
    "\"topk_ids\": [4, 2], \"topk_weights\": [0.5, 0.5]}\n"
    "{\"type\": \"route\", \"req_id\": \"r1\", \"token_idx\": 1, \"layer\": 1, "
    "\"topk_ids\": [6, 3], \"topk_weights\": [0.75, 0.25]}\n"
    "{\"type\": \"route\", \"req_id\": \"r2\", \"token_idx\": 0, \"layer\": 1, "
    "\"topk_ids\": [1, 2], \"topk_weights\": [0.75, 0.25]}\n"
    "{\"type\": \"route\", \"req_id\": \"r2\", \"token_idx\": 0, \"layer\": 3, "
    "\"topk_ids\": [1, 2], \"topk_weights\": [0.75, 0.25]}\n"
    "{\"type\": \"route\", \"req_id\": \"r2\", \"token_idx\": 1, \"layer\": 3, "
    "\"topk_ids\": [1, 2], \"topk_weights\": [0.75, 0.25]}\n";

static void
test_vllm(void)
{
    MoeImportReport report;
    g_autofree char *path = import_gz("log", route);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, &report);
    g_assert_cmpstr(report.importer, ==, "vllm-jsonl");
    g_assert_cmpint(report.tokens, ==, 3);
    g_assert_cmpint(report.documents, ==, 2);
    g_assert_cmpint(report.incomplete, ==, 1);
    g_assert_cmpint(moe_trace_routers(trace), ==, 2);
    g_assert_cmpint(moe_trace_router(trace, 0)->layer, ==, 1);
    g_assert_cmpint(moe_trace_router(trace, 1)->layer, ==, 3);
    g_assert_cmpint(moe_trace_router(trace, 1)->experts, ==, 8);
    g_assert_cmpint(moe_trace_router(trace, 1)->k, ==, 2);
    g_assert_cmpstr(moe_trace_router(trace, 1)->score, ==, "softmax");
    g_assert_cmpint(moe_trace_domains(trace), ==, 0);
    /* In order of gates, equal ones by id. */
    expect_picks(trace, 0, "2:0.5 4:0.5, 6:0.75 3:0.25, 1:0.75 2:0.25");
    expect_picks(trace, 1, "7:0.5 5:0.25, 0:0.5 1:0.25, 1:0.75 2:0.25");
    expect_column(trace, "tokens/id", "-1 -1 -1");
    expect_column(trace, "tokens/doc", "0 0 1");
    expect_column(trace, "tokens/pos", "0 1 0");
}

static void
test_plain(void)
{
    static const char text[] =
        "{\"doc\": \"a\", \"id\": 17, \"domain\": \"prose\", \"layer\": 0, \"experts\": [1, 2]}\n"
        "{\"doc\": \"a\", \"id\": 18, \"domain\": \"prose\", \"layer\": 0, \"experts\": [3, -1], "
        "\"more\": {\"x\": []}}\n"
        "{\"doc\": 5, \"id\": 17, \"domain\": \"code\", \"layer\": 0, \"experts\": [0, 7]}\n";
    g_autofree char *path = import_file("plain", text, -1);
    MoeImportOptions options = told;
    options.gates = MOE_IMPORT_GATES_UNTOLD; /* there are none */
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, NULL);
    expect_picks(trace, 0, "1 2, 3 -1, 0 7");
    expect_column(trace, "tokens/id", "17 18 17");
    expect_column(trace, "tokens/pos", "0 1 0");
    expect_column(trace, "tokens/domain", "0 0 1");
    g_assert_cmpstr(moe_trace_domain_name(trace, 1), ==, "code");
}

/* The lines of a log as one array, on one line or over many; what follows the array is read too. */
static void
test_array(void)
{
    static const char plain[] =
        "\xef\xbb\xbf[\n  {\n    \"doc\": \"a\",\n    \"layer\": 0,\n    \"experts\": [\n      1,\n"
        "      2\n    ],\n    \"more\": [{}]\n  },\n  {\"doc\": \"a\", \"layer\": 0, \"experts\": "
        "[3, 4]}\n"
        "]\n";
    static const char *const pieces[] = {
        "[{\"layer\": 0, \"experts\": [1, 2]}, {\"layer\": 0, \"experts\": [3, 4]}]",
        "[{\"layer\": 0, \"experts\": [1, 2]}]\n[]\n{\"layer\": 0, \"experts\": [3, 4]}",
        plain,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        MoeImportReport report;
        g_autofree char *path = import_file("log.json", pieces[i], -1);
        g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, &report);
        g_assert_cmpstr(report.importer, ==, "jsonl");
        expect_picks(trace, 0, "1 2, 3 4");
    }
    g_autoptr(GString) text = g_string_new("[");
    g_auto(GStrv) lines = g_strsplit(route, "\n", -1);
    for (char **line = lines; **line; line++)
        g_string_append_printf(text, "%s%s", line > lines ? ",\n" : "", *line);
    g_string_append_c(text, ']');
    MoeImportReport report;
    g_autofree char *path = import_gz("log", text->str);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, &report);
    g_assert_cmpstr(report.importer, ==, "vllm-jsonl");
    expect_picks(trace, 0, "2:0.5 4:0.5, 6:0.75 3:0.25, 1:0.75 2:0.25");
}

static void
test_array_refused(void)
{
    static const char *const texts[][2] = {
        {"[{\"layer\": 0, \"experts\": [1, 2]}, 3]",
         "found an integer, expected an object a line, or a list of objects"},
        {"[{\"layer\": 0, \"experts\": [1, 2]}, [{\"layer\": 0, \"experts\": [1, 2]}]]",
         "found a list, expected an object a line, or a list of objects"},
        {"[{\"layer\": 0, \"experts\": [1, 2]}", "the text ends, expected ',' or ']'"},
        {"[{\"layer\": 0, \"experts\": [1, 2]},\n{\"layer\": 0}]", "line 2: found no experts"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *path = import_file("log.json", texts[i][0], -1);
        expect_failure(path, &told, texts[i][1]);
    }
}

static void
test_jsonl_refused(void)
{
    static const char *const lines[][2] = {
        {"{\"type\": \"meta\", \"top_k\": 2}\n{\"layer\": 0, \"topk_ids\": [1, 2]}\n"
         "{\"layer\": 0, \"topk_ids\": [1]}",
         "log: line 3: experts a token: found 1, 2 before"},
        {"{\"layer\": 0, \"topk_ids\": [1, 2]}\n{\"layer\": 0, \"topk_ids\": [1, 2], \"gates\": "
         "[1, 0]}",
         "log: line 2: some lines have gates, others have none"},
        {"{\"layer\": 0, \"topk_ids\": [1, 8]}", "found 8 experts, but the highest id is 8"},
        {"{\"layer\": 0, \"topk_ids\": [1, 99999]}",
         "log: line 1: found expert 99999, expected ids up to 65534"},
        {"{\"layer\": 0, \"topk_ids\": [1, 2], \"gates\": [1]}", "found 1 gates for 2 experts"},
        {"{\"layer\": 0, \"topk_ids\": [1, 2], \"k\": }", "line 1, byte 38: found '}'"},
        {"{\"layer\": -1, \"topk_ids\": [1, 2]}", "layer: found -1, expected 0 … 65535"},
        {"{\"topk_ids\": [1, 2], \"layer\": \"x\"}",
         "layer: found \"x\", expected a name that numbers it"},
        {"{\"topk_ids\": [1, 2], \"layers\": 4}", "log: line 1: found no layer"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *path = import_file("log", lines[i][0], -1);
        expect_failure(path, &told, lines[i][1]);
    }
    g_autofree char *twice = import_file(
        "log",
        "{\"pos\": 0, \"layer\": 0, \"topk_ids\": [1]}\n{\"pos\": 0, \"layer\": 0, \"topk_ids\": "
        "[1]}\n{\"pos\": 0, \"layer\": 1, \"topk_ids\": [1]}\n",
        -1);
    expect_failure(twice, &told, "found the same layer twice while 1 of 2 layers are missing");
}

/* Everything that isn't known is asked for at once, and nothing that is. */
static void
test_asks(void)
{
    static const char *const questions[] = {"--experts N", "--score softmax", "--select top-k",
                                            "--gates sum-to-one"};
    g_autofree char *path = import_file("log", route, -1);
    const MoeImportOptions nothing = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++)
        expect_failure(path, &nothing, questions[i]);
    MoeImportOptions options = told;
    options.k = 4;
    expect_failure(path, &options, "the files say k is 2, --k says 4");
    options = told;
    options.experts = 7;
    expect_failure(path, &options, "found 7 experts, but the highest id is 7; expected 8 …");
    options = told;
    options.domains = (const char *const[]){"a", "b"};
    options.n_domains = 2;
    expect_failure(path, &options, "found 2 domains for 1 sources");
    options = told;
    options.importer = "vlm-jsonl";
    expect_failure(path, &options, "did you mean vllm-jsonl");
    g_autofree char *other = import_file("other", "hello\n", -1);
    expect_failure(other, &told, "other: no importer knows this content");
    g_autofree char *wide = import_file("wide", "\xff\xfe{\0", 4);
    expect_failure(wide, &told, "wide: is text in UTF-16, expected UTF-8");
    g_autofree char *bare = import_file("bare", "", 0);
    expect_failure(bare, &told, "bare: is empty");
    g_autofree char *parts =
        import_file("parts.jsonl",
                    "{\"doc\": 0, \"pos\": 0, \"layer\": 0, \"experts\": [1]}\n"
                    "{\"doc\": 1, \"pos\": 0, \"layer\": 1, \"experts\": [1]}\n",
                    -1);
    expect_failure(parts, &told, "found no token with picks in all of the 2 layers: 2 have them");
    expect_failure("/nowhere/at/all", &told, "/nowhere/at/all: can't be read: No such file");
}

/* --- ESFT -------------------------------------------------------------------------------------*/

static void
test_esft(void)
{
    MoeImportReport report;
    g_autofree char *one =
        import_file("t/w_1.txt", "1\t2\t3\t4\t\t.25\t.5\t.75\t.125\n7\t0\t\t1\t0\n", -1);
    g_autofree char *ten G_GNUC_UNUSED =
        import_file("t/w_10.txt", "0\t2\t0\t4\t\t.5\t.5\t.25\t.5\n1\t0\t\t1\t0", -1);
    g_autofree char *two G_GNUC_UNUSED =
        import_file("t/w_2.txt", "5\t2\t5\t4\t\t.5\t.25\t.5\t.25\r\n5\t0\t\t1\t0\r\n", -1);
    g_autofree char *folder = g_path_get_dirname(one);
    MoeImportOptions options = told;
    options.k = 2;
    options.domains = (const char *const[]){"law"};
    options.n_domains = 1;
    g_autoptr(MoeTrace) trace = import_all((const char *[]){folder}, 1, &options, &report);
    g_assert_cmpstr(report.importer, ==, "esft");
    g_assert_cmpint(report.documents, ==, 2);
    g_assert_cmpint(moe_trace_router(trace, 2)->layer, ==, 10);
    expect_picks(trace, 0, "2:0.5 1:0.25, 3:0.75 4:0.125, 7:1 0:0");
    expect_picks(trace, 1, "5:0.5 2:0.25, 5:0.5 4:0.25, 5:1 0:0");
    expect_picks(trace, 2, "0:0.5 2:0.5, 4:0.5 0:0.25, 1:1 0:0");
    expect_column(trace, "tokens/doc", "0 0 1");
    expect_column(trace, "tokens/domain", "0 0 0");
    options.k = 0;
    expect_failure(folder, &options, "give --k N");
    options.k = 3;
    expect_failure(folder, &options, "w_1.txt: line 1: found 4 experts, expected a multiple of k");
}

static void
test_esft_refused(void)
{
    static const char *const cases[][3] = {
        {"w_1.txt", "1\t2\t\t.5\n", "found 2 experts and 1 weights"},
        {"w_1.txt", "1\t2\t.5\t.5\n", "expected experts, an empty column, and weights"},
        {"w_1.txt", "1\t2\t\t.5\tx\n", "weight 2 is no number"},
        {"w.txt", "1\t2\t\t.5\t.5\n", "found no number in the name"},
        {"w_1.txt", "1\t9\t\t.5\t.5\n", "line 1, token 0: layer 1: found expert 9, expected 0 … 7"},
    };
    MoeImportOptions options = told;
    options.k = 2;
    options.importer = "esft";
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = import_file(cases[i][0], cases[i][1], -1);
        expect_failure(path, &options, cases[i][2]);
    }
    g_autofree char *long_one = import_file("u/w_1.txt", "1\t2\t\t.5\t.5\n1\t2\t\t.5\t.5\n", -1);
    g_autofree char *short_one G_GNUC_UNUSED = import_file("u/w_2.txt", "1\t2\t\t.5\t.5\n", -1);
    g_autofree char *folder = g_path_get_dirname(long_one);
    expect_failure(folder, &options, "w_2.txt: line 1: found 0 experts where");
}

/* --- gpt-oss and OLMoE ------------------------------------------------------------------------*/

static const char print[] =
    "{\"dataset\": \"quiz\", \"full_text\": [\"<s>\", \" a\", \"b\\u00e9\", \" a\"],\n"
    " \"router_data\": [{\"token_1\": {\"layer_0\": {\"selected_experts\": [3, 1], "
    "\"selected_probs\": [0.75, 0.25]}, \"layer_1\": {\"selected_experts\": [2, 0], "
    "\"selected_probs\": [0.5, 0.5]}}},\n"
    " {\"token_3\": {\"layer_0\": {\"selected_experts\": [4, 5], "
    "\"selected_probs\": [0.5, 0.5]}, \"layer_1\": {\"selected_experts\": [6, 7], "
    "\"selected_probs\": [0.75, 0.25]}}}]}";

static void
test_gpt_oss(void)
{
    const MoeImportOptions options = {.experts = 8};
    g_autofree char *list = g_strdup_printf("[%s, %s]", print, print);
    g_autofree char *path = import_file("print.json", list, -1);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, NULL);
    expect_picks(trace, 0, "3:0.75 1:0.25, 4:0.5 5:0.5, 3:0.75 1:0.25, 4:0.5 5:0.5");
    expect_picks(trace, 1, "0:0.5 2:0.5, 6:0.75 7:0.25, 0:0.5 2:0.5, 6:0.75 7:0.25");
    expect_column(trace, "tokens/id", "1 1 1 1");
    expect_column(trace, "tokens/pos", "1 3 1 3");
    expect_column(trace, "tokens/doc", "0 0 1 1");
    g_assert_cmpstr(moe_trace_domain_name(trace, 0), ==, "quiz");
    g_assert_true(moe_trace_router(trace, 0)->gates_sum_to_one);
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), "\"b\xc3\xa9\""));
}

static void
test_gpt_oss_refused(void)
{
    const MoeImportOptions options = {.experts = 8};
    g_auto(GStrv) parts = g_strsplit(print, "\"layer_1\"", 2);
    g_autofree char *lacking = g_strdup_printf("%s\"layer_2\"%s", parts[0], parts[1]);
    g_autofree char *path = import_file("print.json", lacking, -1);
    expect_failure(path, &options, "token_1: found no layer_1");
    g_auto(GStrv) near = g_strsplit(print, "token_3", 2);
    g_autofree char *far = g_strdup_printf("%stoken_4%s", near[0], near[1]);
    g_autofree char *beyond = import_file("print.json", far, -1);
    expect_failure(beyond, &options, "found token_4, but full_text has 4 tokens");
}

static void
test_olmoe(void)
{
    static const char text[] =
        "{\"input_ids\": [11, 12], \"predicted_token_ids\": [12, 13], \"exp_ids\": "
        "[[[1, 2, 3], [4, 5, 6]], [[7, 0, 1], [0, 1, 2]]]}\n"
        "{\"exp_ids\": [[[1, 1, 1], [2, 2, 2]]], \"input_ids\": [9]}\n";
    g_autoptr(GString) list = g_string_new(text);
    g_string_replace(list, "}\n{", "},\n{", 0);
    g_string_prepend_c(list, '[');
    g_string_append_c(list, ']');
    g_autofree char *path = import_file("c4_results.jsonl", text, -1);
    g_autofree char *listed = import_file("c4_results.json", list->str, -1);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path, listed}, 2, &told, NULL);
    g_assert_cmpint(moe_trace_routers(trace), ==, 3);
    expect_picks(trace, 0, "1 4, 7 0, 1 2, 1 4, 7 0, 1 2");
    expect_picks(trace, 2, "3 6, 1 2, 1 2, 3 6, 1 2, 1 2");
    expect_column(trace, "tokens/id", "11 12 9 11 12 9");
    expect_column(trace, "tokens/doc", "0 0 1 2 2 3");
    static const int layers[] = {1, 2, 3};
    MoeImportOptions numbered = told;
    numbered.layers = layers;
    numbered.n_layers = G_N_ELEMENTS(layers);
    g_autoptr(MoeTrace) other = import_all((const char *[]){path}, 1, &numbered, NULL);
    g_assert_cmpint(moe_trace_router(other, 2)->layer, ==, 3);
    static const char *const bad[][2] = {
        {"{\"exp_ids\": [[[1, 2], [3]]]}", "exp_ids: found 1 layers, expected 2 as before"},
        {"{\"exp_ids\": [[[1], [3]], [[1]]]}", "found 1 experts a token, expected 2 as before"},
        {"{\"exp_ids\": [[1, 3]]}", "expected lists in lists in a list"},
        {"{\"input_ids\": [1, 2], \"exp_ids\": [[[1]]]}", "found 2 input_ids and 1 exp_ids"},
        {"{\"exp_ids\": []}", "found a line without exp_ids"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *spoilt = import_file("o.jsonl", bad[i][0], -1);
        expect_failure(spoilt, &told, bad[i][1]);
    }
}

/* --- Megatron ---------------------------------------------------------------------------------*/

/* Two layers; the second pass is of the same step, the fourth lacks a layer. */
static void
test_megatron(void)
{
    static const char line[] =
        "{\"step\": %d, \"stage\": \"pre_dispatch\", \"block\": \"%s\", "
        "\"layer\": %d, \"rank\": 0, \"num_tokens\": 2, \"topk\": 2, "
        "\"top_indices\": %s, \"logit_offset\": 0, \"logit_shape\": [2, 8]}\n";
    static const struct {
        int step, layer;
        const char *block, *picks;
    } records[] = {
        {0, 4, "decoder", "[[1, 2], [3, 4]]"},
        {0, 6, "decoder", "[[5, 6], [7, 0]]"},
        {0, 4, "mtp", "[[0, 1]]"},
        {0, 4, "decoder", "[[2, 3]]"},
        {0, 6, "decoder", "[[4, 5]]"},
        {1, 6, "decoder", "[[0, 1]]"},
        {1, 4, "decoder", "[[6, 7]]"},
        {2, 4, "decoder", "[[1, 2], [2, 3]]"},
    };
    MoeImportReport report;
    MoeImportOptions options = told;
    options.experts = 0; /* the logits' shape says it */
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(records); i++)
        g_string_append_printf(text, line, records[i].step, records[i].block, records[i].layer,
                               records[i].picks);
    g_autofree char *path = import_file("router_trace_rank0.jsonl", text->str, -1);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, &report);
    g_assert_cmpstr(report.importer, ==, "megatron");
    g_assert_nonnull(strstr(report.notes, "of 7 lines 0 have logits"));
    g_free(report.notes);
    g_assert_cmpint(report.incomplete, ==, 2);
    expect_picks(trace, 0, "1 2, 3 4, 2 3, 6 7");
    expect_picks(trace, 1, "5 6, 7 0, 4 5, 0 1");
    expect_column(trace, "tokens/doc", "0 0 1 2");
    expect_column(trace, "tokens/pos", "0 1 0 0");
    static const char *const bad[][2] = {
        {"{\"step\": 0, \"layer\": 0, \"top_indices\": [[1, 2], [3]]}",
         "found a token with 1 experts, expected 2"},
        {"{\"layer\": 0, \"top_indices\": [[1, 2]]}", "found a line without step or layer"},
        {"{\"step\": 0, \"layer\": 0, \"top_indices\": [1, 2]}", "expected lists in a list"},
        {"{\"step\": 0, \"layer\": 0, \"top_indices\": [[1]]}\n"
         "{\"step\": 0, \"layer\": 1, \"top_indices\": [[1], [2]]}",
         "layer 1 has 2 tokens in the pass that ends here, expected 1"},
        {"{\"step\": 0, \"layer\": 0, \"top_indices\": [[9]], \"logit_shape\": [1, 8]}",
         "found 8 experts, but the highest id is 9"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *spoilt = import_file("m.jsonl", bad[i][0], -1);
        expect_failure(spoilt, i < 4 ? &told : &options, bad[i][1]);
    }
}

/* --- The registry -----------------------------------------------------------------------------*/

static void
test_register(void)
{
    MoeImporter importer = *moe_importer_find("esft");
    g_autoptr(GError) taken = NULL, size = NULL, slot = NULL;
    g_assert_false(moe_importer_register(&importer, &taken));
    g_assert_cmpstr(taken->message, ==, "importer esft has a name that is taken");
    importer.struct_size--;
    g_assert_false(moe_importer_register(&importer, &size));
    g_assert_error(size, MOE_ERROR, MOE_ERROR_UNSUPPORTED);
    importer.struct_size++;
    importer.name = "mine";
    importer.read = NULL;
    g_assert_false(moe_importer_register(&importer, &slot));
    g_assert_cmpstr(slot->message, ==, "importer mine lacks help, cite, score or read");
}

/* What is no file, and folders that hold nothing but folders. */
static void
test_places(void)
{
    expect_failure("-", &told,
                   "-: not a file; importers read some twice, so a pipe won't do: write");
    g_autofree char *file = import_file("tasks/intent/expert_weights_1.txt", "1\t\t0.5\n", -1);
    g_autofree char *inside = g_path_get_dirname(file), *outside = g_path_get_dirname(inside);
    expect_failure(outside, &told,
                   "found no file in this folder that an importer knows; the folders in it aren't "
                   "looked into: name those that are meant (intent)");
    g_autofree char *empty =
        import_file("x.json", "{\"full_text\": [\"a\"], \"router_data\": []}", -1);
    expect_failure(empty, &told, "found no routed token: the router_data of all 1 texts are empty");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/import/vllm", test_vllm);
    g_test_add_func("/import/plain", test_plain);
    g_test_add_func("/import/array", test_array);
    g_test_add_func("/import/array-refused", test_array_refused);
    g_test_add_func("/import/jsonl-refused", test_jsonl_refused);
    g_test_add_func("/import/asks", test_asks);
    g_test_add_func("/import/esft", test_esft);
    g_test_add_func("/import/esft-refused", test_esft_refused);
    g_test_add_func("/import/gpt-oss", test_gpt_oss);
    g_test_add_func("/import/gpt-oss-refused", test_gpt_oss_refused);
    g_test_add_func("/import/olmoe", test_olmoe);
    g_test_add_func("/import/megatron", test_megatron);
    g_test_add_func("/import/register", test_register);
    g_test_add_func("/import/places", test_places);
    int status = g_test_run();
    import_files_remove();
    return status;
}
