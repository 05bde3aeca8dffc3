/* SPDX-License-Identifier: MIT
 *
 * token-documents.c: where the documents of a trace begin and end.
 */
#include <moescope/concordance.h>

#include "stats/token-chunk.h"

/* Tokens so far of every document and step: of a key of both to an int64_t. */
typedef struct List {
    GArray *documents; /* of MoeTokenDocument */
    GHashTable *tokens;
    int64_t most;
} List;

static int64_t *
tokens_of(List *list, int32_t doc, int32_t step)
{
    gint64 key = (gint64)((guint64)(guint32)step << 32 | (guint32)doc);
    int64_t *n = g_hash_table_lookup(list->tokens, &key);
    if (!n) {
        n = g_new0(int64_t, 1);
        g_hash_table_insert(list->tokens, g_memdup2(&key, sizeof key), n);
    }
    return n;
}

/* Adds a token to the last document, or begins one; false: there are as many as there may be. */
static bool
add_token(List *list, const MoeTokenChunk *chunk, int64_t i)
{
    int32_t doc = moe__token_chunk_at(chunk->doc, i), step = moe__token_chunk_at(chunk->step, i);
    MoeTokenDocument *last =
        list->documents->len > 0
            ? &g_array_index(list->documents, MoeTokenDocument, list->documents->len - 1)
            : NULL;
    if (last && last->doc == doc && last->step == step) {
        last->n++;
        return true;
    }
    if (last)
        *tokens_of(list, last->doc, last->step) += last->n;
    if (list->documents->len >= list->most)
        return false;
    MoeTokenDocument next = {doc,
                             step,
                             moe__token_chunk_at(chunk->domain, i),
                             chunk->first + i,
                             1,
                             *tokens_of(list, doc, step)};
    g_array_append_val(list->documents, next);
    return true;
}

MoeTokenDocument *
moe_token_documents(const MoeTrace *trace, int64_t most, int64_t *n, GError **error)
{
    g_auto(MoeTokenChunk) chunk = MOE_TOKEN_CHUNK_NONE;
    g_autoptr(GArray) documents = g_array_new(FALSE, FALSE, sizeof(MoeTokenDocument));
    g_autoptr(GHashTable) tokens =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    List list = {documents, tokens, most};
    bool room = most > 0;
    for (int c = 0; c < moe_trace_chunks(trace) && room; c++) {
        if (!moe__token_chunk_read(&chunk, trace, c, error))
            return NULL;
        for (int64_t i = 0; i < chunk.n && room; i++)
            room = add_token(&list, &chunk, i);
    }
    *n = documents->len;
    if (documents->len == 0)
        return g_new0(MoeTokenDocument, 1);
    return (MoeTokenDocument *)(void *)g_array_free(g_steal_pointer(&documents), FALSE);
}
