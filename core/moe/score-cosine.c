/* SPDX-License-Identifier: MIT
 *
 * score = cosine: X-MoE. The unit is reduced to q values, experts are directions there:
 *
 *   code    z_i = (x Rᵀ) · v_i / ‖v_i‖
 *   paper   z_i = cos(x Rᵀ, v_i) / τ, τ learned
 *
 * The official code (torchscale, and all that copied it) neither normalises the unit nor has a
 * temperature. It brings every v_i to length 1.5 before each training step, outside the gradient;
 * that leaves z as it is, but keeps the gradient of v_i, which goes with 1/‖v_i‖, from fading as
 * the embeddings grow.
 */
#include "moe/builtin.h"

#include <math.h>

#define CODE_DIM     16
#define CODE_LENGTH  1.5f
#define LEAST_LENGTH 1e-4f

typedef struct {
    MoeTensor *reduction;   /* [q, w] */
    MoeTensor *experts;     /* [E, q] */
    MoeTensor *temperature; /* [1]; NULL: flavour 'code' */
} State;

static void
init(MoeLayer *layer, void *state)
{
    State *s = state;
    const MoeRecipe *recipe = moe_layer_recipe(layer);
    int64_t E = moe_layer_experts(layer), w = moe_layer_width(layer);
    int64_t q = moe_recipe_int(recipe, "cosine.dim");
    bool paper = moe_recipe_has(recipe, "cosine.flavor", "paper");
    if (q == 0)
        q = paper ? MAX(E / 2, 1) : CODE_DIM;
    s->reduction =
        moe_layer_param(layer, "router.reduction", 2, (int64_t[]){q, w}, MOE_PARAM_ROUTER, w);
    s->experts =
        moe_layer_param(layer, "router.experts", 2, (int64_t[]){E, q}, MOE_PARAM_ROUTER, 0);
    moe_init_orthogonal(s->experts, "router.experts", moe_layer_seed(layer), 0.32);
    if (!paper)
        return;
    s->temperature = moe_layer_param(layer, "router.temperature", 1, (int64_t[]){1},
                                     MOE_PARAM_ROUTER | MOE_PARAM_NO_DECAY, 0);
    moe_init_constant(s->temperature, (float)moe_recipe_real(recipe, "cosine.temperature"));
}

static void
set_lengths(MoeTensor *rows, float length)
{
    int64_t n = moe_tensor_last(rows);
    for (int64_t r = 0; r < moe_tensor_rows(rows); r++) {
        float *row = rows->data + r * n;
        double square = 0;
        for (int64_t i = 0; i < n; i++)
            square += (double)row[i] * (double)row[i];
        if (square == 0)
            continue;
        double scale = (double)length / sqrt(square);
        for (int64_t i = 0; i < n; i++)
            row[i] = (float)(scale * (double)row[i]);
    }
}

/* Not in a pass, where the code does it: a pass changes no parameter, so that measuring a model
 * leaves its bits. */
static void
before_step(MoeLayer *layer, void *state, int64_t step)
{
    const State *s = state;
    if (!s->temperature)
        set_lengths(s->experts, CODE_LENGTH);
}

/* [E, q] */
static MoeTensor *
directions_of(MoeTape *tape, const void *state)
{
    const State *s = state;
    return moe_l2_normalise(tape, s->experts, LEAST_LENGTH);
}

static MoeTensor *
score(MoeRouting *routing, void *state)
{
    const State *s = state;
    MoeTape *tape = routing->context->tape;
    MoeTensor *q = moe_linear(tape, routing->units, s->reduction, NULL);
    if (s->temperature)
        q = moe_l2_normalise(tape, q, LEAST_LENGTH);
    MoeTensor *z = moe_linear(tape, q, directions_of(tape, s), NULL);
    return s->temperature ? moe_div(tape, z, s->temperature) : z;
}

static double
flops(const MoeLayer *layer, const void *state)
{
    const State *s = state;
    double q = (double)moe_tensor_last(s->experts);
    return 2.0 * moe_layer_units_per_token(layer) * q *
           (moe_layer_width(layer) + moe_layer_experts(layer));
}

static void
rule(const MoeRecipe *recipe, GPtrArray *problems)
{
    if (moe_recipe_has(recipe, "cosine.flavor", "code") &&
        moe_recipe_changed(recipe, "cosine.temperature"))
        g_ptr_array_add(problems,
                        g_strdup("cosine.temperature: only cosine.flavor = paper has one"));
}

static const MoeField fields[] = {
    {"cosine.dim", MOE_FIELD_INT, "0", 0, 65536, NULL, "units",
     "score = cosine: dimensions that a unit is reduced to; 0: 16 in flavor = code, half of "
     "moe.experts in flavor = paper"},
    {"cosine.flavor", MOE_FIELD_CHOICE, "code", 0, 0, "code | paper", NULL,
     "score = cosine: 'paper' also normalises the unit and divides by a learned temperature"},
    {"cosine.temperature", MOE_FIELD_REAL, "0.3", 0.001, 1000, NULL, NULL,
     "score = cosine, flavor = paper: the temperature to start from (the paper: 0.3 with softmax "
     "gates, 0.07 with gate = sigmoid)"},
};

const MoePart moe__score_cosine = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SCORE,
    .name = "cosine",
    .help = "product of the reduced unit with a learned direction (cosine.*)",
    .cite = "Chi et al. 2022 (X-MoE), arXiv 2204.09179; code: microsoft/torchscale",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .rule = rule,
    .state_size = sizeof(State),
    .init = init,
    .score = score,
    .rows = directions_of,
    .before_step = before_step,
    .flops = flops,
};
