/* SPDX-License-Identifier: MIT
 *
 * summary.h: what routers did, as sums that add up: chunk and chunk, shard and shard, domain and
 * domain. A summary of parts is the sum of their summaries, bit by bit in whatever is counted.
 *
 * What is summed stands in tallies: the load always, the others where they are asked for. Each
 * gives a cell, a plain struct of sums, for every router and domain. Notation as in stats.h.
 *
 * Tokens of a document depend on each other, so sums are kept apart for groups of documents: what
 * resampling needs (resample.h). Documents 0 … 63 have a group each, others are scattered over
 * these.
 */
#ifndef MOESCOPE_SUMMARY_H
#define MOESCOPE_SUMMARY_H

#include <moescope/stats.h>
#include <moescope/token-filter.h>
#include <moescope/trace.h>

G_BEGIN_DECLS

/* --- Tallies ----------------------------------------------------------------------------------*/

/* Sets of tallies. */
typedef enum MoeTallies {
    MOE_TALLY_LOAD = 1 << 0,        /* MoeSummaryCell; always there */
    MOE_TALLY_ORDER = 1 << 1,       /* MoeOrderCell */
    MOE_TALLY_PAIRS = 1 << 2,       /* MoePairCell */
    MOE_TALLY_ADJACENT = 1 << 3,    /* MoeAdjacentCell */
    MOE_TALLY_FLOW = 1 << 4,        /* MoeFlowCell */
    MOE_TALLY_PLACES = 1 << 5,      /* MoePlaceCell */
    MOE_TALLY_HEADS = 1 << 6,       /* MoeHeadCell */
    MOE_TALLY_SCORES = 1 << 7,      /* MoeScoreCell */
    MOE_TALLY_CACHES = 1 << 8,      /* MoeCacheCell */
    MOE_TALLY_TOKENS = 1 << 9,      /* MoeTokenCell (tokens.h) */
    MOE_TALLY_DOCUMENTS = 1 << 10,  /* MoeDocumentCell */
    MOE_TALLY_RANKS = 1 << 11,      /* MoeRankCell */
    MOE_TALLY_FLOW_PICKS = 1 << 12, /* MoeFlowPicksCell */
    MOE_TALLIES_ALL = (1 << 13) - 1,
} MoeTallies;

/* What one router did with the units of one domain. A pick counts when it was selected, whether or
 * not it was then dropped for capacity. */
typedef struct MoeSummaryCell {
    int experts;
    int64_t units;
    int64_t picks;    /* Σ count */
    int64_t dropped;  /* of the picks */
    int64_t *count;   /* [experts] picks */
    int64_t *making;  /* [experts + 1] units that make so many picks */
    int64_t *first;   /* [experts] units whose first slot holds the expert */
    double *gate_sum; /* [experts] gates as applied; 0 where the trace has no gates */
} MoeSummaryCell;

/* Lags 1, 2, 4, … 64: so many tokens apart. */
#define MOE_LAGS 7

/* Units in their order. A pair at lag d is a unit and the same sub-token of the token d before it,
 * in the same document and step (and, where the trace has positions, without a gap between), both
 * with picks. It belongs to the domain of the later one. */
typedef struct MoeOrderCell {
    int experts;
    int64_t units;       /* with picks; an expert that a unit picks twice is one pick here */
    int64_t *pairs;      /* [MOE_LAGS] */
    int64_t *same_first; /* [MOE_LAGS] pairs with the same first slot */
    int64_t *any_shared; /* [MOE_LAGS] pairs whose sets of picks meet */
    int64_t *shared;     /* [MOE_LAGS] Σ over pairs of |A ∩ B| */
    double *jaccard;     /* [MOE_LAGS] Σ over pairs of |A ∩ B| / |A ∪ B| */
    int64_t *runs;       /* [experts] runs of neighbouring units (lag 1) that all pick the expert;
                            one belongs to the domain in which it begins */
    int64_t gated;       /* units with two picks or more, no gate below 0, and one above */
    double margin;       /* Σ over those of the largest gate minus the next */
    double spread;       /* Σ over those of the entropy of the gates, renormalised, nats */
    double *gate_square; /* [experts] Σ of the squares of its gates, but for infinite ones */
} MoeOrderCell;

