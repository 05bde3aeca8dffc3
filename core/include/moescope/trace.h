/* SPDX-License-Identifier: MIT
 *
 * trace.h: routing decisions on disk. A trace is a zip archive of .npy columns with a meta.json:
 * numpy.load() opens it, `unzip -l` lists it, every column has a CRC. It is written as a stream of
 * chunks; a trace that was cut off is readable up to its last whole chunk. core/trace/README.md
 * lists the members.
 */
#ifndef MOESCOPE_TRACE_H
#define MOESCOPE_TRACE_H

#include <moescope/base.h>

G_BEGIN_DECLS

#define MOE_TRACE_SCHEMA "moescope.trace/1"

typedef enum {
    MOE_U8,
    MOE_U16,
    MOE_I32,
    MOE_I64,
    MOE_F16,
    MOE_F32,
    MOE_F64,
} MoeType;
/* Bytes of one element. */
MOE_API size_t moe_type_size(MoeType type);

/* An array as .npy holds it: C order, little-endian. */
typedef struct MoeArray {
    MoeType type;
    int ndim;
    int64_t shape[4];
    const void *data; /* borrowed */
} MoeArray;
MOE_API int64_t moe_array_count(const MoeArray *array);

/* What a router is. Lives in meta.json. */
typedef struct MoeRouterInfo {
    int layer;           /* transformer layer, from 0 */
    int experts;         /* routed experts */
    int k;               /* picks a unit; 0: varies */
    int units_per_token; /* sub-tokens; 1 unless heads split the token */
    int shared;          /* experts that always run, not among the picks */
    bool gates_sum_to_one;
    bool causal;
    char *score, *select, *gate; /* names of the parts; owned by the trace */
} MoeRouterInfo;

/* --- Writing ----------------------------------------------------------------------------------*/

typedef struct MoeTraceWriter MoeTraceWriter;

typedef struct MoeTraceOptions {
    int compression;                 /* zlib level 1 … 9; 0: stored */
    int64_t chunk_tokens;            /* tokens a chunk; 0: 65536 */
    bool gates, score_stats, logits; /* optional columns: see moe_trace_writer_picks() */
} MoeTraceOptions;

/* Starts a trace. `meta_json` is the text of meta.json, whole (moe_trace_meta() makes one). */
MOE_API MoeTraceWriter *moe_trace_writer_new(const char *path, const char *meta_json,
                                             const MoeRouterInfo *routers, int n_routers,
                                             const MoeTraceOptions *options, GError **error);
/* Goes on with a trace that was cut at `offset` bytes (as moe_trace_writer_flush() gave it):
 * everything behind is dropped. The routers and options must be those it was begun with. */
MOE_API MoeTraceWriter *moe_trace_writer_resume(const char *path, int64_t offset,
                                                const MoeRouterInfo *routers, int n_routers,
                                                const MoeTraceOptions *options, GError **error);

/* The tokens of one batch; every array has `n`. pos, domain, doc, loss, step may be NULL. */
typedef struct MoeTraceTokens {
    int64_t n;
    const int32_t *id, *doc, *pos, *domain, *step;
    const float *loss; /* nats */
} MoeTraceTokens;
/* One router's decisions for these tokens: arrays of [units × k] (unit-major), [units] or
 * [units × experts]; optional ones NULL. `expert` -1: no pick. */
typedef struct MoeTracePicks {
    const int32_t *expert;
    const float *gate;      /* as applied: 0 where dropped */
    const uint8_t *dropped; /* 1: chosen, but over capacity */
    const float *entropy;   /* nats, of the softmax over all experts */
    const float *margin;    /* k-th minus (k+1)-th selection score */
    const float *logits;
} MoeTracePicks;
/* Appends a batch: its tokens and, for every router in order, its picks. Rows with doc < 0 are
 * padding and left out. Writes a chunk when one is full. */
MOE_API bool moe_trace_writer_append(MoeTraceWriter *writer, const MoeTraceTokens *tokens,
                                     const MoeTracePicks *picks, GError **error);
