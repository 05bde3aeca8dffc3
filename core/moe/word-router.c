/* SPDX-License-Identifier: MIT
 *
 * balance = word-router: the two stages of StableMoE. A router that knows a token's id alone,
 *
 *   s_ui = D(token of u) · ĉ_i,   D [V, q], ĉ [E, q]
 *
 * learns in the first stage to tell the expert that each unit was sent to (cross-entropy), and in
 * the second, from stablemoe.freeze_step on, takes over: it selects, frozen, so that a token's
 * expert never changes again. Gates still come from the scores, which go on learning.
 *
 * Evaluation follows the stage that training is in. (The authors' code evaluates with the word
 * router in the first stage too; its trained models are in the second.) A layer that knows no
 * vocabulary, or a pass without token ids, has no word router.
 */
#include "moe/builtin.h"

typedef struct {
    MoeTensor *words;   /* D [V, q]; NULL: no vocabulary */
    MoeTensor *experts; /* ĉ [E, q] */
    MoeTensor *frozen;  /* [1] 0: the first stage, 1: the second; saved with the model */
    int64_t freeze_step;
} State;

static void
init(MoeLayer *layer, void *state)
{
    State *s = state;
    const MoeRecipe *recipe = moe_layer_recipe(layer);
    int64_t V = moe_layer_vocabulary(layer), E = moe_layer_experts(layer);
    int64_t q = moe_recipe_int(recipe, "stablemoe.word_dim");
    uint64_t seed = moe_layer_seed(layer);
    s->freeze_step = moe__stable_freeze_step(recipe);
    if (V == 0)
        return;
    s->words = moe_layer_param(layer, "router.words", 2, (int64_t[]){V, q},
                               MOE_PARAM_ROUTER | MOE_PARAM_NO_DECAY, 0);
    moe_init_normal(s->words, "router.words", seed, 1);
    s->experts =
        moe_layer_param(layer, "router.word_experts", 2, (int64_t[]){E, q}, MOE_PARAM_ROUTER, 0);
    moe_init_orthogonal(s->experts, "router.word_experts", seed, 0.1);
    s->frozen = moe_layer_param(layer, "router.words_frozen", 1, (int64_t[]){1},
                                MOE_PARAM_ROUTER | MOE_PARAM_BUFFER, 0);
}

static bool
is_there(const MoeRouting *routing, const State *s)
{
    return s->words && routing->context->token;
}

/* [U, E] */
static MoeTensor *
word_scores(const MoeRouting *routing, const State *s)
{
    const MoeContext *context = routing->context;
    int64_t units = moe_tensor_rows(routing->logits);
    int units_per_token = moe_layer_units_per_token(routing->layer);
    g_autofree int32_t *id = g_new(int32_t, units);
    for (int64_t u = 0; u < units; u++)
        id[u] = context->token[u / units_per_token];
    MoeTensor *words = moe_embedding(context->tape, s->words, id, units);
    return moe_linear(context->tape, words, s->experts, NULL);
}

static void
prefer(MoeRouting *routing, void *state)
{
    const State *s = state;
    if (!is_there(routing, s) || s->frozen->data[0] == 0)
        return;
    routing->own_selection = word_scores(routing, s)->data;
    routing->selection = routing->own_selection;
}

/* Of the word router, for telling first choices; padding (-1) has none to tell. */
static MoeTensor *
loss(MoeRouting *routing, void *state)
{
    const State *s = state;
    const MoePicks *picks = &routing->picks;
    if (!is_there(routing, s) || s->frozen->data[0] != 0)
        return NULL;
    g_autofree int32_t *chosen = g_new(int32_t, picks->units);
    for (int64_t u = 0; u < picks->units; u++)
        chosen[u] = picks->expert[u * picks->k];
    return moe_cross_entropy(routing->context->tape, word_scores(routing, s), chosen, NULL);
}

static double
coefficient(const MoeRecipe *recipe)
{
    return moe_recipe_real(recipe, "balance.word_router");
}

static void
before_step(MoeLayer *layer, void *state, int64_t step)
{
    State *s = state;
    if (!s->words || step < s->freeze_step)
        return;
    s->frozen->data[0] = 1;
    s->words->needs_grad = s->experts->needs_grad = false;
}

/* The stage; and the share of units whose first choice is the word router's. */
static void
report(MoeRouting *routing, void *state, bool thorough, const MoeReporter *to)
{
    const State *s = state;
    const MoePicks *picks = &routing->picks;
    if (!is_there(routing, s))
        return;
    moe_report_scalar(to, "words_frozen", (double)s->frozen->data[0]);
    if (!thorough)
        return;
    g_autofree int32_t *told = g_new(int32_t, picks->units);
    moe_topk(word_scores(routing, s)->data, picks->units, picks->experts, 1, told);
    int64_t alike = 0, routed = 0;
    for (int64_t u = 0; u < picks->units; u++) {
        routed += picks->expert[u * picks->k] >= 0;
        alike += picks->expert[u * picks->k] == told[u];
    }
    moe_report_scalar(to, "words_agree", (double)alike / (double)MAX(routed, 1));
}

static double
flops(const MoeLayer *layer, const void *state)
{
    const State *s = state;
    return s->words ? 2.0 * moe_layer_units_per_token(layer) * (double)moe_tensor_count(s->experts)
                    : 0;
}

static const MoeField fields[] = {
    {"stablemoe.freeze_step", MOE_FIELD_INT, "0", 0, 1LL << 40, NULL, "steps",
     "balance = word-router, stable: the step at which the second stage begins; 0: after a tenth "
     "of train.steps"},
    {"stablemoe.word_dim", MOE_FIELD_INT, "50", 1, 65536, NULL, "units",
     "balance = word-router: width of its word embeddings"},
    {"balance.word_router", MOE_FIELD_REAL, "0.3", 0, 1000, NULL, NULL,
     "coefficient of 'word-router' in the first stage"},
};

const MoePart moe__balance_word_router = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_BALANCE,
    .name = "word-router",
    .help = "a router of words that learns the routing, then is frozen and decides (stablemoe.*)",
    .cite = "Dai et al. 2022 (StableMoE), arXiv 2204.08396, section 3; code: Hunter-DDM/stablemoe",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .state_size = sizeof(State),
    .init = init,
    .loss = loss,
    .coefficient = coefficient,
    .prefer = prefer,
    .before_step = before_step,
    .report = report,
    .flops = flops,
};
