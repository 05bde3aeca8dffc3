/* SPDX-License-Identifier: MIT
 *
 * compare-sample.h: tokens of two routings, paired at random.
 */
#ifndef MOESCOPE_STATS_COMPARE_SAMPLE_H
#define MOESCOPE_STATS_COMPARE_SAMPLE_H

#include "stats/compare.h"

typedef struct MoeSample {
    int64_t of, tokens, units; /* tokens in all, and in the sample */
    int64_t next;              /* the one that is to be taken next */
    int units_per_token, slots[2];
    uint16_t *expert[2]; /* [slots × units], 65535: no pick */
    float *gate[2];      /* the same; NULL: none */
    int32_t *place;      /* [tokens] where the second side's go */
} MoeSample;

/* For evenly spaced tokens out of `tokens`, as many as make 2^19 picks; NULL if one makes more. The
 * permutation depends on the seed and the routers' numbers. */
MoeSample *moe__sample_new(const MoeComparedRouter *router, int64_t tokens, uint64_t seed);
void moe__sample_free(MoeSample *sample);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeSample, moe__sample_free)
/* Takes those of tokens first … first + n - 1, in ascending order of calls. */
void moe__sample_take(MoeSample *sample, const MoeSidePicks *a, const MoeSidePicks *b,
                      int64_t first, int64_t n);
MoeSidePicks moe__sample_picks(const MoeSample *sample, int side);

#endif
