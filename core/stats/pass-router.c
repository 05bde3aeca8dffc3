/* SPDX-License-Identifier: MIT
 *
 * pass-router.c: takes a router through the chunks of a trace: its first choices, its sets of
 * picks, then everybody who counts.
 */
#include "stats/pass.h"
#include "stats/pieces.h"
#include "stats/sets.h"

#include <string.h>

/* --- First choices ----------------------------------------------------------------------------*/

/* Fills chunk->first, chunk->before and chunk->view_before; `kept` is where the chunk's choices
 * stand in range->kept. */
static bool
find_choices(MoePassRange *range, const uint16_t *kept, MoeTallyChunk *chunk, GError **error)
{
    const MoePass *pass = range->pass;
    int router = chunk->router;
    if (pass->flow || range->tokens)
        chunk->first = moe__choices_make(&range->own, chunk->view);
    if (pass->summary->shapes[router].from == 0 || range->tallied)
        return true;
    bool known = kept && router - 1 == range->last, wanted = pass->flow && !known;
    if ((wanted || pass->flow_picks) &&
        !moe_trace_view(pass->trace, chunk->chunk, router - 1, range->other, error))
        return false;
    if (pass->flow)
        chunk->before = known ? kept : moe__choices_make(&range->before, range->other);
    if (pass->flow_picks)
        chunk->view_before = range->other;
    return true;
}

/* --- Sets of picks ----------------------------------------------------------------------------*/

/* Room for the chunk's sets. */
static void
reserve_sets(MoePassRange *range, MoeTallyChunk *chunk)
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
    chunk->sets = range->sets;
    chunk->words = words;
}

/* Sets of tokens first … end - 1. */
static void
make_sets(MoePassRange *range, const MoeTallyChunk *chunk, int64_t first, int64_t end)
{
    int64_t unit = first * chunk->units_per_token, n = (end - first) * chunk->units_per_token;
    if (chunk->sets)
        moe__sets_fill(chunk->view, unit, n, chunk->words, range->sets + unit * chunk->words);
}

/* --- A router ---------------------------------------------------------------------------------*/

bool
moe__pass_say_stopped(GError **error)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "counting picks was stopped");
    return false;
}

bool
moe__pass_report(const MoePass *pass, int done)
{
    int total = (pass->chunks + pass->sample - 1) / pass->sample * pass->summary->n_routers;
    return moe_progress(pass->progress, MIN(done, total), total, "counting picks");
}

static bool
go_on(MoePassRange *range, GError **error)
{
    MoePass *pass = range->pass;
    int done = g_atomic_int_add(&pass->done, 1);
    if (range->reports && !moe__pass_report(pass, done))
        g_atomic_int_set(&pass->stop, 1);
    return !g_atomic_int_get(&pass->stop) || moe__pass_say_stopped(error);
}

/* Those that take chunks in pieces, or the others. */
static bool
count_tallies(MoePassRange *range, const MoeTallyChunk *chunk, bool in_pieces, GError **error)
{
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        MoeTables *tables = range->pass->summary->tables[i];
        const MoeTallyCells *cells = tables ? moe__tables_cells(tables, chunk->router) : NULL;
        if (cells && moe__tallies[i]->in_pieces == in_pieces &&
            !moe__tallies[i]->count(range->walks[i], cells, chunk, error))
            return false;
    }
    return true;
}

static bool
count_pieces(MoePassRange *range, const MoeTallyChunk *chunk, GError **error)
{
    MoePieces pieces = moe__pieces_of(chunk, range->cut);
    while (moe__pieces_next(&pieces)) {
        MoeTallyChunk piece = *chunk;
        piece.runs = pieces.runs;
        piece.n_runs = pieces.n_runs;
        make_sets(range, chunk, pieces.first, pieces.end);
        if (!count_tallies(range, &piece, true, error))
            return false;
        if (range->walk &&
            !moe__compare_walk_tokens(range->walk, chunk->chunk, pieces.end, chunk, error))
            return false;
    }
    return true;
}

