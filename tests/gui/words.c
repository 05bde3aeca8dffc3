/* SPDX-License-Identifier: MIT
 *
 * Words that several parts of the window put together.
 */
#include "scope-text.h"

static void
test_formula(void)
{
    static const char *const cases[][2] = {
        {"P(A < B)", "P(A &lt; B)"},     {"f_e", "f{-e}"},
        {"w^A_e", "w{+A}{-e}"},          {"c_(i)", "c{-(i)}"},
        {"Σ_{d<=s} p", "Σ{-d&lt;=s} p"}, {"S_t-1 ∩ c_e - m", "S{-t-1} ∩ c{-e} - m"},
        {"p^d |A_d|", "p{+d} |A{-d}|"},  {"_ a_ b_{", "_ a_ b_{"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *markup = scope_text_formula(cases[i][0]);
        g_autoptr(GString) plain = g_string_new(markup);
        g_assert_true(pango_parse_markup(markup, -1, 0, NULL, NULL, NULL, NULL));
        g_string_replace(plain, "<span size=\"smaller\" rise=\"-2pt\">", "{-", 0);
        g_string_replace(plain, "<span size=\"smaller\" rise=\"4pt\">", "{+", 0);
        g_string_replace(plain, "</span>", "}", 0);
        g_assert_cmpstr(plain->str, ==, cases[i][1]);
    }
}

static void
test_breaks(void)
{
    g_autoptr(PangoAttrList) none = scope_text_breaks("one - two");
    g_autoptr(PangoAttrList) two = scope_text_breaks("record --stats, or --logits");
    GSList *found = pango_attr_list_get_attributes(two);
    PangoAttribute *first = found->data;
    g_assert_null(pango_attr_list_get_attributes(none));
    g_assert_cmpuint(g_slist_length(found), ==, 2);
    g_assert_cmpuint(first->start_index, ==, 7);
    g_assert_cmpuint(first->end_index, ==, 14);
    g_slist_free_full(found, (GDestroyNotify)pango_attribute_destroy);
}

static void
test_sentence(void)
{
    static const char *const cases[][2] = {
        {"the tokens aren't the same", "The tokens aren't the same."},
        {"log.npz has no ids", "log.npz has no ids."},
        {"figure text: no tokens", "No tokens."},
        {"Comparing …", "Comparing …"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *sentence = scope_text_sentence(cases[i][0]);
        g_assert_cmpstr(sentence, ==, cases[i][1]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/words/formula", test_formula);
    g_test_add_func("/words/breaks", test_breaks);
    g_test_add_func("/words/sentence", test_sentence);
    return g_test_run();
}
