/* SPDX-License-Identifier: MIT
 *
 * chance-highest.h: how many of some units the busiest expert has by chance.
 */
#ifndef MOESCOPE_STATS_CHANCE_HIGHEST_H
#define MOESCOPE_STATS_CHANCE_HIGHEST_H

#include <moescope/base.h>

/* Units of one expert each. */
typedef struct MoeHighestLoad {
    int experts;
    const double *chance; /* [experts] sum 1 */
    /* 0: each unit draws by itself. Else there are so many in all, and of these those of an expert
     * are its chance times as many: units are dealt from them. */
    double dealt;
} MoeHighestLoad;

/* Up to so many units the expectation is exact. */
#define MOE_HIGHEST_EXACT 15

/* The expected highest count of 1, 2, … MOE_HIGHEST_EXACT units: highest[n], highest[0] = 0. */
void moe__highest_exact(const MoeHighestLoad *load, double *highest);
/* That of n units, more than these: within a few per mille. */
double moe__highest_of_one(const MoeHighestLoad *load, double n);

/* The same of units that pick several experts each, chance[experts] to be among them: as if experts
 * were picked apart from each other, which of more than MOE_HIGHEST_EXACT units is within a per
 * cent or two. */
double moe__highest_of_sets(const double *chance, int experts, double n);
/* Of 1 … MOE_HIGHEST_EXACT units, drawn (the same each time): highest[n]. */
void moe__highest_drawn(const double *chance, int experts, double *highest);

#endif
