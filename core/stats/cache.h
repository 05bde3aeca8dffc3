/* SPDX-License-Identifier: MIT
 *
 * cache.h: a cache that holds some of the experts. What policy it follows is what its holder says
 * an expert is worth; the one that is worth least leaves.
 */
#ifndef MOESCOPE_STATS_CACHE_H
#define MOESCOPE_STATS_CACHE_H

#include <moescope/base.h>

typedef struct MoeCache {
    int experts, size; /* at most `size` are held */
    int held;
    int64_t *worth; /* [experts]; MOE_CACHE_AWAY: not held */
} MoeCache;

#define MOE_CACHE_AWAY INT64_MAX

void moe__cache_init(MoeCache *cache, int experts, int size);
void moe__cache_clear(MoeCache *cache);
/* Empties it. */
void moe__cache_reset(MoeCache *cache);

/* Serves a unit that needs n different experts, best first, and afterwards holds them at these
 * worths: its first `size` where it needs more. None leaves for another of the same unit. Returns
 * how many of the n were there. */
int moe__cache_serve(MoeCache *cache, const int32_t *expert, const int64_t *worth, int n);

/* How many of at[n] are above x. */
int moe__cache_above(const int64_t *at, int n, int64_t x);

#endif
