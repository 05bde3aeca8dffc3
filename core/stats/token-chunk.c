/* SPDX-License-Identifier: MIT
 *
 * token-chunk.c: columns of tokens, a chunk at a time.
 */
#include "stats/token-chunk.h"

static bool
read_column(const MoeTrace *trace, int chunk, const char *column, int64_t n, int32_t **out,
            GError **error)
{
    g_autofree char *name = g_strdup_printf("tokens/%05d.%s", chunk, column);
    MoeArray array;
    if (!moe_trace_has(trace, name))
        return true;
    if (!moe_trace_read(trace, name, &array, error))
        return false;
    *out = (int32_t *)array.data;
    if (array.type == MOE_I32 && array.ndim == 1 && array.shape[0] == n)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: another type or shape was found, i4 [%" G_GINT64_FORMAT "] was expected", name,
                n);
    return false;
}

void
moe__token_chunk_clear(MoeTokenChunk *chunk)
{
    g_free(chunk->id);
    g_free(chunk->doc);
    g_free(chunk->pos);
    g_free(chunk->domain);
    g_free(chunk->step);
    *chunk = (MoeTokenChunk)MOE_TOKEN_CHUNK_NONE;
}

static int64_t
tokens_before(const MoeTrace *trace, int number)
{
    int64_t before = 0;
    for (int i = 0; i < number; i++)
        before += moe_trace_tokens(trace, i);
    return before;
}

bool
moe__token_chunk_read(MoeTokenChunk *chunk, const MoeTrace *trace, int number, GError **error)
{
    if (chunk->chunk == number)
        return true;
    moe__token_chunk_clear(chunk);
    int64_t n = moe_trace_tokens(trace, number);
    if (!read_column(trace, number, "id", n, &chunk->id, error) ||
        !read_column(trace, number, "doc", n, &chunk->doc, error) ||
        !read_column(trace, number, "pos", n, &chunk->pos, error) ||
        !read_column(trace, number, "domain", n, &chunk->domain, error) ||
        !read_column(trace, number, "step", n, &chunk->step, error))
        return false;
    chunk->chunk = number;
    chunk->first = tokens_before(trace, number);
    chunk->n = n;
    return true;
}

bool
moe__token_chunk_same(const MoeTokenChunk *a, int64_t i, const MoeTokenChunk *b, int64_t j)
{
    return moe__token_chunk_at(a->doc, i) == moe__token_chunk_at(b->doc, j) &&
           moe__token_chunk_at(a->step, i) == moe__token_chunk_at(b->step, j);
}
