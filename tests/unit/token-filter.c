/* SPDX-License-Identifier: MIT
 *
 * Filters of tokens: in words and back; what is counted of the tokens chosen, against a trace that
 * has no others; figures of them; and what can't be chosen.
 */
#include "stats/groups.h"
#include "summary-made.h"

#include <glib/gstdio.h>
#include <moescope/figure.h>
#include <moescope/trace-tools.h>
#include <string.h>

static char *folder;

/* --- Words ------------------------------------------------------------------------------------*/

static void
test_words(void)
{
    static const char *const same[] = {
        "",
        "domain=law,code doc=12 pos=0-127 text=the",
        "doc=3-7 pos=128- id=464,11",
        "text~=' the'",
        "domain='two words' text='it'\\''s'",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(same); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeTokenFilter) filter = moe_token_filter_parse(same[i], &error);
        if (*same[i] == '\0') { /* no word is none to the shell's rules */
            g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
            continue;
        }
        g_assert_no_error(error);
        g_autoptr(MoeTokenFilter) copy = moe_token_filter_copy(filter);
        g_autofree char *text = moe_token_filter_text(copy);
        g_assert_cmpstr(text, ==, same[i]);
    }
    g_autoptr(MoeTokenFilter) more =
        moe_token_filter_parse("domain=law  domain=code id=1 id=2,3 text=\" a b\"", NULL);
    g_autofree char *text = moe_token_filter_text(more);
    g_assert_cmpstr(text, ==, "domain=law,code id=1,2,3 text=' a b'");
}

static void
test_bad_words(void)
{
    static const char *const bad[] = {"law",     "doc=",        "doc=x",     "doc=-3",
                                      "doc=7-3", "doc=1 doc=2", "pos=1-2-3", "pos=4294967296",
                                      "id=",     "id=1,,2",     "text=",     "text=a text~=b",
                                      "domain=", "domain=a,,b", "step=3",    "text='the"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(moe_token_filter_parse(bad[i], &error));
        g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
        g_assert_nonnull(strstr(error->message, "expected words such as"));
    }
}

/* --- Counting ---------------------------------------------------------------------------------*/

/* Whether a token is chosen, the slow way. */
typedef bool (*Chooses)(const MoeTraceTokens *tokens, int64_t t);

typedef struct Case {
    const char *words;
    Chooses chooses;
} Case;

static bool
chooses_domain(const MoeTraceTokens *tokens, int64_t t)
{
    return tokens->domain[t] == 0 || tokens->domain[t] == 2;
}

static bool
chooses_document(const MoeTraceTokens *tokens, int64_t t)
{
    return tokens->doc[t] >= 3 && tokens->doc[t] <= 40;
}

static bool
chooses_place(const MoeTraceTokens *tokens, int64_t t)
{
    return tokens->doc[t] == 5 && tokens->pos[t] >= 2 && tokens->pos[t] <= 17;
}

static bool
chooses_late(const MoeTraceTokens *tokens, int64_t t)
{
    return tokens->pos[t] >= 7 && tokens->domain[t] == 1;
}

static bool
chooses_id(const MoeTraceTokens *tokens, int64_t t)
{
    return tokens->id[t] != 3 && tokens->id[t] != 4 && tokens->id[t] < 18;
}

/* Texts of ids: "x", but " The" at 2 and "other" at 5. */
static bool
chooses_text(const MoeTraceTokens *tokens, int64_t t)
{
    return tokens->id[t] == 5;
}

static bool
chooses_any_case(const MoeTraceTokens *tokens, int64_t t)
{
    return tokens->id[t] == 5 || tokens->id[t] == 2;
}

static const Case cases[] = {
    {"domain=prose,poems", chooses_domain},
    {"doc=3-40", chooses_document},
    {"doc=5 pos=2-17", chooses_place},
    {"pos=7- domain=code", chooses_late},
    {"id=0,1,2,5,6,7,8,9,10,11,12,13,14,15,16,17", chooses_id},
    {"text=the", chooses_text},
    {"text~=tHe", chooses_any_case},
};