/* Appends one recorded training step: for every router its load (picks an expert, after
 * selection, before drops) and drops, [experts] each, and the mean probability (may be NULL). */
typedef struct MoeTraceState {
    const int64_t *load;
    const int64_t *dropped;
    const double *prob;
} MoeTraceState;
MOE_API bool moe_trace_writer_state(MoeTraceWriter *writer, int64_t step,
                                    const MoeTraceState *states, GError **error);
/* Appends a value to series/NAME at a step. */
MOE_API bool moe_trace_writer_series(MoeTraceWriter *writer, const char *name, int64_t step,
                                     double value, GError **error);
/* Writes out what is buffered as a (short) chunk and tells the length of the file so far. */
MOE_API bool moe_trace_writer_flush(MoeTraceWriter *writer, int64_t *offset, GError **error);
/* Finishes the archive. The writer is freed in any case. */
MOE_API bool moe_trace_writer_close(MoeTraceWriter *writer, GError **error);
/* Leaves the file as it is (readable up to the last whole chunk) and frees. */
MOE_API void moe_trace_writer_abandon(MoeTraceWriter *writer);

/* meta.json from its parts. `extra_json`: an object whose members are added ("recipe", "model",
 * "tokens" (strings), …), or NULL. (transfer full) */
MOE_API char *moe_trace_meta(const MoeRouterInfo *routers, int n_routers,
                             const char *const *domains, int n_domains, const char *extra_json);

/* --- Reading ----------------------------------------------------------------------------------*/

typedef struct MoeTrace MoeTrace;

/* Opens a trace, finished or cut off. Errors name the member and the byte. */
MOE_API MoeTrace *moe_trace_open(const char *path, GError **error);
MOE_API void moe_trace_free(MoeTrace *trace);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTrace, moe_trace_free)
/* Whether the archive has its closing directory. */
MOE_API bool moe_trace_complete(const MoeTrace *trace);
MOE_API const char *moe_trace_meta_json(const MoeTrace *trace);
MOE_API int moe_trace_routers(const MoeTrace *trace);
MOE_API const MoeRouterInfo *moe_trace_router(const MoeTrace *trace, int router);
MOE_API int moe_trace_domains(const MoeTrace *trace);
MOE_API const char *moe_trace_domain_name(const MoeTrace *trace, int domain);
MOE_API int moe_trace_chunks(const MoeTrace *trace);
/* Tokens of one chunk, or of all (chunk -1). */
MOE_API int64_t moe_trace_tokens(const MoeTrace *trace, int chunk);

/* Reads column NAME ("tokens/00003.domain", without ".npy"). `out->data` is the caller's to
 * g_free(). Returns false with MOE_ERROR_DATA if there is no such member. The CRC is checked. */
MOE_API bool moe_trace_read(const MoeTrace *trace, const char *name, MoeArray *out, GError **error);
MOE_API bool moe_trace_has(const MoeTrace *trace, const char *name);
/* Names of all members, in file order. (transfer none) */
MOE_API const char *const *moe_trace_members(const MoeTrace *trace, int *n);

/* A chunk of one router, decoded to plain types, reused from chunk to chunk. */
typedef struct MoeTraceView {
    int64_t tokens, units;
    int k;
    int32_t *domain, *step; /* [tokens]; step 0 where the trace has none */
    int32_t *expert;        /* [k × units], slot-major; -1: no pick */
    float *gate;            /* [k × units], NULL where the trace has none */
    uint8_t *dropped;       /* [k × units], NULL where nothing was dropped */
} MoeTraceView;
MOE_API MoeTraceView *moe_trace_view_new(void);
MOE_API void moe_trace_view_free(MoeTraceView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTraceView, moe_trace_view_free)
MOE_API bool moe_trace_view(const MoeTrace *trace, int chunk, int router, MoeTraceView *view,
                            GError **error);

G_END_DECLS

#endif
