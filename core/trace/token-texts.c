/* SPDX-License-Identifier: MIT
 *
 * Texts of token ids, from meta.json.
 */
#include "trace/meta.h"

#include <moescope/token-texts.h>

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
    g_autoptr(JsonNode) root = meta_json ? moe__json_object_parse(meta_json, NULL) : NULL;
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
