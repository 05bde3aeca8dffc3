/* SPDX-License-Identifier: MIT
 *
 * Logs whose tokens don't all have as many experts: k of each layer, k that varies, tokens without
 * any; and experts with a line each that don't stand together. What is exported comes back.
 */
#include "import-trace.h"

#include <moescope/export.h>
#include <moescope/safetensors.h>

static MoeTrace *
import_text(const char *name, const char *text, const MoeImportOptions *options, char **notes)
{
    MoeImportReport report = {0};
    g_autofree char *path = import_file(name, text, -1);
    MoeTrace *trace = import_all((const char *[]){path}, 1, options, &report);
    *notes = report.notes;
    return trace;
}

static void
test_layers(void)
{
    static const char text[] =
        "{\"pos\": 0, \"layer\": 0, \"experts\": [3], \"gates\": [1]}\n"
        "{\"pos\": 0, \"layer\": 2, \"experts\": [1, 5], \"gates\": [1, 2]}\n"
        "{\"pos\": 1, \"layer\": 2, \"experts\": [0, 7], \"gates\": [2, 1]}\n"
        "{\"pos\": 1, \"layer\": 0, \"experts\": [4], \"gates\": [1]}\n";
    g_autofree char *notes = NULL;
    g_autoptr(MoeTrace) trace = import_text("x.jsonl", text, &told, &notes);
    g_assert_null(notes);
    g_assert_cmpint(moe_trace_router(trace, 0)->k, ==, 1);
    g_assert_cmpint(moe_trace_router(trace, 1)->k, ==, 2);
    expect_picks(trace, 0, "3:1, 4:1");
    expect_picks(trace, 1, "5:2 1:1, 0:2 7:1");
}

static void
test_varies(void)
{
    static const char *const texts[][2] = {
        {"x.jsonl", "{\"layer\": 0, \"experts\": [1, 2]}\n{\"layer\": 0, \"experts\": []}\n"
                    "{\"layer\": 0, \"experts\": [-1, 3]}\n"},
        {"x.csv", "layer,experts\n0,1 2\n0,[]\n0,3\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *notes = NULL;
        g_autoptr(MoeTrace) trace = import_text(texts[i][0], texts[i][1], &told, &notes);
        g_assert_nonnull(
            strstr(notes, "of 3 tokens that were looked at have 2 experts, others as few as 0"));
        g_assert_cmpint(moe_trace_router(trace, 0)->k, ==, 0);
        expect_picks(trace, 0, "1 2, -1 -1, 3 -1");
    }
    /* --k says that they don't vary. */
    MoeImportOptions options = told;
    options.k = 2;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *path = import_file(texts[i][0], texts[i][1], -1);
        expect_failure(path, &options, "experts a token: found 0, 2 before");
    }
    g_autofree char *cut = import_file("x.csv", "layer,experts\n0,1 2\n0,1\n", -1);
    expect_failure(cut, &options, "x.csv: line 3: experts a token: found fewer than 2 (--k");
}

/* Lines about layers, which those of tokens have to keep to. */
static void
test_stated(void)
{
#define ABOUT(layer, experts, k)                                                                \
    "{\"type\": \"meta\", \"layer\": " #layer ", \"num_experts\": " #experts ", \"top_k\": " #k \
    "}\n"
#define LINE(layer, experts) "{\"layer\": " #layer ", \"experts\": [" experts "]}\n"
    static const char whole[] = ABOUT(0, 4, 2) ABOUT(1, 8, 0) LINE(0, "1, 3") LINE(1, "7");
    static const char *const wrong[][2] = {
        {ABOUT(0, 4, 2) LINE(0, "1"), "layer 0: found a token with 1 experts, expected 2 (top_k"},
        {ABOUT(0, 4, 2) ABOUT(0, 4, 1) LINE(0, "1"), "line 2: layer 0: k: found 1, 2 before"},
        {ABOUT(0, 4, 1) LINE(0, "1") LINE(1, "2"), "nothing in the files says how many experts"},
        {ABOUT(0, 4, 1) ABOUT(1, 8, 1) LINE(0, "5") LINE(1, "2"), "layer 0: found expert 5"},
        {ABOUT(0, 1, 2) ABOUT(1, 8, 2) LINE(0, "0, 0") LINE(1, "2, 3"),
         "layer 0: found k = 2 with 1 experts"},
    };
    MoeImportOptions options = told;
    options.experts = 0;
    options.gates = MOE_IMPORT_GATES_UNTOLD;
    g_autofree char *notes = NULL;
    g_autoptr(MoeTrace) trace = import_text("x.jsonl", whole, &options, &notes);
    g_assert_null(notes); /* that k varies was said */
    g_assert_cmpint(moe_trace_router(trace, 0)->experts, ==, 4);
    g_assert_cmpint(moe_trace_router(trace, 1)->experts, ==, 8);
    g_assert_cmpint(moe_trace_router(trace, 1)->k, ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *path = import_file("x.jsonl", wrong[i][0], -1);
        expect_failure(path, &options, wrong[i][1]);
    }
    options.experts = 8;
    g_autofree char *path = import_file("x.jsonl", whole, -1);
    expect_failure(path, &options, "the files say that layers differ in experts, --experts says 8");
}

