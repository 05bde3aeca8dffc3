/* SPDX-License-Identifier: MIT
 *
 * MH-MoE's layer (any number of heads, linear router or X-MoE's) and torchscale's X-MoE layer.
 */
#include "parity.h"

#include <math.h>
#include <string.h>

/* Which form of router and expert applies is told by the arrays that are there. */
#define ROUTER_AND_HEADS                                                                          \
    {"gate.wg.weight", "router.weight"}, {"gate.wg", "router.experts"},                           \
        {"gate.wg_reduction.weight", "router.reduction"}, {"multi_heads.weight", "heads.weight"}, \
        {"multi_heads.bias", "heads.bias"}, {"out_proj.weight", "merge.weight"},                  \
    {                                                                                             \
        "out_proj.bias", "merge.bias"                                                             \
    }
/* fc2(fc1(x) silu(fc3(x))), where the layer has W1 = [Wg; Wu] */
#define SWIGLU                                                          \
    {"experts.%d.fc3.weight", "experts.w1", .part = 0, .parts = 2},     \
        {"experts.%d.fc1.weight", "experts.w1", .part = 1, .parts = 2}, \
        {"experts.%d.fc3.bias", "experts.b1", .part = 0, .parts = 2},   \
        {"experts.%d.fc1.bias", "experts.b1", .part = 1, .parts = 2}, OUTPUT
/* fc2(gelu(fc1(x))) */
#define GELU {"experts.%d.fc1.weight", "experts.w1"}, {"experts.%d.fc1.bias", "experts.b1"}, OUTPUT
#define OUTPUT                                                                      \
    {"experts.%d.fc2.weight", "experts.w2"}, {"experts.%d.fc2.bias", "experts.b2"}, \
    {                                                                               \
        NULL, NULL                                                                  \
    }

static const ParityName swiglu_names[] = {ROUTER_AND_HEADS, SWIGLU}, swiglu_experts[] = {SWIGLU};
static const ParityName gelu_names[] = {ROUTER_AND_HEADS, GELU}, gelu_experts[] = {GELU};

static bool
has(const Parity *p, const char *name)
{
    return moe_safetensors_find(p->file, name) != NULL;
}

static bool
is_swiglu(const Parity *p)
{
    return has(p, "experts.0.fc3.weight");
}

static bool
is_xmoe(const Parity *p)
{
    return has(p, "gate.wg_reduction.weight");
}

static bool
knows(const MoeSafetensors *file)
{
    return moe_safetensors_find(file, "io.router_logits") &&
           moe_safetensors_find(file, "experts.0.fc1.weight");
}

static void
set_experts(Parity *p)
{
    parity_set_int(p, "moe.experts", parity_size(p, "experts"));
    parity_set_int(p, "moe.hidden", parity_size(p, "expert_ffn_dim"));
    parity_set(p, "moe.activation", is_swiglu(p) ? "swiglu" : "gelu");
    parity_set(p, "moe.bias", parity_flag(p, "expert_bias") ? "true" : "false");
}

/* MH-MoE: k ceil(S/E), or a fraction of S at evaluation; torchscale has a factor, applied after
 * rounding up, and here the number that comes of it. */
static void
set_capacity(Parity *p, bool train)
{
    const char *fraction = moe_safetensors_metadata(p->file, "moe_eval_capacity_token_fraction");
    if (moe_safetensors_metadata(p->file, "capacity_factor"))
        parity_set_int(p, "moe.capacity_slots", parity_size(p, "capacity"));
    else if (!train && fraction && g_ascii_strtod(fraction, NULL) > 0)
        parity_set(p, "moe.capacity_eval_fraction", fraction);
}

static void
set_recipe(Parity *p, bool train)
{
    int k = parity_size(p, "top_k");
    parity_set(p, "moe.variant", "mhmoe");
    parity_set_int(p, "heads.count", parity_size(p, "heads"));
    parity_set_int(p, "moe.k", k);
    parity_set(p, "balance.gshard", "1");
    set_experts(p);
    set_capacity(p, train);
    if (parity_flag(p, "normalize_gates") && k > 1)
        parity_set(p, "moe.gate", "renormalised");
    if (!is_xmoe(p))
        return;
    parity_set(p, "moe.score", "cosine");
    parity_set_int(p, "cosine.dim", parity_rows(p, "gate.wg_reduction.weight"));
}

