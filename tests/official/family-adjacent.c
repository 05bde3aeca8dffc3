/* SPDX-License-Identifier: MIT
 *
 * Top-k routers of other codes: transformers (Mixtral, OLMoE, Qwen3-MoE), DeepSpeed (Switch top-1
 * with random token selection, GShard top-2) and flaxformer (tokens choose, within groups).
 */
#include "parity.h"

#include <string.h>

/* Wd (silu(Wg x) * (Wu x)), where the layer has W1 = [Wg; Wu] */
#define SWIGLU(gate, up, down)                                               \
    {"w.experts.%d." gate ".weight", "experts.w1", .part = 0, .parts = 2},   \
        {"w.experts.%d." up ".weight", "experts.w1", .part = 1, .parts = 2}, \
        {"w.experts.%d." down ".weight", "experts.w2"},                      \
    {                                                                        \
        NULL, NULL                                                           \
    }

static const ParityName hf_names[] = {{"w.gate.weight", "router.weight"},
                                      SWIGLU("gate_proj", "up_proj", "down_proj")};
static const ParityName mixtral_names[] = {{"w.gate.weight", "router.weight"},
                                           SWIGLU("w1", "w3", "w2")};
static const ParityName deepspeed_names[] = {{"w.gate.wg.weight", "router.weight"},
                                             SWIGLU("gate_proj", "up_proj", "down_proj")};
static const ParityName flaxformer_names[] = {{"w.router", "router.weight", .transposed = true},
                                              {"w.experts.wi", "experts.w1", .transposed = true},
                                              {"w.experts.wo", "experts.w2", .transposed = true},
                                              {NULL, NULL}};

typedef struct {
    const char *variant;
    const ParityName *names;
    const char *loss;             /* its load-balancing loss */
    void (*set)(Parity *, int k); /* keys of its own, the balance among them */
    void (*more)(Parity *);       /* what it records beside the others; or NULL */
} Code;

/* E sum_{c,e} f_ce P_e over the k choices c: k times ours. */
static void
set_switch(Parity *p, int k)
{
    parity_set(p, "moe.balance", "switch");
    parity_set_int(p, "balance.switch", k);
}

/* --- transformers ------------------------------------------------------------------------------*/

static void
set_hf(Parity *p, int k)
{
    parity_set(p, "moe.activation", "swiglu");
    parity_set(p, "moe.gate", parity_flag(p, "norm_topk_prob") ? "renormalised" : "softmax-all");
    set_switch(p, k);
}

static void
compare_masked(Parity *p)
{
    int64_t tokens = p->routing.picks.units;
    if (!parity_has(p, "aux.load_balancing_masked", 1))
        return;
    g_autofree int64_t *mask = parity_read_integers(p, "attention_mask", tokens);
    if (!mask)
        return;
    g_autofree int32_t *padding = g_new(int32_t, tokens);
    for (int64_t t = 0; t < tokens; t++)
        padding[t] = mask[t] ? 0 : -1;
    p->context.padding = padding;
    parity_forward(p);
    parity_compare_tensor(p, "aux.load_balancing_masked",
                          moe_layer_balance_loss(&p->routing, NULL));
    p->context.padding = NULL;
}

/* The loss over the logits of two layers below each other: those of a layer whose router is the
 * identity and whose input they are. */
static void
compare_pooled(Parity *p)
{
    static const ParityName none[] = {{NULL, NULL}};
    int64_t tokens = p->routing.picks.units;
    int E = p->routing.picks.experts;
    size_t n = (size_t)(tokens * E);
    if (!parity_has(p, "aux.load_balancing_2layers_pooled", 1))
        return;
    g_autofree float *first = parity_read(p, "router.logits", (int64_t)n);
    g_autofree float *second = parity_read(p, "router.logits_layer2", (int64_t)n);
    if (!first || !second)
        return;
    g_autofree float *both = g_new(float, 2 * n);
    memcpy(both, first, n * sizeof *both);
    memcpy(both + n, second, n * sizeof *both);
    g_autoptr(Parity) inner = parity_new(p->file);
    inner->partial = true;
    parity_set_int(inner, "moe.experts", E);
    parity_set_int(inner, "moe.k", p->routing.picks.k);
    set_switch(inner, p->routing.picks.k);
    if (parity_build_on(inner, 2 * tokens, E, both, none)) {
        MoeTensor *router = moe_params_find(inner->params, "moe.router.weight");
        for (int64_t i = 0; i < moe_tensor_count(router); i++)
            router->data[i] = i / E == i % E;
        parity_forward(inner);
        parity_compare_tensor(p, "aux.load_balancing_2layers_pooled",
                              moe_layer_balance_loss(&inner->routing, NULL));
    }
    g_string_append(p->problems, inner->problems->str);
}

static void
compare_hf(Parity *p)
{
    compare_masked(p);
    compare_pooled(p);
}

/* --- DeepSpeed ---------------------------------------------------------------------------------*/

