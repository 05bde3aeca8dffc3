/* SPDX-License-Identifier: MIT
 *
 * tally-flow.c: from the first choice at the router before to the first choice at this one. Runs
 * are short and cells many and large, so each cell is counted in 16 bits, which stay in the cache,
 * and added up before they are full.
 */
#include "base/pages.h"
#include "stats/tally.h"
#include "tensor/cpu.h"

#include <string.h>

enum { MOST = UINT16_MAX };

/* Units of one cell that aren't in it yet. */
typedef struct Narrow {
    MoeFlowCell *cell;
    int64_t units;   /* looked at, <= MOST */
    uint16_t *moves; /* [from × experts] */
} Narrow;

static void
narrow_free(void *data)
{
    Narrow *narrow = data;
    g_free(narrow->moves);
    g_free(narrow);
}

static gsize
cells_of(const MoeFlowCell *cell)
{
    return (gsize)cell->from * (gsize)cell->experts;
}

static Narrow *
find_narrow(GHashTable *walk, MoeFlowCell *cell)
{
    Narrow *narrow = g_hash_table_lookup(walk, cell);
    if (!narrow) {
        narrow = g_new0(Narrow, 1);
        narrow->cell = cell;
        narrow->moves = g_new0(uint16_t, cells_of(cell));
        moe__touch_pages(cell->moves, cells_of(cell) * sizeof *cell->moves);
        g_hash_table_insert(walk, cell, narrow);
    }
    return narrow;
}

static void
widen(Narrow *narrow)
{
    gsize n = cells_of(narrow->cell);
    for (gsize i = 0; i < n; i++)
        narrow->cell->moves[i] += narrow->moves[i];
    memset(narrow->moves, 0, n * sizeof *narrow->moves);
    narrow->units = 0;
}

static void
count_units(Narrow *narrow, const uint16_t *before, const uint16_t *first, int64_t n)
{
    const size_t experts = (size_t)narrow->cell->experts;
    int64_t units = 0;
    moe__fetch_to_add(narrow->moves, cells_of(narrow->cell) * sizeof *narrow->moves, n);
    for (int64_t u = 0; u < n; u++) {
        if (before[u] == MOE_NO_CHOICE || first[u] == MOE_NO_CHOICE)
            continue;
        narrow->moves[before[u] * experts + first[u]]++;
        units++;
    }
    narrow->cell->units += units;
    narrow->units += n;
}

static void *
begin(const MoeTallyCells *cells)
{
    (void)cells;
    return g_hash_table_new_full(NULL, NULL, NULL, narrow_free);
}

static bool
count(void *walk, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    (void)error;
    for (int64_t i = 0; chunk->before && i < chunk->n_runs; i++) {
        const MoeTallyRun *run = &chunk->runs[i];
        Narrow *narrow = find_narrow(walk, moe__tally_cell(cells, run->domain, run->group));
        int64_t first = run->first * chunk->units_per_token;
        int64_t end = first + run->n * chunk->units_per_token;
        for (int64_t some; first < end; first += some) {
            if (narrow->units == MOST)
                widen(narrow);
            some = MIN(end - first, MOST - narrow->units);
            count_units(narrow, chunk->before + first, chunk->first + first, some);
        }
    }
    return true;
}

static void
end(void *walk, const MoeTallyCells *cells)
{
    (void)cells;
    GHashTableIter iterator;
    void *narrow;
    g_hash_table_iter_init(&iterator, walk);
    while (g_hash_table_iter_next(&iterator, NULL, &narrow))
        widen(narrow);
    g_hash_table_unref(walk);
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
    .by_runs = true,
    .in_pieces = true,
    .begin = begin,
    .count = count,
    .end = end,
};
