/* SPDX-License-Identifier: MIT
 *
 * token-find.c: looks through a trace for tokens, forwards or backwards, a chunk at a time.
 */
#include <moescope/concordance.h>

#include "stats/picks.h"
#include "stats/step.h"
#include "stats/text-match.h"
#include "stats/token-chunk.h"

struct MoeTokenFinder {
    const MoeTrace *trace;
    MoeTokenQuery query; /* without its text and filter */
    MoeTextMatch *match; /* NULL: any text */
    MoeTraceView *view;  /* NULL: any expert */
    MoeTokenSet *set;    /* NULL: all tokens count */
    int32_t step;        /* that is meant; counts unless query.steps is MOE_STEPS_ALL */
    int viewed;          /* the chunk that it holds; -1: none */
    MoeTokenChunk tokens, later;
};

/* --- One token --------------------------------------------------------------------------------*/

static bool
unit_picks(const MoeTokenFinder *finder, int64_t unit)
{
    const MoeTraceView *view = finder->view;
    const MoeTokenQuery *query = &finder->query;
    int first = query->slot < 0 ? 0 : query->slot, last = query->slot < 0 ? view->k - 1 : first;
    for (int slot = first; slot <= last && slot < view->k; slot++)
        if (moe__pick(view, slot * view->units + unit) == query->expert)
            return true;
    return false;
}

static bool
token_picks(const MoeTokenFinder *finder, int64_t t)
{
    int heads = moe_trace_router(finder->trace, finder->query.router)->units_per_token;
    for (int head = 0; head < heads; head++)
        if (unit_picks(finder, t * heads + head))
            return true;
    return false;
}

/* Moves on to the next token, maybe of a later chunk; *at NULL: there is none. */
static bool
move_on(MoeTokenFinder *finder, const MoeTokenChunk **at, int64_t *i, GError **error)
{
    for (++*i; *i >= (*at)->n; *i = 0) {
        int next = (*at)->chunk + 1;
        if (next >= moe_trace_chunks(finder->trace)) {
            *at = NULL;
            return true;
        }
        if (!moe__token_chunk_read(&finder->later, finder->trace, next, error))
            return false;
        *at = &finder->later;
        if (finder->later.n > 0) {
            *i = 0;
            return true;
        }
    }
    return true;
}

/* Whether the text goes on as it should in the tokens behind t. */
static bool
text_goes_on(MoeTokenFinder *finder, int64_t t, bool *found, GError **error)
{
    g_autoptr(GArray) reached = moe__text_match_begin(finder->match, finder->tokens.id[t]);
    const MoeTokenChunk *at = &finder->tokens;
    int64_t i = t;
    while (!*found && reached->len > 0) {
        if (!move_on(finder, &at, &i, error))
            return false;
        if (!at || !moe__token_chunk_same(&finder->tokens, t, at, i))
            return true;
        *found = moe__text_match_go_on(finder->match, moe__token_chunk_at(at->id, i), reached);
    }
    return true;
}

static bool
text_matches(MoeTokenFinder *finder, int64_t t, bool *found, GError **error)
{
    MoeMatchKind kind = MOE_MATCH_YES;
    if (finder->match)
        kind = moe__text_match_kind(finder->match, moe__token_chunk_at(finder->tokens.id, t));
    *found = kind == MOE_MATCH_YES;
    return kind != MOE_MATCH_PART || text_goes_on(finder, t, found, error);
}

/* Whether token t of the chunk at hand is one of those that are searched. */
static bool
token_counts(const MoeTokenFinder *finder, int64_t t)
{
    const MoeTokenChunk *tokens = &finder->tokens;
    const uint64_t *bits = finder->set ? moe_token_set_bits(finder->set, tokens->chunk) : NULL;
    if (finder->set && (!bits || !moe_token_set_has(bits, t)))
        return false;
    return finder->query.steps == MOE_STEPS_ALL || !tokens->step || tokens->step[t] == finder->step;
}

/* Whether token t of the chunk at hand is meant. */
static bool
token_matches(MoeTokenFinder *finder, int64_t t, bool *found, GError **error)
{
    *found = false;
    if (!token_counts(finder, t))
        return true;
    if (finder->query.id >= 0 && moe__token_chunk_at(finder->tokens.id, t) != finder->query.id)
        return true;
    if (finder->view && !token_picks(finder, t))
        return true;
    return text_matches(finder, t, found, error);
}

/* --- Chunks -----------------------------------------------------------------------------------*/

static bool
load(MoeTokenFinder *finder, int chunk, const MoeProgress *progress, GError **error)
{
    if (!moe_progress(progress, chunk, moe_trace_chunks(finder->trace), "searching")) {
        g_set_error_literal(error, MOE_ERROR, MOE_ERROR_CANCELLED, "the search was cancelled");
        return false;
    }
    if (!moe__token_chunk_read(&finder->tokens, finder->trace, chunk, error))
        return false;
    if (!finder->view || finder->viewed == chunk)
        return true;
    finder->viewed = -1;
    if (!moe_trace_view(finder->trace, chunk, finder->query.router, finder->view, error))
        return false;
    finder->viewed = chunk;
    return true;
}

