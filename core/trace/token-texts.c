/* SPDX-License-Identifier: MIT
 *
 * Texts of token ids, from meta.json.
 */
#include "trace/meta.h"

#include <moescope/token-texts.h>
#include <string.h>

GHashTable *
moe_token_texts_new(void)
{
    return g_hash_table_new_full(NULL, NULL, NULL, g_free);
}

static void
add_text(GHashTable *texts, gint64 id, JsonNode *node)
{
    if (id >= 0 && id <= G_MAXINT32 && json_node_get_value_type(node) == G_TYPE_STRING)
        g_hash_table_insert(texts, GINT_TO_POINTER((int)id), json_node_dup_string(node));
}

static void
add_list(GHashTable *texts, JsonNode *node)
{
    JsonArray *list = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    for (guint i = 0; list && i < json_array_get_length(list); i++)
        add_text(texts, i, json_array_get_element(list, i));
}

static void
add_object(GHashTable *texts, JsonNode *node)
{
    if (!node || !JSON_NODE_HOLDS_OBJECT(node))
        return;
    JsonObjectIter iterator;
    const char *id;
    JsonNode *text;
    json_object_iter_init(&iterator, json_node_get_object(node));
    while (json_object_iter_next(&iterator, &id, &text))
        add_text(texts, g_ascii_strtoll(id, NULL, 10), text);
}

void
moe_token_texts_add(GHashTable *texts, const char *meta_json)
{
    static const char *const keys[] = {"tokens", "token_texts", NULL};
    g_autoptr(JsonNode) root = meta_json ? moe__json_object_shared(meta_json, keys, NULL) : NULL;
    if (!root)
        return;
    JsonObject *object = json_node_get_object(root);
    add_list(texts, json_object_get_member(object, "tokens"));
    add_object(texts, json_object_get_member(object, "token_texts"));
}

const char *
moe_token_text(GHashTable *texts, int32_t id)
{
    return g_hash_table_lookup(texts, GINT_TO_POINTER(id));
}

/* --- What they stand for ----------------------------------------------------------------------*/

/* Takes an escape off the front of a text; 0: there is none. */
static char
take_escape(const char **text)
{
    static const char letters[] = "ntr", bytes[] = "\n\t\r";
    const char *at = *text;
    const char *letter = at[0] == '\\' && at[1] ? strchr(letters, at[1]) : NULL;
    if (letter) {
        *text += 2;
        return bytes[letter - letters];
    }
    if (at[0] != '\\' || at[1] != 'x' || !g_ascii_isxdigit(at[2]) || !g_ascii_isxdigit(at[3]))
        return 0;
    *text += 4;
    return (char)(g_ascii_xdigit_value(at[2]) << 4 | g_ascii_xdigit_value(at[3]));
}

static bool
unescape(const char *text, GString *out)
{
    while (*text) {
        char byte = take_escape(&text);
        if (!byte)
            return false;
        g_string_append_c(out, byte);
    }
    return true;
}

char *
moe_token_text_plain(const char *text)
{
    static const struct {
        const char *sign, *means;
    } signs[] = {{"\xc4\xa0", " "},     /* U+0120, of byte-level BPE */
                 {"\xe2\x96\x81", " "}, /* U+2581, of SentencePiece */
                 {"\xc4\x8a", "\n"},    /* U+010A */
                 {"\xc4\x89", "\t"}};   /* U+0109 */
    GString *out = g_string_new(NULL);
    if (unescape(text, out))
        return g_string_free(out, FALSE);
    g_string_assign(out, text);
    for (gsize i = 0; i < G_N_ELEMENTS(signs); i++)
        g_string_replace(out, signs[i].sign, signs[i].means, 0);
    return g_string_free(out, FALSE);
}
