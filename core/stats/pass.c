/* SPDX-License-Identifier: MIT
 *
 * pass.c: counts a trace. Each thread takes neighbouring routers and goes through all chunks of one
 * after the other: what a tally has to remember then is of one router at a time. One that is done
 * takes the last router of whoever has most left. A router's sums don't depend on any of that.
 */
#include "stats/choices.h"
#include "stats/columns.h"
#include "stats/disk.h"
#include "stats/errors.h"
#include "stats/sets.h"
#include "stats/step.h"
#include "stats/summary.h"
#include "stats/tokens.h"

#include <string.h>

/* First choices that threads keep for the router behind take no more than this; where they would,
 * the router before is decoded again. */
#define KEPT_BYTES (64 << 20)

typedef struct Pass {
    const MoeTrace *trace;
    MoeSummary *summary;
    const MoeProgress *progress;
    MoeColumns *columns;
    bool flow, keep; /* first choices of the router before are wanted, and kept */
    bool sets;       /* wanted */
    bool tables;     /* of tokens are kept */
    int chunks;
    int sample;           /* every so many chunks one is counted */
    int done;             /* chunks of all routers; atomic */
    int stop;             /* atomic */
    struct Range *ranges; /* [n_ranges] of all threads */
    int n_ranges;
    GMutex lock; /* of Range.next and .end */
} Pass;

/* A thread's routers. */
typedef struct Range {
    Pass *pass;
    int next, end; /* routers that nobody has taken yet */
    int last;      /* that was counted; -1: none */
    bool reports;  /* it runs on the caller's thread */
    MoeTraceView *view, *other;
    MoeColumnsChunk place;
    uint16_t *kept; /* [units of all chunks] first choices of the last router, or NULL */
    MoeChoices own, before;
    uint64_t *sets;     /* [units × words of a chunk] */
    int64_t words_room; /* in `sets` */
    void *walks[MOE_N_TALLIES];
    MoeTokenWalk *tokens; /* NULL: not counted */
    bool again;           /* for tokens alone: the other tallies have counted these chunks */
    GError *error;
} Range;

/* --- First choices ----------------------------------------------------------------------------*/

/* Fills chunk->first and chunk->before; `kept` is where the chunk's choices stand in range->kept.
 */
static bool
find_choices(Range *range, const uint16_t *kept, MoeTallyChunk *chunk, GError **error)
{
    const Pass *pass = range->pass;
    int router = chunk->router;
    if (pass->flow || range->tokens)
        chunk->first = moe__choices_make(&range->own, chunk->view);
    if (!pass->flow || pass->summary->shapes[router].from == 0 || range->again)
        return true;
    if (kept && router - 1 == range->last) {
        chunk->before = kept;
        return true;
    }
    if (!moe_trace_view(pass->trace, chunk->chunk, router - 1, range->other, error))
        return false;
    chunk->before = moe__choices_make(&range->before, range->other);
    return true;
}

/* --- Sets of picks ----------------------------------------------------------------------------*/

static void
make_sets(Range *range, MoeTallyChunk *chunk)
{
    int words = moe__sets_words(range->pass->summary->routers[chunk->router].experts);
    int64_t units = chunk->view->units;
    if (!range->pass->sets || words == 0)
        return;
    if (units * words > range->words_room) {
        g_free(range->sets);
        range->sets = g_new(uint64_t, (gsize)(units * words));
        range->words_room = units * words;
    }
    moe__sets_fill(chunk->view, 0, units, words, range->sets);
    chunk->sets = range->sets;
    chunk->words = words;
}

/* --- A router ---------------------------------------------------------------------------------*/

static bool
say_stopped(GError **error)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "counting picks was stopped");
    return false;
}

static bool
report(const Pass *pass, int done)
{
    int total = (pass->chunks + pass->sample - 1) / pass->sample * pass->summary->n_routers;
    return moe_progress(pass->progress, MIN(done, total), total, "counting picks");
}

