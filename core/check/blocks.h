/* SPDX-License-Identifier: MIT
 *
 * blocks.h: units of a router's rows, block by block. Nearly all blocks are full: a pick in every
 * slot, and none dropped. Checks look at these column by column, in loops that compilers make
 * vectors of, and unit by unit only where there is something to find.
 */
#ifndef MOESCOPE_CHECK_BLOCKS_H
#define MOESCOPE_CHECK_BLOCKS_H

#include "check/check.h"

/* Units of a block: flags and sums of it stay in the first cache. */
enum { MOE_CHECK_BLOCK = 2048 };

typedef struct MoeBlock {
    int64_t first, n; /* units */
    bool full;
} MoeBlock;

/* Tells of each block of a view whether it is full: full[units / MOE_CHECK_BLOCK, rounded up]. */
void moe__blocks_find_full(const MoeTraceView *view, uint8_t *full);

/* The next block of the rows; the first one after {0}. */
static inline bool
moe__block_next(const MoeCheckRun *run, const MoeCheckRows *rows, MoeBlock *block)
{
    block->first += block->n;
    block->n = MIN(MOE_CHECK_BLOCK, rows->view->units - block->first);
    block->full = block->n > 0 && run->full && run->full[block->first / MOE_CHECK_BLOCK];
    return block->n > 0;
}
/* Whether all blocks of the rows are full. */
bool moe__blocks_all_full(const MoeCheckRun *run, const MoeCheckRows *rows);

/* moe__hits_count() for n units from `first` on, of which all, or none, are hits. */
void moe__hits_count_alike(MoeHits *hits, const MoeCheckRows *rows, int64_t first, int64_t n,
                           bool hit);
/* The same for units whose flags, 0 or 1, say it: flag[n]. */
void moe__hits_count_flags(MoeHits *hits, const MoeCheckRows *rows, int64_t first, int64_t n,
                           const int32_t *flag);

/* Whether any of n numbers isn't `value`. */
bool moe__any_other(const float *x, int64_t n, float value);

#endif
