/* SPDX-License-Identifier: MIT
 *
 * Whether gates sum to one where meta.json says so, and don't where it says that they are shares of
 * a softmax over all experts. Units with drops are left out: what dropping does to the sum depends
 * on the rule.
 */
#include "check/blocks.h"
#include "tensor/cpu.h"

#include <math.h>

/* k gates of f16, each off by up to 2^-12 of itself, and recorders that write four decimals. */
#define NEAR 4e-3

enum { UNITS = 32 };               /* that the second question needs */
static const double SHARE = 0.001, /* of the units: beyond this, an error */
    NEARLY_ALL = 0.99;

typedef struct {
    MoeHits off; /* don't sum to one, though they should */
    MoeHits one; /* sum to one, though they should not */
    double sum;  /* of all units' gates */
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

/* A unit's gates; false where it has a drop, no pick, or no finite sum. */
static bool
sum_gates(const MoeTraceView *view, int64_t u, double *sum, double *most)
{
    int picks = 0;
    *sum = *most = 0;
    for (int slot = 0; slot < view->k; slot++) {
        int64_t i = slot * view->units + u;
        if (view->dropped && view->dropped[i])
            return false;
        if (view->expert[i] < 0)
            continue;
        picks++;
        *sum += (double)view->gate[i];
        *most = fmax(*most, (double)view->gate[i]);
    }
    return picks > 0 && isfinite(*sum);
}

/* What a router's units are asked. */
typedef struct {
    bool to_one; /* meta.json says that gates sum to one */
    bool shares; /* it says that they are shares of a softmax over all experts */
} Question;

/* A softmax over all experts sums to one over some of them only where few matter: units whose first
 * gate takes nearly all say nothing. */
static Question
ask(const MoeCheckRows *rows)
{
    const MoeRouterInfo *info = rows->info;
    bool all = g_str_equal(info->gate, "softmax-all") || g_str_equal(info->gate, "score");
    bool shares = !info->gates_sum_to_one && all && moe__check_rule(info) == MOE_RULE_SOFTMAX &&
                  rows->view->k > 1 && 2 * rows->view->k <= info->experts;
    return (Question){info->gates_sum_to_one, shares};
}

static void
see_sum(Router *router, const MoeCheckRows *rows, Question question, int64_t u, double sum,
        double most)
{
    bool is_one = fabs(sum - 1) <= NEAR;
    if (question.to_one) {
        moe__hits_count(&router->off, rows, u, !is_one);
        router->sum += sum;
    } else if (question.shares && most < 0.9) {
        moe__hits_count(&router->one, rows, u, is_one);
    }
}

/* sum_gates() of n units without holes and drops. */
MOE_CLONES static void
gate_sums_fill(const float *gate, int64_t stride, int k, int64_t n, double *restrict sum,
               double *restrict most)
{
    for (int64_t u = 0; u < n; u++)
        sum[u] = most[u] = 0;
    for (int slot = 0; slot < k; slot++)
        for (int64_t u = 0; u < n; u++) {
            double own = (double)gate[slot * stride + u];
            sum[u] += own;
            most[u] = most[u] < own ? own : most[u];
        }
}

static void
see_block(Router *router, const MoeCheckRows *rows, Question question, const MoeBlock *block)
{
    const MoeTraceView *view = rows->view;
    double sum[MOE_CHECK_BLOCK], most[MOE_CHECK_BLOCK];
    gate_sums_fill(view->gate + block->first, view->units, view->k, block->n, sum, most);
    for (int64_t i = 0; i < block->n; i++)
        if (isfinite(sum[i]))
            see_sum(router, rows, question, block->first + i, sum[i], most[i]);
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    Router *router = &((State *)state)->routers[rows->router];
    Question question = ask(rows);
    if (!rows->view->gate || (!question.to_one && !question.shares))
        return;
    for (MoeBlock block = {0}; moe__block_next(run, rows, &block);) {
        double sum, most;
        if (block.full)
            see_block(router, rows, question, &block);
        for (int64_t u = block.first; !block.full && u < block.first + block.n; u++)
            if (sum_gates(rows->view, u, &sum, &most))
                see_sum(router, rows, question, u, sum, most);
    }
}

static void
tell_off(MoeCheckRun *run, const Router *router, int r)
{
    bool wrong = (double)router->off.count >= SHARE * (double)router->off.all;
    g_autofree char *share = moe__hits_text(&router->off);
    MoeFinding finding = moe__finding(
        wrong ? MOE_FINDING_ERROR : MOE_FINDING_WARNING, r, &router->off, "units",
        g_strdup_printf("%s units have gates that don't sum to 1, though meta.json says they do "
                        "(mean sum %.4g): normalised by another rule, or never",
                        share, router->sum / (double)MAX(router->off.all, 1)));
    moe_check_run_add(run, &finding);
}

static void
tell_one(MoeCheckRun *run, const Router *router, int r)
{
    g_autofree char *share = moe__hits_text(&router->one);
    MoeFinding finding = moe__finding(
        MOE_FINDING_WARNING, r, &router->one, "units",
        g_strdup_printf("%s units have gates that sum to 1, though they are said to be "
                        "shares of a softmax over all experts: they were normalised over the picks",
                        share));
    moe_check_run_add(run, &finding);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    for (int r = 0; r < moe_trace_routers(moe_check_run_trace(run)) && !cancelled; r++) {
        const Router *router = &s->routers[r];
        if (router->off.count > 0)
            tell_off(run, router, r);
        if (router->one.all >= UNITS &&
            (double)router->one.count >= NEARLY_ALL * (double)router->one.all)
            tell_one(run, router, r);
    }
    g_free(s->routers);
}

const MoeCheck moe__check_gate_sums = {
    .struct_size = sizeof(MoeCheck),
    .name = "gate-sums",
    .help = "gates that sum to one or don't, against what meta.json states",
    .why = "weighted loads, top-k mass and gate entropies depend on how gates are normalised",
    .remedy = "state the rule that the model has (gates_sum_to_one, gate), or record the gates as "
              "they are applied",
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .end = end,
};
