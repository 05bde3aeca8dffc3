/* SPDX-License-Identifier: MIT
 *
 * branch = static-adapter: the ablation of HyperMoE that its paper calls MoE-Share. The bottleneck
 * expert of branch = hyper-expert, with weights of its own instead of generated ones:
 *
 *   y = U relu(D x + bd) + bu
 */
#include "moe/branch-hyper.h"
#include "moe/builtin.h"

typedef struct {
    MoeTensor *down, *down_bias; /* [a, w], [a] */
    MoeTensor *up, *up_bias;     /* [w, a], [w] */
} State;

/* As in the code, Xavier's values times 1e-4: the layer starts as if it had no branch. */
static MoeTensor *
matrix(MoeLayer *layer, const char *name, int64_t out, int64_t in)
{
    MoeTensor *x = moe_layer_param(layer, name, 2, (int64_t[]){out, in}, 0, in);
    moe_init_xavier(x, name, moe_layer_seed(layer), 1e-4);
    return x;
}

static void
init(MoeLayer *layer, void *state)
{
    State *s = state;
    int64_t w = moe_layer_width(layer);
    int64_t a = moe_recipe_int(moe_layer_recipe(layer), "hyper_expert.adapter");
    s->down = matrix(layer, "adapter.down", a, w);
    s->up = matrix(layer, "adapter.up", w, a);
    s->down_bias = moe_layer_param(layer, "adapter.down_bias", 1, &a, MOE_PARAM_NO_DECAY, 0);
    s->up_bias = moe_layer_param(layer, "adapter.up_bias", 1, &w, MOE_PARAM_NO_DECAY, 0);
}

static MoeTensor *
branch(MoeRouting *routing, void *state)
{
    const State *s = state;
    MoeTape *tape = routing->context->tape;
    MoeTensor *h = moe_relu(tape, moe_linear(tape, routing->units, s->down, s->down_bias));
    return moe_linear(tape, h, s->up, s->up_bias);
}

static double
flops(const MoeLayer *layer, const void *state)
{
    const State *s = state;
    double weights = (double)(moe_tensor_count(s->down) + moe_tensor_count(s->up));
    return 2 * weights * moe_layer_units_per_token(layer);
}

static void
report(MoeRouting *routing, void *state, bool thorough, const MoeReporter *to)
{
    moe_report_scalar(to, "branch_ratio", moe__branch_ratio(routing));
}

static const char *const reads[] = {"hyper_expert.adapter", NULL};

const MoePart moe__branch_static = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_BRANCH,
    .name = "static-adapter",
    .help = "a bottleneck network that every unit goes through (hyper_expert.adapter)",
    .cite = "Zhao et al. 2024, arXiv 2402.12656, baseline MoE-Share; code: Bumble666/Hyper_MoE",
    .reads = reads,
    .state_size = sizeof(State),
    .init = init,
    .branch = branch,
    .report = report,
    .flops = flops,
};
