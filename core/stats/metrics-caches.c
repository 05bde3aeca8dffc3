/* SPDX-License-Identifier: MIT
 *
 * metrics-caches.c: how often a pick finds its expert in a cache that holds a part of them.
 */
#include "stats/chance-caches.h"
#include "stats/metrics.h"

#include <math.h>

typedef struct CacheMetric {
    MoeMetric metric;
    MoeCachePolicy policy;
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

static double
by_chance(const MoeMetric *metric, const MoeMetricCell *cell, bool uniform)
{
    const CacheMetric *own = (const CacheMetric *)metric;
    if (cell->caches->lookups == 0)
        return NAN;
    return moe__cache_by_chance(cell->summary, cell->documents, own->policy,
                                moe_cache_size(own->size, cell->caches->experts), uniform);
}

static double
uniform(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return by_chance(metric, cell, true);
}

static double
shuffled(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return by_chance(metric, cell, false);
}

#define CACHE(NAME, SIZE, FORMULA, SOURCE, CONVENTION, POLICY) \
    {                                                          \
        {sizeof(MoeMetric),                                    \
         NAME "@" #SIZE "/8",                                  \
         FORMULA ", c = E " #SIZE "/8",                        \
         "share",                                              \
         SOURCE,                                               \
         CONVENTION,                                           \
         MOE_METRIC_NONE,                                      \
         MOE_TALLY_CACHES,                                     \
         0,                                                    \
         1,                                                    \
         hit_rate,                                             \
         uniform,                                              \
         shuffled,                                             \
         NULL,                                                 \
         NULL,                                                 \
         MOE_TALLY_DOCUMENTS,                                  \
         NULL},                                                \
            POLICY, SIZE - 1                                   \
    }

#define NULLS                                                                                     \
    "a cache a router, empty where a document begins; picks of a unit are looked up together; c " \
    "is rounded down, at least 1; nulls are drawn, of documents as long as these (a summary has " \
    "to hold them: --with caches,documents); a full cache finds c/E of uniform picks"

#define POLICIES(SIZE)                                                                            \
    CACHE("cache-lru", SIZE, "picks found in the c experts used last / picks",                    \
          "Mattson et al. 1970; moe-lrc, arXiv 2505.16056", NULLS, MOE_CACHE_LRU),                \
        CACHE("cache-lfu", SIZE, "picks found where the least often used of c leaves / picks",    \
              "moe-lrc, arXiv 2505.16056",                                                        \
              NULLS "; uses are counted since the document began, also of experts that left",     \
              MOE_CACHE_LFU),                                                                     \
        CACHE("cache-belady", SIZE,                                                               \
              "picks found where the one of c that is needed last leaves / picks", "Belady 1966", \
              NULLS "; the optimum: no cache that has to take all picks in finds more",           \
              MOE_CACHE_BELADY)

static const CacheMetric cache_metrics[] = {
    POLICIES(1), POLICIES(2), POLICIES(3), POLICIES(4), POLICIES(5), POLICIES(6), POLICIES(7),
};

void
moe__metrics_register_caches(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cache_metrics); i++)
        moe_metrics_add(&cache_metrics[i].metric);
}