/* Experts that one unit picks together. */
typedef struct MoePairCell {
    int experts;
    int64_t units;     /* with picks */
    int64_t *together; /* [experts × experts] n_ij: units that pick both; the diagonal: n_i */
} MoePairCell;

/* Experts in neighbouring slots of one unit, j right behind i: what OLMoE's published
 * co-activation counts (arXiv 2409.02060, its analysis code), which is not n_ij. */
typedef struct MoeAdjacentCell {
    int experts;
    int64_t units;     /* with picks */
    int64_t *adjacent; /* [experts × experts] */
} MoeAdjacentCell;

/* From the router before this one (in the trace's order) to this one: first choices of the same
 * unit. NULL for the first router, and where the two split tokens differently. */
typedef struct MoeFlowCell {
    int from, experts; /* experts of the router before, and of this one */
    int64_t units;     /* with first choices at both */
    int64_t *moves;    /* [from × experts] */
} MoeFlowCell;

/* The same of all picks: a unit with weights a_i at the router before and b_j at this one moves
 * a_i b_j from expert i to j, 1 in all. Weights are its gates, renormalised; all the same where the
 * trace has none. Units with a gate below 0, or no gate above it, aren't counted. All in whole
 * numbers of 1 / MOE_FLOW_ONE, so that sums don't depend on their order. */
#define MOE_FLOW_ONE (INT64_C(1) << 30)
typedef struct MoeFlowPicksCell {
    int from, experts;
    int64_t units;       /* with weights at both */
    int64_t *moves;      /* [from × experts] Σ a_i b_j */
    int64_t *out_square; /* [from] Σ a_i² */
    int64_t *in_square;  /* [experts] Σ b_j² */
} MoeFlowPicksCell;

/* Buckets of positions: 0 … 7 each its own, from there four to a doubling; the last is open. */
#define MOE_PLACES 64
MOE_API int moe_place(int32_t position);
/* The first position of a bucket. */
MOE_API int32_t moe_place_start(int place);

/* By position in the document; units without a position (< 0) aren't in it. */
typedef struct MoePlaceCell {
    int experts;
    int64_t *first;   /* [MOE_PLACES × experts] first choices */
    int64_t *picks;   /* [MOE_PLACES] */
    int64_t *dropped; /* [MOE_PLACES] of the picks */
} MoePlaceCell;

/* Sub-tokens of one token (MH-MoE, arXiv 2404.15045); only where a token has more than one. */
typedef struct MoeHeadCell {
    int experts, heads; /* heads = units a token */
    int64_t tokens;     /* all of whose sub-tokens have picks */
    int64_t *first;     /* [heads × experts] their first choices */
    int64_t *distinct; /* [heads + 1] tokens whose sub-tokens have so many distinct first choices */
} MoeHeadCell;

#define MOE_SCORE_BINS 64

/* Scores as recorded: columns entropy, margin, logits. Where there is no column of entropies, they
 * are those of the softmax of the logits. Where there are no logits, the mass is the sum of gates
 * that are known to be probabilities of a softmax over all experts (MoeRouterInfo.gate), of units
 * without drops. NULL where the trace has none of it. Sorted, a unit's logits are z_(1) ≥ z_(2) …;
 * k are its picks. */
typedef struct MoeScoreCell {
    int experts;
    int64_t entropies;     /* units with a finite entropy */
    double entropy;        /* Σ of -Σ_e p_e ln p_e, nats */
    int64_t *entropy_bins; /* [MOE_SCORE_BINS] of entropy / ln E, 0 … 1 in equal steps */
    int64_t margins;       /* units with a finite margin */
    double margin;         /* Σ of the k-th minus the (k+1)-th selection score */
    int64_t *margin_bins;  /* [MOE_SCORE_BINS] by log2: bin b holds margins in
                              [2^((b - 48) / 3), 2^((b - 47) / 3)); ends are open */
    int64_t masses;        /* units whose mass is known */
    double mass;           /* Σ of Σ_{e ∈ S} softmax(logits)_e: top-k mass */
    int64_t logits;        /* units with finite logits and picks */
    double lse_squared;    /* Σ of (ln Σ_e exp z_e)²: the router z-loss (ST-MoE) */
    double lead;           /* Σ of p_(1) - p_(2), p the softmax of the logits */
    double *prob;          /* [experts] Σ of p_e */
    int64_t edges;         /* of them, those that don't pick all experts */
    double edge;           /* Σ of z_(k) - z_(k+1) */
    /* Of the edges: units whose k highest logits become others when each logit is moved by normal
     * noise of this standard deviation. The noise follows from the logits, and so repeats. */
    int64_t flips_hundredth, flips_tenth;
} MoeScoreCell;

