/* SPDX-License-Identifier: MIT
 *
 * compare.h: two routings of the same tokens: two checkpoints, two seeds, two precisions, or two
 * steps of one training run. How often they agree, how that compares with chance, and how much of
 * it hides behind experts that merely have other numbers. And what becomes of the routing of one
 * probe text over the steps of a run.
 *
 * Notation: a unit picks the set A in the first routing and B in the second; A_d is what its first
 * d slots hold; slots count as ranks, the first slot as the first choice.
 */
#ifndef MOESCOPE_COMPARE_H
#define MOESCOPE_COMPARE_H

#include <moescope/resample.h>

G_BEGIN_DECLS

/* --- What is compared -------------------------------------------------------------------------*/

/* The tokens of a trace, of its last step, or of one step, in their order. */
typedef struct MoeCompareSide {
    const MoeTrace *trace;
    MoeSteps steps;
    int32_t step; /* of MOE_STEPS_ONE */
} MoeCompareSide;

typedef struct MoeCompareOptions {
    bool in_order;     /* the i-th router with the i-th, not by layer */
    const int *layers; /* [n_layers] only these layers of the first side; NULL: all */
    int n_layers;
    bool match;    /* also match experts by what they take together */
    bool shuffle;  /* also compare with shuffled tokens */
    uint64_t seed; /* of the shuffle */
    /* Tokens of the first side that count, and with them those in the same places of the second;
     * NULL: all. */
    const MoeTokenFilter *filter;
    const MoeProgress *progress; /* may be NULL */
} MoeCompareOptions;

/* Two routers that are compared. */
typedef struct MoeComparedRouter {
    int a, b;                           /* their numbers in the two traces */
    int layer;                          /* of the first */
    int experts_a, experts_b, k_a, k_b; /* k 0: varies */
    int units_per_token;
} MoeComparedRouter;

/* --- Sums -------------------------------------------------------------------------------------*/

/* Sums of fractions are kept in units of 1 / MOE_COMPARE_ONE: whole numbers, which add up to the
 * same in any order. */
#define MOE_COMPARE_ONE (INT64_C(1) << 30)

/* What two routers did with the units of a domain. An expert that stands twice in a unit counts
 * once; a pick that was dropped counts. */
typedef struct MoeComparisonCell {
    int experts_a, experts_b;
    int experts;         /* the larger of the two */
    int k_a, k_b, depth; /* depth: most picks that both sets can have */
    int64_t units;       /* with picks in both; all else counts these */
    int64_t apart;       /* with picks in one of them alone */
    int64_t same_first;  /* with the same first choice */
    int64_t same_set;    /* with A = B */
    int64_t full;        /* with k_A picks in A and k_B picks in B */
    int64_t shared;      /* Σ |A ∩ B| */
    int64_t larger;      /* Σ max(|A|, |B|) */
    int64_t product;     /* Σ |A| |B| */
    int64_t jaccard;     /* Σ |A ∩ B| / |A ∪ B|, in units of 1 / MOE_COMPARE_ONE */
    int64_t gated;       /* with gates in both: none negative or not finite, and one above 0 */
    int64_t weighted; /* Σ over those of Σ_e min(ŵ^A_e, ŵ^B_e), gates renormalised; in the same */
    int64_t scored;   /* with finite logits in both, of as many experts */
    int64_t divergence; /* Σ over those of JS(p^A || p^B), p the softmax of the logits, in the same
                         */
    const int64_t *sharing; /* [depth + 1] units with |A ∩ B| = j */
    const int64_t *reach;   /* [depth + 1] units with min(|A|, |B|) = s */
    const int64_t *meet;    /* [depth + 1] Σ |A_d ∩ B_d| over units with s >= d */
    const int64_t *ends;    /* [depth + 1] Σ |A_s ∩ B_s| over units with min(|A|, |B|) = s */
    const int64_t *first_a, *first_b, *picks_a, *picks_b; /* [experts] */
} MoeComparisonCell;

/* Under which numbers experts are held against each other. */
typedef enum MoeCompareLabels {
    MOE_LABELS_OWN,     /* as recorded */
    MOE_LABELS_MATCHED, /* the second router's experts renumbered by the matching */
} MoeCompareLabels;

/* --- Comparing --------------------------------------------------------------------------------*/

typedef struct MoeComparison MoeComparison;

/* Compares two routings. Memory is bounded by the chunks of the traces, however long they are;
 * chunks of different sizes are fine. Where one lacks tokens of the other, or documents come in
 * another order, tokens are found by document and position, if both have these and ids. Fails with
 * MOE_ERROR_DATA where the tokens aren't the same (ids, and else their number; documents or
 * positions where both traces have them), no routers have the same
 * layer, two of them split tokens differently, or no token fits the filter; with
 * MOE_ERROR_UNSUPPORTED where there are too many experts to match, or the tokens that fit lie in
 * too many pieces; with the errors of moe_trace_view() and moe_token_set_new(); with
 * MOE_ERROR_CANCELLED.
 * `options` may be NULL. (transfer full) */
