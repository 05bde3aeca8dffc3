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
/* Type and lengths: "i4 [2, 10]". (transfer full) */
MOE_API char *moe_array_text(const MoeArray *array);
/* Element `i` in C order, whatever the type. */
MOE_API double moe_array_value(const MoeArray *array, int64_t i);

/* What a router is. Lives in meta.json. */
typedef struct MoeRouterInfo {
    int layer;           /* transformer layer, from 0 */
    int experts;         /* routed experts, 1 … 65535 */
    int k;               /* picks a unit; 0: varies */
    int units_per_token; /* sub-tokens; 1 unless heads split the token */
    int shared;          /* experts that always run, not among the picks */
    bool gates_sum_to_one;
    bool causal;
    char *score, *select, *gate; /* names of the parts; owned by the trace */
    char *kinds; /* of its experts (kinds.h); NULL: all of one, or not told; owned likewise */
} MoeRouterInfo;

/* --- Writing ----------------------------------------------------------------------------------*/

typedef struct MoeTraceWriter MoeTraceWriter;

typedef struct MoeTraceOptions {
    int compression; /* zlib level 1 … 9; 0: stored */
    /* A chunk is written when it has this many or more, 17 million at the latest; 0: 65536, or
     * fewer, about 48 MB, where tokens have many layers or logits. */
    int64_t chunk_tokens;
    bool gates;       /* record MoeTracePicks.gate */
    bool score_stats; /* record .entropy and .margin */
    bool logits;      /* record .logits */
    bool slots;       /* record .slot */
    /* How gates are kept: 0: MOE_F16, 11 bits; MOE_F32; MOE_F64, where their decimals count. */
    MoeType gate_type;
    int meta_room; /* bytes by which moe_trace_writer_set_meta() may lengthen meta.json */
} MoeTraceOptions;

/* Starts a trace. `meta_json` is the text of meta.json, whole (moe_trace_meta() makes one); it has
 * to describe the same routers. A file that is there is replaced, but whoever has it open keeps
 * the old one. Fails with MOE_ERROR_DATA or _FORMAT on bad arguments, G_FILE_ERROR if the file
 * can't be made. Writers aren't thread-safe. */
MOE_API MoeTraceWriter *moe_trace_writer_new(const char *path, const char *meta_json,
                                             const MoeRouterInfo *routers, int n_routers,
                                             const MoeTraceOptions *options, GError **error);
/* Goes on with a trace that was cut at `offset` bytes (as moe_trace_writer_flush() gave it):
 * everything behind is dropped. The routers and options must be those it was begun with; the trace
 * then comes out byte for byte as if it had never stopped. Nothing is cut before all checks have
 * passed. Fails with MOE_ERROR_DATA if the file has no chunk that ends there. */
MOE_API MoeTraceWriter *moe_trace_writer_resume(const char *path, int64_t offset,
                                                const MoeRouterInfo *routers, int n_routers,
                                                const MoeTraceOptions *options, GError **error);

/* The tokens of one batch; every array has `n`. An id of -1 is unknown. pos, domain, doc, loss,
 * step may be NULL. */
typedef struct MoeTraceTokens {
    int64_t n;
    const int32_t *id, *doc, *pos, *domain, *step;
    const float *loss; /* nats */
} MoeTraceTokens;
/* One router's decisions for these tokens: arrays of [units × k] (unit-major), [units] or
 * [units × experts]; optional ones NULL. `expert` -1: no pick. Where the router's k is 0 (varies),
 * rows are `experts` wide with the picks in front; on disk they are as wide as a chunk needs. */
typedef struct MoeTracePicks {
    const int32_t *expert;
    const float *gate;      /* as applied: 0 where dropped */
    const uint8_t *dropped; /* 1: chosen, but over capacity */
    /* Nats, of the softmax over all experts (imports of sigmoid routers: of the sigmoids as
     * shares). */
    const float *entropy;
    const float *margin; /* k-th minus (k+1)-th selection score */
    const float *logits;
    /* Place in the queue for the expert's buffer, from 0: behind its last slot where dropped; -1:
     * no pick. NULL without capacity. */
    const int32_t *slot;
    const double *gate64; /* gates in double, taken instead of `gate` where it isn't NULL */
} MoeTracePicks;
/* Appends a batch: its tokens and, for every router in order, its picks; arrays are copied. Rows
 * with doc < 0 are padding and left out. Writes a chunk when one is full, and before a batch that
 * brings other columns than the last one. Fails with MOE_ERROR_DATA on ids out of range, and then
 * takes nothing; G_FILE_ERROR if writing fails, after which the writer can only be abandoned or
 * closed (which fails too): the file stays readable up to its last whole chunk. */
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
/* Appends a value to series NAME (letters, digits, "_", "-", "."; at most 100) at a step. */
MOE_API bool moe_trace_writer_series(MoeTraceWriter *writer, const char *name, int64_t step,
                                     double value, GError **error);
