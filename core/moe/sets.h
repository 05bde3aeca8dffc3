/* SPDX-License-Identifier: MIT
 *
 * Which sets of experts the units of a pass were sent to.
 */
#ifndef MOE_MOE_SETS_H
#define MOE_MOE_SETS_H

#include <moescope/moe.h>

/* The distinct sets of picks, in the order in which units first have them. Picks count before
 * drops; a unit without picks has no set. */
typedef struct MoeSets {
    const int64_t *first;   /* [sets + 1] where each set's members begin */
    const int32_t *member;  /* experts of a set, rising, set after set */
    const int32_t *of_unit; /* [U] the unit's set; -1: it has no picks */
    MoeGroups units;        /* the units of each set, rising */
} MoeSets;

/* All memory comes from `arena`. */
MoeSets moe__sets_of_picks(const MoePicks *picks, MoeArena *arena);

#endif
