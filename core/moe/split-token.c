/* SPDX-License-Identifier: MIT
 *
 * split = token: a routing unit is a token, as it is.
 */
#include "moe/builtin.h"

static void
shape(const MoeRecipe *recipe, int d_model, int *units_per_token, int *width)
{
    *units_per_token = 1;
    *width = d_model;
}

static MoeTensor *
unchanged(MoeRouting *routing, void *state, MoeTensor *x)
{
    return x;
}

const MoePart moe__split_token = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SPLIT,
    .name = "token",
    .help = "each token is routed whole",
    .shape = shape,
    .split = unchanged,
    .join = unchanged,
};
