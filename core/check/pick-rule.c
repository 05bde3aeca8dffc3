/* SPDX-License-Identifier: MIT
 *
 * Whether the picks are what the stated rule, top-k, makes of the recorded logits. An import keeps
 * the picks of its files and tells by the margin where the logits say others: picks of another
 * token or pass than the logits come out so, and so does a bias that chooses along unsaid.
 */
#include "check/check.h"
#include "check/meta.h"

enum { UNITS = 32 };
static const double SHARE = 0.01; /* of the units: logits of another precision change places too */
/* Of a unit's picks that aren't the highest: a bias leaves most of them in place, chance doesn't.
 */
static const double STRANGE = 2.0 / 3;

typedef struct {
    MoeHits off;
    int64_t picks, outside; /* of units with logits; those that aren't among as many highest */
} Router;

typedef struct {
    Router *routers;
    bool own; /* of a recipe of ours, whose parts (a bias, noise) choose by more than logits */
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    const MoeTrace *trace = moe_check_run_trace(run);
    static const char *const keys[] = {"recipe", NULL};
    s->routers = g_new0(Router, (gsize)MAX(1, moe_trace_routers(trace)));
    g_autoptr(JsonNode) root = moe__json_object_shared(moe_trace_meta_json(trace), keys, NULL);
    s->own = root && json_object_has_member(json_node_get_object(root), "recipe");
}

static bool
is_top_k(const MoeRouterInfo *info)
{
    return g_str_equal(info->select, "top-k") || g_str_equal(info->select, "topk");
}

/* How many experts have a higher logit than this one. */
static int
rank_of(const float *z, int experts, float logit)
{
    int above = 0;
    for (int e = 0; e < experts; e++)
        above += z[e] > logit;
    return above;
}

/* Picks of a unit that aren't among as many highest logits; adds to *n how many there are. */
static int
count_outside(const MoeCheckRows *rows, int64_t u, int *n)
{
    const MoeTraceView *view = rows->view;
    const float *z = rows->logits + u * rows->info->experts;
    int outside = 0;
    for (int slot = 0; slot < view->k; slot++)
        *n += view->expert[slot * view->units + u] >= 0;
    for (int slot = 0; slot < view->k; slot++) {
        int32_t e = view->expert[slot * view->units + u];
        outside += e >= 0 && rank_of(z, rows->info->experts, z[e]) >= *n;
    }
    return outside;
}

static void
see_unit(Router *router, const MoeCheckRows *rows, int64_t u)
{
    bool off = rows->margin && rows->margin[u] < 0;
    int picks = 0, outside = 0;
    if (rows->logits && (off || !rows->margin)) {
        outside = count_outside(rows, u, &picks);
        off = off || outside > 0;
    } else {
        picks = rows->view->k;
    }
    router->picks += picks;
    router->outside += outside;
    moe__hits_count(&router->off, rows, u, off);
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    (void)run;
    State *s = state;
    bool tells = !s->own && (rows->margin || rows->logits);
    for (int64_t u = 0; tells && is_top_k(rows->info) && u < rows->view->units; u++)
        see_unit(&s->routers[rows->router], rows, u);
}

/* Whether the picks have little to do with the logits: fewer of them among the highest than a third
 * of the way from chance to all. */
static bool
is_strange(const Router *router, const MoeRouterInfo *info)
{
    double chance = (double)info->k / MAX(info->experts, 1);
    return info->k > 0 && (double)router->outside > STRANGE * (1 - chance) * (double)router->picks;
}

static void
tell(MoeCheckRun *run, const Router *router, int r, bool strange)
{
    g_autofree char *share = moe__hits_text(&router->off);
    MoeFinding finding = moe__finding(
        strange ? MOE_FINDING_ERROR : MOE_FINDING_WARNING, r, &router->off, "units",
        g_strdup_printf("%s units pick an expert whose logit is below that of one that wasn't "
                        "picked%s; the stated rule, top-k, picks the highest",
                        share,
                        strange ? ", and few of the picks are among the highest at all" : ""));
    moe_check_run_add(run, &finding);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    const MoeTrace *trace = moe_check_run_trace(run);
    for (int r = 0; r < moe_trace_routers(trace) && !cancelled; r++) {
        const Router *router = &s->routers[r];
        if (router->off.all >= UNITS &&
            (double)router->off.count >= SHARE * (double)router->off.all)
            tell(run, router, r, is_strange(router, moe_trace_router(trace, r)));
    }
    g_free(s->routers);
}

const MoeCheck moe__check_pick_rule = {
    .struct_size = sizeof(MoeCheck),
    .name = "pick-rule",
    .help = "picks that the stated rule, top-k, doesn't make of the logits",
    .why = "entropies, margins and gates that come of these logits aren't of the decisions that "
           "were made, if picks and logits are of the same tokens at all",
    .remedy =
        "if a bias, groups, noise or a capacity chooses along, import with --select as it is; "
        "else find out whether picks and logits were recorded in the same pass, row by row",
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .end = end,
};
