/* SPDX-License-Identifier: MIT
 *
 * The keys of [init] and [optim], and what is built from them.
 */
#include "nn/fields.h"

#include <moescope/nn.h>

#include <math.h>

static const MoeField fields[] = {
    {"init.scheme", MOE_FIELD_CHOICE, "normal", .choices = "normal | torch",
     .help = "matrices from N(0, std^2), or U(+-1/sqrt(inputs)) as torch.nn.Linear"},
    {"init.std", MOE_FIELD_REAL, "0.02", 0, 10,
     .help = "standard deviation of normal initial values"},
    {"init.scale_residual", MOE_FIELD_BOOL, "true",
     .help = "divide matrices before a residual addition by sqrt(2 layers), as GPT-2"},
    {"optim.lr", MOE_FIELD_REAL, "3e-4", 0, 10, .help = "learning rate after warm-up"},
    {"optim.beta1", MOE_FIELD_REAL, "0.9", 0, 0.999999, .help = "decay of the gradient's mean"},
    {"optim.beta2", MOE_FIELD_REAL, "0.95", 0, 0.999999, .help = "decay of its mean square"},
    {"optim.eps", MOE_FIELD_REAL, "1e-8", 1e-30, 1, .help = "added to the root of the mean square"},
    {"optim.decay", MOE_FIELD_REAL, "0.1", 0, 10,
     .help = "weight decay, decoupled; biases, norms and embeddings are exempt"},
    {"optim.clip", MOE_FIELD_REAL, "1", 0, INFINITY,
     .help = "largest global norm of the gradient; 0: any"},
    {"optim.schedule", MOE_FIELD_CHOICE, "cosine", .choices = "constant | cosine | linear",
     .help = "learning rate after warm-up"},
    {"optim.warmup", MOE_FIELD_INT, "100", 0, 1LL << 40, .unit = "steps",
     .help = "steps over which the learning rate rises"},
    {"optim.floor", MOE_FIELD_REAL, "0.1", 0, 1, .unit = "of lr",
     .help = "learning rate at the last step"},
};

void
moe__nn_register(void)
{
    moe_fields_add(fields, G_N_ELEMENTS(fields));
}

void
moe_init_from_recipe(MoeTensor *x, const MoeRecipe *recipe, const char *name, uint64_t seed,
                     int64_t fan_in, bool residual)
{
    double shrink = 1;
    if (residual && moe_recipe_bool(recipe, "init.scale_residual"))
        shrink = 1 / sqrt(2.0 * (double)moe_recipe_int(recipe, "model.layers"));
    if (fan_in == 0)
        moe_init_constant(x, 0);
    else if (moe_recipe_has(recipe, "init.scheme", "torch"))
        moe_init_uniform(x, name, seed, shrink / sqrt((double)fan_in));
    else
        moe_init_normal(x, name, seed, shrink * moe_recipe_real(recipe, "init.std"));
}

MoeAdamWOptions
moe_adamw_options(const MoeRecipe *recipe)
{
    return (MoeAdamWOptions){
        .beta1 = moe_recipe_real(recipe, "optim.beta1"),
        .beta2 = moe_recipe_real(recipe, "optim.beta2"),
        .eps = moe_recipe_real(recipe, "optim.eps"),
        .decay = moe_recipe_real(recipe, "optim.decay"),
        .clip = moe_recipe_real(recipe, "optim.clip"),
    };
}

MoeSchedule
moe_schedule_from_recipe(const MoeRecipe *recipe)
{
    return (MoeSchedule){
        .kind = moe_recipe_choice(recipe, "optim.schedule"),
        .lr = moe_recipe_real(recipe, "optim.lr"),
        .floor = moe_recipe_real(recipe, "optim.floor"),
        .warmup = moe_recipe_int(recipe, "optim.warmup"),
        .steps = moe_recipe_int(recipe, "train.steps"),
    };
}