/* A trace as of made_trace(), with texts. (transfer full) */
static MoeTrace *
trace_with_texts(const char *name)
{
    g_autoptr(GError) error = NULL;
    const Made made = {.n = 80, .domains = MADE_DOMAINS};
    g_autoptr(MoeTrace) plain = made_trace(folder, "plain.npz", &made);
    g_autoptr(GString) texts = g_string_new("{\"tokens\": [");
    for (int id = 0; id < 20; id++)
        g_string_append_printf(texts, "%s\"%s\"", id ? ", " : "",
                               id == 2   ? " The"
                               : id == 5 ? "other"
                                         : "x");
    g_string_append(texts, "]}");
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *meta =
        moe_trace_meta(made_routers, MADE_ROUTERS, made_domains, MADE_DOMAINS, texts->str);
    const MoeTraceOptions options = {.gates = true, .chunk_tokens = 50};
    MoeTraceWriter *writer =
        moe_trace_writer_new(path, meta, made_routers, MADE_ROUTERS, &options, &error);
    g_assert_no_error(error);
    g_autoptr(MoeTraceRows) rows = moe_trace_rows_new(plain, NULL, 0);
    for (int chunk = 0; chunk < moe_trace_chunks(plain); chunk++) {
        MoeTraceTokens tokens;
        MoeTracePicks picks[MADE_ROUTERS];
        g_autofree int64_t *all = g_new(int64_t, (gsize)moe_trace_tokens(plain, chunk));
        for (int64_t t = 0; t < moe_trace_tokens(plain, chunk); t++)
            all[t] = t;
        g_assert_true(moe_trace_rows_load(rows, chunk, &error));
        moe_trace_rows_take(rows, all, moe_trace_tokens(plain, chunk), &tokens, picks);
        g_assert_true(moe_trace_writer_append(writer, &tokens, picks, &error));
    }
    g_assert_true(moe_trace_writer_close(writer, &error));
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return trace;
}

/* A document of the same group, another one after each gap. */
static int32_t
relative(int32_t doc, int gaps)
{
    int32_t other = (gaps * 200 + doc) * 500;
    while (moe__document_group(other) != moe__document_group(doc))
        other++;
    return other;
}

/* Appends the chosen tokens of a chunk. With `gaps`, what follows one becomes a document of its
 * own, of the same group: the same sums as of a document with a gap, but for those of whole
 * documents. */
static void
append_chosen(MoeTraceWriter *writer, MoeTraceRows *rows, Chooses chooses, int *gaps, bool *gap)
{
    g_autoptr(GError) error = NULL;
    const MoeTraceTokens *from = moe_trace_rows_tokens(rows);
    g_autoptr(GArray) index = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GArray) doc = g_array_new(FALSE, FALSE, sizeof(int32_t));
    for (int64_t t = 0; t < from->n; t++) {
        bool chosen = chooses(from, t);
        if (gaps)
            *gaps += chosen && *gap;
        *gap = !chosen;
        int32_t own = gaps ? relative(from->doc[t], *gaps) : from->doc[t];
        if (chosen) {
            g_array_append_val(index, t);
            g_array_append_val(doc, own);
        }
    }
    MoeTraceTokens tokens;
    MoeTracePicks picks[MADE_ROUTERS];
    if (index->len == 0)
        return;
    moe_trace_rows_take(rows, (const int64_t *)(const void *)index->data, index->len, &tokens,
                        picks);
    tokens.doc = (const int32_t *)(const void *)doc->data;
    g_assert_true(moe_trace_writer_append(writer, &tokens, picks, &error));
}

/* A trace of the chosen tokens alone; `split`: with documents that end at gaps. (transfer full) */
static MoeTrace *
trace_of_chosen(const MoeTrace *trace, Chooses chooses, bool split)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "chosen.npz", NULL);
    g_autofree char *meta =
        moe_trace_meta(made_routers, MADE_ROUTERS, made_domains, MADE_DOMAINS, NULL);
    const MoeTraceOptions options = {.gates = true, .chunk_tokens = 1};
    MoeTraceWriter *writer =
        moe_trace_writer_new(path, meta, made_routers, MADE_ROUTERS, &options, &error);
    g_assert_no_error(error);
    g_autoptr(MoeTraceRows) rows = moe_trace_rows_new(trace, NULL, 0);
    int gaps = 0;
    bool gap = false;
    for (int chunk = 0; chunk < moe_trace_chunks(trace); chunk++) {
        g_assert_true(moe_trace_rows_load(rows, chunk, &error));
        append_chosen(writer, rows, chooses, split ? &gaps : NULL, &gap);
    }
    g_assert_true(moe_trace_writer_close(writer, &error));
    MoeTrace *chosen = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return chosen;
}

