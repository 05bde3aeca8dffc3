/* SPDX-License-Identifier: MIT
 *
 * json-in.c: JSON of unknown origin, read without trusting it.
 */
#include "base/json-in.h"

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
        else if (!in_string && (*text == '[' || *text == '{'))
            depth++;
        else if (!in_string && (*text == ']' || *text == '}'))
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

/* Larger texts are rare, and their nodes take ten times the memory. */
#define LARGEST_SHARED (4 << 20)

/* What was parsed of the last text. */
static struct {
    GMutex lock;
    char *text;
    struct {
        const char *const *keys;
        JsonNode *node; /* NULL: none yet */
    } parts[4];
    guint next; /* part to be replaced */
} last;

/* Both are called with the lock held. */
static JsonNode *
find_part(const char *text, const char *const *keys)
{
    if (!last.text || strcmp(last.text, text) != 0)
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(last.parts); i++)
        if (last.parts[i].node && (!last.parts[i].keys || last.parts[i].keys == keys))
            return json_node_ref(last.parts[i].node);
    return NULL;
}

static void
keep_part(const char *text, const char *const *keys, JsonNode *node)
{
    if (!last.text || strcmp(last.text, text) != 0) {
        for (guint i = 0; i < G_N_ELEMENTS(last.parts); i++)
            g_clear_pointer(&last.parts[i].node, json_node_unref);
        g_free(last.text);
        last.text = g_strdup(text);
    }
    guint place = last.next++ % G_N_ELEMENTS(last.parts);
    g_clear_pointer(&last.parts[place].node, json_node_unref);
    last.parts[place].keys = keys;
    last.parts[place].node = json_node_ref(node);
}

JsonNode *
moe__json_object_shared(const char *text, const char *const *keys, GError **error)
{
    g_mutex_lock(&last.lock);
    JsonNode *node = find_part(text, keys);
    g_mutex_unlock(&last.lock);
    if (node)
        return node;
    node = keys ? moe__json_object_some(text, keys, error) : moe__json_object_parse(text, error);
    if (!node)
        return NULL;
    json_node_seal(node);
    if (strlen(text) > LARGEST_SHARED)
        return node;
    g_mutex_lock(&last.lock);
    keep_part(text, keys, node);
    g_mutex_unlock(&last.lock);
    return node;
}

static JsonNode *
find_value(JsonObject *object, const char *key, GType type)
{
    JsonNode *node = json_object_get_member(object, key);
    bool fits = node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
    return fits ? node : NULL;
}

bool
moe__json_get_int(JsonObject *object, const char *key, int64_t low, int64_t high, int64_t *out,
                  GError **error)
{
    JsonNode *node = find_value(object, key, G_TYPE_INT64);
    *out = node ? json_node_get_int(node) : 0;
    if (node && *out >= low && *out <= high)
        return true;
    JsonNode *other = json_object_get_member(object, key);
    g_autofree char *found = other ? json_to_string(other, FALSE) : g_strdup("nothing");
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "\"%s\" is %.60s; an integer from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                " is expected",
                key, found, low, high);
    return false;
}

bool
moe__json_get_small_int(JsonObject *object, const char *key, int low, int high, int *out,
                        GError **error)
{
    int64_t value;
    bool ok = moe__json_get_int(object, key, low, high, &value, error);
    *out = (int)value;
    return ok;
}

bool
moe__json_get_bool(JsonObject *object, const char *key, bool *out, GError **error)
{
    JsonNode *node = find_value(object, key, G_TYPE_BOOLEAN);
    if (node)
        *out = json_node_get_boolean(node);
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "\"%s\" is missing or not true or false",
                    key);
    return node != NULL;
}

bool
moe__json_get_string(JsonObject *object, const char *key, char **out, GError **error)
{
    JsonNode *node = find_value(object, key, G_TYPE_STRING);
    if (node)
        *out = json_node_dup_string(node);
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "\"%s\" is missing or not a string", key);
    return node != NULL;
}

JsonArray *
moe__json_get_list(JsonObject *object, const char *key, guint most, GError **error)
{
    JsonNode *node = json_object_get_member(object, key);
    JsonArray *list = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    if (list && json_array_get_length(list) <= most)
        return list;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "\"%s\" is missing or not a list of at most %u elements", key, most);
    return NULL;
}

JsonObject *
moe__json_object_at(JsonArray *list, int i, const char *what, GError **error)
{
    JsonNode *node = json_array_get_element(list, (guint)i);
    if (JSON_NODE_HOLDS_OBJECT(node))
        return json_node_get_object(node);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s %d is no object", what, i);
    return NULL;
}
