/* SPDX-License-Identifier: MIT
 *
 * What is known only when all files were read, put into the meta.json that the trace began with:
 * tokens that aren't in it, and notes. Its room is bounded, and so is what goes there.
 */
#include "base/json-in.h"
#include "import/door.h"
#include "trace/meta.h"

/* Of the room, bytes of a list of texts, of which there are two; layers that are named. */
enum { TEXTS_MAX = MOE_IMPORT_ROOM / 4, LAYERS_MAX = 64 };

/* Bytes that a text takes in JSON. */
static gsize
quoted(const char *text)
{
    gsize n = sizeof "\"\", " - 1;
    for (const char *c = text; *c; c++)
        n += (guchar)*c < ' ' ? 6 : *c == '"' || *c == '\\' ? 2 : 1;
    return n;
}

/* The first of the lines; where later ones don't fit, how many these are. */
static JsonArray *
list_lines(const char *lines, gsize most)
{
    JsonArray *list = json_array_new();
    g_auto(GStrv) all = g_strsplit(lines, "\n", -1);
    gsize taken = 0;
    guint n = g_strv_length(all);
    for (guint i = 0; i < n; i++) {
        taken += quoted(all[i]);
        if (taken > most) {
            g_autofree char *rest = g_strdup_printf("%u more notes, for which there is no room "
                                                    "(the import told them)",
                                                    n - i);
            json_array_add_string_element(list, rest);
            break;
        }
        json_array_add_string_element(list, all[i]);
    }
    return list;
}

static void
set_lines(JsonObject *object, const char *name, const GString *lines, gsize early)
{
    if (lines->len > 0)
        json_object_set_array_member(object, name, list_lines(lines->str, early + TEXTS_MAX));
}

/* Tokens that each layer had no picks for, where files tell: {"8": 1037}; only of the first layers
 * where they are many. */
static JsonObject *
lacking(const MoeImport *import)
{
    JsonObject *layers = json_object_new();
    int n = 0;
    for (int r = 0; import->lacked && r < import->n_routers && n < LAYERS_MAX; r++) {
        g_autofree char *layer = g_strdup_printf("%d", import->routers[r].layer);
        if (import->lacked[r] == 0)
            continue;
        json_object_set_int_member(layers, layer, import->lacked[r]);
        n++;
    }
    return layers;
}

static void
set_tokens(JsonObject *object, const MoeImport *import)
{
    JsonObject *tokens = json_object_new();
    json_object_set_int_member(tokens, "kept", import->tokens);
    json_object_set_int_member(tokens, "incomplete", import->left_out);
    json_object_set_int_member(tokens, "padding", import->pads);
    json_object_set_object_member(tokens, "lacking", lacking(import));
    json_object_set_object_member(object, "tokens", tokens);
}

bool
moe__import_tell_late(MoeImport *import, GError **error)
{
    bool more = import->notes->len > import->early_notes;
    if (!more && import->left_out == 0 && import->pads == 0)
        return true;
    g_autoptr(JsonNode) root = moe__json_object_parse(import->meta, error);
    if (!root)
        return false;
    JsonObject *object = json_object_get_object_member(json_node_get_object(root), "import");
    set_lines(object, "notes", import->notes, import->early_notes);
    set_lines(object, "warnings", import->warnings, import->early_warnings);
    set_tokens(object, import);
    g_autofree char *meta = moe__json_to_text(root);
    return moe_trace_writer_set_meta(import->writer, meta, error);
}
