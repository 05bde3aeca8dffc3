/* SPDX-License-Identifier: MIT
 *
 * Buffers that were never filled, read as picks: every slot of a unit holds one id (0, the highest,
 * or what else memory held), or nothing at all. Engines write 0, 255 or -1 there; layers without
 * experts come out as rows of zeros (old vLLM; sglang#9499). Padding that went through the router
 * has equal logits: the k first ids, or the k last, with equal gates.
 */
#include "check/blocks.h"
#include "check/pads-top1.h"
#include "tensor/cpu.h"

#include <math.h>

enum {
    CONSTANT = 32, /* units from which on a top-1 router with one expert is worth a word */
    TIES = 8,      /* units with equal gates from which on their ids tell */
};
/* Sets of k experts there must be for the first k, or last, to be no coincidence; how many of the
 * units with equal gates have them; and all units that have equal gates at most. */
static const double SETS = 100, OF_EQUAL = 0.5, EQUAL = 0.9;

typedef struct {
    MoeHits pads, empty, holes;
    MoeHits ties;       /* first or last ids with equal gates */
    int64_t equal;      /* units with equal gates */
    int64_t zero, top;  /* of the pads: id 0, id E - 1 */
    int32_t only;       /* top-1: the expert that all units so far picked; -1: several */
    int64_t only_units; /* how many */
} Router;

typedef struct {
    Router *routers;
    MoeMarks marks;       /* pads and empty units */
    MoeMarks with_ties;   /* and ties */
    GArray *ranges, *all; /* MoeTraceRange: of these, where every router has one */
    MoePadsTop1 top1;
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    s->routers = g_new0(Router, (gsize)MAX(1, moe_trace_routers(moe_check_run_trace(run))));
    s->ranges = g_array_new(FALSE, FALSE, sizeof(MoeTraceRange));
    s->all = g_array_new(FALSE, FALSE, sizeof(MoeTraceRange));
}

/* One unit's slots, looked at together. */
typedef struct {
    int picks;
    bool same;                   /* all picks are one expert */
    bool no_gate;                /* there are gates, all 0, and none was dropped */
    bool equal;                  /* there are gates, all the same */
    int32_t expert, least, most; /* the last pick, the least and the greatest id */
    float gate;
} Unit;

