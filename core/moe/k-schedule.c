/* SPDX-License-Identifier: MIT
 *
 * How many experts a unit is sent to as training goes on. The formulas are those of
 * new_utils.calculate_gate_number in the code of HyperRouter, which took them from SMoE-Dropout's.
 */
#include "moe/layer.h"

#include <math.h>

#define EXP_STAGES 300
#define EXP_DECAY  0.99

static int
doubled(int low, int high, int64_t step, int64_t steps)
{
    int stages = 1;
    for (int k = low; k < high; k *= 2)
        stages++;
    int64_t stage = MIN(step * stages / steps, stages - 1);
    return stage == stages - 1 ? high : low << stage;
}

int
moe_k_schedule(MoeKSchedule schedule, int low, int high, int64_t step, int64_t steps)
{
    /* Products and quotients in the code's order: at an odd range cos is near 1/2 two thirds of the
     * way, and the last bit decides how it rounds. */
    double range = high - low, angle = G_PI * (double)step / (2 * (double)steps), k = high;
    int64_t stage = step / MAX(steps / EXP_STAGES, 1);
    switch (schedule) {
    case MOE_K_CONSTANT:
        return high; /* low says nothing then */
    case MOE_K_LINEAR_INCREASE:
        k = nearbyint(range * (double)step / (double)steps) + low;
        break;
    case MOE_K_LINEAR_DECREASE:
        k = nearbyint(-range * (double)step / (double)steps) + high;
        break;
    case MOE_K_COSINE_INCREASE:
        k = nearbyint(-range * cos(angle)) + high;
        break;
    case MOE_K_COSINE_DECREASE:
        k = nearbyint(range * cos(angle)) + low;
        break;
    case MOE_K_EXP_INCREASE:
        k = nearbyint(-range * pow(EXP_DECAY, (double)stage)) + high;
        break;
    case MOE_K_MULTI_STEP:
        k = doubled(low, high, step, steps);
        break;
    }
    return (int)CLAMP(k, low, high);
}

MoeKRule
moe__k_rule_from_recipe(const MoeRecipe *recipe)
{
    int k = (int)moe_recipe_int(recipe, "moe.k");
    int eval = (int)moe_recipe_int(recipe, "moe.k_eval");
    return (MoeKRule){
        .schedule = (MoeKSchedule)moe_recipe_choice(recipe, "moe.k_schedule"),
        .low = (int)moe_recipe_int(recipe, "moe.k_min"),
        .high = k,
        .eval = eval ? eval : k,
        .steps = moe_recipe_int(recipe, "train.steps"),
    };
}
