/* SPDX-License-Identifier: MIT
 *
 * Contexts of an expert and searches, against what plain loops over the whole trace find.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <moescope/concordance.h>
#include <moescope/token-texts.h>
#include <moescope/trace-tools.h>
#include <string.h>

enum {
    TOKENS = 3000,
    EXPERTS = 16,
    K = 2,
    CHUNK = 190,
    DOCUMENT = 37,
    VOCABULARY = 60,
    ROUTER = 1
};

/* A trace and all of it in plain arrays. */
typedef struct Whole {
    char *path;
    MoeTrace *trace;
    int32_t id[TOKENS], doc[TOKENS], expert[TOKENS][K];
    float gate[TOKENS][K];
} Whole;

static void
whole_clear(Whole *whole)
{
    moe_trace_free(whole->trace);
    g_unlink(whole->path);
    g_free(whole->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Whole, whole_clear)

static void
copy_chunk(Whole *whole, MoeTraceRows *rows, int64_t n, int64_t at)
{
    int64_t index[TOKENS];
    MoeTraceTokens tokens;
    MoeTracePicks picks;
    for (int64_t i = 0; i < n; i++)
        index[i] = i;
    moe_trace_rows_take(rows, index, n, &tokens, &picks);
    for (int64_t i = 0; i < n; i++) {
        whole->id[at + i] = tokens.id[i];
        whole->doc[at + i] = tokens.doc[i];
        for (int slot = 0; slot < K; slot++) {
            whole->expert[at + i][slot] = picks.expert[i * K + slot];
            whole->gate[at + i][slot] = picks.gate ? picks.gate[i * K + slot] : NAN;
        }
    }
}

static Whole
whole_new(bool gates)
{
    g_autoptr(GError) error = NULL;
    const MoeTraceSynth synth = {.tokens = TOKENS,
                                 .routers = ROUTER + 1,
                                 .experts = EXPERTS,
                                 .k = K,
                                 .domains = 3,
                                 .skew = 0.5,
                                 .document_tokens = DOCUMENT,
                                 .vocabulary = VOCABULARY,
                                 .gates = gates,
                                 .seed = 5};
    const MoeTraceOutput output = {.chunk_tokens = CHUNK};
    Whole whole = {.path = NULL};
    int file = g_file_open_tmp("moescope-XXXXXX.npz", &whole.path, &error);
    g_assert_no_error(error);
    g_close(file, NULL);
    moe_trace_synth(whole.path, &synth, &output, NULL, &error);
    g_assert_no_error(error);
    whole.trace = moe_trace_open(whole.path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_trace_chunks(whole.trace), >, 4);
    const int router = ROUTER;
    g_autoptr(MoeTraceRows) rows = moe_trace_rows_new(whole.trace, &router, 1);
    int64_t at = 0;
    for (int c = 0; c < moe_trace_chunks(whole.trace); c++) {
        moe_trace_rows_load(rows, c, &error);
        g_assert_no_error(error);
        copy_chunk(&whole, rows, moe_trace_tokens(whole.trace, c), at);
        at += moe_trace_tokens(whole.trace, c);
    }
    g_assert_cmpint(at, ==, TOKENS);
    return whole;
}

/* --- Plain loops ------------------------------------------------------------------------------*/

typedef struct Hit {
    int token, slot;
    double lift, gate;
} Hit;

static int
slot_of(const Whole *whole, int t, int expert)
{
    for (int slot = 0; slot < K; slot++)
        if (whole->expert[t][slot] == expert)
            return slot;
    return -1;
}

static double
lift_of(const Whole *whole, int id, int expert)
{
    double seen = 0, taken = 0, all_taken = 0;
    for (int t = 0; t < TOKENS; t++) {
        bool picked = slot_of(whole, t, expert) >= 0;
        seen += whole->id[t] == id;
        taken += whole->id[t] == id && picked;
        all_taken += picked;
    }
    return seen < MOE_TOKENS_LEAST ? NAN : taken / seen / (all_taken / TOKENS);
}

static gint
by_rank(gconstpointer a, gconstpointer b)
{
    const Hit *x = a, *y = b;
    if (x->lift != y->lift)
        return x->lift < y->lift ? 1 : -1;
    if (x->gate != y->gate)
        return x->gate < y->gate ? 1 : -1;
    return x->token - y->token;
}

/* All hits, best first; lift 0 throughout where `lift` is false. (transfer full) */
static GArray *
hits_of(const Whole *whole, int expert, bool lift)
{
    GArray *hits = g_array_new(FALSE, FALSE, sizeof(Hit));
    double lifts[VOCABULARY];
    for (int id = 0; id < VOCABULARY; id++)
        lifts[id] = lift ? lift_of(whole, id, expert) : 0;
    for (int t = 0; t < TOKENS; t++) {
        int slot = slot_of(whole, t, expert);
        if (slot < 0 || isnan(lifts[whole->id[t]]))
            continue;
        double gate = whole->gate[t][slot];
        Hit hit = {t, slot, lifts[whole->id[t]], isnan(gate) ? 0 : gate};
        g_array_append_val(hits, hit);
    }
    g_array_sort(hits, by_rank);
    return hits;
}

/* --- Contexts ---------------------------------------------------------------------------------*/

static void
expect_window(const Whole *whole, const MoeContext *context, int window)
{
    int t = (int)context->token, first = t, last = t;
    while (t - first < window && first > 0 && whole->doc[first - 1] == whole->doc[t])
        first--;
    while (last - t < window && last + 1 < TOKENS && whole->doc[last + 1] == whole->doc[t])
        last++;
    g_assert_cmpint(context->before, ==, t - first);
    g_assert_cmpint(context->n, ==, last - first + 1);
    for (int i = 0; i < context->n; i++)
        g_assert_cmpint(context->ids[i], ==, whole->id[first + i]);
}

static void
expect_hit(const Whole *whole, const MoeContext *context, const Hit *hit, int window)
{
    g_assert_cmpint(context->token, ==, hit->token);
    g_assert_cmpint(context->slot, ==, hit->slot);
    g_assert_cmpint(context->id, ==, whole->id[hit->token]);
    g_assert_cmpint(context->doc, ==, whole->doc[hit->token]);
    expect_window(whole, context, window);
}

static MoeConcordance *
concordance_of(const Whole *whole, const MoeContextQuery *query)
{
    g_autoptr(GError) error = NULL;
    MoeConcordance *concordance = moe_concordance_new(whole->trace, query, &error);
    g_assert_no_error(error);
    return concordance;
}

static void
expect_contexts(const Whole *whole, MoeContextOrder by, int expert, int top, int window)
{
    const MoeContextQuery query = {
        .router = ROUTER, .expert = expert, .by = by, .top = top, .window = window};
    g_autoptr(MoeConcordance) found = concordance_of(whole, &query);
    g_autoptr(GArray) hits = hits_of(whole, expert, by == MOE_CONTEXTS_BY_LIFT);
    g_assert_cmpint(moe_concordance_count(found), ==, MIN(top, (int)hits->len));
    for (int i = 0; i < moe_concordance_count(found); i++) {
        const MoeContext *context = moe_concordance_get(found, i);
        const Hit *hit = &g_array_index(hits, Hit, i);
        expect_hit(whole, context, hit, window);
        if (by == MOE_CONTEXTS_BY_LIFT)
            g_assert_cmpfloat_with_epsilon(context->lift, hit->lift, 1e-12);
        else
            g_assert_cmpfloat(context->gate, ==, hit->gate);
    }
}

static void
test_by_gate(void)
{
    g_auto(Whole) whole = whole_new(true);
    for (int expert = 0; expert < EXPERTS; expert += 5)
        expect_contexts(&whole, MOE_CONTEXTS_BY_GATE, expert, 40, 4);
    expect_contexts(&whole, MOE_CONTEXTS_BY_GATE, 3, MOE_CONTEXTS_MOST, 0);
}

static void
test_by_lift(void)
{
    g_auto(Whole) whole = whole_new(true);
    for (int expert = 1; expert < EXPERTS; expert += 5)
        expect_contexts(&whole, MOE_CONTEXTS_BY_LIFT, expert, 60, MOE_CONTEXT_WINDOW_MOST);
    g_auto(Whole) bare = whole_new(false);
    expect_contexts(&bare, MOE_CONTEXTS_BY_LIFT, 2, 60, 2);
}

/* At most two of an id: those of the plain list that aren't the third of theirs. */
static void
test_each(void)
{
    enum { EACH = 2, TOP = 30 };
    g_auto(Whole) whole = whole_new(true);
    const MoeContextQuery query = {.router = ROUTER, .expert = 7, .top = TOP, .each = EACH};
    g_autoptr(MoeConcordance) found = concordance_of(&whole, &query);
    g_autoptr(GArray) hits = hits_of(&whole, 7, false);
    int seen[VOCABULARY] = {0}, at = 0;
    for (guint i = 0; i < hits->len && at < TOP; i++) {
        const Hit *hit = &g_array_index(hits, Hit, i);
        if (seen[whole.id[hit->token]]++ < EACH)
            expect_hit(&whole, moe_concordance_get(found, at++), hit, 0);
    }
    g_assert_cmpint(moe_concordance_count(found), ==, at);
    g_assert_cmpint(moe_concordance_units(found), ==, hits->len);
}

/* Documents go through the domains in turn. */
static void
test_domain(void)
{
    g_auto(Whole) whole = whole_new(true);
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTokenFilter) filter = moe_token_filter_parse("domain=domain-2", &error);
    g_assert_no_error(error);
    const MoeContextQuery query = {.router = ROUTER, .expert = 4, .top = 50, .filter = filter};
    g_autoptr(MoeConcordance) found = concordance_of(&whole, &query);
    g_autoptr(GArray) hits = hits_of(&whole, 4, false);
    int at = 0;
    for (guint i = 0; i < hits->len && at < 50; i++) {
        const Hit *hit = &g_array_index(hits, Hit, i);
        if (whole.doc[hit->token] % 3 == 2)
            expect_hit(&whole, moe_concordance_get(found, at++), hit, 0);
    }
    g_assert_cmpint(moe_concordance_count(found), ==, at);
}