static bool
count_rest(MoePassRange *range, const MoeTallyChunk *chunk, GError **error)
{
    if (range->tokens || range->walk)
        make_sets(range, chunk, 0, chunk->view->tokens);
    return !range->walk ||
           moe__compare_walk_tokens(range->walk, chunk->chunk, INT64_MAX, chunk, error);
}

static bool
count_chunk(MoePassRange *range, int router, int i, uint16_t *kept, GError **error)
{
    const MoePass *pass = range->pass;
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
    reserve_sets(range, &chunk);
    if (!find_choices(range, kept, &chunk, error))
        return false;
    if (range->tallied
            ? !count_rest(range, &chunk, error)
            : !count_pieces(range, &chunk, error) || !count_tallies(range, &chunk, false, error))
        return false;
    if (range->tokens)
        moe__tokens_count(range->tokens, &chunk);
    if (range->tallied)
        return true;
    if (kept && view->units > 0)
        memcpy(kept, chunk.first, (gsize)view->units * sizeof *kept);
    return true;
}

/* All chunks from `first` on. */
static bool
count_chunks(MoePassRange *range, int router, int first, GError **error)
{
    const MoePass *pass = range->pass;
    int64_t unit = 0;
    for (int i = first; i < pass->chunks; i += pass->sample) {
        if (!go_on(range, error) ||
            !count_chunk(range, router, i, range->kept ? range->kept + unit : NULL, error))
            return false;
        unit += range->view->units;
        if (!range->tallied && i + pass->sample < pass->chunks)
            moe__pass_hand_over(range, router, i + pass->sample);
    }
    return true;
}

/* Goes through the chunks again for ids that were left out, and keeps what was counted. */
static bool
end_tokens(MoePassRange *range, int router, GError **error)
{
    MoeSummary *summary = range->pass->summary;
    bool ok = true, tallied = range->tallied;
    range->tallied = true;
    while (ok && moe__tokens_again(range->tokens))
        ok = count_chunks(range, router, 0, error);
    range->tallied = tallied;
    if (ok)
        summary->token_cells[router] =
            moe__tokens_end(range->tokens, &summary->token_tables[router]);
    return ok;
}

static bool
end_compared(MoePassRange *range, GError **error)
{
    bool ok = !range->walk || moe__compare_walk_end(range->walk, error);
    g_clear_pointer(&range->walk, moe__compare_walk_free);
    return ok;
}

/* Tokens and comparison of a router whose chunks were all seen. */
static bool
end_rest(MoePassRange *range, int router, GError **error)
{
    return end_compared(range, error) && (!range->tokens || end_tokens(range, router, error));
}

bool
moe__pass_count_router(MoePassRange *range, int router, GError **error)
{
    MoeComparePass *compare = range->pass->compare;
    int pair = compare ? moe__compare_pass_find(compare, router) : -1;
    const MoeTallyCells *cells[MOE_N_TALLIES] = {0};
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        MoeTables *tables = range->pass->summary->tables[i];
        cells[i] = tables ? moe__tables_cells(tables, router) : NULL;
        if (cells[i] && moe__tallies[i]->begin)
            range->walks[i] = moe__tallies[i]->begin(cells[i]);
    }
    if (range->tokens)
        moe__tokens_begin(range->tokens, &range->pass->summary->routers[router]);
    range->walk = pair >= 0 ? moe__compare_walk_new(compare, pair) : NULL;
    bool ok = count_chunks(range, router, 0, error);
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        if (cells[i] && moe__tallies[i]->end)
            moe__tallies[i]->end(range->walks[i], cells[i]);
        range->walks[i] = NULL;
    }
    return ok && end_rest(range, router, error);
}

bool
moe__pass_count_handed(MoePassRange *range, const MoePassHanded *handed, GError **error)
{
    bool gates = handed->walk && moe__compare_walk_gates(handed->walk);
    moe__tokens_free(range->tokens);
    range->tokens = handed->tokens;
    range->walk = handed->walk;
    range->tallied = true;
    moe_trace_view_wants(range->view, gates ? MOE_VIEW_GATES_RAW : 0);
    return count_chunks(range, handed->router, handed->chunk, error) &&
           end_rest(range, handed->router, error);
}
