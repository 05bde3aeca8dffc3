/* SPDX-License-Identifier: MIT
 *
 * chance-caches.c: drawn units, served by caches.
 */
#include "stats/chance-caches.h"

#include "stats/cache.h"
#include "stats/chance-draw.h"

#include <math.h>
#include <stdlib.h>

/* Picks that count, about, and the units that make them; those that fill the cache before, and that
 * the best cache sees behind them. */
enum { EXPERTS_MOST = 4096 }; /* more are too many to draw from, unit by unit */
enum { PICKS = 8192, LEAST = 1024, MOST = 4096, BESIDE = 512, SEGMENTS = 256, SEED = 5 };

/* The chance of each expert to be among a unit's picks; false where there are none, or too many. */
static bool
find_chances(const MoeSummaryCell *cell, bool uniform, double *chance)
{
    double units = (double)(cell->units - cell->making[0]);
    if (cell->picks <= 0 || units <= 0 || cell->experts > EXPERTS_MOST)
        return false;
    for (int e = 0; e < cell->experts; e++) {
        double count = uniform ? (double)cell->picks / cell->experts : (double)cell->count[e];
        chance[e] = fmin(1, count / units);
    }
    return true;
}

/* --- Drawn units ------------------------------------------------------------------------------*/

typedef struct Stream {
    int experts, units;
    GArray *picks;                /* of int32_t */
    guint end[MOST + 2 * BESIDE]; /* where a unit's picks end */
} Stream;

/* Systematic sampling in random order (Madow 1949): every expert has exactly its chance, none comes
 * twice, and units make the mean number of picks, rounded down or up. */
static void
draw_unit(MoeRng *rng, const double *chance, int *order, Stream *stream)
{
    double at = (double)moe_rng_uniform(rng);
    for (int i = stream->experts - 1; i > 0; i--) {
        int j = (int)moe_rng_below(rng, (uint64_t)i + 1), e = order[i];
        order[i] = order[j];
        order[j] = e;
    }
    for (int i = 0; i < stream->experts; i++) {
        int32_t e = order[i];
        at -= chance[e];
        if (at >= 0)
            continue;
        at += 1;
        g_array_append_val(stream->picks, e);
    }
}

static void
draw_stream(const double *chance, Stream *stream)
{
    MoeRng rng = moe_rng(SEED, 0);
    g_autofree int *order = g_new(int, (gsize)stream->experts);
    for (int e = 0; e < stream->experts; e++)
        order[e] = e;
    for (int u = 0; u < stream->units; u++) {
        draw_unit(&rng, chance, order, stream);
        stream->end[u] = stream->picks->len;
    }
}

/* --- Caches -----------------------------------------------------------------------------------*/

static int
first_pick(const Stream *stream, int unit)
{
    return unit > 0 ? (int)stream->end[unit - 1] : 0;
}

/* What each pick's expert is worth from then on: to the best cache, the earlier it is needed again;
 * else the later, or the more often, it was used. */
static int64_t *
worths(const Stream *stream, MoeCachePolicy policy)
{
    int64_t *worth = g_new(int64_t, stream->picks->len);
    g_autofree int64_t *known = g_new0(int64_t, (gsize)stream->experts);
    int n = (int)stream->picks->len;
    for (int e = 0; e < stream->experts; e++)
        known[e] = policy == MOE_CACHE_BELADY ? n : 0;
    for (int i = 0; i < n; i++) {
        int at = policy == MOE_CACHE_BELADY ? n - 1 - i : i;
        int32_t e = g_array_index(stream->picks, int32_t, at);
        if (policy == MOE_CACHE_BELADY) {
            worth[at] = -known[e];
            known[e] = at;
        } else {
            known[e]++;
            worth[at] = policy == MOE_CACHE_LRU ? i : (known[e] << 32) + i;
        }
    }
    return worth;
}

double
moe__cache_by_chance(const MoeSummaryCell *cell, MoeCachePolicy policy, int size, bool uniform)
{
    g_autofree double *chance = g_new(double, (gsize)cell->experts);
    if (!find_chances(cell, uniform, chance))
        return NAN;
    g_autofree Stream *stream = g_new(Stream, 1);
    g_autoptr(GArray) picks = g_array_new(FALSE, FALSE, sizeof(int32_t));
    stream->experts = cell->experts;
    int counted = (int)CLAMP(PICKS * (double)cell->units / (double)cell->picks, LEAST, MOST);
    stream->units = counted + 2 * BESIDE;
    stream->picks = picks;
    draw_stream(chance, stream);
    g_autofree int64_t *worth = worths(stream, policy);
    g_autofree int32_t *place = g_new(int32_t, (gsize)cell->experts);
    MoeCaches caches;
    moe__caches_init(&caches, cell->experts);
    moe__caches_reset(&caches);
    double found = 0, looked_up = 0;
    for (int u = 0; u < BESIDE + counted; u++) {
        int first = first_pick(stream, u), n = (int)stream->end[u] - first;
        int held = moe__caches_serve(&caches, &g_array_index(picks, int32_t, first), worth + first,
                                     n, place);
        for (int i = 0; u >= BESIDE && i < held; i++)
            found += place[i] < size;
        looked_up += u >= BESIDE ? n : 0;
    }
    moe__caches_clear(&caches);
    return found / looked_up;
}

/* --- Segments ---------------------------------------------------------------------------------*/

static int
descending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

double
moe__segment_by_chance(const MoeSummaryCell *cell, int n)
{
    g_autofree double *chance = g_new(double, (gsize)cell->experts);
    g_autofree int64_t *active = g_new(int64_t, (gsize)cell->experts);
    MoeRng rng = moe_rng(SEED, 1);
    double kept = 0, all = 0;
    if (!find_chances(cell, false, chance))
        return NAN;
    for (int s = 0; s < SEGMENTS; s++) {
        for (int e = 0; e < cell->experts; e++)
            active[e] = moe__draw_binomial(&rng, MOE_SEGMENT, chance[e]);
        qsort(active, (size_t)cell->experts, sizeof *active, descending);
        for (int e = 0; e < cell->experts; e++) {
            kept += e < n ? (double)active[e] : 0;
            all += (double)active[e];
        }
    }
    return all > 0 ? kept / all : NAN;
}
