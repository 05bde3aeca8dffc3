/* SPDX-License-Identifier: MIT
 *
 * window.h: the last units of a router, their picks as sets of bits, so that what two of them share
 * is a count of bits.
 */
#ifndef MOESCOPE_STATS_WINDOW_H
#define MOESCOPE_STATS_WINDOW_H

#include "stats/sequence.h"

/* As far as the window looks back. */
#define MOE_WINDOW_BACK 64

typedef struct MoeWindow {
    int words, heads;  /* a set is so many words; units a token */
    int64_t most, end; /* tokens that it can hold; those that it holds */
    uint64_t *picks;   /* [most × heads × words] */
    int32_t *first;    /* [most × heads] slot 0; -1: none */
    uint8_t *back;     /* [most] neighbours before the token, up to MOE_WINDOW_BACK */
    MoeSequence sequence;
} MoeWindow;

MoeWindow *moe__window_new(const MoeTallyShape *shape);
void moe__window_free(MoeWindow *window);

/* Takes in the chunk's tokens from `first` on, as many of the n as there is room for, and returns
 * how many: they are the last ones in the window, and the MOE_WINDOW_BACK before them are still
 * there. */
int64_t moe__window_take(MoeWindow *window, const MoeTallyChunk *chunk, int64_t first, int64_t n);

/* The set of a unit, where unit = token in the window · heads + sub-token. */
static inline const uint64_t *
moe__window_picks(const MoeWindow *window, int64_t unit)
{
    return window->picks + unit * window->words;
}

#endif
