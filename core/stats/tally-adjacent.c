/* SPDX-License-Identifier: MIT
 *
 * tally-adjacent.c: experts in neighbouring slots of one unit.
 */
#include "stats/picks.h"
#include "stats/tally.h"

static void
count_run(MoeAdjacentCell *cell, const MoeTraceView *view, int64_t first, int64_t n)
{
    for (int64_t u = first; u < first + n; u++) {
        bool any = false;
        int32_t left = -1;
        for (int slot = 0; slot < view->k; slot++) {
            int32_t right = moe__pick(view, slot * view->units + u);
            if (left >= 0 && right >= 0)
                cell->adjacent[(int64_t)left * cell->experts + right]++;
            any |= right >= 0;
            left = right;
        }
        cell->units += any;
    }
}

static bool
count(void *walk, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    for (int64_t i = 0; i < chunk->n_runs; i++) {
        const MoeTallyRun *run = &chunk->runs[i];
        count_run(moe__tally_cell(cells, run->domain, run->group), chunk->view,
                  run->first * chunk->units_per_token, run->n * chunk->units_per_token);
    }
    return true;
}

static void
describe(void *data, const MoeTallyShape *shape)
{
    MoeAdjacentCell *cell = data;
    cell->experts = shape->experts;
}

static const MoeTallyField fields[] = {
    {"units", offsetof(MoeAdjacentCell, units), false, {MOE_AXIS_NONE, MOE_AXIS_NONE}},
    {"adjacent", offsetof(MoeAdjacentCell, adjacent), false, {MOE_AXIS_EXPERTS, MOE_AXIS_EXPERTS}},
};

const MoeTally moe__tally_adjacent = {
    .bit = MOE_TALLY_ADJACENT,
    .name = "adjacent",
    .cell_size = sizeof(MoeAdjacentCell),
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .describe = describe,
    .by_runs = true,
    .in_pieces = true,
    .count = count,
};
