/* SPDX-License-Identifier: MIT
 *
 * tools.h: what the tools for whole traces share beside moescope/trace-tools.h: chunks copied from
 * trace to trace, outputs that come into being beside their target, and the history in meta.json.
 */
#ifndef MOESCOPE_TRACE_TOOLS_INTERNAL_H
#define MOESCOPE_TRACE_TOOLS_INTERNAL_H

#include "trace/reader.h"
#include "trace/writer.h"

#include <moescope/trace-tools.h>

/* Whether MoeTraceRows reads member NAME.npy of tokens or picks. */
bool moe__trace_rows_know(const char *member);

/* Whether a trace may be written anew: one with a gap would lose what is behind it for good. */
bool moe__trace_check_gap(const MoeTrace *trace, GError **error);

/* Whether nobody is recording to the file, nor attaching to it; there need not be one. */
bool moe__trace_check_free(const char *path, GError **error);
/* A path beside `path`, to be renamed to it. Fails if what is there isn't a regular file, or is
 * being written. (transfer full) */
char *moe__trace_beside(const char *path, GError **error);
/* Puts the file that was written in place. */
bool moe__trace_replace(const char *beside, const char *path, GError **error);

/* Begins a trace at `path` in the way that `output` says; where it doesn't say how gates are kept,
 * as `gate_type`. -1 for compression is taken from `source`. */
MoeTraceWriter *moe__trace_rewrite(const char *path, const char *meta_json, const MoeTrace *source,
                                   const MoeRouterInfo *routers, int n_routers,
                                   const MoeTraceOutput *output, MoeType gate_type, GError **error);

/* meta.json of a trace that was made from another: only `routers` (NULL: all), other domains (NULL:
 * as they are), and `entry` (transfer full) at the end of "history". (transfer full) */
char *moe__trace_meta_edit(const char *meta_json, const int *routers, int n_routers,
                           const char *const *domains, JsonObject *entry);
/* The beginning of such an entry: tool, version, source. (transfer full) */
JsonObject *moe__trace_history(const char *tool, const char *source);
/* Notes in an entry, as "source_complete": false, that its source isn't whole: not finished, cut
 * off, or made of such a one. */
void moe__trace_history_source(JsonObject *entry, const MoeTrace *trace);

/* What goes from one trace to another. */
typedef struct MoeTraceCopy {
    const MoeTrace *from;
    MoeTraceWriter *to;
    const int *routers; /* NULL: all */
    int n_routers;
    MoeTraceRows *rows;          /* of these routers */
    MoeTracePicks *picks;        /* [n_routers] */
    const int32_t *domains;      /* new index of each; NULL: as they are */
    int64_t document_shift;      /* added to documents */
    int64_t low_step, high_step; /* of state, series, measures: both included */
    GHashTable *done; /* column -> int64_t: rows up to this step aren't taken; NULL: all are */
    GHashTable *last; /* column -> int64_t: the last step that was taken */
} MoeTraceCopy;
void moe__trace_copy_begin(MoeTraceCopy *copy, const MoeTrace *from, MoeTraceWriter *to,
                           const int *routers, int n_routers);
void moe__trace_copy_end(MoeTraceCopy *copy);
/* State, series and measures of a chunk. */
bool moe__trace_copy_states(MoeTraceCopy *copy, int chunk, GError **error);
/* Tokens of the chunk that copy->rows has read, with their picks. */
bool moe__trace_copy_rows(MoeTraceCopy *copy, const int64_t *index, int64_t n, GError **error);

/* Names of the members of every chunk: a GPtrArray of GPtrArrays. (transfer full) */
GPtrArray *moe__trace_members_by_chunk(const MoeTrace *trace);
bool moe__trace_check_attachments(const MoeTrace *trace, GError **error);
/* Whether all of a chunk can be read and fits the trace. */
bool moe__trace_check_chunk(const MoeTrace *trace, MoeTraceRows *rows, int chunk,
                            const GPtrArray *members, GError **error);
/* Whether ids, flags and counts of the chunk that was loaded, of all routers, mean something. */
bool moe__trace_check_values(const MoeTraceRows *rows, GError **error);

#endif
