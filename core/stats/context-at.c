/* SPDX-License-Identifier: MIT
 *
 * context-at.c: given tokens, with the tokens around them.
 */
#include "stats/context-window.h"
#include "stats/token-chunk.h"

#include <math.h>

/* What the columns say of a token of the chunk. */
static MoeContext
context_of(const MoeTokenChunk *chunk, int64_t token)
{
    int64_t i = token - chunk->first;
    return (MoeContext){.token = token,
                        .id = moe__token_chunk_at(chunk->id, i),
                        .doc = moe__token_chunk_at(chunk->doc, i),
                        .pos = moe__token_chunk_at(chunk->pos, i),
                        .domain = moe__token_chunk_at(chunk->domain, i),
                        .step = moe__token_chunk_at(chunk->step, i),
                        .head = -1,
                        .slot = -1,
                        .gate = NAN,
                        .lift = NAN,
                        .moved = NAN,
                        .from = {-1, -1},
                        .to = {-1, -1}};
}

/* The chunk of a token. */
static int
chunk_of(const MoeTrace *trace, int64_t token)
{
    int chunk = 0;
    while (token >= moe_trace_tokens(trace, chunk))
        token -= moe_trace_tokens(trace, chunk++);
    return chunk;
}

static bool
valid(const MoeTrace *trace, const int64_t *tokens, int n, int window, GError **error)
{
    int64_t all = moe_trace_tokens(trace, -1);
    if (window < 0 || window > MOE_CONTEXT_WINDOW_MOST) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found a window of %d tokens, expected 0 … %d", window,
                    MOE_CONTEXT_WINDOW_MOST);
        return false;
    }
    for (int i = 0; i < n; i++)
        if (tokens[i] < 0 || tokens[i] >= all) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "found token %" G_GINT64_FORMAT
                        ", expected one of the trace's %" G_GINT64_FORMAT,
                        tokens[i], all);
            return false;
        }
    return true;
}

MoeConcordance *
moe_concordance_at(const MoeTrace *trace, const int64_t *tokens, int n, int window, GError **error)
{
    g_auto(MoeTokenChunk) chunk = MOE_TOKEN_CHUNK_NONE;
    if (!valid(trace, tokens, n, window, error))
        return NULL;
    g_autoptr(GArray) contexts = g_array_new(FALSE, TRUE, sizeof(MoeContext));
    g_array_set_clear_func(contexts, moe__context_clear);
    for (int i = 0; i < n; i++) {
        if (!moe__token_chunk_read(&chunk, trace, chunk_of(trace, tokens[i]), error))
            return NULL;
        MoeContext context = context_of(&chunk, tokens[i]);
        g_array_append_val(contexts, context);
    }
    if (!moe__context_windows(trace, (MoeContext *)(void *)contexts->data, contexts->len, window,
                              error))
        return NULL;
    return moe__concordance_of(g_steal_pointer(&contexts), n);
}