/* Sizes of caches: 1/8, 2/8, … 7/8 of the experts, at least one. */
#define MOE_CACHES 7
MOE_API int moe_cache_size(int i, int experts);

#define MOE_SEGMENT 16

/* Caches of experts, one a router, that serve the units in order, each document (and step, and
 * what follows tokens that aren't counted) with an empty one: a unit's picks are looked up, then
 * brought in, the best ones if it makes more than fit; none leaves for another of the same unit.
 * Counted are picks found there. The optimum looks ahead to the end of the document, but not over
 * more than 65536 units or a million picks at once.
 */
typedef struct MoeCacheCell {
    int experts;
    int64_t lookups; /* picks, each expert of a unit once */
    int64_t *lru;    /* [MOE_CACHES] found: the least recently used leaves */
    int64_t *lfu; /* [MOE_CACHES] the least often used in this document, then the least recently */
    int64_t *belady; /* [MOE_CACHES] the one that is needed again last, or never: the optimum */
    /* Segments of MOE_SEGMENT units that follow each other in a document; what is left at its end
     * is in none. A segment belongs to the domain of its first unit. */
    int64_t segments;
    int64_t *active; /* [MOE_SEGMENT + 1] experts of all segments, by how many units pick them */
    int64_t kept_once, kept_twice; /* picks of those experts of a segment that most of its units
                                      pick: as many experts, or twice as many, as a unit picks in
                                      the mean, rounded */
} MoeCacheCell;

/* Documents (and steps of them), each in one piece: of one whose tokens stand between those of
 * others, every piece is one. c_d: its picks by expert; one without picks isn't in it. */
typedef struct MoeDocumentCell {
    int experts;
    int64_t documents;
    int64_t *of_length; /* [128] documents by their units with picks: moe_tokens_class() */
    int64_t *units;     /* [128] Σ of these units */
    double *direction;  /* [experts] Σ_d c_d / |c_d|: its square is Σ_d Σ_d' cos(c_d, c_d') */
} MoeDocumentCell;

/* Devices that hold the experts, 2, 4, 8 or 16 of them: expert e lies on device ⌊e R / E⌋. */
#define MOE_RANKS_MOST 16
#define MOE_RANKS_SENT (2 * MOE_RANKS_MOST - 2)
typedef struct MoeRankCell {
    int experts;
    int64_t units; /* with picks */
    int64_t *sent; /* [MOE_RANKS_SENT] units with a pick on each: of R devices, from R - 2 on */
} MoeRankCell;

/* --- Summaries --------------------------------------------------------------------------------*/

typedef struct MoeSummary MoeSummary;

typedef enum {
    MOE_STEPS_ALL,  /* every token */
    MOE_STEPS_LAST, /* those with the highest step in the trace */
    MOE_STEPS_ONE,  /* those of `step` */
} MoeSteps;

typedef struct MoeSummaryOptions {
    MoeSteps steps;
    int32_t step;
    /* Of these, the tokens that fit it; NULL: all. Where others stood between two tokens, the two
     * aren't neighbours: order, caches and segments begin anew. */
    const MoeTokenFilter *filter;
    unsigned tallies;            /* MoeTallies; 0: the load alone */
    bool keep_tokens;            /* keep the tables by token id, not only what follows from them */
    bool recount;                /* go through the trace even if it brings its summary along */
    int sample;                  /* count every n-th chunk alone, from the first on; 0: every one */
    const MoeProgress *progress; /* may be NULL */
} MoeSummaryOptions;

