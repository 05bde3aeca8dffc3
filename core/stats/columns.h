/* SPDX-License-Identifier: MIT
 *
 * columns.h: what all routers share: the columns of tokens, the runs of neighbouring tokens that
 * belong to one cell, and tokens by id.
 */
#ifndef MOESCOPE_STATS_COLUMNS_H
#define MOESCOPE_STATS_COLUMNS_H

#include "stats/token-order.h"

typedef enum {
    MOE_COLUMN_ID,
    MOE_COLUMN_DOC,
    MOE_COLUMN_POS,
    MOE_COLUMN_DOMAIN, /* in range */
    MOE_COLUMN_STEP,
} MoeTokenColumn;
enum { MOE_TOKEN_COLUMNS = 5 };

typedef struct MoeColumnsOptions {
    unsigned wanted; /* bits 1 << MoeTokenColumn */
    /* Also runs, of the columns that are wanted: all is of one document, domain or step where there
     * is no such column. */
    bool runs;
    const int32_t *step;       /* runs of this step only; NULL: of all */
    const MoeTokenSet *chosen; /* runs of these tokens only; NULL: of all */
    bool order;                /* also tokens of runs by id, which has to be wanted */
    unsigned passing;          /* bits of columns that runs and order are found by, then let go */
} MoeColumnsOptions;

/* Columns of the tokens of a trace. Small ones are read once and kept, so that threads share them;
 * else every thread reads them anew. */
typedef struct MoeColumns MoeColumns;

/* What `options` points to has to live as long. Fails with the errors of moe_trace_read(), and with
 * MOE_ERROR_FORMAT on columns that don't fit the trace. (transfer full) */
MoeColumns *moe__columns_new(const MoeTrace *trace, const MoeColumnsOptions *options,
                             GError **error);
void moe__columns_free(MoeColumns *columns);

/* A chunk's. One that is all zeros is a thread's place to read to. */
typedef struct MoeColumnsChunk {
    int32_t *column[MOE_TOKEN_COLUMNS]; /* NULL: not wanted, let go, or the chunk has none */
    GArray *runs;                       /* of MoeTallyRun; NULL: not wanted */
    MoeTokenOrder order;                /* token NULL: not wanted, or there are no ids */
} MoeColumnsChunk;
void moe__columns_chunk_clear(MoeColumnsChunk *chunk);

/* Those of a chunk; valid until the next call with this place. (transfer none) */
const MoeColumnsChunk *moe__columns_get(const MoeColumns *columns, int chunk,
                                        MoeColumnsChunk *place, GError **error);

/* Where values of a column end that are that of token `first`, at most `end`, which it is where
 * there is no column (NULL). */
int64_t moe__column_alike(const int32_t *column, int64_t first, int64_t end);

#endif
