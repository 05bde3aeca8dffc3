/* SPDX-License-Identifier: MIT
 *
 * rows.h: the rows of one router of a chunk, read for all checks at once. One may be read while
 * checks look at another.
 */
#ifndef MOESCOPE_CHECK_ROWS_H
#define MOESCOPE_CHECK_ROWS_H

#include "check/check.h"

/* Memory that is kept from router to router. Begins zeroed. */
typedef struct MoeRowsBuffer {
    MoeCheckRows rows; /* what was read last */
    uint8_t *full;     /* of its blocks (blocks.h) */
    MoeTraceView *view;
    float *logits, *entropy, *margin;
    int64_t blocks;  /* room in `full` */
    GError *problem; /* why the router couldn't be read; NULL: it could */
} MoeRowsBuffer;

/* Reads a router of a chunk, of which `first` is the first token and id[tokens] the ids; they stay
 * the caller's. What is wrong with it is buffer->problem then. */
void moe__rows_read(MoeRowsBuffer *buffer, const MoeTrace *trace, int chunk, int router,
                    int64_t first, const int32_t *id);
void moe__rows_clear(MoeRowsBuffer *buffer);

#endif
