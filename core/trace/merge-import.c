/* SPDX-License-Identifier: MIT
 *
 * merge-import.c: what imports noted of the parts of a trace, put together: meta.json of a merged
 * trace is that of its first part, and would lose what the others left out.
 */
#include "trace/merge.h"

#include "base/json-in.h"
#include "trace/meta.h"

static JsonObject *
find_object(JsonObject *of, const char *name)
{
    JsonNode *node = of ? json_object_get_member(of, name) : NULL;
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static bool
has_text(JsonArray *list, const char *text)
{
    for (guint i = 0; i < json_array_get_length(list); i++)
        if (g_strcmp0(json_node_get_string(json_array_get_element(list, i)), text) == 0)
            return true;
    return false;
}

/* Adds texts of a list that another one lacks. */
static void
add_texts(JsonObject *into, JsonObject *from, const char *name)
{
    JsonNode *node = json_object_get_member(from, name);
    JsonNode *own = json_object_get_member(into, name);
    if (!node || !JSON_NODE_HOLDS_ARRAY(node) || (own && !JSON_NODE_HOLDS_ARRAY(own)))
        return;
    if (!own)
        json_object_set_array_member(into, name, json_array_new());
    JsonArray *list = json_object_get_array_member(into, name), *more = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(more); i++) {
        const char *text = json_node_get_string(json_array_get_element(more, i));
        if (text && !has_text(list, text))
            json_array_add_string_element(list, text);
    }
}

/* Adds numbers by name, and those of objects in them. */
static void
add_numbers(JsonObject *into, JsonObject *from)
{
    JsonObjectIter iterator;
    const char *name;
    JsonNode *node;
    json_object_iter_init(&iterator, from);
    while (json_object_iter_next(&iterator, &name, &node)) {
        JsonNode *own = json_object_get_member(into, name);
        if (!own)
            json_object_set_member(into, name, json_node_copy(node));
        else if (JSON_NODE_HOLDS_OBJECT(node) && JSON_NODE_HOLDS_OBJECT(own))
            add_numbers(json_node_get_object(own), json_node_get_object(node));
        else if (JSON_NODE_HOLDS_VALUE(node) && JSON_NODE_HOLDS_VALUE(own))
            json_object_set_int_member(into, name,
                                       json_node_get_int(own) + json_node_get_int(node));
    }
}

/* Tokens of a part that left none out are counted as kept. */
static void
add_tokens(JsonObject *into, JsonObject *from, int64_t kept)
{
    JsonObject *more = find_object(from, "tokens");
    if (!find_object(into, "tokens"))
        json_object_set_object_member(into, "tokens", json_object_new());
    JsonObject *tokens = find_object(into, "tokens");
    g_autoptr(JsonObject) whole = json_object_new();
    json_object_set_int_member(whole, "kept", kept);
    add_numbers(tokens, more ? more : whole);
}

static bool
has_tokens(const MoeTrace *const *traces, int n)
{
    for (int t = 0; t < n; t++) {
        g_autoptr(JsonNode) root = moe__json_object_parse(moe_trace_meta_json(traces[t]), NULL);
        if (find_object(find_object(json_node_get_object(root), "import"), "tokens"))
            return true;
    }
    return false;
}

char *
moe__trace_merge_imports(const char *meta_json, const MoeTrace *const *traces, int n)
{
    bool counts = has_tokens(traces, n);
    g_autoptr(JsonNode) root = moe__json_object_parse(meta_json, NULL);
    JsonObject *meta = json_node_get_object(root); /* it was made of one that was parsed */
    JsonObject *into = find_object(meta, "import");
    for (int t = 0; t < n; t++) {
        g_autoptr(JsonNode) node = moe__json_object_parse(moe_trace_meta_json(traces[t]), NULL);
        JsonObject *from = find_object(json_node_get_object(node), "import");
        if (t > 0 && from && !into) {
            json_object_set_object_member(meta, "import", json_object_new());
            into = find_object(meta, "import");
        }
        if (t > 0 && from) {
            add_texts(into, from, "files");
            add_texts(into, from, "notes");
            add_texts(into, from, "warnings");
        }
        bool own = t == 0 && from && find_object(from, "tokens"); /* is there already */
        if (counts && into && !own)
            add_tokens(into, from, moe_trace_tokens(traces[t], -1));
    }
    return moe__json_to_text(root);
}
