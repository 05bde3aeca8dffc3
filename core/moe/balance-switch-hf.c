/* SPDX-License-Identifier: MIT
 *
 * balance = switch-hf: Switch's loss as the Hugging Face code computes it: E² times the mean over
 * sequences and experts of f P, a sequence's share of units and its mean probability. The shares
 * are counted after drops, and a dropped unit counts as expert 0's: the code takes the arg max of a
 * row of zeros.
 */
#include "moe/balance.h"
#include "moe/builtin.h"

/* f of every sequence and expert, of first choices: [B, E]. */
static MoeTensor *
shares(const MoeRouting *routing, int64_t group)
{
    const MoePicks *picks = &routing->picks;
    int64_t groups = (picks->units + group - 1) / group, E = picks->experts;
    MoeArena *arena = moe_tape_arena(routing->context->tape);
    MoeTensor *share = moe_tensor_zeros(arena, 2, (int64_t[]){groups, E});
    for (int64_t g = 0; g < groups; g++) {
        float *row = share->data + g * E;
        int64_t real = 0;
        for (int64_t u = g * group; u < MIN((g + 1) * group, picks->units); u++) {
            if (moe__is_padding(routing, u))
                continue;
            int32_t e = picks->expert[u * picks->k];
            row[e < 0 || picks->dropped[u * picks->k] ? 0 : e]++;
            real++;
        }
        for (int64_t e = 0; real && e < E; e++)
            row[e] /= (float)real;
    }
    return share;
}

static MoeTensor *
loss(MoeRouting *routing, void *state)
{
    int64_t group = moe__sequence_units(routing);
    return moe__share_times_probability(routing, shares(routing, group), group);
}

static double
coefficient(const MoeRecipe *recipe)
{
    return moe_recipe_real(recipe, "balance.switch_hf");
}

static void
rule(const MoeRecipe *recipe, GPtrArray *problems)
{
    int64_t k = moe_recipe_int(recipe, "moe.k");
    if (k != 1)
        g_ptr_array_add(problems,
                        g_strdup_printf("moe.balance: 'switch-hf' is defined for one pick a unit; "
                                        "found moe.k = %" G_GINT64_FORMAT,
                                        k));
}

static const MoeField fields[] = {
    {"balance.switch_hf", MOE_FIELD_REAL, "0.001", 0, 1000, NULL, NULL,
     "coefficient of 'switch-hf'"},
};

const MoePart moe__balance_switch_hf = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_BALANCE,
    .name = "switch-hf",
    .help = "'switch' a sequence at a time, after drops, what was dropped counted as expert 0",
    .cite = "Hugging Face transformers, load_balancing_loss_func of Switch Transformers",
    .rule = rule,
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .loss = loss,
    .coefficient = coefficient,
};
