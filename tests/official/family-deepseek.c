/* SPDX-License-Identifier: MIT
 *
 * DeepSeek-V3's layer, by DeepSeek's code and by Hugging Face's port: sigmoid affinities, best
 * groups, a selection bias and the rule that moves it, a shared expert, balance over sequences.
 *
 * The port gives experts of other groups the score 0. Where a bias makes scores negative, several
 * of them are then picked at a tie, which its top-k breaks in an arbitrary way: its picks are held
 * against ours by score, and then taken as they are recorded.
 */
#include "parity.h"

#include <stdlib.h>
#include <string.h>

static const ParityName names[] = {
    {"w.gate.weight", "router.weight"},
    {"w.gate.bias", "router.selection_bias"},
    {"w.experts.%d.w1.weight", "experts.w1", .part = 0, .parts = 2},
    {"w.experts.%d.w3.weight", "experts.w1", .part = 1, .parts = 2},
    {"w.experts.%d.w2.weight", "experts.w2"},
    {"w.shared_experts.w1.weight", "shared.w1", .part = 0, .parts = 2},
    {"w.shared_experts.w3.weight", "shared.w1", .part = 1, .parts = 2},
    {"w.shared_experts.w2.weight", "shared.w2"},
    {NULL, NULL},
};

static bool
knows(const MoeSafetensors *file)
{
    const char *variant = moe_safetensors_metadata(file, "variant");
    return variant && g_str_equal(variant, "deepseek_v3");
}

static void
set_gate(Parity *p)
{
    const char *affinity = parity_text(p, "score_func");
    bool sigmoid = g_str_equal(affinity, "sigmoid");
    parity_set(p, "moe.affinity", affinity);
    if (parity_flag(p, "norm_topk_prob"))
        parity_set(p, "moe.gate", "renormalised");
    else
        parity_set(p, "moe.gate", sigmoid ? "sigmoid" : "softmax-all");
    parity_set(p, "moe.route_scale", parity_text(p, "route_scale"));
}

static void
set_recipe(Parity *p)
{
    bool shared = moe_safetensors_find(p->file, "w.shared_experts.w1.weight") != NULL;
    parity_set_int(p, "moe.experts", parity_size(p, "num_experts"));
    parity_set_int(p, "moe.k", parity_size(p, "top_k"));
    parity_set_int(p, "moe.hidden", parity_size(p, "d_ff"));
    parity_set_int(p, "moe.shared_hidden",
                   shared ? parity_rows(p, "w.shared_experts.w1.weight") : 0);
    parity_set(p, "moe.activation", "swiglu");
    parity_set(p, "moe.bias", "false");
    set_gate(p);
    parity_set(p, "moe.balance", "loss-free, switch");
    parity_set(p, "loss_free.rate", parity_text(p, "bias_update_rate"));
    parity_set(p, "balance.group", "sequence");
    parity_set(p, "balance.switch", "1");
}

/* --- Groups ------------------------------------------------------------------------------------*/

/* A group's two best scores added up: [U, G]. (transfer full) */
static float *
group_scores(Parity *p, int groups)
{
    const MoePicks *picks = &p->routing.picks;
    int size = picks->experts / groups;
    float *sums = g_new(float, MAX(picks->units * groups, 1));
    for (int64_t i = 0; i < picks->units * groups; i++) {
        const float *score = p->routing.selection + i * size;
        int32_t best[2] = {0};
        moe_topk(score, 1, size, MIN(size, 2), best);
        sums[i] = score[best[0]] + (size > 1 ? score[best[1]] : 0);
    }
    return sums;
}

/* The groups of each unit that are kept, best first: [U, kept]. (transfer full) */
static int32_t *
kept_groups(Parity *p, int groups, int kept)
{
    g_autofree float *sums = group_scores(p, groups);
    int64_t units = p->routing.picks.units;
    int32_t *best = g_new(int32_t, units * kept);
    moe_topk(sums, units, groups, kept, best);
    return best;
}

static void
compare_groups(Parity *p)
{
    int groups = parity_size(p, "n_group"), kept = parity_size(p, "topk_group");
    int64_t units = p->routing.picks.units;
    g_autofree float *sums = group_scores(p, groups);
    g_autofree int32_t *best = kept_groups(p, groups, kept);
    g_autofree int64_t *ids = g_new(int64_t, units * kept);
    for (int64_t i = 0; i < units * kept; i++)
        ids[i] = best[i];
    parity_compare(p, "router.biased", p->routing.selection, units * p->routing.picks.experts,
                   PARITY_FORWARD);
    parity_compare(p, "router.group_scores", sums, units * groups, PARITY_FORWARD);
    parity_compare_exactly(p, "router.group_ids", ids, units * kept);
}

/* --- Picks -------------------------------------------------------------------------------------*/

static int
descending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

/* What the port's top-k saw of these experts of unit u, largest first. */
static void
scores_seen(Parity *p, int64_t u, const int64_t *expert, const int32_t *kept, float *seen)
{
    const MoePicks *picks = &p->routing.picks;
    int size = picks->experts / parity_size(p, "n_group"), n = parity_size(p, "topk_group");
    for (int j = 0; j < picks->k; j++) {
        seen[j] = 0;
        for (int g = 0; g < n; g++)
            if (kept[u * n + g] == expert[j] / size)
                seen[j] = p->routing.selection[u * picks->experts + expert[j]];
    }
    qsort(seen, (size_t)picks->k, sizeof *seen, descending);
}

