/* SPDX-License-Identifier: MIT
 *
 * chance.h: the load that a router would show if it picked uniformly at random, from few units to
 * many. An expert's count is then binomial, Bin(T, k/E); where k varies, with the mean of k.
 */
#ifndef MOESCOPE_STATS_CHANCE_H
#define MOESCOPE_STATS_CHANCE_H

#include <moescope/summary.h>

/* P(c = low + i) = p[i], i = 0 … n - 1; what is left out is below the resolution of a double. */
typedef struct MoeChance {
    int64_t low;
    int n;
    double *p;
    int experts;
    double picks, mean; /* N and m = N / E */
} MoeChance;

/* Of T draws with probability `q`; `experts` such counts sum to N = `picks`. */
MoeChance moe__chance(int64_t draws, double q, int experts, double picks);
void moe__chance_clear(MoeChance *chance);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeChance, moe__chance_clear)
/* That of a cell's units and picks, which have to be more than 0. */
MoeChance moe__chance_of(const MoeSummaryCell *cell);

/* Exact expectations: E counts of this distribution, and N fixed. */
double moe__chance_entropy(const MoeChance *chance);
double moe__chance_mean_violation(const MoeChance *chance);
double moe__chance_activation(const MoeChance *chance, double theta);
/* Approximate expectations: as if counts were independent, but for the correlation that a fixed sum
 * gives any two; within a few per cent of simulations of ten units. */
double moe__chance_gini(const MoeChance *chance);
double moe__chance_lowest(const MoeChance *chance);
/* Of the sum of the n highest counts. */
double moe__chance_highest(const MoeChance *chance, int n);

#endif
