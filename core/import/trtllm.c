/* SPDX-License-Identifier: MIT
 *
 * TensorRT-LLM's expert statistics (EXPERT_STATISTIC_PATH): a safetensors file a rank, with the
 * counts [experts] of each iteration and layer as "ITER_LAYER", and meta_info.json. Ranks that
 * share attention see the same tokens and write the same counts: only one of them may be given.
 */
#include "import/counts.h"
#include "import/importers.h"
#include "import/json-pull.h"
#include "import/layer-set.h"

#include <moescope/safetensors.h>
#include <string.h>

typedef struct Ranks {
    MoeImport *import;
    MoeSummary *summary; /* NULL in the first pass */
    int file;
    GArray *layers;     /* layer-set.h */
    int64_t experts, k; /* 0: not said */
    GPtrArray *sums;    /* a checksum a rank file that has counts */
} Ranks;

static bool
is_json(const char *path)
{
    g_autofree char *base = g_path_get_basename(path);
    return g_str_has_suffix(base, ".json") || g_str_has_suffix(base, ".json.gz");
}

static bool
fail(const char *path, GError **error, const char *what, const char *expected)
{
    g_autofree char *name = g_filename_display_basename(path);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: found %s, expected %s", name, what,
                expected);
    return false;
}

/* --- meta_info.json ---------------------------------------------------------------------------*/

static bool
read_meta(Ranks *ranks, const char *path, GError **error)
{
    g_autoptr(MoeStream) stream = moe__stream_open(path, error);
    if (!stream)
        return false;
    g_autoptr(MoeJson) json = moe__json_new(stream);
    bool good = moe__json_expect(json, MOE_JSON_OBJECT, "meta_info.json");
    while (good && moe__json_next(json) == MOE_JSON_KEY) {
        if (moe__json_is(json, "num_experts"))
            good = moe__json_take_int(json, "num_experts", 1, UINT16_MAX, &ranks->experts);
        else if (moe__json_is(json, "num_experts_per_token"))
            good = moe__json_take_int(json, "num_experts_per_token", 1, UINT16_MAX, &ranks->k);
        else
            good = moe__json_skip(json);
    }
    return json->error ? moe__json_give_up(json, error) : true;
}

/* --- A rank -----------------------------------------------------------------------------------*/

/* "ITER_LAYER" */
static bool
parse_name(const char *name, int64_t *iter, int *layer)
{
    char *after;
    if (!g_ascii_isdigit(*name))
        return false;
    *iter = g_ascii_strtoll(name, &after, 10);
    if (*after != '_' || !g_ascii_isdigit(after[1]))
        return false;
    gint64 number = g_ascii_strtoll(after + 1, &after, 10);
    *layer = (int)MIN(number, UINT16_MAX + 1);
    return *after == 0 && number <= UINT16_MAX;
}

/* Adds, or looks at, one array; *total grows by its counts. */
static bool
take_array(Ranks *ranks, const char *path, const MoeStored *stored, int64_t *total, GError **error)
{
    int64_t iter, count;
    int layer;
    if (!parse_name(stored->name, &iter, &layer) || stored->ndim != 1 || stored->count < 1 ||
        stored->count > UINT16_MAX)
        return fail(path, error, stored->name, "arrays ITER_LAYER of counts [experts]");
    ranks->experts = ranks->experts ? ranks->experts : stored->count;
    if (stored->count != ranks->experts)
        return fail(path, error, stored->name, "as many experts as in the others");
    const MoeValues values = {
        .type = stored->type,
        .ndim = 1,
        .shape = {stored->count},
        .count = stored->count,
        .data = g_memdup2(stored->data, (gsize)stored->count * moe_stored_type_size(stored->type)),
    };
    g_autofree void *owned G_GNUC_UNUSED = values.data;
    int router = moe__layer_set_find(ranks->layers, layer);
    for (int e = 0; e < ranks->experts; e++) {
        if (!moe__count_value(&values, e, &count))
            return fail(path, error, stored->name, "counts, whole and not below 0");
        *total += count > 0;
        if (ranks->summary &&
            !moe_import_picks(ranks->import, router, moe_import_domain(ranks->import, ranks->file),
                              iter, e, count, error))
            return false;
    }
    if (!ranks->summary)
        moe__layer_set_add(ranks->layers, layer);
    return true;
}

