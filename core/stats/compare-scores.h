/* SPDX-License-Identifier: MIT
 *
 * compare-scores.h: how far apart the probabilities are that two routers give the experts, where
 * both traces have logits.
 */
#ifndef MOESCOPE_STATS_COMPARE_SCORES_H
#define MOESCOPE_STATS_COMPARE_SCORES_H

#include "stats/compare.h"

/* A walk through the logits of one pair of routers, and a sample of them. */
typedef struct MoeScoreWalk MoeScoreWalk;

/* NULL where one of them has no logits, or they have other numbers of experts. `units`: of all
 * tokens that are compared. (transfer full) */
MoeScoreWalk *moe__score_walk_new(const MoeTrace *a, const MoeTrace *b,
                                  const MoeComparedRouter *pair, int64_t units);
void moe__score_walk_free(MoeScoreWalk *walk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeScoreWalk, moe__score_walk_free)

/* Units of two chunks that belong together. */
typedef struct MoeScoreUnits {
    int chunk_a, chunk_b;
    int64_t first_a, first_b, n;
} MoeScoreUnits;
/* Adds MOE_SUM_SCORED and MOE_SUM_DIVERGENCE of those with finite logits on both sides. `labels`:
 * numbers under which the second router's experts stand; NULL: their own, and some are sampled.
 * Fails with the errors of moe_trace_read(), MOE_ERROR_FORMAT on logits of another shape. */
bool moe__score_walk_count(MoeScoreWalk *walk, const MoeScoreUnits *units, const int *labels,
                           int64_t *row, GError **error);
/* The same of the sample, each unit of the first router with one of the second that lies half the
 * sample away. */
void moe__score_walk_shuffled(const MoeScoreWalk *walk, int64_t *row);

#endif
