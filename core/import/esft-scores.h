/* SPDX-License-Identifier: MIT
 *
 * ESFT's summary.json: of each layer, how its picks and its gates spread over experts.
 */
#ifndef MOE_IMPORT_ESFT_SCORES_H
#define MOE_IMPORT_ESFT_SCORES_H

#include <moescope/base.h>

typedef enum {
    MOE_ESFT_TOKEN, /* "token_scores": c_e / (k T), the share of the picks */
    MOE_ESFT_GATE,  /* "gate_scores": Σ_t w_te / T, the mean gate over all tokens */
    MOE_ESFT_SCORES,
} MoeEsftScore;

/* A score of an expert; entries come by score, layer, expert. */
typedef struct MoeEsftEntry {
    int score, layer, expert;
    double value;
} MoeEsftEntry;

/* Reads a file, which may be gzip'd. Fails with MOE_ERROR_FORMAT on scores below 0 or above 1,
 * layers or experts that are no numbers or come twice. (transfer full, of MoeEsftEntry) */
GArray *moe__esft_scores_read(const char *path, GError **error);

/* How far what was counted is from a file's scores. */
typedef struct MoeEsftDifference {
    double most[MOE_ESFT_SCORES]; /* NaN: the file hasn't it */
    bool others;                  /* the file has layers or experts that weren't counted */
} MoeEsftDifference;
/* count and gate [n_layers × experts] of `tokens` tokens with k picks each. */
MoeEsftDifference moe__esft_scores_compare(const GArray *entries, const int *layers, int n_layers,
                                           int experts, int64_t tokens, int k, const int64_t *count,
                                           const double *gate);

#endif
