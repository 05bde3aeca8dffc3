/* SPDX-License-Identifier: MIT
 *
 * Router logits that people saved (fixtures/import/make.py): the same numbers in every kind of file
 * and layout, padding, texts, and what is asked and refused.
 */
#include "import-trace.h"

#include <math.h>
#include <zlib.h>

static const MoeImportOptions rule = {
    .k = 2,
    .score = "softmax",
    .select = "top-k",
    .gates = MOE_IMPORT_GATES_SUM_TO_ONE,
};

static MoeTrace *
import_one(const char *name, const MoeImportOptions *options, MoeImportReport *report)
{
    g_autofree char *path = import_fixture(name);
    MoeTrace *trace = import_all((const char *[]){path}, 1, options, report);
    g_assert_cmpstr(report->importer, ==, "router-logits");
    g_clear_pointer(&report->notes, g_free); /* of layers by place: tests/unit/import-arrays.c */
    return trace;
}

/* As expect_picks(), without the gates. */
static void
expect_experts(const MoeTrace *trace, int router, int layer, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    g_autoptr(GString) text = g_string_new(NULL);
    g_assert_true(moe_trace_view(trace, 0, router, view, &error));
    for (int64_t t = 0; t < view->units; t++)
        for (int i = 0; i < view->k; i++)
            g_string_append_printf(text, "%s%d",
                                   i   ? " "
                                   : t ? ", "
                                       : "",
                                   view->expert[i * view->units + t]);
    g_assert_cmpstr(text->str, ==, expected);
    g_assert_cmpint(moe_trace_router(trace, router)->layer, ==, layer);
    g_assert_cmpint(moe_trace_router(trace, router)->experts, ==, 4);
}

/* --- Kinds of file ----------------------------------------------------------------------------*/

static void
test_torch(void)
{
    MoeImportReport report;
    MoeImportOptions options = rule;
    options.logits = true;
    g_autoptr(MoeTrace) trace = import_one("logits.pt", &options, &report);
    g_assert_cmpint(report.pads, ==, 1);
    g_assert_cmpint(report.compared, ==, 0);
    g_assert_null(report.notes);
    expect_experts(trace, 0, 1, "0 1, 1 2, 0 1, 2 3, 0 1");
    expect_experts(trace, 1, 2, "3 0, 0 1, 1 2, 0 1, 2 3");
    expect_column(trace, "tokens/id", "11 12 13 21 22");
    expect_column(trace, "tokens/doc", "0 0 0 1 1");
    expect_column(trace, "tokens/pos", "0 1 2 0 1");
    g_assert_true(moe_trace_router(trace, 0)->gates_sum_to_one);
    g_assert_cmpstr(moe_trace_router(trace, 0)->gate, ==, "renormalised");
    g_autoptr(GError) error = NULL;
    MoeArray array;
    g_assert_true(moe_trace_read(trace, "picks/00000.r000.logits", &array, &error));
    g_assert_cmpfloat(moe_array_value(&array, 0), ==, 2.5);
    g_assert_cmpfloat(moe_array_value(&array, 16), ==, 2); /* of token 5: 3 was padding */
    g_free((void *)array.data);
    /* e^2.5 / (e^2.5 + e^2) */
    g_assert_true(moe_trace_read(trace, "picks/00000.r000.gate", &array, &error));
    g_assert_cmpfloat_with_epsilon(moe_array_value(&array, 0), 0.62245933, 3e-4);
    g_free((void *)array.data);
}

static void
test_safetensors(void)
{
    MoeImportReport report;
    g_autoptr(MoeTrace) trace = import_one("logits.safetensors", &rule, &report);
    expect_experts(trace, 0, 2, "3 0, 0 1, 1 2, 0 1, 2 3");
    expect_experts(trace, 1, 11, "0 1, 3 0, 0 1, 0 1, 0 1");
    expect_column(trace, "tokens/id", "11 12 13 21 22");
}

static void
test_npz(void)
{
    MoeImportReport report;
    g_autoptr(MoeTrace) trace = import_one("logits.npz", &rule, &report);
    expect_experts(trace, 0, 1, "0 1, 1 2, 0 1, 2 3, 0 1");
    expect_column(trace, "tokens/id", "-1 -1 -1 -1 -1");
    expect_column(trace, "tokens/doc", "0 0 0 1 1");
}

