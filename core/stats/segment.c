/* SPDX-License-Identifier: MIT
 *
 * segment.c: picks within a segment.
 */
#include "stats/segment.h"

#include <string.h>

struct MoeSegment {
    int experts, units;
    int64_t picks;
    int32_t *count;     /* [experts] units that pick it */
    MoeCacheCell *cell; /* of the first unit */
};

MoeSegment *
moe__segment_new(int experts)
{
    MoeSegment *segment = g_new0(MoeSegment, 1);
    segment->experts = experts;
    segment->count = g_new0(int32_t, (gsize)experts);
    return segment;
}

void
moe__segment_free(MoeSegment *segment)
{
    g_free(segment->count);
    g_free(segment);
}

void
moe__segment_reset(MoeSegment *segment)
{
    memset(segment->count, 0, (gsize)segment->experts * sizeof *segment->count);
    segment->units = 0;
    segment->picks = 0;
}

void
moe__segment_pick(MoeSegment *segment, int32_t expert)
{
    segment->count[expert]++;
    segment->picks++;
}

/* Picks of the n experts that most units pick, where active[a] experts are picked by a units. */
static int64_t
picks_of_most(const int64_t *active, int64_t n)
{
    int64_t picks = 0;
    for (int a = MOE_SEGMENT; a > 0 && n > 0; a--) {
        picks += MIN(active[a], n) * a;
        n -= active[a];
    }
    return picks;
}

void
moe__segment_add(MoeSegment *segment, MoeCacheCell *cell)
{
    if (segment->units++ == 0)
        segment->cell = cell;
    if (segment->units < MOE_SEGMENT)
        return;
    int64_t active[MOE_SEGMENT + 1] = {0};
    for (int e = 0; e < segment->experts; e++)
        active[segment->count[e]]++;
    for (int a = 0; a <= MOE_SEGMENT; a++)
        segment->cell->active[a] += active[a];
    int64_t mean = MAX(1, (segment->picks + MOE_SEGMENT / 2) / MOE_SEGMENT);
    segment->cell->segments++;
    segment->cell->kept_once += picks_of_most(active, mean);
    segment->cell->kept_twice += picks_of_most(active, 2 * mean);
    moe__segment_reset(segment);
}
