/* SPDX-License-Identifier: MIT
 *
 * Sets of picks and pairs of experts: every kernel that this CPU runs against a plain count.
 */
#include "stats/pair-kernels.h"
#include "stats/sets.h"

#include <moescope/base.h>
#include <string.h>

static const int sizes[] = {1, 2, 7, 60, 64, 65, 128, 200, 256, 300};
static const int64_t lengths[] = {1, 63, 64, 65, 511, 513, 2000, MOE_PAIR_UNITS};

/* Units of up to k picks, some twice, some none. */
static MoeTraceView
make_view(int experts, int k, int64_t units, uint64_t seed)
{
    MoeRng rng = moe_rng(seed, (uint64_t)experts);
    MoeTraceView view = {.tokens = units, .units = units, .k = k};
    view.expert = g_new(int32_t, (gsize)(k * units));
    for (int64_t i = 0; i < k * units; i++)
        view.expert[i] = (int32_t)moe_rng_below(&rng, (uint64_t)experts + 1) - 1;
    return view;
}

static void
test_sets(void)
{
    for (gsize s = 0; s < G_N_ELEMENTS(sizes); s++) {
        int experts = sizes[s], words = moe__sets_words(experts);
        MoeTraceView view = make_view(experts, 5, 1500, 1);
        g_autofree int32_t *expert = view.expert;
        g_autofree uint64_t *sets = g_new(uint64_t, (gsize)(1400 * words));
        g_assert_cmpint(words, ==, (experts + 63) / 64);
        moe__sets_fill(&view, 100, 1400, words, sets);
        for (int64_t u = 0; u < 1400; u++)
            for (int e = 0; e < experts; e++) {
                bool picked = false;
                for (int slot = 0; slot < view.k; slot++)
                    picked |= expert[slot * view.units + 100 + u] == e;
                g_assert_cmpint(sets[u * words + e / 64] >> e % 64 & 1, ==, picked);
            }
    }
    g_assert_cmpint(moe__sets_words(MOE_SETS_EXPERTS + 1), ==, 0);
}

static void
test_shared(void)
{
    MoeRng rng = moe_rng(2, 0);
    uint64_t a[100], b[100];
    for (int i = 0; i < 100; i++) {
        a[i] = (uint64_t)moe_rng_u32(&rng) << 32 | moe_rng_u32(&rng);
        b[i] = (uint64_t)moe_rng_u32(&rng) << 32 | moe_rng_u32(&rng);
    }
    for (int n = 0, expected = 0; n <= 100; n++) {
        g_assert_cmpint(moe__sets_shared(a, b, n), ==, expected);
        for (int bit = 0; n < 100 && bit < 64; bit++)
            expected += (int)(a[n] >> bit & b[n] >> bit & 1);
    }
}

static void
count_naively(const uint64_t *sets, int64_t n, int experts, int words, int64_t *together)
{
    for (int64_t u = 0; u < n; u++)
        for (int i = 0; i < experts; i++)
            for (int j = i; j < experts; j++)
                together[i * experts + j] += (int64_t)(sets[u * words + i / 64] >> i % 64 &
                                                       sets[u * words + j / 64] >> j % 64 & 1);
}

/* Counts two blocks of n, so that what a block leaves in the scratch would be seen. */
static void
check(const MoePairKernel *kernel, int experts, int64_t n)
{
    int words = moe__sets_words(experts);
    gsize cells = (gsize)experts * (gsize)experts;
    MoeTraceView view = make_view(experts, 6, MOE_PAIR_UNITS + n, (uint64_t)n);
    g_autofree uint64_t *sets = g_new(uint64_t, (gsize)(view.units * words));
    moe__sets_fill(&view, 0, view.units, words, sets);
    g_free(view.expert);
    const uint64_t *rest = sets + (gsize)MOE_PAIR_UNITS * (gsize)words;

    g_autofree int64_t *expected = g_new0(int64_t, cells), *found = g_new0(int64_t, cells);
    count_naively(sets, 64, experts, words, expected);
    count_naively(rest, n, experts, words, expected);
    if (kernel) {
        uint64_t *rows = g_aligned_alloc((gsize)words * 64 * MOE_PAIR_WORDS, sizeof *rows, 64);
        memset(rows, 0xff, (size_t)words * 64 * MOE_PAIR_WORDS * sizeof *rows);
        moe__pairs_add(kernel, sets, 64, experts, words, rows, found);
        moe__pairs_add(kernel, rest, n, experts, words, rows, found);
        g_aligned_free(rows);
    } else {
        moe__pairs_add_plainly(sets, 64, experts, words, found);
        moe__pairs_add_plainly(rest, n, experts, words, found);
    }
    g_assert_cmpmem(found, cells * sizeof *found, expected, cells * sizeof *expected);
}

static void
test_kernels(void)
{
    const MoePairKernel *const *kernels = moe__pair_kernels();
    for (const MoePairKernel *const *kernel = kernels;; kernel++) {
        g_test_message("%s", *kernel ? (*kernel)->name : "plainly");
        for (gsize s = 0; s < G_N_ELEMENTS(sizes); s++)
            for (gsize l = 0; l < G_N_ELEMENTS(lengths); l++)
                if (sizes[s] <= 65 || lengths[l] <= 513)
                    check(*kernel, sizes[s], lengths[l]);
        if (!*kernel)
            break;
    }
}

/* Top-2 is plain work whatever the CPU; top-32 of 64 never is. */
static void
test_choice(void)
{
    for (const MoePairKernel *const *kernel = moe__pair_kernels(); *kernel; kernel++) {
        g_assert_true(moe__pairs_plainly(*kernel, 256, 2));
        g_assert_false(moe__pairs_plainly(*kernel, 64, 32));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pairs/sets", test_sets);
    g_test_add_func("/pairs/shared", test_shared);
    g_test_add_func("/pairs/kernels", test_kernels);
    g_test_add_func("/pairs/choice", test_choice);
    return g_test_run();
}
