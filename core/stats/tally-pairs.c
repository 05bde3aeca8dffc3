/* SPDX-License-Identifier: MIT
 *
 * tally-pairs.c: experts that one unit picks together. Runs are short and cells many, so each cell
 * gathers sets until it has a block of them.
 */
#include "base/pages.h"
#include "stats/pair-kernels.h"
#include "stats/sets.h"
#include "stats/tally.h"
#include "tensor/cpu.h"

#include <string.h>

/* Sets of one cell that aren't counted yet. */
typedef struct Gathered {
    MoePairCell *cell;
    int64_t n;
    uint64_t *sets; /* [block × words] */
} Gathered;

typedef struct Walk {
    const MoePairKernel *kernel;
    int experts, words;
    int64_t block;        /* units that are counted at once */
    uint64_t *rows;       /* scratch of the kernel */
    GHashTable *gathered; /* MoePairCell → Gathered */
} Walk;

static void
gathered_free(void *data)
{
    Gathered *gathered = data;
    g_free(gathered->sets);
    g_free(gathered);
}

static void *
begin(const MoeTallyCells *cells)
{
    const MoeTallyShape *shape = moe__tally_shape(cells);
    Walk *walk = g_new(Walk, 1);
    walk->kernel = moe__pair_kernels()[0];
    walk->experts = shape->experts;
    walk->words = moe__sets_words(shape->experts);
    /* Few experts have small cells, of which there may be many: their blocks are small as well. */
    walk->block = CLAMP(64 * shape->experts, 512, MOE_PAIR_UNITS);
    walk->rows = g_aligned_alloc((gsize)MAX(walk->words, 1) * 64 * MOE_PAIR_WORDS, 8, 64);
    walk->gathered = g_hash_table_new_full(NULL, NULL, NULL, gathered_free);
    return walk;
}

static Gathered *
find_gathered(Walk *walk, MoePairCell *cell)
{
    Gathered *gathered = g_hash_table_lookup(walk->gathered, cell);
    if (!gathered) {
        gathered = g_new0(Gathered, 1);
        gathered->cell = cell;
        gathered->sets = g_new(uint64_t, (gsize)(walk->block * walk->words));
        moe__touch_pages(cell->together,
                         sizeof *cell->together * (gsize)cell->experts * (gsize)cell->experts);
        g_hash_table_insert(walk->gathered, cell, gathered);
    }
    return gathered;
}

static void
count_gathered(Walk *walk, Gathered *gathered)
{
    moe__fetch_to_add(gathered->cell->together,
                      sizeof *gathered->cell->together * (gsize)walk->experts *
                          (gsize)walk->experts,
                      gathered->n);
    moe__pairs_add(walk->kernel, gathered->sets, gathered->n, walk->experts, walk->words,
                   walk->rows, gathered->cell->together);
    gathered->n = 0;
}

static void
gather(Walk *walk, MoePairCell *cell, const uint64_t *sets, int64_t n)
{
    Gathered *gathered = find_gathered(walk, cell);
    while (n > 0) {
        int64_t some = MIN(n, walk->block - gathered->n);
        memcpy(gathered->sets + gathered->n * walk->words, sets,
               (size_t)(some * walk->words) * sizeof *sets);
        gathered->n += some;
        sets += some * walk->words;
        n -= some;
        if (gathered->n == walk->block)
            count_gathered(walk, gathered);
    }
}

MOE_CLONES static int64_t
pairs_filled_words(const uint64_t *sets, int64_t n)
{
    int64_t filled = 0;
    for (int64_t u = 0; u < n; u++)
        filled += sets[u] != 0;
    return filled;
}

static int64_t
with_picks(const uint64_t *sets, int64_t n, int words)
{
    int64_t units = 0;
    if (words == 1)
        return pairs_filled_words(sets, n);
    for (int64_t u = 0; u < n; u++) {
        uint64_t any = 0;
        for (int w = 0; w < words; w++)
            any |= sets[u * words + w];
        units += any != 0;
    }
    return units;
}

static bool
count(void *data, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    Walk *walk = data;
    bool plainly = moe__pairs_plainly(walk->kernel, walk->experts, chunk->view->k);
    for (int64_t i = 0; i < chunk->n_runs; i++) {
        const MoeTallyRun *run = &chunk->runs[i];
        MoePairCell *cell = moe__tally_cell(cells, run->domain, run->group);
        int64_t n = run->n * chunk->units_per_token;
        const uint64_t *sets = chunk->sets + run->first * chunk->units_per_token * walk->words;
        cell->units += with_picks(sets, n, walk->words);
        if (plainly) {
            find_gathered(walk, cell);
            moe__pairs_add_plainly(sets, n, walk->experts, walk->words, cell->together);
        } else {
            gather(walk, cell, sets, n);
        }
    }
    return true;
}

/* What was counted for i ≤ j holds for j and i too. */
static void
mirror(MoePairCell *cell)
{
    int64_t n = cell->experts;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++)
            cell->together[j * n + i] = cell->together[i * n + j];
}

static void
end(void *data, const MoeTallyCells *cells)
{
    Walk *walk = data;
    GHashTableIter iter;
    void *value;
    g_hash_table_iter_init(&iter, walk->gathered);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Gathered *gathered = value;
        if (gathered->n > 0)
            count_gathered(walk, gathered);
        mirror(gathered->cell);
    }
    g_hash_table_unref(walk->gathered);
    g_aligned_free(walk->rows);
    g_free(walk);
}

static bool
applies(const MoeTallyShape *shape)
{
    return moe__sets_words(shape->experts) > 0;
}

static void
describe(void *data, const MoeTallyShape *shape)
{
    MoePairCell *cell = data;
    cell->experts = shape->experts;
}

static const MoeTallyField fields[] = {
    {"units", offsetof(MoePairCell, units), false, {MOE_AXIS_NONE, MOE_AXIS_NONE}},
    {"together", offsetof(MoePairCell, together), false, {MOE_AXIS_EXPERTS, MOE_AXIS_EXPERTS}},
};

const MoeTally moe__tally_pairs = {
    .bit = MOE_TALLY_PAIRS,
    .name = "pairs",
    .cell_size = sizeof(MoePairCell),
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