static MoeSummary *
count(const MoeTrace *trace, const MoeTokenFilter *filter, unsigned tallies)
{
    g_autoptr(GError) error = NULL;
    const MoeSummaryOptions options = {.filter = filter, .tallies = tallies, .keep_tokens = true};
    MoeSummary *summary = moe_summary_from_trace(trace, &options, &error);
    g_assert_no_error(error);
    return summary;
}

static void
test_counts(gconstpointer data)
{
    const Case *this = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = trace_with_texts("texts.npz");
    g_autoptr(MoeTrace) chosen = trace_of_chosen(trace, this->chooses, true);
    g_autoptr(MoeTokenFilter) filter = moe_token_filter_parse(this->words, &error);
    g_assert_no_error(error);
    g_autoptr(MoeTokenSet) set = moe_token_set_new(trace, filter, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_token_set_count(set), ==, moe_trace_tokens(chosen, -1));
    g_assert_cmpint(moe_token_set_count(set), >, 0);
    g_assert_null(moe_token_set_bits(set, moe_trace_chunks(trace)));
    const unsigned documents = MOE_TALLY_DOCUMENTS, others = MOE_TALLIES_ALL & ~documents;
    g_autoptr(MoeSummary) filtered = count(trace, filter, others);
    g_autoptr(MoeSummary) expected = count(chosen, NULL, others);
    made_assert_same(filtered, expected, false);
    g_autoptr(MoeTrace) whole = trace_of_chosen(trace, this->chooses, false);
    g_autoptr(MoeSummary) gapped = count(trace, filter, documents);
    g_autoptr(MoeSummary) as_whole = count(whole, NULL, documents);
    made_assert_same(gapped, as_whole, false);
}

/* A document of which every other token is left out is still one. */
static void
test_documents(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = trace_with_texts("texts.npz");
    g_autoptr(MoeTokenFilter) filter =
        moe_token_filter_parse("doc=3-40 id=0,1,2,5,6,7,8,9,10,11,12", &error);
    const MoeSummaryOptions options = {.filter = filter, .tallies = MOE_TALLY_DOCUMENTS};
    g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, &options, &error);
    g_assert_no_error(error);
    const MoeDocumentCell *cell = moe_summary_documents(summary, 0, MOE_DOMAIN_ALL);
    g_assert_cmpint(cell->documents, >, 20);
    g_assert_cmpint(cell->documents, <=, 38);
}

/* What the trace brings along is of all tokens. */
static void
test_attached(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "attached.npz", NULL);
    g_autoptr(MoeTrace) before = trace_with_texts("attached.npz");
    g_autoptr(MoeSummary) whole = count(before, NULL, MOE_TALLIES_ALL);
    g_assert_true(moe_summary_attach(whole, path, NULL, &error));
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    g_autoptr(MoeTokenFilter) filter = moe_token_filter_parse("doc=3-40", NULL);
    g_autoptr(MoeSummary) part = count(trace, filter, MOE_TALLIES_ALL);
    g_assert_cmpint(moe_summary_tokens_counted(part), <, moe_summary_tokens_counted(whole));
}

static bool
takes_even(int32_t id, void *data)
{
    (*(int *)data)++;
    return id % 2 == 0;
}

static void
test_takes(void)
{
    int calls = 0;
    g_autoptr(MoeTrace) trace = trace_with_texts("texts.npz");
    const MoeTokenFilter filter = {.takes = takes_even, .takes_data = &calls};
    g_autoptr(MoeSummary) summary = count(trace, &filter, MOE_TALLIES_ALL);
    g_assert_cmpint(calls, ==, moe_trace_tokens(trace, -1));
    const MoeTokenTable *table = moe_summary_token_table(summary, 0);
    for (int64_t i = 0; i < table->n; i++)
        g_assert_cmpint(table->id[i] % 2, ==, 0);
}

/* --- What can't be chosen ---------------------------------------------------------------------*/

static void
expect_problem(const MoeTrace *trace, const char *words, const char *said)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTokenFilter) filter = moe_token_filter_parse(words, NULL);
    const MoeSummaryOptions options = {.filter = filter};
    g_assert_null(moe_summary_from_trace(trace, &options, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, said));
}

