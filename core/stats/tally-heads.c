/* SPDX-License-Identifier: MIT
 *
 * tally-heads.c: where the sub-tokens of one token go.
 */
#include "stats/picks.h"
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

static void
count_token(Walk *walk, MoeHeadCell *cell, const MoeTraceView *view, int64_t token)
{
    int distinct = 0;
    int64_t unit = token * cell->heads;
    for (int i = 0; i < cell->heads; i++)
        if (moe__pick(view, unit + i) < 0)
            return;
    walk->token++;
    for (int i = 0; i < cell->heads; i++) {
        int32_t expert = moe__pick(view, unit + i);
        cell->first[(gsize)i * (gsize)cell->experts + (gsize)expert]++;
        distinct += walk->seen[expert] != walk->token;
        walk->seen[expert] = walk->token;
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
            count_token(data, cell, chunk->view, t);
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

static const char *
problem(const void *data)
{
    const MoeHeadCell *cell = data;
    int64_t first = 0, distinct = 0;
    for (int64_t i = 0; i < (int64_t)cell->heads * cell->experts; i++)
        first += cell->first[i];
    for (int j = 0; j <= cell->heads; j++)
        distinct += cell->distinct[j];
    if (first / cell->heads != cell->tokens || first % cell->heads != 0)
        return "first choices aren't one of each sub-token";
    return distinct != cell->tokens ? "tokens by their distinct experts aren't all tokens" : NULL;
}

const MoeTally moe__tally_heads = {
    .bit = MOE_TALLY_HEADS,
    .name = "heads",
    .cell_size = sizeof(MoeHeadCell),
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
