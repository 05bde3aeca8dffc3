/* SPDX-License-Identifier: MIT
 *
 * token-sums.h: what follows from a table of tokens, fed id by id.
 */
#ifndef MOESCOPE_STATS_TOKEN_SUMS_H
#define MOESCOPE_STATS_TOKEN_SUMS_H

#include <moescope/tokens.h>

/* One id's experts, ascending, and its units that choose them first, and that pick them. */
typedef struct MoeTokenRow {
    int32_t id;
    int n;
    const uint16_t *expert;
    const int64_t *first, *picks;
} MoeTokenRow;

typedef struct MoeTokenSums MoeTokenSums;
/* `k` of the router, 0 if it varies. (transfer full) */
MoeTokenSums *moe__token_sums_new(int experts, int k);
/* Adds an id; ids ascend. */
void moe__token_sums_add(MoeTokenSums *sums, const MoeTokenRow *row);
/* The same for an id whose counts are all below 256, and whose first choices are picks: picks
 * [width], first choices [width], width being experts rounded up to 64; aligned to 64 bytes. */
void moe__token_sums_add_bytes(MoeTokenSums *sums, int32_t id, const uint8_t *bytes);
/* The cell; frees the sums. (transfer full) */
MoeTokenCell *moe__token_sums_end(MoeTokenSums *sums);
void moe__token_sums_free(MoeTokenSums *sums);

#endif
