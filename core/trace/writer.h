/* SPDX-License-Identifier: MIT
 *
 * writer.h: the state of a trace that is being recorded. writer.c begins and ends it, append.c
 * takes in batches, chunk.c writes out what has gathered.
 */
#ifndef MOESCOPE_TRACE_WRITER_H
#define MOESCOPE_TRACE_WRITER_H

#include "trace/column.h"
#include "trace/zip.h"

enum { TOKEN_ID, TOKEN_DOC, TOKEN_POS, TOKEN_DOMAIN, TOKEN_STEP, TOKEN_LOSS, TOKEN_COLUMNS };
enum {
    PICK_EXPERT,
    PICK_GATE,
    PICK_DROPPED,
    PICK_SLOT,
    PICK_ENTROPY,
    PICK_MARGIN,
    PICK_LOGITS,
    PICK_COLUMNS
};
enum { STATE_LOAD, STATE_DROPPED, STATE_PROB, STATE_COLUMNS };

/* Named state of one router. */
typedef struct MoeTraceMeasure {
    int router;
    MoeColumn value, step; /* a row each time that it was recorded */
} MoeTraceMeasure;

struct MoeTraceWriter {
    char *path;
    MoeZipWriter *zip;
    MoeRouterInfo *routers; /* part names not kept */
    int n_routers;
    MoeTraceOptions options;
    gsize meta_size; /* bytes of meta.json */

    /* token columns, then those of every router's picks */
    MoeColumn *batch;
    int n_batch;
    /* steps, then every router's state */
    MoeColumn *state;
    int n_state;
    GPtrArray *series; /* MoeColumn *, by name */
    GHashTable *series_by_name;
    GPtrArray *measures; /* MoeTraceMeasure *, by router, then by name */
    GHashTable *measures_by_name;
    GArray *runs; /* of rows to keep; kept between batches for its memory */

    int64_t tokens, states, values; /* in this chunk; values: of all series and measures */
    int chunk;                      /* the next one's number */
    GError *failure;                /* a write went wrong: nothing more is written */
};

/* Tokens of a chunk where nobody says how many: at most 65536, and about 48 MB. */
int64_t moe__trace_chunk_tokens(const MoeRouterInfo *routers, int n_routers,
                                const MoeTraceOptions *options);

/* Writes everything that has gathered as a chunk. Does nothing if nothing has. */
bool moe__trace_write_chunk(MoeTraceWriter *writer, GError **error);
/* Fails again with the error of an earlier call, if there was one. */
bool moe__trace_writer_check(const MoeTraceWriter *writer, GError **error);
/* Whether `name` can be part of a member's name. `what` names it in the error: "series". */
bool moe__trace_check_name(const char *what, const char *name, GError **error);
/* Counts values of series and measures, and writes a chunk when there are many. */
bool moe__trace_count_values(MoeTraceWriter *writer, int64_t values, GError **error);
void moe__trace_measure_free(void *measure);
/* Picks a unit in the arrays that arrive: k, or the number of experts where k varies. */
int moe__trace_slots(const MoeRouterInfo *router);

#endif
