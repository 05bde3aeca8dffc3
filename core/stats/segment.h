/* SPDX-License-Identifier: MIT
 *
 * segment.h: how often each expert is picked within some units that follow each other.
 */
#ifndef MOESCOPE_STATS_SEGMENT_H
#define MOESCOPE_STATS_SEGMENT_H

#include <moescope/summary.h>

typedef struct MoeSegment MoeSegment;

MoeSegment *moe__segment_new(int experts);
void moe__segment_free(MoeSegment *segment);
/* Begins anew; what was in it counts nowhere. */
void moe__segment_reset(MoeSegment *segment);
/* The unit at hand picks an expert. */
void moe__segment_pick(MoeSegment *segment, int32_t expert);
/* The unit at hand is whole; if the segment is, too, it is added to the cell of its first unit. */
void moe__segment_add(MoeSegment *segment, MoeCacheCell *cell);

#endif
