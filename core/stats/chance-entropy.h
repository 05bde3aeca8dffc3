/* SPDX-License-Identifier: MIT
 *
 * chance-entropy.h: the entropy of a load that independent units make, and the information that
 * parts of such units seem to have about experts though they have none.
 */
#ifndef MOESCOPE_STATS_CHANCE_ENTROPY_H
#define MOESCOPE_STATS_CHANCE_ENTROPY_H

#include <moescope/base.h>

/* Units of a router that takes no notice of which they are. */
typedef struct MoeChanceLoad {
    const double *inclusion; /* [experts] chance of an expert to be in a unit */
    int experts;
    /* 0: each unit draws by itself. Else there are so many in all, and the experts are in just as
     * many as is to be expected: parts are dealt theirs, as from a shuffled deck. */
    double dealt;
} MoeChanceLoad;

/* What is to be expected of a number of units, with f_e = x_e / N, N = units Σ inclusion_e, and x_e
 * binomial, or hypergeometric where units are dealt. */
typedef struct MoeChanceCounts {
    double entropy;  /* -Σ_e f_e ln f_e; exact where the x_e are few, else by Taylor's formula to
                        the order 1/x² */
    double occupied; /* #{e: x_e > 0} */
} MoeChanceCounts;

/* NaN, NaN for no units. */
MoeChanceCounts moe__chance_counts(const MoeChanceLoad *load, double units);

/* The plug-in estimate of I(expert; part) that is to be expected of parts that don't differ:
 * units[parts] each (0: left out). `even`: every part weighs as much, else by its units. */
double moe__chance_information(const MoeChanceLoad *load, const double *units, int parts,
                               bool even);

/* The same less Miller and Madow's bias, (J₊ - E₊ - P₊ + 1) / 2N of the cells that are to be
 * expected: what that correction leaves, which is far from 0 where cells are few units wide. */
double moe__chance_corrected(const MoeChanceLoad *load, const double *units, int parts);

#endif
