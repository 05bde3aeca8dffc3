/* SPDX-License-Identifier: MIT
 *
 * Moves between layers that needn't be neighbours.
 */
#include "figure/flow.h"
#include "stats/picks.h"
#include "stats/step.h"

/* Which tokens count; NULL: all do. */
typedef struct Counted {
    const int32_t *step;
    const uint64_t *bits; /* of the chunk, as of MoeTokenSet */
    int domain;           /* or MOE_DOMAIN_ALL */
} Counted;

static void
count_chunk(const MoeTraceView *from, const MoeTraceView *to, Counted counted, int experts,
            int64_t *moves)
{
    int64_t a_token = from->tokens > 0 ? from->units / from->tokens : 1;
    for (int64_t unit = 0; unit < from->units && from->k > 0 && to->k > 0; unit++) {
        int64_t token = unit / a_token;
        int32_t i = moe__pick(from, unit), j = moe__pick(to, unit);
        if (i >= 0 && j >= 0 && (!counted.step || from->step[token] == *counted.step) &&
            (!counted.bits || moe_token_set_has(counted.bits, token)) &&
            (counted.domain == MOE_DOMAIN_ALL || from->domain[token] == counted.domain))
            moves[(gsize)i * (gsize)experts + (gsize)j]++;
    }
}

static bool
count_trace(const Kit *kit, const MoeTrace *trace, int a, int b, int64_t *moves, GError **error)
{
    int32_t step = 0;
    MoeSteps steps = moe_figure_options_steps(kit->options, &step);
    const MoeTokenFilter *filter = moe_figure_input_filter(kit->input);
    g_autoptr(MoeTokenSet) set = NULL;
    g_autoptr(MoeTraceView) from = moe_trace_view_new(), to = moe_trace_view_new();
    moe_trace_view_wants(from, MOE_VIEW_STEP | MOE_VIEW_DOMAIN);
    moe_trace_view_wants(to, 0);
    MoeSummaryOptions chosen = {.steps = steps, .step = step};
    if (steps != MOE_STEPS_ALL && !moe__choose_step(trace, &chosen, &step, error))
        return false;
    if (filter && !(set = moe_token_set_new(trace, filter, error)))
        return false;
    for (int chunk = 0; chunk < moe_trace_chunks(trace); chunk++) {
        if (!moe_trace_view(trace, chunk, a, from, error) ||
            !moe_trace_view(trace, chunk, b, to, error))
            return false;
        const Counted counted = {steps == MOE_STEPS_ALL ? NULL : &step,
                                 set ? moe_token_set_bits(set, chunk) : NULL, kit->domain};
        count_chunk(from, to, counted, moe_trace_router(trace, b)->experts, moves);
    }
    return true;
}

int64_t *
moe__flow_moves(const Kit *kit, int a, int b, GError **error)
{
    const MoeRouterInfo *from = moe_summary_router(kit->summary, a);
    const MoeRouterInfo *to = moe_summary_router(kit->summary, b);
    gsize cells = (gsize)from->experts * (gsize)to->experts;
    const MoeTrace *trace = moe_figure_input_trace(kit->input, 0);
    const MoeFlowCell *flow = moe_summary_flow(kit->summary, b, kit->domain);
    if (b == a + 1 && flow)
        return g_memdup2(flow->moves, cells * sizeof(int64_t));
    if (!trace || from->units_per_token != to->units_per_token) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    trace ? "figure flow: layers %d and %d of %s split tokens differently"
                          : "figure flow: no moves from layer %d to layer %d in %s; a summary has "
                            "those of neighbouring layers: choose them with layers, or give the "
                            "trace",
                    from->layer, to->layer, moe_figure_input_name(kit->input, 0));
        return NULL;
    }
    g_autofree int64_t *moves = g_new0(int64_t, cells);
    return count_trace(kit, trace, a, b, moves, error) ? g_steal_pointer(&moves) : NULL;
}