static bool
go_on(Range *range, GError **error)
{
    Pass *pass = range->pass;
    int done = g_atomic_int_add(&pass->done, 1);
    if (range->reports && !report(pass, done))
        g_atomic_int_set(&pass->stop, 1);
    return !g_atomic_int_get(&pass->stop) || say_stopped(error);
}

static bool
count_tallies(Range *range, const MoeTallyChunk *chunk, GError **error)
{
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        MoeTables *tables = range->pass->summary->tables[i];
        const MoeTallyCells *cells = tables ? moe__tables_cells(tables, chunk->router) : NULL;
        if (cells && !moe__tallies[i]->count(range->walks[i], cells, chunk, error))
            return false;
    }
    return true;
}

static bool
count_chunk(Range *range, int router, int i, uint16_t *kept, GError **error)
{
    const Pass *pass = range->pass;
    MoeTraceView *view = range->view;
    const MoeColumnsChunk *columns = moe__columns_get(pass->columns, i, &range->place, error);
    if (!columns || !moe_trace_view(pass->trace, i, router, view, error))
        return false;
    MoeTallyChunk chunk = {
        .trace = pass->trace,
        .chunk = i,
        .router = router,
        .view = view,
        .units_per_token = pass->summary->routers[router].units_per_token,
        .doc = columns->column[MOE_COLUMN_DOC],
        .pos = columns->column[MOE_COLUMN_POS],
        .step = columns->column[MOE_COLUMN_STEP],
        .order = columns->order.token ? &columns->order : NULL,
        .runs = (const MoeTallyRun *)(const void *)columns->runs->data,
        .n_runs = columns->runs->len,
    };
    make_sets(range, &chunk);
    if (!find_choices(range, kept, &chunk, error))
        return false;
    if (range->tokens)
        moe__tokens_count(range->tokens, &chunk);
    if (range->again)
        return true;
    if (!count_tallies(range, &chunk, error))
        return false;
    if (kept && view->units > 0)
        memcpy(kept, chunk.first, (gsize)view->units * sizeof *kept);
    return true;
}

static bool
count_chunks(Range *range, int router, GError **error)
{
    int64_t unit = 0;
    for (int i = 0; i < range->pass->chunks; i += range->pass->sample) {
        if (!go_on(range, error) ||
            !count_chunk(range, router, i, range->kept ? range->kept + unit : NULL, error))
            return false;
        unit += range->view->units;
    }
    return true;
}

/* Goes through the chunks again for ids that were left out, and keeps what was counted. */
static bool
end_tokens(Range *range, int router, GError **error)
{
    MoeSummary *summary = range->pass->summary;
    bool ok = true;
    range->again = true;
    while (ok && moe__tokens_again(range->tokens))
        ok = count_chunks(range, router, error);
    range->again = false;
    if (ok)
        summary->token_cells[router] =
            moe__tokens_end(range->tokens, &summary->token_tables[router]);
    return ok;
}

static bool
count_router(Range *range, int router, GError **error)
{
    const MoeTallyCells *cells[MOE_N_TALLIES] = {0};
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        MoeTables *tables = range->pass->summary->tables[i];
        cells[i] = tables ? moe__tables_cells(tables, router) : NULL;
        if (cells[i] && moe__tallies[i]->begin)
            range->walks[i] = moe__tallies[i]->begin(cells[i]);
    }
    if (range->tokens)
        moe__tokens_begin(range->tokens, &range->pass->summary->routers[router]);
    bool ok = count_chunks(range, router, error);
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        if (cells[i] && moe__tallies[i]->end)
            moe__tallies[i]->end(range->walks[i], cells[i]);
        range->walks[i] = NULL;
    }
    return ok && (!range->tokens || end_tokens(range, router, error));
}

/* --- All of them ------------------------------------------------------------------------------*/