MOE_API MoeComparison *moe_compare(const MoeCompareSide *a, const MoeCompareSide *b,
                                   const MoeCompareOptions *options, GError **error);
/* The same, and in the same pass over the first side's picks a summary of its tokens that count, as
 * moe_summary_from_trace() makes it: a trace that is long, or deflated, is read and unpacked once.
 * Of `counting`, steps, filter, sample and progress are those of the comparison. On success
 * `*summary` is the caller's. Fails with the errors of both. (transfer full) */
MOE_API MoeComparison *moe_compare_and_count(const MoeCompareSide *a, const MoeCompareSide *b,
                                             const MoeCompareOptions *options,
                                             const MoeSummaryOptions *counting,
                                             MoeSummary **summary, GError **error);
MOE_API void moe_comparison_free(MoeComparison *comparison);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeComparison, moe_comparison_free)

MOE_API int64_t moe_comparison_tokens(const MoeComparison *comparison);
/* Tokens that the first (side 0) or the second routing (1) has and the other lacks, of all that
 * were there for a filter to choose: they aren't compared. */
MOE_API int64_t moe_comparison_alone(const MoeComparison *comparison, int side);
MOE_API int moe_comparison_routers(const MoeComparison *comparison);
MOE_API const MoeComparedRouter *moe_comparison_router(const MoeComparison *comparison, int router);
/* Domains are those of the first trace, or, if it tells none apart, of the second. */
MOE_API int moe_comparison_domains(const MoeComparison *comparison);
MOE_API const char *moe_comparison_domain_name(const MoeComparison *comparison, int domain);
/* Groups of documents that are told apart; fewer than MOE_RESAMPLE_LEAST, and no intervals, where
 * that would take too much. */
MOE_API int moe_comparison_groups(const MoeComparison *comparison);
/* The sums of a pair of routers in a domain, in MOE_DOMAIN_UNKNOWN or in MOE_DOMAIN_ALL. Arrays
 * belong to the comparison. Returns false where matching wasn't asked for, and for single domains
 * where telling them apart would take more than MOE_SUMMARY_BUDGET. */
MOE_API bool moe_comparison_cell(const MoeComparison *comparison, int router, int domain,
                                 MoeCompareLabels labels, MoeComparisonCell *cell);
/* The same for shuffled tokens: each unit of the first routing with the same sub-token of another
 * token of the second, by a permutation of the seed. Long texts are represented by evenly spaced
 * tokens, about 2^19 picks; where one token makes more there are no units. With MOE_LABELS_MATCHED
 * the shuffled tokens have a matching of their own: what it gains is what matching finds where
 * nothing is to be found. */
MOE_API bool moe_comparison_shuffled(const MoeComparison *comparison, int router,
                                     MoeCompareLabels labels, MoeComparisonCell *cell);

/* How the second router's experts were renumbered: the assignment that has the most picks in
 * common, Σ_i n_{i,to(i)} (Kuhn 1955, "Hungarian"). */
typedef struct MoeMatching {
    int experts_a, experts_b;
    const int *to; /* [experts_a] expert of the second router, -1: none is left */
    /* [experts_a × experts_b] n_ij: units with i in A and j in B; units with the first choices i
     * and j. */
    const int64_t *together, *first;
    int64_t own, matched; /* Σ n_ii, and Σ n_{i,to(i)}; both of Σ max(|A|, |B|) */
    int moved;            /* experts with to(i) ≠ i */
} MoeMatching;
/* Experts of the second router that none of the first got. (transfer full, of int) */
MOE_API GArray *moe_matching_unmatched(const MoeMatching *matching);
/* NULL where matching wasn't asked for. (transfer none) */
MOE_API const MoeMatching *moe_comparison_matching(const MoeComparison *comparison, int router);

/* The assignment of rows to columns with the highest Σ gain[row, column]: `to`[rows] gets a column
 * each, no column twice; -1 for rows that are left over where there are more rows than columns.
 * O(n² m) for n the smaller side; shortest augmenting paths (Jonker & Volgenant 1987). Exact for
 * whole numbers below 2^53 / n. Of equal ones the lower column is looked at first: where all gains
 * are equal, row i gets column i. */
MOE_API void moe_assignment(const double *gain, int rows, int columns, int *to);

/* --- Metrics of comparisons -------------------------------------------------------------------*/

/* p of rank-biased overlap: the first eight ranks have 80 % of the weight (Webber et al. 2010,
 * eq. 21). */
#define MOE_COMPARE_RBO_P 0.9

