/* SPDX-License-Identifier: MIT
 *
 * tally-load.c: how many units pick which expert. Every other tally stands beside this one.
 */
#include "stats/tally.h"

static void
describe(void *cell, const MoeTallyShape *shape)
{
    ((MoeSummaryCell *)cell)->experts = shape->experts;
}

static int64_t
sum(const int64_t *counts, int n)
{
    int64_t all = 0;
    for (int i = 0; i < n; i++)
        all += counts[i];
    return all;
}

/* Whoever fills cells from counts may not know how many picks each unit made. */
static const char *
problem(const void *data)
{
    const MoeSummaryCell *cell = data;
    if (sum(cell->count, cell->experts) != cell->picks)
        return "counts of experts don't add up to picks";
    if (cell->dropped > cell->picks)
        return "more picks were dropped than made";
    if (sum(cell->first, cell->experts) > cell->units)
        return "more first choices than units";
    if (sum(cell->making, cell->experts + 1) > cell->units)
        return "units by their number of picks are more than units";
    return NULL;
}

static void
count_unit(MoeSummaryCell *cell, const MoeTraceView *view, int64_t unit)
{
    int picks = 0;
    cell->units++;
    if (view->k > 0 && view->expert[unit] >= 0)
        cell->first[view->expert[unit]]++;
    for (int slot = 0; slot < view->k; slot++) {
        int64_t i = slot * view->units + unit;
        int expert = view->expert[i];
        if (expert < 0)
            continue;
        picks++;
        cell->count[expert]++;
        cell->dropped += view->dropped && view->dropped[i];
        if (view->gate)
            cell->gate_sum[expert] += view->gate64 ? view->gate64[i] : (double)view->gate[i];
    }
    cell->picks += picks;
    cell->making[picks]++;
}

static bool
count(void *walk, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    (void)walk, (void)error;
    for (int64_t r = 0; r < chunk->n_runs; r++) {
        const MoeTallyRun *run = &chunk->runs[r];
        MoeSummaryCell *cell = moe__tally_cell(cells, run->domain, run->group);
        int64_t end = (run->first + run->n) * chunk->units_per_token;
        for (int64_t unit = run->first * chunk->units_per_token; unit < end; unit++)
            count_unit(cell, chunk->view, unit);
    }
    return true;
}

static const MoeTallyField fields[] = {
    MOE_COUNTS(MoeSummaryCell, units, MOE_AXIS_NONE),
    MOE_COUNTS(MoeSummaryCell, picks, MOE_AXIS_NONE),
    MOE_COUNTS(MoeSummaryCell, dropped, MOE_AXIS_NONE),
    MOE_COUNTS(MoeSummaryCell, count, MOE_AXIS_EXPERTS),
    MOE_COUNTS(MoeSummaryCell, making, MOE_AXIS_PICKS),
    MOE_COUNTS(MoeSummaryCell, first, MOE_AXIS_EXPERTS),
    MOE_REALS(MoeSummaryCell, gate_sum, MOE_AXIS_EXPERTS),
};

const MoeTally moe__tally_load = {
    .bit = MOE_TALLY_LOAD,
    .name = "load",
    .cell_size = sizeof(MoeSummaryCell),
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .describe = describe,
    .problem = problem,
    .count = count,
};
