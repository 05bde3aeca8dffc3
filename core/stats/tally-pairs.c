/* SPDX-License-Identifier: MIT
 *
 * tally-pairs.c: experts that one unit picks together.
 */
#include "stats/tally.h"

static void
describe(void *cell, const MoeTallyShape *shape)
{
    ((MoePairCell *)cell)->experts = shape->experts;
}

/* Picks of a unit, each expert once. */
typedef struct Walk {
    int64_t unit;   /* the one at hand, counted from 1 */
    int64_t *taken; /* [experts] the last unit that picked it */
    int32_t *picks; /* [experts] */
} Walk;

static void *
begin(const MoeTallyCells *cells)
{
    gsize experts = (gsize)moe__tally_shape(cells)->experts;
    Walk *walk = g_new(Walk, 1);
    *walk = (Walk){0, g_new0(int64_t, experts), g_new(int32_t, experts)};
    return walk;
}

static void
end(void *data, const MoeTallyCells *cells)
{
    (void)cells;
    Walk *walk = data;
    g_free(walk->taken);
    g_free(walk->picks);
    g_free(walk);
}

static void
count_unit(Walk *walk, MoePairCell *cell, const MoeTraceView *view, int64_t unit)
{
    int n = 0;
    walk->unit++;
    for (int slot = 0; slot < view->k; slot++) {
        int32_t expert = view->expert[slot * view->units + unit];
        if (expert < 0 || walk->taken[expert] == walk->unit)
            continue;
        walk->taken[expert] = walk->unit;
        walk->picks[n++] = expert;
    }
    cell->units += n > 0;
    for (int i = 0; i < n; i++) {
        int64_t *row = cell->together + (gsize)walk->picks[i] * (gsize)cell->experts;
        for (int j = 0; j < n; j++)
            row[walk->picks[j]]++;
    }
}

static bool
count(void *walk, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    (void)error;
    for (int64_t r = 0; r < chunk->n_runs; r++) {
        const MoeTallyRun *run = &chunk->runs[r];
        MoePairCell *cell = moe__tally_cell(cells, run->domain, run->group);
        int64_t last = (run->first + run->n) * chunk->units_per_token;
        for (int64_t unit = run->first * chunk->units_per_token; unit < last; unit++)
            count_unit(walk, cell, chunk->view, unit);
    }
    return true;
}

static const MoeTallyField fields[] = {
    MOE_COUNTS(MoePairCell, units, MOE_AXIS_NONE),
    MOE_COUNTS(MoePairCell, together, MOE_AXIS_EXPERTS, MOE_AXIS_EXPERTS),
};

const MoeTally moe__tally_pairs = {
    .bit = MOE_TALLY_PAIRS,
    .name = "pairs",
    .cell_size = sizeof(MoePairCell),
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .describe = describe,
    .begin = begin,
    .count = count,
    .end = end,
};