/* Two ranks that counted the same would count every token twice. */
static bool
remember(Ranks *ranks, const MoeSafetensors *tensors, const char *path, GError **error)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    for (int i = 0; i < moe_safetensors_count(tensors); i++) {
        const MoeStored *stored = moe_safetensors_get(tensors, i);
        gsize bytes = (gsize)stored->count * moe_stored_type_size(stored->type);
        g_checksum_update(checksum, (const guchar *)stored->name, (gssize)strlen(stored->name) + 1);
        g_checksum_update(checksum, stored->data, (gssize)bytes);
    }
    const char *sum = g_checksum_get_string(checksum);
    for (guint i = 0; i < ranks->sums->len; i++)
        if (g_str_equal(ranks->sums->pdata[i], sum))
            return fail(path, error, "the same counts as in another rank",
                        "ranks with tokens of their own: of ranks that share attention, one");
    g_ptr_array_add(ranks->sums, g_strdup(sum));
    return true;
}

static bool
read_rank(Ranks *ranks, const char *path, GError **error)
{
    int64_t total = 0;
    g_autoptr(MoeSafetensors) tensors = moe_safetensors_open(path, error);
    if (!tensors)
        return false;
    for (int i = 0; i < moe_safetensors_count(tensors); i++)
        if (!take_array(ranks, path, moe_safetensors_get(tensors, i), &total, error))
            return false;
    if (!ranks->summary && total > 0 && !remember(ranks, tensors, path, error))
        return false;
    return moe__count_progress(ranks->import, ranks->file, error);
}

/* --- All of them ------------------------------------------------------------------------------*/

static bool
read_all(Ranks *ranks, bool meta, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(ranks->import, &n);
    for (ranks->file = 0; ranks->file < n; ranks->file++) {
        const char *path = files[ranks->file].path;
        if (is_json(path) == meta && !(meta ? read_meta : read_rank)(ranks, path, error))
            return false;
    }
    return true;
}

static bool
read_layers(Ranks *ranks, GError **error)
{
    if (!read_all(ranks, true, error) || !read_all(ranks, false, error))
        return false;
    const MoeImportShape shape = {
        .layers = moe__layer_set_numbers(ranks->layers),
        .n_layers = (int)ranks->layers->len,
        .experts = (int)ranks->experts,
        .k = (int)ranks->k,
    };
    ranks->summary = moe_import_begin_summary(ranks->import, &shape, 0, error);
    return ranks->summary && read_all(ranks, false, error);
}

static bool
read_ranks(MoeImport *import, GError **error)
{
    g_autoptr(GArray) layers = moe__layer_set_new();
    g_autoptr(GPtrArray) sums = g_ptr_array_new_with_free_func(g_free);
    Ranks ranks = {.import = import, .layers = layers, .sums = sums};
    return read_layers(&ranks, error);
}

static int
score_ranks(const MoeImportHead *head)
{
    int64_t iter;
    int layer;
    if (head->length > 0 && head->text[0] == '{' && head->length < 4096)
        return strstr(head->text, "\"num_experts_per_token\"") &&
                       strstr(head->text, "\"num_experts\"")
                   ? 60
                   : 0;
    if (head->length < 16 || head->text[8] != '{' || head->text[9] != '"')
        return 0;
    const char *key = head->text + 10;
    if (g_str_has_prefix(key, "__metadata__\"") && strstr(key, "},\""))
        key = strstr(key, "},\"") + 3;
    g_autofree char *name = g_strndup(key, strcspn(key, "\""));
    return parse_name(name, &iter, &layer) ? 90 : 0;
}

const MoeImporter moe__import_trtllm = {
    .struct_size = sizeof(MoeImporter),
    .name = "trtllm",
    .help = "TensorRT-LLM's expert statistics: rankN.safetensors, meta_info.json",
    .cite = "github.com/NVIDIA/TensorRT-LLM, expert_statistic.py",
    .score = score_ranks,
    .read = read_ranks,
};
