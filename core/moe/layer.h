/* SPDX-License-Identifier: MIT */
#ifndef MOE_MOE_LAYER_H
#define MOE_MOE_LAYER_H

#include <moescope/moe.h>

/* The part that moe.<place> names; NULL for "none" and for unknown names (which
 * moe_recipe_check() has refused). */
const MoePart *moe__part_of_recipe(const MoeRecipe *recipe, MoePlace place);
#endif
