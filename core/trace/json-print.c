/* SPDX-License-Identifier: MIT
 *
 * A JSON tree as text. json-glib's own generator writes 1e-8 as "1e-08.0", which nobody reads, and
 * numbers with more digits than they have; here they are the shortest that read back the same.
 */
#include "base/json-out.h"
#include "trace/meta.h"

static void append_node(GString *out, JsonNode *node, int depth);

static void
append_array(GString *out, JsonArray *array, int depth)
{
    g_string_append_c(out, '[');
    for (guint i = 0; i < json_array_get_length(array); i++) {
        g_string_append(out, i ? ", " : "");
        append_node(out, json_array_get_element(array, i), depth);
    }
    g_string_append_c(out, ']');
}

static void
append_object(GString *out, JsonObject *object, int depth)
{
    g_autoptr(GList) keys = json_object_get_members(object);
    g_string_append_c(out, '{');
    for (GList *i = keys; i; i = i->next) {
        /* The outermost members stand on lines of their own: meta.json is read by people too. */
        g_string_append(out, depth == 0 ? (i == keys ? "\n  " : ",\n  ") : (i == keys ? "" : ", "));
        moe__json_append_string(out, i->data);
        g_string_append(out, ": ");
        append_node(out, json_object_get_member(object, i->data), depth + 1);
    }
    g_string_append(out, depth == 0 ? "\n}\n" : "}");
}

static void
append_value(GString *out, JsonNode *node)
{
    switch (json_node_get_value_type(node)) {
    case G_TYPE_STRING:
        moe__json_append_string(out, json_node_get_string(node));
        break;
    case G_TYPE_BOOLEAN:
        g_string_append(out, json_node_get_boolean(node) ? "true" : "false");
        break;
    case G_TYPE_INT64:
        g_string_append_printf(out, "%" G_GINT64_FORMAT, json_node_get_int(node));
        break;
    default:
        moe__json_append_real(out, json_node_get_double(node));
    }
}

static void
append_node(GString *out, JsonNode *node, int depth)
{
    switch (json_node_get_node_type(node)) {
    case JSON_NODE_OBJECT:
        append_object(out, json_node_get_object(node), depth);
        break;
    case JSON_NODE_ARRAY:
        append_array(out, json_node_get_array(node), depth);
        break;
    case JSON_NODE_VALUE:
        append_value(out, node);
        break;
    case JSON_NODE_NULL:
        g_string_append(out, "null");
        break;
    }
}

char *
moe__json_to_text(JsonNode *node)
{
    GString *out = g_string_new(NULL);
    append_node(out, node, 0);
    return g_string_free(out, FALSE);
}
