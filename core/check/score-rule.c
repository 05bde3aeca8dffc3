/* SPDX-License-Identifier: MIT
 *
 * Whether the gates are what the stated rule makes of the recorded logits: a softmax, or sigmoids.
 * Entropies of a softmax over a sigmoid router's logits have been published. Only the proportions
 * of a unit's gates are compared, so that normalising and scaling don't matter; a rule that isn't
 * stated at all is worth a warning where anything was computed from scores.
 */
#include "check/check.h"

#include <math.h>
#include <string.h>

/* Logits of f16 around 10 are off by 2^-8, and e^z by as much, relative. */
#define OFF 0.05

enum { UNITS = 32 };
static const double SHARE = 0.05; /* of the units: beyond this, another rule */

typedef struct {
    MoeHits off;
    bool gated; /* it has gates */
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

MoeScoreRule
moe__check_rule(const MoeRouterInfo *info)
{
    bool by_score = g_str_equal(info->gate, "score") || g_str_equal(info->gate, "renormalised");
    const char *name = by_score ? info->score : info->gate;
    if (g_str_equal(name, "softmax") || g_str_has_prefix(name, "softmax-"))
        return MOE_RULE_SOFTMAX;
    return g_str_equal(name, "sigmoid") ? MOE_RULE_SIGMOID : MOE_RULE_UNKNOWN;
}

/* A gate up to a factor of its unit. `top`: the unit's largest logit. */
static double
weight_of(MoeScoreRule rule, float z, float top)
{
    return rule == MOE_RULE_SOFTMAX ? exp((double)z - (double)top) : 1 / (1 + exp(-(double)z));
}

/* The largest difference between the proportions of a unit's gates and those of the rule; NaN where
 * the unit doesn't tell. */
static double
difference(const MoeCheckRows *rows, MoeScoreRule rule, int64_t u)
{
    const MoeTraceView *view = rows->view;
    const float *z = rows->logits + u * rows->info->experts;
    double gates = 0, weights = 0, worst = 0;
    float top = -INFINITY;
    int picks = 0;
    for (int pass = 0; pass < 3; pass++)
        for (int slot = 0; slot < view->k; slot++) {
            int64_t i = slot * view->units + u;
            if (view->expert[i] < 0)
                continue;
            if (view->dropped && view->dropped[i])
                return NAN;
            float logit = z[view->expert[i]];
            double gate = (double)view->gate[i], weight = weight_of(rule, logit, top);
            if (pass == 0) {
                picks++;
                top = fmaxf(top, logit);
            } else if (pass == 1) {
                gates += gate;
                weights += weight;
            } else {
                worst = fmax(worst, fabs(gate / gates - weight / weights));
            }
        }
    return picks > 1 && gates > 0 && isfinite(weights) ? worst : NAN;
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    State *s = state;
    MoeHits *off = &s->routers[rows->router].off;
    s->routers[rows->router].gated |= rows->view->gate != NULL;
    MoeScoreRule rule = moe__check_rule(rows->info);
    for (int64_t u = 0; rule && rows->logits && rows->view->gate && u < rows->view->units; u++) {
        double d = difference(rows, rule, u);
        if (!isnan(d))
            moe__hits_count(off, rows, u, d > OFF);
    }
}

static void
tell_off(MoeCheckRun *run, const MoeHits *off, int r)
{
    g_autofree char *share = moe__hits_text(off);
    MoeScoreRule rule = moe__check_rule(moe_trace_router(moe_check_run_trace(run), r));
    MoeFinding finding =
        moe__finding(MOE_FINDING_ERROR, r, off, "units",
                     g_strdup_printf("%s units have gates that the stated rule, a %s, doesn't make "
                                     "of their logits",
                                     share, rule == MOE_RULE_SOFTMAX ? "softmax" : "sigmoid"));
    moe_check_run_add(run, &finding);
}

static void
tell_unstated(MoeCheckRun *run, int r, const char *what)
{
    MoeFinding finding =
        moe__finding(MOE_FINDING_WARNING, r, &(MoeHits){0}, "",
                     g_strdup_printf("meta.json doesn't say the router's %s", what));
    moe_check_run_add(run, &finding);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    const MoeTrace *trace = moe_check_run_trace(run);
    for (int r = 0; r < moe_trace_routers(trace) && !cancelled; r++) {
        const MoeHits *off = &s->routers[r].off;
        const MoeRouterInfo *info = moe_trace_router(trace, r);
        if (off->all >= UNITS && (double)off->count >= SHARE * (double)off->all)
            tell_off(run, off, r);
        if (s->routers[r].gated && (!*info->gate || g_str_equal(info->gate, "unknown")))
            tell_unstated(run, r, "gate rule (gate)");
        if (!*info->score || g_str_equal(info->score, "unknown"))
            tell_unstated(run, r, "score function (score)");
    }
    g_free(s->routers);
}

const MoeCheck moe__check_score_rule = {
    .struct_size = sizeof(MoeCheck),
    .name = "score-rule",
    .help = "gates that the stated rule doesn't make of the logits; rules that aren't stated",
    .why =
        "entropies and margins of a softmax mean nothing for a router of sigmoids, and the other "
        "way round",
    .remedy = "state the model's score function and gate rule when importing",
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .end = end,
};