/* Appends a router's named state at a step, `values` of the given shape (ndim 0 … 3, the same each
 * time for a name): what parts report (moe_layer_report()), sparse in steps. Names as of series,
 * but none that ends with ".step". Fails with MOE_ERROR_DATA on a name, router or shape that won't
 * do. Read with moe_trace_join(): "measures/r003.NAME" f4 [n, shape…], "measures/r003.NAME.step" i8
 * [n]. */
MOE_API bool moe_trace_writer_measure(MoeTraceWriter *writer, int router, const char *name,
                                      int64_t step, int ndim, const int64_t *shape,
                                      const float *values, GError **error);
/* Writes out what is buffered as a (short) chunk, hands it to the disk and tells the length of the
 * file so far (`offset` may be NULL). */
MOE_API bool moe_trace_writer_flush(MoeTraceWriter *writer, int64_t *offset, GError **error);
/* Puts another text in place of meta.json, which says what the writer learnt meanwhile: of the same
 * routers, and at most `meta_room` bytes longer than the one that it was begun with. For files that
 * nobody follows yet: for a moment there is neither. Fails with MOE_ERROR_DATA or _FORMAT on
 * another one, and where the writer was begun without room, or resumed; G_FILE_ERROR. */
MOE_API bool moe_trace_writer_set_meta(MoeTraceWriter *writer, const char *meta_json,
                                       GError **error);
/* Finishes the archive. The writer is freed in any case. */
MOE_API bool moe_trace_writer_close(MoeTraceWriter *writer, GError **error);
/* Leaves the file as it is (readable up to the last whole chunk) and frees. */
MOE_API void moe_trace_writer_abandon(MoeTraceWriter *writer);

/* meta.json from its parts. `extra_json`: an object whose members are added ("recipe", "model",
 * "tokens" (strings), …), or NULL; names that the library uses itself are left as they are.
 * Returns NULL if extra_json isn't a JSON object. (transfer full) */
MOE_API char *moe_trace_meta(const MoeRouterInfo *routers, int n_routers,
                             const char *const *domains, int n_domains, const char *extra_json);

/* --- Reading ----------------------------------------------------------------------------------*/

typedef struct MoeTrace MoeTrace;

/* Opens a trace, finished, cut off, or still being written (what is added later isn't seen before
 * moe_trace_refresh()). Errors name the member and the byte. But for that function a MoeTrace
 * doesn't change: threads may share it. */
MOE_API MoeTrace *moe_trace_open(const char *path, GError **error);
MOE_API void moe_trace_free(MoeTrace *trace);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTrace, moe_trace_free)
/* Looks for what has been added to the file since the trace was opened, or looked at again.
 * `*grown`: there are more chunks; moe_trace_complete() tells whether that was all. Routers and
 * domains, and what views and rows hold, stay valid; lists of names don't. Fails with
 * MOE_ERROR_DATA if the file was cut back (a run that goes on from an earlier checkpoint does
 * that), or another file is in its place; with the errors of moe_trace_open(). The trace is then
 * what it was; what is gone from the file can't be read. No other thread may use the trace
 * meanwhile. */
MOE_API bool moe_trace_refresh(MoeTrace *trace, bool *grown, GError **error);
/* Whether the archive has its closing directory. */
MOE_API bool moe_trace_complete(const MoeTrace *trace);
/* What is out of sight though no end was cut off: a chunk in the middle lacks the member that
 * closes it, so that it and all behind it aren't read. A sentence that names the file; NULL:
 * nothing is. (transfer full) */
