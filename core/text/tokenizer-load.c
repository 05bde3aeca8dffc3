/* SPDX-License-Identifier: MIT
 *
 * Reading tokenizer.json: the vocabulary becomes tokens by id, the merges pairs of ids.
 */
#include "text/alphabet.h"
#include "text/tokenizer-layout.h"
#include "text/tokenizer.h"

typedef struct Loader {
    const char *path;
    JsonObject *vocabulary;
    GPtrArray *tokens; /* of GBytes, by id; NULL: not seen yet */
    GArray *merges;    /* of MoeMerge */
    GError **error;
} Loader;

G_GNUC_PRINTF(2, 3)
static bool
fail(const Loader *loader, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(loader->error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: %s", loader->path, what);
    return false;
}

/* The id of a token, -1 if it isn't in the vocabulary as a whole number in range. */
static int32_t
id_of(const Loader *loader, const char *token)
{
    JsonNode *node = json_object_get_member(loader->vocabulary, token);
    if (!node || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64)
        return -1;
    int64_t id = json_node_get_int(node);
    return id >= 0 && id < loader->tokens->len ? (int32_t)id : -1;
}

static bool
load_token(Loader *loader, const char *name)
{
    int32_t id = id_of(loader, name);
    if (id < 0)
        return fail(loader, "the id of token \"%s\" isn't a whole number in 0 … %u", name,
                    loader->tokens->len - 1);
    if (loader->tokens->pdata[id])
        return fail(loader, "token \"%s\" has the id %d of another token", name, id);
    GBytes *bytes = moe__alphabet_read(name);
    if (!bytes)
        return fail(loader, "token \"%s\" has a character outside the alphabet of bytes", name);
    loader->tokens->pdata[id] = bytes;
    if (g_bytes_get_size(bytes) == 0)
        return fail(loader, "token %d is empty", id);
    return true;
}

static bool
load_vocabulary(Loader *loader)
{
    g_autoptr(GList) names = json_object_get_members(loader->vocabulary);
    for (GList *name = names; name; name = name->next) {
        if (!load_token(loader, name->data))
            return false;
    }
    for (int byte = 0; byte < 256; byte++) {
        char value = (char)byte;
        g_autofree char *name = moe__alphabet_write(&value, 1);
        if (id_of(loader, name) < 0)
            return fail(loader, "byte %d (\"%s\") is missing from the vocabulary", byte, name);
    }
    return true;
}

/* The two tokens of a merge, "left right" or ["left", "right"]. (transfer full), NULL if it is
 * neither. */
static char **
merge_parts(JsonNode *node)
{
    if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
        return g_strsplit(json_node_get_string(node), " ", 3);
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return NULL;
    JsonArray *array = json_node_get_array(node);
    g_autoptr(GStrvBuilder) parts = g_strv_builder_new();
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *part = json_array_get_element(array, i);
        if (!JSON_NODE_HOLDS_VALUE(part) || json_node_get_value_type(part) != G_TYPE_STRING)
            return NULL;
        g_strv_builder_add(parts, json_node_get_string(part));
    }
    return g_strv_builder_end(parts);
}

static bool
load_merge(Loader *loader, JsonNode *node, guint rank)
{
    g_auto(GStrv) parts = merge_parts(node);
    if (!parts || g_strv_length(parts) != 2)
        return fail(loader, "merge %u isn't a pair of tokens", rank);
    g_autofree char *joined = g_strconcat(parts[0], parts[1], NULL);
    MoeMerge merge = {id_of(loader, parts[0]), id_of(loader, parts[1]), id_of(loader, joined)};
    if (merge.left < 0 || merge.right < 0 || merge.id < 0)
        return fail(loader, "merge %u, \"%s\" and \"%s\": %s isn't in the vocabulary", rank,
                    parts[0], parts[1],
                    merge.left < 0    ? "the first"
                    : merge.right < 0 ? "the second"
                                      : "the two together");
    g_array_append_val(loader->merges, merge);
    return true;
}

static bool
load_merges(Loader *loader, JsonArray *merges)
{
    for (guint i = 0; i < json_array_get_length(merges); i++) {
        if (!load_merge(loader, json_array_get_element(merges, i), i))
            return false;
    }
    return true;
}

static MoeTokenizer *
load_model(const char *path, JsonObject *model, GError **error)
{
    Loader loader = {
        .path = path,
        .vocabulary = json_object_get_object_member(model, "vocab"),
        .tokens = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref),
        .merges = g_array_new(FALSE, FALSE, sizeof(MoeMerge)),
        .error = error,
    };
    g_ptr_array_set_size(loader.tokens, (gint)json_object_get_size(loader.vocabulary));
    if (load_vocabulary(&loader) &&
        load_merges(&loader, json_object_get_array_member(model, "merges")))
        return moe__tokenizer_from_tokens(loader.tokens, loader.merges);
    g_ptr_array_unref(loader.tokens);
    g_array_unref(loader.merges);
    return NULL;
}

MoeTokenizer *
moe_tokenizer_load(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    size_t length;
    if (!g_file_get_contents(path, &text, &length, error))
        return NULL;
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    JsonObject *model = moe__tokenizer_layout(parser, path, text, length, error);
    return model ? load_model(path, model, error) : NULL;
}