/* Most groups of documents; a power of two. Where a tally's tables would take more than
 * MOE_SUMMARY_BUDGET bytes there are fewer, down to the least that intervals take, for which
 * MOE_SUMMARY_BUDGET_WHOLE bytes are allowed; beyond that they aren't told apart. Where tables
 * still take more than MOE_SUMMARY_BUDGET, the tally has no cells by domain: one for all tokens,
 * for which MOE_SUMMARY_BUDGET_WHOLE bytes are allowed (pairs of 384 experts in 60 layers take 71
 * MB); and where that isn't enough it isn't counted. The load is counted, and by domain, whatever
 * it takes. */
#define MOE_SUMMARY_GROUPS       64
#define MOE_SUMMARY_BUDGET       (32 << 20)
#define MOE_SUMMARY_BUDGET_WHOLE (3 * MOE_SUMMARY_BUDGET)

/* An empty summary. All texts are copied; `domains` are names. (transfer full) */
MOE_API MoeSummary *moe_summary_new(const MoeRouterInfo *routers, int n_routers,
                                    const char *const *domains, int n_domains, unsigned tallies);
/* Counts a trace; `options` NULL: all of it, the load alone. If the trace brings along its summary
 * (moe_summary_attach()), of all tokens and with these tallies, that is taken. Memory doesn't grow
 * with the trace, but for a bit a token where there is a filter. Fails with the errors of
 * moe_trace_view() and moe_token_set_new(), with MOE_ERROR_DATA if no token is at a chosen step or
 * fits the filter, with MOE_ERROR_CANCELLED. (transfer full) */
MOE_API MoeSummary *moe_summary_from_trace(const MoeTrace *trace, const MoeSummaryOptions *options,
                                           GError **error);
/* Adds `from` to `into`: domains by name, new ones behind the others; tallies that only one of them
 * has are left out, and tokens where either keeps no tables of them. Fails with MOE_ERROR_DATA, and
 * adds nothing, if they differ in routers (layers, experts, units a token). */
MOE_API bool moe_summary_add(MoeSummary *into, const MoeSummary *from, GError **error);
MOE_API void moe_summary_free(MoeSummary *summary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeSummary, moe_summary_free)

MOE_API int moe_summary_routers(const MoeSummary *summary);
MOE_API const MoeRouterInfo *moe_summary_router(const MoeSummary *summary, int router);
MOE_API int moe_summary_domains(const MoeSummary *summary);
MOE_API const char *moe_summary_domain_name(const MoeSummary *summary, int domain);
MOE_API int64_t moe_summary_tokens_counted(const MoeSummary *summary);
/* Those that were asked for, or came along. */
MOE_API unsigned moe_summary_tallies(const MoeSummary *summary);

/* The sums of a router in a domain, in tokens of no known domain, or in all tokens. Other tallies
 * than the load: NULL where they weren't counted. (transfer none) */
#define MOE_DOMAIN_UNKNOWN (-1)
#define MOE_DOMAIN_ALL     (-2)
MOE_API const MoeSummaryCell *moe_summary_cell(const MoeSummary *summary, int router, int domain);
MOE_API const MoeOrderCell *moe_summary_order(const MoeSummary *summary, int router, int domain);
MOE_API const MoePairCell *moe_summary_pairs(const MoeSummary *summary, int router, int domain);
MOE_API const MoeAdjacentCell *moe_summary_adjacent(const MoeSummary *summary, int router,
                                                    int domain);
MOE_API const MoeFlowCell *moe_summary_flow(const MoeSummary *summary, int router, int domain);
MOE_API const MoeFlowPicksCell *moe_summary_flow_picks(const MoeSummary *summary, int router,
                                                       int domain);
MOE_API const MoePlaceCell *moe_summary_places(const MoeSummary *summary, int router, int domain);
MOE_API const MoeHeadCell *moe_summary_heads(const MoeSummary *summary, int router, int domain);
MOE_API const MoeScoreCell *moe_summary_scores(const MoeSummary *summary, int router, int domain);
MOE_API const MoeCacheCell *moe_summary_caches(const MoeSummary *summary, int router, int domain);
MOE_API const MoeDocumentCell *moe_summary_documents(const MoeSummary *summary, int router,
                                                     int domain);