MOE_API char *moe_trace_gap(const MoeTrace *trace);
MOE_API const char *moe_trace_meta_json(const MoeTrace *trace);
MOE_API int moe_trace_routers(const MoeTrace *trace);
MOE_API const MoeRouterInfo *moe_trace_router(const MoeTrace *trace, int router);
MOE_API int moe_trace_domains(const MoeTrace *trace);
MOE_API const char *moe_trace_domain_name(const MoeTrace *trace, int domain);
MOE_API int moe_trace_chunks(const MoeTrace *trace);
/* Tokens of one chunk, or of all (chunk -1). */
MOE_API int64_t moe_trace_tokens(const MoeTrace *trace, int chunk);
/* The steps that tokens were recorded at, ascending; 0 stands for tokens of a trace that doesn't
 * tell. Reads the columns of steps. NULL with the errors of moe_trace_read(); an array of none is
 * not NULL. (transfer full) */
MOE_API int32_t *moe_trace_steps(const MoeTrace *trace, int *n, GError **error);
/* The widest type that any column of gates has: MOE_F16, MOE_F32 or MOE_F64; MOE_F16 if there is
 * none. Reads the header of each; one that can't be read is passed over. */
MOE_API MoeType moe_trace_gate_type(const MoeTrace *trace);

/* Reads column NAME ("tokens/00003.domain", without ".npy"). `out->data` is the caller's to
 * g_free(). Returns false with MOE_ERROR_DATA if there is no such member. The CRC is checked. */
MOE_API bool moe_trace_read(const MoeTrace *trace, const char *name, MoeArray *out, GError **error);
/* The same into memory of the caller's: `buffer` has `capacity` bytes, aligned for the column's
 * type. Nothing is copied on the way; stored columns come straight from the file. Fails with
 * MOE_ERROR_DATA if it doesn't fit: `out` then has type and shape, but no data. After another
 * error, what is in the buffer means nothing. */
MOE_API bool moe_trace_read_into(const MoeTrace *trace, const char *name, void *buffer,
                                 size_t capacity, MoeArray *out, GError **error);
MOE_API bool moe_trace_has(const MoeTrace *trace, const char *name);
/* Whether both traces have a column (each a name of its own), and with the same bytes, as far as
 * lengths and CRCs in the directories tell: nothing is read. */
MOE_API bool moe_trace_columns_alike(const MoeTrace *a, const char *name_a, const MoeTrace *b,
                                     const char *name_b);
/* Names of meta.json and the members of all whole chunks, as in the archive (with ".npy"), in file
 * order. (transfer none) */
MOE_API const char *const *moe_trace_members(const MoeTrace *trace, int *n);
/* Names of the series, sorted. (transfer none) */
MOE_API const char *const *moe_trace_series_names(const MoeTrace *trace, int *n);
/* Names of a router's measures, sorted. (transfer none) */
MOE_API const char *const *moe_trace_measure_names(const MoeTrace *trace, int router, int *n);
/* Reads a column of all chunks, one after another along the first axis: "tokens/loss",
 * "state/step", "state/r003.load", "series/NAME" (f64 [n, 2]: step, value), "measures/r003.NAME".
 * Chunks without it are skipped. `out->data` is the caller's to g_free(). Fails with MOE_ERROR_DATA
 * if no chunk has it, MOE_ERROR_FORMAT if chunks don't fit each other, MOE_ERROR_UNSUPPORTED for
 * picks, which are not laid out by rows. */
MOE_API bool moe_trace_join(const MoeTrace *trace, const char *name, MoeArray *out, GError **error);

/* A chunk of one router, decoded to plain types, reused from chunk to chunk. Domains and experts
 * are in range. In a chunk without tokens all that has k is NULL. */
typedef struct MoeTraceView {
    int64_t tokens, units;
    int k;
    int32_t *domain;  /* [tokens]; -1: unknown, or the trace has none */
    int32_t *step;    /* [tokens]; 0 where the trace has none */
    int32_t *expert;  /* [k × units], slot-major; -1: no pick */
    float *gate;      /* [k × units], NULL where the trace has none */
    uint8_t *dropped; /* [k × units], NULL where nothing was dropped */
    int32_t *slot;    /* [k × units], place in the expert's queue; NULL where the trace has none */
    double *gate64;   /* [k × units], the gates as they stand; NULL where they are f2, or none */
    /* The columns as they are on disk, which scan faster: of the experts one is there and the other
     * NULL; 255 and 65535 are no pick. The bits of gates of f2, else NULL. */
    const uint8_t *expert8;
    const uint16_t *expert16, *gate16;
} MoeTraceView;
/* What a view brings; the rest is neither read nor decoded, and NULL. expert8 or expert16 comes
 * always. */
