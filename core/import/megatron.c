/* SPDX-License-Identifier: MIT
 *
 * Megatron-LM's router traces (--moe-routing-trace-path): a file a rank, a line for each step,
 * block and layer with the picks of all tokens. A pass ends where the step changes or a layer comes
 * again (the next micro-batch, or the next step of decoding). Layers of multi-token prediction bear
 * numbers that the decoder's have too, and see other tokens: they are left out. Logits, where they
 * were recorded, lie in a file beside it.
 */
#include "import/door.h"
#include "import/importers.h"
#include "import/layer-set.h"
#include "import/megatron-rank.h"

#include <string.h>

#define I64 G_GINT64_FORMAT

enum { LAYERS = UINT16_MAX + 1 };
enum { LOOK = 8 << 20 }; /* bytes of a file that tell what the trace begins with */

typedef struct Ranks {
    MoeImport *import;
    GPtrArray *all; /* MoeMegatronRank, a file each */
    uint64_t most;  /* bytes of each file to look at first */
    bool cut;       /* some files have more */
    int stages;     /* of the pipeline */
    MoeTwins *twins;
    int *index;     /* [LAYERS]: of a layer among those that occur; -1: it doesn't */
    GArray *layers; /* layer-set.h */
    int k, experts, max_expert;
    int64_t lines, with_logits; /* of the decoder */
    int n_layers;               /* 0 in the first pass over the files */
    bool has_logits;            /* in the second */
    GArray **ids;               /* [n_layers]: of the pass */
    int64_t *logits_at;         /* [n_layers]: of the pass, in the sidecar */
    MoeSidecar **sidecar;       /* [n_layers]: of the rank that has it (borrowed) */
    bool *present;              /* [n_layers] */
    int32_t doc;
    int32_t *expert; /* [n_layers × k] */
    float *logits;   /* [n_layers × experts] */
} Ranks;

static void
rank_free(void *rank)
{
    moe__megatron_rank_free(rank);
}

