/* SPDX-License-Identifier: MIT
 *
 * Routers that routed different numbers of tokens. A trace has a row of every token in every router
 * (the reader refuses another one), so a log whose layers differ in length comes out with rows that
 * have no pick; an import that can tell the tokens of rows leaves out those that lack a layer.
 */
#include "check/blocks.h"
#include "check/meta.h"

typedef struct {
    MoeHits *routed; /* [routers] tokens with a pick in any of their units */
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    s->routed = g_new0(MoeHits, (gsize)MAX(1, moe_trace_routers(moe_check_run_trace(run))));
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    MoeHits *routed = &((State *)state)->routed[rows->router];
    const MoeTraceView *view = rows->view;
    int per_token = rows->info->units_per_token;
    if (moe__blocks_all_full(run, rows)) {
        moe__hits_count_alike(routed, rows, 0, view->tokens, true);
        return;
    }
    for (int64_t t = 0; t < view->tokens; t++) {
        bool any = false;
        for (int slot = 0; slot < view->k; slot++)
            for (int64_t u = t * per_token; u < (t + 1) * per_token && !any; u++)
                any = view->expert[slot * view->units + u] >= 0;
        moe__hits_count(routed, rows, t * per_token, any);
    }
}

/* Routers whose number of picks varies, or whose experts choose, may leave tokens out. */
static bool
routes_all(const MoeRouterInfo *info)
{
    return info->k > 0 && info->causal;
}

/* The router with the fewest tokens, and the one with the most; nothing where they are as many. */
static void
tell(MoeCheckRun *run, int least, int64_t few, int most, int64_t many, int layer)
{
    if (few == many)
        return;
    g_autofree char *fewer = moe__count_text(few), *more = moe__count_text(many);
    MoeHits missing = {many - few, many, 0, 0};
    MoeFinding finding =
        moe__finding(MOE_FINDING_WARNING, least, &missing, "tokens",
                     g_strdup_printf("%s tokens have picks here, %s in router %d (layer %d)", fewer,
                                     more, most, layer));
    finding.other = most;
    finding.chunk = finding.token = -1;
    moe_check_run_add(run, &finding);
}

/* "; layer 8 lacks 1,037 of them" of the layer that lacks most. (transfer full) */
static char *
worst_layer(JsonObject *tokens)
{
    JsonNode *node = json_object_get_member(tokens, "lacking");
    JsonObject *layers = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    g_autoptr(GList) names = layers ? json_object_get_members(layers) : NULL;
    const char *worst = NULL;
    int64_t most = 0;
    for (GList *name = names; name; name = name->next) {
        int64_t lacks = moe__check_number(layers, name->data);
        if (lacks > most) {
            most = lacks;
            worst = name->data;
        }
    }
    g_autofree char *count = moe__count_text(most);
    return worst ? g_strdup_printf("; layer %s lacks %s of them%s", worst, count,
                                   names->next ? ", the most" : "")
                 : g_strdup("");
}

/* Tokens that an import left out, because not every layer had a row of theirs. */
static void
tell_left_out(MoeCheckRun *run)
{
    static const double FEW = 1e-3; /* of all: as where a log ends amid a token */
    g_autoptr(JsonNode) root = NULL;
    JsonObject *import = moe__check_import(moe_trace_meta_json(moe_check_run_trace(run)), &root);
    JsonNode *node = import ? json_object_get_member(import, "tokens") : NULL;
    JsonObject *tokens = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    int64_t left_out = tokens ? moe__check_number(tokens, "incomplete") : 0;
    if (left_out <= 0)
        return;
    MoeHits hits = {left_out, left_out + moe__check_number(tokens, "kept"), -1, -1};
    g_autofree char *share = moe__hits_text(&hits), *layer = worst_layer(tokens);
    bool few = (double)hits.count < FEW * (double)hits.all;
    MoeFinding finding =
        moe__finding(few ? MOE_FINDING_NOTE : MOE_FINDING_WARNING, -1, &hits, "tokens",
                     g_strdup_printf("%s tokens of the imported files had no picks in some layer "
                                     "and were left out of all%s",
                                     share, layer));
    moe_check_run_add(run, &finding);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    const MoeTrace *trace = moe_check_run_trace(run);
    int least = -1, most = -1;
    for (int r = 0; r < moe_trace_routers(trace) && !cancelled; r++) {
        if (!routes_all(moe_trace_router(trace, r)))
            continue;
        if (least < 0 || s->routed[r].count < s->routed[least].count)
            least = r;
        if (most < 0 || s->routed[r].count > s->routed[most].count)
            most = r;
    }
    if (least >= 0)
        tell(run, least, s->routed[least].count, most, s->routed[most].count,
             moe_trace_router(trace, most)->layer);
    if (!cancelled)
        tell_left_out(run);
    g_free(s->routed);
}

static int64_t
units_of(const MoeSummary *summary, int router)
{
    return moe_summary_cell(summary, router, MOE_DOMAIN_ALL)->units;
}

static void
see_summary(MoeCheckRun *run, const MoeSummary *summary)
{
    int least = -1, most = -1;
    for (int r = 0; r < moe_summary_routers(summary); r++) {
        const MoeRouterInfo *info = moe_summary_router(summary, r);
        if (!routes_all(info) || info->units_per_token != 1)
            continue;
        if (least < 0 || units_of(summary, r) < units_of(summary, least))
            least = r;
        if (most < 0 || units_of(summary, r) > units_of(summary, most))
            most = r;
    }
    if (least >= 0)
        tell(run, least, units_of(summary, least), most, units_of(summary, most),
             moe_summary_router(summary, most)->layer);
}

const MoeCheck moe__check_token_counts = {
    .struct_size = sizeof(MoeCheck),
    .name = "token-counts",
    .help = "routers that routed different numbers of tokens; tokens that an import left out",
    .why =
        "measures across layers compare rows that aren't the same tokens' if rows were lost, and "
        "tokens that are left may be of another kind than those that are gone",
    .remedy =
        "find out whether rows were lost in the middle (then record again) or at the end "
        "(then leave those tokens out: moescope trace slice --tokens); of what an import left "
        "out say how much it is, or record it whole",
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .end = end,
    .summary = see_summary,
};
