/* SPDX-License-Identifier: MIT
 *
 * Responses of SGLang and vLLM with routed experts, made as the servers make them: base64 of bare
 * int32, of a .npy file, and objects with shape and dtype.
 */
#include "import-trace.h"

/* Two tokens, three layers of which the first has no experts, k 2. */
static const int ids[2][3][2] = {{{0, 0}, {1, 2}, {7, 0}}, {{0, 0}, {3, 4}, {5, 6}}};
enum { IDS = 12 };

/* The ids as little-endian integers behind `head`, in base64. (transfer full) */
static char *
encode(const char *head, size_t head_length, int width)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)head, (guint)head_length);
    for (int i = 0; i < IDS; i++) {
        guint8 cell[8] = {(guint8)(&ids[0][0][0])[i]};
        g_byte_array_append(bytes, cell, (guint)width);
    }
    return g_base64_encode(bytes->data, bytes->len);
}

/* (transfer full) */
static char *
encode_npy(const char *type, int width)
{
    g_autoptr(GString) text = g_string_new("\x93NUMPY\x01");
    g_string_append_c(text, 0);
    g_string_append_len(text, "\x76", 2); /* 118 and 0: the header's length */
    g_string_append_printf(text, "{'descr': '%s', 'fortran_order': False, 'shape': (2, 3, 2), }",
                           type);
    while (text->len < 127)
        g_string_append_c(text, ' ');
    g_string_append_c(text, '\n');
    return encode(text->str, text->len, width);
}

static void
expect_both(const char *json, int documents)
{
    MoeImportReport report;
    MoeImportOptions options = told;
    options.k = 2;
    g_autofree char *path = import_file("answer.json", json, -1);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, &report);
    g_free(report.notes);
    g_assert_cmpstr(report.importer, ==, "routed-experts");
    g_assert_cmpint(report.documents, ==, documents);
    g_assert_cmpint(moe_trace_routers(trace), ==, 2);
    g_assert_cmpint(moe_trace_router(trace, 0)->layer, ==, 1);
    expect_picks(trace, 0, documents == 1 ? "1 2, 3 4" : "1 2, 3 4, 1 2, 3 4");
    expect_picks(trace, 1, documents == 1 ? "7 0, 5 6" : "7 0, 5 6, 7 0, 5 6");
    expect_column(trace, "tokens/pos", documents == 1 ? "0 1" : "0 1 0 1");
}

static void
test_sglang(void)
{
    g_autofree char *bare = encode("", 0, 4);
    g_autofree char *one =
        g_strdup_printf("{\"text\": \"x\", \"meta_info\": {\"id\": \"a\", \"prompt_tokens\": 2, "
                        "\"routed_experts\": \"%s\", \"completion_tokens\": 1}}",
                        bare);
    g_autofree char *list = g_strdup_printf("[%s, %s]", one, one);
    g_autofree char *lines = g_strdup_printf("%s\n%s\n", one, one);
    g_autofree char *chat = g_strdup_printf(
        "{\"choices\": [{\"index\": 0}], \"usage\": {\"prompt_tokens\": 1, \"completion_tokens\": "
        "2}, \"sglext\": {\"routed_experts\": \"%s\"}}",
        bare);
    expect_both(one, 1);
    expect_both(chat, 1);
    expect_both(list, 2);
    expect_both(lines, 2);
}

static void
test_vllm(void)
{
    static const struct {
        const char *type, *name;
        int width;
    } kinds[] = {{"|u1", "uint8", 1},
                 {"<u2", "uint16", 2},
                 {"<i2", "int16", 2},
                 {"<i4", "int32", 4},
                 {"<i8", "int64", 8}};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *npy = encode_npy(kinds[i].type, kinds[i].width);
        g_autofree char *bare = encode("", 0, kinds[i].width);
        g_autofree char *file = g_strdup_printf(
            "{\"choices\": [{\"routed_experts\": null}, {\"routed_experts\": \"%s\"}]}", npy);
        g_autofree char *envelope = g_strdup_printf(
            "{\"routed_experts\": {\"shape\": [2, 3, 2], \"dtype\": \"%s\", \"data_base64\": "
            "\"%s\"}}",
            kinds[i].name, bare);
        expect_both(file, 1);
        expect_both(envelope, 1);
    }
}