/* --- Experts with a line each -----------------------------------------------------------------*/

/* As pandas.melt() has them: the first picks of all tokens, then the second. */
static const char melted[] = "pos,layer,expert,weight\n"
                             "0,0,5,0.5\n1,0,4,0.25\n2,0,3,1\n0,1,1,1\n1,1,2,1\n2,1,0,1\n"
                             "0,0,2,0.75\n1,0,7,0.125\n2,0,1,2\n0,1,3,2\n1,1,4,2\n2,1,5,2\n";

static void
test_apart(void)
{
    g_autofree char *path = import_file("melt.csv", melted, -1);
    expect_failure(path, &told, "line 8: document 0, token 0: found it again");
    MoeImportOptions options = told;
    options.k = 2;
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, NULL);
    expect_picks(trace, 0, "2:0.75 5:0.5, 4:0.25 7:0.125, 1:2 3:1");
    expect_picks(trace, 1, "3:2 1:1, 4:2 2:1, 5:2 0:1");
    expect_column(trace, "tokens/pos", "0 1 2");
    options.k = 3;
    expect_failure(path, &options, "found no token with 3 experts in every layer (--k)");
}

/* Three picks a token, of which two make a token whole. */
static void
test_too_many(void)
{
    static const char text[] = "pos,layer,expert\n0,0,5\n1,0,4\n0,0,2\n1,0,7\n0,0,3\n1,0,6\n";
    MoeImportOptions options = told;
    options.k = 2;
    g_autofree char *path = import_file("melt.csv", text, -1);
    expect_failure(path, &options, "line 6: document 0, token 0: found more experts than 2 (--k)");
    options.k = 3;
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, NULL);
    expect_picks(trace, 0, "5 2 3, 4 7 6");
}

/* --- There and back ---------------------------------------------------------------------------*/

enum { ROUTERS = 3, EXPERTS = 6, TOKENS = 40 };

static const int router_k[ROUTERS] = {1, 3, 0};
static const int router_experts[ROUTERS] = {EXPERTS, EXPERTS, EXPERTS - 2};

/* How many picks a token has. */
static int
used(int router, int token)
{
    return router_k[router] > 0 ? router_k[router] : token % 4;
}

static char *
make_trace(void)
{
    g_autoptr(GError) error = NULL;
    MoeRouterInfo infos[ROUTERS];
    int32_t place[TOKENS], doc[TOKENS], *expert[ROUTERS];
    float *gate[ROUTERS];
    MoeTracePicks picks[ROUTERS];
    for (int r = 0; r < ROUTERS; r++) {
        int width = router_k[r] ? router_k[r] : router_experts[r];
        infos[r] = (MoeRouterInfo){.layer = 2 * r,
                                   .experts = router_experts[r],
                                   .k = router_k[r],
                                   .units_per_token = 1,
                                   .causal = true,
                                   .score = (char *)"softmax",
                                   .select = (char *)"top-k",
                                   .gate = (char *)"score"};
        expert[r] = g_new(int32_t, TOKENS * EXPERTS);
        gate[r] = g_new0(float, TOKENS *EXPERTS);
        for (int i = 0; i < TOKENS * width; i++) {
            bool is = i % width < used(r, i / width);
            expert[r][i] = is ? (i / width + i % width) % router_experts[r] : -1;
            gate[r][i] = is ? 1.0f / (float)(1 << (i % width)) : 0;
        }
        picks[r] = (MoeTracePicks){.expert = expert[r], .gate = gate[r]};
    }
    for (int t = 0; t < TOKENS; t++)
        doc[t] = 0, place[t] = t;
    const MoeTraceTokens tokens = {.n = TOKENS, .id = place, .doc = doc, .pos = place};
    const MoeTraceOptions options = {.gates = true};
    char *path = import_file("trace.npz", "", 0);
    g_autofree char *meta = moe_trace_meta(infos, ROUTERS, NULL, 0, NULL);
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, infos, ROUTERS, &options, &error);
    g_assert_no_error(error);
    g_assert_true(moe_trace_writer_append(writer, &tokens, picks, &error));
    g_assert_true(moe_trace_writer_close(writer, &error));
    for (int r = 0; r < ROUTERS; r++) {
        g_free(expert[r]);
        g_free(gate[r]);
    }
    return path;
}