static Unit
look(const MoeTraceView *view, int64_t u)
{
    bool gates = view->gate != NULL;
    Unit unit = {.same = true, .no_gate = gates, .equal = gates, .expert = -1, .least = INT32_MAX};
    for (int slot = 0; slot < view->k; slot++) {
        int64_t i = slot * view->units + u;
        if (view->expert[i] < 0)
            continue;
        unit.same = unit.same && (unit.picks == 0 || view->expert[i] == unit.expert);
        bool dropped = view->dropped && view->dropped[i];
        unit.no_gate = unit.no_gate && view->gate[i] == 0 && !dropped;
        unit.equal = unit.equal && (unit.picks == 0 || view->gate[i] == unit.gate) && !dropped;
        unit.gate = gates ? view->gate[i] : 0;
        unit.expert = view->expert[i];
        unit.least = MIN(unit.least, unit.expert);
        unit.most = MAX(unit.most, unit.expert);
        unit.picks++;
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

/* Whether it is what equal logits make: the first ids, or the last, with equal gates. */
static bool
is_tie(const Unit *unit, int experts)
{
    bool ends = unit->most < unit->picks || unit->least >= experts - unit->picks;
    return unit->picks > 1 && !unit->same && unit->equal && ends;
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
    bool tie = is_tie(&unit, experts);
    moe__hits_count(&router->ties, rows, u, tie);
    router->equal += unit.picks > 1 && unit.equal;
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
    if ((pad || empty || tie) && u % per_token == 0)
        moe__marks_add(&s->with_ties, u / per_token);
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

/* Counts units of n whose first and last gates are equal; *any: one of them has a first pick of
 * the first k ids or the last. */
MOE_CLONES static int64_t
pads_count_equal(const float *first, const float *last, const int32_t *expert, int experts, int k,
                 int64_t n, bool *any)
{
    int32_t equal = 0, ends = 0;
    for (int64_t u = 0; u < n; u++) {
        int32_t own = first[u] == last[u];
        equal += own;
        ends |= own & ((expert[u] < k) | (expert[u] >= experts - k));
    }
    *any = ends;
    return equal;
}

/* Counts a block that is full and has no pads; false where one has to look. */
static bool
see_block(Router *router, const MoeCheckRows *rows, const MoeBlock *block)
{
    const MoeTraceView *view = rows->view;
    const int32_t *expert = view->expert + block->first;
    int64_t equal = 0;
    bool ties = false;
    if (!block->full || view->k < 2 || pads_suspected(expert, expert + view->units, block->n))
        return false;
    if (view->gate)
        equal = pads_count_equal(view->gate + block->first,
                                 view->gate + (view->k - 1) * view->units + block->first, expert,
                                 rows->info->experts, view->k, block->n, &ties);
    if (ties)
        return false;
    router->equal += equal;
    moe__hits_count_alike(&router->ties, rows, block->first, block->n, false);
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
    moe__marks_begin(&s->with_ties, rows);
    moe__pads_top1_add(&s->top1, rows);
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
    moe__pads_top1_chunk(&s->top1, moe_trace_routers(moe_check_run_trace(run)), chunk);
    if (s->marks.routers == 0 || s->marks.chunk != chunk)
        return;
    moe__marks_list(&s->marks, s->marks.routers, s->ranges);
    moe__marks_list(&s->with_ties, s->with_ties.routers, s->all);
}

/* --- Telling ----------------------------------------------------------------------------------*/

/* Adds a finding. Where no token is a pad in every router, none can be dropped. */
static void
add(MoeCheckRun *run, const State *s, MoeFinding *finding)
{
    if (s->ranges->len == 0)
        finding->remedy = "look at what the recorder does with this layer, and record again, or "
                          "leave the layer out (moescope trace slice --routers): other routers do "
                          "have picks for these tokens, so dropping tokens is no way out";
    moe_check_run_add(run, finding);
}

static void
tell_pads(MoeCheckRun *run, const State *s, int r)
{
    const Router *router = &s->routers[r];
    int top = moe_trace_router(moe_check_run_trace(run), r)->experts - 1;
    g_autofree char *share = moe__hits_text(&router->pads);
    g_autofree char *zero = moe__count_text(router->zero), *last = moe__count_text(router->top);
    MoeFinding finding = moe__finding(
        MOE_FINDING_ERROR, r, &router->pads, "units",
        g_strdup_printf("%s units hold one expert in every slot, or one with gate 0 (%s of them "
                        "expert 0, %s expert %d); k different experts were expected",
                        share, zero, last, top));
    add(run, s, &finding);
}

/* Whether equal gates mostly come with the first ids, or the last, out of very many others. */
static bool
are_ties_pads(const Router *router, const MoeRouterInfo *info)
{
    double E = info->experts, k = info->k, ties = (double)router->ties.count;
    double sets = exp(lgamma(E + 1) - lgamma(k + 1) - lgamma(E - k + 1));
    return ties >= TIES && k > 1 && k < E && sets >= SETS &&
           ties >= OF_EQUAL * (double)router->equal &&
           (double)router->equal <= EQUAL * (double)router->ties.all;
}

static void
tell_ties(MoeCheckRun *run, const State *s, int r)
{
    const Router *router = &s->routers[r];
    g_autofree char *share = moe__hits_text(&router->ties);
    MoeFinding finding = moe__finding(
        MOE_FINDING_ERROR, r, &router->ties, "units",
        g_strdup_printf("%s units hold the first or the last ids with equal gates, which is what "
                        "equal logits make: padding, by the look of it",
                        share));
    add(run, s, &finding);
}

static void
tell_top1(MoeCheckRun *run, const State *s, int end)
{
    MoeHits hits = s->top1.hits[end];
    hits.all = run->tokens;
    g_autofree char *share = moe__hits_text(&hits);
    MoeFinding finding =
        moe__finding(MOE_FINDING_ERROR, -1, &hits, "tokens",
                     g_strdup_printf("%s tokens pick the %s expert in every router, and hardly any "
                                     "others pick it in one: padding, by the look of it",
                                     share, end == MOE_PADS_ZERO ? "first" : "last"));
    moe_check_run_add(run, &finding);
}

static void
tell_empty(MoeCheckRun *run, const State *s, const MoeHits *tally, int r, MoeSeverity severity,
           const char *what)
{
    g_autofree char *share = moe__hits_text(tally);
    MoeFinding finding =
        moe__finding(severity, r, tally, "units",
                     g_strdup_printf("%s units have %s, though the router is said to make k picks "
                                     "for each",
                                     share, what));
    add(run, s, &finding);
}

static void
tell_constant(MoeCheckRun *run, const State *s, int r)
{
    const Router *router = &s->routers[r];
    MoeHits all = {router->only_units, router->only_units, 0, 0};
    g_autofree char *units = moe__count_text(router->only_units);
    MoeFinding finding =
        moe__finding(MOE_FINDING_WARNING, r, &all, "units",
                     g_strdup_printf("all %s units pick expert %d: a layer without experts, a "
                                     "buffer that was never filled, or a router that collapsed",
                                     units, router->only));
    add(run, s, &finding);
}

static void
tell_router(MoeCheckRun *run, const State *s, int r)
{
    const Router *router = &s->routers[r];
    const MoeRouterInfo *info = moe_trace_router(moe_check_run_trace(run), r);
    if (router->pads.count > 0)
        tell_pads(run, s, r);
    if (are_ties_pads(router, info))
        tell_ties(run, s, r);
    if (router->empty.count > 0)
        tell_empty(run, s, &router->empty, r, MOE_FINDING_WARNING, "no pick at all");
    if (router->holes.count > 0)
        tell_empty(run, s, &router->holes, r, MOE_FINDING_NOTE, "fewer picks");
    bool border = router->only == 0 || router->only == info->experts - 1;
    if (router->only_units >= CONSTANT && border && info->experts > 1 && router->pads.count == 0)
        tell_constant(run, s, r);
}

static void
tell_all(MoeCheckRun *run, State *s)
{
    int n = moe_trace_routers(moe_check_run_trace(run));
    bool ties = false;
    for (int r = 0; r < n; r++)
        ties = ties || are_ties_pads(&s->routers[r], moe_trace_router(run->trace, r));
    if (ties)
        g_array_append_vals(s->ranges, s->all->data, s->all->len);
    for (int end = 0; end < MOE_PADS_ENDS; end++)
        if (moe__pads_top1_tell(&s->top1, n, end)) {
            const GArray *own = s->top1.ranges[end];
            g_array_append_vals(s->ranges, own->data, own->len);
            tell_top1(run, s, end);
        }
    for (int r = 0; r < n; r++)
        tell_router(run, s, r);
    moe__ranges_drop(run, s->ranges);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    if (!cancelled)
        tell_all(run, s);
    g_free(s->routers);
    g_array_unref(s->ranges);
    g_array_unref(s->all);
    moe__marks_clear(&s->marks);
    moe__marks_clear(&s->with_ties);
    moe__pads_top1_clear(&s->top1);
}

const MoeCheck moe__check_pads = {
    .struct_size = sizeof(MoeCheck),
    .name = "pads",
    .help = "units whose slots all hold one expert (0, the highest, …), none, or ids of equal "
            "logits",
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