/* Looks at tokens from, from + direction, … of the chunk at hand. */
static bool
search_chunk(MoeTokenFinder *finder, int64_t from, int direction, int64_t *token, GError **error)
{
    bool found = false;
    for (int64_t t = from; t >= 0 && t < finder->tokens.n; t += direction) {
        if (!token_matches(finder, t, &found, error))
            return false;
        if (found) {
            *token = finder->tokens.first + t;
            return true;
        }
    }
    return true;
}

bool
moe_token_finder_next(MoeTokenFinder *finder, int64_t from, int64_t *token,
                      const MoeProgress *progress, GError **error)
{
    int64_t first = 0;
    *token = -1;
    from = MAX(from, 0);
    for (int c = 0; c < moe_trace_chunks(finder->trace) && *token < 0; c++) {
        int64_t n = moe_trace_tokens(finder->trace, c);
        if (from < first + n && (!load(finder, c, progress, error) ||
                                 !search_chunk(finder, MAX(from - first, 0), 1, token, error)))
            return false;
        first += n;
    }
    return true;
}

bool
moe_token_finder_previous(MoeTokenFinder *finder, int64_t from, int64_t *token,
                          const MoeProgress *progress, GError **error)
{
    int64_t behind = moe_trace_tokens(finder->trace, -1);
    *token = -1;
    for (int c = moe_trace_chunks(finder->trace); c-- > 0 && *token < 0;) {
        int64_t n = moe_trace_tokens(finder->trace, c), first = behind - n;
        if (from > first &&
            (!load(finder, c, progress, error) ||
             !search_chunk(finder, MIN(from, behind) - 1 - first, -1, token, error)))
            return false;
        behind = first;
    }
    return true;
}

/* --- The object -------------------------------------------------------------------------------*/

static bool
query_fits(const MoeTrace *trace, const MoeTokenQuery *q, GError **error)
{
    int routers = moe_trace_routers(trace);
    if (!(q->text && *q->text) && q->id < 0 && q->expert < 0) {
        g_set_error_literal(
            error, MOE_ERROR, MOE_ERROR_DATA,
            "found nothing to search for, expected a text, a token id or an expert");
        return false;
    }
    if (q->expert < 0)
        return true;
    if (q->router < 0 || q->router >= routers) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "found router %d, expected 0 … %d", q->router,
                    routers - 1);
        return false;
    }
    const MoeRouterInfo *info = moe_trace_router(trace, q->router);
    int slots = info->k > 0 ? info->k : info->experts;
    if (q->expert >= info->experts)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "found expert %d, expected 0 … %d", q->expert,
                    info->experts - 1);
    else if (q->slot >= slots)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "found slot %d, expected 0 … %d", q->slot,
                    slots - 1);
    else
        return true;
    return false;
}

/* Which tokens count: the filter's, at the step that is meant. */
static bool
choose_tokens(MoeTokenFinder *finder, const MoeTokenQuery *query, GError **error)
{
    const MoeSummaryOptions options = {.steps = query->steps, .step = query->step};
    if (query->filter && !(finder->set = moe_token_set_new(finder->trace, query->filter, error)))
        return false;
    return query->steps == MOE_STEPS_ALL ||
           moe__choose_step(finder->trace, &options, &finder->step, error);
}

MoeTokenFinder *
moe_token_finder_new(const MoeTrace *trace, const MoeTokenQuery *query, GHashTable *texts,
                     GError **error)
{
    if (!query_fits(trace, query, error))
        return NULL;
    MoeTokenFinder *finder = g_new(MoeTokenFinder, 1);
    *finder = (MoeTokenFinder){.trace = trace,
                               .query = *query,
                               .viewed = -1,
                               .tokens = MOE_TOKEN_CHUNK_NONE,
                               .later = MOE_TOKEN_CHUNK_NONE};
    finder->query.text = NULL;
    finder->query.filter = NULL;
    if (!choose_tokens(finder, query, error)) {
        moe_token_finder_free(finder);
        return NULL;
    }
    if (query->text && *query->text)
        finder->match = moe__text_match_new(query->text, texts);
    if (query->expert >= 0) {
        finder->view = moe_trace_view_new();
        moe_trace_view_wants(finder->view, 0);
    }
    return finder;
}

void
moe_token_finder_free(MoeTokenFinder *finder)
{
    if (!finder)
        return;
    moe__text_match_free(finder->match);
    moe_token_set_free(finder->set);
    g_clear_pointer(&finder->view, moe_trace_view_free);
    moe__token_chunk_clear(&finder->tokens);
    moe__token_chunk_clear(&finder->later);
    g_free(finder);
}
