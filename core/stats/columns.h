/* SPDX-License-Identifier: MIT
 *
 * columns.h: what all routers share: the columns of tokens, and the runs of neighbouring tokens
 * that belong to one cell.
 */
#ifndef MOESCOPE_STATS_COLUMNS_H
#define MOESCOPE_STATS_COLUMNS_H

#include "stats/tally.h"

typedef enum { MOE_COLUMN_ID, MOE_COLUMN_DOC, MOE_COLUMN_POS } MoeTokenColumn;
enum { MOE_TOKEN_COLUMNS = 3 };

/* Columns of the tokens of a trace. Small ones are read once and kept, so that threads share them;
 * else every thread reads them anew. */
typedef struct MoeColumns MoeColumns;

/* `wanted`: bits 1 << MoeTokenColumn. Fails with the errors of moe_trace_read(). (transfer full) */
MoeColumns *moe__columns_new(const MoeTrace *trace, unsigned wanted, GError **error);
void moe__columns_free(MoeColumns *columns);

/* One thread's place to read to. */
typedef struct MoeColumnsBuffer {
    int32_t *data[MOE_TOKEN_COLUMNS];
} MoeColumnsBuffer;
void moe__columns_buffer_clear(MoeColumnsBuffer *buffer);

/* The columns of a chunk, [MOE_TOKEN_COLUMNS]; NULL: not wanted, or the chunk has none. Valid until
 * the next call with this buffer. */
const int32_t *const *moe__columns_get(const MoeColumns *columns, int chunk,
                                       MoeColumnsBuffer *buffer, GError **error);

/* Runs of a chunk's tokens, those of one step only where `step` isn't NULL, and where `chosen`
 * isn't, those whose bits are set (token-filter.h). `doc` NULL: all of one document. Replaces what
 * is in `runs`, of MoeTallyRun. */
void moe__find_runs(const MoeTraceView *view, const int32_t *doc, const int32_t *step,
                    const uint64_t *chosen, GArray *runs);

#endif