/* --- Picks -------------------------------------------------------------------------------------*/

static void
compare_picks(Parity *p)
{
    const MoePicks *picks = &p->routing.picks;
    int64_t n = picks->units * picks->k;
    g_autofree int64_t *expert = g_new(int64_t, n), *slot = g_new(int64_t, n),
                       *dropped = g_new(int64_t, n), *kept = g_new(int64_t, picks->experts);
    for (int64_t i = 0; i < n; i++) {
        expert[i] = picks->expert[i];
        slot[i] = picks->slot[i];
        dropped[i] = picks->dropped[i];
    }
    for (int e = 0; e < picks->experts; e++)
        kept[e] = picks->load[e] - picks->overflow[e];
    parity_compare_exactly(p, "io.topk_idx", expert, n);
    parity_compare_exactly(p, "io.slot", slot, n);
    parity_compare_exactly(p, "io.dropped", dropped, n);
    parity_compare_exactly(p, "io.expert_load", picks->load, picks->experts);
    parity_compare_exactly(p, "io.expert_kept", kept, picks->experts);
    parity_compare_tensor(p, "io.topk_gate", p->routing.gates);
    int capacity = parity_size(p, "capacity");
    if (picks->capacity != capacity)
        parity_problem(p, "capacity: found %" G_GINT64_FORMAT ", expected %d", picks->capacity,
                       capacity);
}

/* [S, E, C]: the gate where a kept pick went. */
static void
compare_combine_weights(Parity *p)
{
    const MoePicks *picks = &p->routing.picks;
    int64_t E = picks->experts, C = picks->capacity;
    if (!parity_has(p, "io.combine_weights", picks->units * E * C))
        return;
    g_autofree float *weights = g_new0(float, picks->units *E *C);
    for (int64_t i = 0; i < picks->units * picks->k; i++)
        if (!picks->dropped[i])
            weights[(i / picks->k * E + picks->expert[i]) * C + picks->slot[i]] = picks->gate[i];
    parity_compare(p, "io.combine_weights", weights, picks->units * E * C, PARITY_FORWARD);
}

