/* SPDX-License-Identifier: MIT
 *
 * Buffers that were never filled, read as picks: every slot of a unit holds one id (0, the highest,
 * or what else memory held), or nothing at all. Engines write 0, 255 or -1 there; layers without
 * experts come out as rows of zeros (old vLLM; sglang#9499).
 */
#include "check/blocks.h"
#include "tensor/cpu.h"

enum { CONSTANT = 32 }; /* units from which on a top-1 router with one expert is worth a word */

typedef struct {
    MoeHits pads, empty, holes;
    int64_t zero, top;  /* of the pads: id 0, id E - 1 */
    int32_t only;       /* top-1: the expert that all units so far picked; -1: several */
    int64_t only_units; /* how many */
} Router;

typedef struct {
    Router *routers;
    MoeMarks marks;
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    s->routers = g_new0(Router, (gsize)MAX(1, moe_trace_routers(moe_check_run_trace(run))));
}

/* One unit's slots, looked at together. */
typedef struct {
    int picks;
    bool same;    /* all picks are one expert */
    bool no_gate; /* there are gates, all 0, and none was dropped */
    int32_t expert;
} Unit;

static Unit
look(const MoeTraceView *view, int64_t u)
{
    Unit unit = {.same = true, .no_gate = view->gate != NULL, .expert = -1};
    for (int slot = 0; slot < view->k; slot++) {
        int64_t i = slot * view->units + u;
        if (view->expert[i] < 0)
            continue;
        unit.same = unit.same && (unit.picks == 0 || view->expert[i] == unit.expert);
        unit.expert = view->expert[i];
        unit.picks++;
        bool dropped = view->dropped && view->dropped[i];
        unit.no_gate = unit.no_gate && view->gate[i] == 0 && !dropped;
    }
    return unit;
}

static bool
is_pad(const Unit *unit, int experts)
{
    if (unit->picks > 1 && unit->same)
        return true;
    bool border = unit->expert == 0 || unit->expert == experts - 1;
    return unit->picks == 1 && border && unit->no_gate;
}

static void
see_unit(State *s, const MoeCheckRows *rows, int64_t u)
{
    Router *router = &s->routers[rows->router];
    const MoeTraceView *view = rows->view;
    int experts = rows->info->experts, per_token = rows->info->units_per_token;
    /* Where the number of picks varies, or experts choose, a unit may well get none. */
    bool fixed = rows->info->k > 0 && rows->info->causal;
    Unit unit = look(view, u);
    bool pad = is_pad(&unit, experts), empty = fixed && unit.picks == 0;
    moe__hits_count(&router->pads, rows, u, pad);
    moe__hits_count(&router->empty, rows, u, empty);
    moe__hits_count(&router->holes, rows, u, fixed && unit.picks > 0 && unit.picks < view->k);
    router->zero += pad && unit.expert == 0;
    router->top += pad && unit.expert == experts - 1;
    if (router->only_units++ == 0)
        router->only = unit.expert;
    if (view->k != 1 || unit.expert != router->only)
        router->only = -1;
    if ((pad || empty) && u % per_token == 0)
        moe__marks_add(&s->marks, u / per_token);
}

/* Whether any of n units has the same in its first two slots, as pads do. */
MOE_CLONES static bool
pads_suspected(const int32_t *first, const int32_t *second, int64_t n)
{
    int32_t any = 0;
    for (int64_t u = 0; u < n; u++)
        any |= first[u] == second[u];
    return any;
}

/* Counts a block that is full and has no pads; false where one has to look. */
static bool
see_block(Router *router, const MoeCheckRows *rows, const MoeBlock *block)
{
    const MoeTraceView *view = rows->view;
    const int32_t *expert = view->expert + block->first;
    if (!block->full || view->k < 2 || pads_suspected(expert, expert + view->units, block->n))
        return false;
    moe__hits_count_alike(&router->pads, rows, block->first, block->n, false);
    moe__hits_count_alike(&router->empty, rows, block->first, block->n, false);
    moe__hits_count_alike(&router->holes, rows, block->first, block->n, false);
    router->only_units += block->n;
    router->only = -1;
    return true;
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    State *s = state;
    moe__marks_begin(&s->marks, rows);
    for (MoeBlock block = {0}; moe__block_next(run, rows, &block);) {
        bool seen = see_block(&s->routers[rows->router], rows, &block);
        for (int64_t u = block.first; !seen && u < block.first + block.n; u++)
            see_unit(s, rows, u);
    }
}

static void
see_chunk(MoeCheckRun *run, void *state, int chunk)
{
    State *s = state;
    if (s->marks.routers > 0 && s->marks.chunk == chunk)
        moe__marks_drop(run, &s->marks, s->marks.routers);
}

static void
tell_pads(MoeCheckRun *run, const Router *router, int r)
{
    int top = moe_trace_router(moe_check_run_trace(run), r)->experts - 1;
    g_autofree char *share = moe__hits_text(&router->pads);
    g_autofree char *zero = moe__count_text(router->zero), *last = moe__count_text(router->top);
    MoeFinding finding = moe__finding(
        MOE_FINDING_ERROR, r, &router->pads, "units",
        g_strdup_printf("%s units hold one expert in every slot, or one with gate 0 (%s of them "
                        "expert 0, %s expert %d); k different experts were expected",
                        share, zero, last, top));
    moe_check_run_add(run, &finding);
}

static void
tell_empty(MoeCheckRun *run, const MoeHits *tally, int r, MoeSeverity severity, const char *what)
{
    g_autofree char *share = moe__hits_text(tally);
    MoeFinding finding =
        moe__finding(severity, r, tally, "units",
                     g_strdup_printf("%s units have %s, though the router is said to make k picks "
                                     "for each",
                                     share, what));
    moe_check_run_add(run, &finding);
}

static void
tell_constant(MoeCheckRun *run, const Router *router, int r)
{
    MoeHits all = {router->only_units, router->only_units, 0, 0};
    g_autofree char *units = moe__count_text(router->only_units);
    MoeFinding finding =
        moe__finding(MOE_FINDING_WARNING, r, &all, "units",
                     g_strdup_printf("all %s units pick expert %d: a layer without experts, a "
                                     "buffer that was never filled, or a router that collapsed",
                                     units, router->only));
    moe_check_run_add(run, &finding);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    const MoeTrace *trace = moe_check_run_trace(run);
    for (int r = 0; r < moe_trace_routers(trace) && !cancelled; r++) {
        const Router *router = &s->routers[r];
        int top = moe_trace_router(trace, r)->experts - 1;
        if (router->pads.count > 0)
            tell_pads(run, router, r);
        if (router->empty.count > 0)
            tell_empty(run, &router->empty, r, MOE_FINDING_WARNING, "no pick at all");
        if (router->holes.count > 0)
            tell_empty(run, &router->holes, r, MOE_FINDING_NOTE, "fewer picks");
        bool border = router->only == 0 || router->only == top;
        if (router->only_units >= CONSTANT && border && top > 0 && router->pads.count == 0)
            tell_constant(run, router, r);
    }
    g_free(s->routers);
    moe__marks_clear(&s->marks);
}

const MoeCheck moe__check_pads = {
    .struct_size = sizeof(MoeCheck),
    .name = "pads",
    .help = "units whose slots all hold one expert (0, the highest, …), or none",
    .why = "padding that is counted as picks makes an expert look overloaded, and dead ones alive",
    .remedy = "drop tokens that are pads in every router (moescope check --drop pads); leave "
              "routers of layers without experts out when importing",
    .drops = true,
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .chunk = see_chunk,
    .end = end,
};
