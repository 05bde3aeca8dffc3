/* SPDX-License-Identifier: MIT
 *
 * json.c: JSON of unknown origin, read without trusting it.
 */
#include "trace/meta.h"

#include <string.h>

enum { DEPTH_MAX = 64 };

/* How deeply brackets nest, outside of strings. */
static int
nesting_depth(const char *text)
{
    int depth = 0, deepest = 0;
    bool in_string = false;
    for (; *text; text++) {
        if (in_string && *text == '\\' && text[1])
            text++;
        else if (*text == '"')
            in_string = !in_string;
        else if (!in_string && strchr("[{", *text))
            depth++;
        else if (!in_string && strchr("]}", *text))
            depth--;
        deepest = MAX(deepest, depth);
    }
    return deepest;
}

JsonNode *
moe__json_object_parse(const char *text, GError **error)
{
    if (nesting_depth(text) > DEPTH_MAX) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "brackets nest over %d deep", DEPTH_MAX);
        return NULL;
    }
    g_autoptr(GError) reason = NULL;
    g_autoptr(JsonNode) node = json_from_string(text, &reason);
    if (reason) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "not JSON: %s", reason->message);
        return NULL;
    }
    if (!node || !JSON_NODE_HOLDS_OBJECT(node)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "a JSON object was expected");
        return NULL;
    }
    return g_steal_pointer(&node);
}

bool
moe__json_get_int(JsonObject *object, const char *key, int64_t low, int64_t high, int64_t *out,
                  GError **error)
{
    JsonNode *node = json_object_get_member(object, key);
    bool is_int =
        node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64;
    *out = is_int ? json_node_get_int(node) : 0;
    if (is_int && *out >= low && *out <= high)
        return true;
    g_autofree char *found = node ? json_to_string(node, FALSE) : g_strdup("nothing");
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "\"%s\" is %.60s; an integer from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                " is expected",
                key, found, low, high);
    return false;
}
