/* SPDX-License-Identifier: MIT
 *
 * tally-order.c: units in their order: what neighbours share, how far gates are apart.
 */
#include "stats/tally.h"

#include <math.h>

static void
describe(void *cell, const MoeTallyShape *shape)
{
    ((MoeOrderCell *)cell)->experts = shape->experts;
}

/* --- The walk ---------------------------------------------------------------------------------*/

/* Where the walk through one router's units is: the token before, and what it picked. */
typedef struct Walk {
    bool begun; /* there is a token before */
    int32_t doc, pos, step;
    int heads;
    GArray **before; /* [heads], of int32_t: picks of the token before */
    GArray *row;     /* of int32_t: those of the unit at hand, each once */
    int64_t *marked; /* [experts] the last unit for which it was among the picks before */
    int64_t *taken;  /* [experts] the last unit that picked it */
    int64_t unit;    /* the one at hand, counted from 1 */
} Walk;

static void *
begin(const MoeTallyCells *cells)
{
    const MoeTallyShape *shape = moe__tally_shape(cells);
    Walk *walk = g_new0(Walk, 1);
    walk->heads = shape->heads;
    walk->before = g_new(GArray *, (gsize)shape->heads);
    for (int i = 0; i < shape->heads; i++)
        walk->before[i] = g_array_new(FALSE, FALSE, sizeof(int32_t));
    walk->row = g_array_new(FALSE, FALSE, sizeof(int32_t));
    walk->marked = g_new0(int64_t, (gsize)shape->experts);
    walk->taken = g_new0(int64_t, (gsize)shape->experts);
    return walk;
}

static void
end(void *data, const MoeTallyCells *cells)
{
    (void)cells;
    Walk *walk = data;
    for (int i = 0; i < walk->heads; i++)
        g_array_unref(walk->before[i]);
    g_free(walk->before);
    g_array_unref(walk->row);
    g_free(walk->marked);
    g_free(walk->taken);
    g_free(walk);
}

/* --- One unit ---------------------------------------------------------------------------------*/

/* Brings the unit's picks into walk->row; one that stands there twice is one. */
static void
gather(Walk *walk, const MoeTraceView *view, int64_t unit)
{
    g_array_set_size(walk->row, 0);
    walk->unit++;
    for (int slot = 0; slot < view->k; slot++) {
        int32_t expert = view->expert[slot * view->units + unit];
        if (expert < 0 || walk->taken[expert] == walk->unit)
            continue;
        walk->taken[expert] = walk->unit;
        g_array_append_val(walk->row, expert);
    }
}

/* A unit and the one before it; `before` has no picks where none follows. */
static void
add_pair(Walk *walk, MoeOrderCell *cell, const GArray *before)
{
    const GArray *row = walk->row;
    int shared = 0;
    for (guint i = 0; i < before->len; i++)
        walk->marked[g_array_index(before, int32_t, i)] = walk->unit;
    for (guint i = 0; i < row->len; i++) {
        int32_t expert = g_array_index(row, int32_t, i);
        bool goes_on = walk->marked[expert] == walk->unit;
        shared += goes_on;
        cell->runs[expert] += !goes_on;
    }
    if (before->len == 0)
        return;
    cell->pairs[0]++;
    cell->same_first[0] += g_array_index(before, int32_t, 0) == g_array_index(row, int32_t, 0);
    cell->any_shared[0] += shared > 0;
    cell->jaccard[0] += (double)shared / ((double)before->len + row->len - shared);
}

static double
gate_at(const MoeTraceView *view, int64_t i)
{
    return view->gate64 ? view->gate64[i] : (double)view->gate[i];
}

static double
gates_entropy(const MoeTraceView *view, int64_t unit, double sum)
{
    double entropy = 0;
    for (int slot = 0; slot < view->k; slot++) {
        int64_t i = slot * view->units + unit;
        double share = view->expert[i] < 0 ? 0 : gate_at(view, i) / sum;
        if (share > 0)
            entropy -= share * log(share);
    }
    return entropy;
}