static void
set_deepspeed(Parity *p, int k)
{
    bool random = moe_safetensors_find(p->file, "rts_uniform") != NULL;
    parity_set_int(p, "moe.capacity_slots", parity_size(p, "capacity"));
    parity_set(p, "moe.capacity_fill", random ? "random" : "position");
    parity_set(p, "moe.activation", "swiglu");
    parity_set(p, "moe.gate", k > 1 ? "renormalised" : "softmax-all");
    if (k > 1)
        parity_set(p, "moe.renormalise", "kept");
    parity_set(p, "moe.balance", "gshard");
    parity_set(p, "balance.gshard", "1");
}

/* --- flaxformer --------------------------------------------------------------------------------*/

/* E^2 mean over groups and experts of f_ge P_ge, f the share of tokens: k times ours. */
static void
set_flaxformer(Parity *p, int k)
{
    bool prioritised = parity_flag(p, "batch_prioritized_routing");
    parity_set_int(p, "moe.capacity_slots", parity_size(p, "capacity"));
    parity_set(p, "moe.capacity_group", "sequence");
    parity_set(p, "moe.capacity_fill", prioritised ? "probability" : "position");
    parity_set(p, "moe.activation", "relu");
    parity_set(p, "moe.gate", "softmax-all");
    set_switch(p, k);
    parity_set(p, "balance.group", "sequence");
}

/* --- All ---------------------------------------------------------------------------------------*/

static const Code codes[] = {
    {"hf_mixtral", mixtral_names, "aux.load_balancing", set_hf, compare_hf},
    {"hf_olmoe", hf_names, "aux.load_balancing", set_hf, compare_hf},
    {"hf_qwen3moe", hf_names, "aux.load_balancing", set_hf, compare_hf},
    {"switch_top1", deepspeed_names, "aux.l_aux", set_deepspeed, NULL},
    {"gshard_top2", deepspeed_names, "aux.l_aux", set_deepspeed, NULL},
    {"tokens_choose_capacity", flaxformer_names, "aux.load_balance", set_flaxformer, NULL},
};

static const Code *
code_of(const MoeSafetensors *file)
{
    const char *variant = moe_safetensors_metadata(file, "variant");
    /* Others call theirs switch_top1 too: the router's name tells. */
    for (size_t i = 0; variant && i < G_N_ELEMENTS(codes); i++)
        if (g_str_equal(codes[i].variant, variant) &&
            moe_safetensors_find(file, codes[i].names[0].fixture))
            return &codes[i];
    return NULL;
}

static bool
knows(const MoeSafetensors *file)
{
    return code_of(file) != NULL;
}

/* Random numbers that the pass was recorded with; NULL if it had none. (transfer full) */
static float *
read_noise(Parity *p)
{
    const MoeStored *stored = moe_safetensors_find(p->file, "rts_uniform");
    int64_t d = moe_tensor_last(p->x), tokens = moe_tensor_count(p->x) / d;
    return stored ? parity_read(p, "rts_uniform", tokens * moe_layer_experts(p->layer)) : NULL;
}

/* A single gate that is renormalised is 1, and passes nothing on but round-off. */
static void
compare_gradients(Parity *p, const Code *code, int k)
{
    if (k == 1 && moe_recipe_has(p->recipe, "moe.gate", "renormalised"))
        p->least = PARITY_ROUNDING;
    parity_backward(p, p->y, "r", "grad.", code->names);
    parity_compare_logits_gradient(p, "grad.router.logits");
    p->least = PARITY_LEAST;
}

/* The z-loss alone: the other stays, with weight 0, since a recipe can't weight what it hasn't. */
static void
set_z_loss(Parity *p)
{
    const char *other = moe_recipe_text(p->recipe, "moe.balance");
    g_autofree char *weight = g_strconcat("balance.", other, NULL);
    g_autofree char *both = g_strconcat(other, ", z-loss", NULL);
    parity_set(p, weight, "0");
    parity_set(p, "moe.balance", both);
    parity_set(p, "balance.z_loss", "1");
}

static void
check(Parity *p)
{
    const Code *code = code_of(p->file);
    int d_model = parity_size(p, "d_model"), k = parity_size(p, "top_k");
    parity_set_int(p, "moe.experts", parity_size(p, "num_experts"));
    parity_set_int(p, "moe.hidden", parity_size(p, "d_ff"));
    parity_set_int(p, "moe.k", k);
    parity_set(p, "moe.bias", "false");
    parity_set(p, "moe.score", "watched");
    code->set(p, k);
    if (p->problems->len || !parity_build(p, d_model, code->names))
        return;
    g_autofree float *noise = read_noise(p);
    p->context.noise = noise;
    parity_forward(p);
    parity_compare_tensor(p, "y", p->y);
    parity_compare_routing(p);
    compare_gradients(p, code, k);
    parity_balance(p, code->loss, "grad_aux.", code->names);
    if (code->more)
        code->more(p);
    set_z_loss(p);
    if (!parity_build(p, d_model, code->names))
        return;
    p->context.noise = noise;
    parity_balance(p, "aux.z_loss", "grad_aux_z.", code->names);
}

const ParityFamily parity_adjacent = {.name = "adjacent", .knows = knows, .check = check};
