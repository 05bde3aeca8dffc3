/* SPDX-License-Identifier: MIT
 *
 * Megatron-LM's router traces (--moe-routing-trace-path): a file a rank, a line for each step,
 * block and layer with the picks of all tokens. A pass ends where the step changes or a layer comes
 * again (the next micro-batch, or the next step of decoding). Layers of multi-token prediction bear
 * numbers that the decoder's have too, and see other tokens: they are left out. Logits, where they
 * were recorded, lie in a file beside it.
 */
#include "import/importers.h"
#include "import/json-pull.h"
#include "import/sidecar.h"

#include <string.h>

enum { LAYERS = UINT16_MAX + 1 };

/* A line. */
typedef struct Record {
    int64_t step, layer, rank, k;
    int64_t experts, logit_rows, logit_offset; /* 0, 0, -1 where no logits were recorded */
    int64_t logit_bytes;                       /* -1: not said */
    bool decoder;
    int tokens;
    GArray *ids; /* int32_t [tokens × k] */
} Record;

typedef struct Ranks {
    MoeImport *import;
    int file;
    Record record;
    int *index;     /* [LAYERS]: of a layer among those that occur; -1: it doesn't */
    GArray *layers; /* int, ascending */
    int k, experts, max_expert;
    int64_t lines, with_logits; /* of the decoder */
    MoeSidecar *sidecar;        /* of the file; NULL: there is none, or no line asked for it */
    bool asked;                 /* for the sidecar of this file */
    int n_layers;               /* 0 in the first pass over the files */
    bool has_logits;            /* in the second */
    GArray **ids;               /* [n_layers]: of the pass */
    int64_t *logits_at;         /* [n_layers]: of the pass, in the sidecar */
    bool *present;              /* [n_layers] */
    int64_t step;               /* of the pass */
    int32_t doc;
    int32_t *expert; /* [n_layers × k] */
    float *logits;   /* [n_layers × experts] */
} Ranks;

static void
ranks_clear(Ranks *ranks)
{
    for (int r = 0; r < ranks->n_layers; r++)
        g_array_unref(ranks->ids[r]);
    moe__sidecar_free(ranks->sidecar);
    g_free(ranks->ids);
    g_free(ranks->logits_at);
    g_free(ranks->logits);
    g_free(ranks->present);
    g_free(ranks->index);
    g_free(ranks->expert);
    g_array_unref(ranks->layers);
    g_array_unref(ranks->record.ids);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ranks, ranks_clear)

/* --- A line -----------------------------------------------------------------------------------*/

static bool
read_picks(MoeJson *json, Record *record)
{
    if (!moe__json_expect(json, MOE_JSON_ARRAY, "top_indices"))
        return false;
    while (moe__json_next(json) == MOE_JSON_ARRAY) {
        guint before = record->ids->len;
        if (!moe__json_rest_ints(json, "top_indices", record->ids))
            return false;
        int64_t k = record->ids->len - before;
        record->k = record->tokens++ == 0 ? k : record->k;
        if (k == 0 || k != record->k)
            return moe__json_fail(json, "top_indices: found a token with %d experts, expected %d",
                                  (int)k, (int)record->k);
    }
    return json->event == MOE_JSON_ARRAY_END ||
           moe__json_fail(json, "top_indices: expected lists in a list");
}

static bool
read_block(MoeJson *json, Record *record)
{
    const char *block = moe__json_take_text(json, "block");
    record->decoder = block && g_str_equal(block, "decoder");
    return block != NULL;
}

/* [tokens, experts] */
static bool
read_logit_shape(MoeJson *json, Record *record)
{
    g_autoptr(GArray) shape = g_array_new(FALSE, FALSE, sizeof(int32_t));
    if (!moe__json_take_ints(json, "logit_shape", shape))
        return false;
    record->logit_rows = shape->len == 2 ? g_array_index(shape, int32_t, 0) : 0;
    record->experts = shape->len == 2 ? g_array_index(shape, int32_t, 1) : 0;
    return record->experts > 0 || moe__json_fail(json, "logit_shape: expected tokens and experts");
}

