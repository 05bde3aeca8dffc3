/* SPDX-License-Identifier: MIT
 *
 * scores.h: histograms of what routers tell of their decisions, as violins or as distribution
 * functions.
 */
#ifndef FIGURE_SCORES_H
#define FIGURE_SCORES_H

#include "figure/kit.h"

/* A histogram of one router: bins over the score. */
typedef struct Violin {
    const int64_t *bins; /* [MOE_SCORE_BINS]; NULL: nothing recorded */
    int64_t n;
} Violin;

/* What a panel shows. */
typedef struct Score {
    const char *label, *words;
    double (*edge)(int bin); /* where a bin begins */
    Violin (*of)(const MoeScoreCell *cell);
} Score;

/* The score of router i of the kit; n is 0 where it wasn't recorded. */
Violin moe__score_of(const Kit *kit, guint i, const Score *score);
/* An axis over the bins first … last that were met. */
MoeAxis moe__score_axis(const Score *score, int first, int last);
/* A panel of distribution functions, a line a layer. */
void moe__score_add_ecdf(const Kit *kit, MoeScene *scene, const Score *score, int first, int last);

#endif
