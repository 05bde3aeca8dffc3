/* SPDX-License-Identifier: MIT
 *
 * compare-sets.c: sets of a block in plain C, and which kernel this CPU runs.
 */
#include "stats/compare-sets.h"

#include "tensor/cpu.h"

#include <string.h>

enum { LANES = MOE_BITS_LANES, SLOTS = MOE_BLOCK_SLOTS };

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

MOE_CLONES
static void
compare_sets_fill(const MoeBlockSide *restrict a, const MoeBlockSide *restrict b, int n,
                  MoeBlockSets *restrict sets, MoeBlockSums *restrict sums)
{
    const MoeLanes place = {0, 1, 2, 3, 4, 5, 6, 7};
    const int slots_a = a->slots, slots_b = b->slots, both = MIN(slots_a, slots_b);
    MoeLanes meet[SLOTS] = {{0}}, same_set = {0}, odd = {0};
    for (int i = 0; i < n; i += LANES) {
        MoeLanes set_a = {0}, set_b = {0}, met = {0}, found = {0};
        MoeLanes valid = (MoeLanes)(place < (uint64_t)(n - i));
        for (int d = 0; d < both; d++) {
            enter(a->id[d] + i, &set_a, &set_b, &met, &found);
            enter(b->id[d] + i, &set_b, &set_a, &met, &found);
            meet[d] += met & valid;
        }
        for (int d = both; d < slots_a; d++)
            enter(a->id[d] + i, &set_a, &set_b, &met, &found);
        for (int d = both; d < slots_b; d++)
            enter(b->id[d] + i, &set_b, &set_a, &met, &found);
        odd |= found & valid;
        set_a &= valid;
        set_b &= valid;
        same_set += (MoeLanes)(set_a == set_b) & valid & 1;
        memcpy(sets->a + i, &set_a, sizeof set_a);
        memcpy(sets->b + i, &set_b, sizeof set_b);
        for (int l = 0; l < LANES; l++)
            sets->met[i + l] = (uint8_t)(met[l] & valid[l]);
    }
    for (int d = 0; d < both; d++)
        sums->meet[d + 1] = sum_lanes(&meet[d]);
    sums->same_set = sum_lanes(&same_set);
    sums->odd = sum_lanes(&odd) != 0;
}

/* Neighbours that are alike don't wait for each other: they go to different tables. */
static void
compare_sets_bytes(const uint8_t *bytes, int n, int64_t *count, int width)
{
    uint16_t tables[4][MOE_BITS_WIDTH];
    int i = 0;
    for (int t = 0; t < 4; t++)
        memset(tables[t], 0, (size_t)width * sizeof *tables[t]);
    for (; i + 4 <= n; i += 4)
        for (int t = 0; t < 4; t++)
            tables[t][bytes[i + t]]++;
    for (; i < n; i++)
        tables[0][bytes[i]]++;
    for (int j = 0; j < width; j++)
        count[j] += tables[0][j] + tables[1][j] + tables[2][j] + tables[3][j];
}

const MoeBlockKernel moe__block_kernel_portable = {
    .name = "portable",
    .fill = compare_sets_fill,
    .count = moe__bits_count,
    .bytes = compare_sets_bytes,
};

const MoeBlockKernel *const *
moe__block_kernels(void)
{
    static const MoeBlockKernel *kernels[3];
    static gsize chosen;
    if (g_once_init_enter(&chosen)) {
        int n = 0;
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vpopcntdq") &&
            __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("gfni"))
            kernels[n++] = &moe__block_kernel_avx512;
#endif
        kernels[n] = &moe__block_kernel_portable;
        g_once_init_leave(&chosen, 1);
    }
    return kernels;
}
