/* SPDX-License-Identifier: MIT
 *
 * check.h: whether a trace, or a summary of counts, can be trusted. Published routing statistics
 * are often wrong for mechanical reasons: rows of a profiling pass, pads read as experts, gates of
 * another rule than the stated one, too few tokens. Checks look for these, chunk by chunk; what
 * they find says where, how many, why it matters and what to do.
 */
#ifndef MOESCOPE_CHECK_H
#define MOESCOPE_CHECK_H

#include <moescope/summary.h>

G_BEGIN_DECLS

typedef enum {
    MOE_FINDING_NOTE,    /* worth knowing; numbers hold */
    MOE_FINDING_WARNING, /* some measures mislead */
    MOE_FINDING_ERROR,   /* counts of this trace are wrong as they stand */
} MoeSeverity;
/* "note", "warning", "error". */
MOE_API const char *moe_severity_name(MoeSeverity severity);

/* --- What was found ---------------------------------------------------------------------------*/

typedef struct MoeFinding {
    const char *check; /* the check's name */
    MoeSeverity severity;
    int router;         /* -1: it is about all */
    int other;          /* a second router that it is about; -1: none */
    int chunk;          /* the first place: chunk, and token counted over the whole trace */
    int64_t token;      /* (both -1: no place) */
    int64_t count, all; /* how many of how many; 0 of 0 where nothing is counted */
    const char *what;   /* of what they are counts: "tokens", "units", "picks", … */
    char *text;         /* one sentence: what was found, and what was expected; owned */
    const char *why;    /* why it matters, one sentence */
    const char *remedy; /* what to do, one sentence */
} MoeFinding;

typedef struct MoeFindings MoeFindings;
MOE_API int moe_findings_count(const MoeFindings *findings);
/* Findings in the order of the checks, then of routers. (transfer none) */
MOE_API const MoeFinding *moe_findings_get(const MoeFindings *findings, int i);
/* How many there are of a severity. */
MOE_API int moe_findings_of(const MoeFindings *findings, MoeSeverity severity);
/* The verdict in one line, for reports: "clean: 12 checks over 4,384 tokens found nothing to warn
 * of", or "2 errors (dummy-rows, pads), 1 warning (few-tokens) in 21,024 tokens". (transfer full)
 */
MOE_API char *moe_findings_verdict(const MoeFindings *findings);
/* Tokens that were checked. */
MOE_API int64_t moe_findings_tokens(const MoeFindings *findings);
/* The tokens that check NAME would drop, ascending and apart; *n 0 where it has none. (transfer
 * none) */
MOE_API const MoeTraceRange *moe_findings_drops(const MoeFindings *findings, const char *name,
                                                int64_t *n);
MOE_API void moe_findings_free(MoeFindings *findings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeFindings, moe_findings_free)

/* A finding as it is told where there is one line for it. */
typedef struct MoeFindingLine {
    const char *check, *text;
    MoeSeverity severity;
    int layer;          /* -1: of all, or nobody knows */
    int64_t count, all; /* as in MoeFinding */
} MoeFindingLine;
/* Findings of one kind: of the same check and severity, with texts that differ by numbers alone. */
typedef struct MoeFindingGroup {
    int worst;  /* of them: the one with the highest share, the first of equals */
    char *text; /* its text, with all their layers: "layer 3: 2 of 9 …; also in layers 0, 5–7" */
} MoeFindingGroup;
/* Groups `n` lines, in the order of the first of each. (transfer full) */
MOE_API MoeFindingGroup *moe_findings_together(const MoeFindingLine *lines, int n, int *n_groups);
MOE_API void moe_finding_groups_free(MoeFindingGroup *groups, int n_groups);

/* --- Checking ---------------------------------------------------------------------------------*/

typedef struct MoeCheckOptions {
    const char *const *only;     /* names of the checks to run, ended by NULL; NULL: all */
    const MoeProgress *progress; /* in chunks; may be NULL */
    /* The tokens that fit it, as if they were all there is, for traces; NULL: all. Places are still
     * those in the trace; nothing can be dropped then (moe_check_drop()). */
    const MoeTokenFilter *filter;
} MoeCheckOptions;

