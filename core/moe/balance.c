/* SPDX-License-Identifier: MIT
 *
 * Losses that keep the load even. Papers and codes use one name for several definitions, so each
 * is written out. U units, k picks each, c_e picks of expert e before drops, a_e first choices,
 * P_e mean of softmax(z / T)_e over the units; only P (or the gates) carries a gradient.
 */
#include "moe/balance.h"
#include "moe/builtin.h"

/* softmax(z / T), T = balance.temperature; or sigmoids s as shares s_e / Σ s (DeepSeek-V3, eq. 19).
 */
static MoeTensor *
probabilities(MoeRouting *routing)
{
    MoeTape *tape = routing->context->tape;
    const MoeRecipe *recipe = moe_layer_recipe(routing->layer);
    double T = moe_recipe_real(recipe, "balance.temperature");
    if (moe_recipe_has(recipe, "moe.affinity", "sigmoid")) {
        MoeTensor *s = moe_routing_affinities(routing);
        MoeTensor *sum = moe_sum_axis(tape, s, 1);
        return moe_div(tape, s, moe_reshape(tape, sum, 2, (int64_t[]){moe_tensor_rows(s), 1}));
    }
    if (T == 1)
        return moe_routing_probabilities(routing);
    return moe_softmax(tape, moe_affine(tape, routing->logits, (float)(1 / T), 0));
}

int64_t
moe__sequence_units(const MoeRouting *routing)
{
    int64_t length = (int64_t)routing->context->length * moe_layer_units_per_token(routing->layer);
    return MAX(length > 0 ? length : routing->picks.units, 1);
}

bool
moe__is_padding(const MoeRouting *routing, int64_t unit)
{
    const int32_t *padding = routing->context->padding;
    return padding && padding[unit / moe_layer_units_per_token(routing->layer)] < 0;
}

/* Units of a group that shares a balance: all, or those of a sequence. */
static int64_t
group_units(const MoeRouting *routing)
{
    bool sequence = moe_recipe_has(moe_layer_recipe(routing->layer), "balance.group", "sequence");
    return sequence ? moe__sequence_units(routing) : MAX(routing->picks.units, 1);
}

/* 1 / (units of the group that aren't padding), 0 for padding: [U, 1]. */
static MoeTensor *
unit_weights(const MoeRouting *routing, int64_t group)
{
    int64_t units = routing->picks.units;
    MoeTensor *weight = moe_tensor_2d(moe_tape_arena(routing->context->tape), units, 1);
    for (int64_t from = 0; from < units; from += group) {
        int64_t to = MIN(from + group, units), real = 0;
        for (int64_t u = from; u < to; u++) {
            bool padding = moe__is_padding(routing, u);
            weight->data[u] = !padding;
            real += !padding;
        }
        for (int64_t u = from; real && u < to; u++)
            weight->data[u] /= (float)real;
    }
    return weight;
}

/* The share f_ge of expert e in the picks (or first picks) of group g: [G, E]. */
static MoeTensor *
shares(const MoeRouting *routing, int64_t group, bool first_only)
{
    const MoePicks *picks = &routing->picks;
    int64_t groups = (picks->units + group - 1) / MAX(group, 1);
    int E = picks->experts, k = picks->k;
    MoeArena *arena = moe_tape_arena(routing->context->tape);
    MoeTensor *share = moe_tensor_zeros(arena, 2, (int64_t[]){groups, E});
    for (int64_t g = 0; g < groups; g++) {
        float *row = share->data + g * E;
        int64_t total = 0;
        for (int64_t u = g * group; u < MIN((g + 1) * group, picks->units); u++)
            for (int j = 0; j < (first_only ? 1 : k); j++) {
                int32_t e = picks->expert[u * k + j];
                if (e < 0)
                    continue;
                row[e]++;
                total++;
            }
        for (int e = 0; total && e < E; e++)
            row[e] /= (float)total;
    }
    return share;
}

MoeTensor *
moe__share_times_probability(MoeRouting *routing, MoeTensor *share, int64_t group)
{
    MoeTape *tape = routing->context->tape;
    int64_t E = routing->picks.experts, groups = share->shape[0];
    MoeTensor *P = moe_mul(tape, probabilities(routing), unit_weights(routing, group));
    P = moe_reshape(tape, P, 3, (int64_t[]){groups, group, E});
    MoeTensor *product = moe_mul(tape, moe_sum_axis(tape, P, 1), share);
    return moe_affine(tape, moe_sum(tape, product), (float)E / (float)groups, 0);
}

