/* SPDX-License-Identifier: MIT */
#include "text/tokenizer-layout.h"

#include <moescope/base.h>

#include <string.h>

enum { DEEPEST = 64 }; /* nesting; json-glib recurses, so that depth has to be bounded first */

static bool
nests_too_deep(const char *text, size_t length)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < length && depth <= DEEPEST; i++) {
        char c = text[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            depth++;
        else if (!in_string && (c == '}' || c == ']'))
            depth--;
    }
    return depth > DEEPEST;
}

static JsonObject *
parse(JsonParser *parser, const char *path, const char *text, size_t length, GError **error)
{
    if (nests_too_deep(text, length)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: nested more than %d deep", path,
                    DEEPEST);
        return NULL;
    }
    g_autoptr(GError) problem = NULL;
    if (!json_parser_load_from_data(parser, text, (gssize)length, &problem)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: not JSON: %s", path, problem->message);
        return NULL;
    }
    JsonNode *root = json_parser_get_root(parser);
    if (root && JSON_NODE_HOLDS_OBJECT(root))
        return json_node_get_object(root);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: expected a JSON object", path);
    return NULL;
}

/* NULL for a member that is null or absent. */
static JsonNode *
member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && !JSON_NODE_HOLDS_NULL(node) ? node : NULL;
}

static JsonObject *
object_member(JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name);
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static bool
is_string(JsonNode *node, const char *value)
{
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING &&
           strcmp(json_node_get_string(node), value) == 0;
}

static bool
is_bool(JsonNode *node, bool value)
{
    return node && JSON_NODE_HOLDS_VALUE(node) &&
           json_node_get_value_type(node) == G_TYPE_BOOLEAN &&
           (json_node_get_boolean(node) != 0) == value;
}

static bool
is_empty(JsonNode *node)
{
    return !node || is_string(node, "") ||
           (JSON_NODE_HOLDS_ARRAY(node) && json_array_get_length(json_node_get_array(node)) == 0);
}

/* What of a file would make `tokenizers` encode otherwise than by bytes, GPT-2's words and merges;
 * NULL if nothing does. */
static const char *
unsupported(JsonObject *root, JsonObject *model)
{
    static const char *const outside[] = {"truncation", "padding", "normalizer", "added_tokens"};
    static const char *const inside[] = {"dropout", "continuing_subword_prefix",
                                         "end_of_word_suffix"};
    for (size_t i = 0; i < G_N_ELEMENTS(outside); i++) {
        if (!is_empty(member(root, outside[i])))
            return outside[i];
    }
    for (size_t i = 0; i < G_N_ELEMENTS(inside); i++) {
        if (!is_empty(member(model, inside[i])))
            return inside[i];
    }
    JsonNode *ignore = member(model, "ignore_merges");
    if (ignore && !is_bool(ignore, false))
        return "ignore_merges";
    JsonObject *cut = object_member(root, "pre_tokenizer");
    if (!cut || !is_string(member(cut, "type"), "ByteLevel") ||
        !is_bool(member(cut, "add_prefix_space"), false) ||
        (member(cut, "use_regex") && !is_bool(member(cut, "use_regex"), true)))
        return "pre_tokenizer";
    JsonObject *after = object_member(root, "post_processor");
    if (member(root, "post_processor") && !(after && is_string(member(after, "type"), "ByteLevel")))
        return "post_processor";
    return NULL;
}

JsonObject *
moe__tokenizer_layout(JsonParser *parser, const char *path, const char *text, size_t length,
                      GError **error)
{
    JsonObject *root = parse(parser, path, text, length, error);
    if (!root)
        return NULL;
    JsonObject *model = object_member(root, "model");
    JsonNode *merges = model ? member(model, "merges") : NULL;
    if (!model || !object_member(model, "vocab") || !merges || !JSON_NODE_HOLDS_ARRAY(merges)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: expected an object \"model\" with an object \"vocab\" and an array "
                    "\"merges\"",
                    path);
        return NULL;
    }
    /* files from before 2020 don't name the type */
    bool bpe = !member(model, "type") || is_string(member(model, "type"), "BPE");
    const char *name = bpe ? unsupported(root, model) : "model.type";
    if (name) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: \"%s\" is of a kind that this version doesn't read; it reads byte-level "
                    "BPE with GPT-2's words and nothing before, after or beside it",
                    path, name);
        return NULL;
    }
    return model;
}
