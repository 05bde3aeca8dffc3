/* SPDX-License-Identifier: MIT
 *
 * Units grouped by the set of experts that they were sent to: a table of hashes with open
 * addresses finds a unit's set, a counting sort puts the units of each set side by side.
 */
#include "moe/sets.h"

#include <string.h>

/* Members up to which insertion is the fastest sort. */
#define FEW 32

typedef struct {
    int64_t *first;  /* [sets + 1] */
    int32_t *member; /* filled up to first[sets]; a candidate stands behind that */
    int32_t *slot;   /* [mask + 1] a set, or -1 */
    uint64_t mask;
    int sets;
} Table;

static int
rising(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static void
sort(int32_t *x, int n)
{
    if (n > FEW) {
        qsort(x, (size_t)n, sizeof *x, rising);
        return;
    }
    for (int i = 1; i < n; i++) {
        int32_t value = x[i];
        int j = i;
        for (; j > 0 && x[j - 1] > value; j--)
            x[j] = x[j - 1];
        x[j] = value;
    }
}

/* The set of a unit's picks: rising, each expert once. Returns how many. */
static int
collect(int32_t *set, const int32_t *picks, int k)
{
    int n = 0, distinct = 0;
    for (int j = 0; j < k; j++)
        if (picks[j] >= 0)
            set[n++] = picks[j];
    sort(set, n);
    for (int i = 0; i < n; i++)
        if (distinct == 0 || set[distinct - 1] != set[i])
            set[distinct++] = set[i];
    return distinct;
}

static uint64_t
hash(const int32_t *set, int n)
{
    uint64_t h = (uint64_t)n;
    for (int i = 0; i < n; i++) {
        h = (h ^ (uint64_t)set[i]) * G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
        h ^= h >> 29;
    }
    return h;
}

static bool
same(const Table *table, int set, const int32_t *members, int n)
{
    return table->first[set + 1] - table->first[set] == n &&
           memcmp(table->member + table->first[set], members, (size_t)n * sizeof *members) == 0;
}

/* The number of the set whose n members stand behind those of all known sets. */
static int32_t
find_or_add(Table *table, int n)
{
    const int32_t *members = table->member + table->first[table->sets];
    uint64_t at = hash(members, n) & table->mask;
    while (table->slot[at] >= 0 && !same(table, table->slot[at], members, n))
        at = (at + 1) & table->mask;
    if (table->slot[at] < 0) {
        table->first[table->sets + 1] = table->first[table->sets] + n;
        table->slot[at] = table->sets++;
    }
    return table->slot[at];
}

static Table
table_new(const MoePicks *picks, MoeArena *arena)
{
    Table table = {.mask = 1};
    while (table.mask < 2 * (uint64_t)picks->units)
        table.mask *= 2;
    size_t slots = table.mask--;
    table.first = moe_arena_alloc0(arena, (size_t)(picks->units + 1) * sizeof *table.first);
    /* A unit more than there are, for the candidate. */
    table.member =
        moe_arena_alloc(arena, (size_t)((picks->units + 1) * picks->k) * sizeof *table.member);
    table.slot = moe_arena_alloc(arena, slots * sizeof *table.slot);
    memset(table.slot, 0xff, slots * sizeof *table.slot);
    return table;
}

/* The units of each set side by side. */
static MoeGroups
group(const int32_t *of_unit, int64_t units, int sets, MoeArena *arena)
{
    int64_t *offset = moe_arena_alloc0(arena, (size_t)(sets + 2) * sizeof *offset);
    int32_t *row = moe_arena_alloc(arena, (size_t)units * sizeof *row);
    /* Counts two places on: filling moves each beginning to the next one's. */
    for (int64_t u = 0; u < units; u++)
        if (of_unit[u] >= 0)
            offset[of_unit[u] + 2]++;
    for (int s = 0; s < sets; s++)
        offset[s + 2] += offset[s + 1];
    for (int64_t u = 0; u < units; u++)
        if (of_unit[u] >= 0)
            row[offset[of_unit[u] + 1]++] = (int32_t)u;
    return (MoeGroups){.groups = sets, .offset = offset, .row = row};
}

MoeSets
moe__sets_of_picks(const MoePicks *picks, MoeArena *arena)
{
    Table table = table_new(picks, arena);
    int32_t *of_unit = moe_arena_alloc(arena, (size_t)picks->units * sizeof *of_unit);
    for (int64_t u = 0; u < picks->units; u++) {
        int n =
            collect(table.member + table.first[table.sets], picks->expert + u * picks->k, picks->k);
        of_unit[u] = n ? find_or_add(&table, n) : -1;
    }
    return (MoeSets){.first = table.first,
                     .member = table.member,
                     .of_unit = of_unit,
                     .units = group(of_unit, picks->units, table.sets, arena)};
}