static void
test_problems(void)
{
    const Made made = {.n = 3, .domains = MADE_DOMAINS};
    g_autoptr(MoeTrace) plain = made_trace(folder, "plain.npz", &made);
    expect_problem(plain, "domain=law", "no domain \"law\" to choose; there are: prose, code");
    expect_problem(plain, "text=the", "what its tokens' texts are");
    expect_problem(plain, "doc=77 pos=3", "there is no token where doc=77 pos=3");
    g_autofree char *path = g_build_filename(folder, "bare.npz", NULL);
    g_autofree char *meta = moe_trace_meta(made_routers, 1, NULL, 0, NULL);
    const MoeTraceOptions options = {0};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, made_routers, 1, &options, NULL);
    const MoeTraceTokens tokens = {.n = 1, .id = (const int32_t[]){4}};
    const MoeTracePicks picks = {.expert = (const int32_t[]){1, 2}};
    g_assert_true(moe_trace_writer_append(writer, &tokens, &picks, NULL));
    g_assert_true(moe_trace_writer_close(writer, NULL));
    g_autoptr(MoeTrace) bare = moe_trace_open(path, NULL);
    expect_problem(bare, "domain=law", "there is none");
    expect_problem(bare, "doc=0", "no column doc to choose by");
    expect_problem(bare, "pos=0", "no column pos to choose by");
}

/* --- Figures ----------------------------------------------------------------------------------*/

static void
test_figures(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = trace_with_texts("texts.npz");
    g_autoptr(MoeSummary) whole = count(trace, NULL, MOE_TALLIES_ALL);
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    g_autoptr(MoeTokenFilter) filter = moe_token_filter_parse("doc=5 pos=2-17", NULL);
    g_autoptr(MoeTokenSet) set = moe_token_set_new(trace, filter, NULL);
    moe_figure_input_add(input, trace, whole, "made");
    moe_figure_input_set_filter(input, filter);
    const MoeSummary *part = moe_figure_input_summary(input, 0, 0, MOE_STEPS_ALL, 0, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_summary_tokens_counted(part), ==, moe_token_set_count(set));
    static const char *const names[] = {"load", "flow", "token-map"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const MoeFigure *figure = moe_figures_find(names[i], NULL);
        g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
        moe_figure_options_set(options, "layers=0,2", NULL); /* flow then reads the trace */
        g_autoptr(MoeScene) scene = moe_figure_build(figure, input, options, &error);
        g_assert_no_error(error);
        g_autofree char *text = moe_scene_to_text(scene);
        g_assert_nonnull(strstr(text, "Only tokens where doc=5 pos=2-17."));
        g_assert_true(i != 1 || strstr(text, " 0.0625 ")); /* one of 16 units */
        g_autofree char *tokens = g_strdup_printf("%d tokens", (int)moe_token_set_count(set));
        if (i == 2)
            g_assert_nonnull(strstr(text, tokens));
    }
    moe_figure_input_set_filter(input, NULL);
    g_assert_true(moe_figure_input_summary(input, 0, 0, MOE_STEPS_ALL, 0, NULL) == whole);
}

static void
test_figure_of_summary(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = trace_with_texts("texts.npz");
    g_autoptr(MoeSummary) whole = count(trace, NULL, MOE_TALLIES_ALL);
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    g_autoptr(MoeTokenFilter) filter = moe_token_filter_parse("doc=5", NULL);
    moe_figure_input_add(input, NULL, whole, "sums");
    moe_figure_input_set_filter(input, filter);
    g_assert_null(moe_figure_input_summary(input, 0, 0, MOE_STEPS_ALL, 0, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "sums: a summary has no single tokens"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    folder = g_dir_make_tmp("moescope-filter-XXXXXX", NULL);
    g_test_add_func("/token-filter/words", test_words);
    g_test_add_func("/token-filter/bad-words", test_bad_words);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/token-filter/counts/%s", cases[i].words);
        g_test_add_data_func(path, &cases[i], test_counts);
    }
    g_test_add_func("/token-filter/documents", test_documents);
    g_test_add_func("/token-filter/attached", test_attached);
    g_test_add_func("/token-filter/takes", test_takes);
    g_test_add_func("/token-filter/problems", test_problems);
    g_test_add_func("/token-filter/figures", test_figures);
    g_test_add_func("/token-filter/figure-of-summary", test_figure_of_summary);
    int result = g_test_run();
    static const char *const files[] = {"plain.npz", "texts.npz", "chosen.npz", "attached.npz",
                                        "bare.npz"};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(folder, files[i], NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
    return result;
}
