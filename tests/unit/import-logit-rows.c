/* SPDX-License-Identifier: MIT
 *
 * What the rows of saved router logits are, and what stands beside them: padding, probabilities,
 * gates that were scattered over rows of zeros.
 */
#include "import-npz.h"
#include "import-pickle.h"
#include "import-trace.h"

static const MoeImportOptions rule = {
    .k = 2,
    .score = "softmax",
    .select = "top-k",
    .gates = MOE_IMPORT_GATES_AS_SCORED,
};

/* Reads a pickle of this literal; `note` is part of what is told, NULL: nothing that matters. */
static MoeTrace *
import_literal(const char *literal, const MoeImportOptions *options, const char *note)
{
    MoeImportReport report;
    g_autofree char *path = import_pickle("rows.pkl", literal);
    MoeTrace *trace = import_all((const char *[]){path}, 1, options, &report);
    g_autofree char *notes = report.notes;
    g_assert_cmpstr(report.importer, ==, "router-logits");
    if (note && !strstr(notes ? notes : "", note))
        g_error("found \"%s\", expected \"%s\"", notes, note);
    return trace;
}

static void
refuse_literal(const char *literal, const MoeImportOptions *options, const char *part)
{
    g_autofree char *path = import_pickle("rows.pkl", literal);
    expect_failure(path, options, part);
}

/* --- Probabilities ----------------------------------------------------------------------------*/

/* Rows that the mask calls padding don't say what the others are. */
static void
test_masked_rows(void)
{
    static const char *const pads[] = {"[0., 0., 0., 0.]", "[nan, nan, nan, nan]"};
    for (size_t i = 0; i < G_N_ELEMENTS(pads); i++) {
        g_autofree char *literal = g_strdup_printf(
            "{'router_logits': ([%s, [.5, .25, .125, .125], [0.0625, .6875, .25, 0.]],), "
            "'attention_mask': [0, 1, 1]}",
            pads[i]);
        g_autoptr(MoeTrace) trace = import_literal(literal, &rule, "they are probabilities");
        expect_picks(trace, 0, "0:0.5 1:0.25, 1:0.6875 2:0.25");
        g_autofree char *bare = g_strdup_printf(
            "{'router_logits': ([%s, [.5, .25, .125, .125], [0.0625, .6875, .25, 0.]],)}", pads[i]);
        refuse_literal(bare, &rule, "found 1 of the first 3 rows all zeros or NaN, and others");
    }
}

/* A first pass of padding alone tells nothing. */
static void
test_masked_pass(void)
{
    g_autoptr(MoeTrace) trace =
        import_literal("[{'router_logits': ([[0., 0., 0., 0.]],), 'attention_mask': [0]}, "
                       "{'router_logits': ([[.5, .25, .125, .125]],), 'attention_mask': [1]}]",
                       &rule, "they are probabilities");
    expect_picks(trace, 0, "0:0.5 1:0.25");
}

static void
test_mixed_rows(void)
{
    refuse_literal("{'router_logits': ([[.5, .25, .125, .125], [3.5, -1., 2., 0.5], "
                   "[.25, .25, .5, 0.]],)}",
                   &rule, "found 1 of the first 3 rows that don't sum to one");
    g_autoptr(MoeTrace) logits =
        import_literal("{'router_logits': ([[.5, .25, .125, .125], [3.5, -1., 2., 0.5], "
                       "[-1.25, .25, .5, 0.]],)}",
                       &rule, NULL);
    expect_column(logits, "tokens/pos", "0 1 2");
}

/* --- Scattered gates --------------------------------------------------------------------------*/

/* Of 6 experts, 2 a row. */
static const char scattered[] = "{'router_logits': ([[0., .25, 0., 0., .5, 0.], "
                                "[.75, 0., 0., .25, 0., 0.], [0., 0., .5, 0., 0., .25]],)}";

static void
test_scattered(void)
{
    MoeImportOptions options = rule;
    options.k = 0;
    g_autoptr(MoeTrace) trace =
        import_literal(scattered, &options, "each row has 2 scores above zero, of 6 experts");
    expect_picks(trace, 0, "4:0.5 1:0.25, 0:0.75 3:0.25, 2:0.5 5:0.25");
    g_assert_cmpint(moe_trace_router(trace, 0)->experts, ==, 6);
    options.k = 4;
    refuse_literal(scattered, &options, "the files say k is 2, --k says 4");
    options.k = 2;
    options.logits = true;
    refuse_literal(scattered, &options, "--logits: there are no logits in the files");
}