static void
test_refused(void)
{
    g_auto(Whole) whole = whole_new(false);
    g_autoptr(MoeTokenFilter) filter = moe_token_filter_parse("domain=nowhere", NULL);
    const MoeContextQuery good = {.router = ROUTER, .top = 5};
    MoeContextQuery cases[7];
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        cases[i] = good;
    cases[0].router = ROUTER + 1;
    cases[1].expert = EXPERTS;
    cases[2].top = MOE_CONTEXTS_MOST + 1;
    cases[3].window = -1;
    cases[4].filter = filter;
    cases[5].steps = MOE_STEPS_ONE, cases[5].step = 9;
    cases[6].by = MOE_CONTEXTS_BY_GATE; /* there are none */
    static const char *const says[] = {"router 2", "expert 16", "1001 contexts",     "window of -1",
                                       "nowhere",  "step 9",    "no gates to order "};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(moe_concordance_new(whole.trace, &cases[i], &error));
        g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
        g_assert_nonnull(strstr(error->message, says[i]));
    }
}

/* --- Documents --------------------------------------------------------------------------------*/

static void
test_documents(void)
{
    enum { MOST = 5 };
    g_auto(Whole) whole = whole_new(false);
    g_autoptr(GError) error = NULL;
    int64_t n, some;
    g_autofree MoeTokenDocument *all = moe_token_documents(whole.trace, TOKENS, &n, &error);
    g_autofree MoeTokenDocument *first = moe_token_documents(whole.trace, MOST, &some, &error);
    g_assert_no_error(error);
    g_assert_cmpint(n, ==, (TOKENS + DOCUMENT - 1) / DOCUMENT);
    g_assert_cmpint(some, ==, MOST);
    g_assert_cmpmem(first, MOST * sizeof *first, all, MOST * sizeof *all);
    int64_t at = 0;
    for (int64_t i = 0; i < n; at += all[i++].n) {
        g_assert_cmpint(all[i].first, ==, at);
        g_assert_cmpint(all[i].doc, ==, whole.doc[at]);
        g_assert_cmpint(all[i].domain, ==, whole.doc[at] % 3);
        g_assert_cmpint(all[i].before, ==, 0);
    }
    g_assert_cmpint(at, ==, TOKENS);
}

