/* SPDX-License-Identifier: MIT
 *
 * pair-map.h: a hash table from a pair of token ids to a number >= 0.
 */
#ifndef MOE_TEXT_PAIR_MAP_H
#define MOE_TEXT_PAIR_MAP_H

#include <glib.h>
#include <stdint.h>

typedef struct MoePairSlot {
    uint64_t key; /* left << 32 | right */
    int32_t value;
} MoePairSlot;

/* Open addressing, at most half full. Zero-initialise, then moe__pair_map_init(). */
typedef struct MoePairMap {
    MoePairSlot *slots;
    int bits; /* 2^bits slots */
    size_t used;
} MoePairMap;

void moe__pair_map_init(MoePairMap *map, size_t expected);
void moe__pair_map_clear(MoePairMap *map);

/* The value of a pair, -1 if it has none. */
int32_t moe__pair_map_get(const MoePairMap *map, int32_t left, int32_t right);

/* Where the value of a pair is kept, -1 there if it is new: the caller must then set it. Valid
 * until the next call. */
int32_t *moe__pair_map_at(MoePairMap *map, int32_t left, int32_t right);

#endif
