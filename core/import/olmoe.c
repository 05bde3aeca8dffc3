/* SPDX-License-Identifier: MIT
 *
 * OLMoE's routing analysis: a line a sequence, {"input_ids": [T], "predicted_token_ids": [T],
 * "exp_ids": [T][k][layers]}. The innermost axis is the layer. There are no weights.
 */
#include "import/importers.h"
#include "import/json-pull.h"

#include <string.h>

/* A sequence. */
typedef struct Sequence {
    GArray *ids;     /* int32_t [T] */
    GArray *experts; /* int32_t [T × k × layers], as they stand in the file */
    int tokens, k, layers;
} Sequence;

static void
sequence_clear(Sequence *sequence)
{
    g_array_unref(sequence->ids);
    g_array_unref(sequence->experts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sequence, sequence_clear)

/* --- Reading ----------------------------------------------------------------------------------*/

/* One token: k lists of as many ids as there are layers. */
static bool
read_token(MoeJson *json, Sequence *sequence)
{
    int k = 0;
    while (moe__json_next(json) == MOE_JSON_ARRAY) {
        guint before = sequence->experts->len;
        if (!moe__json_rest_ints(json, "exp_ids", sequence->experts))
            return false;
        int layers = (int)(sequence->experts->len - before);
        if (sequence->layers == 0)
            sequence->layers = layers;
        if (layers == 0 || layers != sequence->layers)
            return moe__json_fail(json, "exp_ids: found %d layers, expected %d as before", layers,
                                  sequence->layers);
        k++;
    }
    if (json->event != MOE_JSON_ARRAY_END)
        return moe__json_fail(json, "exp_ids: expected lists in lists in a list");
    if (sequence->k == 0)
        sequence->k = k;
    sequence->tokens++;
    return (k > 0 && k == sequence->k) ||
           moe__json_fail(json, "exp_ids: found %d experts a token, expected %d as before", k,
                          sequence->k);
}

static bool
read_experts(MoeJson *json, Sequence *sequence)
{
    if (!moe__json_expect(json, MOE_JSON_ARRAY, "exp_ids"))
        return false;
    while (moe__json_next(json) == MOE_JSON_ARRAY)
        if (!read_token(json, sequence))
            return false;
    return json->event == MOE_JSON_ARRAY_END ||
           moe__json_fail(json, "exp_ids: expected lists in lists in a list");
}

/* The next line. k and layers have to stay what they were, if they are set. Returns false at the
 * end, and with json->error. */
static bool
read_sequence(MoeJson *json, Sequence *sequence)
{
    g_array_set_size(sequence->ids, 0);
    g_array_set_size(sequence->experts, 0);
    sequence->tokens = 0;
    if (!moe__json_next_row(json))
        return false;
    while (moe__json_next(json) == MOE_JSON_KEY) {
        bool ids = moe__json_is(json, "input_ids");
        if (!(ids ? moe__json_take_ints(json, "input_ids", sequence->ids)
              : moe__json_is(json, "exp_ids") ? read_experts(json, sequence)
                                              : moe__json_skip(json)))
            return false;
    }
    if (json->error)
        return false;
    if (sequence->tokens == 0)
        return moe__json_fail(json, "found a line without exp_ids");
    return sequence->ids->len == 0 || (int)sequence->ids->len == sequence->tokens ||
           moe__json_fail(json, "found %u input_ids and %d exp_ids", sequence->ids->len,
                          sequence->tokens);
}

/* --- Bringing ---------------------------------------------------------------------------------*/

static bool
bring_sequence(MoeImport *import, const Sequence *sequence, int doc, int domain, int32_t *expert,
               GError **error)
{
    int k = sequence->k, layers = sequence->layers;
    const int32_t *at = (const int32_t *)sequence->experts->data;
    for (int t = 0; t < sequence->tokens; t++, at += (gsize)k * (gsize)layers) {
        for (int layer = 0; layer < layers; layer++)
            for (int i = 0; i < k; i++)
                expert[layer * k + i] = at[i * layers + layer];
        const MoeImportToken token = {
            .id = sequence->ids->len ? g_array_index(sequence->ids, int32_t, t) : -1,
            .doc = doc,
            .pos = t,
            .domain = domain,
            .expert = expert,
        };
        if (!moe_import_token(import, &token, error)) {
            g_prefix_error(error, "token %d: ", t);
            return false;
        }
    }
    return true;
}

static bool
bring_file(MoeImport *import, int file, Sequence *sequence, int *doc, GError **error)
{
    int n;
    g_autoptr(MoeStream) stream = moe__stream_open(moe_import_files(import, &n)[file].path, error);
    if (!stream)
        return false;
    g_autoptr(MoeJson) json = moe__json_new(stream);
    g_autofree int32_t *expert = g_new(int32_t, (gsize)sequence->k * (gsize)sequence->layers);
    int domain = moe_import_domain(import, file);
    while (read_sequence(json, sequence)) {
        if (!bring_sequence(import, sequence, *doc, domain, expert, error)) {
            g_prefix_error(error, "%s: line %" G_GUINT64_FORMAT ", ", stream->path, json->line);
            return false;
        }
        ++*doc;
        if (!moe_import_progress(import, file, moe__stream_done(stream), error))
            return false;
    }
    return json->error ? moe__json_give_up(json, error) : true;
}

/* The first line says k and the number of layers. */
static bool
begin(MoeImport *import, const char *path, Sequence *sequence, GError **error)
{
    g_autoptr(MoeStream) stream = moe__stream_open(path, error);
    if (!stream)
        return false;
    g_autoptr(MoeJson) json = moe__json_new(stream);
    if (!read_sequence(json, sequence) && json->error)
        return moe__json_give_up(json, error);
    g_autofree int *layers = g_new(int, (gsize)MAX(sequence->layers, 1));
    for (int i = 0; i < sequence->layers; i++)
        layers[i] = i;
    MoeImportShape shape = {
        .layers = layers,
        .n_layers = sequence->layers,
        .by_place = true,
        .k = sequence->k,
    };
    for (guint i = 0; i < sequence->experts->len; i++)
        shape.max_expert = MAX(shape.max_expert, g_array_index(sequence->experts, int32_t, i));
    return moe_import_begin(import, &shape, error);
}

static bool
read_olmoe(MoeImport *import, GError **error)
{
    int n, doc = 0;
    const MoeImportFile *files = moe_import_files(import, &n);
    g_auto(Sequence) sequence = {
        .ids = g_array_new(FALSE, FALSE, sizeof(int32_t)),
        .experts = g_array_new(FALSE, FALSE, sizeof(int32_t)),
    };
    if (!begin(import, files[0].path, &sequence, error))
        return false;
    for (int i = 0; i < n; i++)
        if (!bring_file(import, i, &sequence, &doc, error))
            return false;
    return true;
}

static int
score_olmoe(const MoeImportHead *head)
{
    return strstr(head->text, "\"exp_ids\"") ? 90 : 0;
}

const MoeImporter moe__import_olmoe = {
    .struct_size = sizeof(MoeImporter),
    .name = "olmoe",
    .help = "JSON Lines of OLMoE's routing analysis: input_ids, exp_ids [token][k][layer]",
    .cite = "Muennighoff et al. 2024, arXiv 2409.02060; github.com/allenai/OLMoE",
    .score = score_olmoe,
    .read = read_olmoe,
};
