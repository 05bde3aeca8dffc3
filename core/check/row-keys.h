/* SPDX-License-Identifier: MIT
 *
 * row-keys.h: what the rows of a chunk's tokens are in all routers, as a few numbers a token, which
 * tell whether two tokens have the same row without keeping the rows. The last rows of the chunk
 * before stay in front of them.
 */
#ifndef MOESCOPE_CHECK_ROW_KEYS_H
#define MOESCOPE_CHECK_ROW_KEYS_H

#include "check/check.h"

/* Rows of the chunk before that are kept; they have the indices -1 … -MOE_ROW_KEYS_BACK. */
enum { MOE_ROW_KEYS_BACK = 16 };

typedef enum {
    MOE_ROW_TOLD = 1,    /* a gate that is neither 0 nor 1 distinguishes it */
    MOE_ROW_BETWEEN = 2, /* one between 0.02 and 0.98, where gates aren't alike by their nature */
    MOE_ROW_PICKS = 4,   /* a unit with different experts, or one: not pads alone */
    MOE_ROW_UNEQUAL = 8, /* a unit with different gates, or one */
} MoeRowFlags;

/* Arrays of [tokens], with MOE_ROW_KEYS_BACK before them. Begins zeroed. */
typedef struct MoeRowKeys {
    int64_t tokens, first, max;
    int chunk;           /* plus 1 */
    int64_t back;        /* rows before that there are, at most MOE_ROW_KEYS_BACK */
    uint32_t *a, *b;     /* two hashes of the experts of all slots and routers */
    uint32_t *gates;     /* hash of the bits of their gates */
    float *sum, *square; /* gates by weights of their slots, and the sum of their squares */
    int32_t *id, *pos;
    uint8_t *flags; /* MoeRowFlags */
} MoeRowKeys;

/* Takes a router of a chunk in; the first of a chunk begins it. */
void moe__row_keys_add(MoeRowKeys *keys, const MoeCheckRows *rows);
void moe__row_keys_clear(MoeRowKeys *keys);

/* A token's experts as one number. */
static inline uint64_t
moe__row_keys_ids(const MoeRowKeys *keys, int64_t t)
{
    return (uint64_t)keys->a[t] << 32 | keys->b[t];
}
/* Whether two tokens have the same experts in every slot of every router, and the same gates: to
 * the bit, or, `nearly`, as engines compute them again (sums in another order, f16). */
bool moe__row_keys_same(const MoeRowKeys *keys, int64_t a, int64_t b, bool nearly);

#endif