static bool
read_member(MoeJson *json, Record *record)
{
    if (moe__json_is(json, "step") || moe__json_is(json, "iter"))
        return moe__json_take_int(json, "step", 0, INT64_MAX, &record->step);
    if (moe__json_is(json, "layer"))
        return moe__json_take_int(json, "layer", 0, UINT16_MAX, &record->layer);
    if (moe__json_is(json, "rank"))
        return moe__json_take_int(json, "rank", 0, INT32_MAX, &record->rank);
    if (moe__json_is(json, "logit_offset"))
        return moe__json_take_int(json, "logit_offset", 0, INT64_MAX, &record->logit_offset);
    if (moe__json_is(json, "logit_bytes"))
        return moe__json_take_int(json, "logit_bytes", 0, INT64_MAX, &record->logit_bytes);
    if (moe__json_is(json, "logit_shape"))
        return read_logit_shape(json, record);
    if (moe__json_is(json, "block"))
        return read_block(json, record);
    return moe__json_is(json, "top_indices") ? read_picks(json, record) : moe__json_skip(json);
}

/* Returns false at the end, and with json->error. */
static bool
read_record(MoeJson *json, Record *record)
{
    *record = (Record){.step = -1,
                       .layer = -1,
                       .logit_offset = -1,
                       .logit_bytes = -1,
                       .decoder = true,
                       .ids = record->ids};
    g_array_set_size(record->ids, 0);
    MoeJsonEvent event = moe__json_next(json);
    if (event == MOE_JSON_END)
        return false;
    if (event != MOE_JSON_OBJECT)
        return moe__json_fail(json, "expected an object a line");
    while (moe__json_next(json) == MOE_JSON_KEY) {
        if (!read_member(json, record))
            return false;
    }
    if (json->error)
        return false;
    return (record->step >= 0 && record->layer >= 0) ||
           moe__json_fail(json, "found a line without step or layer");
}

/* --- Looking ----------------------------------------------------------------------------------*/

static bool
learn_number(MoeJson *json, const char *what, int64_t found, int *known)
{
    if (*known > 0 && found > 0 && *known != found)
        return moe__json_fail(json, "%s: found %d, %d before", what, (int)found, *known);
    *known = found > 0 ? (int)found : *known;
    return true;
}

/* Whether the line's logits, of its tokens, lie within the file. */
static bool
logits_fit(const Ranks *ranks)
{
    const Record *record = &ranks->record;
    uint64_t length = moe__sidecar_length(ranks->sidecar), at = (uint64_t)record->logit_offset;
    return record->logit_offset >= 0 && at <= length &&
           (length - at) / 2 / (uint64_t)record->experts >= (uint64_t)record->tokens;
}

static bool
learn_logits(Ranks *ranks, MoeJson *json)
{
    const Record *record = &ranks->record;
    ranks->lines++;
    if (!ranks->sidecar || record->logit_offset < 0)
        return true;
    if (record->logit_rows != record->tokens || record->experts == 0)
        return moe__json_fail(
            json, "logit_shape: found %" G_GINT64_FORMAT " × %" G_GINT64_FORMAT " for %d tokens",
            record->logit_rows, record->experts, record->tokens);
    if (record->logit_bytes >= 0 && record->logit_bytes != 2 * record->logit_rows * record->experts)
        return moe__json_fail(json,
                              "logit_bytes: found %" G_GINT64_FORMAT
                              " for %d tokens of %d experts, expected 2 each (bfloat16)",
                              record->logit_bytes, record->tokens, (int)record->experts);
    if (!logits_fit(ranks))
        return moe__json_fail(json,
                              "logit_offset: the logits of %d tokens begin at byte "
                              "%" G_GINT64_FORMAT " of %s, which has %" G_GUINT64_FORMAT " bytes",
                              record->tokens, record->logit_offset, ranks->sidecar->path,
                              moe__sidecar_length(ranks->sidecar));
    ranks->with_logits++;
    return true;
}

