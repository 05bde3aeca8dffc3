/* SPDX-License-Identifier: MIT
 *
 * tokens.h: which experts take which token ids. The table of a router grows with the text's
 * vocabulary, so it is made a router at a time, and kept only where asked for
 * (MoeSummaryOptions.keep_tokens, `moescope summary`).
 */
#ifndef MOESCOPE_TOKENS_H
#define MOESCOPE_TOKENS_H

#include <moescope/summary.h>

G_BEGIN_DECLS

/* Picks by token id: pairs that occur, ascending by id, then expert. */
typedef struct MoeTokenTable {
    int experts;
    int64_t n;
    const int32_t *id;      /* [n] ≥ 0; tokens of unknown id aren't in it */
    const uint16_t *expert; /* [n] */
    const int64_t *first;   /* [n] units of this id whose first choice is this expert */
    const int64_t *picks;   /* [n] units of this id that pick it */
} MoeTokenTable;

/* Ids that are seen less often than this are left out of means over ids: one occurrence is
 * specialised by itself. */
#define MOE_TOKENS_LEAST 10
/* An expert's top tokens. */
#define MOE_TOKENS_TOP 16
/* Classes of how often an id is seen: 1 … 15 each its own, from there four to a doubling; the last
 * is open. */
#define MOE_TOKENS_CLASSES 128
MOE_API int moe_tokens_class(int64_t seen);

/* Sets of numbers are for first choices, then for all picks. */
enum { MOE_TOKENS_FIRST, MOE_TOKENS_PICKS, MOE_TOKENS_SETS };

/* What follows from a table. n_x are the units of id x that have a first choice (where a table has
 * no first choices, being somebody's counts of picks: its picks / k); n_xe are those whose first
 * choice is e, or that pick e; N = Σ n_xe, c_e = Σ_x n_xe. What isn't defined is NaN. */
typedef struct MoeTokenCell {
    int experts;
    int64_t ids;                         /* distinct */
    int64_t often;                       /* of them, seen at least MOE_TOKENS_LEAST times */
    int64_t units;                       /* Σ n_x */
    int64_t total[MOE_TOKENS_SETS];      /* N */
    double mean[MOE_TOKENS_SETS];        /* over ids of q_x = max_e n_xe / n_x: vocabulary
                                            specialisation (OLMoE, arXiv 2409.02060) */
    double mean_often[MOE_TOKENS_SETS];  /* the same over those seen often */
    double weighted[MOE_TOKENS_SETS];    /* Σ_x n_x q_x / Σ_x n_x */
    double information[MOE_TOKENS_SETS]; /* I(expert; id), nats, plug-in */
    double corrected[MOE_TOKENS_SETS];   /* the same less Miller and Madow's bias */
    double entropy[MOE_TOKENS_SETS];     /* H(expert), nats, plug-in */
    int64_t *load;                       /* [MOE_TOKENS_SETS × experts] c_e */
    int64_t *seen_ids;                   /* [MOE_TOKENS_CLASSES] ids, by n_x */
    int64_t *seen_units;                 /* [MOE_TOKENS_CLASSES] Σ of their n_x */
    /* [experts × MOE_TOKENS_TOP] an expert's ids by lift, of those seen often, all picks; picks 0:
     * no more. lift = (n_xe / n_x) / (c_e / Σ n_x). */
    int64_t *top_id, *top_picks;
    double *top_lift;
} MoeTokenCell;

/* NULL where tokens weren't counted; domains aren't told apart. (transfer none) */
MOE_API const MoeTokenCell *moe_summary_tokens(const MoeSummary *summary, int router);
/* NULL where tables weren't kept. (transfer none) */
MOE_API const MoeTokenTable *moe_summary_token_table(const MoeSummary *summary, int router);
/* Gives a router its table (copied; sorted and added up if need be), for importers of counts.
 * Fails with MOE_ERROR_DATA on an expert out of range or a negative id or count. */
MOE_API bool moe_summary_fill_tokens(MoeSummary *summary, int router, const MoeTokenTable *table,
                                     GError **error);

G_END_DECLS

#endif
