/* SPDX-License-Identifier: MIT
 *
 * moved-tokens.c: goes through two routings of the same tokens side by side, whose chunks may
 * differ, and keeps the tokens that moved farthest.
 */
#include <moescope/concordance.h>

#include "stats/best-contexts.h"
#include "stats/context-window.h"
#include "stats/picks.h"
#include "stats/step.h"
#include "stats/token-chunk.h"

#include <math.h>

/* Where a walk through one trace is. */
typedef struct Side {
    const MoeTrace *trace;
    const MoeRouterInfo *info;
    int router, chunk;
    int64_t t; /* in the chunk */
    bool one_step;
    int32_t step;
    MoeTraceView *view;
    MoeTokenChunk tokens;
} Side;

/* --- One side ---------------------------------------------------------------------------------*/

static bool
side_init(Side *side, const MoeCompareSide *given, int router, GError **error)
{
    int n = moe_trace_routers(given->trace);
    const MoeSummaryOptions options = {.steps = given->steps, .step = given->step};
    *side = (Side){.trace = given->trace,
                   .router = router,
                   .chunk = -1,
                   .one_step = given->steps != MOE_STEPS_ALL,
                   .view = moe_trace_view_new(),
                   .tokens = MOE_TOKEN_CHUNK_NONE};
    moe_trace_view_wants(side->view, MOE_VIEW_STEP | MOE_VIEW_GATES);
    if (router < 0 || router >= n) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "found router %d, expected 0 … %d", router,
                    n - 1);
        return false;
    }
    side->info = moe_trace_router(given->trace, router);
    return !side->one_step || moe__choose_step(given->trace, &options, &side->step, error);
}

static void
side_clear(Side *side)
{
    g_clear_pointer(&side->view, moe_trace_view_free);
    moe__token_chunk_clear(&side->tokens);
}

static bool
next_chunk(Side *side, GError **error)
{
    side->chunk++;
    side->t = 0;
    return side->chunk >= moe_trace_chunks(side->trace) ||
           (moe_trace_view(side->trace, side->chunk, side->router, side->view, error) &&
            moe__token_chunk_read(&side->tokens, side->trace, side->chunk, error));
}

/* Moves to the next token that counts; *there: whether there is one. */
static bool
next_token(Side *side, bool *there, GError **error)
{
    side->t += side->chunk >= 0;
    for (;;) {
        if (side->chunk < 0 || side->t >= side->view->tokens) {
            if (!next_chunk(side, error))
                return false;
            *there = side->chunk < moe_trace_chunks(side->trace);
            if (!*there)
                return true;
            continue;
        }
        *there = !side->one_step || side->view->step[side->t] == side->step;
        if (*there)
            return true;
        side->t++;
    }
}

static int32_t
pick_of(const Side *side, int head, int slot)
{
    const MoeTraceView *view = side->view;
    int64_t unit = side->t * side->info->units_per_token + head;
    return slot < view->k ? moe__pick(view, slot * view->units + unit) : -1;
}

static double
gate_of(const Side *side, int head, int slot)
{
    const MoeTraceView *view = side->view;
    int64_t at = slot * view->units + side->t * side->info->units_per_token + head;
    if (view->gate64)
        return view->gate64[at];
    return view->gate ? (double)view->gate[at] : 1;
}

static bool
picks(const Side *side, int head, int32_t expert)
{
    for (int slot = 0; slot < side->view->k; slot++)
        if (pick_of(side, head, slot) == expert)
            return true;
    return false;
}

/* --- Both -------------------------------------------------------------------------------------*/

/* NaN where one of them has no picks, or the first no weight. */
static double
moved_of(const Side *a, const Side *b, int head)
{
    double all = 0, gone = 0;
    if (pick_of(b, head, 0) < 0)
        return NAN;
    for (int slot = 0; slot < a->view->k; slot++) {
        int32_t expert = pick_of(a, head, slot);
        double gate = expert < 0 ? 0 : gate_of(a, head, slot);
        all += gate;
        gone += expert >= 0 && !picks(b, head, expert) ? gate : 0;
    }
    return all > 0 ? gone / all : NAN;
}