/* In other layers a gate may be too small to be written, but there can't be more of them. */
static void
test_scattered_rows(void)
{
    g_autoptr(MoeTrace) trace =
        import_literal("{'router_logits': ([[0., .25, 0., .5], [.75, .25, 0., 0.]], "
                       "[[0., 0., 1., 0.], [0., .25, .5, 0.]])}",
                       &rule, "the gates of the picks");
    expect_picks(trace, 1, "2:1 -1:0, 2:0.5 1:0.25");
    refuse_literal("{'router_logits': ([[0., .25, 0., .5], [.75, .25, 0., 0.]], "
                   "[[0., 0., 1., 0.], [.25, .25, .5, 0.]])}",
                   &rule, "layer 1, token 1: expected at most 2 scores above zero");
}

/* Experts that nothing could pick are told. */
static void
test_closed(void)
{
    g_autoptr(MoeTrace) trace = import_literal(
        "{'router_logits': ([[1., 0., 0., 0.], [.5, .25, .25, 0.]],)}", &rule,
        "in 1 units (a token in a layer) fewer than k = 2 experts have a logit above minus inf");
    expect_column(trace, "tokens/pos", "0 1");
}

/* --- Beside passes ----------------------------------------------------------------------------*/

/* Two passes of two layers, three tokens and two; the second token of the first pass is padding. */
#define PASSES                                                        \
    "'router_logits': [([[3., 2., 0.], [9., 9., 9.], [0., 3., 2.]], " \
    "[[1., 2., 0.], [9., 9., 9.], [0., 3., 2.]]), "                   \
    "([[2., 0., 3.], [2., 3., 0.]], [[1., 2., 0.], [0., 3., 2.]])]"

static void
expect_passes(const char *literal, const char *ids)
{
    g_autoptr(MoeTrace) trace = import_literal(literal, &rule, NULL);
    expect_column(trace, "tokens/doc", "0 0 1 1");
    expect_column(trace, "tokens/id", ids);
    expect_column(trace, "tokens/pos", "0 1 0 1");
}

/* A list of masks or ids beside a list of passes: the n-th is of the n-th. */
static void
test_parallel(void)
{
    expect_passes("{" PASSES ", 'attention_mask': [[1, 0, 1], [1, 1]], "
                  "'input_ids': [[5, 0, 6], [7, 8]]}",
                  "5 6 7 8");
    expect_passes("{'run': {" PASSES ", 'attention_mask': [[[1, 0, 1]], [[1, 1]]], "
                  "'input_ids': [[[5, 0, 6]], [[7, 8]]]}}",
                  "5 6 7 8");
    expect_passes("[{" PASSES ", 'attention_mask': [[1, 0, 1], [1, 1]]}]", "-1 -1 -1 -1");
}

/* An array of masks whose first axis are the passes; one for the only pass. */
static void
test_stacked(void)
{
    static const char layers[] = "([[3., 2., 0.], [9., 9., 9.]], [[1., 2., 0.], [9., 9., 9.]])";
    g_autofree char *two =
        g_strdup_printf("{'router_logits': [%s, %s], 'attention_mask': [[1, 0], [1, 1]], "
                        "'tokens': [['a', 'pad'], ['b', 'a']]}",
                        layers, layers);
    g_autoptr(MoeTrace) trace = import_literal(two, &rule, NULL);
    expect_column(trace, "tokens/doc", "0 1 1");
    expect_column(trace, "tokens/id", "0 2 0");
    g_autofree char *one =
        g_strdup_printf("{'run': {'router_logits': [%s]}, 'attention_mask': [[1], [0]]}", layers);
    g_autoptr(MoeTrace) alone = import_literal(one, &rule, NULL);
    expect_column(alone, "tokens/pos", "0");
}

/* What belongs to no pass isn't passed over in silence; a mask that masks nothing says nothing. */
static void
test_left_over(void)
{
    refuse_literal("{" PASSES ", 'attention_mask': [[1, 1, 1], [1, 1], [1, 0]]}", &rule,
                   "array \"attention_mask/2\" [2] marks padding");
    refuse_literal("{" PASSES ", 'more': {'attention_mask': [1, 0, 1, 1, 1]}}", &rule,
                   "array \"more/attention_mask\" [5] marks padding, but can't be told");
    g_autoptr(MoeTrace) trace = import_literal(
        "{" PASSES ", 'more': {'attention_mask': [1, 1], 'input_ids': [1, 2]}}", &rule,
        "the files have ids of tokens (input_ids) that can't be told to belong to any pass");
    expect_column(trace, "tokens/doc", "0 0 0 1 1");
}

/* Rows of one axis may be several sequences. */
static void
test_flat(void)
{
    g_autoptr(MoeTrace) trace =
        import_literal("{'router_logits': ([[3., 2., 0.], [2., 1., 3.]],)}", &rule,
                       "nothing beside the logits says where sequences begin");
    expect_column(trace, "tokens/doc", "0 0");
}