/* As trainers keep them; a token of which no route was captured is left out. */
static void
test_trainers(void)
{
    g_autofree char *bare = encode("", 0, 2);
    g_autofree char *fork =
        g_strdup_printf("{\"meta_info\": {\"prompt_tokens\": 2, \"routed_experts\": \"%s\", "
                        "\"routed_experts_dtype\": \"uint16\", \"completion_tokens\": 1}}",
                        bare);
    expect_both(fork, 1);
    g_autofree char *nemo =
        g_strdup_printf("{\"routed_experts\": \"nrlre1:int16:2x3x2:%s\"}", bare);
    expect_both(nemo, 1);
    MoeImportReport report;
    g_autofree char *path =
        import_file("lost.json",
                    "{\"routed_experts\": {\"shape\": [3, 2, 2], \"dtype\": \"int8\", "
                    "\"data_base64\": \"AAABAv////8AAAMA\"}}",
                    -1);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, &report);
    g_assert_cmpint(report.incomplete, ==, 1);
    g_assert_cmpint(moe_trace_routers(trace), ==, 1); /* the first layer has zeros */
    expect_picks(trace, 0, "1 2, 3 0");
    expect_column(trace, "tokens/pos", "0 2");
}

/* As somebody dumps what tolist() makes of them. */
static void
test_lists(void)
{
    expect_both("{\"id\": 1, \"routed_experts\": [[[0, 0], [1, 2], [7, 0]],\n [[0, 0], [3, 4], [5, "
                "6]]], \"usage\": {}}",
                1);
}

/* What was asked and what was answered are one document. */
static void
test_prompt(void)
{
    g_autofree char *npy = encode_npy("<i2", 2);
    g_autofree char *text = g_strdup_printf("{\"choices\": [{\"routed_experts\": \"%s\"}], "
                                            "\"prompt_routed_experts\": \"%s\"}",
                                            npy, npy);
    g_autofree char *path = import_gz("answer", text);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, NULL);
    expect_column(trace, "tokens/doc", "0 0 0 0");
    expect_column(trace, "tokens/pos", "0 1 2 3");
}

/* As numpy writes arrays of other versions, orders of bytes and axes, which are those of two
 * tokens. */
