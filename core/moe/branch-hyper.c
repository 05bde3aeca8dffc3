/* SPDX-License-Identifier: MIT
 *
 * branch = hyper-expert: HyperMoE. A hypernetwork, one for all layers, generates an expert for each
 * unit from the experts that the unit was *not* sent to (S: those it was sent to):
 *
 *   s = Σ_{j ∉ S} e_j                        selection embedding
 *   h = W2 relu(W1 s + b1) + b2              compressed
 *   q = relu(W [h; l] + b)                   l: the layer's embedding
 *   D, bd, U, bu = heads(q)
 *   Ê(x) = U relu(D x + bd) + bu             added to the experts' output, ungated
 *
 * All of it follows from S alone, so it is generated once for each distinct S of the pass. The
 * rows of the two large heads are laid out so that what they generate for all sets is a tensor of
 * weights [sets, out, in] as it stands, whose groups are the units of each set.
 */
#include "moe/branch-hyper.h"
#include "moe/builtin.h"
#include "moe/layer.h"

#include <math.h>

/* --- Parameters ------------------------------------------------------------------------------- */

/* W and b of a torch.nn.Linear, drawn as it draws them. */
static void
linear(MoeLayer *layer, const char *weight, const char *bias, int64_t out, int64_t in,
       MoeTensor **w, MoeTensor **b)
{
    double limit = 1 / sqrt((double)in);
    *w = moe_layer_param_uniform(layer, weight, 2, (int64_t[]){out, in}, 0, limit);
    *b = moe_layer_param_uniform(layer, bias, 1, &out, MOE_PARAM_NO_DECAY, limit);
}

/* The same, shared by all layers, its weights U(±limit) and its bias U(±bias_limit). */
static void
shared_linear(MoeLayer *layer, const char *name, int64_t out, int64_t in, double limit,
              double bias_limit, MoeTensor **w, MoeTensor **b)
{
    bool is_new;
    g_autofree char *weight = g_strdup_printf("hyper_expert.%s.weight", name);
    g_autofree char *bias = g_strdup_printf("hyper_expert.%s.bias", name);
    *w = moe_layer_shared_param(layer, weight, 2, (int64_t[]){out, in}, 0, &is_new);
    if (is_new)
        moe_init_uniform(*w, weight, moe_layer_seed(layer), limit);
    *b = moe_layer_shared_param(layer, bias, 1, &out, MOE_PARAM_NO_DECAY, &is_new);
    if (is_new)
        moe_init_uniform(*b, bias, moe_layer_seed(layer), bias_limit);
}

/* A head that generates weights with `fan_in` inputs (1: a bias): drawn so that what it generates
 * first is a thousandth of Kaiming's ("hyperfanin" of the code), and the layer starts as if it had
 * no branch. */
static void
head(MoeLayer *layer, const char *name, int64_t out, int64_t in, int64_t fan_in, MoeTensor **w,
     MoeTensor **b)
{
    shared_linear(layer, name, out, in, 1e-3 * sqrt(3 / (double)(in * fan_in)), 0, w, b);
}

static void
init_hypernetwork(MoeLayer *layer, MoeHyperBranch *s, int64_t in)
{
    int64_t w = moe_layer_width(layer), a = s->adapter;
    int64_t b = moe_recipe_int(moe_layer_recipe(layer), "hyper_expert.bottleneck");
    double limit = 1 / sqrt((double)in);
    shared_linear(layer, "hidden", b, in, limit, limit, &s->hidden, &s->hidden_bias);
    head(layer, "down", a * w, b, w, &s->down, &s->down_bias);
    head(layer, "up", w * a, b, a, &s->up, &s->up_bias);
    head(layer, "shift_down", a, b, 1, &s->shift_down, &s->shift_down_bias);
    head(layer, "shift_up", w, b, 1, &s->shift_up, &s->shift_up_bias);
}

/* Rows drawn N(0, 1), as torch.nn.Embedding does. */
static MoeTensor *
embedding(MoeLayer *layer, const char *name, int64_t rows, int64_t width)
{
    MoeTensor *x = moe_layer_param(layer, name, 2, (int64_t[]){rows, width}, MOE_PARAM_NO_DECAY, 0);
    moe_init_normal(x, name, moe_layer_seed(layer), 1);
    return x;
}