static MoeContext
context_of(const Side *a, const Side *b, int head, double moved)
{
    const MoeTokenChunk *tokens = &a->tokens;
    return (MoeContext){.token = tokens->first + a->t,
                        .id = moe__token_chunk_at(tokens->id, a->t),
                        .doc = moe__token_chunk_at(tokens->doc, a->t),
                        .pos = moe__token_chunk_at(tokens->pos, a->t),
                        .domain = moe__token_chunk_at(tokens->domain, a->t),
                        .step = moe__token_chunk_at(tokens->step, a->t),
                        .head = head,
                        .slot = -1,
                        .gate = NAN,
                        .lift = NAN,
                        .moved = moved,
                        .from = {pick_of(a, head, 0), pick_of(a, head, 1)},
                        .to = {pick_of(b, head, 0), pick_of(b, head, 1)}};
}

static bool
same_token(const Side *a, const Side *b, GError **error)
{
    int32_t x = moe__token_chunk_at(a->tokens.id, a->t);
    int32_t y = moe__token_chunk_at(b->tokens.id, b->t);
    if (x < 0 || y < 0 || x == y)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "found token %" G_GINT64_FORMAT " with id %d in the first and %d in the second "
                "trace, expected routings of the same tokens",
                a->tokens.first + a->t, x, y);
    return false;
}

/* `chosen` NULL: every token is. */
static bool
is_chosen(const Side *side, const MoeTokenSet *chosen)
{
    const uint64_t *bits = chosen ? moe_token_set_bits(chosen, side->chunk) : NULL;
    return !chosen || (bits && moe_token_set_has(bits, side->t));
}

static bool
walk(Side *a, Side *b, const MoeMovedQuery *query, const MoeTokenSet *chosen, MoeBestContexts *best,
     int64_t *units, GError **error)
{
    bool in_a, in_b;
    int chunks = moe_trace_chunks(a->trace);
    for (;;) {
        if (!next_token(a, &in_a, error) || !next_token(b, &in_b, error))
            return false;
        if (!in_a && !in_b)
            return true;
        if (in_a != in_b) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "found more tokens in the %s trace, expected routings of the same tokens",
                        in_a ? "first" : "second");
            return false;
        }
        if (a->t == 0 && !moe_progress(query->progress, a->chunk, chunks, "comparing tokens")) {
            g_set_error_literal(error, MOE_ERROR, MOE_ERROR_CANCELLED,
                                "comparing tokens was cancelled");
            return false;
        }
        if (!same_token(a, b, error))
            return false;
        for (int head = 0; is_chosen(a, chosen) && head < a->info->units_per_token; head++) {
            double moved = moved_of(a, b, head);
            if (!(moved > 0))
                continue;
            MoeContext context = context_of(a, b, head, moved);
            ++*units;
            moe__best_contexts_add(best, &context);
        }
    }
}

static bool
run(Side *a, Side *b, const MoeMovedQuery *query, MoeBestContexts *best, int64_t *units,
    GError **error)
{
    if (!side_init(a, &query->a, query->router_a, error) ||
        !side_init(b, &query->b, query->router_b, error))
        return false;
    if (a->info->units_per_token != b->info->units_per_token) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found %d and %d sub-tokens a token, expected routers that split tokens alike",
                    a->info->units_per_token, b->info->units_per_token);
        return false;
    }
    g_autoptr(MoeTokenSet) chosen = NULL;
    if (query->filter && !(chosen = moe_token_set_new(a->trace, query->filter, error)))
        return false;
    return walk(a, b, query, chosen, best, units, error) &&
           moe__context_windows(a->trace, (MoeContext *)(void *)best->list->data, best->list->len,
                                query->window, error);
}

MoeConcordance *
moe_concordance_moved(const MoeMovedQuery *query, GError **error)
{
    Side a = {.tokens = MOE_TOKEN_CHUNK_NONE}, b = {.tokens = MOE_TOKEN_CHUNK_NONE};
    MoeBestContexts best;
    int64_t units = 0;
    if (query->top < 1 || query->top > MOE_CONTEXTS_MOST || query->window < 0 ||
        query->window > MOE_CONTEXT_WINDOW_MOST) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found %d tokens with a window of %d, expected 1 … %d and 0 … %d", query->top,
                    query->window, MOE_CONTEXTS_MOST, MOE_CONTEXT_WINDOW_MOST);
        return NULL;
    }
    moe__best_contexts_init(&best, query->top, query->each);
    g_array_set_clear_func(best.list, moe__context_clear);
    bool good = run(&a, &b, query, &best, &units, error);
    side_clear(&a);
    side_clear(&b);
    if (good)
        return moe__concordance_of(best.list, units);
    g_array_unref(best.list);
    return NULL;
}
