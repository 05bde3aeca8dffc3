/* SPDX-License-Identifier: MIT */
#include "text/pair-map.h"

static const uint64_t free_key = UINT64_MAX;

static void
allocate(MoePairMap *map, int bits)
{
    map->bits = bits;
    map->used = 0;
    map->slots = g_new(MoePairSlot, (size_t)1 << bits);
    for (size_t i = 0; i < (size_t)1 << bits; i++)
        map->slots[i] = (MoePairSlot){free_key, -1};
}

void
moe__pair_map_init(MoePairMap *map, size_t expected)
{
    int bits = 4;
    while ((size_t)1 << bits < 2 * expected)
        bits++;
    allocate(map, bits);
}

void
moe__pair_map_clear(MoePairMap *map)
{
    g_clear_pointer(&map->slots, g_free);
}

static uint64_t
key_of(int32_t left, int32_t right)
{
    return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

/* The slot of a key, or the free one where it belongs. */
static MoePairSlot *
find(const MoePairMap *map, uint64_t key)
{
    size_t mask = ((size_t)1 << map->bits) - 1;
    /* Fibonacci hashing: the high bits of the product are mixed best */
    size_t i = (size_t)((key * 0x9E3779B97F4A7C15u) >> (64 - map->bits));
    while (map->slots[i].key != key && map->slots[i].key != free_key)
        i = (i + 1) & mask;
    return &map->slots[i];
}

static void
grow(MoePairMap *map)
{
    MoePairMap old = *map;
    allocate(map, old.bits + 1);
    for (size_t i = 0; i < (size_t)1 << old.bits; i++) {
        if (old.slots[i].key != free_key)
            *find(map, old.slots[i].key) = old.slots[i];
    }
    map->used = old.used;
    moe__pair_map_clear(&old);
}

int32_t
moe__pair_map_get(const MoePairMap *map, int32_t left, int32_t right)
{
    return find(map, key_of(left, right))->value;
}

int32_t *
moe__pair_map_at(MoePairMap *map, int32_t left, int32_t right)
{
    if (2 * (map->used + 1) > (size_t)1 << map->bits)
        grow(map);
    uint64_t key = key_of(left, right);
    MoePairSlot *slot = find(map, key);
    if (slot->key == free_key) {
        slot->key = key;
        map->used++;
    }
    return &slot->value;
}
