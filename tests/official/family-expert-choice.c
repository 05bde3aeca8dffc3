/* SPDX-License-Identifier: MIT
 *
 * Expert choice as in flaxformer: within each group every expert takes its `capacity` best tokens,
 * and weights them with the softmax over experts.
 */
#include "parity.h"

static const ParityName names[] = {
    {"w.router", "router.weight", .transposed = true},
    {"w.experts.wi", "experts.w1", .transposed = true},
    {"w.experts.wo", "experts.w2", .transposed = true},
    {NULL, NULL},
};

static bool
knows(const MoeSafetensors *file)
{
    const char *variant = moe_safetensors_metadata(file, "variant");
    return variant && g_str_equal(variant, "expert_choice");
}

static void
set_recipe(Parity *p)
{
    parity_set_int(p, "moe.experts", parity_size(p, "num_experts"));
    parity_set(p, "moe.k", "1");
    parity_set_int(p, "moe.hidden", parity_size(p, "d_ff"));
    parity_set(p, "moe.activation", parity_text(p, "expert_act"));
    parity_set(p, "moe.bias", "false");
    parity_set(p, "moe.score", "watched");
    parity_set(p, "moe.select", "expert-choice");
    parity_set(p, "moe.allow_noncausal", "true");
    parity_set(p, "expert_choice.group", "sequence");
    parity_set_int(p, "expert_choice.slots", parity_size(p, "capacity"));
    parity_set(p, "moe.gate", "softmax-all");
    parity_set(p, "moe.balance", "none");
}

/* The tokens that each expert took of each group, the largest gate first: [G, E, C]. */
static void
compare_taken(Parity *p)
{
    const MoePicks *picks = &p->routing.picks;
    int E = picks->experts, S = p->context.length, C = MIN(parity_size(p, "capacity"), S);
    int64_t n = (int64_t)p->context.sequences * E * C;
    g_autofree int64_t *token = g_new0(int64_t, MAX(n, 1)), *taken = g_new0(int64_t, MAX(n, 1));
    g_autofree float *gate = g_new0(float, MAX(n, 1));
    for (int64_t i = 0; i < picks->units * picks->k; i++) {
        int64_t u = i / picks->k, row = u / S * E + picks->expert[i];
        if (picks->expert[i] < 0)
            continue;
        if (taken[row] == C) {
            parity_problem(p, "expert %d takes more than %d tokens of a group", picks->expert[i],
                           C);
            return;
        }
        int64_t at = row * C + taken[row]++;
        for (; at > row * C && gate[at - 1] < picks->gate[i]; at--) {
            gate[at] = gate[at - 1];
            token[at] = token[at - 1];
        }
        gate[at] = picks->gate[i];
        token[at] = u % S;
    }
    parity_compare_exactly(p, "router.expert_token_ids", token, n);
    parity_compare(p, "router.expert_token_gates", gate, n, PARITY_FORWARD);
}

static void
check(Parity *p)
{
    int d_model = parity_size(p, "d_model");
    set_recipe(p);
    if (p->problems->len || !parity_build(p, d_model, names))
        return;
    parity_forward(p);
    parity_compare_tensor(p, "y", p->y);
    parity_compare_routing(p);
    compare_taken(p);
    parity_backward(p, p->y, "r", "grad.", names);
    parity_compare_logits_gradient(p, "grad.router.logits");
    /* Loads are even by construction: the code's balance loss is 0. */
    parity_compare(p, "aux.load_balance", NULL, 1, PARITY_FORWARD);
    parity_set(p, "moe.balance", "z-loss");
    parity_set(p, "balance.z_loss", "1");
    if (parity_build(p, d_model, names))
        parity_balance(p, "aux.z_loss", "grad_aux_z.", names);
}

const ParityFamily parity_expert_choice = {.name = "expert-choice", .knows = knows, .check = check};
