/* SPDX-License-Identifier: MIT
 *
 * SGLang's recordings (fixtures/import/make.py): picks, copies of experts, padding, and the pieces
 * of texts, which are strung together where nothing else can be meant.
 */
#include "import-pickle.h"
#include "import-trace.h"

#include "import/sequences.h"

static const MoeImportOptions rule = {.score = "sigmoid", .select = "top-k"};

static void
test_records(void)
{
    MoeImportReport report;
    g_autofree char *path = import_fixture("sglang.pt");
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &rule, &report);
    g_autofree char *notes = report.notes;
    g_assert_cmpstr(report.importer, ==, "sglang");
    g_assert_cmpint(report.tokens, ==, 13);
    g_assert_cmpint(report.documents, ==, 5);
    g_assert_cmpint(report.pads, ==, 1);
    g_assert_cmpint(report.experts, ==, 4);
    g_assert_cmpint(report.k, ==, 2); /* of 8 slots */
    g_assert_cmpint(report.routers, ==, 2);
    g_assert_cmpint(moe_trace_router(trace, 0)->layer, ==, 1);
    g_assert_cmpint(moe_trace_router(trace, 1)->layer, ==, 3);
    expect_column(trace, "tokens/id", "10 11 12 20 13 21 30 31 32 14 22 40 41");
    expect_column(trace, "tokens/doc", "0 0 0 1 0 1 2 2 2 0 1 3 4");
    expect_column(trace, "tokens/pos", "0 1 2 0 3 1 0 1 2 4 2 7 7");
    expect_picks(trace, 0, "3 3, 2 2, 3 1, 1 3, 2 0, 0 2, 3 1, 2 0, 1 3, 1 3, 3 3, 3 3, 2 2");
    expect_picks(trace, 1, "2 3, 1 3, 0 3, 2 3, 3 3, 1 3, 2 3, 1 3, 0 3, 2 3, 0 3, 2 3, 1 3");
    g_assert_nonnull(strstr(notes, "last map of copies"));
    g_assert_nonnull(strstr(notes, "2 pieces begin amid a text"));
    g_assert_nonnull(strstr(moe_trace_meta_json(trace), "last map of copies"));
}

/* A copy of the recording in which the first byte `from` behind a word is another. (transfer full)
 */
static char *
patched(const char *name, const char *word, char from, char to)
{
    g_autofree char *path = import_fixture("sglang.pkl"), *bytes = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    char *at = memmem(bytes, length, word, strlen(word));
    g_assert_nonnull(at);
    at = memchr(at, from, (gsize)(bytes + length - at));
    *at = to;
    return import_file(name, bytes, (gssize)length);
}

/* Files of two servers: documents count on. */
static void
test_files(void)
{
    MoeImportReport report;
    g_autofree char *path = import_fixture("sglang.pkl");
    g_autofree char *other = patched("other.pkl", "input_ids", 12, 13);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path, other}, 2, &rule, &report);
    g_free(report.notes);
    g_assert_cmpint(report.documents, ==, 10);
    g_assert_cmpint(moe_trace_tokens(trace, -1), ==, 26);
}

/* Ranks of tensor parallelism record the same tokens. */
static void
test_twins(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = import_fixture("sglang.pkl"), *out = import_target();
    g_autofree char *other = patched("rank1.pkl", "rank", 0, 1);
    g_assert_false(moe_import((const char *[]){path, other}, 2, out, &rule, NULL, NULL, &error));
    g_assert_nonnull(strstr(error->message, "rank1.pkl: found the same tokens and picks as in "));
    g_assert_nonnull(strstr(error->message, "of ranks that share tokens, one"));
}

static void
test_drafts(void)
{
    MoeImportReport report;
    g_autofree char *path = patched("drafts.pkl", "forward_mode", 1, 5);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &rule, &report);
    g_autofree char *notes = report.notes;
    g_assert_nonnull(trace);
    g_assert_nonnull(strstr(notes, "1 passes verify drafts of speculative decoding"));
}

