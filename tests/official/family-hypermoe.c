/* SPDX-License-Identifier: MIT
 *
 * HyperMoE's layers: on Switch Transformers (top-1, capacity) and on GPT-2 (noisy top-k). What the
 * code generates for every token is here generated for every set: each token is held against its
 * set's.
 */
#include "moe/balance.h"
#include "moe/branch-hyper.h"

#include "parity.h"

#include <string.h>

/* Allowed where the task's gradient at the router is nothing but round-off: gates of a single pick
 * are 1. */
#define ROUNDING 1e-5

/* --- Names -------------------------------------------------------------------------------------*/

/* Only one row of the table of layers belongs to this layer. */
static int64_t
place_layer_row(const Parity *p, const MoeTensor *x, const MoeStored *array, int64_t e, int64_t i)
{
    const char *row = moe_safetensors_metadata(p->file, "layer_idx");
    int64_t width = moe_tensor_count(x), wanted = row ? g_ascii_strtoll(row, NULL, 10) : 0;
    return i / width == wanted ? i % width : -1;
}

/* The rows of a head make a matrix [in, out] of the code's, [out, in] of ours. */
static int64_t
transposed_row(int64_t out, int64_t in, int64_t columns, int64_t i)
{
    int64_t row = i / columns;
    return (row % out * in + row / out) * columns + i % columns;
}

static int64_t
place_down(const Parity *p, const MoeTensor *x, const MoeStored *array, int64_t e, int64_t i)
{
    int64_t width = moe_layer_width(p->layer), columns = x->ndim == 2 ? x->shape[1] : 1;
    return transposed_row(x->shape[0] / width, width, columns, i);
}

static int64_t
place_up(const Parity *p, const MoeTensor *x, const MoeStored *array, int64_t e, int64_t i)
{
    int64_t width = moe_layer_width(p->layer), columns = x->ndim == 2 ? x->shape[1] : 1;
    return transposed_row(width, x->shape[0] / width, columns, i);
}

static const ParityName switch_router[] = {{"moe.router.classifier.weight", "router.weight"},
                                           {NULL}};
static const ParityName noisy_router[] = {
    {"moe.w_gate", "router.weight", .transposed = true},
    {"moe.w_noise", "router.noise", .transposed = true},
    {NULL},
};
static const ParityName noisy_router_k1[] = {
    {"moe.w_gate", "router.weight", .transposed = true, .least = ROUNDING},
    {"moe.w_noise", "router.noise", .transposed = true, .least = ROUNDING},
    {NULL},
};
static const ParityName relu_experts[] = {
    {"moe.experts.expert_%d.wi.weight", "experts.w1"},
    {"moe.experts.expert_%d.wo.weight", "experts.w2"},
    {NULL},
};
/* GPT-2's Conv1D: [in, out]. */
static const ParityName gpt2_experts[] = {
    {"moe.experts.expert_%d.c_fc.weight", "experts.w1", .transposed = true},
    {"moe.experts.expert_%d.c_fc.bias", "experts.b1"},
    {"moe.experts.expert_%d.c_proj.weight", "experts.w2", .transposed = true},
    {"moe.experts.expert_%d.c_proj.bias", "experts.b2"},
    {NULL},
};
static const ParityName hyper_branch[] = {
    {"moe.n_experts_embedding.weight", "hyper_expert.embedding"},
    {"moe.embedding_process.0.weight", "hyper_expert.w1"},
    {"moe.embedding_process.0.bias", "hyper_expert.b1"},
    {"moe.embedding_process.2.weight", "hyper_expert.w2"},
    {"moe.embedding_process.2.bias", "hyper_expert.b2"},
    {"param_gen.layer_embed.weight", "hyper_expert.layer", .place = place_layer_row},
    {"param_gen.decoder.linear1.weight", "hyper_expert.hidden.weight"},
    {"param_gen.decoder.linear1.bias", "hyper_expert.hidden.bias"},
    {"param_gen.decoder.weight_up.weight", "hyper_expert.up.weight", .place = place_up},
    {"param_gen.decoder.weight_up.bias", "hyper_expert.up.bias", .place = place_up},
    {"param_gen.decoder.weight_down.weight", "hyper_expert.down.weight", .place = place_down},
    {"param_gen.decoder.weight_down.bias", "hyper_expert.down.bias", .place = place_down},
    {"param_gen.decoder.bias_up.weight", "hyper_expert.shift_up.weight"},
    {"param_gen.decoder.bias_up.bias", "hyper_expert.shift_up.bias"},
    {"param_gen.decoder.bias_down.weight", "hyper_expert.shift_down.weight"},
    {"param_gen.decoder.bias_down.bias", "hyper_expert.shift_down.bias"},
    {NULL},
};
static const ParityName static_branch[] = {
    {"moe.adapter_layer.adapter_down_manual.weight", "adapter.down"},
    {"moe.adapter_layer.adapter_down_manual.bias", "adapter.down_bias"},
    {"moe.adapter_layer.adapter_up_manual.weight", "adapter.up"},
    {"moe.adapter_layer.adapter_up_manual.bias", "adapter.up_bias"},
    {NULL},
};