static int64_t
most_units(const Pass *pass)
{
    int64_t most = 1;
    for (int r = 0; r < pass->summary->n_routers; r++)
        most = MAX(most, pass->summary->routers[r].units_per_token);
    return most * moe_trace_tokens(pass->trace, -1);
}

/* The next router of a range, or of another one that has most left; -1: there is none. */
static int
take_router(Range *range)
{
    Pass *pass = range->pass;
    int router = -1;
    g_mutex_lock(&pass->lock);
    Range *most = range;
    for (int i = 0; i < pass->n_ranges && range->next == range->end; i++)
        if (pass->ranges[i].end - pass->ranges[i].next > most->end - most->next)
            most = &pass->ranges[i];
    if (most->next < most->end)
        router = most == range ? most->next++ : --most->end;
    g_mutex_unlock(&pass->lock);
    return router;
}

static void
count_range(Range *range)
{
    range->view = moe_trace_view_new();
    range->other = moe_trace_view_new();
    moe_trace_view_wants(range->view, MOE_VIEW_DROPPED | MOE_VIEW_GATES_RAW);
    moe_trace_view_wants(range->other, 0);
    if (range->pass->summary->tallies & MOE_TALLY_TOKENS) {
        size_t budget = MOE_TOKENS_BUDGET / (size_t)MAX(moe_threads(), 1);
        range->tokens = moe__tokens_new(range->pass->tables, MAX(budget, MOE_TOKENS_BUDGET_LEAST));
    }
    if (range->pass->keep)
        range->kept = g_new(uint16_t, (gsize)most_units(range->pass));
    for (int r = take_router(range); r >= 0; r = take_router(range)) {
        if (!count_router(range, r, &range->error)) {
            g_atomic_int_set(&range->pass->stop, 1);
            break;
        }
        range->last = r;
    }
    moe_trace_view_free(range->view);
    moe_trace_view_free(range->other);
    moe__columns_chunk_clear(&range->place);
    g_free(range->kept);
    moe__choices_clear(&range->own);
    moe__choices_clear(&range->before);
    g_free(range->sets);
    moe__tokens_free(range->tokens);
}

static bool
count_routers(Pass *pass, GError **error)
{
    int routers = pass->summary->n_routers, n = CLAMP(moe_threads(), 1, MAX(routers, 1));
    g_autofree Range *ranges = g_new0(Range, (gsize)n);
    g_autofree GError **errors = g_new(GError *, (gsize)n);
    pass->keep = pass->flow && most_units(pass) * n * (int64_t)sizeof(uint16_t) <= KEPT_BYTES;
    if (!report(pass, 0)) /* the caller's thread may come too late to count anything */
        return say_stopped(error);
    pass->ranges = ranges;
    pass->n_ranges = n;
    g_mutex_init(&pass->lock);
    for (int i = 0; i < n; i++) {
        ranges[i].pass = pass;
        ranges[i].next = routers * i / n;
        ranges[i].end = routers * (i + 1) / n;
        ranges[i].last = -1;
        ranges[i].reports = i == 0;
    }
#pragma omp parallel for schedule(static, 1) num_threads(n)
    for (int i = 0; i < n; i++)
        count_range(&ranges[i]);
    g_mutex_clear(&pass->lock);
    for (int i = 0; i < n; i++)
        errors[i] = ranges[i].error;
    return moe__take_first_error(errors, n, error);
}

/* Tallies that the trace has no columns for. */
static void
drop_missing(MoeSummary *summary, const MoeTrace *trace)
{
    for (int i = 0; i < MOE_N_TALLIES; i++)
        for (int r = 0; summary->tables[i] && r < summary->n_routers; r++)
            if (moe__tallies[i]->carried && !moe__tallies[i]->carried(trace, r))
                moe__tables_drop(summary->tables[i], r);
}

