/* SPDX-License-Identifier: MIT
 *
 * compare-count.c: what two routers did with the same units. Blocks of units whose sets fit into
 * words (at most 64 experts, all slots filled, no expert twice) are counted side by side; others
 * unit by unit. Both give the same bits: gates are added in the same order, fractions are rounded
 * to whole numbers.
 */
#include "stats/compare-sets.h"
#include "stats/compare-unit.h"
#include "tensor/cpu.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = MOE_BITS_BLOCK, LANES = MOE_BITS_LANES, SLOTS = MOE_BLOCK_SLOTS };

struct MoeCounter {
    int experts;
    MoeUnitCounter *singly;
    const MoeBlockKernel *kernel;
    MoeBlockSide a, b;
    MoeBlockSets sets;
    int32_t gated[BLOCK], least[BLOCK]; /* whether; Σ_e min(ŵ^A_e, ŵ^B_e) */
};

MoeCounter *
moe__counter_new(int experts)
{
    MoeCounter *counter;
    /* Vectors are read from it. */
    if (posix_memalign((void **)&counter, 64, sizeof *counter) != 0)
        g_error("no memory for a counter of %zu bytes", sizeof *counter);
    memset(counter, 0, sizeof *counter);
    counter->experts = experts;
    counter->kernel = moe__block_kernels()[0];
    counter->singly = moe__unit_counter_new(experts);
    return counter;
}

void
moe__counter_free(MoeCounter *counter)
{
    if (!counter)
        return;
    moe__unit_counter_free(counter->singly);
    free(counter);
}

/* --- Taking a block ---------------------------------------------------------------------------*/

/* The ids of the block after the one at hand: slots are too far apart, and blocks too short, for a
 * CPU to see them coming. What lies behind the last one isn't read. */
static void
fetch_next(const MoeSidePicks *picks)
{
    for (int d = 0; picks->expert8 && d < picks->slots; d++)
        for (int at = 0; at < BLOCK; at += 64)
            __builtin_prefetch(picks->expert8 + d * picks->stride + BLOCK + at);
}

static void
take_ids(MoeBlockSide *side, const MoeSidePicks *picks, int n)
{
    side->slots = picks->slots;
    side->sets = picks->labels ? NULL : picks->sets;
    for (int d = 0; d < picks->slots; d++) {
        uint8_t *id = side->id[d];
        if (picks->expert8 && !picks->labels)
            memcpy(id, picks->expert8 + d * picks->stride, (gsize)n);
        else
            for (int i = 0; i < n; i++)
                id[i] = (uint8_t)moe__pick_of(picks, d, i); /* -1 becomes 255 */
        memset(id + n, 0, (gsize)(-n & (LANES - 1)));
    }
}

/* --- Blocks -----------------------------------------------------------------------------------*/

static void
add_gates(MoeCounter *c, const MoeSidePicks *a, const MoeSidePicks *b, int n, MoeCellParts *cell)
{
    if (!moe__picks_gated(a) || !moe__picks_gated(b))
        return;
    for (int i = 0; i < n; i++)
        c->gated[i] = 1;
    moe__block_gates(&c->a, a, n, c->gated);
    moe__block_gates(&c->b, b, n, c->gated);
    moe__block_least(&c->a, &c->b, n, c->least);
    int64_t gated = 0, sum = 0;
    for (int i = 0; i < n; i++) {
        gated += c->gated[i];
        sum += c->gated[i] ? c->least[i] : 0;
    }
    cell->sum[MOE_SUM_GATED] += gated;
    cell->sum[MOE_SUM_WEIGHTED] += sum;
}

static int64_t
count_same(const uint8_t *a, const uint8_t *b, int n)
{
    int64_t same = 0;
    for (int i = 0; i < n; i++)
        same += a[i] == b[i];
    return same;
}

static void
add_block(MoeCounter *c, int n, const MoeCellShape *shape, const MoeBlockSums *sums,
          MoeCellParts *cell)
{
    int smaller = MIN(c->a.slots, c->b.slots), larger = MAX(c->a.slots, c->b.slots);
    int width = MIN(shape->experts, MOE_BITS_WIDTH);
    int64_t sharing[SLOTS + 1] = {0};
    cell->sum[MOE_SUM_UNITS] += n;
    cell->sum[MOE_SUM_SAME_FIRST] += count_same(c->a.id[0], c->b.id[0], n);
    cell->sum[MOE_SUM_SAME_SET] += (int64_t)sums->same_set;
    cell->sum[MOE_SUM_FULL] += c->a.slots == shape->k_a && c->b.slots == shape->k_b ? n : 0;
    cell->sum[MOE_SUM_LARGER] += (int64_t)n * larger;
    cell->sum[MOE_SUM_PRODUCT] += (int64_t)n * smaller * larger;
    c->kernel->bytes(c->sets.met, n, sharing, smaller + 1);
    for (int j = 0; j <= smaller; j++) {
        cell->sharing[j] += sharing[j];
        cell->sum[MOE_SUM_SHARED] += sharing[j] * j;
        cell->sum[MOE_SUM_JACCARD] += sharing[j] * moe__fraction(j, smaller + larger - j);
    }
    for (int d = 1; d <= smaller; d++)
        cell->meet[d] += (int64_t)sums->meet[d];
    cell->reach[smaller] += n;
    cell->ends[smaller] += (int64_t)sums->meet[smaller];
    c->kernel->bytes(c->a.id[0], n, cell->first_a, width);
    c->kernel->bytes(c->b.id[0], n, cell->first_b, width);
    c->kernel->count(c->sets.a, n, cell->picks_a, width);
    c->kernel->count(c->sets.b, n, cell->picks_b, width);
}

static void
add_tables(const MoeCounter *c, int n, const MoePairTables *tables)
{
    for (int i = 0; i < n; i++)
        tables->first[(gsize)c->a.id[0][i] * (gsize)tables->experts_b + c->b.id[0][i]]++;
    moe__bits_together(c->sets.a, c->sets.b, n, tables->experts_a, tables->experts_b,
                       tables->together);
}

void
moe__counter_add(MoeCounter *c, const MoeSidePicks *a, const MoeSidePicks *b, int64_t n,
                 const MoeCellShape *shape, int64_t *row, const MoePairTables *tables)
{
    MoeCellParts cell = moe__compared_parts(shape, row);
    moe__fetch_to_add(row, moe__compared_words(shape) * sizeof *row, n);
    bool words = c->experts <= MOE_BITS_WIDTH && a->slots > 0 && a->slots <= SLOTS &&
                 b->slots > 0 && b->slots <= SLOTS;
    for (int64_t done = 0; done < n; done += BLOCK) {
        int some = (int)MIN(BLOCK, n - done);
        MoeSidePicks of_a = moe__picks_from(a, done), of_b = moe__picks_from(b, done);
        MoeBlockSums sums = {.odd = true};
        if (words) {
            fetch_next(&of_a);
            fetch_next(&of_b);
            take_ids(&c->a, &of_a, some);
            take_ids(&c->b, &of_b, some);
            c->kernel->fill(&c->a, &c->b, some, &c->sets, &sums);
        }
        if (sums.odd) {
            moe__unit_counter_add(c->singly, &of_a, &of_b, some, shape, &cell, tables);
            continue;
        }
        add_block(c, some, shape, &sums, &cell);
        add_gates(c, &of_a, &of_b, some, &cell);
        if (tables)
            add_tables(c, some, tables);
    }
}
