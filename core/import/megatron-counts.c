/* SPDX-License-Identifier: MIT
 *
 * Megatron-LM's tokens per expert (--save-tokens-per-expert-interval): a file a rank, a line for
 * each iteration and layer, {"iter": 100, "block": "decoder", "layer": 3, "tpe": [[128, 64], …]},
 * with the picks of the rank's own experts in each micro-batch. The files of one expert-parallel
 * group, in the order of their ranks, hold a layer's experts one file's behind the other's. Layers
 * of multi-token prediction see other tokens, and are left out.
 */
#include "import/counts.h"
#include "import/importers.h"
#include "import/json-pull.h"
#include "import/layer-set.h"

#include <string.h>

#define I64 G_GINT64_FORMAT

/* A layer in one file. */
typedef struct Share {
    int file, layer;
    int experts; /* local */
    int first;   /* the first of them among the layer's */
} Share;

/* A line. */
typedef struct Record {
    int64_t iter, layer; /* -1: not said */
    bool decoder;
    GArray *counts;        /* int32_t [batches × experts] */
    int64_t batches, wide; /* wide: experts a micro-batch */
} Record;

typedef struct Ranks {
    MoeImport *import;
    MoeSummary *summary; /* NULL in the first pass */
    int file, files;
    Record record;
    GArray *layers;     /* layer-set.h */
    GArray *shares;     /* Share, by file, then as they come */
    GHashTable *places; /* file and layer → place in `shares`, from 1 */
    GHashTable *iters;  /* iteration → its place in the order they came, from 1 */
    int64_t batches;    /* the most of an iteration */
} Ranks;

static void
ranks_clear(Ranks *ranks)
{
    g_array_unref(ranks->record.counts);
    g_array_unref(ranks->layers);
    g_array_unref(ranks->shares);
    g_hash_table_unref(ranks->places);
    g_hash_table_unref(ranks->iters);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ranks, ranks_clear)

/* --- A line -----------------------------------------------------------------------------------*/

/* The experts of a micro-batch: those from `before` on. */
static bool
check_batch(MoeJson *json, Record *record, guint before)
{
    int64_t wide = record->counts->len - before;
    record->wide = record->batches++ == 0 ? wide : record->wide;
    if (wide == 0 || wide != record->wide)
        return moe__json_fail(json,
                              "tpe: found a micro-batch with %" I64 " experts, expected "
                              "%" I64,
                              wide, record->wide);
    for (guint i = before; i < record->counts->len; i++)
        if (g_array_index(record->counts, int32_t, i) < 0)
            return moe__json_fail(json, "tpe: found %d, expected a count",
                                  g_array_index(record->counts, int32_t, i));
    return true;
}

/* A list a micro-batch, or the counts of a single one. */
static bool
read_batches(MoeJson *json, Record *record)
{
    if (!moe__json_expect(json, MOE_JSON_ARRAY, "tpe"))
        return false;
    MoeJsonEvent event = moe__json_next(json);
    if (event == MOE_JSON_INT && json->integer >= 0 && json->integer <= INT32_MAX) {
        int32_t first = (int32_t)json->integer;
        g_array_append_val(record->counts, first);
        return moe__json_rest_ints(json, "tpe", record->counts) && check_batch(json, record, 0);
    }
    for (; event == MOE_JSON_ARRAY; event = moe__json_next(json)) {
        guint before = record->counts->len;
        if (!moe__json_rest_ints(json, "tpe", record->counts) || !check_batch(json, record, before))
            return false;
    }
    return event == MOE_JSON_ARRAY_END || moe__json_fail(json, "tpe: expected lists in a list");
}

/* A number; the first version wrote it as text. */
static bool
read_layer(MoeJson *json, int64_t *layer)
{
    if (moe__json_next(json) == MOE_JSON_INT) {
        *layer = json->integer;
    } else {
        const char *text = json->event == MOE_JSON_STRING ? moe__json_text(json) : NULL;
        char *after = NULL;
        *layer = text ? g_ascii_strtoll(text, &after, 10) : -1;
        *layer = text && *text && *after == 0 ? *layer : -1;
    }
    return (*layer >= 0 && *layer <= UINT16_MAX) ||
           moe__json_fail(json, "layer: expected 0 … %d", UINT16_MAX);
}

static bool
read_value(MoeJson *json, Record *record)
{
    if (moe__json_is(json, "tpe"))
        return read_batches(json, record);
    if (moe__json_is(json, "layer"))
        return read_layer(json, &record->layer);
    if (moe__json_is(json, "iter"))
        return moe__json_take_int(json, "iter", 0, INT64_MAX, &record->iter);
    if (!moe__json_is(json, "block"))
        return moe__json_skip(json);
    const char *block = moe__json_take_text(json, "block");
    record->decoder = block && g_str_equal(block, "decoder");
    return block != NULL;
}

static bool
read_record(MoeJson *json, Record *record)
{
    *record = (Record){.iter = -1, .layer = -1, .decoder = true, .counts = record->counts};
    g_array_set_size(record->counts, 0);
    while (moe__json_next(json) == MOE_JSON_KEY)
        if (!read_value(json, record))
            return false;
    if (json->error)
        return false;
    return (record->layer >= 0 && record->batches > 0) ||
           moe__json_fail(json, "found no layer or no tpe");
}

/* --- Shares -----------------------------------------------------------------------------------*/

static gpointer
place_key(int file, int layer)
{
    return GSIZE_TO_POINTER(((gsize)file << 16 | (gsize)layer) + 1);
}

static Share *
find_share(const Ranks *ranks, int file, int layer)
{
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(ranks->places, place_key(file, layer)));
    return place ? &g_array_index(ranks->shares, Share, place - 1) : NULL;
}

