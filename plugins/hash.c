/* SPDX-License-Identifier: MIT
 *
 * score = hash: hash layers (Roller et al. 2021, arXiv 2106.04426). Which experts a token goes to
 * follows from its id alone: nothing is learned, and the load is as even as the text is. The
 * learning-free control: a learned router has to beat it.
 *
 *   random   the i-th expert of a unit is a draw without replacement, from a random stream of the
 *            layer that the hashed number names: another table in each layer
 *   modulo   (number + i) mod E, the same in each layer
 *
 * The number is that of the token, of the one before it, of both, or of the position; where a token
 * is cut into sub-tokens, each has numbers of its own. A layer that is run without ids (on its own,
 * outside of a model) takes the row for the id. The paper's gate is 1 (moe.gate = one).
 */
#include <moescope/plugin.h>

typedef enum { HASH_RANDOM, HASH_MODULO } Kind;
typedef enum { OF_TOKEN, OF_PREVIOUS, OF_BIGRAM, OF_POSITION } Of;

typedef struct {
    Kind kind;
    Of of;
} State;

/* Makes another seed of the layer's, whose streams are none of its parameters'. */
#define SALT (G_GUINT64_CONSTANT(0x4a54) << 48)

/* Logits of the experts that a unit isn't sent to: their share of the softmax is 1e-13 each. */
#define ELSEWHERE (-30.0f)
/* Between one choice and the next: keeps their order, and leaves the softmax even. */
#define STEP (1.0f / 1024)

static void
init(MoeLayer *layer, void *state)
{
    State *s = state;
    const MoeRecipe *recipe = moe_layer_recipe(layer);
    s->kind = (Kind)moe_recipe_choice(recipe, "hash.kind");
    s->of = (Of)moe_recipe_choice(recipe, "hash.of");
}

/* The id of token n as a number from 1; 0 before the first of a sequence. */
static uint64_t
token_number(const MoeContext *context, int64_t n, bool previous)
{
    if (previous && (context->length == 0 || n % context->length == 0))
        return 0;
    n -= previous;
    return (uint64_t)(context->token ? context->token[n] : n) + 1;
}

static uint64_t
hashed_number(const State *s, const MoeContext *context, int64_t n)
{
    switch (s->of) {
    case OF_TOKEN:
        return token_number(context, n, false);
    case OF_PREVIOUS:
        return token_number(context, n, true);
    case OF_BIGRAM: /* ids have 31 bits */
        return token_number(context, n, true) << 32 | token_number(context, n, false);
    case OF_POSITION:
        return (uint64_t)(context->length > 0 ? n % context->length : n);
    }
    g_assert_not_reached();
}

/* The first k places of a shuffled deck: Fisher and Yates's, of which only the cards that moved are
 * kept. expert [k]; from [k], to [k]: scratch. */
static void
draw(MoeRng *rng, int experts, int k, int32_t *expert, int32_t *from, int32_t *to)
{
    for (int i = 0; i < k; i++) {
        int32_t at = i + (int32_t)moe_rng_below(rng, (uint64_t)(experts - i));
        int32_t card = at, top = i;
        for (int j = 0; j < i; j++) {
            if (from[j] == at)
                card = to[j];
            if (from[j] == i)
                top = to[j];
        }
        expert[i] = card;
        from[i] = at;
        to[i] = top;
    }
}

/* Picks a unit in this pass. */
static int
picks_wanted(const MoeRouting *routing)
{
    const MoeContext *context = routing->context;
    int k = context->k > 0   ? context->k
            : context->train ? moe_layer_k_at(routing->layer, context->step)
                             : moe_layer_k(routing->layer);
    return MIN(k, moe_layer_experts(routing->layer));
}

static MoeTensor *
score(MoeRouting *routing, void *state)
{
    const State *s = state;
    const MoeLayer *layer = routing->layer;
    int E = moe_layer_experts(layer), k = picks_wanted(routing);
    int per_token = moe_layer_units_per_token(layer);
    int64_t units = moe_tensor_rows(routing->units);
    MoeTensor *logits = moe_tensor_2d(moe_tape_arena(routing->context->tape), units, E);
    g_autofree int32_t *expert = g_new(int32_t, 3 * k);
    for (int64_t u = 0; u < units; u++) {
        uint64_t number = hashed_number(s, routing->context, u / per_token);
        number = number * (uint64_t)per_token + (uint64_t)(u % per_token);
        MoeRng rng = moe_rng(moe_layer_seed(layer) ^ SALT, number);
        if (s->kind == HASH_RANDOM)
            draw(&rng, E, k, expert, expert + k, expert + 2 * k);
        for (int i = 0; s->kind == HASH_MODULO && i < k; i++)
            expert[i] = (int32_t)((number + (uint64_t)i) % (uint64_t)E);
        float *z = logits->data + u * E;
        for (int e = 0; e < E; e++)
            z[e] = ELSEWHERE;
        for (int i = 0; i < k; i++)
            z[expert[i]] = -STEP * (float)i;
    }
    return logits;
}

/* What can't change where a unit goes has no place beside this. */
static void
rule(const MoeRecipe *recipe, GPtrArray *problems)
{
    int n;
    const MoePart *const *balance = moe_parts_list(MOE_PLACE_BALANCE, &n);
    if (!moe_recipe_has(recipe, "moe.select", "topk"))
        g_ptr_array_add(problems, g_strdup_printf("moe.select: '%s' has nothing to choose from: "
                                                  "moe.score = hash says the experts (topk takes "
                                                  "them)",
                                                  moe_recipe_text(recipe, "moe.select")));
    if (moe_recipe_int(recipe, "topk.groups") > 1)
        g_ptr_array_add(problems, g_strdup("topk.groups: moe.score = hash says the experts, in "
                                           "whatever group they are"));
    for (int i = 0; i < n; i++)
        if (balance[i]->prefer && moe_recipe_has(recipe, "moe.balance", balance[i]->name))
            g_ptr_array_add(problems,
                            g_strdup_printf("moe.balance: '%s' can't change what moe.score = hash "
                                            "says",
                                            balance[i]->name));
}

static const MoeField fields[] = {
    {"hash.kind", MOE_FIELD_CHOICE, "random", 0, 0, "random | modulo", NULL,
     "score = hash: experts drawn at random for each number, or number mod experts"},
    {"hash.of", MOE_FIELD_CHOICE, "token", 0, 0, "token | previous | bigram | position", NULL,
     "what is hashed: the token, the one before it, both, or the position"},
};

static const MoePart hash = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SCORE,
    .name = "hash",
    .help = "experts follow from the token's id; nothing is learned",
    .cite = "Roller et al. 2021, arXiv 2106.04426, eq. 2-3",
    .flags = MOE_PART_UNTRAINED,
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .rule = rule,
    .state_size = sizeof(State),
    .init = init,
    .score = score,
};

static const MoePart *const parts[] = {&hash};
static const MoePreset presets[] = {
    {"moe.variant", "hash", "moe.k=1\nmoe.score=hash\nmoe.gate=one\nmoe.balance=none",
     "hash layer: the token's id says the expert, gate 1 (Roller et al. 2021)"},
};

MOE_PLUGIN = {
    .struct_size = sizeof(MoePlugin),
    .name = "hash",
    .version = "1.0",
    .help = "hash layers: routing without a router",
    .parts = parts,
    .n_parts = G_N_ELEMENTS(parts),
    .presets = presets,
    .n_presets = G_N_ELEMENTS(presets),
};
