/* SPDX-License-Identifier: MIT
 *
 * A checkpoint is a folder that stands for itself: recipe, tokenizer, weights, optimiser, state.
 * Nothing in it depends on the time or on how often the run was interrupted.
 */
#include "model/checkpoint.h"
#include "base/json-out.h"
#include "model/run-files.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#define SCHEMA "moescope.checkpoint/1"

void
moe__checkpoint_state_clear(MoeCheckpointState *state)
{
    g_clear_pointer(&state->domains, g_strfreev);
}

static bool
save_state(const char *folder, const MoeCheckpointState *state, GError **error)
{
    GString *out = g_string_new("{\n  \"schema\": \"" SCHEMA "\",\n");
    g_string_append_printf(out, "  \"step\": %" G_GINT64_FORMAT ",\n", state->step);
    g_string_append_printf(
        out, "  \"rng\": {\"generator\": \"philox4x32-10\", \"seed\": %" G_GUINT64_FORMAT "},\n",
        state->seed);
    g_string_append_printf(out,
                           "  \"data\": {\"next_batch\": %" G_GINT64_FORMAT
                           ", \"bytes\": %" G_GINT64_FORMAT ", \"crc32\": %u},\n",
                           state->next_batch, state->corpus_bytes, state->corpus_crc);
    g_string_append(out, "  \"domains\": [");
    for (char **domain = state->domains; *domain; domain++) {
        g_string_append(out, domain == state->domains ? "" : ", ");
        moe__json_append_string(out, *domain);
    }
    g_string_append(out, "]\n}\n");
    g_autofree char *text = g_string_free(out, FALSE);
    g_autofree char *path = moe__run_file(folder, "state.json");
    return moe_file_replace(path, text, strlen(text), error);
}

static char **
string_array(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    g_autoptr(GPtrArray) strings = g_ptr_array_new();
    JsonArray *array = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);
        const char *text = JSON_NODE_HOLDS_VALUE(element) ? json_node_get_string(element) : NULL;
        g_ptr_array_add(strings, g_strdup(text ? text : ""));
    }
    g_ptr_array_add(strings, NULL);
    return (char **)g_ptr_array_steal(strings, NULL);
}

static JsonObject *
member_object(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* A whole number >= 0, or -1. */
static int64_t
count_member(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;
    bool is_count = node && JSON_NODE_HOLDS_VALUE(node) &&
                    json_node_get_value_type(node) == G_TYPE_INT64 && json_node_get_int(node) >= 0;
    return is_count ? json_node_get_int(node) : -1;
}

static bool
parse_state(JsonObject *object, MoeCheckpointState *state)
{
    JsonNode *schema = json_object_get_member(object, "schema");
    JsonObject *rng = member_object(object, "rng");
    JsonObject *data = member_object(object, "data");
    int64_t seed = count_member(rng, "seed"), crc = count_member(data, "crc32");
    *state = (MoeCheckpointState){
        .step = count_member(object, "step"),
        .next_batch = count_member(data, "next_batch"),
        .seed = (uint64_t)seed,
        .corpus_bytes = count_member(data, "bytes"),
        .corpus_crc = (uint32_t)crc,
        .domains = string_array(object, "domains"),
    };
    bool known = schema && JSON_NODE_HOLDS_VALUE(schema) &&
                 g_strcmp0(json_node_get_string(schema), SCHEMA) == 0;
    return known && state->step >= 0 && state->next_batch >= 0 && seed >= 0 &&
           state->corpus_bytes >= 0 && crc >= 0;
}

bool
moe__checkpoint_state_load(const char *folder, MoeCheckpointState *state, GError **error)
{
    g_autofree char *path = moe__run_file(folder, "state.json");
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!json_parser_load_from_file(parser, path, error))
        return false;
    JsonNode *root = json_parser_get_root(parser);
    if (root && JSON_NODE_HOLDS_OBJECT(root) && parse_state(json_node_get_object(root), state))
        return true;
    moe__checkpoint_state_clear(state);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: expected the state of a checkpoint (schema " SCHEMA
                ": step, rng.seed, data.next_batch, data.bytes, data.crc32)",
                path);
    return false;
}