static bool
stop(int64_t done, int64_t total, const char *what, void *user)
{
    return done < 3;
}

static void
test_cancelled(void)
{
    g_auto(Whole) whole = whole_new(true);
    g_autoptr(GError) error = NULL;
    const MoeProgress progress = {stop, NULL};
    const MoeContextQuery query = {.router = ROUTER, .top = 5, .progress = &progress};
    g_assert_null(moe_concordance_new(whole.trace, &query, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
}

/* --- Search -----------------------------------------------------------------------------------*/

/* Texts of the ids: pieces that make words across tokens, and signs that stand for others. */
static const char *const pieces[] = {"th", "e", "The", "\xc4\xa0t", "\\n", "he ", "x", ""};

static GHashTable *
texts_of(void)
{
    GHashTable *texts = moe_token_texts_new();
    for (int id = 0; id < VOCABULARY; id++)
        g_hash_table_insert(texts, GINT_TO_POINTER(id),
                            g_strdup(pieces[id % (int)G_N_ELEMENTS(pieces)]));
    return texts;
}

/* Whether running text that begins in token t is `text`, by putting it together. */
static bool
begins(const Whole *whole, int t, const char *text)
{
    g_autoptr(GString) all = g_string_new(NULL);
    gsize own = 0;
    for (int i = t; i < TOKENS && i < t + 40 && whole->doc[i] == whole->doc[t]; i++) {
        g_autofree char *plain =
            moe_token_text_plain(pieces[whole->id[i] % (int)G_N_ELEMENTS(pieces)]);
        g_string_append(all, plain);
        own = i == t ? all->len : own;
    }
    g_string_ascii_down(all);
    const char *found = strstr(all->str, text);
    return found && (gsize)(found - all->str) < own;
}

static void
expect_found(const Whole *whole, const MoeTokenQuery *query, const char *lower)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) texts = texts_of();
    g_autoptr(MoeTokenFinder) finder = moe_token_finder_new(whole->trace, query, texts, &error);
    g_assert_no_error(error);
    g_autoptr(GArray) meant = g_array_new(FALSE, FALSE, sizeof(int));
    for (int t = 0; t < TOKENS; t++)
        if ((!lower || begins(whole, t, lower)) && (query->id < 0 || whole->id[t] == query->id) &&
            (query->expert < 0 ||
             (query->slot < 0 ? slot_of(whole, t, query->expert) >= 0
                              : whole->expert[t][query->slot] == query->expert)))
            g_array_append_val(meant, t);
    g_assert_cmpint(meant->len, >, 0);
    int64_t token = -1;
    for (guint i = 0; i <= meant->len; i++) {
        g_assert_true(moe_token_finder_next(finder, token + 1, &token, NULL, &error));
        g_assert_cmpint(token, ==, i < meant->len ? g_array_index(meant, int, i) : -1);
    }
    token = TOKENS;
    for (guint i = meant->len; i-- > 0;) {
        g_assert_true(moe_token_finder_previous(finder, token, &token, NULL, &error));
        g_assert_cmpint(token, ==, g_array_index(meant, int, i));
    }
    g_assert_true(moe_token_finder_previous(finder, token, &token, NULL, &error));
    g_assert_cmpint(token, ==, -1);
}