static bool
learn(Ranks *ranks, MoeJson *json)
{
    const Record *record = &ranks->record;
    int layer = (int)record->layer;
    if (ranks->index[layer] < 0) {
        g_array_append_val(ranks->layers, layer);
        ranks->index[layer] = 0;
    }
    for (guint i = 0; i < record->ids->len; i++)
        ranks->max_expert = MAX(ranks->max_expert, g_array_index(record->ids, int32_t, i));
    return learn_number(json, "k", record->k, &ranks->k) &&
           learn_number(json, "experts", record->experts, &ranks->experts) &&
           learn_logits(ranks, json);
}

/* --- Passes -----------------------------------------------------------------------------------*/

/* The tokens of the pass, of the first layer that it has; other layers must have as many. Returns
 * -1 with an error. */
static int
count_tokens(const Ranks *ranks, MoeJson *json, bool *whole)
{
    int tokens = -1;
    *whole = true;
    for (int r = 0; r < ranks->n_layers; r++) {
        int found = (int)ranks->ids[r]->len / ranks->k;
        *whole = *whole && ranks->present[r];
        if (!ranks->present[r])
            continue;
        if (tokens >= 0 && found != tokens) {
            moe__json_fail(json, "layer %d has %d tokens in the pass that ends here, expected %d",
                           g_array_index(ranks->layers, int, r), found, tokens);
            return -1;
        }
        tokens = found;
    }
    return MAX(tokens, 0);
}

static bool
bring_token(Ranks *ranks, int t, GError **error)
{
    size_t k = (size_t)ranks->k;
    for (int r = 0; r < ranks->n_layers; r++) {
        memcpy(ranks->expert + (size_t)r * k, (const int32_t *)ranks->ids[r]->data + (size_t)t * k,
               sizeof(int32_t) * k);
        if (ranks->has_logits)
            moe__sidecar_row(ranks->sidecar, ranks->logits_at[r], t, ranks->experts,
                             ranks->logits + (size_t)r * (size_t)ranks->experts);
    }
    const MoeImportToken token = {
        .id = -1,
        .doc = ranks->doc,
        .pos = t,
        .domain = moe_import_domain(ranks->import, ranks->file),
        .expert = ranks->expert,
        .logits = ranks->logits,
    };
    return moe_import_token(ranks->import, &token, error);
}

static bool
end_pass(Ranks *ranks, MoeJson *json, GError **error)
{
    bool whole;
    int tokens = count_tokens(ranks, json, &whole);
    if (tokens < 0)
        return moe__json_give_up(json, error);
    if (!whole)
        moe_import_left_out(ranks->import, tokens);
    for (int t = 0; whole && t < tokens; t++)
        if (!bring_token(ranks, t, error)) {
            g_prefix_error(error, "%s: line %" G_GUINT64_FORMAT ": ", json->stream->path,
                           json->line);
            return false;
        }
    ranks->doc += whole && tokens > 0;
    memset(ranks->present, 0, sizeof(bool) * (size_t)ranks->n_layers);
    return true;
}

static bool
bring(Ranks *ranks, MoeJson *json, GError **error)
{
    Record *record = &ranks->record;
    int r = ranks->index[record->layer];
    bool same = r >= 0 && (record->tokens == 0 || record->k == ranks->k) &&
                (!ranks->has_logits ||
                 (ranks->sidecar && record->experts == ranks->experts && logits_fit(ranks)));
    if (!same) {
        moe__json_fail(json, "the file changed while it was read");
        return moe__json_give_up(json, error);
    }
    if ((ranks->present[r] || record->step != ranks->step) && !end_pass(ranks, json, error))
        return false;
    GArray *free = ranks->ids[r];
    ranks->ids[r] = record->ids;
    record->ids = free;
    ranks->logits_at[r] = record->logit_offset;
    ranks->present[r] = true;
    ranks->step = record->step;
    return true;
}

/* --- Files ------------------------------------------------------------------------------------*/

/* The logits of a file's rank, which its lines say. */
static bool
open_sidecar(Ranks *ranks, const char *path, GError **error)
{
    GError *reason = NULL;
    if (ranks->asked || ranks->record.logit_offset < 0)
        return true;
    ranks->asked = true;
    ranks->sidecar = moe__sidecar_open(path, ranks->record.rank, &reason);
    if (reason)
        g_propagate_error(error, reason);
    return !reason;
}