static void
test_npy(void)
{
    static const struct {
        char version;
        const char *order, *type, *shape;
        int big;
    } kinds[] = {{2, "False", "<i2", "(2, 3, 2)", 0},
                 {1, "False", ">i2", "(2, 3, 2)", 1},
                 {1, "False", "<i2", "(1, 2, 3, 2)", 0},
                 {1, "True", "<i2", "(2, 3, 2)", 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        bool fortran = g_str_equal(kinds[i].order, "True");
        g_autoptr(GString) head = g_string_new(NULL);
        g_string_append_printf(head, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n",
                               kinds[i].type, kinds[i].order, kinds[i].shape);
        g_autoptr(GString) npy = g_string_new("\x93NUMPY");
        g_string_append_c(npy, kinds[i].version);
        g_string_append_c(npy, 0);
        g_string_append_c(npy, (char)head->len);
        g_string_append_len(npy, "\0\0", kinds[i].version == 1 ? 1 : 3);
        g_string_append(npy, head->str);
        for (int cell = 0; cell < IDS; cell++) {
            int t = cell % 2, layer = cell / 2 % 3, slot = cell / 6; /* of Fortran's order */
            int id = fortran ? ids[t][layer][slot] : (&ids[0][0][0])[cell];
            g_string_append_c(npy, (char)(kinds[i].big ? 0 : id));
            g_string_append_c(npy, (char)(kinds[i].big ? id : 0));
        }
        g_autofree char *text = g_base64_encode((const guchar *)npy->str, npy->len);
        g_autofree char *json = g_strdup_printf("{\"routed_experts\": \"%s\"}", text);
        g_test_message("%s", head->str);
        expect_both(json, 1);
    }
}

/* Bare ids of another type than int32, which only the caller knows. */
static void
test_id_type(void)
{
    MoeImportOptions options = told;
    options.k = 2;
    g_autofree char *bare = encode("", 0, 2);
    g_autofree char *text = g_strdup_printf(
        "{\"prompt_tokens\": 2, \"completion_tokens\": 1, \"routed_experts\": \"%s\"}", bare);
    g_autofree char *path = import_file("answer", text, -1);
    expect_failure(path, &options, "k = 2 (--k) don't divide (--id-type says what ids are)");
    options.k = 1;
    expect_failure(path, &options, "expected -1 … 65534 (--id-type says what ids are)");
    options.k = 2;
    options.id_type = "int16";
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, NULL);
    expect_picks(trace, 0, "1 2, 3 4");
    options.id_type = "half";
    expect_failure(path, &options, "found type half, expected integers");
    options.id_type = "int64";
    expect_failure(path, &options, "2 tokens and k = 2 (--k) don't divide (--id-type says");
    g_autofree char *said = g_strdup_printf("{\"routed_experts_dtype\": \"int16\", %s", text + 1);
    g_autofree char *other = import_file("other", said, -1);
    expect_failure(other, &options, "routed_experts_dtype says int16, --id-type int64");
}

/* Rows of a prefix that was cached aren't sent again. */
static void
test_start_of_array(void)
{
    g_autofree char *bare = encode("", 0, 2);
    g_autofree char *text =
        g_strdup_printf("{\"routed_experts\": {\"data\": \"%s\", \"shape\": [2, "
                        "3, 2], \"dtype\": \"int16\", \"start\": 20}}",
                        bare);
    g_autofree char *path = import_file("answer", text, -1);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, NULL);
    expect_column(trace, "tokens/pos", "20 21");
}