/* An array for all layers doesn't say what its axes are. */
static void
test_axes(void)
{
    MoeImportReport report;
    MoeImportOptions options = rule;
    options.axes = "LTE";
    g_autoptr(MoeTrace) trace = import_one("logits.npy", &options, &report);
    expect_experts(trace, 1, 1, "0 1, 1 2, 0 1, 0 1, 2 3, 0 1");
    expect_column(trace, "tokens/doc", "0 0 0 0 0 0");
    options.axes = "BSE";
    g_autoptr(MoeTrace) other = import_one("logits.npy", &options, &report);
    g_assert_cmpint(report.routers, ==, 1);
    g_assert_cmpint(report.documents, ==, 3);
    expect_experts(other, 0, 0,
                   "1 2, 0 1, 0 1, 2 3, 0 1, 0 1, 0 1, 1 2, 0 1, 0 1, 2 3, 0 1, 3 0, 0 1, 1 2, "
                   "0 1, 0 1, 2 3");
    g_autofree char *path = import_fixture("logits.npy");
    expect_failure(path, &rule, "[3, 6, 4]: nothing says what its axes are: give --axes LTE, TLE");
    options.axes = "BSLE";
    expect_failure(path, &options, "--axes BSLE doesn't fit 3 axes");
    options.axes = "ELT";
    expect_failure(path, &options, "--axes ELT doesn't fit 3 axes");
    g_autofree char *list = import_fixture("logits.pt");
    expect_failure(list, &options, "--axes ELT is for one array of all layers");
}

/* Passes one after another: each is a document where nothing says more. */
static void
test_passes(void)
{
    MoeImportReport report;
    g_autoptr(MoeTrace) trace = import_one("logits-list.pt", &rule, &report);
    expect_experts(trace, 0, 0, "1 2, 0 1, 0 1, 2 3, 0 1, 0 1, 1 2, 0 1");
    expect_experts(trace, 1, 1, "0 1, 1 2, 0 1, 0 1, 2 3, 0 1, 0 1, 1 2");
    expect_column(trace, "tokens/doc", "0 0 0 0 0 0 1 1");
}

static void
test_nnterp(void)
{
    MoeImportReport report;
    MoeImportOptions options = rule;
    options.k = 0; /* the file says it */
    g_autoptr(MoeTrace) trace = import_one("nnterp.pt", &options, &report);
    g_assert_cmpint(report.k, ==, 2);
    expect_experts(trace, 0, 0, "1 2, 0 1, 0 1, 2 3, 0 1");
    expect_experts(trace, 1, 1, "0 1, 1 2, 0 1, 0 1, 2 3");
    expect_column(trace, "tokens/id", "0 1 0 2 1");
    expect_column(trace, "tokens/doc", "0 0 0 1 1");
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), "\"tokens\": [\"a\", \"b\", \"c\"]"));
    options.k = 3;
    g_autofree char *path = import_fixture("nnterp.pt");
    expect_failure(path, &options, "the files say k is 2, --k says 3");
}

/* The picks of the file are kept; one isn't the highest logit. */
/* Picks that the file has stay, whatever the logits say. */
static void
test_nnterp_picks(void)
{
    MoeImportReport report;
    g_autoptr(MoeTrace) trace = import_one("nnterp-picks.pt", &rule, &report);
    expect_experts(trace, 0, 0, "1 2, 0 1, 0 1, 2 3, 0 1");
    expect_experts(trace, 1, 1, "0 1, 1 2, 0 1, 0 1, 0 1");
    g_assert_cmpint(report.compared, ==, 10);
    g_assert_cmpint(report.disagreeing, ==, 1);
}

/* Lists of passes under each layer: a prompt and two tokens that were generated. */
static void
test_hooks(void)
{
    static const char *const names[] = {"hooks.pt", "hooks-numbered.pt", "hooks-single.pt",
                                        "hooks-nested.pt"};
    MoeImportReport report;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(MoeTrace) trace = import_one(names[i], &rule, &report);
        expect_experts(trace, 0, 1, "0 1, 1 2, 0 1, 0 1, 2 3");
        expect_experts(trace, 1, 4, "0 1, 0 1, 3 0, 0 1, 1 2");
        expect_column(trace, "tokens/doc", "0 0 0 0 0");
        expect_column(trace, "tokens/pos", "0 1 2 3 4");
    }
    g_autofree char *path = import_fixture("hooks-open.pt");
    expect_failure(path, &rule,
                   "found a list of arrays under the key 1: nothing says whether such keys are "
                   "layers or passes: name the layers (\"layer_1\")");
}

