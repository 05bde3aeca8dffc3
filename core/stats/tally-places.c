/* SPDX-License-Identifier: MIT
 *
 * tally-places.c: what a token's position in its document has to do with its experts, and with who
 * is dropped.
 */
#include "stats/picks.h"
#include "stats/tally.h"

/* Positions below this have a bucket each; then there are as many buckets to a doubling as fit
 * between 8 and 16 in steps of 2. */
#define SINGLE     8
#define PER_OCTAVE 4

int
moe_place(int32_t position)
{
    g_return_val_if_fail(position >= 0, 0);
    if (position < SINGLE)
        return position;
    int octave = 31 - __builtin_clz((unsigned)position); /* 2^octave ≤ position */
    int quarter = (position >> (octave - 2)) - PER_OCTAVE;
    return MIN(SINGLE + (octave - 3) * PER_OCTAVE + quarter, MOE_PLACES - 1);
}

int32_t
moe_place_start(int place)
{
    g_return_val_if_fail(place >= 0 && place < MOE_PLACES, 0);
    if (place < SINGLE)
        return place;
    int octave = (place - SINGLE) / PER_OCTAVE + 3, quarter = (place - SINGLE) % PER_OCTAVE;
    return (int32_t)(PER_OCTAVE + quarter) << (octave - 2);
}

static const MoeTallyField fields[] = {
    MOE_COUNTS(MoePlaceCell, first, MOE_AXIS_PLACES, MOE_AXIS_EXPERTS),
    MOE_COUNTS(MoePlaceCell, picks, MOE_AXIS_PLACES),
    MOE_COUNTS(MoePlaceCell, dropped, MOE_AXIS_PLACES),
};

static void
describe(void *cell, const MoeTallyShape *shape)
{
    ((MoePlaceCell *)cell)->experts = shape->experts;
}

static bool
carried(const MoeTrace *trace, int router)
{
    (void)router;
    for (int i = 0; i < moe_trace_chunks(trace); i++) {
        g_autofree char *name = g_strdup_printf("tokens/%05d.pos", i);
        if (moe_trace_has(trace, name))
            return true;
    }
    return false;
}

static void
count_unit(MoePlaceCell *cell, const MoeTraceView *view, int64_t unit, int place)
{
    int32_t first = moe__pick(view, unit);
    if (first >= 0)
        cell->first[(gsize)place * (gsize)cell->experts + (gsize)first]++;
    for (int64_t i = unit; i < view->k * view->units; i += view->units) {
        bool picked = moe__pick(view, i) >= 0;
        cell->picks[place] += picked;
        cell->dropped[place] += picked && view->dropped && view->dropped[i];
    }
}

static bool
count(void *data, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    (void)data;
    (void)error;
    if (!chunk->pos || chunk->view->k == 0)
        return true;
    for (int64_t i = 0; i < chunk->n_runs; i++) {
        const MoeTallyRun *run = &chunk->runs[i];
        MoePlaceCell *cell = moe__tally_cell(cells, run->domain, run->group);
        for (int64_t t = run->first; t < run->first + run->n; t++)
            for (int j = 0; chunk->pos[t] >= 0 && j < chunk->units_per_token; j++)
                count_unit(cell, chunk->view, t * chunk->units_per_token + j,
                           moe_place(chunk->pos[t]));
    }
    return true;
}

static const char *
problem(const void *data)
{
    const MoePlaceCell *cell = data;
    for (int i = 0; i < MOE_PLACES; i++)
        if (cell->dropped[i] > cell->picks[i])
            return "more picks were dropped than made";
    return NULL;
}

const MoeTally moe__tally_places = {
    .bit = MOE_TALLY_PLACES,
    .name = "places",
    .cell_size = sizeof(MoePlaceCell),
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .describe = describe,
    .problem = problem,
    .carried = carried,
    .count = count,
};
