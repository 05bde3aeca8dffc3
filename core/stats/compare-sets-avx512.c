/* SPDX-License-Identifier: MIT
 *
 * compare-sets-avx512.c: sets of a block with AVX-512, which counts ones (VPOPCNTDQ, BITALG) and
 * transposes 8 × 8 bits (GFNI) in one instruction each.
 */
#include "stats/compare-sets.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define AVX512      \
    __attribute__(( \
        target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vpopcntdq,avx512bitalg,gfni")))

enum { LANES = MOE_BITS_LANES, SLOTS = MOE_BLOCK_SLOTS };

/* Of `left` units to come, those of the next eight. */
static inline __mmask8
lanes_of(int left)
{
    return left < LANES ? (__mmask8)((1u << left) - 1) : 0xff;
}

/* --- Sets -------------------------------------------------------------------------------------*/

/* Eight sets and a slot's experts; what is beyond 63 isn't there. */
AVX512 static inline __m512i
enter(__m512i sets, const uint8_t *ids)
{
    __m512i id = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)(const void *)ids));
    return _mm512_or_si512(sets, _mm512_sllv_epi64(_mm512_set1_epi64(1), id));
}

/* Eight units, of which those of `here` are in the block. */
AVX512 static inline void
fill_eight(const MoeBlockSide *a, const MoeBlockSide *b, int i, __mmask8 here, MoeBlockSets *sets,
           __m512i *meet)
{
    const int both = MIN(a->slots, b->slots);
    const __m512i valid = _mm512_maskz_set1_epi64(here, -1);
    __m512i set_a = _mm512_setzero_si512(), set_b = set_a;
    for (int d = 0; d < both; d++) {
        set_a = enter(set_a, a->id[d] + i);
        set_b = enter(set_b, b->id[d] + i);
        __m512i shared = _mm512_and_si512(_mm512_and_si512(set_a, set_b), valid);
        meet[d] = _mm512_add_epi64(meet[d], _mm512_popcnt_epi64(shared));
    }
    for (int d = both; d < a->slots; d++)
        set_a = enter(set_a, a->id[d] + i);
    for (int d = both; d < b->slots; d++)
        set_b = enter(set_b, b->id[d] + i);
    set_a = _mm512_and_si512(set_a, valid);
    set_b = _mm512_and_si512(set_b, valid);
    _mm512_store_si512(sets->a + i, set_a);
    _mm512_store_si512(sets->b + i, set_b);
    __m512i met = _mm512_popcnt_epi64(_mm512_and_si512(set_a, set_b));
    _mm_storel_epi64((__m128i *)(void *)(sets->met + i), _mm512_cvtepi64_epi8(met));
}

/* Whether all sets hold as many as there are slots: nothing was picked twice, or beyond 63. */
AVX512 static bool
are_full(const uint64_t *sets, int n, int slots)
{
    const __m512i full = _mm512_set1_epi64(slots);
    __mmask8 other = 0;
    for (int i = 0; i < n; i += LANES) {
        __m512i ones = _mm512_popcnt_epi64(_mm512_load_si512(sets + i));
        __mmask8 here = lanes_of(n - i);
        other |= _mm512_mask_cmpneq_epi64_mask(here, ones, full);
    }
    return other == 0;
}

AVX512 static void
fill_avx512(const MoeBlockSide *a, const MoeBlockSide *b, int n, MoeBlockSets *sets,
            MoeBlockSums *sums)
{
    __m512i meet[SLOTS];
    const int both = MIN(a->slots, b->slots);
    for (int d = 0; d < both; d++)
        meet[d] = _mm512_setzero_si512();
    for (int i = 0; i < n; i += LANES) {
        __mmask8 here = lanes_of(n - i);
        fill_eight(a, b, i, here, sets, meet);
        __m512i set_a = _mm512_load_si512(sets->a + i);
        __mmask8 same = _mm512_mask_cmpeq_epi64_mask(here, set_a, _mm512_load_si512(sets->b + i));
        sums->same_set += (uint64_t)__builtin_popcount(same);
    }
    for (int d = 0; d < both; d++)
        sums->meet[d + 1] = (uint64_t)_mm512_reduce_add_epi64(meet[d]);
    sums->odd = !are_full(sets->a, n, a->slots) || !are_full(sets->b, n, b->slots);
}

/* --- Counts of bits ---------------------------------------------------------------------------*/

/* Units whose ones fit into bytes. */
enum { MOST = 31 * LANES };

/* Adds the ones of each bit of eight words to a byte each, in order. */
AVX512 static inline __m512i
add_bits(__m512i sum, __m512i words)
{
    const __m512i identity = _mm512_set1_epi64((long long)0x8040201008040201);
    const __m512i order = _mm512_set_epi8(
        63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5,
        60, 52, 44, 36, 28, 20, 12, 4, 59, 51, 43, 35, 27, 19, 11, 3, 58, 50, 42, 34, 26, 18, 10, 2,
        57, 49, 41, 33, 25, 17, 9, 1, 56, 48, 40, 32, 24, 16, 8, 0);
    /* Word c: byte c of eight words; then, of these bytes, bit e in byte e. */
    __m512i x = _mm512_permutexvar_epi8(order, words);
    x = _mm512_gf2p8affine_epi64_epi8(identity, x, 0);
    return _mm512_add_epi8(sum, _mm512_popcnt_epi8(x));
}

AVX512 static inline void
add_sums(__m512i sums, int64_t *count, int width)
{
    uint8_t bytes[64];
    _mm512_storeu_si512(bytes, sums);
    for (int j = 0; j < width; j++)
        count[j] += bytes[j];
}

AVX512 static void
count_avx512(const uint64_t *words, int n, int64_t *count, int width)
{
    for (int done = 0; done < n; done += MOST) {
        __m512i sums = _mm512_setzero_si512();
        for (int i = done, end = MIN(n, done + MOST); i < end; i += LANES)
            sums = add_bits(sums, _mm512_maskz_loadu_epi64(lanes_of(end - i), words + i));
        add_sums(sums, count, width);
    }
}

/* A byte is counted as the one bit of a word. */
AVX512 static void
bytes_avx512(const uint8_t *bytes, int n, int64_t *count, int width)
{
    for (int done = 0; done < n; done += MOST) {
        __m512i sums = _mm512_setzero_si512();
        for (int i = done, end = MIN(n, done + MOST); i < end; i += LANES) {
            __mmask8 here = lanes_of(end - i);
            __m512i place = _mm512_cvtepu8_epi64(_mm_maskz_loadu_epi8(here, bytes + i));
            sums = add_bits(sums, _mm512_maskz_sllv_epi64(here, _mm512_set1_epi64(1), place));
        }
        add_sums(sums, count, width);
    }
}

const MoeBlockKernel moe__block_kernel_avx512 = {
    .name = "avx512",
    .fill = fill_avx512,
    .count = count_avx512,
    .bytes = bytes_avx512,
};
#endif
