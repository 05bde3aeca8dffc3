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

/* Of bytes[width], a multiple of 64, aligned to 64. */
typedef struct MoeTokenBytesKernel {
    const char *name;
    /* Adds them to sums[width], aligned likewise; 257 rows fit into the sums. */
    MoeTokenBytes (*measure)(const uint8_t *bytes, int width, uint16_t *sums);
    /* Lists in out[width] those above 1, in order; returns how many there are. */
    int (*above_one)(const uint8_t *bytes, int width, uint8_t *out);
    /* Lists in out[width] where those stand that are above 0 and at least least[i] × factor. */
    int (*reaching)(const uint8_t *bytes, int width, const float *least, float factor,
                    uint16_t *out);
} MoeTokenBytesKernel;

/* Those that this CPU can run, best first, ended by NULL. */
const MoeTokenBytesKernel *const *moe__token_bytes_kernels(void);

#endif
