/* SPDX-License-Identifier: MIT
 *
 * Encoding by BPE: in each word, the merge of the lowest rank is applied first, the leftmost of
 * equals first, until none applies. A heap of candidates over a linked list of tokens does this in
 * O(n log n) of the word's length.
 */
#include "text/pretoken.h"
#include "text/tokenizer.h"

#include <string.h>

/* A word is cached if it and its tokens fit into a slot of 64 bytes. */
enum { CACHE_BITS = 12, CACHED_BYTES = 22, CACHED_TOKENS = 10 };

typedef struct Cached {
    uint8_t n_bytes, n_tokens; /* 0: free */
    char bytes[CACHED_BYTES];
    int32_t tokens[CACHED_TOKENS];
} Cached;

/* A token of the word that is being encoded. */
typedef struct Node {
    int32_t token; /* -1: merged into the node before */
    int32_t previous, next;
} Node;

struct MoeEncoder {
    const MoeTokenizer *tokenizer;
    Cached *cache; /* [2^CACHE_BITS], by hash of the word */
    Node *nodes;
    size_t capacity;
    MoeHeap heap;
};

MoeEncoder *
moe__encoder_new(const MoeTokenizer *tokenizer)
{
    MoeEncoder *encoder = g_new0(MoeEncoder, 1);
    encoder->tokenizer = tokenizer;
    encoder->cache = g_new0(Cached, (size_t)1 << CACHE_BITS);
    return encoder;
}

void
moe__encoder_free(MoeEncoder *encoder)
{
    g_free(encoder->cache);
    g_free(encoder->nodes);
    g_free(encoder->heap.entries);
    g_free(encoder);
}

static Cached *
cache_slot(MoeEncoder *encoder, const char *word, size_t length)
{
    uint32_t hash = 0x811c9dc5u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)word[i]) * 0x01000193u;
    return &encoder->cache[(hash ^ hash >> 16) & ((1u << CACHE_BITS) - 1)];
}

/* Offers the merge of a node with the one behind it, if there is such a merge. */
static void
push_merge(MoeEncoder *encoder, int32_t at)
{
    const Node *node = &encoder->nodes[at];
    if (node->next < 0)
        return;
    const MoePairMap *ranks = &encoder->tokenizer->ranks;
    int32_t rank = moe__pair_map_get(ranks, node->token, encoder->nodes[node->next].token);
    if (rank >= 0)
        moe__heap_push(&encoder->heap, (MoeHeapEntry){rank, at, 0});
}

static void
merge_at(MoeEncoder *encoder, int32_t at, const MoeMerge *merge)
{
    Node *nodes = encoder->nodes, *node = &nodes[at];
    nodes[node->next].token = -1;
    node->token = merge->id;
    node->next = nodes[node->next].next;
    if (node->next >= 0)
        nodes[node->next].previous = at;
    if (node->previous >= 0)
        push_merge(encoder, node->previous);
    push_merge(encoder, at);
}

static void
merge_word(MoeEncoder *encoder)
{
    const MoeTokenizer *tokenizer = encoder->tokenizer;
    for (MoeHeapEntry entry; moe__heap_pop(&encoder->heap, &entry);) {
        const MoeMerge *merge = &tokenizer->merges[entry.first];
        const Node *node = &encoder->nodes[entry.second];
        /* an entry is stale if a merge has taken either of its tokens since */
        if (node->token == merge->left && node->next >= 0 &&
            encoder->nodes[node->next].token == merge->right)
            merge_at(encoder, (int32_t)entry.second, merge);
    }
}

static void
encode_word(MoeEncoder *encoder, const char *word, size_t length, GArray *ids)
{
    if (length > encoder->capacity) {
        encoder->capacity = MAX(2 * encoder->capacity, length);
        encoder->nodes = g_renew(Node, encoder->nodes, encoder->capacity);
    }
    for (size_t i = 0; i < length; i++)
        encoder->nodes[i] = (Node){encoder->tokenizer->byte_id[(unsigned char)word[i]],
                                   (int32_t)i - 1, i + 1 < length ? (int32_t)i + 1 : -1};
    for (size_t i = 0; i < length; i++)
        push_merge(encoder, (int32_t)i);
    merge_word(encoder);
    for (int32_t at = 0; at >= 0; at = encoder->nodes[at].next)
        g_array_append_val(ids, encoder->nodes[at].token);
}

static void
encode_cached(MoeEncoder *encoder, const char *word, size_t length, GArray *ids)
{
    if (length > CACHED_BYTES) {
        encode_word(encoder, word, length, ids);
        return;
    }
    Cached *slot = cache_slot(encoder, word, length);
    if (slot->n_bytes == length && memcmp(slot->bytes, word, length) == 0) {
        g_array_append_vals(ids, slot->tokens, slot->n_tokens);
        return;
    }
    guint first = ids->len;
    encode_word(encoder, word, length, ids);
    if (ids->len - first > CACHED_TOKENS)
        return;
    slot->n_bytes = (uint8_t)length;
    slot->n_tokens = (uint8_t)(ids->len - first);
    memcpy(slot->bytes, word, length);
    memcpy(slot->tokens, &g_array_index(ids, int32_t, first), slot->n_tokens * sizeof(int32_t));
}

static void
encode_bytes(const MoeTokenizer *tokenizer, const char *text, size_t length, GArray *ids)
{
    guint first = ids->len;
    g_array_set_size(ids, first + (guint)length);
    for (size_t i = 0; i < length; i++)
        g_array_index(ids, int32_t, first + i) = tokenizer->byte_id[(unsigned char)text[i]];
}

void
moe__encoder_run(MoeEncoder *encoder, const char *text, size_t length, GArray *ids)
{
    if (encoder->tokenizer->n_merges == 0) {
        encode_bytes(encoder->tokenizer, text, length, ids);
        return;
    }
    while (length > 0) {
        size_t word = moe__word_length(text, length);
        encode_cached(encoder, text, word, ids);
        text += word;
        length -= word;
    }
}