static int
falling(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

/* What torchscale logs: how many per cent of the tokens have an expert as their first choice, of
 * the fifth of experts that have most, and of the fifth that have least. */
static void
compare_first_choices(Parity *p)
{
    const MoePicks *picks = &p->routing.picks;
    int E = picks->experts, fifth = MAX((int)ceil(0.2 * E), 1);
    g_autofree float *share = g_new(float, E);
    float unused = 0, top = 0, bottom = 0;
    for (int e = 0; e < E; e++) {
        share[e] = 100 * (float)picks->first[e] / (float)picks->units;
        unused += picks->first[e] == 0;
    }
    qsort(share, (size_t)E, sizeof *share, falling);
    for (int i = 0; i < fifth; i++) {
        top += share[i] + 0x1p-126f;
        bottom += share[E - 1 - i] + 0x1p-126f;
    }
    parity_compare(p, "io.meta.unused_expert1_count", &unused, 1, PARITY_FORWARD);
    parity_compare(p, "io.meta.expert1_balance_top", &top, 1, PARITY_FORWARD);
    parity_compare(p, "io.meta.expert1_balance_bottom", &bottom, 1, PARITY_FORWARD);
}

/* --- Values ------------------------------------------------------------------------------------*/

/* Every slot of every expert's buffer through its expert: the units that came there, and zero rows
 * in the slots that stayed empty. */
static void
compare_buffers(Parity *p)
{
    const MoePicks *picks = &p->routing.picks;
    int64_t C = picks->capacity, rows = picks->experts * C, m = moe_layer_width(p->layer);
    if (!parity_has(p, "io.expert_in", rows * m))
        return;
    g_autofree float *in = g_new0(float, rows *m);
    g_autofree int32_t *expert = g_new(int32_t, rows);
    for (int64_t i = 0; i < picks->units * picks->k; i++)
        if (!picks->dropped[i])
            memcpy(in + (picks->expert[i] * C + picks->slot[i]) * m,
                   p->routing.units->data + i / picks->k * m, (size_t)m * sizeof *in);
    for (int64_t i = 0; i < rows; i++)
        expert[i] = (int32_t)(i / C);
    parity_compare(p, "io.expert_in", in, rows * m, PARITY_FORWARD);
    g_autoptr(Parity) inner = parity_new(p->file);
    inner->partial = true;
    set_experts(inner);
    parity_set_int(inner, "moe.k", 1);
    parity_set(inner, "moe.select", "given");
    parity_set(inner, "moe.gate", "one");
    parity_set(inner, "moe.balance", "none");
    parity_give(expert);
    if (parity_build_on(inner, rows, (int)m, in, is_swiglu(p) ? swiglu_experts : gelu_experts)) {
        parity_forward(inner);
        parity_compare_tensor(p, "io.expert_out", inner->y);
    }
    g_string_append(p->problems, inner->problems->str);
}

static void
compare_entropy(Parity *p, const MoeTensor *probabilities)
{
    double sum = 0;
    for (int64_t i = 0; i < moe_tensor_count(probabilities); i++) {
        double q = (double)probabilities->data[i];
        sum -= q > 0 ? q * log(q) : 0;
    }
    float mean = (float)(sum / (double)p->routing.picks.units);
    parity_compare(p, "io.gate_entropy", &mean, 1, PARITY_FORWARD);
}

static void
compare_forward(Parity *p)
{
    const MoeTensor *probabilities = moe_routing_probabilities(&p->routing);
    parity_compare_tensor(p, "io.sub_tokens", p->routing.units);
    parity_compare_tensor(p, "io.router_logits", p->routing.logits);
    parity_compare_tensor(p, "io.gate_probs", probabilities);
    compare_entropy(p, probabilities);
    compare_picks(p);
    compare_combine_weights(p);
    compare_first_choices(p);
    compare_buffers(p);
    parity_compare_tensor(p, "io.sub_out", p->routing.combined);
    /* The same values, a token a row. */
    parity_compare_tensor(p, "io.pre_merge", p->routing.combined);
    parity_compare_tensor(p, "io.y", p->y);
    if (is_xmoe(p))
        parity_compare_tensor(p, "io.wg_after_forward",
                              moe_params_find(p->params, "moe.router.experts"));
}

/* The reduced units, seen from outside: experts that point along the axes have them as logits, as
 * many axes a pass as there are experts. Changes the router. */
static void
compare_reduced(Parity *p)
{
    MoeTensor *experts = moe_params_find(p->params, "moe.router.experts");
    int64_t E = experts->shape[0], q = experts->shape[1], units = p->routing.picks.units;
    g_autofree float *reduced = g_new(float, units *q);
    for (int64_t from = 0; from < q; from += E) {
        for (int64_t i = 0; i < E * q; i++)
            experts->data[i] = i % q == (from + i / q) % q;
        parity_forward(p);
        for (int64_t u = 0; u < units; u++)
            for (int64_t e = 0; e < MIN(E, q - from); e++)
                reduced[u * q + from + e] = p->routing.logits->data[u * E + e];
    }
    parity_compare(p, "io.router_reduced", reduced, units * q, PARITY_FORWARD);
}

static void
check(Parity *p)
{
    const ParityName *names = is_swiglu(p) ? swiglu_names : gelu_names;
    bool train = g_str_equal(parity_text(p, "mode"), "train");
    set_recipe(p, train);
    p->x_name = "io.x";
    int d_model = parity_size(p, "d_model");
    if (p->problems->len || !parity_build(p, d_model, names))
        return;
    /* The official code gives wg its length at evaluation too, ours in training only. */
    if (is_xmoe(p) && !train)
        parity_forward(p);
    p->context.train = train;
    parity_forward(p);
    compare_forward(p);
    parity_backward(p, p->y, "io.r", "grad_y.", names);
    parity_balance(p, "io.aux_loss", "grad_aux.", names);
    if (is_xmoe(p))
        compare_reduced(p);
}

const ParityFamily parity_mhmoe = {.name = "mhmoe", .knows = knows, .check = check};