typedef enum {
    MOE_VIEW_DOMAIN = 1 << 0,
    MOE_VIEW_STEP = 1 << 1,
    MOE_VIEW_EXPERT32 = 1 << 2,  /* expert */
    MOE_VIEW_GATES = 1 << 3,     /* gate, gate64, gate16 */
    MOE_VIEW_GATES_RAW = 1 << 4, /* without decoding: gate16, gate or gate64, by their type */
    MOE_VIEW_DROPPED = 1 << 5,
    MOE_VIEW_SLOTS = 1 << 6,
    MOE_VIEW_ALL = (1 << 7) - 1,
} MoeViewColumns;
MOE_API MoeTraceView *moe_trace_view_new(void);
MOE_API void moe_trace_view_free(MoeTraceView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTraceView, moe_trace_view_free)
/* Asks for a sum of MoeViewColumns; a new view brings all. */
MOE_API void moe_trace_view_wants(MoeTraceView *view, unsigned columns);
/* Routers of the same chunk that follow each other share what the view holds of its tokens. Fails
 * with MOE_ERROR_FORMAT where the columns don't fit each other or meta.json. */
MOE_API bool moe_trace_view(const MoeTrace *trace, int chunk, int router, MoeTraceView *view,
                            GError **error);

/* --- Attaching --------------------------------------------------------------------------------*/

/* What was made of a trace and goes with it: members below "summary/", behind its chunks. */
typedef struct MoeAttachment {
    const char *name;      /* 1 to 200 of A-Z a-z 0-9 _ - . and /, as of moe_archive_add() */
    const MoeArray *array; /* NULL: plain bytes */
    const void *bytes;
    size_t n_bytes;
} MoeAttachment;
/* Puts these in place of all that is attached to a finished trace, n = 0 to take everything away.
 * The file is changed in place: what is behind the last chunk is cut off and written anew. If that
 * is interrupted the trace opens as one that isn't finished, with all its chunks; if it fails, the
 * trace is finished and nothing is attached. Whoever has the trace open keeps all but the
 * attachments. Fails with MOE_ERROR_DATA if the trace isn't finished, on names that won't do, and
 * if another program attaches to it at the same time; as moe_trace_open(); G_FILE_ERROR. */
MOE_API bool moe_trace_attach(const char *path, const MoeAttachment *members, int n,
                              GError **error);
/* Names of what is attached, in file order. Nothing is, to a trace that isn't finished; copies,
 * parts and merged traces come without. (transfer none) */
MOE_API const char *const *moe_trace_attachments(const MoeTrace *trace, int *n);
/* Reads an attachment; bytes are an array of u1. `out->data` is the caller's to g_free(). Fails
 * with MOE_ERROR_DATA if there is none of that name. */
MOE_API bool moe_trace_attached(const MoeTrace *trace, const char *name, MoeArray *out,
                                GError **error);
/* Identifies routers, domains and the content of all chunks, by lengths and CRCs in the directory:
 * hex digits, the same however the trace is packed and whatever is attached. What was made of a
 * trace with another one is out of date. (transfer full) */
MOE_API char *moe_trace_fingerprint(const MoeTrace *trace);

/* --- Copying ----------------------------------------------------------------------------------*/

/* Tokens first … first + n - 1 of a trace, counted over all its chunks. */
typedef struct MoeTraceRange {
    int64_t first, n;
} MoeTraceRange;

/* Writes to `path` a copy of a trace without the tokens of drop[n_drop] (ascending, apart): their
 * rows go from every column of tokens and picks; state, series, measures and all else stay as they
 * are. `history_json`, an object that says what was done, is added to the list "history" of
 * meta.json. `progress` (may be NULL) counts members. The file appears when it is whole. Fails with
 * the errors of moe_trace_read(), G_FILE_ERROR if writing fails, MOE_ERROR_CANCELLED. */
MOE_API bool moe_trace_copy_without(const MoeTrace *trace, const char *path,
                                    const MoeTraceRange *drop, int64_t n_drop,
                                    const char *history_json, const MoeProgress *progress,
                                    GError **error);

G_END_DECLS

#endif
