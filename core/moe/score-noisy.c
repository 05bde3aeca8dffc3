/* SPDX-License-Identifier: MIT
 *
 * score = noisy: a linear router whose logits are blurred in training, by noise whose strength is
 * learned:
 *
 *   z = x Wᵀ + ε (softplus(x W_nᵀ) + noisy.floor)      ε ~ N(0, 1)
 *
 * At evaluation z = x Wᵀ.
 */
#include "moe/builtin.h"

typedef struct {
    MoeTensor *weight; /* [E, w] */
    MoeTensor *noise;  /* [E, w] */
} State;

static void
init(MoeLayer *layer, void *state)
{
    State *s = state;
    int64_t E = moe_layer_experts(layer), w = moe_layer_width(layer);
    /* Zeros as in the code: what is routed where is noise alone at first. */
    bool zero = moe_recipe_bool(moe_layer_recipe(layer), "noisy.zero");
    int64_t fan_in = zero ? 0 : w, shape[] = {E, w};
    s->weight = moe_layer_param(layer, "router.weight", 2, shape, MOE_PARAM_ROUTER, fan_in);
    s->noise = moe_layer_param(layer, "router.noise", 2, shape, MOE_PARAM_ROUTER, fan_in);
}

/* ε of every unit and expert: the context's, or drawn from a stream of this layer. */
static MoeTensor *
draw(MoeRouting *routing, int64_t units, int64_t experts)
{
    const MoeContext *context = routing->context;
    MoeTensor *noise = moe_tensor_2d(moe_tape_arena(context->tape), units, experts);
    uint64_t stream = G_GUINT64_CONSTANT(0x0153) << 48 | (uint64_t)moe_layer_index(routing->layer)
                                                             << 32;
    MoeRng rng = moe_rng(context->seed, stream);
    for (int64_t i = 0; i < units * experts; i++)
        noise->data[i] = context->noise ? context->noise[i] : moe_rng_normal(&rng);
    return noise;
}

static MoeTensor *
score(MoeRouting *routing, void *state)
{
    const State *s = state;
    const MoeContext *context = routing->context;
    MoeTape *tape = context->tape;
    MoeTensor *clean = moe_linear(tape, routing->units, s->weight, NULL);
    if (!context->train)
        return clean;
    double floor = moe_recipe_real(moe_layer_recipe(routing->layer), "noisy.floor");
    MoeTensor *std = moe_softplus(tape, moe_linear(tape, routing->units, s->noise, NULL));
    std = moe_affine(tape, std, 1, (float)floor);
    routing->clean = clean;
    routing->noise_std = std;
    MoeTensor *noise = draw(routing, clean->shape[0], clean->shape[1]);
    return moe_add(tape, clean, moe_mul(tape, noise, std));
}

/* The router's rows that a unit is compared with. */
static MoeTensor *
rows(MoeTape *tape, const void *state)
{
    const State *s = state;
    return s->weight;
}

static const MoeField fields[] = {
    {"noisy.floor", MOE_FIELD_REAL, "0.01", 0, 100, NULL, NULL,
     "score = noisy: least standard deviation of the noise"},
    {"noisy.zero", MOE_FIELD_BOOL, "true", 0, 0, NULL, NULL,
     "score = noisy: router and noise start at zero, else as [init] says"},
};

const MoePart moe__score_noisy = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SCORE,
    .name = "noisy",
    .help = "a learned linear map, with noise of learned strength in training",
    .cite = "Shazeer et al. 2017, arXiv 1701.06538, eq. 4; code: Bumble666/Hyper_MoE (gpt-2-moe)",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .state_size = sizeof(State),
    .init = init,
    .score = score,
    .rows = rows,
    .flops = moe__linear_router_flops,
};
