/* SPDX-License-Identifier: MIT */
#ifndef MOE_MOE_COST_H
#define MOE_MOE_COST_H

#include <moescope/cost.h>

/* Counts a parameter by its flags; of experts, those that a token's `picks` picks may reach are
 * active. */
void moe__cost_count(MoeCost *cost, const MoeParam *param, int64_t picks);

#endif
