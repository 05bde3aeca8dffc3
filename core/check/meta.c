/* SPDX-License-Identifier: MIT */
#include "check/meta.h"

JsonObject *
moe__check_import(const char *meta_json, JsonNode **root)
{
    static const char *const keys[] = {"import", NULL};
    *root = meta_json ? moe__json_object_shared(meta_json, keys, NULL) : NULL;
    JsonNode *import = *root ? json_object_get_member(json_node_get_object(*root), "import") : NULL;
    return import && JSON_NODE_HOLDS_OBJECT(import) ? json_node_get_object(import) : NULL;
}

const char *
moe__check_text_at(JsonArray *list, guint i)
{
    JsonNode *node = json_array_get_element(list, i);
    bool text = JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
    return text ? json_node_get_string(node) : NULL;
}

int64_t
moe__check_number(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    bool number =
        node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64;
    return number ? json_node_get_int(node) : 0;
}
