/* SPDX-License-Identifier: MIT
 *
 * tally-flow-picks.c: from all picks at the router before to all picks at this one, by their gates.
 */
#include "stats/picks.h"
#include "stats/tally.h"

#include <math.h>

/* One unit at one router. */
typedef struct Side {
    int n;
    int *expert;    /* [n] apart */
    double *weight; /* [n] above or at 0; they sum to 1 */
    int *place;     /* [experts] in `expert`, of those that are there */
} Side;

typedef struct Walk {
    Side before, own;
} Walk;

static Side
side_new(int experts)
{
    gsize n = (gsize)experts;
    return (Side){0, g_new(int, n), g_new(double, n), g_new0(int, n)};
}

static void
side_clear(Side *side)
{
    g_free(side->expert);
    g_free(side->weight);
    g_free(side->place);
}

static void
side_add(Side *side, int expert, double weight)
{
    int place = side->place[expert];
    if (place >= side->n || side->expert[place] != expert) {
        place = side->n++;
        side->place[expert] = place;
        side->expert[place] = expert;
        side->weight[place] = 0;
    }
    side->weight[place] += weight;
}

/* Returns false where the unit has no weights. */
static bool
side_fill(Side *side, const MoeTraceView *view, bool gates, int64_t unit)
{
    double sum = 0;
    side->n = 0;
    for (int64_t i = unit; i < view->k * view->units; i += view->units) {
        int32_t expert = moe__pick(view, i);
        if (expert < 0)
            continue;
        double weight = gates ? moe__gate(view, i) : 1;
        if (!(weight >= 0))
            return false;
        side_add(side, expert, weight);
        sum += weight;
    }
    if (!(sum > 0 && sum < INFINITY))
        return false;
    for (int i = 0; i < side->n; i++)
        side->weight[i] /= sum;
    return true;
}

/* Of numbers from 0 to 1. */
static inline int64_t
whole(double number)
{
    return (int64_t)(number * (double)MOE_FLOW_ONE + 0.5);
}

static void
add_squares(const Side *side, int64_t *square)
{
    for (int i = 0; i < side->n; i++)
        square[side->expert[i]] += whole(side->weight[i] * side->weight[i]);
}

static void
add_unit(MoeFlowPicksCell *cell, const Side *before, const Side *own)
{
    cell->units++;
    add_squares(before, cell->out_square);
    add_squares(own, cell->in_square);
    for (int a = 0; a < before->n; a++) {
        int64_t *row = cell->moves + (gsize)before->expert[a] * (gsize)cell->experts;
        for (int b = 0; b < own->n; b++)
            row[own->expert[b]] += whole(before->weight[a] * own->weight[b]);
    }
}

static void *
begin(const MoeTallyCells *cells)
{
    const MoeTallyShape *shape = moe__tally_shape(cells);
    Walk *walk = g_new(Walk, 1);
    walk->before = side_new(shape->from);
    walk->own = side_new(shape->experts);
    return walk;
}

static bool
count(void *data, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    (void)error;
    Walk *walk = data;
    const MoeTraceView *before = chunk->view_before, *own = chunk->view;
    for (int64_t i = 0; before && i < chunk->n_runs; i++) {
        const MoeTallyRun *run = &chunk->runs[i];
        MoeFlowPicksCell *cell = moe__tally_cell(cells, run->domain, run->group);
        int64_t first = run->first * chunk->units_per_token;
        for (int64_t u = first; u < first + run->n * chunk->units_per_token; u++)
            if (side_fill(&walk->before, before, moe__has_gates(before), u) &&
                side_fill(&walk->own, own, moe__has_gates(own), u))
                add_unit(cell, &walk->before, &walk->own);
    }
    return true;
}

static void
end(void *data, const MoeTallyCells *cells)
{
    (void)cells;
    Walk *walk = data;
    side_clear(&walk->before);
    side_clear(&walk->own);
    g_free(walk);
}

static void
describe(void *data, const MoeTallyShape *shape)
{
    MoeFlowPicksCell *cell = data;
    cell->from = shape->from;
    cell->experts = shape->experts;
}

static bool
applies(const MoeTallyShape *shape)
{
    return shape->from > 0;
}

/* What each unit adds is rounded, in as many parts as it has pairs of picks. */
static const char *
problem(const void *data)
{
    const MoeFlowPicksCell *cell = data;
    double moves = 0, all = (double)cell->units * (double)MOE_FLOW_ONE;
    for (gsize i = 0; i < (gsize)cell->from * (gsize)cell->experts; i++)
        moves += (double)cell->moves[i];
    return fabs(moves - all) > 1e-3 * all ? "moves don't add up to the units" : NULL;
}

static const MoeTallyField fields[] = {
    MOE_COUNTS(MoeFlowPicksCell, units, MOE_AXIS_NONE),
    MOE_COUNTS(MoeFlowPicksCell, moves, MOE_AXIS_FROM, MOE_AXIS_EXPERTS),
    MOE_COUNTS(MoeFlowPicksCell, out_square, MOE_AXIS_FROM),
    MOE_COUNTS(MoeFlowPicksCell, in_square, MOE_AXIS_EXPERTS),
};

const MoeTally moe__tally_flow_picks = {
    .bit = MOE_TALLY_FLOW_PICKS,
    .name = "flow-picks",
    .cell_size = sizeof(MoeFlowPicksCell),
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .describe = describe,
    .problem = problem,
    .applies = applies,
    .by_runs = true,
    .in_pieces = true,
    .begin = begin,
    .count = count,
    .end = end,
};
