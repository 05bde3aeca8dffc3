/* SPDX-License-Identifier: MIT
 *
 * concordance.c: goes through one router's picks and keeps the best contexts of an expert.
 */
#include <moescope/concordance.h>

#include "stats/best-contexts.h"
#include "stats/context-window.h"
#include "stats/id-counts.h"
#include "stats/picks.h"
#include "stats/step.h"
#include "stats/token-chunk.h"

#include <math.h>

struct MoeConcordance {
    GArray *contexts; /* of MoeContext */
    int64_t units;
};

/* A pass over the trace. */
typedef struct Pass {
    const MoeTrace *trace;
    const MoeContextQuery *query;
    const MoeRouterInfo *info;
    bool one_step;
    int32_t step;
    MoeTokenSet *set;     /* of the filter; NULL: all tokens */
    const uint64_t *bits; /* of the chunk; NULL: none of its tokens */
    MoeTraceView *view;
    MoeTokenChunk tokens;
    MoeIdCounts counts;
    MoeBestContexts best;
    int64_t units;
} Pass;

/* What is done with a unit that counts: `slot` of the expert, or -1. */
typedef void (*UnitFunc)(Pass *pass, int64_t token, int head, int slot);

static bool
token_counts(const Pass *pass, int64_t t)
{
    return (!pass->one_step || pass->view->step[t] == pass->step) &&
           (!pass->set || (pass->bits && moe_token_set_has(pass->bits, t)));
}

static int
slot_of(const Pass *pass, int64_t unit)
{
    for (int slot = 0; slot < pass->view->k; slot++)
        if (moe__pick(pass->view, slot * pass->view->units + unit) == pass->query->expert)
            return slot;
    return -1;
}

static bool
walk(Pass *pass, UnitFunc func, const char *what, GError **error)
{
    const MoeProgress *progress = pass->query->progress;
    int chunks = moe_trace_chunks(pass->trace), heads = pass->info->units_per_token;
    for (int c = 0; c < chunks; c++) {
        if (!moe_progress(progress, c, chunks, what)) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "%s was cancelled", what);
            return false;
        }
        if (!moe_trace_view(pass->trace, c, pass->query->router, pass->view, error) ||
            !moe__token_chunk_read(&pass->tokens, pass->trace, c, error))
            return false;
        pass->bits = pass->set ? moe_token_set_bits(pass->set, c) : NULL;
        for (int64_t t = 0; t < pass->view->tokens; t++)
            for (int head = 0; head < heads && token_counts(pass, t); head++)
                func(pass, t, head, slot_of(pass, t * heads + head));
    }
    return true;
}

/* --- What a pass does with units --------------------------------------------------------------*/

static void
count_id(Pass *pass, int64_t t, int head, int slot)
{
    int32_t id = moe__token_chunk_at(pass->tokens.id, t);
    int64_t unit = t * pass->info->units_per_token + head;
    if (id >= 0)
        moe__id_counts_add(&pass->counts, id, pass->view->k > 0 && moe__pick(pass->view, unit) >= 0,
                           slot >= 0);
}

static double
gate_of(const MoeTraceView *view, int64_t pick)
{
    if (view->gate64)
        return view->gate64[pick];
    return view->gate ? (double)view->gate[pick] : NAN;
}

static void
take(Pass *pass, int64_t t, int head, int slot)
{
    const MoeTokenChunk *tokens = &pass->tokens;
    if (slot < 0)
        return;
    pass->units++;
    int64_t unit = t * pass->info->units_per_token + head;
    MoeContext context = {.token = tokens->first + t,
                          .id = moe__token_chunk_at(tokens->id, t),
                          .doc = moe__token_chunk_at(tokens->doc, t),
                          .pos = moe__token_chunk_at(tokens->pos, t),
                          .domain = moe__token_chunk_at(tokens->domain, t),
                          .step = moe__token_chunk_at(tokens->step, t),
                          .head = head,
                          .slot = slot,
                          .gate = gate_of(pass->view, slot * pass->view->units + unit),
                          .lift = NAN,
                          .moved = NAN,
                          .from = {-1, -1},
                          .to = {-1, -1}};
    if (pass->query->by == MOE_CONTEXTS_BY_LIFT) {
        int64_t least = pass->query->least > 0 ? pass->query->least : MOE_TOKENS_LEAST;
        context.lift = moe__id_counts_lift(&pass->counts, context.id, least);
    }
    bool ranked = isfinite(pass->query->by == MOE_CONTEXTS_BY_LIFT ? context.lift : context.gate);
    if (ranked)
        moe__best_contexts_add(&pass->best, &context);
}

/* --- Whether the query can be answered --------------------------------------------------------*/

G_GNUC_PRINTF(2, 3)
static bool
refuse(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, MOE_ERROR, MOE_ERROR_DATA, text);
    return false;
}

