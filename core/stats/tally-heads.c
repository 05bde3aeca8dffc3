/* SPDX-License-Identifier: MIT
 *
 * tally-heads.c: where the sub-tokens of one token go.
 */
#include "stats/tally.h"

static const MoeTallyField fields[] = {
    MOE_COUNTS(MoeHeadCell, tokens, MOE_AXIS_NONE),
    MOE_COUNTS(MoeHeadCell, first, MOE_AXIS_HEADS, MOE_AXIS_EXPERTS),
    MOE_COUNTS(MoeHeadCell, distinct, MOE_AXIS_DISTINCT),
};

static void
describe(void *cell, const MoeTallyShape *shape)
{
    ((MoeHeadCell *)cell)->experts = shape->experts;
    ((MoeHeadCell *)cell)->heads = shape->heads;
}

static bool
applies(const MoeTallyShape *shape)
{
    return shape->heads > 1;
}

/* The last token that had the expert as a first choice, counted from 1. */
typedef struct Walk {
    int64_t *seen; /* [experts] */
    int64_t token;
} Walk;

static void *
begin(const MoeTallyCells *cells)
{
    Walk *walk = g_new0(Walk, 1);
    walk->seen = g_new0(int64_t, (gsize)moe__tally_shape(cells)->experts);
    return walk;
}

/* first[heads] of one token. */
static void
count_token(Walk *walk, MoeHeadCell *cell, const int32_t *first)
{
    int distinct = 0;
    for (int i = 0; i < cell->heads; i++)
        if (first[i] < 0)
            return;
    walk->token++;
    for (int i = 0; i < cell->heads; i++) {
        cell->first[(gsize)i * (gsize)cell->experts + (gsize)first[i]]++;
        distinct += walk->seen[first[i]] != walk->token;
        walk->seen[first[i]] = walk->token;
    }
    cell->tokens++;
    cell->distinct[distinct]++;
}

static bool
count(void *data, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    (void)error;
    for (int64_t i = 0; chunk->view->k > 0 && i < chunk->n_runs; i++) {
        const MoeTallyRun *run = &chunk->runs[i];
        MoeHeadCell *cell = moe__tally_cell(cells, run->domain, run->group);
        for (int64_t t = run->first; t < run->first + run->n; t++)
            count_token(data, cell, chunk->view->expert + t * cell->heads);
    }
    return true;
}

static void
end(void *data, const MoeTallyCells *cells)
{
    (void)cells;
    g_free(((Walk *)data)->seen);
    g_free(data);
}

const MoeTally moe__tally_heads = {
    .bit = MOE_TALLY_HEADS,
    .name = "heads",
    .cell_size = sizeof(MoeHeadCell),
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .describe = describe,
    .applies = applies,
    .begin = begin,
    .count = count,
    .end = end,
};