static void
expect_same(const MoeTrace *before, const MoeTrace *after, int router)
{
    g_autoptr(MoeTraceView) a = moe_trace_view_new(), b = moe_trace_view_new();
    g_assert_true(moe_trace_view(before, 0, router, a, NULL));
    g_assert_true(moe_trace_view(after, 0, router, b, NULL));
    g_assert_cmpint(moe_trace_router(after, router)->k, ==, router_k[router]);
    g_assert_cmpint(a->k, ==, b->k);
    g_assert_cmpint(b->units, ==, TOKENS);
    for (int64_t i = 0; i < a->k * TOKENS; i++) {
        g_assert_cmpint(a->expert[i], ==, b->expert[i]);
        g_assert_cmpfloat(a->gate[i], ==, b->gate[i]);
    }
}

static void
test_back(gconstpointer name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = make_trace(), *rows = import_file("rows", "", 0);
    g_autoptr(MoeTrace) before = moe_trace_open(path, &error);
    MoeImportOptions options = told;
    bool csv = g_str_equal(name, "csv"); /* which doesn't say how many experts there are */
    options.experts = csv ? EXPERTS : 0;
    g_assert_true(moe_export(before, rows, name, NULL, NULL, &error));
    g_autoptr(MoeTrace) after = import_all((const char *[]){rows}, 1, &options, NULL);
    for (int r = 0; r < ROUTERS; r++) {
        expect_same(before, after, r);
        g_assert_cmpint(moe_trace_router(after, r)->experts, ==, csv ? EXPERTS : router_experts[r]);
    }
}

/* An exported trace says itself what it is; options may only say the same. */
static void
test_exported(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = make_trace(), *file = import_file("x.safetensors", "", 0);
    g_autoptr(MoeTrace) before = moe_trace_open(path, &error);
    g_assert_true(moe_export(before, file, "npz", NULL, NULL, &error));
    MoeImportOptions options = {0};
    g_autoptr(MoeTrace) plain = import_all((const char *[]){file}, 1, &options, NULL);
    g_assert_cmpint(moe_trace_router(plain, 1)->k, ==, 3);
    g_assert_true(moe_export(before, file, "safetensors", NULL, NULL, &error));
    g_autoptr(MoeTrace) after = import_all((const char *[]){file}, 1, &options, NULL);
    g_assert_cmpstr(moe_trace_router(after, 2)->select, ==, "top-k");
    g_assert_cmpint(moe_trace_router(after, 2)->layer, ==, 4);
    expect_column(after, "tokens/pos",
                  "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 "
                  "30 31 32 33 34 35 36 37 38 39");
    options.k = 3;
    expect_failure(file, &options, "router 0: the file (an exported trace) says other than --k");
    options = (MoeImportOptions){.domains = (const char *[]){"x"}, .n_domains = 1};
    expect_failure(file, &options, "--domain: an exported trace says itself what it is");
}

/* Without its metadata ids and gates are still no logits. */
static void
test_stripped(void)
{
    static const int64_t shape[] = {2, 2};
    static const int32_t ids[] = {3, 1, 0, 7};
    static const float gates[] = {0.5f, 0.25f, 1, 0};
    g_autoptr(MoeSafetensorsWriter) writer = moe_safetensors_writer_new();
    static const char *const names[][2] = {{"routers.0.experts", "routers.0.gates"},
                                           {"routers.1.experts", "routers.1.gates"}};
    for (int r = 0; r < 2; r++) {
        moe_safetensors_writer_add(writer, names[r][0], MOE_STORED_I32, 2, shape, ids);
        moe_safetensors_writer_add(writer, names[r][1], MOE_STORED_F32, 2, shape, gates);
    }
    g_autofree char *file = import_file("x.safetensors", "", 0);
    g_assert_true(moe_safetensors_writer_save(writer, file, NULL));
    MoeImportReport report;
    g_autoptr(MoeTrace) trace = import_all((const char *[]){file}, 1, &told, &report);
    g_assert_cmpstr(report.importer, ==, "id-layers");
    expect_picks(trace, 0, "3:0.5 1:0.25, 0:1 7:0");
    g_free(report.notes);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/import-widths/layers", test_layers);
    g_test_add_func("/import-widths/varies", test_varies);
    g_test_add_func("/import-widths/stated", test_stated);
    g_test_add_func("/import-widths/apart", test_apart);
    g_test_add_func("/import-widths/too-many", test_too_many);
    g_test_add_data_func("/import-widths/back/jsonl", "jsonl", test_back);
    g_test_add_data_func("/import-widths/back/csv", "csv", test_back);
    g_test_add_data_func("/import-widths/back/safetensors", "safetensors", test_back);
    g_test_add_data_func("/import-widths/back/npz", "npz", test_back);
    g_test_add_func("/import-widths/exported", test_exported);
    g_test_add_func("/import-widths/stripped", test_stripped);
    int status = g_test_run();
    import_files_remove();
    return status;
}
