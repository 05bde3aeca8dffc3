/* SPDX-License-Identifier: MIT
 *
 * balance = loss-free: a bias for each expert that enters selection and nothing else, moved after
 * each step against the load (Wang et al. 2024, arXiv 2408.15664, algorithm 1; DeepSeek-V3).
 *
 *   selection ranks s_e + b_e; gates come from s_e
 *   after a step with c_e picks of expert e (all micro-batches, before drops):
 *     d_e = u sign(mean(c) - c_e)
 *     paper        b_e += d_e
 *     torchtitan   b_e += d_e - mean(d)     the biases keep their mean
 *
 * No loss, so no gradient that works against the language model's.
 */
#include <moescope/plugin.h>
#include <moescope/stats.h>

typedef struct {
    MoeTensor *bias; /* [E] */
    float rate;
    bool centred;
} State;

static void
init(MoeLayer *layer, void *state)
{
    State *s = state;
    const MoeRecipe *recipe = moe_layer_recipe(layer);
    s->rate = (float)moe_recipe_real(recipe, "loss_free.rate");
    s->centred = moe_recipe_has(recipe, "loss_free.flavor", "torchtitan");
    s->bias =
        moe_layer_param(layer, "router.selection_bias", 1, (int64_t[]){moe_layer_experts(layer)},
                        MOE_PARAM_BUFFER | MOE_PARAM_ROUTER | MOE_PARAM_NO_DECAY, 0);
}

static void
prefer(MoeRouting *routing, void *state)
{
    const State *s = state;
    float *selection = moe_routing_selection(routing);
    int64_t units = moe_tensor_rows(routing->logits), E = moe_tensor_last(routing->logits);
    for (int64_t u = 0; u < units; u++)
        for (int64_t e = 0; e < E; e++)
            selection[u * E + e] += s->bias->data[e];
}

/* How often expert e's bias goes up (1) or down (-1) after this load. */
static int
direction(const int64_t *load, int64_t total, int experts, int e)
{
    /* mean(c) against c_e without rounding: a balanced expert stays where it is. */
    int64_t scaled = load[e] * experts;
    return (total > scaled) - (total < scaled);
}

static void
after_step(MoeLayer *layer, void *state, int64_t step, const int64_t *load)
{
    State *s = state;
    int E = moe_layer_experts(layer), sum = 0;
    int64_t total = 0;
    for (int e = 0; e < E; e++)
        total += load[e];
    for (int e = 0; e < E; e++)
        sum += direction(load, total, E, e);
    float mean = s->centred ? s->rate * (float)sum / (float)E : 0;
    for (int e = 0; e < E; e++)
        s->bias->data[e] += s->rate * (float)direction(load, total, E, e) - mean;
}

static void
report(MoeRouting *routing, void *state, bool thorough, const MoeReporter *to)
{
    const State *s = state;
    const MoePicks *picks = &routing->picks;
    moe_report_tensor(to, "selection_bias", s->bias);
    moe_report_scalar(to, "max_violation", moe_load_max_violation(picks->load, picks->experts));
}

static const MoeField fields[] = {
    {"loss_free.rate", MOE_FIELD_REAL, "0.001", 0, 1, NULL, NULL,
     "'loss-free': what a step adds to, or takes from, the selection bias of an expert"},
    {"loss_free.flavor", MOE_FIELD_CHOICE, "paper", 0, 0, "paper | torchtitan", NULL,
     "as in the paper, or with the changes' mean taken off, as torchtitan does"},
};

static const MoePart loss_free = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_BALANCE,
    .name = "loss-free",
    .help = "a selection bias, moved against the load after each step; no loss",
    .cite = "Wang et al. 2024, arXiv 2408.15664, algorithm 1",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .state_size = sizeof(State),
    .init = init,
    .prefer = prefer,
    .after_step = after_step,
    .report = report,
};

static const MoePart *const parts[] = {&loss_free};
static const MoePreset presets[] = {
    {"moe.variant", "loss-free",
     "moe.k=2\nmoe.affinity=sigmoid\nmoe.gate=sigmoid\nmoe.balance=loss-free",
     "sigmoid gates, balanced by a selection bias instead of a loss (Wang et al. 2024)"},
    {"moe.variant", "deepseek-v3",
     "moe.k=2\nmoe.affinity=sigmoid\nmoe.gate=renormalised\nmoe.route_scale=2.5\n"
     "moe.balance=loss-free, switch\nbalance.group=sequence\nbalance.switch=0.0001\n"
     "topk.groups=4\ntopk.groups_kept=2\nmoe.shared_hidden=512\nmoe.activation=swiglu\n"
     "moe.bias=false",
     "DeepSeek-V3: sigmoid, best groups, selection bias, shared expert (arXiv 2412.19437)"},
};

MOE_PLUGIN = {
    .struct_size = sizeof(MoePlugin),
    .name = "loss-free",
    .version = "1.0",
    .help = "balance without a loss, and DeepSeek-V3's router",
    .parts = parts,
    .n_parts = G_N_ELEMENTS(parts),
    .presets = presets,
    .n_presets = G_N_ELEMENTS(presets),
};
