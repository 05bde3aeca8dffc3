/* SPDX-License-Identifier: MIT
 *
 * choices.h: the first choices of a chunk's units, which several tallies look at.
 */
#ifndef MOESCOPE_STATS_CHOICES_H
#define MOESCOPE_STATS_CHOICES_H

#include "stats/tally.h"

/* Where they stand; one that is all zeros is empty. */
typedef struct MoeChoices {
    uint16_t *first; /* [room] */
    int64_t room;
} MoeChoices;

/* Those of a view, [units], or MOE_NO_CHOICE; valid until the next call. (transfer none) */
const uint16_t *moe__choices_make(MoeChoices *choices, const MoeTraceView *view);
void moe__choices_clear(MoeChoices *choices);

#endif
