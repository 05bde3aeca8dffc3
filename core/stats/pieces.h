/* SPDX-License-Identifier: MIT
 *
 * pieces.h: a chunk in pieces of neighbouring tokens, so small that their picks stay in a CPU's
 * second cache while everybody who counts goes through them.
 */
#ifndef MOESCOPE_STATS_PIECES_H
#define MOESCOPE_STATS_PIECES_H

#include "stats/tally.h"

typedef struct MoePieces {
    int64_t first, end;      /* tokens of the piece at hand */
    const MoeTallyRun *runs; /* [n_runs] within it */
    int64_t n_runs;
    /* private */
    const MoeTallyRun *all;
    int64_t n_all, next, tokens, most;
    GArray *cut;
} MoePieces;

/* Before the first piece. `cut` is memory for runs (of MoeTallyRun), which the caller keeps. */
MoePieces moe__pieces_of(const MoeTallyChunk *chunk, GArray *cut);
/* Goes to the next piece; false: there is none. */
bool moe__pieces_next(MoePieces *pieces);

#endif
