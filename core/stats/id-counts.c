/* SPDX-License-Identifier: MIT
 *
 * id-counts.c: counts by token id.
 */
#include "stats/id-counts.h"

#include <math.h>

#define NEAR (1 << 20)

void
moe__id_counts_init(MoeIdCounts *counts)
{
    counts->near = g_array_new(FALSE, TRUE, sizeof(MoeIdCount));
    counts->far = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    counts->sum = (MoeIdCount){0};
}

void
moe__id_counts_clear(MoeIdCounts *counts)
{
    g_clear_pointer(&counts->near, g_array_unref);
    g_clear_pointer(&counts->far, g_hash_table_unref);
}

static MoeIdCount *
count_of(MoeIdCounts *counts, int32_t id)
{
    if (id < NEAR) {
        if ((guint)id >= counts->near->len)
            g_array_set_size(counts->near, (guint)id + 1);
        return &g_array_index(counts->near, MoeIdCount, id);
    }
    MoeIdCount *count = g_hash_table_lookup(counts->far, GINT_TO_POINTER(id));
    if (!count) {
        count = g_new0(MoeIdCount, 1);
        g_hash_table_insert(counts->far, GINT_TO_POINTER(id), count);
    }
    return count;
}

void
moe__id_counts_add(MoeIdCounts *counts, int32_t id, bool seen, bool taken)
{
    MoeIdCount *count = count_of(counts, id);
    count->seen += seen;
    count->taken += taken;
    counts->sum.seen += seen;
    counts->sum.taken += taken;
}

double
moe__id_counts_lift(const MoeIdCounts *counts, int32_t id, int64_t least)
{
    const MoeIdCount *count =
        id < 0 ? NULL
        : id < NEAR
            ? ((guint)id < counts->near->len ? &g_array_index(counts->near, MoeIdCount, id) : NULL)
            : g_hash_table_lookup(counts->far, GINT_TO_POINTER(id));
    if (!count || count->seen < MAX(least, 1) || counts->sum.taken == 0)
        return NAN;
    double share = (double)counts->sum.taken / (double)counts->sum.seen;
    return (double)count->taken / (double)count->seen / share;
}
