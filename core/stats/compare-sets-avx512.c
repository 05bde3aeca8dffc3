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

/* A side's sets of eight units; lanes whose sets don't hold as many as there are slots, so that
 * something was picked twice, or beyond 63, are added to `odd`. */
AVX512 static inline __m512i
make_eight(const MoeBlockSide *side, int i, __mmask8 here, __mmask8 *odd)
{
    __m512i sets = _mm512_setzero_si512();
    if (side->sets)
        sets = _mm512_maskz_loadu_epi64(here, side->sets + i);
    else
        for (int d = 0; d < side->slots; d++)
            sets = enter(sets, side->id[d] + i);
    __m512i ones = _mm512_popcnt_epi64(sets);
    *odd |= _mm512_mask_cmpneq_epi64_mask(here, ones, _mm512_set1_epi64(side->slots));
    return _mm512_maskz_mov_epi64(here, sets);
}

/* Fills the sets, and sums->same_set. */
AVX512 static void
make_sets(const MoeBlockSide *a, const MoeBlockSide *b, int n, MoeBlockSets *sets,
          MoeBlockSums *sums)
{
    __mmask8 odd = 0;
    sums->same_set = 0;
    for (int i = 0; i < n; i += LANES) {
        __mmask8 here = lanes_of(n - i);
        __m512i set_a = make_eight(a, i, here, &odd), set_b = make_eight(b, i, here, &odd);
        __mmask8 same = _mm512_mask_cmpeq_epi64_mask(here, set_a, set_b);
        sums->same_set += (uint64_t)__builtin_popcount(same);
        _mm512_store_si512(sets->a + i, set_a);
        _mm512_store_si512(sets->b + i, set_b);
    }
    sums->odd = odd != 0;
}

/* --- What both sides share --------------------------------------------------------------------*/

/* Adds 1 to a unit's byte for each of the other side's first slots that has its id. */
AVX512 static inline __m512i
add_equal(__m512i sum, const uint8_t *ids, const MoeBlockSide *other, int slots, int i)
{
    __m512i id = _mm512_loadu_si512(ids + i);
    for (int d = 0; d < slots; d++) {
        __mmask64 equal = _mm512_cmpeq_epi8_mask(id, _mm512_loadu_si512(other->id[d] + i));
        sum = _mm512_mask_add_epi8(sum, equal, sum, _mm512_set1_epi8(1));
    }
    return sum;
}

/* 64 units, of which those of `here` are in the block: what their sets share, as bytes. Adds to
 * came[d] what slot d brought. No id stands twice on one side, so equal ids are what is shared. */
AVX512 static inline void
meet_64(const MoeBlockSide *a, const MoeBlockSide *b, int i, __mmask64 here, uint8_t *met,
        __m512i *came)
{
    const int both = MIN(a->slots, b->slots);
    const __m512i none = _mm512_setzero_si512();
    __m512i all = none;
    for (int d = 0; d < both; d++) {
        __m512i some = add_equal(none, a->id[d], b, d, i);
        some = _mm512_maskz_mov_epi8(here, add_equal(some, b->id[d], a, d + 1, i));
        came[d] = _mm512_add_epi64(came[d], _mm512_sad_epu8(some, none));
        all = _mm512_add_epi8(all, some);
    }
    for (int d = both; d < a->slots; d++)
        all = add_equal(all, a->id[d], b, both, i);
    for (int d = both; d < b->slots; d++)
        all = add_equal(all, b->id[d], a, both, i);
    _mm512_storeu_si512(met + i, _mm512_maskz_mov_epi8(here, all));
}

/* Fills sets->met and sums->meet. */
AVX512 static void
meet(const MoeBlockSide *a, const MoeBlockSide *b, int n, MoeBlockSets *sets, MoeBlockSums *sums)
{
    const int both = MIN(a->slots, b->slots);
    __m512i came[SLOTS];
    for (int d = 0; d < both; d++)
        came[d] = _mm512_setzero_si512();
    for (int i = 0; i < n; i += 64) {
        __mmask64 here = n - i < 64 ? ((__mmask64)1 << (n - i)) - 1 : ~(__mmask64)0;
        meet_64(a, b, i, here, sets->met, came);
    }
    uint64_t sum = 0;
    for (int d = 0; d < both; d++)
        sums->meet[d + 1] = sum += (uint64_t)_mm512_reduce_add_epi64(came[d]);
}

AVX512 static void
fill_avx512(const MoeBlockSide *a, const MoeBlockSide *b, int n, MoeBlockSets *sets,
            MoeBlockSums *sums)
{
    make_sets(a, b, n, sets, sums);
    if (!sums->odd)
        meet(a, b, n, sets, sums);
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
