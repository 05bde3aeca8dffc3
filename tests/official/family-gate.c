/* SPDX-License-Identifier: MIT
 *
 * torchscale's X-MoE gates by themselves: the router, capacity and gates of a layer whose experts
 * don't matter. y is the dense matrix of gates.
 */
#include "parity.h"

static const ParityName names[] = {
    {"wg", "router.experts"}, {"wg_reduction.weight", "router.reduction"}, {NULL, NULL}};

static bool
knows(const MoeSafetensors *file)
{
    const char *method = moe_safetensors_metadata(file, "method");
    return method && g_str_has_prefix(method, "torchscale X-MoE gate only");
}

/* The loss, E^2 mean_e(P_e f_e), is E sum_e f_e P_e. */
static void
set_recipe(Parity *p)
{
    int k = parity_size(p, "top_k");
    parity_set(p, "moe.variant", "gshard");
    parity_set_int(p, "moe.experts", parity_size(p, "num_expert"));
    parity_set_int(p, "moe.k", k);
    parity_set(p, "moe.score", "cosine");
    parity_set_int(p, "cosine.dim", parity_size(p, "route_dim"));
    parity_set_int(p, "moe.capacity_slots", parity_size(p, "capacity"));
    parity_set(p, "moe.gate", k > 1 ? "renormalised" : "softmax-all");
    parity_set(p, "balance.gshard", "1");
}

/* The gates as a dense matrix, on the tape; and the slots, -1 where no pick was kept. */
static void
compare_combine(Parity *p)
{
    const MoePicks *picks = &p->routing.picks;
    int64_t n = picks->units * picks->k, cells = picks->units * picks->experts;
    g_autofree int32_t *kept = g_new(int32_t, n);
    g_autofree int64_t *slot = g_new(int64_t, cells);
    for (int64_t i = 0; i < cells; i++)
        slot[i] = -1;
    for (int64_t i = 0; i < n; i++) {
        kept[i] = picks->dropped[i] ? -1 : picks->expert[i];
        if (!picks->dropped[i])
            slot[i / picks->k * picks->experts + picks->expert[i]] = picks->slot[i];
    }
    MoeTensor *combine = moe_scatter_last(p->tape, p->routing.gates, kept, picks->experts);
    parity_compare_tensor(p, "combine", combine);
    parity_compare_exactly(p, "slot", slot, cells);
    parity_backward(p, combine, "r", "grad.", names);
}

static void
check(Parity *p)
{
    set_recipe(p);
    p->partial = true;
    int d_model = parity_size(p, "d_model");
    if (p->problems->len || !parity_build(p, d_model, names))
        return;
    parity_forward(p);
    parity_compare_tensor(p, "logits", p->routing.logits);
    parity_compare_tensor(p, "probs", moe_routing_probabilities(&p->routing));
    parity_compare_tensor(p, "after.wg", moe_params_find(p->params, "moe.router.experts"));
    compare_combine(p);
    parity_balance(p, "aux_loss", "grad_aux.", names);
}

const ParityFamily parity_gate = {.name = "gate", .knows = knows, .check = check};
