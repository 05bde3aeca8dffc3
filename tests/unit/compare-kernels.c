/* SPDX-License-Identifier: MIT
 *
 * Blocks of two sides: every kernel that this CPU runs against a plain count.
 */
#include "stats/compare-sets.h"

#include <string.h>

typedef struct Block {
    MoeBlockSide a, b;
    int n;
} Block;

/* Slots of a unit hold different experts below `experts`; ids behind the units are 0. */
static void
draw_side(MoeRng *rng, MoeBlockSide *side, int slots, int experts, int n)
{
    memset(side, 0, sizeof *side);
    side->slots = slots;
    for (int i = 0; i < n; i++)
        for (int d = 0; d < slots; d++) {
            bool taken = true;
            while (taken) {
                side->id[d][i] = (uint8_t)moe_rng_below(rng, (uint64_t)experts);
                taken = false;
                for (int other = 0; other < d; other++)
                    taken |= side->id[other][i] == side->id[d][i];
            }
        }
}

static uint64_t
set_of(const MoeBlockSide *side, int slots, int i)
{
    uint64_t set = 0;
    for (int d = 0; d < MIN(slots, side->slots); d++)
        set |= (uint64_t)1 << side->id[d][i];
    return set;
}

static void
check_sets(const MoeBlockKernel *kernel, const Block *block)
{
    MoeBlockSets *sets = g_aligned_alloc0(1, sizeof *sets, 64);
    MoeBlockSums sums = {0};
    uint64_t same = 0, meet[MOE_BLOCK_SLOTS + 1] = {0};
    memset(sets, 0xee, sizeof *sets);
    kernel->fill(&block->a, &block->b, block->n, sets, &sums);
    for (int i = 0; i < (block->n + 7) / 8 * 8; i++) {
        bool in = i < block->n;
        uint64_t a = in ? set_of(&block->a, 64, i) : 0, b = in ? set_of(&block->b, 64, i) : 0;
        g_assert_cmphex(sets->a[i], ==, a);
        g_assert_cmphex(sets->b[i], ==, b);
        g_assert_cmpint(sets->met[i], ==, __builtin_popcountll(a & b));
        same += in && a == b;
        for (int d = 1; in && d <= MIN(block->a.slots, block->b.slots); d++)
            meet[d] +=
                (uint64_t)__builtin_popcountll(set_of(&block->a, d, i) & set_of(&block->b, d, i));
    }
    g_assert_false(sums.odd);
    g_assert_cmpint(sums.same_set, ==, same);
    for (int d = 1; d <= MIN(block->a.slots, block->b.slots); d++)
        g_assert_cmpint(sums.meet[d], ==, meet[d]);
    g_aligned_free(sets);
}

static void
check_counts(const MoeBlockKernel *kernel, const Block *block, int experts)
{
    uint64_t words[MOE_BITS_BLOCK];
    int64_t count[64], naive[64];
    for (int j = 0; j < 64; j++)
        count[j] = naive[j] = j; /* it adds */
    for (int i = 0; i < block->n; i++) {
        words[i] = set_of(&block->a, 64, i);
        for (int j = 0; j < experts; j++)
            naive[j] += words[i] >> j & 1;
    }
    kernel->count(words, block->n, count, experts);
    g_assert_cmpmem(count, sizeof count, naive, sizeof naive);
}

static void
check_kernel(const MoeBlockKernel *kernel)
{
    static const int lengths[] = {1, 7, 8, 9, 63, 64, 247, 248, 249, 500, 511, 512};
    static const int shapes[][3] = {{8, 8, 64}, {1, 1, 2}, {2, 6, 60}, {16, 3, 64}, {4, 4, 4}};
    g_autofree Block *block = g_new(Block, 1);
    MoeRng rng = moe_rng(3, 0);
    for (gsize l = 0; l < G_N_ELEMENTS(lengths); l++)
        for (gsize s = 0; s < G_N_ELEMENTS(shapes); s++) {
            block->n = lengths[l];
            draw_side(&rng, &block->a, shapes[s][0], shapes[s][2], block->n);
            draw_side(&rng, &block->b, shapes[s][1], shapes[s][2], block->n);
            check_sets(kernel, block);
            check_counts(kernel, block, shapes[s][2]);
        }
}

/* A unit that picks an expert twice, or none, or one beyond 63, wherever it stands. */
static void
check_odd(const MoeBlockKernel *kernel)
{
    static const uint8_t odd[] = {5, 64, 200, 255};
    MoeBlockSets *sets = g_aligned_alloc0(1, sizeof *sets, 64);
    g_autofree Block *block = g_new0(Block, 1);
    for (int i = 0; i < 20; i++)
        for (gsize o = 0; o < G_N_ELEMENTS(odd); o++)
            for (int side = 0; side < 2; side++) {
                MoeRng rng = moe_rng(4, 0);
                MoeBlockSums sums = {0};
                draw_side(&rng, &block->a, 3, 64, 20);
                draw_side(&rng, &block->b, 3, 64, 20);
                MoeBlockSide *own = side ? &block->b : &block->a;
                own->id[0][i] = 5;
                own->id[1][i] = 6;
                own->id[2][i] = odd[o];
                kernel->fill(&block->a, &block->b, 20, sets, &sums);
                g_assert_true(sums.odd);
            }
    g_aligned_free(sets);
}

static void
check_bytes(const MoeBlockKernel *kernel)
{
    uint8_t bytes[MOE_BITS_BLOCK];
    MoeRng rng = moe_rng(5, 0);
    for (int n = 0; n <= MOE_BITS_BLOCK; n += 1 + n / 3) {
        int64_t count[64] = {[3] = 100}, naive[64] = {[3] = 100};
        for (int i = 0; i < n; i++) {
            bytes[i] = (uint8_t)moe_rng_below(&rng, n % 2 ? 64 : 2);
            naive[bytes[i]]++;
        }
        kernel->bytes(bytes, n, count, 64);
        g_assert_cmpmem(count, sizeof count, naive, sizeof naive);
    }
}

static void
test_kernels(void)
{
    for (const MoeBlockKernel *const *kernel = moe__block_kernels(); *kernel; kernel++) {
        g_test_message("%s", (*kernel)->name);
        check_kernel(*kernel);
        check_odd(*kernel);
        check_bytes(*kernel);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/compare-kernels/kernels", test_kernels);
    return g_test_run();
}
