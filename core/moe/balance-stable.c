/* SPDX-License-Identifier: MIT
 *
 * balance = stable: StableMoE's balance loss. It lowers the scores that brought units to busy
 * experts and raises those of idle ones:
 *
 *   L = 1/U Σ_i (n_i - n) / n Σ_{u picked i} σ(z_ui)
 *
 * n_i picks of expert i before drops, n their mean, U units that aren't padding. Only the scores
 * carry a gradient. There is none once the word router decides.
 */
#include "moe/builtin.h"

int64_t
moe__stable_freeze_step(const MoeRecipe *recipe)
{
    int64_t step = moe_recipe_int(recipe, "stablemoe.freeze_step");
    return step ? step : MAX(1, moe_recipe_int(recipe, "train.steps") / 10);
}

/* Units that aren't padding. */
static int64_t
routed_units(const MoePicks *picks)
{
    int64_t n = 0;
    for (int64_t u = 0; u < picks->units; u++)
        n += picks->expert[u * picks->k] >= 0;
    return n;
}

/* (n_i - n) / n / U at each pick, 0 where there is none: [U, k]. */
static MoeTensor *
imbalance(const MoeRouting *routing)
{
    const MoePicks *picks = &routing->picks;
    MoeArena *arena = moe_tape_arena(routing->context->tape);
    MoeTensor *weight = moe_tensor_zeros(arena, 2, (int64_t[]){picks->units, picks->k});
    double mean = 0, units = (double)routed_units(picks);
    for (int e = 0; e < picks->experts; e++)
        mean += (double)picks->load[e] / picks->experts;
    for (int64_t i = 0; i < picks->units * picks->k; i++)
        if (picks->expert[i] >= 0)
            weight->data[i] =
                (float)(((double)picks->load[picks->expert[i]] - mean) / mean / units);
    return weight;
}

static MoeTensor *
loss(MoeRouting *routing, void *state)
{
    const MoeContext *context = routing->context;
    const MoePicks *picks = &routing->picks;
    MoeTape *tape = context->tape;
    if (context->step >= moe__stable_freeze_step(moe_layer_recipe(routing->layer)))
        return NULL;
    MoeTensor *scores = moe_sigmoid(tape, routing->logits);
    scores = moe_gather_last(tape, scores, picks->expert, picks->k);
    return moe_sum(tape, moe_mul(tape, scores, imbalance(routing)));
}

static double
coefficient(const MoeRecipe *recipe)
{
    return moe_recipe_real(recipe, "balance.stable");
}

static const MoeField fields[] = {
    {"balance.stable", MOE_FIELD_REAL, "0.3", 0, 1000, NULL, NULL, "coefficient of 'stable'"},
};

static const char *const reads[] = {"stablemoe.freeze_step", NULL};

const MoePart moe__balance_stable = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_BALANCE,
    .name = "stable",
    .help = "scores of picks weighed by how busy their expert is, until stablemoe.freeze_step",
    .cite = "Dai et al. 2022 (StableMoE), arXiv 2204.08396, eq. 5; code: Hunter-DDM/stablemoe",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .reads = reads,
    .loss = loss,
    .coefficient = coefficient,
};
