/* SPDX-License-Identifier: MIT
 *
 * token-bytes.c: total, highest and number of counts that are bytes, and which of them matter.
 */
#include "stats/token-bytes.h"

#include <glib.h>

static MoeTokenBytes
measure_portable(const uint8_t *bytes, int width, uint16_t *sums)
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

static int
above_one_portable(const uint8_t *bytes, int width, uint8_t *out)
{
    int n = 0;
    for (int i = 0; i < width; i++)
        if (bytes[i] > 1)
            out[n++] = bytes[i];
    return n;
}

static int
reaching_portable(const uint8_t *bytes, int width, const float *least, float factor, uint16_t *out)
{
    int n = 0;
    for (int i = 0; i < width; i++)
        if (bytes[i] > 0 && (float)bytes[i] >= least[i] * factor)
            out[n++] = (uint16_t)i;
    return n;
}

static const MoeTokenBytesKernel portable = {
    .name = "portable",
    .measure = measure_portable,
    .above_one = above_one_portable,
    .reaching = reaching_portable,
};

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
/* Bytes that aren't listed are written behind, within the width. */
__attribute__((target("avx512f,avx512bw,avx512vbmi2,popcnt"))) static int
above_one_avx512(const uint8_t *bytes, int width, uint8_t *out)
{
    int n = 0;
    for (int i = 0; i < width; i += 64) {
        __m512i x = _mm512_load_si512(bytes + i);
        __mmask64 above = _mm512_cmpgt_epu8_mask(x, _mm512_set1_epi8(1));
        _mm512_storeu_si512(out + n, _mm512_maskz_compress_epi8(above, x));
        n += __builtin_popcountll(above);
    }
    return n;
}

AVX512 static int
reaching_avx512(const uint8_t *bytes, int width, const float *least, float factor, uint16_t *out)
{
    int n = 0;
    for (int i = 0; i < width; i += 16) {
        __m128i some = _mm_load_si128((const __m128i *)(const void *)(bytes + i));
        __m512 x = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(some));
        __m512 limit = _mm512_mul_ps(_mm512_loadu_ps(least + i), _mm512_set1_ps(factor));
        __mmask16 reach = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ) &
                          _mm512_cmp_ps_mask(x, limit, _CMP_GE_OQ);
        for (unsigned left = reach; left; left &= left - 1)
            out[n++] = (uint16_t)(i + __builtin_ctz(left));
    }
    return n;
}

static const MoeTokenBytesKernel avx512 = {
    .name = "avx512",
    .measure = measure_avx512,
    .above_one = above_one_avx512,
    .reaching = reaching_avx512,
};
#endif

const MoeTokenBytesKernel *const *
moe__token_bytes_kernels(void)
{
    static const MoeTokenBytesKernel *kernels[3];
    static gsize chosen;
    if (g_once_init_enter(&chosen)) {
        int n = 0;
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512vbmi2"))
            kernels[n++] = &avx512;
#endif
        kernels[n] = &portable;
        g_once_init_leave(&chosen, 1);
    }
    return kernels;
}
