/* SPDX-License-Identifier: MIT
 *
 * token-bytes.h: what follows from counts that are bytes, 64 at a time.
 */
#ifndef MOESCOPE_STATS_TOKEN_BYTES_H
#define MOESCOPE_STATS_TOKEN_BYTES_H

#include <stdint.h>

typedef struct MoeTokenBytes {
    int64_t total;
    int most, pairs; /* the highest; those above 0 */
} MoeTokenBytes;

/* Of bytes[width], a multiple of 64, aligned to 64; adds them to sums[width], aligned likewise.
 * 257 rows fit into the sums. */
typedef MoeTokenBytes (*MoeTokenBytesFunc)(const uint8_t *bytes, int width, uint16_t *sums);
/* The best that this CPU can run. */
MoeTokenBytesFunc moe__token_bytes(void);
MoeTokenBytes moe__token_bytes_portable(const uint8_t *bytes, int width, uint16_t *sums);

#endif