static void
init(MoeLayer *layer, void *state)
{
    MoeHyperBranch *s = state;
    const MoeRecipe *recipe = moe_layer_recipe(layer);
    int64_t e = moe_recipe_int(recipe, "hyper_expert.embedding");
    int64_t p = moe_recipe_int(recipe, "hyper_expert.process");
    int64_t h = moe_recipe_int(recipe, "hyper_expert.input");
    int64_t l = moe_recipe_int(recipe, "hyper_expert.layer_embedding");
    s->condition = (MoeHyperCondition)moe_recipe_choice(recipe, "hyper_expert.condition");
    s->adapter = moe_recipe_int(recipe, "hyper_expert.adapter");
    s->embedding = embedding(layer, "hyper_expert.embedding", moe_layer_experts(layer), e);
    linear(layer, "hyper_expert.w1", "hyper_expert.b1", p, e, &s->w1, &s->b1);
    linear(layer, "hyper_expert.w2", "hyper_expert.b2", h, p, &s->w2, &s->b2);
    s->layer = embedding(layer, "hyper_expert.layer", 1, l);
    init_hypernetwork(layer, s, h + l);
}

const MoeHyperBranch *
moe__hyper_branch(const MoeLayer *layer)
{
    g_assert(layer->place[MOE_PLACE_BRANCH].part == &moe__branch_hyper);
    return layer->place[MOE_PLACE_BRANCH].state;
}

/* --- A pass ------------------------------------------------------------------------------------*/

/* With which weight each expert's embedding enters each set's: [S, E]. */
static MoeTensor *
condition_weights(const MoeHyperBranch *s, const MoeSets *sets, int experts, MoeArena *arena)
{
    MoeTensor *weights = moe_tensor_2d(arena, sets->units.groups, experts);
    bool selected = s->condition == MOE_CONDITION_SELECTED;
    for (int set = 0; set < sets->units.groups; set++) {
        float *row = weights->data + (int64_t)set * experts;
        int64_t unselected = experts - (sets->first[set + 1] - sets->first[set]);
        float weight = s->condition == MOE_CONDITION_UNSELECTED_MEAN && unselected > 0
                           ? 1 / (float)unselected
                           : 1;
        for (int e = 0; e < experts; e++)
            row[e] = selected ? 0 : weight;
        for (int64_t i = sets->first[set]; i < sets->first[set + 1]; i++)
            row[sets->member[i]] = selected ? 1 : 0;
    }
    return weights;
}

/* Σ_j weight_j e_j for every set: [S, e]. */
static MoeTensor *
selection_embeddings(const MoeHyperBranch *s, const MoeSets *sets, MoeTape *tape)
{
    int64_t S = sets->units.groups, E = s->embedding->shape[0], e = s->embedding->shape[1];
    MoeTensor *weights = condition_weights(s, sets, (int)E, moe_tape_arena(tape));
    weights = moe_reshape(tape, weights, 3, (int64_t[]){1, S, E});
    MoeTensor *rows = moe_reshape(tape, s->embedding, 3, (int64_t[]){1, E, e});
    return moe_reshape(tape, moe_bmm(tape, weights, rows, false), 2, (int64_t[]){S, e});
}

/* The layer's embedding beside every row of h. */
static MoeTensor *
beside_layer(const MoeHyperBranch *s, MoeTape *tape, MoeTensor *h)
{
    int64_t S = h->shape[0];
    int32_t *zeros = moe_arena_alloc0(moe_tape_arena(tape), (size_t)S * sizeof *zeros);
    return moe_concat_last(tape, h, moe_gather_rows(tape, s->layer, zeros, S));
}

/* An expert for each set. */
static void
generate(MoeHyperBranch *s, MoeTape *tape, int64_t width)
{
    MoeHyperPass *pass = &s->pass;
    int64_t S = pass->sets.units.groups, a = s->adapter;
    pass->selection = selection_embeddings(s, &pass->sets, tape);
    MoeTensor *h = moe_relu(tape, moe_linear(tape, pass->selection, s->w1, s->b1));
    pass->compressed = moe_linear(tape, h, s->w2, s->b2);
    pass->input = beside_layer(s, tape, pass->compressed);
    MoeTensor *q = moe_relu(tape, moe_linear(tape, pass->input, s->hidden, s->hidden_bias));
    pass->hidden = q;
    MoeTensor *down = moe_linear(tape, q, s->down, s->down_bias);
    MoeTensor *up = moe_linear(tape, q, s->up, s->up_bias);
    pass->down = moe_reshape(tape, down, 3, (int64_t[]){S, a, width});
    pass->up = moe_reshape(tape, up, 3, (int64_t[]){S, width, a});
    pass->down_bias = moe_linear(tape, q, s->shift_down, s->shift_down_bias);
    pass->up_bias = moe_linear(tape, q, s->shift_up, s->shift_up_bias);
}

