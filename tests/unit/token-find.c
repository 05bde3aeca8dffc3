/* SPDX-License-Identifier: MIT
 *
 * Searches for tokens, against plain loops over the whole trace.
 */
#include "whole-trace.h"

#include <moescope/concordance.h>
#include <moescope/token-texts.h>
#include <string.h>

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

/* Documents that count where there is a filter. */
enum { FIRST_DOC = 20, LAST_DOC = 22 };

static bool
counts(const Whole *whole, const MoeTokenQuery *query, int t)
{
    return !query->filter || (whole->doc[t] >= FIRST_DOC && whole->doc[t] <= LAST_DOC);
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
        if (counts(whole, query, t) && (!lower || begins(whole, t, lower)) &&
            (query->id < 0 || whole->id[t] == query->id) &&
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

/* Only tokens that count are found, though their text may go on in others. */
static void
test_find_filtered(void)
{
    g_auto(Whole) whole = whole_new(false);
    g_autoptr(GError) error = NULL;
    g_autofree char *words = g_strdup_printf("doc=%d-%d", FIRST_DOC, LAST_DOC);
    g_autoptr(MoeTokenFilter) filter = moe_token_filter_parse(words, &error);
    g_assert_no_error(error);
    MoeTokenQuery text = {"the", -1, 0, -1, -1, filter, MOE_STEPS_LAST, 0};
    MoeTokenQuery expert = {NULL, -1, ROUTER, 5, -1, filter, MOE_STEPS_ALL, 0};
    expect_found(&whole, &text, "the");
    expect_found(&whole, &expert, NULL);
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
                 {{NULL, -1, 0, 1, K}, "slot 2"},
                 {{"the", -1, 0, -1, -1, NULL, MOE_STEPS_ONE, 77}, "77"}};
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
    g_test_add_func("/token-find/find", test_find);
    g_test_add_func("/token-find/find-filtered", test_find_filtered);
    g_test_add_func("/token-find/find-refused", test_find_refused);
    g_test_add_func("/token-find/plain", test_plain);
    return g_test_run();
}