static bool
read_file(Ranks *ranks, const char *path, GError **error)
{
    g_autoptr(MoeStream) stream = moe__stream_open(path, error);
    if (!stream)
        return false;
    g_autoptr(MoeJson) json = moe__json_new(stream);
    g_clear_pointer(&ranks->sidecar, moe__sidecar_free);
    ranks->asked = false;
    while (read_record(json, &ranks->record)) {
        if (!moe_import_progress(ranks->import, ranks->file, moe__stream_done(stream), error))
            return false;
        if (!ranks->record.decoder)
            continue;
        if (!open_sidecar(ranks, path, error))
            return false;
        if (ranks->n_layers == 0 && !learn(ranks, json))
            break;
        if (ranks->n_layers > 0 && !bring(ranks, json, error))
            return false;
    }
    if (json->error)
        return moe__json_give_up(json, error);
    return ranks->n_layers == 0 || end_pass(ranks, json, error);
}

static bool
read_all(Ranks *ranks, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(ranks->import, &n);
    for (ranks->file = 0; ranks->file < n; ranks->file++)
        if (!read_file(ranks, files[ranks->file].path, error))
            return false;
    return true;
}

static gint
compare_layers(gconstpointer a, gconstpointer b)
{
    return *(const int *)a - *(const int *)b;
}

/* Logits are taken where every line has them. */
static void
settle_logits(Ranks *ranks)
{
    ranks->has_logits = ranks->lines > 0 && ranks->with_logits == ranks->lines;
    if (ranks->has_logits || ranks->experts == 0)
        return;
    moe_import_note(ranks->import,
                    "of %" G_GINT64_FORMAT " lines %" G_GINT64_FORMAT
                    " have logits in a file logits_rankN.bin beside the trace: none were taken",
                    ranks->lines, ranks->with_logits);
}

static bool
begin(Ranks *ranks, GError **error)
{
    settle_logits(ranks);
    g_array_sort(ranks->layers, compare_layers);
    for (guint i = 0; i < ranks->layers->len; i++)
        ranks->index[g_array_index(ranks->layers, int, i)] = (int)i;
    const MoeImportShape shape = {
        .layers = (const int *)ranks->layers->data,
        .n_layers = (int)ranks->layers->len,
        .experts = ranks->experts,
        .max_expert = ranks->max_expert,
        .k = ranks->k,
        .has_logits = ranks->has_logits,
    };
    if (!moe_import_begin(ranks->import, &shape, error))
        return false;
    gsize n = (gsize)shape.n_layers;
    ranks->k = moe_import_k(ranks->import);
    ranks->expert = g_new(int32_t, n * (gsize)ranks->k);
    ranks->present = g_new0(bool, n);
    ranks->logits_at = g_new0(int64_t, n);
    ranks->logits = ranks->has_logits ? g_new(float, n *(gsize)ranks->experts) : NULL;
    ranks->ids = g_new(GArray *, n);
    for (; ranks->n_layers < shape.n_layers; ranks->n_layers++)
        ranks->ids[ranks->n_layers] = g_array_new(FALSE, FALSE, sizeof(int32_t));
    return true;
}

static bool
read_megatron(MoeImport *import, GError **error)
{
    g_auto(Ranks) ranks = {
        .import = import,
        .record.ids = g_array_new(FALSE, FALSE, sizeof(int32_t)),
        .index = g_new(int, LAYERS),
        .layers = g_array_new(FALSE, FALSE, sizeof(int)),
    };
    for (int i = 0; i < LAYERS; i++)
        ranks.index[i] = -1;
    return read_all(&ranks, error) && begin(&ranks, error) && read_all(&ranks, error);
}

static int
score_megatron(const MoeImportHead *head)
{
    return strstr(head->text, "\"top_indices\"") && strstr(head->text, "\"layer\"") ? 90 : 0;
}

const MoeImporter moe__import_megatron = {
    .struct_size = sizeof(MoeImporter),
    .name = "megatron",
    .help = "router_trace_rankN.jsonl of Megatron-LM: a line a step and layer with top_indices",
    .cite = "github.com/NVIDIA/Megatron-LM/pull/5220",
    .score = score_megatron,
    .read = read_megatron,
};