static void
test_empty(void)
{
    g_autofree char *path =
        import_pickle("empty.pkl", "{'records': [], 'last_physical_to_logical_map': None}");
    expect_failure(path, &rule, "found no record of a pass with tokens in the files");
}

static void
test_refused(void)
{
    g_autofree char *path = import_fixture("sglang.pt"), *bytes = NULL;
    g_autofree char *counts = import_fixture("sglang-per-pass.pt");
    gsize length;
    const MoeImportOptions nothing = {0};
    MoeImportOptions options = rule;
    expect_failure(path, &nothing, "how the router scores");
    options.importer = "sglang";
    expect_failure(counts, &options,
                   "record 0: found counts of a pass, but no topk_ids_of_layer: recorded per_pass "
                   "(--as sglang-passes reads the counts");
    options = rule;
    options.k = 4;
    expect_failure(path, &options, "the files say k is 2, --k says 4");
    g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    g_autofree char *cut = import_file("cut.pt", bytes, (gssize)length / 2);
    expect_failure(cut, &rule, "cut.pt: ");
    options = rule;
    options.importer = "sglang";
    g_autofree char *other = import_file("other.pkl", "\x80\x02}q\x01.", 6);
    expect_failure(other, &options, "other.pkl: found no list \"records\"");
}

/* --- Pieces -----------------------------------------------------------------------------------*/

/* A pass as "name@first+n …", and the documents that come out as text. */
static void
expect_docs(MoeSequences *sequences, const char *pass, const char *expected)
{
    g_auto(GStrv) words = g_strsplit(pass, " ", -1);
    MoePiece pieces[8] = {0};
    g_autoptr(GString) docs = g_string_new(NULL);
    int n = (int)g_strv_length(words);
    for (int i = 0; i < n; i++) {
        char *at = strchr(words[i], '@');
        *at = 0;
        pieces[i].name = at > words[i] ? words[i] : NULL;
        pieces[i].first = atoi(at + 1);
        pieces[i].n = atoi(strchr(at + 1, '+') + 1);
    }
    moe__sequences_join(sequences, pieces, n);
    for (int i = 0; i < n; i++)
        g_string_append_printf(docs, "%s%d", i ? " " : "", pieces[i].doc);
    g_assert_cmpstr(docs->str, ==, expected);
}

static void
test_places(void)
{
    g_autoptr(MoeSequences) sequences = moe__sequences_new();
    expect_docs(sequences, "@0+5 @0+5", "0 1");
    expect_docs(sequences, "@5+1 @5+1", "0 1"); /* in step with the pass before */
    expect_docs(sequences, "@0+3", "2");
    expect_docs(sequences, "@6+1 @6+1 @3+1", "3 4 2"); /* the first two can't be told apart */
    expect_docs(sequences, "@7+1 @7+1 @4+1", "3 4 2");
    expect_docs(sequences, "@5+1", "2"); /* others ended */
    g_assert_cmpint(moe__sequences_lost(sequences), ==, 2);
    expect_docs(sequences, "@9+2", "5"); /* nothing ended there */
    g_assert_cmpint(moe__sequences_lost(sequences), ==, 3);
    moe__sequences_end(sequences);
    expect_docs(sequences, "@6+1", "6");
}

static void
test_names(void)
{
    g_autoptr(MoeSequences) sequences = moe__sequences_new();
    expect_docs(sequences, "a@0+4 b@0+4", "0 1");
    expect_docs(sequences, "b@4+1 a@4+1", "1 0");
    expect_docs(sequences, "b@5+1 c@0+2 a@5+1", "1 2 0");
    moe__sequences_end(sequences);
    expect_docs(sequences, "b@5+1", "3");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/import-sglang/records", test_records);
    g_test_add_func("/import-sglang/files", test_files);
    g_test_add_func("/import-sglang/twins", test_twins);
    g_test_add_func("/import-sglang/drafts", test_drafts);
    g_test_add_func("/import-sglang/empty", test_empty);
    g_test_add_func("/import-sglang/refused", test_refused);
    g_test_add_func("/import-sglang/places", test_places);
    g_test_add_func("/import-sglang/names", test_names);
    int status = g_test_run();
    import_files_remove();
    return status;
}