static void
ranks_clear(Ranks *ranks)
{
    for (int r = 0; r < ranks->n_layers; r++)
        g_array_unref(ranks->ids[r]);
    g_ptr_array_unref(ranks->all);
    g_hash_table_unref(ranks->twins);
    g_free(ranks->ids);
    g_free(ranks->logits_at);
    g_free(ranks->sidecar);
    g_free(ranks->logits);
    g_free(ranks->present);
    g_free(ranks->index);
    g_free(ranks->expert);
    g_array_unref(ranks->layers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ranks, ranks_clear)

/* --- Looking ----------------------------------------------------------------------------------*/

static bool
learn_number(MoeJson *json, const char *what, int64_t found, int *known)
{
    if (*known > 0 && found > 0 && *known != found)
        return moe__json_fail(json, "%s: found %d, %d before", what, (int)found, *known);
    *known = found > 0 ? (int)found : *known;
    return true;
}

static bool
learn_logits(Ranks *ranks, const MoeMegatronRank *rank)
{
    const MoeMegatronLine *line = &rank->line;
    MoeJson *json = rank->json;
    ranks->lines++;
    if (!rank->sidecar || line->logit_offset < 0)
        return true;
    if (line->logit_rows != line->tokens || line->experts == 0)
        return moe__json_fail(json, "logit_shape: found %" I64 " × %" I64 " for %d tokens",
                              line->logit_rows, line->experts, line->tokens);
    if (line->logit_bytes >= 0 && line->logit_bytes != 2 * line->logit_rows * line->experts)
        return moe__json_fail(json,
                              "logit_bytes: found %" I64
                              " for %d tokens of %d experts, expected 2 each (bfloat16)",
                              line->logit_bytes, line->tokens, (int)line->experts);
    if (!moe__megatron_rank_has_logits(rank))
        return moe__json_fail(json,
                              "logit_offset: the logits of %d tokens begin at byte %" I64
                              " of %s, which has %" G_GUINT64_FORMAT " bytes",
                              line->tokens, line->logit_offset, rank->sidecar->path,
                              moe__sidecar_length(rank->sidecar));
    ranks->with_logits++;
    return true;
}

static bool
learn(Ranks *ranks, MoeMegatronRank *rank)
{
    const MoeMegatronLine *line = &rank->line;
    int layer = (int)line->layer;
    moe__layer_set_add(ranks->layers, layer);
    moe__layer_set_add(rank->layers, layer);
    for (guint i = 0; i < line->ids->len; i++)
        ranks->max_expert = MAX(ranks->max_expert, g_array_index(line->ids, int32_t, i));
    return learn_number(rank->json, "k", line->k, &ranks->k) &&
           learn_number(rank->json, "experts", line->experts, &ranks->experts) &&
           learn_logits(ranks, rank);
}

/* Tells how far a file has been read. */
static bool
tell(const Ranks *ranks, const MoeMegatronRank *rank, GError **error)
{
    return moe_import_progress(ranks->import, rank->file, moe__stream_done(rank->stream), error);
}

static bool
look(Ranks *ranks, MoeMegatronRank *rank, GError **error)
{
    GError *reason = NULL;
    if (!moe__megatron_rank_open(rank, error))
        return false;
    while (moe__megatron_rank_next(rank, &reason)) {
        if (!tell(ranks, rank, error))
            return false;
        if (!learn(ranks, rank))
            return moe__json_give_up(rank->json, error);
        if (rank->stream->base + rank->stream->at >= ranks->most) {
            ranks->cut = true;
            break;
        }
    }
    if (reason) {
        g_propagate_error(error, reason);
        return false;
    }
    moe__megatron_rank_close(rank);
    return true;
}

/* What is assumed of several files. */
static bool
settle_stages(Ranks *ranks, GError **error)
{
    ranks->stages = moe__megatron_stages(ranks->all, error);
    if (ranks->stages > 1)
        moe_import_note(ranks->import,
                        "the files are of %d stages of a pipeline, with layers of their own: their "
                        "passes were put together in their order",
                        ranks->stages);
    else if (ranks->all->len > 1)
        moe_import_note(ranks->import,
                        "the files of %u ranks have layers of the same numbers: each was taken to "
                        "have seen tokens of its own (stages of a pipeline that number their "
                        "layers anew can't be told from them)",
                        ranks->all->len);
    return ranks->stages > 0;
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
bring_token(Ranks *ranks, int file, int t, GError **error)
{
    size_t k = (size_t)ranks->k;
    for (int r = 0; r < ranks->n_layers; r++) {
        memcpy(ranks->expert + (size_t)r * k, (const int32_t *)ranks->ids[r]->data + (size_t)t * k,
               sizeof(int32_t) * k);
        if (ranks->has_logits)
            moe__sidecar_row(ranks->sidecar[r], ranks->logits_at[r], t, ranks->experts,
                             ranks->logits + (size_t)r * (size_t)ranks->experts);
    }
    const MoeImportToken token = {
        .id = -1,
        .doc = ranks->doc,
        .pos = t,
        .domain = moe_import_domain(ranks->import, file),
        .expert = ranks->expert,
        .logits = ranks->logits,
    };
    return moe_import_token(ranks->import, &token, error);
}

static bool
end_pass(Ranks *ranks, const GPtrArray *group, GError **error)
{
    const MoeMegatronRank *first = group->pdata[0], *rank = group->pdata[group->len - 1];
    bool whole;
    int tokens = count_tokens(ranks, rank->json, &whole);
    if (tokens < 0)
        return moe__json_give_up(rank->json, error);
    if (!whole)
        moe_import_left_out(ranks->import, tokens);
    for (int t = 0; whole && t < tokens; t++)
        if (!bring_token(ranks, first->file, t, error)) {
            g_prefix_error(error, "%s: line %" G_GUINT64_FORMAT ": ", rank->stream->path,
                           rank->json->line);
            return false;
        }
    ranks->doc += whole && tokens > 0;
    memset(ranks->present, 0, sizeof(bool) * (size_t)ranks->n_layers);
    return true;
}

/* Takes the line at hand into the pass. */
static bool
take_line(Ranks *ranks, MoeMegatronRank *rank, int r, GError **error)
{
    MoeMegatronLine *line = &rank->line;
    bool known = moe__layer_set_find(rank->layers, (int)line->layer) >= 0 &&
                 (line->experts == 0 || line->experts == ranks->experts);
    bool same = r >= 0 && known && (line->tokens == 0 || line->k == ranks->k) &&
                (!ranks->has_logits || (rank->sidecar && line->experts == ranks->experts &&
                                        moe__megatron_rank_has_logits(rank)));
    if (!same) {
        moe__json_fail(rank->json, "the file changed while it was read");
        return moe__json_give_up(rank->json, error);
    }
    const int64_t place[] = {line->step, line->layer, line->tokens};
    moe__twin_add(&rank->sum, place, sizeof place);
    moe__twin_add(&rank->sum, line->ids->data, sizeof(int32_t) * line->ids->len);
    GArray *free = ranks->ids[r];
    ranks->ids[r] = line->ids;
    line->ids = free;
    ranks->logits_at[r] = line->logit_offset;
    ranks->sidecar[r] = rank->sidecar;
    ranks->present[r] = true;
    return true;
}

/* Reads a rank's lines of the pass; leaves its step at -1 where there are none. A pass ends where
 * the step changes, or a layer comes again. */
static bool
read_pass(Ranks *ranks, MoeMegatronRank *rank, GError **error)
{
    GError *reason = NULL;
    rank->step = -1;
    while (rank->pending || moe__megatron_rank_next(rank, &reason)) {
        int r = ranks->index[rank->line.layer];
        rank->pending =
            rank->step >= 0 && (rank->line.step != rank->step || (r >= 0 && ranks->present[r]));
        if (rank->pending)
            return true;
        rank->step = rank->line.step;
        if (!take_line(ranks, rank, r, error))
            return false;
        if (rank->stage == 0 && !tell(ranks, rank, error))
            return false;
    }
    if (reason)
        g_propagate_error(error, reason);
    return !reason;
}

/* --- Files ------------------------------------------------------------------------------------*/

/* Stages of a pipeline saw the same passes. */
static bool
check_stages(const GPtrArray *group, int64_t pass, GError **error)
{
    const MoeMegatronRank *first = group->pdata[0];
    for (guint i = 1; i < group->len; i++) {
        const MoeMegatronRank *rank = group->pdata[i];
        if (rank->step == first->step)
            continue;
        g_autofree char *left = g_filename_display_name(first->path);
        g_autofree char *right = g_filename_display_name(rank->path);
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s and %s have layers of their own, as stages of a pipeline, but pass "
                    "%" I64 " is of step %" I64 " in one and of step %" I64
                    " in the other (-1: it isn't there): expected the same passes",
                    left, right, pass, first->step, rank->step);
        return false;
    }
    return true;
}

/* Ranks of tensor parallelism write the same. */
static bool
check_twin(const Ranks *ranks, const MoeMegatronRank *rank, GError **error)
{
    g_autofree char *name = g_filename_display_name(rank->path);
    const char *twin = moe__twins_enter(ranks->twins, rank->sum, name);
    if (twin)
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: found the same picks as in %s, " MOE_TWINS_RANKS, name, twin);
    return !twin;
}

/* Reads ranks that saw the same tokens, pass by pass. */
static bool
bring_group(Ranks *ranks, const GPtrArray *group, GError **error)
{
    const MoeMegatronRank *first = group->pdata[0];
    for (guint i = 0; i < group->len; i++)
        if (!moe__megatron_rank_open(group->pdata[i], error))
            return false;
    for (int64_t pass = 0;; pass++) {
        for (guint i = 0; i < group->len; i++)
            if (!read_pass(ranks, group->pdata[i], error))
                return false;
        if (!check_stages(group, pass, error))
            return false;
        if (first->step < 0)
            break;
        if (!end_pass(ranks, group, error))
            return false;
    }
    for (guint i = 0; i < group->len; i++) {
        moe__megatron_rank_close(group->pdata[i]);
        if (!check_twin(ranks, group->pdata[i], error))
            return false;
    }
    return true;
}

/* The n-th rank of each stage; none: there is no n-th. (transfer container) */
static GPtrArray *
group_of(const Ranks *ranks, int n)
{
    GPtrArray *group = g_ptr_array_new();
    for (int stage = 0; stage < ranks->stages; stage++) {
        int left = n;
        for (guint i = 0; i < ranks->all->len; i++) {
            MoeMegatronRank *rank = ranks->all->pdata[i];
            if (rank->stage == stage && left-- == 0)
                g_ptr_array_add(group, rank);
        }
    }
    return group;
}

static bool
bring_all(Ranks *ranks, GError **error)
{
    for (int n = 0;; n++) {
        g_autoptr(GPtrArray) group = group_of(ranks, n);
        if (group->len == 0)
            return true;
        if (!bring_group(ranks, group, error))
            return false;
    }
}

static bool
look_at_all(Ranks *ranks, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(ranks->import, &n);
    for (int i = 0; i < n; i++) {
        g_ptr_array_add(ranks->all, moe__megatron_rank_new(files[i].path, i));
        if (!look(ranks, ranks->all->pdata[i], error))
            return false;
    }
    return settle_stages(ranks, error);
}

/* Logits are taken where every line has them; how many have is told by a look at all. */
static bool
settle_logits(Ranks *ranks, GError **error)
{
    ranks->has_logits = ranks->lines > 0 && ranks->with_logits == ranks->lines;
    if (ranks->has_logits || ranks->experts == 0)
        return true;
    if (ranks->cut) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "some lines have no logits");
        return false;
    }
    moe_import_note(ranks->import,
                    "of %" I64 " lines %" I64
                    " have logits in a file logits_rankN.bin beside the trace: none were taken",
                    ranks->lines, ranks->with_logits);
    return true;
}

