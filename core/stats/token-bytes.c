/* SPDX-License-Identifier: MIT
 *
 * token-bytes.c: total, highest and number of counts that are bytes.
 */
#include "stats/token-bytes.h"

#include <glib.h>

MoeTokenBytes
moe__token_bytes_portable(const uint8_t *bytes, int width, uint16_t *sums)
{
    MoeTokenBytes found = {0};
    for (int i = 0; i < width; i++) {
        found.total += bytes[i];
        found.most = MAX(found.most, bytes[i]);
        found.pairs += bytes[i] > 0;
        sums[i] = (uint16_t)(sums[i] + bytes[i]);
    }
    return found;
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx2,popcnt")))

AVX512 static inline void
add_words(uint16_t *sums, __m256i bytes)
{
    __m512i words = _mm512_cvtepu8_epi16(bytes);
    _mm512_store_si512(sums, _mm512_add_epi16(_mm512_load_si512(sums), words));
}

AVX512 static inline int
highest(__m512i bytes)
{
    __m256i x = _mm256_max_epu8(_mm512_castsi512_si256(bytes), _mm512_extracti64x4_epi64(bytes, 1));
    __m128i y = _mm_max_epu8(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    y = _mm_max_epu8(y, _mm_srli_epi16(y, 8)); /* the even bytes are pairs' highest now */
    y = _mm_and_si128(y, _mm_set1_epi16(0xff));
    /* SSE4.1 finds the lowest of eight words. */
    y = _mm_minpos_epu16(_mm_sub_epi16(_mm_set1_epi16(0xff), y));
    return 0xff - _mm_extract_epi16(y, 0);
}

AVX512 static MoeTokenBytes
measure_avx512(const uint8_t *bytes, int width, uint16_t *sums)
{
    const __m512i none = _mm512_setzero_si512();
    __m512i total = none, most = none;
    MoeTokenBytes found = {0};
    for (int i = 0; i < width; i += 64) {
        __m512i x = _mm512_load_si512(bytes + i);
        total = _mm512_add_epi64(total, _mm512_sad_epu8(x, none));
        most = _mm512_max_epu8(most, x);
        found.pairs += __builtin_popcountll(_mm512_test_epi8_mask(x, x));
        add_words(sums + i, _mm512_castsi512_si256(x));
        add_words(sums + i + 32, _mm512_extracti64x4_epi64(x, 1));
    }
    found.total = _mm512_reduce_add_epi64(total);
    found.most = highest(most);
    return found;
}
#endif

MoeTokenBytesFunc
moe__token_bytes(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
        return measure_avx512;
#endif
    return moe__token_bytes_portable;
}
