/* SPDX-License-Identifier: MIT
 *
 * The layers of HyperRouter's code and its relatives: smoe, smoe_dropout, hyperrouter, xmoe,
 * stablemoe. One layer, differing in the router: top-k, softmax over the selected, ReLU experts.
 */
#include "parity.h"

#include <math.h>
#include <string.h>

typedef struct {
    const char *method, *score;
    const ParityName *names;
} Method;

#define EXPERTS                                                                       \
    {"experts.htoh4.weight", "experts.w1"}, {"experts.htoh4.bias", "experts.b1"},     \
        {"experts.h4toh.weight", "experts.w2"}, {"experts.h4toh.bias", "experts.b2"}, \
    {                                                                                 \
        NULL, NULL                                                                    \
    }

static const ParityName linear_names[] = {
    {"gate.gate.weight", "router.weight"}, {"gate.gate.bias", "router.bias"}, EXPERTS};
static const ParityName hyper_names[] = {
    {"gate.embedding", "router.embedding"},      {"gate.hypernet.0.weight", "router.hyper.w1"},
    {"gate.hypernet.0.bias", "router.hyper.b1"}, {"gate.hypernet.2.weight", "router.hyper.w2"},
    {"gate.hypernet.2.bias", "router.hyper.b2"}, EXPERTS};
static const ParityName cosine_names[] = {{"gate.expert_embeddings", "router.experts"},
                                          {"gate.inp_reduction.weight", "router.reduction"},
                                          EXPERTS};
static const ParityName unit_names[] = {{"gate.expert_embeddings", "router.experts"}, EXPERTS};

static const Method methods[] = {
    {"smoe", "linear", linear_names},      {"smoe_dropout", "frozen", linear_names},
    {"hyperrouter", "hyper", hyper_names}, {"xmoe", "cosine", cosine_names},
    {"stablemoe", "unit", unit_names},
};

static const Method *
method_of(const MoeSafetensors *file)
{
    const char *name = moe_safetensors_metadata(file, "method");
    for (size_t i = 0; name && i < G_N_ELEMENTS(methods); i++)
        if (g_str_equal(methods[i].method, name))
            return &methods[i];
    return NULL;
}

static bool
knows(const MoeSafetensors *file)
{
    return method_of(file) != NULL;
}

/* The code divides P by N k where 'switch' takes the mean over N: its loss is 1/k of it. */
static void
set_balance(Parity *p, int k)
{
    const char *temperature = moe_safetensors_metadata(p->file, "aux_temperature");
    bool has_loss = moe_safetensors_find(p->file, "aux_loss") != NULL;
    parity_set(p, "moe.balance", has_loss ? "switch" : "none");
    if (!has_loss || k == 0)
        return;
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    parity_set(p, "balance.switch", g_ascii_dtostr(text, sizeof text, 1.0 / k));
    if (temperature)
        parity_set(p, "balance.temperature", temperature);
}

static void
set_recipe(Parity *p, const Method *method)
{
    int k = parity_size(p, "top_k");
    parity_set_int(p, "moe.experts", parity_size(p, "num_expert"));
    parity_set_int(p, "moe.k", k);
    parity_set_int(p, "moe.hidden", parity_size(p, "d_hidden"));
    parity_set(p, "moe.activation", "relu");
    parity_set(p, "moe.score", method->score);
    parity_set(p, "moe.gate", "softmax-selected");
    if (g_str_equal(method->score, "linear"))
        parity_set(p, "moe.router_bias", "true");
    if (g_str_equal(method->score, "hyper"))
        parity_set_int(p, "hyper.size", parity_size(p, "hyper_size"));
    if (g_str_equal(method->score, "cosine"))
        parity_set_int(p, "cosine.dim", parity_size(p, "route_dim"));
    set_balance(p, k);
}

static void
compare_picks(Parity *p)
{
    const MoePicks *picks = &p->routing.picks;
    int64_t n = picks->units * picks->k;
    g_autofree int64_t *expert = g_new(int64_t, n);
    for (int64_t i = 0; i < n; i++)
        expert[i] = picks->expert[i];
    parity_compare_exactly(p, "topk_idx_sorted", expert, n);
    parity_compare_exactly(p, "expert_count", picks->load, picks->experts);
    parity_compare(p, "topk_gate_sorted", picks->gate, n, PARITY_FORWARD);
    /* The same picks in the order of an unsorted top-k, which is arbitrary. */
    parity_find(p, "topk_idx");
    parity_find(p, "topk_gate");
}

