/* SPDX-License-Identifier: MIT
 *
 * trace-tools.h: what is done with whole traces: rows of any chunk in the layout in which they were
 * recorded; sizes, verification and repair; parts of traces, traces joined to one; traces of
 * made-up decisions with known statistics. All of it goes chunk by chunk: memory is bounded by a
 * chunk that is read and one that is written. What is written comes under another name beside its
 * target and is renamed when it is whole.
 */
#ifndef MOESCOPE_TRACE_TOOLS_H
#define MOESCOPE_TRACE_TOOLS_H

#include <moescope/trace.h>

G_BEGIN_DECLS

/* --- Rows -------------------------------------------------------------------------------------*/

/* Reads chunks whole, in the layout of moe_trace_writer_append(): all columns of the tokens and of
 * the picks of some routers. Not thread-safe; reading uses all threads. */
typedef struct MoeTraceRows MoeTraceRows;

/* Of `n_routers` routers (indices, strictly ascending), or of all: routers NULL. The trace is
 * borrowed. */
MOE_API MoeTraceRows *moe_trace_rows_new(const MoeTrace *trace, const int *routers, int n_routers);
MOE_API void moe_trace_rows_free(MoeTraceRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTraceRows, moe_trace_rows_free)
/* Reads and checks chunk `chunk`: CRCs, types, shapes, ids in range. Fails with MOE_ERROR_FORMAT on
 * columns that don't fit each other or meta.json. */
MOE_API bool moe_trace_rows_load(MoeTraceRows *rows, int chunk, GError **error);
/* The token columns of the chunk that was read; those that it hasn't are NULL. Valid until the next
 * chunk. */
MOE_API const MoeTraceTokens *moe_trace_rows_tokens(const MoeTraceRows *rows);
/* Width of a router's rows of picks: its k, or its experts where k varies. `router` counts among
 * the chosen ones. */
MOE_API int moe_trace_rows_width(const MoeTraceRows *rows, int router);
/* Gathers tokens index[0 … n - 1] of the chunk: `tokens` and, for every chosen router, `picks`, as
 * moe_trace_writer_append() takes them: arrays of [units × width], [units] or [units × experts],
 * columns that the chunk hasn't NULL; gates also in double where they are f4 or f8. They belong to
 * `rows` and are valid until the next call. */
MOE_API void moe_trace_rows_take(MoeTraceRows *rows, const int64_t *index, int64_t n,
                                 MoeTraceTokens *tokens, MoeTracePicks *picks);

/* --- Sizes, soundness -------------------------------------------------------------------------*/

/* Members of one kind: "tokens/id", "picks/expert", "series", "measures", "state/load", "chunks",
 * "meta.json", "summary" (what is attached). */
typedef struct MoeTraceSize {
    char *kind;
    int members;
    uint64_t bytes, packed; /* unpacked, and in the file */
} MoeTraceSize;
typedef struct MoeTraceSizes {
    MoeTraceSize *kinds; /* in the order of their first members */
    int n_kinds, members;
    uint64_t bytes, packed, file; /* file: its length; the rest is headers and padding */
    int64_t decisions;            /* slots that were filled: units × k; picks where k varies */
} MoeTraceSizes;
/* Reads columns only of routers whose k varies. Clear with moe_trace_sizes_clear(). */
MOE_API bool moe_trace_sizes(const MoeTrace *trace, MoeTraceSizes *out, GError **error);
MOE_API void moe_trace_sizes_clear(MoeTraceSizes *sizes);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeTraceSizes, moe_trace_sizes_clear)

/* Zero-order entropy, in bits: what a pick would take on average if it was coded by how often its
 * value occurs and by nothing else (Shannon 1948: H = -Σ p log2 p). With one table for the whole
 * trace, or one for each column, that is for each router and slot (for all slots of a router whose
 * k varies). Deflate gets below where neighbours are alike. */
typedef struct MoeTraceEntropy {
    int64_t picks, gates; /* that were counted: slots with a pick; of these, gates of f2 */
    double id, id_by_column;
    double gate, gate_by_column; /* of the gates' 16 bits */
} MoeTraceEntropy;
/* A pass over all picks. Fails as moe_trace_view() does, and with MOE_ERROR_CANCELLED. */
MOE_API bool moe_trace_entropy(const MoeTrace *trace, MoeTraceEntropy *out,
                               const MoeProgress *progress, GError **error);

/* Unpacks every member, checks every CRC, type, shape and id, and that the trace is finished.
 * Returns what is wrong, a sentence each, at most one a chunk and then about the whole; empty if
 * nothing is; ended by NULL. NULL with MOE_ERROR_CANCELLED. (transfer full, g_strfreev()) */
MOE_API char **moe_trace_verify(const MoeTrace *trace, const MoeProgress *progress, GError **error);

typedef struct MoeTraceRepaired {
    bool needed;        /* something was wrong */
    int chunks;         /* kept */
    int damaged;        /* chunks before the last whole one that didn't verify, left out */
    int unclosed;       /* of these, chunks whose closing member is missing or damaged */
    int64_t tokens;     /* kept */
    uint64_t cut_bytes; /* behind the last whole chunk, left out */
} MoeTraceRepaired;
/* Makes a complete trace of one that was cut off or damaged: its whole chunks that verify, in
 * order, packed as they are, numbered anew where one is missing, and a directory; what was attached
 * is left out. A chunk without its closing member goes, those behind it stay. An archive whose
 * directory is damaged is walked member by member. `out` NULL: in
 * place, by renaming; nothing is written then if nothing was wrong. Fails as moe_trace_open() does
 * where there is no trace, and with MOE_ERROR_TRUNCATED where
 * no chunk is whole: nothing is written then. */
