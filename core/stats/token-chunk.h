/* SPDX-License-Identifier: MIT
 *
 * token-chunk.h: the columns of the tokens of one chunk, for those who look at single tokens.
 */
#ifndef MOESCOPE_STATS_TOKEN_CHUNK_H
#define MOESCOPE_STATS_TOKEN_CHUNK_H

#include <moescope/trace.h>

typedef struct MoeTokenChunk {
    int chunk;                               /* -1: none was read */
    int64_t first, n;                        /* tokens before it, and its own */
    int32_t *id, *doc, *pos, *domain, *step; /* [n]; NULL: the trace has none */
} MoeTokenChunk;

#define MOE_TOKEN_CHUNK_NONE \
    {                        \
        .chunk = -1          \
    }

/* Replaces what it holds, unless it is that chunk already. Fails with the errors of
 * moe_trace_read(), and MOE_ERROR_FORMAT on columns of another type or shape. */
bool moe__token_chunk_read(MoeTokenChunk *chunk, const MoeTrace *trace, int number, GError **error);
void moe__token_chunk_clear(MoeTokenChunk *chunk);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeTokenChunk, moe__token_chunk_clear)

/* Whether two tokens of (maybe) two chunks belong to one document, at one step. */
bool moe__token_chunk_same(const MoeTokenChunk *a, int64_t i, const MoeTokenChunk *b, int64_t j);

/* Value i of a column, or -1. */
static inline int32_t
moe__token_chunk_at(const int32_t *column, int64_t i)
{
    return column ? column[i] : -1;
}

#endif