static void
test_refused(void)
{
    MoeImportOptions options = told;
    options.k = 2;
    static const char *const cases[][2] = {
        {"{\"routed_experts\": \"AAAA!A==\"}", "line 1, byte 19: found what isn't base64"},
        {"{\"routed_experts\": \"AAA\"}", "found what isn't base64"},
        {"{\"routed_experts\": \"AAAA\"}", "found 3 bytes, expected int32"},
        {"{\"routed_experts\": \"AAAA\", \"routed_experts_dtype\": \"uint16\"}",
         "found 3 bytes, expected uint16"},
        {"{\"routed_experts\": \"AAAA\", \"routed_experts_dtype\": \"half\"}",
         "found type half, expected integers"},
        {"{\"routed_experts\": \"AQAAAA==\"}", "needs prompt_tokens and completion_tokens"},
        {"{\"routed_experts\": \"AQAAAA==\", \"prompt_tokens\": 2, \"completion_tokens\": 2}",
         "found 4 bytes of int32, which 3 tokens and k = 2 (--k) don't divide"},
        {"{\"routed_experts\": {\"shape\": [1, 2], \"dtype\": \"int8\"}}", "a shape of 2 axes"},
        {"{\"routed_experts\": {\"shape\": [1, 1, 2], \"dtype\": \"float16\", \"data\": \"\"}}",
         "found type float16, expected integers"},
        {"{\"routed_experts\": {\"shape\": [1, 1, 2], \"dtype\": \"int8\", \"data\": \"AQ==\"}}",
         "found 1 ids for the shape (1, 1, 2)"},
        {"{\"routed_experts\": {\"shape\": [2147483647, 65535, 65535], \"dtype\": \"int8\", "
         "\"data\": \"AQ==\"}}",
         "found 1 ids for the shape"},
        {"{\"routed_experts\": {\"shape\": [1, 1, 1], \"data\": \"AQ==\"}}",
         "expected shape, dtype and data_base64"},
        {"{\"routed_experts\": \"nrlre1:int16:2x3:AAAA\"}", "expected nrlre1:TYPE:SxLxK:BASE64"},
        {"{\"routed_experts\": \"nrlre1:int16:2x3x1:AAAA\"}",
         "found 1 ids for the shape (2, 3, 1)"},
        {"{\"routed_experts\": \"k05VTVBZAQB2AA==\"}", "found a .npy that ends too early"},
        {"{\"routed_experts\": {\"shape\": [1, 1, 1], \"dtype\": \"int8\", \"data\": \"AQ==\", "
         "\"start\": "
         "2147483647}}",
         "found 1 tokens from 2147483647 on"},
        {"{\"routed_experts\": \"UEsDBA==\"}", "found a .npz or another archive"},
        {"{\"routed_experts\": [1, 2]}", "expected lists [tokens][layers][k]"},
        {"{\"routed_experts\": 7}", "expected base64, an object with it, or lists of ids"},
        {"{\"routed_experts\": [[[1, 2], [3]]]}", "found 1 ids, expected 2"},
        {"{\"routed_experts\": [[[1, 2]], [[1, 2], [3, 4]]]}", "lists [tokens][layers][k]"},
        {"{\"routed_experts\": [[[1, 2]], []]}", "lists [tokens][layers][k]"},
        {"{\"routed_experts\": [[[]]]}", "found 0 ids, expected 1"},
        {"{\"routed_experts\": [[[[1, 2]]]]}", "found a list, expected an integer"},
        {"{\"routed_experts\": []}", "found 0 ids for the shape (0, 0, 0)"},
        {"{\"routed_experts\": null}", "the responses carry no routed experts (null in all"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = import_file("answer", cases[i][0], -1);
        expect_failure(path, &options, cases[i][1]);
    }
    g_autofree char *bare = encode("", 0, 4);
    g_autofree char *text = g_strdup_printf(
        "{\"prompt_tokens\": 2, \"completion_tokens\": 1, \"routed_experts\": \"%s\"}", bare);
    g_autofree char *path = import_file("answer", text, -1);
    expect_failure(path, &told, "give --k N");
}

/* --- Beside arrays ----------------------------------------------------------------------------*/

static MoeTrace *
import_response(const char *json, const MoeImportOptions *options, const char *note)
{
    MoeImportReport report;
    g_autofree char *path = import_file("response.json", json, -1);
    MoeTrace *trace = import_all((const char *[]){path}, 1, options, &report);
    g_autofree char *notes = report.notes;
    if (note && !strstr(notes ? notes : "", note))
        g_error("found \"%s\", expected \"%s\"", notes, note);
    return trace;
}

/* Rows from where they start; the counts would also go with fewer layers. */
static void
test_start(void)
{
    MoeImportOptions options = told;
    const int layers[] = {0, 1, 2};
    g_autofree char *bare = encode("", 0, 4);
    g_autofree char *started = g_strdup_printf(
        "{\"output_ids\": [8, 9, 10], \"meta_info\": {\"prompt_tokens\": 4, \"completion_tokens\": "
        "3, \"routed_experts\": \"%s\", \"routed_experts_start_len\": 4, \"input_token_logprobs\": "
        "[[null, 6, null], [-0.5, 7, \"x\"]]}}",
        bare);
    g_autofree char *untold = g_strdup_printf(
        "{\"prompt_tokens\": 4, \"completion_tokens\": 3, \"routed_experts\": \"%s\"}", bare);
    options.k = 2;
    g_autoptr(MoeTrace) trace = import_response(started, &options, "they have 3 layers");
    expect_picks(trace, 0, "1 2, 3 4");
    expect_column(trace, "tokens/pos", "4 5");
    expect_column(trace, "tokens/id", "8 9");
    g_autoptr(MoeTrace) other = import_response(untold, &options, "they have 1 layers");
    g_assert_nonnull(other);
    options.layers = layers;
    options.n_layers = G_N_ELEMENTS(layers);
    g_autofree char *path = import_file("untold.json", untold, -1);
    expect_failure(path, &options, "bare arrays have 1 layers, --layers names 3");
}

/* Ids of tokens as SGLang and vLLM return them. */
static void
test_token_ids(void)
{
    MoeImportOptions options = told;
    options.k = 2;
    g_autofree char *bare = encode("", 0, 4), *npy = encode_npy("<i2", 2);
    g_autofree char *sglang = g_strdup_printf(
        "{\"output_ids\": [9], \"meta_info\": {\"input_token_logprobs\": [[null, 6, null], "
        "[-0.5, 7, \"x\"]], \"prompt_tokens\": 2, \"completion_tokens\": 1, \"routed_experts\": "
        "\"%s\"}}",
        bare);
    g_autofree char *vllm = g_strdup_printf(
        "{\"prompt_token_ids\": [1, 2], \"choices\": [{\"token_ids\": [3, 4, 5], "
        "\"routed_experts\": \"%s\"}, {\"token_ids\": [6, 7], \"routed_experts\": \"%s\"}], "
        "\"prompt_routed_experts\": \"%s\"}",
        npy, npy, npy);
    g_autofree char *odd =
        g_strdup_printf("{\"prompt_token_ids\": [1, 2, 3, 4, 5], \"routed_experts\": \"%s\"}", npy);
    g_autoptr(MoeTrace) first = import_response(sglang, &options, NULL);
    expect_column(first, "tokens/id", "6 7");
    g_autoptr(MoeTrace) second = import_response(vllm, &options, NULL);
    expect_column(second, "tokens/id", "1 2 3 4 6 7");
    expect_column(second, "tokens/doc", "0 0 0 0 1 1");
    expect_column(second, "tokens/pos", "0 1 2 3 2 3");
    g_autoptr(MoeTrace) third = import_response(
        odd, &options, "1 documents have ids of tokens in another number than their rows say");
    expect_column(third, "tokens/id", "-1 -1");
}

/* Several responses in an object: each array has the counts that are nearest to it. */
static void
test_wrapped(void)
{
    g_autofree char *bare = encode("", 0, 4);
    g_autofree char *chat = g_strdup_printf(
        "{\"responses\": [{\"usage\": {\"prompt_tokens\": 1, \"completion_tokens\": 2}, "
        "\"sglext\": "
        "{\"routed_experts\": \"%s\"}}, {\"sglext\": {\"routed_experts\": \"%s\"}, \"usage\": "
        "{\"prompt_tokens\": 2, \"completion_tokens\": 1}}, {\"usage\": {\"prompt_tokens\": 7, "
        "\"completion_tokens\": null}}]}",
        bare, bare);
    expect_both(chat, 2);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/import-routed/sglang", test_sglang);
    g_test_add_func("/import-routed/vllm", test_vllm);
    g_test_add_func("/import-routed/trainers", test_trainers);
    g_test_add_func("/import-routed/lists", test_lists);
    g_test_add_func("/import-routed/prompt", test_prompt);
    g_test_add_func("/import-routed/npy", test_npy);
    g_test_add_func("/import-routed/id-type", test_id_type);
    g_test_add_func("/import-routed/start-of-array", test_start_of_array);
    g_test_add_func("/import-routed/refused", test_refused);
    g_test_add_func("/import-routed/start", test_start);
    g_test_add_func("/import-routed/token-ids", test_token_ids);
    g_test_add_func("/import-routed/wrapped", test_wrapped);
    int status = g_test_run();
    import_files_remove();
    return status;
}
