/* SPDX-License-Identifier: MIT
 *
 * tokens.h: the streams of tokens inside a MoeTokens.
 */
#ifndef MOE_TEXT_TOKENS_H
#define MOE_TEXT_TOKENS_H

#include <moescope/text.h>

/* One document's place in its stream. */
typedef struct MoeSpan {
    int64_t start; /* of its first token */
    int32_t doc;   /* number in the corpus */
} MoeSpan;

/* The tokens of one domain's documents, one after the other. */
typedef struct MoeStream {
    int32_t *ids;  /* [count] */
    MoeSpan *span; /* [documents + 1]: the last one's start is `count` */
    int64_t count, bytes;
    int documents;
} MoeStream;

struct MoeTokens {
    MoeStream *streams; /* [domains] */
    int domains;
};

/* The document of a stream that token `at` (0 … count - 1) belongs to, as an index of span. */
int moe__stream_find(const MoeStream *stream, int64_t at);

/* Writes `n` tokens of a stream from `at` into a row of a batch, from its first column. */
void moe__batch_fill(MoeBatch *batch, int row, const MoeStream *stream, int domain, int64_t at,
                     int n);

#endif
