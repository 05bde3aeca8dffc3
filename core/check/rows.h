/* SPDX-License-Identifier: MIT
 *
 * rows.h: the rows of one router of a chunk, read for all checks at once. One may be read while
 * checks look at another.
 */
#ifndef MOESCOPE_CHECK_ROWS_H
#define MOESCOPE_CHECK_ROWS_H

#include "check/check.h"
#include "check/chosen.h"

/* Memory that is kept from router to router. Begins zeroed. */
typedef struct MoeRowsBuffer {
    MoeCheckRows rows; /* what was read last */
    uint8_t *full;     /* of its blocks (blocks.h) */
    MoeTraceView *view;
    float *logits, *entropy, *margin;
    MoeChosen chosen; /* the rows, where not all are wanted */
    int64_t blocks;   /* room in `full` */
    GError *problem;  /* why the router couldn't be read; NULL: it could */
} MoeRowsBuffer;

/* A chunk whose rows are read: of the tokens in `bits` alone, where some are chosen (`set`). */
typedef struct MoeRowsChunk {
    int index;
    int64_t first;            /* tokens that are checked in the chunks before */
    const int32_t *id;        /* of those that are checked; the caller's */
    const int32_t *doc, *pos; /* likewise; NULL where the trace has none */
    const MoeTokenSet *set;   /* NULL: all tokens */
} MoeRowsChunk;

/* Reads a router of a chunk. What is wrong with it is buffer->problem then. */
void moe__rows_read(MoeRowsBuffer *buffer, const MoeTrace *trace, const MoeRowsChunk *chunk,
                    int router);
void moe__rows_clear(MoeRowsBuffer *buffer);

#endif
