/* SPDX-License-Identifier: MIT */
#include "model/block.h"

MoeNorm
moe__norm_new(const MoeRecipe *recipe, MoeParams *params, const char *name)
{
    MoeNorm norm = {
        .layer = moe_recipe_has(recipe, "model.norm", "layer"),
        .eps = (float)moe_recipe_real(recipe, "model.norm_eps"),
    };
    int64_t d = moe_recipe_int(recipe, "model.d_model");
    g_autofree char *weight = g_strconcat(name, ".weight", NULL);
    g_autofree char *bias = g_strconcat(name, ".bias", NULL);
    norm.weight = moe_params_add(params, weight, 1, &d, MOE_PARAM_NO_DECAY);
    moe_init_constant(norm.weight, 1);
    if (norm.layer)
        norm.bias = moe_params_add(params, bias, 1, &d, MOE_PARAM_NO_DECAY);
    return norm;
}

MoeTensor *
moe__norm(MoeTape *tape, const MoeNorm *norm, MoeTensor *x)
{
    return norm->layer ? moe_layer_norm(tape, x, norm->weight, norm->bias, norm->eps)
                       : moe_rms_norm(tape, x, norm->weight, norm->eps);
}
