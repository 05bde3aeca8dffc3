/* SPDX-License-Identifier: MIT
 *
 * Contexts of an expert, moved tokens and documents, against what plain loops over the whole trace
 * find.
 */
#include "whole-trace.h"

#include <moescope/concordance.h>
#include <string.h>

/* --- Plain loops ------------------------------------------------------------------------------*/

typedef struct Hit {
    int token, slot;
    double lift, gate;
} Hit;

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

/* --- Moved tokens -----------------------------------------------------------------------------*/

/* The same tokens at another router of the trace: what its picks, read plainly, say. */
static double
moved_of(const Whole *a, const Whole *b, int t)
{
    double all = 0, gone = 0;
    for (int slot = 0; slot < K; slot++) {
        all += (double)a->gate[t][slot];
        gone += slot_of(b, t, a->expert[t][slot]) < 0 ? (double)a->gate[t][slot] : 0;
    }
    return gone / all;
}

static int
count_moved(const Whole *a, const Whole *b, int first, int last)
{
    int n = 0;
    for (int t = first; t <= last; t++)
        n += moved_of(a, b, t) > 0;
    return n;
}

/* Of one document alone. */
static void
test_moved_filter(void)
{
    g_auto(Whole) a = whole_new(true);
    g_auto(Whole) b = whole_new(true);
    g_autoptr(GError) error = NULL;
    copy_router(&b, 0);
    const MoeTokenFilter filter = {.by_document = true, .first_document = 1, .last_document = 1};
    const MoeMovedQuery query = {.a = {.trace = a.trace},
                                 .b = {.trace = b.trace},
                                 .router_a = ROUTER,
                                 .router_b = 0,
                                 .top = 1000,
                                 .filter = &filter};
    g_autoptr(MoeConcordance) found = moe_concordance_moved(&query, &error);
    g_assert_no_error(error);
    int first = -1, last = -1;
    for (int t = 0; t < TOKENS; t++)
        if (a.doc[t] == 1) {
            first = first < 0 ? t : first;
            last = t;
        }
    g_assert_cmpint(moe_concordance_units(found), ==, count_moved(&a, &b, first, last));
    g_assert_cmpint(moe_concordance_count(found), >, 0);
    for (int i = 0; i < moe_concordance_count(found); i++)
        g_assert_cmpint(moe_concordance_get(found, i)->doc, ==, 1);
}

static void
test_moved(void)
{
    enum { TOP = 25, WINDOW = 3 };
    g_auto(Whole) a = whole_new(true);
    g_auto(Whole) b = whole_new(true);
    g_autoptr(GError) error = NULL;
    copy_router(&b, 0);
    const MoeMovedQuery query = {.a = {.trace = a.trace},
                                 .b = {.trace = b.trace},
                                 .router_a = ROUTER,
                                 .router_b = 0,
                                 .top = TOP,
                                 .window = WINDOW};
    g_autoptr(MoeConcordance) found = moe_concordance_moved(&query, &error);
    g_assert_no_error(error);
    g_autoptr(GArray) hits = g_array_new(FALSE, FALSE, sizeof(Hit));
    for (int t = 0; t < TOKENS; t++) {
        Hit hit = {t, -1, moved_of(&a, &b, t), 0};
        if (hit.lift > 0)
            g_array_append_val(hits, hit);
    }
    g_array_sort(hits, by_rank);
    g_assert_cmpint(moe_concordance_units(found), ==, hits->len);
    g_assert_cmpint(moe_concordance_count(found), ==, TOP);
    for (int i = 0; i < TOP; i++) {
        const MoeContext *context = moe_concordance_get(found, i);
        const Hit *hit = &g_array_index(hits, Hit, i);
        g_assert_cmpfloat(context->moved, ==, hit->lift);
        expect_hit(&a, context, hit, WINDOW);
        g_assert_cmpint(context->from[0], ==, a.expert[hit->token][0]);
        g_assert_cmpint(context->to[1], ==, b.expert[hit->token][1]);
    }
}

/* One token less, and ids of another seed. */
static void
test_moved_refused(void)
{
    g_auto(Whole) a = whole_new(true);
    g_autofree char *path = g_strconcat(a.path, ".less", NULL);
    g_autoptr(GError) error = NULL;
    const MoeTraceOutput output = {0};
    const MoeTraceSelection less = {.n_tokens = TOKENS - 1}, other = {.first_token = 1};
    const MoeTraceSelection *const cases[] = {&less, &other};
    static const char *const says[] = {"more tokens in the first trace", "expected routings of"};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) wrong = NULL;
        g_assert_true(moe_trace_select(a.trace, path, cases[i], &output, NULL, NULL, &error));
        g_assert_no_error(error);
        g_autoptr(MoeTrace) b = moe_trace_open(path, &error);
        g_assert_no_error(error);
        const MoeMovedQuery query = {.a = {.trace = a.trace}, .b = {.trace = b}, .top = 1};
        g_assert_null(moe_concordance_moved(&query, &wrong));
        g_assert_error(wrong, MOE_ERROR, MOE_ERROR_DATA);
        g_assert_nonnull(strstr(wrong->message, says[i]));
    }
    g_unlink(path);
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
    for (int64_t i = 0; i < some; i++)
        g_assert_true(first[i].first == all[i].first && first[i].n <= all[i].n);
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
    g_test_add_func("/concordance/moved", test_moved);
    g_test_add_func("/concordance/moved-filter", test_moved_filter);
    g_test_add_func("/concordance/moved-refused", test_moved_refused);
    g_test_add_func("/concordance/documents", test_documents);
    return g_test_run();
}
