/* SPDX-License-Identifier: MIT
 *
 * metrics-caches.c: how often a pick finds its expert in a cache that holds a part of them.
 */
#include "stats/metrics.h"

#include <math.h>

typedef enum { LRU, LFU, BELADY } Policy;

typedef struct CacheMetric {
    MoeMetric metric;
    Policy policy;
    int size; /* 0 … MOE_CACHES - 1 */
} CacheMetric;

static double
hit_rate(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const CacheMetric *own = (const CacheMetric *)metric;
    const MoeCacheCell *caches = cell->caches;
    const int64_t *const found[] = {caches->lru, caches->lfu, caches->belady};
    if (caches->lookups == 0)
        return NAN;
    return (double)found[own->policy][own->size] / (double)caches->lookups;
}

/* A cache that doesn't see ahead holds c experts, and the next pick may be any of the E. */
static double
share_held(const MoeMetric *metric, const MoeMetricCell *cell)
{
    int experts = cell->caches->experts;
    if (cell->caches->lookups == 0)
        return NAN;
    return (double)moe_cache_size(((const CacheMetric *)metric)->size, experts) / experts;
}

#define CACHE(NAME, SIZE, FORMULA, SOURCE, CONVENTION, POLICY, UNIFORM) \
    {                                                                   \
        {sizeof(MoeMetric),                                             \
         NAME "@" #SIZE "/8",                                           \
         FORMULA ", c = E " #SIZE "/8",                                 \
         "share",                                                       \
         SOURCE,                                                        \
         CONVENTION,                                                    \
         MOE_METRIC_NONE,                                               \
         MOE_TALLY_CACHES,                                              \
         0,                                                             \
         1,                                                             \
         hit_rate,                                                      \
         UNIFORM,                                                       \
         NULL},                                                         \
            POLICY, SIZE - 1                                            \
    }

#define EMPTY                                                                                     \
    "a cache a router, empty where a document begins; picks of a unit are looked up together; c " \
    "is "                                                                                         \
    "rounded down, at least 1"
#define BLIND EMPTY "; uniform c/E, once the cache is full: short documents find less"

#define POLICIES(SIZE)                                                                             \
    CACHE("cache-lru", SIZE, "picks found in the c experts used last / picks",                     \
          "Mattson et al. 1970; moe-lrc, arXiv 2505.16056", BLIND, LRU, share_held),               \
        CACHE("cache-lfu", SIZE, "picks found where the least often used of c leaves / picks",     \
              "moe-lrc, arXiv 2505.16056",                                                         \
              BLIND "; uses are counted since the document began, also of experts that left", LFU, \
              share_held),                                                                         \
        CACHE("cache-belady", SIZE,                                                                \
              "picks found where the one of c that is needed last leaves / picks", "Belady 1966",  \
              EMPTY "; the optimum: no cache that has to take all picks in finds more", BELADY,    \
              NULL)

static const CacheMetric cache_metrics[] = {
    POLICIES(1), POLICIES(2), POLICIES(3), POLICIES(4), POLICIES(5), POLICIES(6), POLICIES(7),
};

void
moe__metrics_register_caches(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cache_metrics); i++)
        moe_metrics_add(&cache_metrics[i].metric);
}
