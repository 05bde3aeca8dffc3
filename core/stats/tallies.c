/* SPDX-License-Identifier: MIT
 *
 * tallies.c: the tallies there are.
 */
#include "stats/tally.h"

const MoeTally *const moe__tallies[MOE_N_TALLIES] = {
    &moe__tally_load,   &moe__tally_order,     &moe__tally_pairs, &moe__tally_adjacent,
    &moe__tally_flow,   &moe__tally_places,    &moe__tally_heads, &moe__tally_scores,
    &moe__tally_caches, &moe__tally_documents, &moe__tally_ranks, &moe__tally_flow_picks,
};