/* --- Arrays of other types --------------------------------------------------------------------*/

static const float row[] = {1, 3, 2, 5, 0, 4};

/* Texts become ids; what nobody needs may be of any type, what is needed may not. */
static void
test_other_types(void)
{
    static const uint32_t wide[] = {'a', 0, 0xe9, 0x1f600};
    const ImportArray arrays[] = {
        {"router_logits_0", "<f4", "(2, 3)", row, sizeof row},
        {"tokens", "<U2", "(2,)", wide, sizeof wide},
        {"model", "<U1", "()", "a\0\0\0", 4},
        {"freqs", "<c8", "(3,)", row, sizeof row},
        {"router_logits_1", "<c8", "(1, 3)", row, sizeof row},
    };
    const ImportArray chars[] = {
        {"router_logits_0", "<f4", "(2, 3)", row, sizeof row},
        {"tokens", "|S3", "(2,)", "ab\0cde", 6},
    };
    MoeImportReport report;
    g_autofree char *path = import_npz("types.npz", arrays, 4);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &rule, &report);
    g_free(report.notes);
    expect_column(trace, "tokens/id", "0 1");
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), "\"tokens\": [\"a\", \"é\U0001f600\"]"));
    g_autofree char *bytes = import_npz("chars.npz", chars, 2);
    g_autoptr(MoeTrace) other = import_all((const char *[]){bytes}, 1, &rule, &report);
    g_free(report.notes);
    g_assert_nonnull(strstr(moe_trace_meta_json(other), "\"tokens\": [\"ab\", \"cde\"]"));
    g_autofree char *needed = import_npz("needed.npz", arrays, 5);
    expect_failure(needed, &rule, "element type '<c8' found");
}

/* {'router_logits': ([…],), 'tokens': ARRAY}: an array of numpy as a pickle of protocol 2. */
static char *
pickle_tokens(const char *type, const char *order, const char *bytes, size_t n)
{
    g_autoptr(GString) out = g_string_new("\x80\x02(Vrouter_logits\n(((F1.\nF3.\nF2.\nl"
                                          "(F5.\nF0.\nF4.\nlltVtokens\n"
                                          "cnumpy.core.multiarray\n_reconstruct\n"
                                          "(cnumpy\nndarray\n(I0\ntVb\ntR(I1\n(I2\nt");
    g_string_append_printf(out, "cnumpy\ndtype\n(V%s\nI0\nI1\ntR", type);
    g_string_append_printf(out, "(I3\nV%s\nNNNI8\nI4\nI8\ntbI00\nU%c", order, (char)n);
    g_string_append_len(out, bytes, (gssize)n);
    g_string_append(out, "tbd.");
    return import_file("tokens.pkl", out->str, (gssize)out->len);
}

static void
test_pickled_types(void)
{
    MoeImportReport report;
    g_autofree char *path = pickle_tokens("U2", "<", "a\0\0\0\0\0\0\0b\0\0\0c\0\0\0", 16);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &rule, &report);
    g_free(report.notes);
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), "\"tokens\": [\"a\", \"bc\"]"));
    g_autofree char *complex = pickle_tokens("c8", "<", "0123456789abcdef", 16);
    g_autoptr(MoeTrace) other = import_all((const char *[]){complex}, 1, &rule, &report);
    g_free(report.notes);
    expect_column(other, "tokens/id", "-1 -1");
    g_autofree char *odd = pickle_tokens("U2", "<", "a\0\0\0\0\0\0\0b\0\0", 11);
    expect_failure(odd, &rule, "an array of texts has 11 bytes");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/import-logit-rows/masked-rows", test_masked_rows);
    g_test_add_func("/import-logit-rows/masked-pass", test_masked_pass);
    g_test_add_func("/import-logit-rows/mixed-rows", test_mixed_rows);
    g_test_add_func("/import-logit-rows/scattered", test_scattered);
    g_test_add_func("/import-logit-rows/scattered-rows", test_scattered_rows);
    g_test_add_func("/import-logit-rows/closed", test_closed);
    g_test_add_func("/import-logit-rows/parallel", test_parallel);
    g_test_add_func("/import-logit-rows/stacked", test_stacked);
    g_test_add_func("/import-logit-rows/left-over", test_left_over);
    g_test_add_func("/import-logit-rows/flat", test_flat);
    g_test_add_func("/import-logit-rows/other-types", test_other_types);
    g_test_add_func("/import-logit-rows/pickled-types", test_pickled_types);
    int status = g_test_run();
    import_files_remove();
    return status;
}
