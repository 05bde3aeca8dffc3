/* SPDX-License-Identifier: MIT
 *
 * tally-order.c: units in their order: what those at a distance share, and how long an expert
 * stays.
 */
#include "stats/gates.h"
#include "stats/window.h"
#include "tensor/cpu.h"

static const MoeTallyField fields[] = {
    MOE_COUNTS(MoeOrderCell, units, MOE_AXIS_NONE),
    MOE_COUNTS(MoeOrderCell, pairs, MOE_AXIS_LAGS),
    MOE_COUNTS(MoeOrderCell, same_first, MOE_AXIS_LAGS),
    MOE_COUNTS(MoeOrderCell, any_shared, MOE_AXIS_LAGS),
    MOE_COUNTS(MoeOrderCell, shared, MOE_AXIS_LAGS),
    MOE_REALS(MoeOrderCell, jaccard, MOE_AXIS_LAGS),
    MOE_COUNTS(MoeOrderCell, runs, MOE_AXIS_EXPERTS),
    MOE_COUNTS(MoeOrderCell, gated, MOE_AXIS_NONE),
    MOE_REALS(MoeOrderCell, margin, MOE_AXIS_NONE),
    MOE_REALS(MoeOrderCell, spread, MOE_AXIS_NONE),
    MOE_REALS(MoeOrderCell, gate_square, MOE_AXIS_EXPERTS),
};

static void
describe(void *cell, const MoeTallyShape *shape)
{
    ((MoeOrderCell *)cell)->experts = shape->experts;
}

/* --- Pairs ------------------------------------------------------------------------------------*/

/* Tokens first … end - 1 of a window, each with the one `lag` before it. */
typedef struct Span {
    int64_t first, end;
    int lag;
} Span;

typedef struct Shared {
    int64_t pairs, same_first, any, shared;
    double jaccard;
} Shared;

MOE_INLINE void
add_pair(Shared *sum, int shared, int both, bool same_first)
{
    sum->pairs++;
    sum->same_first += same_first;
    sum->any += shared > 0;
    sum->shared += shared;
    sum->jaccard += (double)shared / both;
}

/* Up to 64 experts: a set is one word. */
MOE_CLONES static void
count_order_words(const MoeWindow *window, Span span, Shared *out)
{
    Shared sum = {0};
    for (int64_t t = span.first; t < span.end; t++) {
        if (window->back[t] < span.lag)
            continue;
        for (int64_t u = t * window->heads; u < (t + 1) * window->heads; u++) {
            int64_t v = u - (int64_t)span.lag * window->heads;
            uint64_t a = window->picks[u], b = window->picks[v];
            if (a && b)
                add_pair(&sum, __builtin_popcountll(a & b), __builtin_popcountll(a | b),
                         window->first[u] >= 0 && window->first[u] == window->first[v]);
        }
    }
    *out = sum;
}

MOE_CLONES static void
count_order_sets(const MoeWindow *window, Span span, Shared *out)
{
    Shared sum = {0};
    for (int64_t t = span.first; t < span.end; t++) {
        if (window->back[t] < span.lag)
            continue;
        for (int64_t u = t * window->heads; u < (t + 1) * window->heads; u++) {
            int64_t v = u - (int64_t)span.lag * window->heads;
            const uint64_t *a = moe__window_picks(window, u), *b = moe__window_picks(window, v);
            int shared = 0, ours = 0, theirs = 0;
            for (int w = 0; w < window->words; w++) {
                shared += __builtin_popcountll(a[w] & b[w]);
                ours += __builtin_popcountll(a[w]);
                theirs += __builtin_popcountll(b[w]);
            }
            if (ours > 0 && theirs > 0)
                add_pair(&sum, shared, ours + theirs - shared,
                         window->first[u] >= 0 && window->first[u] == window->first[v]);
        }
    }
    *out = sum;
}

static void
count_pairs(MoeOrderCell *cell, const MoeWindow *window, int64_t first)
{
    for (int i = 0; i < MOE_LAGS; i++) {
        Shared sum;
        Span span = {first, window->end, 1 << i};
        if (window->words == 1)
            count_order_words(window, span, &sum);
        else
            count_order_sets(window, span, &sum);
        cell->pairs[i] += sum.pairs;
        cell->same_first[i] += sum.same_first;
        cell->any_shared[i] += sum.any;
        cell->shared[i] += sum.shared;
        cell->jaccard[i] += sum.jaccard;
    }
}

/* A run begins where the unit before didn't pick the expert, or isn't there. */
static void
count_runs(MoeOrderCell *cell, const MoeWindow *window, int64_t first)
{
    for (int64_t u = first * window->heads; u < window->end * window->heads; u++) {
        const uint64_t *own = moe__window_picks(window, u);
        bool follows = window->back[u / window->heads] > 0;
        const uint64_t *before = follows ? moe__window_picks(window, u - window->heads) : NULL;
        uint64_t any = 0;
        for (int w = 0; w < window->words; w++) {
            any |= own[w];
            for (uint64_t new = own[w] & ~(before ? before[w] : 0); new; new &= new - 1)
                cell->runs[64 * w + __builtin_ctzll(new)]++;
        }
        cell->units += any != 0;
    }
}

/* --- The walk ---------------------------------------------------------------------------------*/

typedef struct Walk {
    MoeWindow *window;
    MoeGates *gates;
} Walk;

static void *
begin(const MoeTallyCells *cells)
{
    Walk *walk = g_new0(Walk, 1);
    walk->window = moe__window_new(moe__tally_shape(cells));
    walk->gates = moe__gates_new(moe__tally_shape(cells)->experts);
    return walk;
}

static bool
count(void *data, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    (void)error;
    Walk *walk = data;
    MoeWindow *window = walk->window;
    int64_t seen = 0; /* tokens of the chunk */
    for (int64_t i = 0; i < chunk->n_runs; i++) {
        const MoeTallyRun *run = &chunk->runs[i];
        MoeOrderCell *cell = moe__tally_cell(cells, run->domain, run->group);
        if (run->first > seen)
            moe__sequence_break(&window->sequence);
        for (int64_t done = 0, n; done < run->n; done += n) {
            n = moe__window_take(window, chunk, run->first + done, run->n - done);
            count_pairs(cell, window, window->end - n);
            count_runs(cell, window, window->end - n);
        }
        moe__gates_count(walk->gates, chunk, run, cell);
        seen = run->first + run->n;
    }
    if (seen < chunk->view->tokens)
        moe__sequence_break(&window->sequence);
    return true;
}

static void
end(void *data, const MoeTallyCells *cells)
{
    (void)cells;
    Walk *walk = data;
    moe__window_free(walk->window);
    moe__gates_free(walk->gates);
    g_free(walk);
}

static const char *
problem(const void *data)
{
    const MoeOrderCell *cell = data;
    for (int i = 0; i < MOE_LAGS; i++)
        if (cell->same_first[i] > cell->pairs[i] || cell->any_shared[i] > cell->pairs[i] ||
            cell->any_shared[i] > cell->shared[i])
            return "more pairs share something than there are";
    return cell->gated > cell->units ? "more units with gates than units" : NULL;
}

const MoeTally moe__tally_order = {
    .bit = MOE_TALLY_ORDER,
    .name = "order",
    .cell_size = sizeof(MoeOrderCell),
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .describe = describe,
    .problem = problem,
    .begin = begin,
    .count = count,
    .end = end,
};
