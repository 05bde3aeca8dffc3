/* SPDX-License-Identifier: MIT
 *
 * cache.c: one cache of experts.
 */
#include "stats/cache.h"
#include "tensor/cpu.h"

void
moe__cache_init(MoeCache *cache, int experts, int size)
{
    *cache = (MoeCache){experts, size, 0, g_new(int64_t, (gsize)experts)};
    moe__cache_reset(cache);
}

void
moe__cache_clear(MoeCache *cache)
{
    g_free(cache->worth);
}

void
moe__cache_reset(MoeCache *cache)
{
    for (int e = 0; e < cache->experts; e++)
        cache->worth[e] = MOE_CACHE_AWAY;
    cache->held = 0;
}

MOE_CLONES static int64_t
least_cache_worth(const int64_t *worth, int n)
{
    int64_t least = MOE_CACHE_AWAY;
    for (int e = 0; e < n; e++)
        least = worth[e] < least ? worth[e] : least;
    return least;
}

static void
evict(MoeCache *cache)
{
    int64_t least = least_cache_worth(cache->worth, cache->experts);
    int e = 0;
    while (cache->worth[e] != least)
        e++;
    cache->worth[e] = MOE_CACHE_AWAY;
    cache->held--;
}

int
moe__cache_serve(MoeCache *cache, const int32_t *expert, const int64_t *worth, int n)
{
    int found = 0, coming = 0, kept = MIN(n, cache->size);
    for (int i = 0; i < n; i++) {
        bool there = cache->worth[expert[i]] != MOE_CACHE_AWAY;
        found += there;
        coming += i < kept && !there;
        if (i < kept) /* as if it were away: so it doesn't leave */
            cache->worth[expert[i]] = MOE_CACHE_AWAY;
        else if (there)
            cache->worth[expert[i]] = worth[i];
    }
    while (cache->held + coming > cache->size)
        evict(cache);
    for (int i = 0; i < kept; i++)
        cache->worth[expert[i]] = worth[i];
    cache->held += coming;
    return found;
}

MOE_CLONES static int
count_cache_above(const int64_t *at, int n, int64_t x)
{
    int above = 0;
    for (int i = 0; i < n; i++)
        above += at[i] > x;
    return above;
}

int
moe__cache_above(const int64_t *at, int n, int64_t x)
{
    return count_cache_above(at, n, x);
}