MOE_API const MoeRankCell *moe_summary_ranks(const MoeSummary *summary, int router, int domain);

/* For those who have counts, not a trace (other tools' aggregates): the sums of a router in a
 * domain or in tokens of no known domain, to be added to. Afterwards moe_summary_settle() makes
 * the sums over domains true. (transfer none) */
MOE_API MoeSummaryCell *moe_summary_fill(MoeSummary *summary, int router, int domain);
/* The same in the group of a document, or of whatever is drawn as a whole (a step, a sequence): any
 * number. */
MOE_API MoeSummaryCell *moe_summary_fill_group(MoeSummary *summary, int router, int domain,
                                               int document);
MOE_API MoeFlowCell *moe_summary_fill_flow(MoeSummary *summary, int router, int domain);
MOE_API MoePairCell *moe_summary_fill_pairs(MoeSummary *summary, int router, int domain);
MOE_API void moe_summary_settle(MoeSummary *summary);

/* --- Training steps ---------------------------------------------------------------------------
 * A run's trace has the load of every recorded training step, apart from any tokens. */

typedef struct MoeStates MoeStates;

/* Reads a router's. Fails with MOE_ERROR_DATA if the trace has none, MOE_ERROR_FORMAT if its
 * columns don't fit each other. (transfer full) */
MOE_API MoeStates *moe_states_read(const MoeTrace *trace, int router, GError **error);
MOE_API void moe_states_free(MoeStates *states);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeStates, moe_states_free)
/* Recorded steps, at least one, in the order of the trace. */
MOE_API int64_t moe_states_count(const MoeStates *states);
MOE_API int64_t moe_states_step(const MoeStates *states, int64_t i);
/* The load of a step. Units aren't recorded: there are as many as make these picks, k each, or one
 * each where k varies. First choices and gates are 0. Valid until the next call. (transfer none) */
MOE_API const MoeSummaryCell *moe_states_cell(MoeStates *states, int64_t i);
/* The mean probability of each expert over the step's units, [experts]; NULL where the trace
 * doesn't tell. (transfer none) */
MOE_API const double *moe_states_prob(const MoeStates *states, int64_t i);
/* The load of the i-th recorded step as a summary, without domains; states[moe_trace_routers()] are
 * those of all routers. (transfer full) */
MOE_API MoeSummary *moe_states_summary(const MoeTrace *trace, MoeStates *const *states, int64_t i);

/* --- On disk ----------------------------------------------------------------------------------
 * A summary is a zip of .npy tables with a meta.json, like a trace; core/stats/README.md lists the
 * members. */

#define MOE_SUMMARY_SCHEMA "moescope.summary/3"

/* Writes it; the file appears when it is whole. `extra_json`: an object whose members are added to
 * meta.json (model, importer, history …), or NULL. The same summary gives the same bytes. */
MOE_API bool moe_summary_save(const MoeSummary *summary, const char *path, const char *extra_json,
                              GError **error);
/* Reads one. Nothing in the file is trusted. (transfer full) */
MOE_API MoeSummary *moe_summary_open(const char *path, GError **error);
/* Whether a file claims to be a summary, of whatever version: what else is wrong with it,
 * moe_summary_open() tells. */
MOE_API bool moe_summary_is(const char *path);
/* The meta.json that it was opened with; NULL for one that was counted. (transfer none) */
MOE_API const char *moe_summary_meta_json(const MoeSummary *summary);
/* Puts a summary of a whole, finished trace into it, so that opening is instant at any size.
 * `extra_json` as of moe_summary_save(). */
MOE_API bool moe_summary_attach(const MoeSummary *summary, const char *trace_path,
                                const char *extra_json, GError **error);
/* The summary that a trace brings along; NULL without an error if it has none, or one that isn't of
 * this content. (transfer full) */
MOE_API MoeSummary *moe_summary_attached(const MoeTrace *trace, GError **error);

G_END_DECLS

#endif