static void
test_find(void)
{
    g_auto(Whole) whole = whole_new(false);
    const MoeTokenQuery none = {NULL, -1, 0, -1, -1};
    static const char *const texts[] = {"the", "hethe", " t", "e\nx", "THE"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        MoeTokenQuery query = none;
        g_autofree char *lower = g_ascii_strdown(texts[i], -1);
        query.text = texts[i];
        expect_found(&whole, &query, lower);
    }
    MoeTokenQuery id = none, expert = {NULL, -1, ROUTER, 5, -1}, first = {"he", -1, ROUTER, 5, 0};
    id.id = 3;
    expect_found(&whole, &id, NULL);
    expect_found(&whole, &expert, NULL);
    expect_found(&whole, &first, "he");
}

static void
test_find_refused(void)
{
    g_auto(Whole) whole = whole_new(false);
    static const struct {
        MoeTokenQuery query;
        const char *says;
    } cases[] = {{{"", -1, 0, -1, -1}, "nothing to search for"},
                 {{NULL, -1, 9, 0, -1}, "router 9"},
                 {{NULL, -1, 0, EXPERTS, -1}, "expert 16"},
                 {{NULL, -1, 0, 1, K}, "slot 2"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(moe_token_finder_new(whole.trace, &cases[i].query, NULL, &error));
        g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
        g_assert_nonnull(strstr(error->message, cases[i].says));
    }
}

static void
test_plain(void)
{
    static const char *const cases[][2] = {{"\\n\\n", "\n\n"},
                                           {"\\xc3", "\xc3"},
                                           {"\\nu", "\\nu"},
                                           {"\xe2\x96\x81so", " so"},
                                           {"\xc4\x8a\xc4\x89", "\n\t"},
                                           {"\\x0", "\\x0"},
                                           {"", ""}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *plain = moe_token_text_plain(cases[i][0]);
        g_assert_cmpstr(plain, ==, cases[i][1]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/concordance/by-gate", test_by_gate);
    g_test_add_func("/concordance/by-lift", test_by_lift);
    g_test_add_func("/concordance/each", test_each);
    g_test_add_func("/concordance/domain", test_domain);
    g_test_add_func("/concordance/refused", test_refused);
    g_test_add_func("/concordance/cancelled", test_cancelled);
    g_test_add_func("/concordance/documents", test_documents);
    g_test_add_func("/concordance/find", test_find);
    g_test_add_func("/concordance/find-refused", test_find_refused);
    g_test_add_func("/concordance/plain", test_plain);
    return g_test_run();
}
