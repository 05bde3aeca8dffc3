/* SPDX-License-Identifier: MIT
 *
 * concordance.h: single tokens of a trace: those that excite an expert, with the text around them,
 * and those that a search finds. Both go chunk by chunk; memory doesn't grow with the trace.
 */
#ifndef MOESCOPE_CONCORDANCE_H
#define MOESCOPE_CONCORDANCE_H

#include <moescope/compare.h>
#include <moescope/token-filter.h>
#include <moescope/tokens.h>

G_BEGIN_DECLS

/* --- Contexts of an expert --------------------------------------------------------------------*/

typedef enum {
    MOE_CONTEXTS_BY_GATE, /* the highest gates first */
    MOE_CONTEXTS_BY_LIFT, /* tokens of the highest lift first (tokens.h), then by gate */
} MoeContextOrder;

#define MOE_CONTEXTS_MOST       1000
#define MOE_CONTEXT_WINDOW_MOST 64

typedef struct MoeContextQuery {
    int router, expert;
    MoeContextOrder by;
    int top;       /* so many contexts, 1 … MOE_CONTEXTS_MOST */
    int each;      /* at most so many of one known token id; 0: any number */
    int window;    /* tokens before and after, 0 … MOE_CONTEXT_WINDOW_MOST */
    int64_t least; /* by lift, ids that are seen less often are passed over; 0: MOE_TOKENS_LEAST */
    const MoeTokenFilter *filter; /* which tokens count; NULL: all */
    MoeSteps steps;
    int32_t step;
    const MoeProgress *progress; /* in chunks; may be NULL */
} MoeContextQuery;

/* A unit that picks the expert. What the trace doesn't tell is -1. */
typedef struct MoeContext {
    int64_t token; /* counted over the whole trace */
    int32_t id, doc, pos, domain, step;
    int head, slot;         /* which of the token's units, which of its picks */
    double gate;            /* NaN: not recorded */
    double lift;            /* of the id; NaN by gate */
    double moved;           /* of moved tokens (moe_concordance_moved()); else NaN */
    int32_t from[2], to[2]; /* of moved tokens: their first two choices there; -1: none */
    int before, n;          /* ids[n] are those around it in its document, ids[before] is its own */
    const int32_t *ids;
} MoeContext;

typedef struct MoeConcordance MoeConcordance;

/* Finds them. Equals are ordered by their place in the trace; the same query gives the same list.
 * By gate it takes one pass over the router's picks, by lift a second one that counts ids first.
 * Tokens of unknown id have no lift, and are passed over there. Fails with MOE_ERROR_DATA on a
 * router, expert or number out of range, where the trace lacks the gates or ids to order
 * by, and on a step without tokens; as moe_token_set_new() and moe_trace_view();
 * MOE_ERROR_CANCELLED. (transfer full) */
MOE_API MoeConcordance *moe_concordance_new(const MoeTrace *trace, const MoeContextQuery *query,
                                            GError **error);
/* The same for given tokens (counted over the whole trace, in any order), as a search finds them:
 * in that order, with head and slot -1 and without gates. Fails with MOE_ERROR_DATA on a token that
 * the trace hasn't got or a window out of range; as moe_trace_read(). (transfer full) */
MOE_API MoeConcordance *moe_concordance_at(const MoeTrace *trace, const int64_t *tokens, int n,
                                           int window, GError **error);
MOE_API void moe_concordance_free(MoeConcordance *concordance);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeConcordance, moe_concordance_free)
/* Contexts that it holds, best first. (transfer none) */
MOE_API int moe_concordance_count(const MoeConcordance *concordance);
MOE_API const MoeContext *moe_concordance_get(const MoeConcordance *concordance, int i);
/* Of how many: the units that pick the expert. */
MOE_API int64_t moe_concordance_units(const MoeConcordance *concordance);

/* --- Tokens that moved ------------------------------------------------------------------------*/

/* The tokens that two routings of the same text treat most differently. moved = Σ_{e ∈ A \ B} w_e
 * of a unit, w being the gates of the first routing, renormalised; |A \ B| / |A| where it has none:
 * the share of what the unit was given that comes from elsewhere in the second. */
typedef struct MoeMovedQuery {
    MoeCompareSide a, b;
    int router_a, router_b;
    int top, each, window;        /* as of MoeContextQuery */
    const MoeTokenFilter *filter; /* which tokens of the first trace count; NULL: all */
    const MoeProgress *progress;
} MoeMovedQuery;

/* Finds them, the farthest moved first; `token` counts over the first trace. Fails with
 * MOE_ERROR_DATA where the tokens aren't the same (their number, or ids where both have them), or
 * the routers split tokens differently; as moe_concordance_new() and moe_token_set_new().
 * moe_concordance_units() are those that moved at all. (transfer full) */
MOE_API MoeConcordance *moe_concordance_moved(const MoeMovedQuery *query, GError **error);

/* --- Documents --------------------------------------------------------------------------------*/

/* Neighbouring tokens of one document, at one step. */
typedef struct MoeTokenDocument {
    int32_t doc, step,
        domain;       /* -1: the trace doesn't tell; the domain is that of its first token */
    int64_t first, n; /* tokens, counted over the whole trace */
    int64_t before;   /* tokens of the same document and step in earlier entries */
} MoeTokenDocument;

/* The documents of a trace, in the order they come, up to `most` of them; *n is set. Fails with the
 * errors of moe_trace_read(). (transfer full, g_free()) */
MOE_API MoeTokenDocument *moe_token_documents(const MoeTrace *trace, int64_t most, int64_t *n,
                                              GError **error);

/* --- Search -----------------------------------------------------------------------------------*/

/* Tokens for which all of this is so. */
typedef struct MoeTokenQuery {
    const char *text; /* running text that begins in the token and may end in later ones of its
                         document; A-Z match a-z; NULL: any */
    int32_t id;       /* -1: any */
    int router, expert, slot; /* a unit picks this expert in this slot; expert -1, slot -1: any */
    const MoeTokenFilter *filter; /* which tokens count; NULL: all. Text may go on in others. */
    MoeSteps steps;
    int32_t step;
} MoeTokenQuery;

typedef struct MoeTokenFinder MoeTokenFinder;

/* A search of a trace, which has to live longer. `texts`: as of moe_token_texts_new(), taken over
 * by reference; NULL where the query has no text. Not thread-safe. Fails with MOE_ERROR_DATA on an
 * empty query, on a router, expert or slot out of range, and on a step without tokens; as
 * moe_token_set_new(). (transfer full) */
MOE_API MoeTokenFinder *moe_token_finder_new(const MoeTrace *trace, const MoeTokenQuery *query,
                                             GHashTable *texts, GError **error);
MOE_API void moe_token_finder_free(MoeTokenFinder *finder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTokenFinder, moe_token_finder_free)
/* The first token at or after `from` that is meant, counted over the whole trace; -1: none. Fails
 * with the errors of moe_trace_view(), MOE_ERROR_CANCELLED; `progress` (may be NULL) counts chunks.
 */
MOE_API bool moe_token_finder_next(MoeTokenFinder *finder, int64_t from, int64_t *token,
                                   const MoeProgress *progress, GError **error);
/* The same before `from`, backwards. */
MOE_API bool moe_token_finder_previous(MoeTokenFinder *finder, int64_t from, int64_t *token,
                                       const MoeProgress *progress, GError **error);

G_END_DECLS

#endif
