/* SPDX-License-Identifier: MIT
 *
 * reader.h: a trace that is open. It doesn't change after opening, so that threads may share it.
 */
#ifndef MOESCOPE_TRACE_READER_H
#define MOESCOPE_TRACE_READER_H

#include "trace/meta.h"
#include "trace/zip-array.h"

/* The folder of attachments. */
#define MOE_ATTACHED "summary/"

typedef struct MoeTraceChunk {
    int64_t tokens, states;
    bool missing; /* there is no closing member: only moe__trace_open_damaged() has such chunks */
} MoeTraceChunk;

struct MoeTrace {
    uint64_t serial; /* no other trace of this process has it */
    MoeZipReader *zip;
    char *meta_json;
    MoeTraceMeta meta;
    GArray *chunks;         /* MoeTraceChunk */
    GPtrArray *members;     /* names, borrowed from zip */
    GPtrArray *attachments; /* names, of a finished trace */
    GPtrArray *series;      /* names, sorted */
    GPtrArray *measures;    /* of every router, a GPtrArray of names, sorted */
    int64_t tokens;
    int astray; /* members of chunks that weren't closed */
    bool gap;   /* they are no end that was cut off: a closing member is missing */
};

/* Opens a trace to be repaired: with the chunks behind one whose closing member is missing or
 * damaged, and that one as `missing`. `walk`: as if it had no directory, by its members' own
 * headers. */
MoeTrace *moe__trace_open_damaged(const char *path, bool walk, GError **error);

/* The chunk that a member such as "picks/00012.r003.gate.npy" belongs to, -1: none. */
int64_t moe__trace_member_chunk(const char *name);

/* Reads the header of column NAME: moe__zip_array_begin(). (transfer full) */
MoeZipStream *moe__trace_begin(const MoeTrace *trace, const char *name, MoeArray *out,
                               GError **error);
/* The data of column NAME, which `out` points at. (transfer full) */
uint8_t *moe__trace_read(const MoeTrace *trace, const char *name, MoeArray *out, GError **error);

/* Whether the ids' member is long enough for the tokens that the chunk claims: that much memory is
 * then taken without fear. Fails with MOE_ERROR_FORMAT. */
bool moe__trace_check_tokens(const MoeTrace *trace, int chunk, GError **error);

/* The measure that member "measures/00012.r003.NAME.npy" holds the values of, and its router; NULL
 * for other members. (transfer full) */
char *moe__trace_measure_name(const char *member, int routers, int *router);
/* Checks that the values and steps of a measure in a chunk, one of which is `member`, belong
 * together. */
bool moe__trace_check_measure(const MoeTrace *trace, const char *member, GError **error);

#endif
