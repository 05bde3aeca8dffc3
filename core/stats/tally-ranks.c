/* SPDX-License-Identifier: MIT
 *
 * tally-ranks.c: how many units are sent to which device, where experts lie on 2, 4, 8 or 16 of
 * them: a unit is sent once to a device that holds several of its picks.
 */
#include "stats/picks.h"
#include "stats/tally.h"

enum { FINEST = MOE_RANKS_MOST };

static const MoeTallyField fields[] = {
    MOE_COUNTS(MoeRankCell, units, MOE_AXIS_NONE),
    MOE_COUNTS(MoeRankCell, sent, MOE_AXIS_RANKS),
};

static void
describe(void *cell, const MoeTallyShape *shape)
{
    ((MoeRankCell *)cell)->experts = shape->experts;
}

/* Expert e lies on device ⌊e R / E⌋ of R: of half as many, on half of that. */
static void *
begin(const MoeTallyCells *cells)
{
    int experts = moe__tally_shape(cells)->experts;
    uint32_t *place = g_new(uint32_t, (gsize)experts);
    for (int e = 0; e < experts; e++)
        place[e] = 1U << (int)((int64_t)e * FINEST / experts);
    return place;
}

/* Adds a unit that is sent to these of 16. */
static void
add_unit(MoeRankCell *cell, uint32_t devices)
{
    cell->units++;
    for (int ranks = FINEST; ranks > 1; ranks /= 2) {
        uint32_t halved = 0;
        for (uint32_t left = devices; left; left &= left - 1) {
            int rank = __builtin_ctz(left);
            cell->sent[ranks - 2 + rank]++;
            halved |= 1U << rank / 2;
        }
        devices = halved;
    }
}

static bool
count(void *data, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    (void)error;
    const uint32_t *place = data;
    const MoeTraceView *view = chunk->view;
    for (int64_t i = 0; view->k > 0 && i < chunk->n_runs; i++) {
        const MoeTallyRun *run = &chunk->runs[i];
        MoeRankCell *cell = moe__tally_cell(cells, run->domain, run->group);
        int64_t first = run->first * chunk->units_per_token;
        for (int64_t u = first; u < first + run->n * chunk->units_per_token; u++) {
            uint32_t devices = 0;
            for (int64_t at = u; at < view->k * view->units; at += view->units) {
                int32_t expert = moe__pick(view, at);
                devices |= expert >= 0 ? place[expert] : 0;
            }
            if (devices)
                add_unit(cell, devices);
        }
    }
    return true;
}

static void
end(void *data, const MoeTallyCells *cells)
{
    (void)cells;
    g_free(data);
}

static const char *
problem(const void *data)
{
    const MoeRankCell *cell = data;
    for (int i = 0; i < MOE_RANKS_SENT; i++)
        if (cell->sent[i] > cell->units)
            return "more units are sent to a device than there are";
    return NULL;
}

const MoeTally moe__tally_ranks = {
    .bit = MOE_TALLY_RANKS,
    .name = "ranks",
    .cell_size = sizeof(MoeRankCell),
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .describe = describe,
    .problem = problem,
    .by_runs = true,
    .in_pieces = true,
    .begin = begin,
    .count = count,
    .end = end,
};