static bool
begin(Ranks *ranks, GError **error)
{
    if (!settle_logits(ranks, error))
        return false;
    for (guint i = 0; i < ranks->layers->len; i++)
        ranks->index[g_array_index(ranks->layers, int, i)] = (int)i;
    const MoeImportShape shape = {
        .layers = moe__layer_set_numbers(ranks->layers),
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
    ranks->sidecar = g_new0(MoeSidecar *, n);
    ranks->logits = ranks->has_logits ? g_new(float, n *(gsize)ranks->experts) : NULL;
    ranks->ids = g_new(GArray *, n);
    for (; ranks->n_layers < shape.n_layers; ranks->n_layers++)
        ranks->ids[ranks->n_layers] = g_array_new(FALSE, FALSE, sizeof(int32_t));
    return true;
}

/* `most`: bytes of each file to look at first. *cut says that some have more. */
static bool
read_ranks(MoeImport *import, uint64_t most, bool *cut, GError **error)
{
    g_auto(Ranks) ranks = {
        .import = import,
        .most = most,
        .all = g_ptr_array_new_with_free_func(rank_free),
        .twins = moe__twins_new(),
        .index = g_new(int, LAYERS),
        .layers = moe__layer_set_new(),
    };
    for (int i = 0; i < LAYERS; i++)
        ranks.index[i] = -1;
    bool good = look_at_all(&ranks, error);
    *cut = ranks.cut;
    return good && begin(&ranks, error) && bring_all(&ranks, error);
}

static bool
read_megatron(MoeImport *import, GError **error)
{
    GError *reason = NULL;
    bool cut;
    if (read_ranks(import, LOOK, &cut, &reason))
        return true;
    if (!cut || g_error_matches(reason, MOE_ERROR, MOE_ERROR_CANCELLED)) {
        g_propagate_error(error, reason);
        return false;
    }
    /* The beginnings didn't tell all, or something is wrong, which is then said by who knows all.
     */
    g_error_free(reason);
    moe__import_restart(import);
    return read_ranks(import, UINT64_MAX, &cut, error);
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
