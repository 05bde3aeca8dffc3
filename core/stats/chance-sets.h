/* SPDX-License-Identifier: MIT
 *
 * chance-sets.h: what the picks of two units have in common by chance, and which of several blocks
 * of experts those of one miss.
 */
#ifndef MOESCOPE_STATS_CHANCE_SETS_H
#define MOESCOPE_STATS_CHANCE_SETS_H

#include <moescope/summary.h>

/* A number that two sets of picks give: they share so many, and hold so many together. */
typedef double (*MoeSharedFunc)(int shared, int both);

/* Its expectation for two units of a cell drawn apart, each of the sizes that occur (`making`), if
 * any set of its size is as likely as any other: |A ∩ B| is hypergeometric. Exact. NaN where no
 * unit has picks. */
double moe__sets_uniform(const MoeSummaryCell *cell, MoeSharedFunc of);

/* The same where each expert is in as many sets as in this cell, and sets are random else: those of
 * the largest entropy, P(S) ∝ Π_{e ∈ S} w_e (conditional Poisson sampling; Chen, Dempster & Liu
 * 1994, Biometrika 81). NaN also where there are too many experts and picks a unit for it. */
double moe__sets_shuffled(const MoeSummaryCell *cell, MoeSharedFunc of);

/* The chance that such a set has none of the experts of two blocks, or of one, on the diagonal:
 * block[experts] is 0 … blocks - 1, missed[blocks × blocks]. False where it isn't known. */
bool moe__sets_missing(const MoeSummaryCell *cell, const int *block, int blocks, double *missed);

#endif
