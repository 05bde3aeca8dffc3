/* SPDX-License-Identifier: MIT
 *
 * compare-sets.h: what two sides of a block picked, as sets in words: what they share slot by slot,
 * and how often each expert is in them.
 */
#ifndef MOESCOPE_STATS_COMPARE_SETS_H
#define MOESCOPE_STATS_COMPARE_SETS_H

#include "stats/compare-gates.h"

/* Of the units of a block; behind them is 0 up to a multiple of MOE_BITS_LANES. */
typedef struct MoeBlockSets {
    _Alignas(64) uint64_t a[MOE_BITS_BLOCK];
    _Alignas(64) uint64_t b[MOE_BITS_BLOCK];
    uint8_t met[MOE_BITS_BLOCK]; /* |A ∩ B| */
} MoeBlockSets;

/* Sums over a block. */
typedef struct MoeBlockSums {
    uint64_t meet[MOE_BLOCK_SLOTS + 1]; /* [d] |A_d ∩ B_d|, of the first d slots */
    uint64_t same_set;
    bool odd; /* a unit picks twice, or what is no expert of 64: all else means nothing */
} MoeBlockSums;

typedef struct MoeBlockKernel {
    const char *name;
    /* Of n <= MOE_BITS_BLOCK units. */
    void (*fill)(const MoeBlockSide *a, const MoeBlockSide *b, int n, MoeBlockSets *sets,
                 MoeBlockSums *sums);
    /* Adds to count[j], j < width <= 64, how many of words[n] have bit j; n as above. */
    void (*count)(const uint64_t *words, int n, int64_t *count, int width);
    /* Adds to count[j] how many of bytes[n], all below width <= 64, are j; n as above. */
    void (*bytes)(const uint8_t *bytes, int n, int64_t *count, int width);
} MoeBlockKernel;

/* Those that this CPU can run, best first, ended by NULL. */
const MoeBlockKernel *const *moe__block_kernels(void);
extern const MoeBlockKernel moe__block_kernel_portable;
#if defined(__x86_64__)
extern const MoeBlockKernel moe__block_kernel_avx512;
#endif

#endif
