/* SPDX-License-Identifier: MIT
 *
 * tally.h: what a tally is: a cell of sums, described field by field, and how a router's units are
 * counted into cells. Adding, saving, opening, totals and resampling follow from the description
 * (tables.h); a tally only counts.
 */
#ifndef MOESCOPE_STATS_TALLY_H
#define MOESCOPE_STATS_TALLY_H

#include <moescope/summary.h>

/* How long a field is along an axis. */
typedef enum MoeTallyAxis {
    MOE_AXIS_NONE,
    MOE_AXIS_EXPERTS,  /* E */
    MOE_AXIS_PICKS,    /* E + 1: 0 … E picks a unit */
    MOE_AXIS_FROM,     /* experts of the router before */
    MOE_AXIS_HEADS,    /* units a token */
    MOE_AXIS_DISTINCT, /* units a token + 1 */
    MOE_AXIS_LAGS,
    MOE_AXIS_PLACES,
    MOE_AXIS_BINS,
    MOE_AXIS_CACHES,
    MOE_AXIS_ACTIVE,  /* MOE_SEGMENT + 1 */
    MOE_AXIS_RANKS,   /* MOE_RANKS_SENT */
    MOE_AXIS_SETS,    /* MOE_TOKENS_SETS */
    MOE_AXIS_CLASSES, /* MOE_TOKENS_CLASSES */
    MOE_AXIS_TOP,     /* MOE_TOKENS_TOP */
} MoeTallyAxis;

/* A field of a cell. */
typedef struct MoeTallyField {
    const char *name;     /* as on disk: "count" */
    size_t offset;        /* in the cell's struct */
    bool real;            /* double, else int64_t */
    MoeTallyAxis axes[2]; /* both NONE: a number in the struct itself; else a pointer there */
} MoeTallyField;

/* A router as its cells need it. */
typedef struct MoeTallyShape {
    int experts, from, heads; /* from: experts of the router before, 0: none */
} MoeTallyShape;

/* Neighbouring tokens of a chunk that belong to one cell. */
typedef struct MoeTallyRun {
    int64_t first, n; /* tokens */
    int domain;       /* MOE_DOMAIN_UNKNOWN or a domain */
    int group;        /* 0 … MOE_SUMMARY_GROUPS - 1 */
} MoeTallyRun;

/* Experts are fewer. */
#define MOE_NO_CHOICE UINT16_MAX

/* token-order.h */
typedef struct MoeTokenOrder MoeTokenOrder;

/* A chunk of one router. Tokens that no run covers aren't counted (another step). */
typedef struct MoeTallyChunk {
    const MoeTrace *trace;
    int chunk, router;
    const MoeTraceView *view; /* narrow experts (picks.h) and gates as they are on disk */
    int units_per_token;
    const int32_t *doc, *pos, *step; /* [tokens]; NULL where the trace has none, or all tallies
                                      * count by runs */
    const MoeTokenOrder *order;      /* tokens by id; NULL: not wanted, or there are none */
    const uint64_t *sets; /* [units × words] each unit's picks (sets.h); NULL: too many experts */
    int words;
    /* [units] first choices, of this router and of the one before, or MOE_NO_CHOICE; NULL: nobody
     * asked, there is no such router, or it splits tokens differently. */
    const uint16_t *first, *before;
    /* Of the router before, as `view`; NULL as `before`. */
    const MoeTraceView *view_before;
    const MoeTallyRun *runs; /* ascending, apart */
    int64_t n_runs;
} MoeTallyChunk;

/* The cells of one router and tally while it is counted. */
typedef struct MoeTallyCells MoeTallyCells;
/* The cell of a run. Tallies that have no cells by domain, or fewer groups, map to what they have.
 * (transfer none) */
void *moe__tally_cell(const MoeTallyCells *cells, int domain, int group);
const MoeTallyShape *moe__tally_shape(const MoeTallyCells *cells);

typedef struct MoeTally {
    unsigned bit;     /* of MoeTallies */
    const char *name; /* as on disk: "load" */
    size_t cell_size;
    const MoeTallyField *fields;
    int n_fields;
    /* Fills what isn't a sum: cell->experts and the like. */
    void (*describe)(void *cell, const MoeTallyShape *shape);
    /* What can't be true of a cell's sums together, in a few words; NULL: nothing. The function may
     * be NULL. */
    const char *(*problem)(const void *cell);
    /* Whether a router can have it (heads > 1, from > 0 …); NULL: every one. */
    bool (*applies)(const MoeTallyShape *shape);
    /* Whether a trace has the columns for it; NULL: every one. */
    bool (*carried)(const MoeTrace *trace, int router);
    /* Whether runs say all that it has to know of documents, positions and steps. */
    bool by_runs;
    /* Whether a chunk may come in pieces (pieces.h), each with its runs; sets are there for those
     * units alone. */
    bool in_pieces;
    /* A walk through all units of one router, chunk by chunk in order, on one thread. begin: what
     * it has to remember (NULL if nothing; `begin` and `end` may be NULL then). count adds a chunk.
     * end counts what is left over, and frees. */
    void *(*begin)(const MoeTallyCells *cells);
    bool (*count)(void *walk, const MoeTallyCells *cells, const MoeTallyChunk *chunk,
                  GError **error);
    void (*end)(void *walk, const MoeTallyCells *cells);
} MoeTally;

/* Fields of a cell: counts and real sums, with their axes (a single number: MOE_AXIS_NONE). */
#define MOE_COUNTS(CELL, NAME, ...)         \
    {                                       \
#NAME, offsetof(CELL, NAME), false, \
        {                                   \
            __VA_ARGS__                     \
        }                                   \
    }
#define MOE_REALS(CELL, NAME, ...)         \
    {                                      \
#NAME, offsetof(CELL, NAME), true, \
        {                                  \
            __VA_ARGS__                    \
        }                                  \
    }

extern const MoeTally moe__tally_load, moe__tally_order, moe__tally_pairs, moe__tally_adjacent,
    moe__tally_flow, moe__tally_places, moe__tally_heads, moe__tally_scores, moe__tally_caches,
    moe__tally_documents, moe__tally_ranks, moe__tally_flow_picks;
/* What describes MoeTokenCell, for those who keep and save it; its functions are in tokens.h. */
extern const MoeTally moe__tally_tokens;

/* All of them but the tokens, the load first (tallies.c). */
enum { MOE_N_TALLIES = 12 };
extern const MoeTally *const moe__tallies[MOE_N_TALLIES];

#endif