/* A constant. Functions return NaN where it isn't defined. */
typedef struct MoeComparisonMetric MoeComparisonMetric;
struct MoeComparisonMetric {
    const char *name, *formula, *unit, *source, *convention; /* as of MoeMetric */
    double low, high;
    double (*value)(const MoeComparisonCell *cell);
    /* Its expectation for two routers that pick uniformly at random, and apart from each other, as
     * many experts of each unit; NULL: not known. */
    double (*uniform)(const MoeComparisonCell *cell);
    /* The same for two routers of these loads; NULL: not known, though moe_comparison_shuffled()
     * may tell. */
    double (*shuffled)(const MoeComparisonCell *cell);
    const char *no_null; /* where no null is known but of shuffled tokens, why; else NULL */
};
/* "agreement", "overlap", "jaccard", "rbo", "weighted-overlap", "flips", "js-load", "js-scores".
 * (transfer none) */
MOE_API const MoeComparisonMetric *moe_comparison_metrics(int *n);

/* The bootstrap intervals of all metrics of a cell over documents, as of moe_metric_intervals().
 * Fills intervals[n]. */
MOE_API void moe_comparison_intervals(const MoeComparison *comparison, int router, int domain,
                                      MoeCompareLabels labels, const MoeResampleOptions *options,
                                      MoeInterval *intervals);

/* --- One probe text over the steps of a run ---------------------------------------------------*/

/* A router's routing of the text at one step, against the recorded step before and against the
 * last. */
typedef struct MoeStepCell {
    int32_t step;
    int64_t units;      /* with picks here and at the last step */
    int64_t same_first; /* of these, with the same first choice as at the last step */
    int64_t shared;     /* Σ |A ∩ B|, B at the last step */
    int64_t larger;     /* Σ max(|A|, |B|) */
    int64_t product;    /* Σ |A| |B| */
    int64_t followed;   /* units with picks here and at the step before; 0 at the first */
    int64_t changed;    /* of these, with another first choice */
    int64_t last_other; /* units whose last first choice other than the final one is of this step:
                           their last fluctuation step */
} MoeStepCell;

/* X-MoE's routing fluctuation RF = changed / followed (Chi et al. 2022, arXiv 2204.09179); router
 * saturation = shared / larger, top-k, and same_first / units, top-1 (Muennighoff et al. 2024,
 * arXiv 2409.02060, section 5.1); StableMoE's last fluctuation step (Dai et al. 2022, arXiv
 * 2204.08396), whose cumulative share of tokens at step s is
 * (settled + Σ_{s' <= s} last_other) / traced. */
typedef struct MoeSteppedRouter {
    int router, layer, experts;
    int64_t traced;  /* units with picks at the last step */
    int64_t settled; /* of these, with the final first choice at every step */
} MoeSteppedRouter;

typedef struct MoeFluctuation MoeFluctuation;

/* Reads the picks of a trace that holds the same tokens at two steps or more. Fails with
 * MOE_ERROR_DATA where it doesn't; `layers` as above; memory is bounded by chunks. (transfer full)
 */
MOE_API MoeFluctuation *moe_fluctuation(const MoeTrace *trace, const int *layers, int n_layers,
                                        const MoeProgress *progress, GError **error);
MOE_API void moe_fluctuation_free(MoeFluctuation *fluctuation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeFluctuation, moe_fluctuation_free)
MOE_API int64_t moe_fluctuation_tokens(const MoeFluctuation *fluctuation);
MOE_API int moe_fluctuation_steps(const MoeFluctuation *fluctuation);
MOE_API int moe_fluctuation_routers(const MoeFluctuation *fluctuation);
MOE_API const MoeSteppedRouter *moe_fluctuation_router(const MoeFluctuation *fluctuation,
                                                       int router);
/* Steps ascend. (transfer none) */
MOE_API const MoeStepCell *moe_fluctuation_cell(const MoeFluctuation *fluctuation, int router,
                                                int step);

/* A number of a router at a step, a constant; `router` and `step` count as above. Functions return
 * NaN where it isn't defined. */
typedef struct MoeStepMetric {
    const char *name, *formula, *unit, *source, *convention; /* as of MoeMetric */
    double (*value)(const MoeFluctuation *fluctuation, int router, int step);
    /* Its expectation for a router that picks anew at each step, uniformly at random and as many;
     * NULL: not known. */
    double (*uniform)(const MoeFluctuation *fluctuation, int router, int step);
} MoeStepMetric;
/* "fluctuation", "saturation-first", "saturation", "last-fluctuation", "cumulative". (transfer
 * none) */
MOE_API const MoeStepMetric *moe_step_metrics(int *n);
/* By name; NULL if there is none. (transfer none) */
MOE_API const MoeStepMetric *moe_step_metric_find(const char *name);
/* Why it has no interval over documents, in a clause. */
MOE_API const char *moe_step_metric_no_interval(const MoeStepMetric *metric);

G_END_DECLS

#endif
