/* SPDX-License-Identifier: MIT
 *
 * history.c: what "history" in meta.json says was missing from the traces that this one was made
 * of. It outlives the missing directory, which only the source shows.
 */
#include "trace/plain.h"
#include "trace/tools.h"

#include <string.h>

void
moe__trace_history_source(JsonObject *entry, const MoeTrace *trace)
{
    g_autofree char *before = moe_trace_made_of_part(trace);
    if (before || !moe_trace_complete(trace))
        json_object_set_boolean_member(entry, "source_complete", FALSE);
}

/* The entries; NULL: there are none. `root` owns them. */
static JsonArray *
read_history(const MoeTrace *trace, JsonNode **root)
{
    static const char *const keys[] = {"history", NULL};
    *root = moe__json_object_some(trace->meta_json, keys, NULL);
    JsonNode *node = *root ? json_object_get_member(json_node_get_object(*root), "history") : NULL;
    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static JsonObject *
object_at(JsonArray *list, guint i)
{
    JsonNode *node = json_array_get_element(list, i);
    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static const char *
string_of(JsonObject *entry, const char *key)
{
    JsonNode *node = json_object_get_member(entry, key);
    bool text =
        node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
    const char *string = text ? json_node_get_string(node) : NULL;
    return string && moe__is_plain(string, strlen(string)) ? string : NULL;
}

/* Whether a trace that the entry names wasn't finished. */
static bool
says_part(JsonObject *entry)
{
    JsonNode *node = json_object_get_member(entry, "source_complete");
    return node && JSON_NODE_HOLDS_VALUE(node) &&
           json_node_get_value_type(node) == G_TYPE_BOOLEAN && !json_node_get_boolean(node);
}

char *
moe_trace_made_of_part(const MoeTrace *trace)
{
    g_autoptr(JsonNode) root = NULL;
    JsonArray *history = read_history(trace, &root);
    for (guint i = 0; history && i < json_array_get_length(history); i++) {
        JsonObject *entry = object_at(history, i);
        if (!entry || !says_part(entry))
            continue;
        const char *tool = string_of(entry, "tool"), *source = string_of(entry, "source");
        if (!tool)
            tool = string_of(entry, "action");
        return g_strdup_printf("it was made (%s) of %s, which wasn't finished or had been cut off: "
                               "what the recording had behind that is missing here",
                               tool ? tool : "by another tool", source ? source : "a trace");
    }
    return NULL;
}

static int64_t
int_of(JsonObject *entry, const char *key)
{
    int64_t value = 0;
    return moe__json_get_int(entry, key, 0, INT64_MAX, &value, NULL) ? value : 0;
}

char *
moe_trace_repaired(const MoeTrace *trace)
{
    g_autoptr(JsonNode) root = NULL;
    JsonArray *history = read_history(trace, &root);
    for (guint i = 0; history && i < json_array_get_length(history); i++) {
        JsonObject *entry = object_at(history, i);
        if (!entry || g_strcmp0(string_of(entry, "tool"), "repair") != 0)
            continue;
        return g_strdup_printf(
            "it was closed by moescope trace repair, which left out %" G_GINT64_FORMAT
            " damaged chunks and %" G_GINT64_FORMAT " bytes behind the last whole one",
            int_of(entry, "damaged_chunks"), int_of(entry, "cut_bytes"));
    }
    return NULL;
}
