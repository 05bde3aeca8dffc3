/* SPDX-License-Identifier: MIT
 *
 * balance = cv2-load: the squared coefficient of variation of the experts' loads. Counts have no
 * gradient, so in training the load of an expert is estimated: the probability, under new noise for
 * this expert alone, that it would be among the k of a unit, summed over units:
 *
 *   load_i = Σ_u Φ((clean_ui - t_ui) / std_ui)
 *
 * t_ui being what expert i has to exceed: the k-th largest value among the others, that is the
 * (k+1)-th of all where i is picked, the k-th where it isn't. `shazeer` takes noisy logits for
 * values, as the paper does. `official` does what HyperMoE's code does: the thresholds are
 * probabilities, compared with logits and subtracted from them. Gradients run through thresholds.
 */
#include "moe/balance.h"
#include "moe/builtin.h"

/* Which of the k-th and (k+1)-th largest values is each expert's threshold: [U, E] columns. */
static int32_t *
threshold_columns(const MoeRouting *routing, const MoeTensor *values)
{
    const MoePicks *picks = &routing->picks;
    int64_t U = picks->units, E = picks->experts, k = picks->k;
    MoeArena *arena = moe_tape_arena(routing->context->tape);
    int32_t *largest = moe_arena_alloc(arena, (size_t)(U * (k + 1)) * sizeof *largest);
    int32_t *column = moe_arena_alloc(arena, (size_t)(U * E) * sizeof *column);
    moe_topk(values->data, U, E, k + 1, largest);
    for (int64_t u = 0; u < U; u++) {
        int32_t inside = largest[u * (k + 1) + k], outside = largest[u * (k + 1) + k - 1];
        float next = values->data[u * E + inside];
        for (int64_t e = 0; e < E; e++)
            column[u * E + e] = routing->logits->data[u * E + e] > next ? inside : outside;
    }
    return column;
}

/* 1 for each unit that isn't padding: [U, 1]. */
static MoeTensor *
real_units(const MoeRouting *routing)
{
    int64_t U = routing->picks.units;
    MoeTensor *mask = moe_tensor_2d(moe_tape_arena(routing->context->tape), U, 1);
    for (int64_t u = 0; u < U; u++)
        mask->data[u] = !moe__is_padding(routing, u);
    return mask;
}

static MoeTensor *
estimated_load(MoeRouting *routing)
{
    MoeTape *tape = routing->context->tape;
    bool official =
        moe_recipe_has(moe_layer_recipe(routing->layer), "balance.load_estimator", "official");
    MoeTensor *values = official ? moe_routing_probabilities(routing) : routing->logits;
    MoeTensor *threshold =
        moe_gather_last(tape, values, threshold_columns(routing, values), routing->picks.experts);
    MoeTensor *above = moe_sub(tape, routing->clean, threshold);
    MoeTensor *share = moe_normal_cdf(tape, moe_div(tape, above, routing->noise_std));
    return moe_sum_axis(tape, moe_mul(tape, share, real_units(routing)), 0);
}

static MoeTensor *
counted_load(MoeRouting *routing)
{
    const MoePicks *picks = &routing->picks;
    MoeTensor *load = moe_tensor_1d(moe_tape_arena(routing->context->tape), picks->experts);
    for (int e = 0; e < picks->experts; e++)
        load->data[e] = (float)picks->load[e];
    return load;
}

MoeTensor *
moe__balance_load(MoeRouting *routing)
{
    /* Where every expert is picked there is no threshold. */
    bool estimated = routing->noise_std && routing->picks.k < routing->picks.experts;
    return estimated ? estimated_load(routing) : counted_load(routing);
}

static MoeTensor *
loss(MoeRouting *routing, void *state)
{
    return moe__cv2(routing->context->tape, moe__balance_load(routing));
}

static double
coefficient(const MoeRecipe *recipe)
{
    return moe_recipe_real(recipe, "balance.cv2_load");
}

static void
rule(const MoeRecipe *recipe, GPtrArray *problems)
{
    if (!moe_recipe_has(recipe, "moe.score", "noisy"))
        g_ptr_array_add(problems,
                        g_strdup_printf("moe.balance: 'cv2-load' estimates the load from the noise "
                                        "of moe.score = noisy; found moe.score = %s",
                                        moe_recipe_text(recipe, "moe.score")));
    const MoePart *select = moe_part_find(MOE_PLACE_SELECT, moe_recipe_text(recipe, "moe.select"));
    if (select && (select->flags & MOE_PART_K_VARIES))
        g_ptr_array_add(problems, g_strdup_printf("moe.balance: 'cv2-load' needs as many picks of "
                                                  "each unit; found moe.select = %s",
                                                  select->name));
}

static const MoeField fields[] = {
    {"balance.cv2_load", MOE_FIELD_REAL, "0.01", 0, 1000, NULL, NULL, "coefficient of 'cv2-load'"},
    {"balance.load_estimator", MOE_FIELD_CHOICE, "shazeer", 0, 0, "official | shazeer", NULL,
     "'cv2-load' compares noisy logits with logits, or with probabilities as HyperMoE's code does"},
};

const MoePart moe__balance_cv2_load = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_BALANCE,
    .name = "cv2-load",
    .help =
        "squared coefficient of variation (E-1) of the load, estimated in training; 0 when even",
    .cite = "Shazeer et al. 2017, arXiv 1701.06538, eq. 8-11; code: Bumble666/Hyper_MoE",
    .rule = rule,
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .loss = loss,
    .coefficient = coefficient,
};
