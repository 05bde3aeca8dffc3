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

typedef struct MoeTopToken {
    int32_t id;
    int64_t picks; /* n_xe */
    double lift;   /* n_xe N / (n_x c_e), N and c_e over units with an id */
} MoeTopToken;

/* What follows from a table. Sets of numbers are for first choices, then for all picks. */
typedef struct MoeTokenCell {
    int experts;
    int64_t ids;      /* distinct */
    int64_t often;    /* of them, seen at least MOE_TOKENS_LEAST times */
    int64_t units[2]; /* of known id: first choices; all picks */
    double mean[2];   /* mean over ids of q_x = max_e n_xe / n_x (OLMoE, arXiv 2409.02060, eq. 4) */
    double mean_often[2];  /* the same over those seen often */
    double weighted[2];    /* Σ_x n_x q_x / Σ_x n_x */
    double information[2]; /* I(expert; id), nats, plug-in */
    double corrected[2];   /* the same less Miller and Madow's bias */
    double entropy[2];     /* H(expert) of these units */
    MoeTopToken *top; /* [experts × MOE_TOKENS_TOP] by lift, of ids seen often; picks 0: no more */
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
