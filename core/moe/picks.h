/* SPDX-License-Identifier: MIT */
#ifndef MOE_MOE_PICKS_H
#define MOE_MOE_PICKS_H

#include <moescope/moe.h>

/* Empty picks (every expert -1) for `units` units, in `arena`. */
void moe__picks_new(MoePicks *picks, MoeArena *arena, int64_t units, int experts, int k);
/* Counts load, first choices and overflow, and sorts the kept picks by expert. The only place
 * where picks are counted. */
void moe__picks_dispatch(MoePicks *picks, MoeArena *arena);
/* Keeps the gates as applied (0 where dropped), in `arena`. */
void moe__picks_keep_gates(MoePicks *picks, MoeArena *arena, const float *gates);

/* Capacity (GShard, Lepikhin et al. 2021; Switch, Fedus et al. 2022). */
typedef enum { MOE_FILL_POSITION, MOE_FILL_PROBABILITY, MOE_FILL_RANDOM } MoeFill;
typedef enum { MOE_ROUND_PRODUCT, MOE_ROUND_SHARE } MoeCapacityRounding;
typedef struct MoeCapacity {
    double factor, eval_factor; /* 0: unlimited */
    int64_t slots;              /* > 0: so many slots, whatever the factors */
    double eval_fraction;       /* > 0: at evaluation, slots = ceil(fraction · units) */
    int64_t least;              /* at least so many slots */
    MoeFill fill;
    MoeCapacityRounding rounding;
    bool per_sequence; /* groups: each sequence by itself, or the whole batch */
} MoeCapacity;

MoeCapacity moe__capacity_from_recipe(const MoeRecipe *recipe);
/* Slots an expert has for `units` units, or 0 for no limit. */
int64_t moe__capacity_slots(const MoeCapacity *capacity, int64_t units, int experts, int k,
                            bool train);
/* Gives every pick its slot and marks those beyond the capacity as dropped. */
void moe__capacity_apply(const MoeCapacity *capacity, MoeRouting *routing, int units_per_token);

#endif