static bool
query_fits(const MoeTrace *trace, const MoeContextQuery *q, GError **error)
{
    int routers = moe_trace_routers(trace);
    if (q->router < 0 || q->router >= routers)
        return refuse(error, "found router %d, expected 0 … %d", q->router, routers - 1);
    int experts = moe_trace_router(trace, q->router)->experts;
    if (q->expert < 0 || q->expert >= experts)
        return refuse(error, "found expert %d, expected 0 … %d", q->expert, experts - 1);
    if (q->top < 1 || q->top > MOE_CONTEXTS_MOST)
        return refuse(error, "found %d contexts, expected 1 … %d", q->top, MOE_CONTEXTS_MOST);
    if (q->window < 0 || q->window > MOE_CONTEXT_WINDOW_MOST)
        return refuse(error, "found a window of %d tokens, expected 0 … %d", q->window,
                      MOE_CONTEXT_WINDOW_MOST);
    return true;
}

static bool
choose_step(Pass *pass, GError **error)
{
    const MoeContextQuery *q = pass->query;
    const MoeSummaryOptions options = {.steps = q->steps, .step = q->step};
    pass->one_step = q->steps != MOE_STEPS_ALL;
    return !pass->one_step || moe__choose_step(pass->trace, &options, &pass->step, error);
}

/* Nothing could be ranked though the expert was picked: what to rank by is missing. */
static bool
check_ranked(const Pass *pass, GError **error)
{
    if (pass->units == 0 || pass->best.list->len > 0)
        return true;
    if (pass->query->by == MOE_CONTEXTS_BY_GATE)
        return refuse(error, "the trace has no gates to order contexts by; record gates, or order "
                             "by lift");
    if (pass->counts.sum.seen == 0)
        return refuse(error, "the trace has no token ids to order contexts by lift; record the "
                             "column id, or order by gate");
    return true;
}

/* --- The list ---------------------------------------------------------------------------------*/

void
moe__context_clear(gpointer context)
{
    g_free((gpointer)((MoeContext *)context)->ids);
}

MoeConcordance *
moe__concordance_of(GArray *contexts, int64_t units)
{
    MoeConcordance *concordance = g_new(MoeConcordance, 1);
    *concordance = (MoeConcordance){contexts, units};
    return concordance;
}

static bool
run(Pass *pass, GError **error)
{
    if (pass->query->filter &&
        !(pass->set = moe_token_set_new(pass->trace, pass->query->filter, error)))
        return false;
    moe_trace_view_wants(pass->view, MOE_VIEW_STEP);
    if (pass->query->by == MOE_CONTEXTS_BY_LIFT && !walk(pass, count_id, "counting tokens", error))
        return false;
    moe_trace_view_wants(pass->view, MOE_VIEW_STEP | MOE_VIEW_GATES);
    return walk(pass, take, "finding contexts", error) && check_ranked(pass, error) &&
           moe__context_windows(pass->trace, (MoeContext *)(void *)pass->best.list->data,
                                pass->best.list->len, pass->query->window, error);
}

MoeConcordance *
moe_concordance_new(const MoeTrace *trace, const MoeContextQuery *query, GError **error)
{
    if (!query_fits(trace, query, error))
        return NULL;
    Pass pass = {.trace = trace,
                 .query = query,
                 .info = moe_trace_router(trace, query->router),
                 .tokens = MOE_TOKEN_CHUNK_NONE};
    if (!choose_step(&pass, error))
        return NULL;
    pass.view = moe_trace_view_new();
    moe__id_counts_init(&pass.counts);
    moe__best_contexts_init(&pass.best, query->top, query->each);
    g_array_set_clear_func(pass.best.list, moe__context_clear);
    bool good = run(&pass, error);
    moe_trace_view_free(pass.view);
    moe_token_set_free(pass.set);
    moe__token_chunk_clear(&pass.tokens);
    moe__id_counts_clear(&pass.counts);
    if (!good) {
        g_array_unref(pass.best.list);
        return NULL;
    }
    return moe__concordance_of(pass.best.list, pass.units);
}

void
moe_concordance_free(MoeConcordance *concordance)
{
    if (!concordance)
        return;
    g_array_unref(concordance->contexts);
    g_free(concordance);
}

int
moe_concordance_count(const MoeConcordance *concordance)
{
    return (int)concordance->contexts->len;
}

const MoeContext *
moe_concordance_get(const MoeConcordance *concordance, int i)
{
    g_return_val_if_fail(i >= 0 && i < moe_concordance_count(concordance), NULL);
    return &g_array_index(concordance->contexts, MoeContext, i);
}

int64_t
moe_concordance_units(const MoeConcordance *concordance)
{
    return concordance->units;
}