static void
add_share(Ranks *ranks, const Share *share)
{
    g_array_append_val(ranks->shares, *share);
    g_hash_table_insert(ranks->places, place_key(share->file, share->layer),
                        GUINT_TO_POINTER(ranks->shares->len));
}

/* The block of an iteration's first micro-batch: each has one of its own, the same in all files and
 * layers. Iterations are numbered as they come, since often only every hundredth is recorded. */
static int64_t
block_of(Ranks *ranks, int64_t iter)
{
    int64_t place = GPOINTER_TO_INT(g_hash_table_lookup(ranks->iters, &iter));
    if (place == 0) {
        place = g_hash_table_size(ranks->iters) + 1;
        g_hash_table_insert(ranks->iters, g_memdup2(&iter, sizeof iter),
                            GINT_TO_POINTER((int)place));
    }
    return (place - 1) * ranks->batches;
}

static bool
take_record(Ranks *ranks, MoeJson *json, GError **error)
{
    const Record *record = &ranks->record;
    int layer = (int)record->layer;
    Share *share = find_share(ranks, ranks->file, layer);
    if (share && share->experts != record->wide) {
        moe__json_fail(json, "layer %d: found %" I64 " experts, %d before", layer, record->wide,
                       share->experts);
        return moe__json_give_up(json, error);
    }
    if (!ranks->summary) {
        const Share found = {ranks->file, layer, (int)MIN(record->wide, UINT16_MAX), 0};
        if (!share)
            add_share(ranks, &found);
        moe__layer_set_add(ranks->layers, layer);
        ranks->batches = MAX(ranks->batches, record->batches);
        return true;
    }
    int router = moe__layer_set_find(ranks->layers, layer);
    if (!share || router < 0) {
        moe__json_fail(json, "the file changed while it was read");
        return moe__json_give_up(json, error);
    }
    int domain = moe_import_domain(ranks->import, ranks->file);
    int64_t block = block_of(ranks, record->iter);
    for (guint i = 0; i < record->counts->len; i++) {
        int64_t batch = i / record->wide, expert = share->first + i % record->wide;
        if (!moe_import_picks(ranks->import, router, domain, block + batch, expert,
                              g_array_index(record->counts, int32_t, i), error))
            return false;
    }
    return true;
}

/* Sets the first expert of every share: files of a layer stand behind each other. */
static bool
place_shares(Ranks *ranks, int experts, GError **error)
{
    for (guint l = 0; l < ranks->layers->len; l++) {
        int layer = moe__layer_set_numbers(ranks->layers)[l], at = 0, files = 0;
        for (int file = 0; file < ranks->files; file++) {
            Share *share = find_share(ranks, file, layer);
            if (!share)
                continue;
            share->first = at;
            at = MIN(at + share->experts, 2 * UINT16_MAX);
            files++;
        }
        if (at == experts)
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "layer %d: found %d experts in %d files, expected %d (--experts): give the "
                    "files of one expert-parallel group, in the order of its ranks, and merge the "
                    "summaries of several groups",
                    layer, at, files, experts);
        return false;
    }
    return true;
}

/* --- Files ------------------------------------------------------------------------------------*/

static bool
read_file(Ranks *ranks, const char *path, GError **error)
{
    g_autoptr(MoeStream) stream = moe__stream_open(path, error);
    if (!stream)
        return false;
    g_autoptr(MoeJson) json = moe__json_new(stream);
    while (moe__json_next(json) == MOE_JSON_OBJECT) {
        if (!read_record(json, &ranks->record))
            return moe__json_give_up(json, error);
        if (ranks->record.decoder && !take_record(ranks, json, error))
            return false;
        if (!moe_import_progress(ranks->import, ranks->file, moe__stream_done(stream), error))
            return false;
    }
    if (json->event == MOE_JSON_END)
        return true;
    moe__json_fail(json, "expected an object a line");
    return moe__json_give_up(json, error);
}

static bool
read_all(Ranks *ranks, GError **error)
{
    const MoeImportFile *files = moe_import_files(ranks->import, &ranks->files);
    for (ranks->file = 0; ranks->file < ranks->files; ranks->file++)
        if (!read_file(ranks, files[ranks->file].path, error))
            return false;
    return true;
}

static bool
read_ranks(MoeImport *import, GError **error)
{
    g_auto(Ranks) ranks = {
        .import = import,
        .record.counts = g_array_new(FALSE, FALSE, sizeof(int32_t)),
        .layers = moe__layer_set_new(),
        .shares = g_array_new(FALSE, FALSE, sizeof(Share)),
        .places = g_hash_table_new(NULL, NULL),
        .iters = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
    };
    if (!read_all(&ranks, error))
        return false;
    const MoeImportShape shape = {
        .layers = moe__layer_set_numbers(ranks.layers),
        .n_layers = (int)ranks.layers->len,
    };
    ranks.summary = moe_import_begin_summary(import, &shape, 0, error);
    return ranks.summary &&
           place_shares(&ranks, moe_summary_router(ranks.summary, 0)->experts, error) &&
           read_all(&ranks, error);
}

static int
score_ranks(const MoeImportHead *head)
{
    return head->text[0] == '{' && strstr(head->text, "\"tpe\"") && strstr(head->text, "\"layer\"")
               ? 90
               : 0;
}

const MoeImporter moe__import_megatron_counts = {
    .struct_size = sizeof(MoeImporter),
    .name = "megatron-counts",
    .help = "Megatron-LM's tokens_per_expert/rankN.jsonl of one expert-parallel group",
    .cite = "github.com/NVIDIA/Megatron-LM, --save-tokens-per-expert-interval",
    .score = score_ranks,
    .read = read_ranks,
};
