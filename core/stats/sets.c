/* SPDX-License-Identifier: MIT
 *
 * sets.c: picks, slot by slot, to sets of bits, unit by unit.
 */
#include "stats/sets.h"

#include "stats/picks.h"
#include "tensor/cpu.h"

#include <string.h>

/* Units that are made at a time: their sets stay in the first cache while the slots come by. */
enum { BLOCK = 1024 };

int
moe__sets_words(int experts)
{
    return experts <= MOE_SETS_EXPERTS ? (experts + 63) / 64 : 0;
}

/* Sets of one word of units whose first slots stand at expert[n], the others each `stride` further
 * on. No pick shifts nothing in. */
MOE_CLONES static void
sets_fill8(const uint8_t *restrict expert, int64_t stride, int slots, int64_t n,
           uint64_t *restrict sets)
{
    memset(sets, 0, (size_t)n * sizeof *sets);
    for (int slot = 0; slot < slots; slot++)
        for (int64_t u = 0; u < n; u++) {
            uint8_t own = expert[slot * stride + u];
            sets[u] |= (uint64_t)(own != UINT8_MAX) << (own & 63);
        }
}

static void
add_slot(const MoeTraceView *view, int64_t first, int64_t n, int words, uint64_t *sets)
{
    for (int64_t u = 0; u < n; u++) {
        int32_t expert = moe__pick(view, first + u);
        if (expert >= 0)
            sets[u * words + expert / 64] |= (uint64_t)1 << expert % 64;
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

/* sets_fill8() of eight units at a time, whose sets stay in a register: a shift by 64 and more
 * gives 0. */
__attribute__((target("avx512f"))) static void
sets_fill8_avx512(const uint8_t *expert, int64_t stride, int slots, int64_t n, uint64_t *sets)
{
    int64_t u = 0;
    for (; u + 8 <= n; u += 8) {
        __m512i set = _mm512_setzero_si512();
        for (int slot = 0; slot < slots; slot++) {
            const void *own = expert + slot * stride + u;
            __m512i shift = _mm512_cvtepu8_epi64(_mm_loadl_epi64(own));
            set = _mm512_or_si512(set, _mm512_sllv_epi64(_mm512_set1_epi64(1), shift));
        }
        _mm512_storeu_si512(sets + u, set);
    }
    if (u < n)
        sets_fill8(expert + u, stride, slots, n - u, sets + u);
}
#endif

static void
fill8(const MoeTraceView *view, int64_t first, int64_t n, uint64_t *sets)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        sets_fill8_avx512(view->expert8 + first, view->units, view->k, n, sets);
        return;
    }
#endif
    for (int64_t u = 0; u < n; u += BLOCK)
        sets_fill8(view->expert8 + first + u, view->units, view->k, MIN(BLOCK, n - u), sets + u);
}

void
moe__sets_fill(const MoeTraceView *view, int64_t first, int64_t n, int words, uint64_t *sets)
{
    if (n == 0) /* a chunk may have state alone, and then there are no sets */
        return;
    if (words == 1 && view->expert8) {
        fill8(view, first, n, sets);
        return;
    }
    memset(sets, 0, (size_t)(n * words) * sizeof *sets);
    for (int64_t u = 0; u < n; u += BLOCK)
        for (int slot = 0; slot < view->k; slot++)
            add_slot(view, slot * view->units + first + u, MIN(BLOCK, n - u), words,
                     sets + u * words);
}

/* --- What sets share --------------------------------------------------------------------------*/

static int64_t
shared(const uint64_t *a, const uint64_t *b, int64_t n)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += __builtin_popcountll(a[i] & b[i]);
    return sum;
}

#if defined(__x86_64__)
/* Eight words at a time; what is left over is read under a mask. */
__attribute__((target("avx512f,avx512vpopcntdq"))) static int64_t
shared_avx512(const uint64_t *a, const uint64_t *b, int64_t n)
{
    __m512i sum = _mm512_setzero_si512();
    for (int64_t i = 0; i < n; i += 8) {
        __mmask8 here = n - i < 8 ? (__mmask8)((1u << (n - i)) - 1) : 0xff;
        __m512i both = _mm512_and_si512(_mm512_maskz_loadu_epi64(here, a + i),
                                        _mm512_maskz_loadu_epi64(here, b + i));
        sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(both));
    }
    return _mm512_reduce_add_epi64(sum);
}

__attribute__((target("popcnt"))) static int64_t
shared_popcnt(const uint64_t *a, const uint64_t *b, int64_t n)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += __builtin_popcountll(a[i] & b[i]);
    return sum;
}

int64_t
moe__sets_shared(const uint64_t *a, const uint64_t *b, int64_t n)
{
    if (__builtin_cpu_supports("avx512vpopcntdq"))
        return shared_avx512(a, b, n);
    return __builtin_cpu_supports("popcnt") ? shared_popcnt(a, b, n) : shared(a, b, n);
}
#else
int64_t
moe__sets_shared(const uint64_t *a, const uint64_t *b, int64_t n)
{
    return shared(a, b, n);
}
#endif