static MoeTensor *
switch_loss(MoeRouting *routing, void *state)
{
    int64_t group = group_units(routing);
    return moe__share_times_probability(routing, shares(routing, group, false), group);
}

static MoeTensor *
gshard_loss(MoeRouting *routing, void *state)
{
    int64_t group = group_units(routing);
    return moe__share_times_probability(routing, shares(routing, group, true), group);
}

MoeTensor *
moe__cv2(MoeTape *tape, MoeTensor *x)
{
    int64_t E = moe_tensor_count(x);
    MoeTensor *mean = moe_mean(tape, x);
    MoeTensor *off = moe_sub(tape, x, mean);
    MoeTensor *variance = moe_affine(tape, moe_sum(tape, moe_square(tape, off)),
                                     E > 1 ? 1.0f / (float)(E - 1) : 0, 0);
    return moe_div(tape, variance, moe_affine(tape, moe_square(tape, mean), 1, 1e-10f));
}

/* Of the importance I: gates summed per expert. */
static MoeTensor *
cv2_loss(MoeRouting *routing, void *state)
{
    MoeTape *tape = routing->context->tape;
    int E = routing->picks.experts;
    MoeTensor *dense = moe_scatter_last(tape, routing->gates, routing->picks.expert, E);
    return moe__cv2(tape, moe_sum_axis(tape, dense, 0));
}

/* Gates of 1 count picks: nothing to learn from. */
static void
cv2_rule(const MoeRecipe *recipe, GPtrArray *problems)
{
    if (moe_recipe_has(recipe, "moe.gate", "one"))
        g_ptr_array_add(problems, g_strdup("moe.balance: 'cv2' can't balance moe.gate = one, whose "
                                           "gates are the same whatever the router says"));
}

static MoeTensor *
z_loss(MoeRouting *routing, void *state)
{
    MoeTape *tape = routing->context->tape;
    return moe_mean(tape, moe_square(tape, moe_logsumexp(tape, routing->logits)));
}

#define BALANCE(symbol, name_, stem, key, fallback_, rule_, help_, cite_)                     \
    static const MoeField stem##_fields[] = {                                                 \
        {key, MOE_FIELD_REAL, fallback_, 0, 1000, NULL, NULL, "coefficient of '" name_ "'"}}; \
    static double stem##_coefficient(const MoeRecipe *recipe)                                 \
    {                                                                                         \
        return moe_recipe_real(recipe, key);                                                  \
    }                                                                                         \
    const MoePart symbol = {                                                                  \
        .struct_size = sizeof(MoePart),                                                       \
        .place = MOE_PLACE_BALANCE,                                                           \
        .name = name_,                                                                        \
        .help = help_,                                                                        \
        .cite = cite_,                                                                        \
        .fields = stem##_fields,                                                              \
        .n_fields = 1,                                                                        \
        .rule = rule_,                                                                        \
        .loss = stem##_loss,                                                                  \
        .coefficient = stem##_coefficient,                                                    \
    }

BALANCE(moe__balance_switch, "switch", switch, "balance.switch", "0.01", NULL,
        "E sum_e f_e P_e, f the share of all picks; 1 when even",
        "Fedus et al. 2022, arXiv 2101.03961, eq. 4");
BALANCE(moe__balance_gshard, "gshard", gshard, "balance.gshard", "0.01", NULL,
        "E sum_e f_e P_e, f the share of first choices; 1 when even",
        "Lepikhin et al. 2021, arXiv 2006.16668, section 2.2");
BALANCE(moe__balance_cv2, "cv2", cv2, "balance.cv2", "0.01", cv2_rule,
        "squared coefficient of variation (E-1) of the gates summed per expert; 0 when even",
        "Shazeer et al. 2017, arXiv 1701.06538, eq. 7");
BALANCE(moe__balance_z, "z-loss", z, "balance.z_loss", "0.001", NULL,
        "mean squared logsumexp of the logits: keeps them small",
        "Zoph et al. 2022, arXiv 2202.08906, eq. 5");
