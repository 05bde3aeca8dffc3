/* SPDX-License-Identifier: MIT */
#include "import/megatron-rank.h"

#include "import/layer-set.h"

/* --- A file -----------------------------------------------------------------------------------*/

MoeMegatronRank *
moe__megatron_rank_new(const char *path, int file)
{
    MoeMegatronRank *rank = g_new0(MoeMegatronRank, 1);
    rank->path = path;
    rank->file = file;
    rank->layers = moe__layer_set_new();
    rank->line.ids = g_array_new(FALSE, FALSE, sizeof(int32_t));
    return rank;
}

void
moe__megatron_rank_close(MoeMegatronRank *rank)
{
    g_clear_pointer(&rank->json, moe__json_free);
    g_clear_pointer(&rank->stream, moe__stream_free);
    g_clear_pointer(&rank->sidecar, moe__sidecar_free);
    rank->asked = rank->pending = false;
}

void
moe__megatron_rank_free(MoeMegatronRank *rank)
{
    moe__megatron_rank_close(rank);
    g_array_unref(rank->layers);
    g_array_unref(rank->line.ids);
    g_free(rank);
}

bool
moe__megatron_rank_open(MoeMegatronRank *rank, GError **error)
{
    moe__megatron_rank_close(rank);
    rank->stream = moe__stream_open(rank->path, error);
    if (!rank->stream)
        return false;
    rank->json = moe__json_new(rank->stream);
    return true;
}

/* The logits of a file's rank, which its lines say. */
static bool
open_sidecar(MoeMegatronRank *rank, GError **error)
{
    GError *reason = NULL;
    if (rank->asked || rank->line.logit_offset < 0)
        return true;
    rank->asked = true;
    rank->sidecar = moe__sidecar_open(rank->path, rank->line.rank, &reason);
    if (reason)
        g_propagate_error(error, reason);
    return !reason;
}

bool
moe__megatron_rank_next(MoeMegatronRank *rank, GError **error)
{
    while (moe__megatron_line(rank->json, &rank->line))
        if (rank->line.decoder)
            return open_sidecar(rank, error);
    return rank->json->error && moe__json_give_up(rank->json, error);
}

bool
moe__megatron_rank_has_logits(const MoeMegatronRank *rank)
{
    const MoeMegatronLine *line = &rank->line;
    uint64_t length = moe__sidecar_length(rank->sidecar), at = (uint64_t)line->logit_offset;
    return line->logit_offset >= 0 && at <= length &&
           (length - at) / 2 / (uint64_t)line->experts >= (uint64_t)line->tokens;
}

/* --- Stages -----------------------------------------------------------------------------------*/

static bool
same_layers(const MoeMegatronRank *a, const MoeMegatronRank *b)
{
    return a->layers->len == b->layers->len &&
           memcmp(a->layers->data, b->layers->data, sizeof(int) * a->layers->len) == 0;
}

static bool
share_layers(const MoeMegatronRank *a, const MoeMegatronRank *b)
{
    for (guint i = 0; i < a->layers->len; i++)
        if (moe__layer_set_find(b->layers, g_array_index(a->layers, int, i)) >= 0)
            return true;
    return false;
}

/* Gives each rank the stage of the first one with its layers; false if some layers are in ranks
 * that otherwise differ. */
static bool
number_stages(const GPtrArray *ranks, GPtrArray *firsts)
{
    for (guint i = 0; i < ranks->len; i++) {
        MoeMegatronRank *rank = ranks->pdata[i];
        rank->stage = -1;
        if (rank->layers->len == 0) /* of dense layers alone */
            continue;
        for (guint s = 0; s < firsts->len && rank->stage < 0; s++) {
            if (same_layers(rank, firsts->pdata[s]))
                rank->stage = (int)s;
            else if (share_layers(rank, firsts->pdata[s]))
                return false;
        }
        if (rank->stage >= 0)
            continue;
        rank->stage = (int)firsts->len;
        g_ptr_array_add(firsts, rank);
    }
    return true;
}

static int
count_stage(const GPtrArray *ranks, int stage)
{
    int n = 0;
    for (guint i = 0; i < ranks->len; i++)
        n += ((const MoeMegatronRank *)ranks->pdata[i])->stage == stage;
    return n;
}

int
moe__megatron_stages(const GPtrArray *ranks, GError **error)
{
    g_autoptr(GPtrArray) firsts = g_ptr_array_new();
    if (!number_stages(ranks, firsts)) {
        for (guint i = 0; i < ranks->len; i++)
            ((MoeMegatronRank *)ranks->pdata[i])->stage = 0;
        return 1;
    }
    for (guint s = 1; s < firsts->len; s++) {
        const MoeMegatronRank *first = firsts->pdata[0], *other = firsts->pdata[s];
        int n = count_stage(ranks, 0), found = count_stage(ranks, (int)s);
        if (found == n)
            continue;
        g_autofree char *left = g_filename_display_name(first->path);
        g_autofree char *right = g_filename_display_name(other->path);
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found %d files with the layers of %s and %d with those of %s: expected as "
                    "many of each stage of the pipeline",
                    n, left, found, right);
        return 0;
    }
    return MAX((int)firsts->len, 1);
}
