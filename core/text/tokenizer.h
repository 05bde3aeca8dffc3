/* SPDX-License-Identifier: MIT
 *
 * tokenizer.h: what a tokenizer is inside. Both kinds are one struct: the bytes tokenizer is a BPE
 * without merges.
 */
#ifndef MOE_TEXT_TOKENIZER_H
#define MOE_TEXT_TOKENIZER_H

#include "text/heap.h"
#include "text/pair-map.h"

#include <moescope/text.h>

/* Token `left` followed by token `right` becomes token `id`. */
typedef struct MoeMerge {
    int32_t left, right, id;
} MoeMerge;

struct MoeTokenizer {
    int size;
    char *bytes;          /* of all tokens, one after the other */
    size_t *start;        /* [size + 1]: token i is bytes[start[i]] … bytes[start[i + 1] - 1] */
    int32_t byte_id[256]; /* the token of each single byte */
    MoeMerge *merges;     /* in order of rank: a lower one is applied first */
    int n_merges;
    MoePairMap ranks; /* (left, right) -> rank */
};

/* The 256 single bytes as tokens, GBytes by id. (transfer full) */
GPtrArray *moe__byte_tokens(void);

/* Takes `tokens`, GBytes by id, no two alike and every single byte among them, and `merges`, an
 * array of MoeMerge in order of rank. */
MoeTokenizer *moe__tokenizer_from_tokens(GPtrArray *tokens, GArray *merges);

/* Encodes one text after the other; keeps what it learned of frequent words. Not for use by two
 * threads at once: each has its own. */
typedef struct MoeEncoder MoeEncoder;
MoeEncoder *moe__encoder_new(const MoeTokenizer *tokenizer);
void moe__encoder_free(MoeEncoder *encoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeEncoder, moe__encoder_free)
void moe__encoder_run(MoeEncoder *encoder, const char *text, size_t length, GArray *ids);

#endif
