/* SPDX-License-Identifier: MIT
 *
 * Slots that aren't in the order of choice. The first slot is taken for the first choice; recorders
 * that sort ids, or write them as a set, break that. Gates in another order than the slots are only
 * noted: where a bias takes part in choosing, the order of choice isn't that of the gates.
 */
#include "check/blocks.h"
#include "tensor/cpu.h"

enum { UNITS = 100 }; /* that it takes to tell */
static const double NEARLY_ALL = 0.99, SOME = 0.01;

typedef struct {
    MoeHits ascending;  /* ids rise, and gates don't explain it */
    MoeHits descending; /* they fall */
    MoeHits unsorted;   /* gates don't fall */
    int k;              /* the most picks of a unit */
    bool gates;         /* there are some */
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
    bool rise = true, sink = true, fall = true;
    int picks = 0;
    int64_t before = 0;
    for (int slot = 0; slot < view->k; slot++) {
        int64_t i = slot * view->units + u;
        if (view->expert[i] < 0)
            continue;
        if (view->dropped && view->dropped[i])
            return;
        if (picks++ > 0) {
            rise = rise && view->expert[i] > view->expert[before];
            sink = sink && view->expert[i] < view->expert[before];
            fall = fall && (!view->gate || view->gate[i] <= view->gate[before]);
        }
        before = i;
    }
    if (picks < 2)
        return;
    router->k = MAX(router->k, picks);
    router->gates = view->gate != NULL;
    moe__hits_count(&router->ascending, rows, u, rise);
    moe__hits_count(&router->descending, rows, u, sink);
    moe__hits_count(&router->unsorted, rows, u, !fall);
}

/* see_unit() of n units without holes: whether ids rise or sink, and whether gates (NULL: none)
 * don't fall, from slot to slot. */
MOE_CLONES static void
id_order_flags(const int32_t *expert, const float *gate, int64_t stride, int k, int64_t n,
               int32_t *restrict rise, int32_t *restrict sink, int32_t *restrict unsorted)
{
    for (int64_t u = 0; u < n; u++) {
        rise[u] = sink[u] = 1;
        unsorted[u] = 0;
    }
    for (int64_t slot = 1; slot < k; slot++)
        for (int64_t u = 0; u < n; u++) {
            int32_t own = expert[slot * stride + u], before = expert[(slot - 1) * stride + u];
            rise[u] &= own > before;
            sink[u] &= own < before;
        }
    for (int64_t slot = 1; gate && slot < k; slot++)
        for (int64_t u = 0; u < n; u++)
            unsorted[u] |= !(gate[slot * stride + u] <= gate[(slot - 1) * stride + u]);
}

static void
see_block(Router *router, const MoeCheckRows *rows, const MoeBlock *block)
{
    const MoeTraceView *view = rows->view;
    int32_t rise[MOE_CHECK_BLOCK], sink[MOE_CHECK_BLOCK], unsorted[MOE_CHECK_BLOCK];
    if (view->k < 2)
        return;
    id_order_flags(view->expert + block->first, view->gate ? view->gate + block->first : NULL,
                   view->units, view->k, block->n, rise, sink, unsorted);
    router->k = MAX(router->k, view->k);
    router->gates = view->gate != NULL;
    moe__hits_count_flags(&router->ascending, rows, block->first, block->n, rise);
    moe__hits_count_flags(&router->descending, rows, block->first, block->n, sink);
    moe__hits_count_flags(&router->unsorted, rows, block->first, block->n, unsorted);
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    Router *router = &((State *)state)->routers[rows->router];
    if (!rows->info->causal) /* where experts choose tokens a token's picks are in no order */
        return;
    for (MoeBlock block = {0}; moe__block_next(run, rows, &block);) {
        if (block.full)
            see_block(router, rows, &block);
        for (int64_t u = block.first; !block.full && u < block.first + block.n; u++)
            see_unit(router, rows, u);
    }
}

static double
share_of(const MoeHits *tally)
{
    return (double)tally->count / (double)MAX(tally->all, 1);
}

/* As many units out of order as chance would leave: 1 - 1/k!, or nearly. */
static bool
is_random(const Router *router)
{
    double factorial = 1;
    for (int i = 2; i <= MIN(router->k, 20); i++)
        factorial *= i;
    return share_of(&router->unsorted) >= 0.9 * (1 - 1 / factorial);
}

static void
tell(MoeCheckRun *run, MoeSeverity severity, int r, const MoeHits *tally, const char *what)
{
    g_autofree char *share = moe__hits_text(tally);
    MoeFinding finding =
        moe__finding(severity, r, tally, "units", g_strdup_printf("%s units have %s", share, what));
    moe_check_run_add(run, &finding);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    const MoeTrace *trace = moe_check_run_trace(run);
    for (int r = 0; r < moe_trace_routers(trace) && !cancelled; r++) {
        const Router *router = &s->routers[r];
        bool sorted = share_of(&router->unsorted) < SOME; /* or no gates to tell */
        if (router->ascending.all < UNITS)
            continue;
        /* As many slots as experts, in gates' order and in ids': a coincidence of the weights. */
        if (share_of(&router->ascending) >= NEARLY_ALL && !(router->gates && sorted))
            tell(run, MOE_FINDING_WARNING, r, &router->ascending,
                 "experts in the order of their ids, not of choice");
        else if (share_of(&router->descending) >= NEARLY_ALL && !(router->gates && sorted))
            tell(run, MOE_FINDING_WARNING, r, &router->descending,
                 "experts in the falling order of their ids, not of choice");
        else if (is_random(router))
            tell(run, MOE_FINDING_WARNING, r, &router->unsorted,
                 "gates in no order: the slots aren't those of choice");
        else if (!sorted)
            tell(run, MOE_FINDING_NOTE, r, &router->unsorted,
                 "gates that don't fall from slot to slot (a bias on the choice does that)");
    }
    g_free(s->routers);
}

const MoeCheck moe__check_id_order = {
    .struct_size = sizeof(MoeCheck),
    .name = "id-order",
    .help = "experts in the order of their ids rather than of their weights",
    .why = "first choices, margins and rank-by-rank comparisons take the first slot for the best",
    .remedy = "sort each unit's picks by weight when importing, or use measures of sets only",
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .end = end,
};
