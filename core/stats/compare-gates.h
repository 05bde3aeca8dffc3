/* SPDX-License-Identifier: MIT
 *
 * compare-gates.h: gates of a block of units, and what two sides of it have in common.
 */
#ifndef MOESCOPE_STATS_COMPARE_GATES_H
#define MOESCOPE_STATS_COMPARE_GATES_H

#include "stats/compare-bits.h"
#include "stats/compare.h"

enum { MOE_BLOCK_SLOTS = 16 /* most of a block */ };

/* One side of a block: ids, 0 behind its units up to a multiple of MOE_BITS_LANES, and gates as
 * shares of the unit's sum. */
typedef struct MoeBlockSide {
    int slots;
    const uint64_t *sets; /* its units' ids as bits, where somebody has made them, or NULL */
    uint8_t id[MOE_BLOCK_SLOTS][MOE_BITS_BLOCK];
    float gate[MOE_BLOCK_SLOTS][MOE_BITS_BLOCK];
} MoeBlockSide;

/* Fills side->gate; gated[i] is cleared where gates can't be shares. */
void moe__block_gates(MoeBlockSide *side, const MoeSidePicks *picks, int n, int32_t *gated);
/* Σ_e min(ŵ^A_e, ŵ^B_e) of each unit, as moe__fixed() makes it. `least` has room for MOE_BITS_BLOCK
 * numbers; those behind the n-th mean nothing. */
void moe__block_least(const MoeBlockSide *a, const MoeBlockSide *b, int n, int32_t *least);

#endif