/* Lists of floats are arrays too. */
static void
test_lists(void)
{
    MoeImportReport report;
    g_autoptr(MoeTrace) trace = import_one("logits-lists.pkl", &rule, &report);
    expect_experts(trace, 0, 1, "0 1, 1 2, 0 1, 0 1, 2 3, 0 1");
    expect_experts(trace, 1, 4, "0 1, 0 1, 3 0, 0 1, 1 2, 0 1");
}

/* A packed file is unpacked first, and nothing is left of the copy. */
static void
test_packed(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *plain = import_fixture("hooks.pt"), *bytes = NULL, *packed_bytes = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(plain, &bytes, &length, &error));
    g_autofree char *packed = import_file("hooks.pt.gz", "", 0);
    gzFile gz = gzopen(packed, "wb");
    g_assert_cmpint(gzwrite(gz, bytes, (unsigned)length), ==, (int)length);
    gzclose(gz);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){packed}, 1, &rule, NULL);
    expect_experts(trace, 0, 1, "0 1, 1 2, 0 1, 0 1, 2 3");
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), "\"hooks.pt\""));
    g_assert_true(g_file_get_contents(packed, &packed_bytes, &length, &error));
    g_autofree char *cut = import_file("cut.pt.gz", packed_bytes, (gssize)length / 2);
    expect_failure(cut, &rule, "cut.pt.gz: the packed data ends too early");
}

static void
test_switch(void)
{
    MoeImportReport report;
    MoeImportOptions options = rule;
    options.k = 0;
    options.gates = MOE_IMPORT_GATES_AS_SCORED;
    g_autoptr(MoeTrace) trace = import_one("switch.pt", &options, &report);
    g_assert_cmpint(report.k, ==, 1);
    g_assert_cmpint(report.compared, ==, 12);
    g_assert_cmpint(report.disagreeing, ==, 1);
    expect_experts(trace, 0, 1, "0, 1, 0, 0, 2, 0");
    expect_experts(trace, 1, 3, "0, 0, 0, 1, 0, 0");
}

/* --- Odd contents -----------------------------------------------------------------------------*/

/* A .npy file of floats. (transfer full) */
static char *
write_floats(const char *name, const char *shape, const float *values, gsize n)
{
    g_autoptr(GString) text = g_string_new("\x93NUMPY\x01");
    g_string_append_c(text, 0);
    g_string_append_len(text, "\x76", 2); /* 118 and 0: the header's length */
    g_string_append_printf(text, "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }", shape);
    while (text->len < 127)
        g_string_append_c(text, ' ');
    g_string_append_c(text, '\n');
    g_string_append_len(text, (const char *)values, (gssize)(n * sizeof *values));
    return import_file(name, text->str, (gssize)text->len);
}

static void
test_probabilities(void)
{
    static const float p[] = {0.5f, 0.25f, 0.125f, 0.125f, 0, 0.75f, 0.25f, 0};
    MoeImportReport report;
    MoeImportOptions options = rule;
    options.gates = MOE_IMPORT_GATES_AS_SCORED;
    g_autofree char *path = write_floats("p.npy", "(2, 4)", p, 8);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, &report);
    g_autofree char *notes = report.notes;
    expect_picks(trace, 0, "0:0.5 1:0.25, 1:0.75 2:0.25");
    g_assert_nonnull(strstr(notes, "sum to one: they are probabilities"));
    options.score = "sigmoid";
    expect_failure(path, &options, "probabilities of a softmax, --score says otherwise");
}

/* They are taken, and found by a check. */
/* A router of sigmoids whose scores were saved, not its logits. */
static void
test_sigmoids(void)
{
    enum { T = 20, E = 4 };
    float p[T * E];
    for (int i = 0; i < T * E; i++)
        p[i] = (float)((i * 7 + i / 9) % 32 + 1) / 64;
    MoeImportReport report;
    MoeImportOptions options = rule;
    options.score = "sigmoid";
    options.gates = MOE_IMPORT_GATES_AS_SCORED;
    g_autofree char *path = write_floats("s.npy", "(20, 4)", p, T * E);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, &report);
    g_autofree char *notes = report.notes;
    g_assert_nonnull(strstr(notes, "they are sigmoids already, whose log-odds were taken"));
    g_autoptr(GError) error = NULL;
    MoeArray gate;
    g_assert_true(moe_trace_read(trace, "picks/00000.r000.gate", &gate, &error));
    for (int t = 0; t < T; t++) {
        float best = 0;
        for (int e = 0; e < E; e++)
            best = MAX(best, p[t * E + e]);
        g_assert_cmpfloat_with_epsilon(moe_array_value(&gate, t), best, 1e-6);
    }
    g_free((void *)gate.data);
}

