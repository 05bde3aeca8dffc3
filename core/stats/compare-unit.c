/* SPDX-License-Identifier: MIT
 *
 * compare-unit.c: what two routers did with the same units, one unit after the other, whatever
 * their sets are like.
 */
#include "stats/compare-unit.h"

#include <math.h>

/* One unit's set. */
typedef struct Row {
    int n;
    int32_t *expert; /* [experts] distinct, in the order of their slots */
    float *gate;     /* the same */
    bool gated;
    int64_t *seen;  /* [experts] the last unit that had it */
    int32_t *rank;  /* [experts] its place in that unit */
    float *gate_of; /* [experts] its gate in that unit */
} Row;

struct MoeUnitCounter {
    int64_t unit; /* counts them, from 1 */
    Row a, b;
};

static void
row_init(Row *row, int experts)
{
    row->expert = g_new(int32_t, (gsize)experts);
    row->gate = g_new(float, (gsize)experts);
    row->seen = g_new0(int64_t, (gsize)experts);
    row->rank = g_new(int32_t, (gsize)experts);
    row->gate_of = g_new(float, (gsize)experts);
}

static void
row_clear(Row *row)
{
    g_free(row->expert);
    g_free(row->gate);
    g_free(row->seen);
    g_free(row->rank);
    g_free(row->gate_of);
}

MoeUnitCounter *
moe__unit_counter_new(int experts)
{
    MoeUnitCounter *counter = g_new0(MoeUnitCounter, 1);
    row_init(&counter->a, experts);
    row_init(&counter->b, experts);
    return counter;
}

void
moe__unit_counter_free(MoeUnitCounter *counter)
{
    row_clear(&counter->a);
    row_clear(&counter->b);
    g_free(counter);
}

static void
row_take(Row *row, const MoeSidePicks *picks, int64_t at, int64_t unit)
{
    float sum = 0;
    row->n = 0;
    row->gated = moe__picks_gated(picks);
    for (int slot = 0; slot < picks->slots; slot++) {
        int32_t expert = moe__pick_of(picks, slot, at);
        if (expert < 0 || row->seen[expert] == unit)
            continue;
        row->seen[expert] = unit;
        row->rank[expert] = row->n;
        row->expert[row->n] = expert;
        if (moe__picks_gated(picks)) {
            float gate = moe__gate_of(picks, slot, at);
            row->gate[row->n] = gate;
            row->gated &= gate >= 0;
            sum += gate;
        }
        row->n++;
    }
    row->gated = row->gated && sum > 0 && sum < INFINITY;
    float scale = 1.0f / sum;
    for (int i = 0; row->gated && i < row->n; i++) {
        row->gate[i] *= scale;
        row->gate_of[row->expert[i]] = row->gate[i];
    }
}

/* |A ∩ B|; adds |A_d ∩ B_d| to meet[d], and to ends[s] at the end of the smaller set. */
static int
count_meetings(const Row *a, const Row *b, int64_t unit, MoeCellParts *cell)
{
    int met = 0, smaller = MIN(a->n, b->n);
    for (int d = 1; d <= smaller; d++) {
        /* What stands at rank d meets what stands at ranks up to d. */
        int32_t of_a = a->expert[d - 1], of_b = b->expert[d - 1];
        met += b->seen[of_a] == unit && b->rank[of_a] <= d - 1;
        met += a->seen[of_b] == unit && a->rank[of_b] < d - 1;
        cell->meet[d] += met;
    }
    cell->ends[smaller] += met;
    cell->reach[smaller]++;
    int shared = 0;
    for (int i = 0; i < a->n; i++)
        shared += b->seen[a->expert[i]] == unit;
    return shared;
}

static void
count_weighted(const Row *a, const Row *b, int64_t unit, MoeCellParts *cell)
{
    float sum = 0;
    if (!a->gated || !b->gated)
        return;
    for (int i = 0; i < a->n; i++)
        if (b->seen[a->expert[i]] == unit)
            sum += MIN(a->gate[i], b->gate_of[a->expert[i]]);
    cell->sum[MOE_SUM_GATED]++;
    cell->sum[MOE_SUM_WEIGHTED] += moe__fixed(sum);
}

static void
count_tables(const Row *a, const Row *b, const MoePairTables *tables)
{
    gsize columns = (gsize)tables->experts_b;
    tables->first[(gsize)a->expert[0] * columns + (gsize)b->expert[0]]++;
    for (int i = 0; i < a->n; i++)
        for (int j = 0; j < b->n; j++)
            tables->together[(gsize)a->expert[i] * columns + (gsize)b->expert[j]]++;
}

static void
count_unit(MoeUnitCounter *counter, const MoeCellShape *shape, MoeCellParts *cell,
           const MoePairTables *tables)
{
    const Row *a = &counter->a, *b = &counter->b;
    if (a->n == 0 || b->n == 0) {
        cell->sum[MOE_SUM_APART] += a->n != b->n;
        return;
    }
    int shared = count_meetings(a, b, counter->unit, cell);
    cell->sum[MOE_SUM_UNITS]++;
    cell->sum[MOE_SUM_SAME_FIRST] += a->expert[0] == b->expert[0];
    cell->sum[MOE_SUM_SAME_SET] += shared == a->n && shared == b->n;
    cell->sum[MOE_SUM_FULL] += a->n == shape->k_a && b->n == shape->k_b;
    cell->sum[MOE_SUM_SHARED] += shared;
    cell->sum[MOE_SUM_LARGER] += MAX(a->n, b->n);
    cell->sum[MOE_SUM_PRODUCT] += (int64_t)a->n * b->n;
    cell->sum[MOE_SUM_JACCARD] += moe__fraction(shared, a->n + b->n - shared);
    cell->sharing[shared]++;
    cell->first_a[a->expert[0]]++;
    cell->first_b[b->expert[0]]++;
    for (int i = 0; i < a->n; i++)
        cell->picks_a[a->expert[i]]++;
    for (int j = 0; j < b->n; j++)
        cell->picks_b[b->expert[j]]++;
    count_weighted(a, b, counter->unit, cell);
    if (tables)
        count_tables(a, b, tables);
}

void
moe__unit_counter_add(MoeUnitCounter *counter, const MoeSidePicks *a, const MoeSidePicks *b, int n,
                      const MoeCellShape *shape, MoeCellParts *cell, const MoePairTables *tables)
{
    for (int i = 0; i < n; i++) {
        counter->unit++;
        row_take(&counter->a, a, i, counter->unit);
        row_take(&counter->b, b, i, counter->unit);
        count_unit(counter, shape, cell, tables);
    }
}
