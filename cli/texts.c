/* SPDX-License-Identifier: MIT */
#include "texts.h"

#include "json.h"

#include <json-glib/json-glib.h>
#include <moescope/tokens.h>

static JsonNode *
member_of(JsonParser *parser, const char *name)
{
    JsonNode *root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root))
        return NULL;
    return json_object_get_member(json_node_get_object(root), name);
}

static void
add_text(GHashTable *texts, gint64 id, JsonNode *node)
{
    if (id >= 0 && id <= G_MAXINT32 && json_node_get_value_type(node) == G_TYPE_STRING)
        g_hash_table_insert(texts, GINT_TO_POINTER((int)id), json_node_dup_string(node));
}

/* "tokens": a text for each id from 0. */
static void
read_list(GHashTable *texts, const char *meta_json)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!json_parser_load_from_data(parser, meta_json, -1, NULL))
        return;
    JsonNode *node = member_of(parser, "tokens");
    JsonArray *list = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    for (guint i = 0; list && i < json_array_get_length(list); i++)
        add_text(texts, i, json_array_get_element(list, i));
}

void
cmd_texts_read(GHashTable *texts, const char *meta_json)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!meta_json || !json_parser_load_from_data(parser, meta_json, -1, NULL))
        return;
    JsonNode *node = member_of(parser, "token_texts");
    if (!node || !JSON_NODE_HOLDS_OBJECT(node))
        return;
    JsonObjectIter iterator;
    const char *id;
    JsonNode *text;
    json_object_iter_init(&iterator, json_node_get_object(node));
    while (json_object_iter_next(&iterator, &id, &text))
        add_text(texts, g_ascii_strtoll(id, NULL, 10), text);
}

GHashTable *
cmd_texts_of(const CmdSource *source)
{
    GHashTable *texts = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    if (source->trace)
        read_list(texts, moe_trace_meta_json(source->trace));
    cmd_texts_read(texts, moe_summary_meta_json(source->summary));
    return texts;
}

/* --- Writing ----------------------------------------------------------------------------------*/

static gint
ascending(gconstpointer a, gconstpointer b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static void
add_named(GArray *ids, const MoeTokenCell *cell)
{
    for (int i = 0; i < cell->experts * MOE_TOKENS_TOP; i++) {
        int id = (int)cell->top_id[i];
        if (cell->top_picks[i] > 0)
            g_array_append_val(ids, id);
    }
}

void
cmd_texts_json(GString *json, const MoeSummary *summary, GHashTable *texts)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int));
    for (int r = 0; r < moe_summary_routers(summary); r++)
        if (moe_summary_tokens(summary, r))
            add_named(ids, moe_summary_tokens(summary, r));
    g_array_sort(ids, ascending);
    bool open = false;
    for (guint i = 0; i < ids->len; i++) {
        int id = g_array_index(ids, int, i);
        const char *text = g_hash_table_lookup(texts, GINT_TO_POINTER(id));
        bool again = i > 0 && g_array_index(ids, int, i - 1) == id;
        if (!text || again)
            continue;
        if (!open)
            json_open(json, "token_texts", '{');
        open = true;
        g_autofree char *key = g_strdup_printf("%d", id);
        json_text(json, key, text);
    }
    if (open)
        json_close(json, '}');
}
