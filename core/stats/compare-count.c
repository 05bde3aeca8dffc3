/* SPDX-License-Identifier: MIT
 *
 * compare-count.c: what two routers did with the same units. Blocks of units whose sets fit into
 * words (at most 64 experts, all slots filled, no expert twice) are counted side by side; others
 * unit by unit. Both give the same bits: gates are added in the same order, fractions are rounded
 * to whole numbers.
 */
#include "stats/compare-gates.h"
#include "stats/compare-unit.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = MOE_BITS_BLOCK, LANES = MOE_BITS_LANES, SLOTS = MOE_BLOCK_SLOTS };

/* Sums over a block. */
typedef struct Sums {
    uint64_t meet[SLOTS + 1]; /* |A_d ∩ B_d| */
    uint64_t same_first, same_set, shared;
    uint64_t odd; /* not 0: a unit has to be looked at by itself */
} Sums;

struct MoeCounter {
    int experts;
    MoeUnitCounter *singly;
    MoeBlockSide a, b;
    /* 0 behind the units of a block: sets, first choices, and 1 << |A ∩ B|. */
    uint64_t set_a[BLOCK], set_b[BLOCK], first_a[BLOCK], first_b[BLOCK], sharing[BLOCK];
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

static void
take_ids(MoeBlockSide *side, const MoeSidePicks *picks, int n)
{
    side->slots = picks->slots;
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

/* --- Sets -------------------------------------------------------------------------------------*/

/* Brings experts into eight sets. `met` grows by 1 where the other set has it. What the set has
 * already, and what is no expert of 64, is odd. (Vectors go by address: how they go by value
 * depends on the CPU.) */
MOE_INLINE void
enter(const uint8_t *ids, MoeLanes *set, const MoeLanes *other, MoeLanes *met, MoeLanes *odd)
{
    const MoeLanes one = {1, 1, 1, 1, 1, 1, 1, 1}, byte = {0, 8, 16, 24, 32, 40, 48, 56};
    uint64_t eight = 0;
    for (int l = 0; l < LANES; l++)
        eight |= (uint64_t)ids[l] << 8 * l;
    MoeLanes id = (eight * one >> byte) & 255, place = id & 63;
    *odd |= (id >> 6) | ((*set >> place) & 1);
    *set |= one << place;
    *met += (*other >> place) & 1;
}

MOE_INLINE uint64_t
sum_lanes(const MoeLanes *lanes)
{
    uint64_t sum = 0;
    for (int l = 0; l < LANES; l++)
        sum += (*lanes)[l];
    return sum;
}

/* Makes the sets of a block, and 1 << |A ∩ B|; 0 behind its units. */
MOE_CLONES
static void
compare_count_sets(MoeCounter *restrict c, int n, Sums *restrict sums)
{
    const MoeLanes place = {0, 1, 2, 3, 4, 5, 6, 7}, one = {1, 1, 1, 1, 1, 1, 1, 1};
    const MoeBlockSide *a = &c->a, *b = &c->b;
    const int slots_a = a->slots, slots_b = b->slots, both = MIN(slots_a, slots_b);
    MoeLanes meet[SLOTS] = {{0}}, same_first = {0}, same_set = {0}, shared = {0}, odd = {0};
    for (int i = 0; i < n; i += LANES) {
        MoeLanes set_a = {0}, set_b = {0}, met = {0}, found = {0}, first_a = {0}, first_b = {0};
        MoeLanes valid = (MoeLanes)(place < (uint64_t)(n - i));
        for (int d = 0; d < both; d++) {
            enter(a->id[d] + i, &set_a, &set_b, &met, &found);
            enter(b->id[d] + i, &set_b, &set_a, &met, &found);
            meet[d] += met & valid;
            first_a = d == 0 ? set_a & valid : first_a;
            first_b = d == 0 ? set_b & valid : first_b;
        }
        for (int d = both; d < slots_a; d++)
            enter(a->id[d] + i, &set_a, &set_b, &met, &found);
        for (int d = both; d < slots_b; d++)
            enter(b->id[d] + i, &set_b, &set_a, &met, &found);
        odd |= found & valid;
        set_a &= valid;
        set_b &= valid;
        same_first += (MoeLanes)(first_a == first_b) & valid & 1;
        same_set += (MoeLanes)(set_a == set_b) & valid & 1;
        shared += met & valid;
        met = (one << (met & 63)) & valid;
        memcpy(c->set_a + i, &set_a, sizeof set_a);
        memcpy(c->set_b + i, &set_b, sizeof set_b);
        memcpy(c->first_a + i, &first_a, sizeof first_a);
        memcpy(c->first_b + i, &first_b, sizeof first_b);
        memcpy(c->sharing + i, &met, sizeof met);
    }
    for (int d = 0; d < both; d++)
        sums->meet[d + 1] = sum_lanes(&meet[d]);
    sums->same_first = sum_lanes(&same_first);
    sums->same_set = sum_lanes(&same_set);
    sums->shared = sum_lanes(&shared);
    sums->odd = sum_lanes(&odd);
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

static void
add_block(MoeCounter *c, int n, const MoeCellShape *shape, const Sums *sums, MoeCellParts *cell)
{
    int smaller = MIN(c->a.slots, c->b.slots), larger = MAX(c->a.slots, c->b.slots);
    int width = MIN(shape->experts, MOE_BITS_WIDTH);
    int64_t sharing[SLOTS + 1] = {0};
    cell->sum[MOE_SUM_UNITS] += n;
    cell->sum[MOE_SUM_SAME_FIRST] += (int64_t)sums->same_first;
    cell->sum[MOE_SUM_SAME_SET] += (int64_t)sums->same_set;
    cell->sum[MOE_SUM_FULL] += c->a.slots == shape->k_a && c->b.slots == shape->k_b ? n : 0;
    cell->sum[MOE_SUM_SHARED] += (int64_t)sums->shared;
    cell->sum[MOE_SUM_LARGER] += (int64_t)n * larger;
    cell->sum[MOE_SUM_PRODUCT] += (int64_t)n * smaller * larger;
    moe__bits_count(c->sharing, n, sharing, smaller + 1);
    for (int j = 0; j <= smaller; j++) {
        cell->sharing[j] += sharing[j];
        cell->sum[MOE_SUM_JACCARD] += sharing[j] * moe__fraction(j, smaller + larger - j);
    }
    for (int d = 1; d <= smaller; d++)
        cell->meet[d] += (int64_t)sums->meet[d];
    cell->reach[smaller] += n;
    cell->ends[smaller] += (int64_t)sums->meet[smaller];
    moe__bits_count(c->first_a, n, cell->first_a, width);
    moe__bits_count(c->first_b, n, cell->first_b, width);
    moe__bits_count(c->set_a, n, cell->picks_a, width);
    moe__bits_count(c->set_b, n, cell->picks_b, width);
}

static void
add_tables(const MoeCounter *c, int n, const MoePairTables *tables)
{
    for (int i = 0; i < n; i++)
        tables->first[(gsize)c->a.id[0][i] * (gsize)tables->experts_b + c->b.id[0][i]]++;
    moe__bits_together(c->set_a, c->set_b, n, tables->experts_a, tables->experts_b,
                       tables->together);
}

void
moe__counter_add(MoeCounter *c, const MoeSidePicks *a, const MoeSidePicks *b, int64_t n,
                 const MoeCellShape *shape, int64_t *row, const MoePairTables *tables)
{
    MoeCellParts cell = moe__cell_parts(shape, row);
    bool words = c->experts <= MOE_BITS_WIDTH && a->slots > 0 && a->slots <= SLOTS &&
                 b->slots > 0 && b->slots <= SLOTS;
    for (int64_t done = 0; done < n; done += BLOCK) {
        int some = (int)MIN(BLOCK, n - done);
        MoeSidePicks of_a = moe__picks_from(a, done), of_b = moe__picks_from(b, done);
        Sums sums = {.odd = 1};
        if (words) {
            take_ids(&c->a, &of_a, some);
            take_ids(&c->b, &of_b, some);
            compare_count_sets(c, some, &sums);
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