static bool
is_switch(const MoeSafetensors *file)
{
    const char *variant = moe_safetensors_metadata(file, "variant");
    return variant && g_str_equal(variant, "switch_top1");
}

static bool
knows(const MoeSafetensors *file)
{
    const char *variant = moe_safetensors_metadata(file, "variant");
    return moe_safetensors_find(file, "param_gen.decoder.linear1.weight") &&
           (is_switch(file) || (variant && g_str_equal(variant, "gpt2_topk")));
}

static bool
has_gpt2_experts(const Parity *p)
{
    return moe_safetensors_find(p->file, "moe.experts.expert_0.c_fc.weight") != NULL;
}

/* Router, experts and a branch in one list. (transfer full) */
static ParityName *
names_with(Parity *p, const ParityName *branch)
{
    const ParityName *router = is_switch(p->file)         ? switch_router
                               : parity_size(p, "k") == 1 ? noisy_router_k1
                                                          : noisy_router;
    const ParityName *lists[] = {router, has_gpt2_experts(p) ? gpt2_experts : relu_experts, branch};
    GArray *names = g_array_new(TRUE, TRUE, sizeof(ParityName));
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        for (const ParityName *name = lists[i]; name->fixture; name++)
            g_array_append_val(names, *name);
    return (ParityName *)(gpointer)g_array_free(names, FALSE);
}

/* --- Recipe ------------------------------------------------------------------------------------*/

static void
set_experts(Parity *p)
{
    const MoeStored *c_fc = moe_safetensors_find(p->file, "moe.experts.expert_0.c_fc.weight");
    parity_set_int(p, "moe.experts",
                   parity_size(p, is_switch(p->file) ? "num_experts" : "n_experts"));
    parity_set_int(p, "moe.k", parity_size(p, "k"));
    parity_set_int(p, "moe.hidden",
                   c_fc && c_fc->ndim == 2 ? (int)MIN(c_fc->shape[1], 1 << 20)
                                           : parity_rows(p, "moe.experts.expert_0.wi.weight"));
    parity_set(p, "moe.activation", c_fc ? "gelu-tanh" : "relu");
    parity_set(p, "moe.bias", c_fc ? "true" : "false");
}

