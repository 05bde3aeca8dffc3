/* SPDX-License-Identifier: MIT
 *
 * id-counts.h: how often each token id is seen, and how often one expert takes it.
 */
#ifndef MOESCOPE_STATS_ID_COUNTS_H
#define MOESCOPE_STATS_ID_COUNTS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct MoeIdCount {
    int64_t seen, taken; /* units of the id with a first choice; units that pick the expert */
} MoeIdCount;

typedef struct MoeIdCounts {
    GArray *near;    /* of MoeIdCount, by id: as a vocabulary's are */
    GHashTable *far; /* of GINT_TO_POINTER(id) to MoeIdCount *: others */
    MoeIdCount sum;
} MoeIdCounts;

void moe__id_counts_init(MoeIdCounts *counts);
void moe__id_counts_clear(MoeIdCounts *counts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeIdCounts, moe__id_counts_clear)
/* Ids ≥ 0. */
void moe__id_counts_add(MoeIdCounts *counts, int32_t id, bool seen, bool taken);
/* (taken / seen) / (Σ taken / Σ seen), as of MoeTokenCell; NaN for an id seen less than `least`
 * times. */
double moe__id_counts_lift(const MoeIdCounts *counts, int32_t id, int64_t least);

#endif