static void
add_gates(MoeOrderCell *cell, const MoeTraceView *view, int64_t unit)
{
    double sum = 0, first = 0, second = 0;
    int n = 0;
    for (int slot = 0; slot < view->k; slot++) {
        int64_t i = slot * view->units + unit;
        if (view->expert[i] < 0)
            continue;
        double gate = gate_at(view, i);
        if (!(gate >= 0) || !isfinite(gate))
            return;
        n++;
        sum += gate;
        second = MAX(second, MIN(first, gate));
        first = MAX(first, gate);
    }
    if (n < 2 || !(sum > 0))
        return;
    cell->gated++;
    cell->margin += first - second;
    cell->spread += gates_entropy(view, unit, sum);
}

static void
swap_rows(GArray **a, GArray **b)
{
    GArray *kept = *a;
    *a = *b;
    *b = kept;
}

/* Unit `head` of a token, after `follows` the token before. */
static void
count_unit(Walk *walk, MoeOrderCell *cell, const MoeTraceView *view, int64_t unit, int head,
           bool follows)
{
    gather(walk, view, unit);
    if (!follows)
        g_array_set_size(walk->before[head], 0);
    if (walk->row->len > 0) {
        cell->units++;
        add_pair(walk, cell, walk->before[head]);
        if (view->gate)
            add_gates(cell, view, unit);
    }
    swap_rows(&walk->before[head], &walk->row);
}

/* --- A chunk ----------------------------------------------------------------------------------*/

static void
count_token(Walk *walk, MoeOrderCell *cell, const MoeTallyChunk *chunk, int64_t t)
{
    int32_t doc = chunk->doc ? chunk->doc[t] : 0, pos = chunk->pos ? chunk->pos[t] : -1;
    int32_t step = chunk->step[t];
    bool follows = walk->begun && walk->doc == doc && walk->step == step &&
                   (pos < 0 || walk->pos < 0 || pos - walk->pos == 1);
    for (int i = 0; i < walk->heads; i++)
        count_unit(walk, cell, chunk->view, t * walk->heads + i, i, follows);
    walk->begun = true;
    walk->doc = doc;
    walk->pos = pos;
    walk->step = step;
}

static bool
count(void *data, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    (void)error;
    Walk *walk = data;
    int64_t next = 0;
    for (int64_t r = 0; r < chunk->n_runs; r++) {
        const MoeTallyRun *run = &chunk->runs[r];
        MoeOrderCell *cell = moe__tally_cell(cells, run->domain, run->group);
        walk->begun = walk->begun && run->first == next;
        next = run->first + run->n;
        for (int64_t t = run->first; t < next; t++)
            count_token(walk, cell, chunk, t);
    }
    walk->begun = walk->begun && next == chunk->view->tokens;
    return true;
}

static const MoeTallyField fields[] = {
    MOE_COUNTS(MoeOrderCell, units, MOE_AXIS_NONE),
    MOE_COUNTS(MoeOrderCell, pairs, MOE_AXIS_LAGS),
    MOE_COUNTS(MoeOrderCell, same_first, MOE_AXIS_LAGS),
    MOE_COUNTS(MoeOrderCell, any_shared, MOE_AXIS_LAGS),
    MOE_REALS(MoeOrderCell, jaccard, MOE_AXIS_LAGS),
    MOE_COUNTS(MoeOrderCell, runs, MOE_AXIS_EXPERTS),
    MOE_COUNTS(MoeOrderCell, gated, MOE_AXIS_NONE),
    MOE_REALS(MoeOrderCell, margin, MOE_AXIS_NONE),
    MOE_REALS(MoeOrderCell, spread, MOE_AXIS_NONE),
};

const MoeTally moe__tally_order = {
    .bit = MOE_TALLY_ORDER,
    .name = "order",
    .cell_size = sizeof(MoeOrderCell),
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .describe = describe,
    .begin = begin,
    .count = count,
    .end = end,
};