static void
test_not_finite(void)
{
    static const float z[] = {1, NAN, 3, 2, 4, -INFINITY, -INFINITY, -INFINITY};
    MoeImportReport report;
    g_autofree char *path = write_floats("z.npy", "(2, 4)", z, 8);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &rule, &report);
    g_autofree char *notes G_GNUC_UNUSED = report.notes; /* of -inf: import-logit-rows.c */
    expect_experts(trace, 0, 0, "2 3, 0 1");
    g_autoptr(GError) error = NULL;
    MoeArray array;
    g_assert_true(moe_trace_read(trace, "picks/00000.r000.entropy", &array, &error));
    g_assert_true(isnan(moe_array_value(&array, 0)));
    g_assert_cmpfloat(moe_array_value(&array, 1), ==, 0);
    g_free((void *)array.data);
}

static void
test_refused(void)
{
    static const float z[24] = {1, 2, 3, 4, 5};
    g_autofree char *path = import_fixture("logits.pt"), *bytes = NULL;
    gsize length;
    MoeImportOptions options = rule;
    options.k = 0;
    expect_failure(path, &options, "give --k N");
    options = rule;
    options.k = 5;
    expect_failure(path, &options, "found k = 5 with 4 experts");
    options = rule;
    options.score = "relu";
    expect_failure(path, &options,
                   "remade for --score softmax or sigmoid with --select top-k only");
    options = rule;
    options.experts = 8;
    expect_failure(path, &options, "the files say the number of experts is 4, --experts says 8");
    g_autofree char *both = import_fixture("switch-both.pt");
    options = rule;
    expect_failure(both, &options,
                   "found logits in \"encoder_router_logits\" and in \"decoder_router_logits\"");
    g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    g_autofree char *cut = import_file("cut.pt", bytes, (gssize)length - 100);
    options = rule;
    options.importer = "router-logits";
    expect_failure(cut, &options, "cut.pt: ");
    g_autofree char *flat = write_floats("f.npy", "(24,)", z, 24);
    expect_failure(flat, &options, "f.npy: found no array of floats [tokens, experts]");
    g_autofree char *five = write_floats("g.npy", "(1, 1, 1, 3, 8)", z, 24);
    expect_failure(five, &options, "[1, 1, 1, 3, 8]: nothing says what its axes are");
    g_autofree char *empty = write_floats("e.npy", "(0, 4)", z, 0);
    expect_failure(empty, &options, "found no routed token in the files");
    g_autofree char *first = write_floats("a/1.npy", "(2, 4)", z, 8);
    g_free(write_floats("a/2.npy", "(2, 3)", z, 6));
    g_autofree char *folder = g_path_get_dirname(first);
    expect_failure(folder, &options, "found other layers or experts than in the pass before");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/import-router-logits/torch", test_torch);
    g_test_add_func("/import-router-logits/safetensors", test_safetensors);
    g_test_add_func("/import-router-logits/npz", test_npz);
    g_test_add_func("/import-router-logits/axes", test_axes);
    g_test_add_func("/import-router-logits/passes", test_passes);
    g_test_add_func("/import-router-logits/nnterp", test_nnterp);
    g_test_add_func("/import-router-logits/nnterp-picks", test_nnterp_picks);
    g_test_add_func("/import-router-logits/hooks", test_hooks);
    g_test_add_func("/import-router-logits/lists", test_lists);
    g_test_add_func("/import-router-logits/packed", test_packed);
    g_test_add_func("/import-router-logits/switch", test_switch);
    g_test_add_func("/import-router-logits/probabilities", test_probabilities);
    g_test_add_func("/import-router-logits/sigmoids", test_sigmoids);
    g_test_add_func("/import-router-logits/not-finite", test_not_finite);
    g_test_add_func("/import-router-logits/refused", test_refused);
    int status = g_test_run();
    import_files_remove();
    return status;
}