static bool
save_into(const char *folder, const MoeCheckpointState *state, MoeModel *model,
          const MoeAdamW *adamw, const MoeTokenizer *tokenizer, GError **error)
{
    g_autofree char *recipe_text = moe_recipe_to_text(moe_model_recipe(model));
    g_autofree char *recipe = moe__run_file(folder, "recipe.ini");
    g_autofree char *tokens = moe__run_file(folder, "tokenizer.json");
    g_autofree char *weights = moe__run_file(folder, "model.safetensors");
    g_autofree char *optimizer = moe__run_file(folder, "optimizer.safetensors");
    return moe_file_replace(recipe, recipe_text, strlen(recipe_text), error) &&
           moe_tokenizer_save(tokenizer, tokens, error) &&
           moe_params_save(moe_model_params(model), weights, error) &&
           moe_adamw_save(adamw, optimizer, error) && save_state(folder, state, error);
}

bool
moe__checkpoint_save(const char *dir, const MoeCheckpointState *state, MoeModel *model,
                     const MoeAdamW *adamw, const MoeTokenizer *tokenizer, GError **error)
{
    g_autofree char *folder = moe__run_checkpoint(dir, state->step);
    g_autofree char *beside = g_strconcat(folder, MOE_RUN_PART, NULL);
    moe__run_remove_folder(beside);
    if (g_mkdir_with_parents(beside, 0777) != 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "%s: can't make the folder: %s", beside, g_strerror(errno));
        return false;
    }
    if (!save_into(beside, state, model, adamw, tokenizer, error)) {
        moe__run_remove_folder(beside);
        return false;
    }
    /* A checkpoint of this step may be there from before an interruption: the same bits. */
    moe__run_remove_folder(folder);
    if (g_rename(beside, folder) != 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "%s: can't rename to %s: %s", beside, folder, g_strerror(errno));
        return false;
    }
    return true;
}

/* The checkpoint folder that `path` means: itself, or the latest of the run folder. */
static char *
find_folder(const char *path, GError **error)
{
    g_autofree char *state = moe__run_file(path, "state.json");
    if (g_file_test(state, G_FILE_TEST_EXISTS))
        return g_strdup(path);
    g_autoptr(GArray) steps = moe__run_checkpoints(path);
    if (steps->len > 0)
        return moe__run_checkpoint(path, g_array_index(steps, int64_t, steps->len - 1));
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "%s: no such file or folder", path);
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: neither a checkpoint (a folder with state.json) nor a run that has one",
                    path);
    return NULL;
}

MoeCheckpoint *
moe_checkpoint_open(const char *path, GError **error)
{
    g_autoptr(MoeCheckpoint) checkpoint = g_new0(MoeCheckpoint, 1);
    checkpoint->path = find_folder(path, error);
    if (!checkpoint->path)
        return NULL;
    MoeCheckpointState state = {0};
    if (!moe__checkpoint_state_load(checkpoint->path, &state, error))
        return NULL;
    checkpoint->step = state.step;
    checkpoint->domains = state.domains;
    g_autofree char *recipe_path = moe__run_file(checkpoint->path, "recipe.ini");
    g_autofree char *tokens = moe__run_file(checkpoint->path, "tokenizer.json");
    g_autofree char *weights = moe__run_file(checkpoint->path, "model.safetensors");
    g_autoptr(MoeRecipe) recipe = moe_recipe_load(recipe_path, error);
    if (recipe)
        moe_recipe_set_recorded(recipe);
    if (!recipe || !(checkpoint->tokenizer = moe_tokenizer_load(tokens, error)))
        return NULL;
    checkpoint->model = moe_model_new(recipe, moe_tokenizer_size(checkpoint->tokenizer), error);
    if (!checkpoint->model || !moe_params_load(moe_model_params(checkpoint->model), weights, error))
        return NULL;
    return g_steal_pointer(&checkpoint);
}

void
moe_checkpoint_free(MoeCheckpoint *checkpoint)
{
    if (!checkpoint)
        return;
    moe_model_free(checkpoint->model);
    moe_tokenizer_free(checkpoint->tokenizer);
    g_strfreev(checkpoint->domains);
    g_free(checkpoint->path);
    g_free(checkpoint);
}