static void
set_branch(Parity *p)
{
    static const char *const keys[][2] = {
        {"hyper_expert.adapter", "adapter_dim"},
        {"hyper_expert.embedding", "experts_embedding_dim"},
        {"hyper_expert.process", "process_dim"},
        {"hyper_expert.input", "hypernet_input"},
        {"hyper_expert.bottleneck", "hypernetwork_bottleneck"},
        {"hyper_expert.layer_embedding", "layer_emb_dim"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        parity_set_int(p, keys[i][0], parity_size(p, keys[i][1]));
}

static void
set_recipe(Parity *p)
{
    const char *coefficient = moe_safetensors_metadata(p->file, "loss_coef");
    parity_set(p, "moe.variant", is_switch(p->file) ? "hypermoe-switch" : "hypermoe-gpt2");
    set_experts(p);
    set_branch(p);
    if (is_switch(p->file)) {
        parity_set_int(p, "moe.capacity_slots", parity_size(p, "expert_capacity"));
        parity_set(p, "balance.switch_hf", "1");
        parity_set(p, "moe.balance", "switch-hf");
    } else if (coefficient) {
        parity_set(p, "balance.cv2", coefficient);
        parity_set(p, "balance.cv2_load", coefficient);
    }
}

static bool
build(Parity *p, const ParityName *names)
{
    if (p->problems->len || !parity_build(p, parity_size(p, "hidden_size"), names))
        return false;
    p->context.sequences = parity_size(p, "batch");
    p->context.length = parity_size(p, "seq");
    p->context.train = parity_flag(p, "train");
    if ((int64_t)p->context.sequences * p->context.length != p->x->shape[0])
        parity_problem(p, "x: found %" G_GINT64_FORMAT " rows, expected batch times seq",
                       p->x->shape[0]);
    return p->problems->len == 0;
}

/* --- Routing -----------------------------------------------------------------------------------*/

static void
compare_picks(Parity *p)
{
    const MoePicks *picks = &p->routing.picks;
    int64_t n = picks->units * picks->k, E = picks->experts;
    g_autofree int64_t *expert = g_new(int64_t, n), *kept_as = g_new(int64_t, picks->units);
    g_autofree float *gates = g_new0(float, picks->units *E),
                     *kept = g_new0(float, picks->units *E);
    for (int64_t i = 0; i < n; i++) {
        int64_t unit = i / picks->k;
        expert[i] = picks->expert[i];
        gates[unit * E + expert[i]] = p->routing.gates->data[i];
        kept[unit * E + expert[i]] = !picks->dropped[i];
        /* The arg max of a row of zeros. */
        kept_as[unit] = picks->dropped[i] ? 0 : expert[i];
    }
    parity_compare_exactly(p, "topk_idx", expert, n);
    parity_compare_exactly(p, "aux_expert_index", kept_as, picks->units);
    parity_compare_tensor(p, "topk_gate", p->routing.gates);
    parity_compare(p, "gates", gates, picks->units * E, PARITY_FORWARD);
    parity_compare(p, "keep_mask", kept, picks->units * E, PARITY_FORWARD);
    g_autofree float *importance = g_new0(float, E);
    for (int64_t i = 0; i < picks->units * E; i++)
        importance[i % E] += gates[i];
    parity_compare(p, "importance", importance, E, PARITY_FORWARD);
}

static void
compare_routing(Parity *p)
{
    MoeRouting *routing = &p->routing;
    parity_compare_tensor(p, "router_logits", routing->logits);
    parity_compare_tensor(p, "router_probs", moe_routing_probabilities(routing));
    if (routing->clean) {
        parity_compare_tensor(p, "clean_logits", routing->clean);
        parity_compare_tensor(p, "noise_stddev", routing->noise_std);
    }
    compare_picks(p);
    if (!is_switch(p->file))
        parity_compare_tensor(p, "load", moe__balance_load(routing));
    parity_compare_tensor(p, "moe_out", routing->combined);
    parity_compare_tensor(p, "hyper_expert_out", routing->branch);
    parity_compare_tensor(p, "y", p->y);
    /* Constants of the code's estimator of the load. */
    parity_find(p, "moe.mean");
    parity_find(p, "moe.std");
}

/* --- Generated experts -------------------------------------------------------------------------*/

/* The row of every token's set, `rows` x `columns` values of it transposed. */
static void
compare_of_sets(Parity *p, const char *name, const MoeTensor *x, int64_t rows, int64_t columns)
{
    const MoeSets *sets = &moe__hyper_branch(p->layer)->pass.sets;
    int64_t units = p->routing.picks.units, size = rows * columns;
    g_autofree float *values = g_new(float, units *size);
    for (int64_t u = 0; u < units; u++)
        for (int64_t i = 0; i < size; i++)
            values[u * size + i] =
                x->data[sets->of_unit[u] * size + i % columns * rows + i / columns];
    parity_compare(p, name, values, units * size, PARITY_FORWARD);
}

/* Which experts a token wasn't sent to, and the mean's weights, which the code makes and doesn't
 * use: from the members of the token's set. */
static void
compare_unselected(Parity *p)
{
    const MoeSets *sets = &moe__hyper_branch(p->layer)->pass.sets;
    const MoePicks *picks = &p->routing.picks;
    int64_t E = picks->experts, left = E - picks->k, n = 0;
    g_autofree int64_t *unselected = g_new(int64_t, MAX(picks->units * left, 1));
    g_autofree float *weight = g_new(float, picks->units *E);
    for (int64_t u = 0; u < picks->units; u++) {
        int64_t next = sets->first[sets->of_unit[u]], end = sets->first[sets->of_unit[u] + 1];
        for (int64_t e = 0; e < E; e++) {
            bool selected = next < end && sets->member[next] == e;
            weight[u * E + e] = selected ? 0 : 1 / (float)left;
            next += selected;
            if (!selected)
                unselected[n++] = e;
        }
    }
    parity_compare_exactly(p, "unselected_idx", unselected, n);
    parity_compare(p, "unselected_weight", weight, picks->units * E, PARITY_FORWARD);
}

static void
compare_generated(Parity *p)
{
    const MoeHyperPass *pass = &moe__hyper_branch(p->layer)->pass;
    const struct {
        const char *name;
        const MoeTensor *x;
    } vectors[] = {
        {"selection_embedding", pass->selection},
        {"hypernet_input", pass->compressed},
        {"gen_input", pass->input},
        {"gen_hidden", pass->hidden},
        {"hyper_down_bias", pass->down_bias},
        {"hyper_up_bias", pass->up_bias},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++)
        compare_of_sets(p, vectors[i].name, vectors[i].x, 1, moe_tensor_last(vectors[i].x));
    compare_of_sets(p, "hyper_down_weight", pass->down, pass->down->shape[2], pass->down->shape[1]);
    compare_of_sets(p, "hyper_up_weight", pass->up, pass->up->shape[2], pass->up->shape[1]);
    compare_unselected(p);
}

/* --- Check -------------------------------------------------------------------------------------*/

/* With counts and gates of 1 the losses don't depend on the router at all. */
static void
check_balance(Parity *p, const ParityName *names)
{
    parity_forward(p);
    parity_compare_tensor(p, "aux_loss", moe_layer_balance_loss(&p->routing, NULL));
    bool constant = !is_switch(p->file) && !p->context.train && p->routing.picks.k == 1;
    double least = p->least;
    p->least = constant ? ROUNDING : least;
    parity_balance(p, "aux_loss", "grad_aux.", names);
    p->least = least;
}

static void
check_static(Parity *p)
{
    parity_reset(p, "hyper_expert.");
    parity_set(p, "moe.branch", "static-adapter");
    parity_set_int(p, "hyper_expert.adapter", parity_size(p, "adapter_dim"));
    g_autofree ParityName *names = names_with(p, static_branch);
    if (!build(p, names))
        return;
    parity_forward(p);
    parity_compare_tensor(p, "static_adapter_out", p->routing.branch);
}

static void
check(Parity *p)
{
    set_recipe(p);
    g_autofree ParityName *names = names_with(p, hyper_branch);
    if (!build(p, names))
        return;
    g_autofree float *noise = NULL;
    if (p->context.train)
        noise = parity_read(p, "noise_eps", p->x->shape[0] * moe_layer_experts(p->layer));
    p->context.noise = noise;
    parity_forward(p);
    compare_routing(p);
    compare_generated(p);
    parity_backward(p, p->y, "r", "grad.", names);
    check_balance(p, names);
    if (is_switch(p->file)) {
        parity_reset(p, "balance.");
        parity_set(p, "balance.z_loss", "1");
        parity_set(p, "moe.balance", "z-loss");
        if (build(p, names))
            parity_balance(p, "z_loss", "grad_z.", names);
    }
    check_static(p);
}

const ParityFamily parity_hypermoe = {.name = "hypermoe", .knows = knows, .check = check};