static MoeSummary *
summary_for(const MoeTrace *trace, unsigned tallies)
{
    int n = moe_trace_routers(trace), n_domains = moe_trace_domains(trace);
    g_autofree MoeRouterInfo *routers = g_new(MoeRouterInfo, (gsize)n);
    g_autofree const char **domains = g_new(const char *, (gsize)n_domains);
    for (int r = 0; r < n; r++)
        routers[r] = *moe_trace_router(trace, r);
    for (int d = 0; d < n_domains; d++)
        domains[d] = moe_trace_domain_name(trace, d);
    MoeSummary *summary = moe_summary_new(routers, n, domains, n_domains, tallies);
    drop_missing(summary, trace);
    return summary;
}

static bool
count_all(Pass *pass, const int32_t *step, const MoeTokenSet *chosen, GError **error)
{
    const unsigned places = 1U << MOE_COLUMN_DOC | 1U << MOE_COLUMN_POS | 1U << MOE_COLUMN_STEP;
    bool tokens = pass->summary->tallies & MOE_TALLY_TOKENS, followed = false;
    for (int i = 0; i < MOE_N_TALLIES; i++)
        followed |= pass->summary->tables[i] && !moe__tallies[i]->by_runs;
    MoeColumnsOptions options = {
        .wanted = 1U << MOE_COLUMN_DOC | 1U << MOE_COLUMN_DOMAIN | 1U << MOE_COLUMN_STEP |
                  (unsigned)followed << MOE_COLUMN_POS | (unsigned)tokens << MOE_COLUMN_ID,
        .runs = true,
        .step = step,
        .chosen = chosen,
        .order = tokens,
        .passing = 1U << MOE_COLUMN_ID | 1U << MOE_COLUMN_DOMAIN | (followed ? 0 : places),
    };
    pass->columns = moe__columns_new(pass->trace, &options, error);
    bool ok = pass->columns && count_routers(pass, error);
    moe__columns_free(pass->columns);
    return ok;
}

/* Whether anything was counted, where less than all was asked for (`step` NULL: all of them). */
static bool
check_any(const MoeSummary *summary, const int32_t *step, const MoeTokenFilter *filter,
          GError **error)
{
    if ((!step && !filter) || summary->n_routers == 0 || moe_summary_tokens_counted(summary) > 0)
        return true;
    g_autofree char *words = filter ? moe_token_filter_text(filter) : NULL;
    g_autofree char *where = words && *words ? g_strdup_printf(" where %s", words) : NULL;
    if (step)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "no token%s was recorded at step %d",
                    where ? where : "", *step);
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "there is no token%s", where ? where : "");
    return false;
}

MoeSummary *
moe_summary_from_trace(const MoeTrace *trace, const MoeSummaryOptions *options, GError **error)
{
    static const MoeSummaryOptions all = {.steps = MOE_STEPS_ALL};
    options = options ? options : &all;
    MoeSummary *brought = options->recount ? NULL : moe__summary_brought(trace, options);
    if (brought)
        return brought;
    int32_t chosen_step;
    const int32_t *step = options->steps != MOE_STEPS_ALL ? &chosen_step : NULL;
    g_autoptr(MoeTokenSet) chosen = NULL;
    if (step && !moe__choose_step(trace, options, &chosen_step, error))
        return NULL;
    if (options->filter && !(chosen = moe_token_set_new(trace, options->filter, error)))
        return NULL;
    g_autoptr(MoeSummary) summary = summary_for(trace, options->tallies);
    Pass pass = {
        .trace = trace,
        .summary = summary,
        .progress = options->progress,
        .flow = moe__summary_tables(summary, MOE_TALLY_FLOW) != NULL,
        .sets = (summary->tallies & (MOE_TALLY_PAIRS | MOE_TALLY_TOKENS)) != 0,
        .tables = options->keep_tokens,
        .chunks = moe_trace_chunks(trace),
        .sample = MAX(options->sample, 1),
    };
    if (!count_all(&pass, step, chosen, error))
        return NULL;
    moe_summary_settle(summary);
    return check_any(summary, step, options->filter, error) ? g_steal_pointer(&summary) : NULL;
}
