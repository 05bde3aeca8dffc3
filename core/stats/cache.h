/* SPDX-License-Identifier: MIT
 *
 * cache.h: caches of all sizes at once. What a cache keeps follows from what each expert is worth,
 * and that doesn't depend on its size; then a larger cache holds all that a smaller one does, and a
 * list of the experts says what each holds: one of size c its first c (Mattson et al. 1970, stack
 * algorithms).
 */
#ifndef MOESCOPE_STATS_CACHE_H
#define MOESCOPE_STATS_CACHE_H

#include <moescope/base.h>

typedef struct MoeCaches {
    int experts, n;   /* n: in the list */
    int32_t *list;    /* [experts] */
    int64_t *worth;   /* [experts] of those in the list; the least one leaves first */
    uint8_t *state;   /* [experts] whether it is in the list, and among the picks at hand */
    int32_t *leaving; /* [experts] room for those that are between places, best one last */
} MoeCaches;

void moe__caches_init(MoeCaches *caches, int experts);
void moe__caches_clear(MoeCaches *caches);
/* Empties them. */
void moe__caches_reset(MoeCaches *caches);

/* Serves a unit that needs n different experts, best first: afterwards each cache holds them, or as
 * many of the first as fit, and none leaves for another of the same unit. worth[n] is what they are
 * worth from now on. Fills place[n] with the places in the list where experts were found,
 * ascending, and returns how many: a cache of size c had those at places below c. */
int moe__caches_serve(MoeCaches *caches, const int32_t *expert, const int64_t *worth, int n,
                      int32_t *place);

#endif
