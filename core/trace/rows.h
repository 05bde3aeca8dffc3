/* SPDX-License-Identifier: MIT
 *
 * rows.h: chunks in the layout in which they were recorded, so that they can be written again. A
 * chunk's columns are kept as they are on disk; only the rows that are asked for are converted.
 */
#ifndef MOESCOPE_TRACE_ROWS_H
#define MOESCOPE_TRACE_ROWS_H

#include "trace/tools.h"

/* Memory that is kept from chunk to chunk. */
typedef struct MoeBuffer {
    void *bytes;
    size_t capacity;
} MoeBuffer;

/* A column as it is on disk; data NULL: the chunk hasn't got it. */
typedef struct MoeRowColumn {
    MoeArray array;
    MoeBuffer buffer;
} MoeRowColumn;

typedef struct MoeRouterRows {
    int index; /* in the trace */
    const MoeRouterInfo *info;
    MoeRowColumn columns[PICK_COLUMNS];
    MoeBuffer taken[PICK_COLUMNS], gate64;
} MoeRouterRows;

struct MoeTraceRows {
    const MoeTrace *trace;
    int chunk;
    MoeTraceTokens tokens;
    MoeRowColumn columns[TOKEN_COLUMNS];
    MoeBuffer taken[TOKEN_COLUMNS];
    MoeRouterRows *routers;
    int n_routers;
};

#endif