static void
compare_entropy(Parity *p, const MoeTensor *probabilities)
{
    int64_t units = moe_tensor_rows(probabilities), experts = moe_tensor_last(probabilities);
    g_autofree float *entropy = g_new(float, units);
    for (int64_t u = 0; u < units; u++) {
        double sum = 0;
        for (int64_t e = 0; e < experts; e++) {
            double q = (double)probabilities->data[u * experts + e];
            sum -= q > 0 ? q * log(q) : 0;
        }
        entropy[u] = (float)sum;
    }
    parity_compare(p, "entropy", entropy, units, PARITY_FORWARD);
}

/* LayerNorm(x + y), the block around the layer. */
static void
compare_block(Parity *p)
{
    int64_t d = moe_tensor_last(p->x);
    MoeArena *arena = moe_tape_arena(p->tape);
    g_autofree float *weight = parity_read(p, "layer_norm.weight", d);
    g_autofree float *bias = parity_read(p, "layer_norm.bias", d);
    if (!weight || !bias)
        return;
    MoeTensor *w = moe_tensor_1d(arena, d), *b = moe_tensor_1d(arena, d);
    memcpy(w->data, weight, (size_t)d * sizeof *weight);
    memcpy(b->data, bias, (size_t)d * sizeof *bias);
    MoeTensor *out = moe_layer_norm(p->tape, moe_add(p->tape, p->x, p->y), w, b, 1e-5f);
    parity_compare_tensor(p, "block_out", out);
}

static void
compare_forward(Parity *p)
{
    const MoeTensor *probabilities = moe_routing_probabilities(&p->routing);
    parity_compare_tensor(p, "logits", p->routing.logits);
    parity_compare_tensor(p, "probs", probabilities);
    compare_entropy(p, probabilities);
    compare_picks(p);
    parity_compare_tensor(p, "y", p->y);
    compare_block(p);
}

/* d sum(y r): once as the method trains, once with what it freezes set free, as some files
 * recorded it. */
static void
compare_backward(Parity *p, const ParityName *names)
{
    parity_backward(p, p->y, "r", "grad.", names);
    parity_balance(p, "aux_loss", "grad_aux.", names);
    parity_unfreeze(p);
    parity_forward(p);
    parity_backward(p, p->y, "r", "grad_unfrozen.", names);
}

/* The generated router, seen from outside: the logits of 0 are its bias, those of a unit vector
 * its bias and a column of its weights. */
static void
compare_generated(Parity *p)
{
    int64_t d = moe_tensor_last(p->x), E = moe_layer_experts(p->layer);
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    MoeTensor *probe = moe_tensor_zeros(moe_tape_arena(tape), 2, (int64_t[]){d + 1, d});
    for (int64_t i = 0; i < d; i++)
        probe->data[i * d + i] = 1;
    MoeContext context = {.tape = tape, .keep = p->keep, .sequences = 1, .length = (int)d + 1};
    MoeRouting routing;
    moe_layer_forward(p->layer, &context, probe, &routing);
    const float *z = routing.logits->data, *bias = z + d * E;
    g_autofree float *weight = g_new(float, E *d);
    for (int64_t e = 0; e < E; e++)
        for (int64_t i = 0; i < d; i++)
            weight[e * d + i] = z[i * E + e] - bias[e];
    parity_compare(p, "gen.gate.weight", weight, E * d, PARITY_FORWARD);
    parity_compare(p, "gen.gate.bias", bias, E, PARITY_FORWARD);
}

static void
check(Parity *p)
{
    const Method *method = method_of(p->file);
    set_recipe(p, method);
    int d_model = parity_size(p, "d_model");
    if (p->problems->len || !parity_build(p, d_model, method->names))
        return;
    parity_forward(p);
    compare_forward(p);
    if (g_str_equal(method->score, "hyper"))
        compare_generated(p);
    if (g_str_equal(method->score, "cosine")) {
        parity_compare_tensor(p, "after.gate.expert_embeddings",
                              moe_params_find(p->params, "moe.router.experts"));
        /* A linear router that the code makes and never reads. */
        parity_find(p, "gate.gate.weight");
        parity_find(p, "gate.gate.bias");
    }
    compare_backward(p, method->names);
}

const ParityFamily parity_routers = {.name = "routers", .knows = knows, .check = check};