/* Runs the checks over a trace (`options` may be NULL). What the reader refuses (ids out of range,
 * columns that don't fit, wrong CRC) becomes a finding "readable"; the chunk's router is left out
 * of the other checks then. Memory: a chunk of one router, and a few numbers an expert (pairs of
 * experts for some checks) and a run of equal rows. Fails with MOE_ERROR_DATA on an unknown name,
 * MOE_ERROR_CANCELLED, with a filter as moe_token_set_new(). (transfer full) */
MOE_API MoeFindings *moe_check(const MoeTrace *trace, const MoeCheckOptions *options,
                               GError **error);
/* Runs the checks that can tell from a summary; findings have no chunk and token. Fails with
 * MOE_ERROR_DATA on an unknown name. (transfer full) */
MOE_API MoeFindings *moe_check_summary(const MoeSummary *summary, const MoeCheckOptions *options,
                                       GError **error);
/* Writes to `path` a copy of the trace without the tokens that the checks in `names` (ended by
 * NULL) found, with an entry in the list "history" of meta.json that says which checks, how many
 * tokens of how many, and their ranges (the first 1000). Tokens go from every router and column at
 * once. Fails with MOE_ERROR_DATA, and writes nothing, where a name is no check that drops, or
 * every token would go; else as moe_trace_copy_without(). */
MOE_API bool moe_check_drop(const MoeTrace *trace, const MoeFindings *findings,
                            const char *const *names, const char *path, const MoeProgress *progress,
                            GError **error);

/* --- Adding checks ----------------------------------------------------------------------------*/

/* One chunk of one router, as a check sees it. All of it is the caller's only until the check
 * returns. */
typedef struct MoeCheckRows {
    const MoeTrace *trace;
    int chunk, router;
    const MoeRouterInfo *info;
    int64_t first;            /* tokens in the chunks before */
    const MoeTraceView *view; /* units of this chunk, slot-major picks */
    const int32_t *id;        /* [tokens] */
    const float *logits;      /* [units × experts]; NULL where the trace has none */
    const float *entropy;     /* [units], nats, of f16; NULL likewise */
    const float *margin;      /* [units]; NULL likewise */
    const int32_t *doc, *pos; /* [tokens]; NULL likewise */
} MoeCheckRows;

typedef struct MoeCheckRun MoeCheckRun;

/* A check: a constant that lives for ever. Its state is zeroed memory of state_size bytes for the
 * whole trace; what it allocates, it frees in `end`, which is called in any case. */
typedef struct MoeCheck {
    size_t struct_size; /* sizeof(MoeCheck) */
    const char *name;   /* lower case, digits, "-" */
    const char *help;   /* one line: what it looks for */
    const char *why, *remedy;
    bool drops; /* it names tokens that can be dropped (moe_check_run_drop()) */
    size_t state_size;
    void (*begin)(MoeCheckRun *run, void *state);
    /* Every router of a chunk, in order; then the chunk as a whole. May be NULL. */
    void (*rows)(MoeCheckRun *run, void *state, const MoeCheckRows *rows);
    void (*chunk)(MoeCheckRun *run, void *state, int chunk);
    /* Tells what was found (not where `cancelled`), frees what the state owns. */
    void (*end)(MoeCheckRun *run, void *state, bool cancelled);
    /* Looks at a summary in place of a trace, and tells what it found; no other function is called
     * then. NULL: it can't tell from sums. */
    void (*summary)(MoeCheckRun *run, const MoeSummary *summary);
} MoeCheck;

/* Adds a check, at start, before any other thread runs. One whose name is taken is refused with a
 * warning. */
MOE_API void moe_checks_add(const MoeCheck *check);
MOE_API const MoeCheck *const *moe_checks_list(int *n);

/* For checks: the trace at hand; NULL where it is a summary. */
MOE_API const MoeTrace *moe_check_run_trace(const MoeCheckRun *run);
/* Adds a finding; check and why are filled in, and remedy where it is NULL (else a text that lives
 * for ever); `text` is taken (transfer full). */
MOE_API void moe_check_run_add(MoeCheckRun *run, const MoeFinding *finding);
/* Names tokens to drop, in any order. */
MOE_API void moe_check_run_drop(MoeCheckRun *run, int64_t first, int64_t n);

G_END_DECLS

#endif
