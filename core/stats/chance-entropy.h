/* SPDX-License-Identifier: MIT
 *
 * chance-entropy.h: the entropy of a load that independent units make, and the information that
 * parts of such units seem to have about experts though they have none.
 */
#ifndef MOESCOPE_STATS_CHANCE_ENTROPY_H
#define MOESCOPE_STATS_CHANCE_ENTROPY_H

#include <moescope/base.h>

/* E[-Σ_e f_e ln f_e] for f_e = x_e / N and x_e ~ Bin(units, inclusion_e), N = units Σ inclusion_e.
 * Exact where the x_e are few, else by Taylor's formula to the order 1/x². NaN for no units. */
double moe__chance_entropy_of(double units, const double *inclusion, int experts);

/* The plug-in estimate of I(expert; part) that is to be expected of parts that don't differ:
 * units[parts] each (0: left out), all with these chances. `even`: every part weighs as much, else
 * by its units. */
double moe__chance_information(const double *units, int parts, const double *inclusion, int experts,
                               bool even);

#endif
