/* SPDX-License-Identifier: MIT
 *
 * token-add.h: adds the units of one id's tokens to its row.
 */
#ifndef MOESCOPE_STATS_TOKEN_ADD_H
#define MOESCOPE_STATS_TOKEN_ADD_H

#include "stats/tally.h"
#include "stats/token-rows.h"

/* An id's row, where that is, and its tokens. */
typedef struct MoeTokenPlace {
    int32_t row;
    uint8_t *bytes;
    const uint32_t *token;
    int64_t n;
} MoeTokenPlace;

typedef struct MoeTokenKernel {
    const char *name;
    /* Adds, to each place's row, its tokens' units: their sets of picks and their first choices.
     * The place behind the last one may be looked at, but means nothing. `set` is scratch for one
     * set, of chunks that bring none. */
    void (*add)(MoeTokenRows *rows, const MoeTallyChunk *chunk, const MoeTokenPlace *places,
                int n_places, uint64_t *set);
} MoeTokenKernel;

/* Those that this CPU can run, best first, ended by NULL. */
const MoeTokenKernel *const *moe__token_kernels(void);

#endif
