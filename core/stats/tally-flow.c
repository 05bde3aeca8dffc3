/* SPDX-License-Identifier: MIT
 *
 * tally-flow.c: from the first choice at the router before to the first choice at this one. Runs
 * are short and cells many and large, so each cell is counted in bytes, which stay in the cache,
 * and what passes 255 goes to the cell.
 */
#include "base/pages.h"
#include "stats/tally.h"
#include "tensor/cpu.h"

enum { BLOCK = 512, FULL = UINT8_MAX + 1 };

/* Units of one cell that aren't in it yet. */
typedef struct Narrow {
    MoeFlowCell *cell;
    uint8_t *moves; /* [from × experts] */
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
        narrow->moves = g_new0(uint8_t, cells_of(cell));
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
}

/* Places in a table of moves; returns false, having made none of use, if a unit made no choice. */
MOE_CLONES static bool
flow_places(const uint16_t *restrict before, const uint16_t *restrict first, int n, int experts,
            uint32_t *restrict place)
{
    unsigned missing = 0;
    for (int i = 0; i < n; i++) {
        missing |= (before[i] == MOE_NO_CHOICE) | (first[i] == MOE_NO_CHOICE);
        place[i] = (uint32_t)before[i] * (uint32_t)experts + first[i];
    }
    return missing == 0;
}

static inline void
count_move(MoeFlowCell *cell, uint8_t *moves, uint32_t place)
{
    if (G_UNLIKELY(++moves[place] == 0))
        cell->moves[place] += FULL;
}

/* Units of which some made no choice. */
static void
count_some(Narrow *narrow, const uint16_t *before, const uint16_t *first, int n)
{
    MoeFlowCell *cell = narrow->cell;
    for (int i = 0; i < n; i++) {
        if (before[i] == MOE_NO_CHOICE || first[i] == MOE_NO_CHOICE)
            continue;
        count_move(cell, narrow->moves, before[i] * (uint32_t)cell->experts + first[i]);
        cell->units++;
    }
}

static void
count_units(Narrow *narrow, const uint16_t *before, const uint16_t *first, int64_t n)
{
    MoeFlowCell *cell = narrow->cell;
    uint8_t *moves = narrow->moves;
    uint32_t place[BLOCK];
    moe__fetch_to_add(moves, cells_of(cell), n);
    for (int64_t done = 0; done < n; done += BLOCK) {
        int some = (int)MIN(BLOCK, n - done);
        if (!flow_places(before + done, first + done, some, cell->experts, place)) {
            count_some(narrow, before + done, first + done, some);
            continue;
        }
        for (int i = 0; i < some; i++)
            count_move(cell, moves, place[i]);
        cell->units += some;
    }
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
        int64_t first = run->first * chunk->units_per_token;
        count_units(find_narrow(walk, moe__tally_cell(cells, run->domain, run->group)),
                    chunk->before + first, chunk->first + first, run->n * chunk->units_per_token);
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
