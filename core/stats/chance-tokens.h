/* SPDX-License-Identifier: MIT
 *
 * chance-tokens.h: what tokens would show if experts took no notice of them. That depends on how
 * often each id is seen: an id that is seen once has one expert, whatever the router.
 */
#ifndef MOESCOPE_STATS_CHANCE_TOKENS_H
#define MOESCOPE_STATS_CHANCE_TOKENS_H

#include <moescope/tokens.h>

/* Expected means over ids, each seen as often as those of the cell. */
typedef struct MoeTokenChance {
    double mean, mean_often, weighted; /* of q_x, as in MoeTokenCell */
} MoeTokenChance;

/* Of first choices or of all picks (MOE_TOKENS_FIRST, MOE_TOKENS_PICKS); experts are chosen by the
 * cell's load, or evenly. NaN where nothing was counted. */
MoeTokenChance moe__token_chance(const MoeTokenCell *cell, int set, bool uniform);

/* What ids would seem to tell of experts, nats. By the load: experts have just this one, and their
 * units are dealt to the ids; uniform: each unit draws by itself. */
typedef struct MoeTokenInformation {
    double entropy;   /* H(expert) of all units */
    double plug_in;   /* I(expert; id) */
    double corrected; /* the same less Miller and Madow's bias */
} MoeTokenInformation;

/* Exact but for ids of a class, which are taken as seen equally often. NaN where nothing was
 * counted. */
MoeTokenInformation moe__token_chance_information(const MoeTokenCell *cell, int set, bool uniform);

/* The mean over experts of the highest lift that any id seen MOE_TOKENS_LEAST times has with it, of
 * all picks. */
double moe__token_chance_lift(const MoeTokenCell *cell, bool uniform);

#endif
