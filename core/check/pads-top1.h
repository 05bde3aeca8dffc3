/* SPDX-License-Identifier: MIT
 *
 * pads-top1.h: pads of top-1 routers, whose one slot can't hold an expert twice.
 */
#ifndef MOESCOPE_CHECK_PADS_TOP1_H
#define MOESCOPE_CHECK_PADS_TOP1_H

#include "check/check.h"

/* The ids that pads hold. */
enum { MOE_PADS_ZERO, MOE_PADS_TOP, MOE_PADS_ENDS };

/* What the tokens of a trace pick in all routers. Begins zeroed. */
typedef struct MoePadsTop1 {
    int32_t *same; /* [tokens] of the chunk: the id that all routers so far picked; -1: several */
    int64_t tokens, max, first;
    int chunk, routers;            /* the chunk's number plus 1; routers seen in it */
    int64_t *picks[MOE_PADS_ENDS]; /* [routers] units that pick the end */
    int64_t units;                 /* of all tokens */
    int64_t *common;               /* [65536] tokens by the id that all routers pick */
    GArray *ranges[MOE_PADS_ENDS]; /* MoeTraceRange: tokens for which all pick the end */
    MoeHits hits[MOE_PADS_ENDS];   /* and their number */
    bool other;                    /* a router isn't top-1 */
} MoePadsTop1;

void moe__pads_top1_add(MoePadsTop1 *pads, const MoeCheckRows *rows);
/* The chunk is through. */
void moe__pads_top1_chunk(MoePadsTop1 *pads, int routers, int chunk);
/* Whether tokens for which all routers pick an end are pads: far more often than any other id is
 * picked by all, and these are nearly all that pick it in any router. */
bool moe__pads_top1_tell(const MoePadsTop1 *pads, int routers, int end);
void moe__pads_top1_clear(MoePadsTop1 *pads);

#endif
