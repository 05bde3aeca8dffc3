/* SPDX-License-Identifier: MIT
 *
 * context-window.c: reads the ids around tokens, across the borders of chunks.
 */
#include "stats/context-window.h"

#include "stats/token-chunk.h"

/* Two chunks are held: that of the token, and a neighbour that its window reaches into. */
typedef struct Reader {
    const MoeTrace *trace;
    MoeTokenChunk own, other;
} Reader;

static gint
by_token(gconstpointer a, gconstpointer b)
{
    const MoeContext *x = *(MoeContext *const *)a, *y = *(MoeContext *const *)b;
    return (x->token > y->token) - (x->token < y->token);
}

/* Appends the ids of up to `window` tokens after (direction 1) or before (-1) token i of the own
 * chunk, nearest first. */
static bool
walk(Reader *r, int64_t i, int direction, int window, GArray *ids, GError **error)
{
    const MoeTokenChunk *at = &r->own;
    int64_t j = i;
    for (int left = window; left > 0; left--) {
        j += direction;
        while (j < 0 || j >= at->n) {
            int next = at->chunk + direction;
            if (next < 0 || next >= moe_trace_chunks(r->trace))
                return true;
            if (!moe__token_chunk_read(&r->other, r->trace, next, error))
                return false;
            at = &r->other;
            j = direction > 0 ? 0 : at->n - 1;
        }
        if (!moe__token_chunk_same(&r->own, i, at, j))
            return true;
        int32_t id = moe__token_chunk_at(at->id, j);
        g_array_append_val(ids, id);
    }
    return true;
}

static bool
fill(Reader *r, MoeContext *context, int window, GError **error)
{
    g_autoptr(GArray) before = g_array_new(FALSE, FALSE, sizeof(int32_t));
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(int32_t));
    int64_t i = context->token - r->own.first;
    if (!walk(r, i, -1, window, before, error))
        return false;
    for (guint b = before->len; b-- > 0;)
        g_array_append_val(all, g_array_index(before, int32_t, b));
    g_array_append_val(all, context->id);
    if (!walk(r, i, 1, window, all, error))
        return false;
    context->before = (int)before->len;
    context->n = (int)all->len;
    context->ids = (const int32_t *)(const void *)g_array_free(g_steal_pointer(&all), FALSE);
    return true;
}

/* The chunk of a token, at or behind `chunk`, whose first token is `first`. */
static int
chunk_of(const MoeTrace *trace, int64_t token, int chunk, int64_t *first)
{
    while (token >= *first + moe_trace_tokens(trace, chunk))
        *first += moe_trace_tokens(trace, chunk++);
    return chunk;
}

bool
moe__context_windows(const MoeTrace *trace, MoeContext *contexts, guint n, int window,
                     GError **error)
{
    g_autoptr(GPtrArray) order = g_ptr_array_new();
    Reader reader = {trace, MOE_TOKEN_CHUNK_NONE, MOE_TOKEN_CHUNK_NONE};
    bool good = true;
    int chunk = 0;
    int64_t first = 0;
    for (guint i = 0; i < n; i++)
        g_ptr_array_add(order, &contexts[i]);
    g_ptr_array_sort(order, by_token);
    for (guint i = 0; i < n && good; i++) {
        MoeContext *context = order->pdata[i];
        chunk = chunk_of(trace, context->token, chunk, &first);
        good = moe__token_chunk_read(&reader.own, trace, chunk, error) &&
               fill(&reader, context, window, error);
    }
    moe__token_chunk_clear(&reader.own);
    moe__token_chunk_clear(&reader.other);
    return good;
}
