/* SPDX-License-Identifier: MIT
 *
 * tally-flow.c: from the first choice at the router before to the first choice at this one.
 */
#include "stats/picks.h"
#include "stats/tally.h"

static void
count_run(MoeFlowCell *cell, const int32_t *before, const MoeTraceView *view, int64_t first,
          int64_t n)
{
    for (int64_t u = first; u < first + n; u++) {
        int32_t expert = moe__pick(view, u);
        if (before[u] >= 0 && expert >= 0) {
            cell->moves[(int64_t)before[u] * cell->experts + expert]++;
            cell->units++;
        }
    }
}

static bool
count(void *walk, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    if (!chunk->before || chunk->view->k == 0)
        return true;
    for (int64_t i = 0; i < chunk->n_runs; i++) {
        const MoeTallyRun *run = &chunk->runs[i];
        count_run(moe__tally_cell(cells, run->domain, run->group), chunk->before, chunk->view,
                  run->first * chunk->units_per_token, run->n * chunk->units_per_token);
    }
    return true;
}

static void
describe(void *data, const MoeTallyShape *shape)
{
    MoeFlowCell *cell = data;
    cell->from = shape->from;
    cell->experts = shape->experts;
}

static bool
applies(const MoeTallyShape *shape)
{
    return shape->from > 0;
}

static const MoeTallyField fields[] = {
    {"units", offsetof(MoeFlowCell, units), false, {MOE_AXIS_NONE, MOE_AXIS_NONE}},
    {"moves", offsetof(MoeFlowCell, moves), false, {MOE_AXIS_FROM, MOE_AXIS_EXPERTS}},
};

const MoeTally moe__tally_flow = {
    .bit = MOE_TALLY_FLOW,
    .name = "flow",
    .cell_size = sizeof(MoeFlowCell),
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .describe = describe,
    .applies = applies,
    .count = count,
};
