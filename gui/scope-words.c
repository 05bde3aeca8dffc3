/* SPDX-License-Identifier: MIT
 *
 * Tokens as one line of text.
 */
#include "scope-words.h"

#include <moescope/token-texts.h>

GHashTable *
scope_words_new(MoeFigureInput *input)
{
    GHashTable *texts = moe_token_texts_new();
    moe_token_texts_add(texts, moe_figure_input_meta(input, 0));
    return texts;
}

/* Takes off the parts of characters that lie beyond the ends. */
static void
cut_ends(GString *text)
{
    gsize from = 0;
    while (from < text->len && ((guchar)text->str[from] & 0xc0) == 0x80)
        from++;
    g_string_erase(text, 0, (gssize)from);
    const char *last = text->len ? g_utf8_find_prev_char(text->str, text->str + text->len) : NULL;
    if (last && g_utf8_get_char_validated(last, -1) == (gunichar)-2)
        g_string_truncate(text, (gsize)(last - text->str));
}

/* Nothing can be said of tokens whose ids weren't recorded. */
static bool
all_unknown(const int32_t *ids, int n)
{
    for (int i = 0; i < n; i++)
        if (ids[i] >= 0)
            return false;
    return true;
}

char *
scope_words_of(GHashTable *texts, const int32_t *ids, int n)
{
    if (all_unknown(ids, n))
        return g_strdup(n == 1 ? "?" : "");
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < n; i++) {
        const char *own = moe_token_text(texts, ids[i]);
        g_autofree char *plain = own ? moe_token_text_plain(own) : NULL;
        if (plain)
            g_string_append(text, plain);
        else if (ids[i] < 0)
            g_string_append(text, " ?");
        else
            g_string_append_printf(text, " #%d", ids[i]);
    }
    g_string_replace(text, "\n", "\xe2\x8f\x8e", 0); /* return sign */
    g_string_replace(text, "\t", "\xe2\x87\xa5", 0); /* arrow to bar */
    for (gsize i = 0; i < text->len; i++)
        if (g_ascii_iscntrl(text->str[i]))
            text->str[i] = ' ';
    if (n > 1)
        cut_ends(text);
    return g_utf8_make_valid(text->str, (gssize)text->len);
}