static MoeTensor *
branch(MoeRouting *routing, void *state)
{
    MoeHyperBranch *s = state;
    MoeHyperPass *pass = &s->pass;
    MoeTape *tape = routing->context->tape;
    pass->sets = moe__sets_of_picks(&routing->picks, moe_tape_arena(tape));
    const MoeGroups *units = &pass->sets.units;
    generate(s, tape, moe_layer_width(routing->layer));
    MoeTensor *h = moe_grouped_linear(tape, routing->units, pass->down, pass->down_bias, units);
    h = moe_relu(tape, h);
    return moe_grouped_scatter(tape, h, pass->up, pass->up_bias, units, routing->picks.units);
}

/* --- Costs ------------------------------------------------------------------------------------ */

/* Applying the generated expert. */
static double
flops(const MoeLayer *layer, const void *state)
{
    const MoeHyperBranch *s = state;
    return 2 * 2 * (double)s->adapter * moe_layer_width(layer) * moe_layer_units_per_token(layer);
}

/* How many sets a pass can have: C(E, k), or 2^E where k varies; as a double, for it may be vast.
 */
static double
possible_sets(const MoeLayer *layer)
{
    int E = moe_layer_experts(layer), k = moe_layer_k(layer);
    if (k == 0)
        return exp2(E);
    double sets = 1;
    for (int i = 1; i <= k; i++)
        sets = sets * (E - k + i) / i;
    return sets;
}

/* Generating experts, one a set. */
static double
pass_flops(const MoeLayer *layer, const void *state, int64_t units)
{
    const MoeHyperBranch *s = state;
    const MoeTensor *matrices[] = {s->embedding, s->w1, s->w2,         s->hidden,
                                   s->down,      s->up, s->shift_down, s->shift_up};
    double weights = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(matrices); i++)
        weights += (double)moe_tensor_count(matrices[i]);
    return 2 * weights * fmin((double)units, possible_sets(layer));
}

static const MoeField fields[] = {
    {"hyper_expert.condition", MOE_FIELD_CHOICE, "unselected-sum", 0, 0,
     "unselected-sum | unselected-mean | selected", NULL,
     "branch = hyper-expert: the expert embeddings that a unit's expert is generated from"},
    {"hyper_expert.adapter", MOE_FIELD_INT, "64", 1, 1 << 16, NULL, "units",
     "hidden width of the generated expert, and of branch = static-adapter"},
    {"hyper_expert.embedding", MOE_FIELD_INT, "128", 1, 1 << 16, NULL, "units",
     "branch = hyper-expert: width of an expert's embedding"},
    {"hyper_expert.process", MOE_FIELD_INT, "128", 1, 1 << 16, NULL, "units",
     "branch = hyper-expert: hidden width of what compresses the embeddings"},
    {"hyper_expert.input", MOE_FIELD_INT, "128", 1, 1 << 16, NULL, "units",
     "branch = hyper-expert: width of what it compresses them to"},
    {"hyper_expert.bottleneck", MOE_FIELD_INT, "128", 1, 1 << 16, NULL, "units",
     "branch = hyper-expert: hidden width of the hypernetwork that all layers share"},
    {"hyper_expert.layer_embedding", MOE_FIELD_INT, "10", 1, 1 << 16, NULL, "units",
     "branch = hyper-expert: width of a layer's embedding"},
};

const MoePart moe__branch_hyper = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_BRANCH,
    .name = "hyper-expert",
    .help = "an expert that a hypernetwork generates from the experts not picked",
    .cite = "Zhao et al. 2024 (HyperMoE), arXiv 2402.12656; code: Bumble666/Hyper_MoE",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .state_size = sizeof(MoeHyperBranch),
    .init = init,
    .branch = branch,
    .report = moe__hyper_report,
    .flops = flops,
    .pass_flops = pass_flops,
};
