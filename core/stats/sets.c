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

/* One slot's picks into sets of one word. No pick shifts nothing in. */
MOE_CLONES static void
sets_add8(const uint8_t *restrict expert, int64_t n, uint64_t *restrict sets)
{
    for (int64_t u = 0; u < n; u++)
        sets[u] |= (uint64_t)(expert[u] != UINT8_MAX) << (expert[u] & 63);
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

void
moe__sets_fill(const MoeTraceView *view, int64_t first, int64_t n, int words, uint64_t *sets)
{
    if (n == 0) /* a chunk may have state alone, and then there are no sets */
        return;
    memset(sets, 0, (size_t)(n * words) * sizeof *sets);
    for (int64_t u = 0; u < n; u += BLOCK) {
        int64_t some = MIN(BLOCK, n - u);
        for (int slot = 0; slot < view->k; slot++) {
            int64_t at = slot * view->units + first + u;
            if (words == 1 && view->expert8)
                sets_add8(view->expert8 + at, some, sets + u);
            else
                add_slot(view, at, some, words, sets + u * words);
        }
    }
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
#include <immintrin.h>

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