MOE_API bool moe_trace_repair(const char *path, const char *out, MoeTraceRepaired *result,
                              const MoeProgress *progress, GError **error);

/* What "history" in meta.json says of a trace that was made of another: that the source wasn't
 * finished or was cut off ("source_complete": false), which tools write; that it was repaired. A
 * sentence; NULL: nothing of the kind. (transfer full) */
MOE_API char *moe_trace_made_of_part(const MoeTrace *trace);
MOE_API char *moe_trace_repaired(const MoeTrace *trace);

/* --- Parts, and traces joined -----------------------------------------------------------------*/

/* How the new trace is stored. */
typedef struct MoeTraceOutput {
    int compression; /* zlib level 1 … 9; 0: stored; -1: 1 if the source is deflated, else 0 */
    int64_t chunk_tokens; /* 0: 65536, or fewer, about 48 MB */
    MoeType gate_type;    /* MOE_F16, MOE_F32 or MOE_F64; 0: as the source has them */
} MoeTraceOutput;

/* What is kept: what fits all that is given. All zeros: everything. */
typedef struct MoeTraceSelection {
    int64_t first_token, n_tokens; /* in file order; n_tokens 0: to the end */
    const char *const *domains;    /* names, ended by NULL; NULL: all */
    const int *routers;            /* indices, strictly ascending; NULL: all */
    int n_routers;
    bool by_step; /* first_step … last_step, both included, count */
    int64_t first_step, last_step;
    int64_t every; /* documents whose number divides by this; 0: all */
    double share;  /* of the documents, 0 … 1, by `seed`; 0: all */
    uint64_t seed;
} MoeTraceSelection;
/* Writes the part of a trace that was selected, with all columns. State, series and measures belong
 * to the run rather than to tokens: of them, routers and steps are selected, and nothing else.
 * meta.json: only these routers, all domains, and "history" tells what was done. `path` may be the
 * trace's own. `kept` (may be NULL): tokens. Fails with MOE_ERROR_DATA on a selection that doesn't
 * fit the trace or leaves no token of some. */
MOE_API bool moe_trace_select(const MoeTrace *trace, const char *path,
                              const MoeTraceSelection *selection, const MoeTraceOutput *output,
                              int64_t *kept, const MoeProgress *progress, GError **error);

typedef enum {
    MOE_TRACE_DOCUMENTS_DISTINCT, /* fails if two traces may use the same numbers */
    MOE_TRACE_DOCUMENTS_KEEP,     /* parts of one recording: the same number is the same document */
    MOE_TRACE_DOCUMENTS_SHIFT,    /* other texts: numbers go on where those before ended */
} MoeTraceDocuments;
/* Joins traces of the same routers, one after another. Domains are matched by name, the rest of
 * meta.json is that of the first, but for what imports noted and left out, which is that of all;
 * gates have the widest type of all. A row of state, of a series or a measure is taken if its step
 * is behind all that earlier traces had in the same column: parts of a run give the run, and
 * nothing twice. Fails with MOE_ERROR_DATA where routers differ. */
MOE_API bool moe_trace_merge(const MoeTrace *const *traces, int n, const char *path,
                             MoeTraceDocuments documents, const MoeTraceOutput *output,
                             const MoeProgress *progress, GError **error);

/* --- Made-up traces ---------------------------------------------------------------------------*/

/* Decisions drawn as routers with Gumbel noise on their logits would make them (Plackett and Luce:
 * k experts without replacement, each with a chance in proportion to its weight). In domain d of a
 * router, expert e weighs (1 - specialisation) · z(e) + specialisation · z(σ_d(e)), where z is
 * Zipf's law over a random order of the experts, 1 / rank^skew, and σ_d a random order of its own.
 * A token repeats the picks of the token before it in its document with probability `repetition`.
 * Documents have equal lengths and go through the domains in turn. */
typedef struct MoeTraceSynth {
    int64_t tokens;
    int routers, experts, k, domains; /* all at least 1; k <= experts */
    double skew;                      /* 0: uniform; at most 4 */
    double specialisation;            /* 0 … 1 */
    double repetition;                /* 0 … 1 */
    int document_tokens;              /* 0: 512 */
    int vocabulary;                   /* 0: 32768; ids follow Zipf's law with exponent 1 */
    bool gates; /* with gates: softmax of -τ·slot, τ uniform in 0.1 … 2 */
    uint64_t seed;
} MoeTraceSynth;
/* Writes such a trace. The decisions depend on nothing but `synth`; the bytes on `output` besides.
 * meta.json has "synth": the parameters, and "expected", in the limit of long traces: "load"
 * [routers][experts] (shares of all picks, sum 1), "domain_load" [routers][domains][experts],
 * "repeat" [routers] (share of picks that the token before in the document made too), "gate" [k]
 * (mean of each slot). Fails with MOE_ERROR_DATA on parameters out of range. */
MOE_API bool moe_trace_synth(const char *path, const MoeTraceSynth *synth,
                             const MoeTraceOutput *output, const MoeProgress *progress,
                             GError **error);
/* Chance of each expert to be among k that are drawn without replacement with chances in proportion
 * to `weight` (all > 0, 1 <= k <= n), by quadrature, to about 1e-9; the sum is k. */
MOE_API void moe_trace_inclusion(const double *weight, int n, int k, double *chance);

G_END_DECLS

#endif