/* Whether the recorded picks are as good as ours, unit by unit. */
static void
compare_up_to_ties(Parity *p, const char *name, const int64_t *recorded)
{
    const MoePicks *picks = &p->routing.picks;
    int k = MAX(picks->k, 1);
    g_autofree int32_t *kept =
        kept_groups(p, parity_size(p, "n_group"), parity_size(p, "topk_group"));
    g_autofree int64_t *own = g_new(int64_t, k);
    g_autofree float *ours = g_new(float, k), *theirs = g_new(float, k);
    for (int64_t u = 0; u < picks->units; u++) {
        for (int j = 0; j < k; j++)
            own[j] = picks->expert[u * k + j];
        scores_seen(p, u, own, kept, ours);
        scores_seen(p, u, recorded + u * k, kept, theirs);
        if (memcmp(ours, theirs, (size_t)k * sizeof *ours) == 0)
            continue;
        parity_problem(p, "%s: the picks of unit %" G_GINT64_FORMAT " have other scores", name, u);
        return;
    }
    p->compared++;
}

/* The recorded picks, in memory of p. */
static int32_t *
take_given(Parity *p, const int64_t *recorded)
{
    const MoePicks *picks = &p->routing.picks;
    int64_t n = picks->units * picks->k;
    int32_t *given = moe_arena_alloc(p->lasting, (size_t)n * sizeof *given);
    for (int64_t i = 0; i < n; i++)
        given[i] = (int32_t)recorded[i];
    return given;
}

static bool
are_experts(Parity *p, const char *name, const int64_t *recorded, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (recorded[i] < 0 || recorded[i] >= p->routing.picks.experts) {
            parity_problem(p, "%s[%" G_GINT64_FORMAT "]: no expert %" G_GINT64_FORMAT, name, i,
                           recorded[i]);
            return false;
        }
    return true;
}

/* Builds the layer with DeepSeek's rule or the port's, and runs it so that its picks are those
 * recorded under `name`. `given`: picks that were taken as recorded, or NULL. */
static bool
follow(Parity *p, bool port, const char *name, int32_t **given)
{
    int d_model = parity_size(p, "d_model");
    *given = NULL;
    parity_set(p, "moe.select", "topk");
    parity_set_int(p, "topk.groups", parity_size(p, "n_group"));
    parity_set_int(p, "topk.groups_kept", parity_size(p, "topk_group"));
    parity_set(p, "topk.mask", port && parity_size(p, "n_group") > 1 ? "zero" : "exclude");
    if (p->problems->len || !parity_build(p, d_model, names))
        return false;
    parity_forward(p);
    int64_t n = p->routing.picks.units * p->routing.picks.k;
    g_autofree int64_t *recorded = parity_read_integers(p, name, n);
    if (!recorded || !are_experts(p, name, recorded, n))
        return false;
    if (!port) {
        g_autofree int64_t *own = g_new(int64_t, MAX(n, 1));
        for (int64_t i = 0; i < n; i++)
            own[i] = p->routing.picks.expert[i];
        parity_compare_exactly(p, name, own, n);
        return true;
    }
    compare_up_to_ties(p, name, recorded);
    *given = take_given(p, recorded);
    parity_reset(p, "topk.");
    parity_set(p, "moe.select", "given");
    if (!parity_build(p, d_model, names))
        return false;
    parity_give(*given);
    parity_forward(p);
    return true;
}

/* --- The bias ----------------------------------------------------------------------------------*/

static void
hear(void *user, const char *name, int ndim, const int64_t *shape, const float *values)
{
    if (g_str_equal(name, "max_violation"))
        parity_compare(user, "metric.maxvio", values, 1, PARITY_FORWARD);
}

static void
compare_bias_after_step(Parity *p, const char *flavor, const char *name)
{
    parity_set(p, "loss_free.flavor", flavor);
    if (!parity_build(p, parity_size(p, "d_model"), names))
        return;
    parity_forward(p);
    MoeReporter to = {hear, p};
    moe_layer_report(&p->routing, false, &to);
    moe_layer_after_step(p->layer, 0, p->routing.picks.load);
    parity_compare_tensor(p, name, moe_params_find(p->params, "moe.router.selection_bias"));
}

/* The balance loss of each sequence on its own. */
static void
compare_sequences(Parity *p, const int32_t *given)
{
    int d_model = parity_size(p, "d_model"), B = p->context.sequences, S = p->context.length;
    int64_t k = p->routing.picks.k;
    g_autofree float *x = parity_read(p, "x", (int64_t)B * S * d_model);
    g_autofree float *loss = g_new(float, MAX(B, 1));
    for (int b = 0; b < B; b++) {
        if (!parity_build_on(p, S, d_model, x + (int64_t)b * S * d_model, names))
            return;
        if (given)
            parity_give(given + b * S * k);
        parity_forward(p);
        loss[b] = moe_layer_balance_loss(&p->routing, NULL)->data[0];
    }
    parity_compare(p, "aux.seq_balance_per_seq", loss, B, PARITY_FORWARD);
}

static void
check(Parity *p)
{
    bool port = strstr(parity_text(p, "impl"), "huggingface") != NULL;
    int32_t *given;
    set_recipe(p);
    if (!follow(p, port, "router.topk_ids", &given))
        return;
    parity_compare_tensor(p, "y", p->y);
    parity_compare_routing(p);
    compare_groups(p);
    parity_backward(p, p->y, "r", "grad.", names);
    parity_balance(p, "aux.seq_balance", "grad_aux.", names);
    compare_bias_after_step(p, "torchtitan", "hook.bias_next_torchtitan");
    compare_bias_after_step(p, "paper", "hook.bias_next_paper");
    if (p->problems->len == 0)
        compare_sequences(p, given);
    if (follow(p, !port, "router.topk_ids_other_impl", &given))
        parity_compare_tensor(p, "y_other_impl", p->y);
}

const ParityFamily parity_deepseek = {.name = "deepseek", .knows = knows, .check = check};
