/* SPDX-License-Identifier: MIT
 *
 * Gates that can't be any: the same number everywhere, nothing but zeros, negative ones of a rule
 * that has none.
 */
#include "check/blocks.h"
#include "tensor/cpu.h"

enum { UNITS = 32 }; /* below, equal gates are no sign */

typedef struct {
    MoeHits negative;
    int64_t units, picks;
    int most_picks; /* of a unit */
    float value;    /* of all gates so far */
    bool several;   /* there are different ones */
} Router;

typedef struct {
    Router *routers;
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    s->routers = g_new0(Router, (gsize)MAX(1, moe_trace_routers(moe_check_run_trace(run))));
}

static void
see_unit(Router *router, const MoeCheckRows *rows, int64_t u)
{
    const MoeTraceView *view = rows->view;
    bool negative = false;
    int picks = 0;
    for (int slot = 0; slot < view->k; slot++) {
        int64_t i = slot * view->units + u;
        if (view->expert[i] < 0 || (view->dropped && view->dropped[i]))
            continue;
        picks++;
        if (router->picks++ == 0)
            router->value = view->gate[i];
        router->several = router->several || view->gate[i] != router->value;
        negative = negative || view->gate[i] < 0;
    }
    router->most_picks = MAX(router->most_picks, picks);
    router->units++;
    moe__hits_count(&router->negative, rows, u, negative);
}

MOE_CLONES static bool
gate_values_negative(const float *gate, int64_t n)
{
    int32_t any = 0;
    for (int64_t i = 0; i < n; i++)
        any |= gate[i] < 0;
    return any;
}

/* Counts a full block without negative gates; false where one has to look. */
static bool
see_block(Router *router, const MoeCheckRows *rows, const MoeBlock *block)
{
    const MoeTraceView *view = rows->view;
    const float *gate = view->gate + block->first;
    for (int slot = 0; slot < view->k; slot++)
        if (!block->full || gate_values_negative(gate + slot * view->units, block->n))
            return false;
    if (router->picks == 0)
        router->value = gate[0];
    for (int slot = 0; !router->several && slot < view->k; slot++)
        router->several = moe__any_other(gate + slot * view->units, block->n, router->value);
    router->picks += view->k * block->n;
    router->most_picks = MAX(router->most_picks, view->k);
    router->units += block->n;
    moe__hits_count_alike(&router->negative, rows, block->first, block->n, false);
    return true;
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    Router *router = &((State *)state)->routers[rows->router];
    if (!rows->view->gate)
        return;
    for (MoeBlock block = {0}; moe__block_next(run, rows, &block);) {
        bool seen = see_block(router, rows, &block);
        for (int64_t u = block.first; !seen && u < block.first + block.n; u++)
            see_unit(router, rows, u);
    }
}

/* Whether a rule gives the same gate to all by its nature. */
static bool
may_be_constant(const Router *router, const MoeRouterInfo *info)
{
    bool alone = router->most_picks <= 1 && info->gates_sum_to_one;
    return router->value != 0 && (g_str_equal(info->gate, "one") || alone || info->experts == 1);
}

static void
tell_constant(MoeCheckRun *run, const Router *router, int r)
{
    MoeHits all = {router->units, router->units, 0, 0};
    g_autofree char *units = moe__count_text(router->units);
    MoeFinding finding = moe__finding(
        router->value == 0 ? MOE_FINDING_ERROR : MOE_FINDING_WARNING, r, &all, "units",
        g_strdup_printf("all gates of %s units are %g; the router's gates were expected", units,
                        (double)router->value));
    moe_check_run_add(run, &finding);
}

static void
tell_negative(MoeCheckRun *run, const MoeHits *tally, const MoeRouterInfo *info, int r)
{
    g_autofree char *share = moe__hits_text(tally);
    MoeFinding finding =
        moe__finding(MOE_FINDING_ERROR, r, tally, "units",
                     g_strdup_printf("%s units have a negative gate, which the rule \"%s\" doesn't "
                                     "make: logits, by the look of it",
                                     share, info->gate));
    moe_check_run_add(run, &finding);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    const MoeTrace *trace = moe_check_run_trace(run);
    for (int r = 0; r < moe_trace_routers(trace) && !cancelled; r++) {
        const Router *router = &s->routers[r];
        const MoeRouterInfo *info = moe_trace_router(trace, r);
        bool positive = info->gates_sum_to_one || moe__check_rule(info);
        if (router->picks >= UNITS && !router->several && !may_be_constant(router, info))
            tell_constant(run, router, r);
        if (router->negative.count > 0 && positive)
            tell_negative(run, &router->negative, info, r);
    }
    g_free(s->routers);
}

const MoeCheck moe__check_gate_values = {
    .struct_size = sizeof(MoeCheck),
    .name = "gate-values",
    .help = "gates that are all the same, all 0, or negative",
    .why = "measures that weigh by the gate count something else than what the experts gave",
    .remedy = "record the weights that multiply the experts' outputs, or leave gates out",
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .end = end,
};
