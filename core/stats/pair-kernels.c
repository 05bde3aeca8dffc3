/* SPDX-License-Identifier: MIT
 *
 * pair-kernels.c: pairs of experts in plain C, and which kernel this CPU runs.
 */
#include "stats/pair-kernels.h"

#include "tensor/cpu.h"

#include <string.h>

/* --- In plain C -------------------------------------------------------------------------------*/

/* Transposes 64 × 64 bits in place, by swapping ever smaller quarters (Warren, Hacker's Delight,
 * section 7-3). */
MOE_CLONES static void
transpose_64(uint64_t *x)
{
    uint64_t mask = 0x00000000ffffffff;
    for (int side = 32; side > 0; side >>= 1, mask ^= mask << side)
        for (int base = 0; base < 64; base += 2 * side)
            for (int i = base; i < base + side; i++) {
                uint64_t swapped = ((x[i] >> side) ^ x[i + side]) & mask;
                x[i] ^= swapped << side;
                x[i + side] ^= swapped;
            }
}

static void
transpose_portable(const uint64_t *sets, int64_t n, int words, uint64_t *rows)
{
    uint64_t square[64];
    int blocks = (int)((n + 511) / 512 * 8);
    for (int b = 0; b < blocks; b++)
        for (int w = 0; w < words; w++) {
            int64_t some = CLAMP(n - 64 * b, 0, 64);
            for (int64_t i = 0; i < some; i++)
                square[i] = sets[(64 * b + i) * words + w];
            memset(square + some, 0, (size_t)(64 - some) * sizeof *square);
            transpose_64(square);
            for (int e = 0; e < 64; e++)
                rows[(64 * w + e) * MOE_PAIR_WORDS + b] = square[e];
        }
}

/* Ones of a & b. Bytes of eight lanes gather the ones of up to 31 words each; lanes are what the
 * compiler makes vectors of. */
MOE_INLINE int64_t
count_shared(const uint64_t *a, const uint64_t *b, int length)
{
    const uint64_t ones = 0x5555555555555555, twos = 0x3333333333333333, fours = 0x0f0f0f0f0f0f0f0f;
    uint64_t bytes[8] = {0};
    G_STATIC_ASSERT(MOE_PAIR_WORDS / 8 < 32);
    for (int i = 0; i < length; i += 8)
        for (int lane = 0; lane < 8; lane++) {
            uint64_t x = a[i + lane] & b[i + lane];
            x -= x >> 1 & ones;
            x = (x & twos) + (x >> 2 & twos);
            bytes[lane] += (x + (x >> 4)) & fours;
        }
    uint64_t sum = 0;
    for (int lane = 0; lane < 8; lane++) {
        const uint64_t low = 0x00ff00ff00ff00ff;
        uint64_t x = (bytes[lane] & low) + (bytes[lane] >> 8 & low);
        sum += (x * 0x0001000100010001) >> 48;
    }
    return (int64_t)sum;
}

MOE_CLONES static void
pairs_count_portable(const uint64_t *rows, int length, int experts, int64_t *together)
{
    for (int i = 0; i < experts; i++)
        for (int j = i; j < experts; j++)
            together[(int64_t)i * experts + j] +=
                count_shared(rows + i * MOE_PAIR_WORDS, rows + j * MOE_PAIR_WORDS, length);
}

const MoePairKernel moe__pair_kernel_portable = {
    .name = "portable",
    .words_an_increment = 1.5,
    .transpose = transpose_portable,
    .count = pairs_count_portable,
};

/* --- Choosing ---------------------------------------------------------------------------------*/

const MoePairKernel *const *
moe__pair_kernels(void)
{
    static const MoePairKernel *kernels[3];
    static gsize chosen;
    if (g_once_init_enter(&chosen)) {
        int n = 0;
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vbmi") &&
            __builtin_cpu_supports("gfni") && __builtin_cpu_supports("avx512vpopcntdq"))
            kernels[n++] = &moe__pair_kernel_avx512;
#endif
        kernels[n] = &moe__pair_kernel_portable;
        g_once_init_leave(&chosen, 1);
    }
    return kernels;
}

void
moe__pairs_add(const MoePairKernel *kernel, const uint64_t *sets, int64_t n, int experts, int words,
               uint64_t *rows, int64_t *together)
{
    kernel->transpose(sets, n, words, rows);
    kernel->count(rows, (int)((n + 511) / 512 * 8), experts, together);
}

/* --- Unit by unit -----------------------------------------------------------------------------*/

void
moe__pairs_add_plainly(const uint64_t *sets, int64_t n, int experts, int words, int64_t *together)
{
    g_autofree int *list = g_new(int, (gsize)experts);
    for (int64_t u = 0; u < n; u++) {
        int k = 0;
        for (int w = 0; w < words; w++)
            for (uint64_t set = sets[u * words + w]; set; set &= set - 1)
                list[k++] = 64 * w + __builtin_ctzll(set);
        for (int a = 0; a < k; a++) {
            int64_t *line = together + (int64_t)list[a] * experts;
            for (int b = a; b < k; b++)
                line[list[b]]++;
        }
    }
}

bool
moe__pairs_plainly(const MoePairKernel *kernel, int experts, int k)
{
    double pairs = 0.5 * experts * (experts + 1);
    return 0.5 * k * (k + 1) < pairs / 64 / kernel->words_an_increment;
}
