/* SPDX-License-Identifier: MIT
 *
 * pair-kernels-avx512.c: pairs of experts with AVX-512, which counts ones (VPOPCNTDQ) and
 * transposes 8 × 8 bits (GFNI) in one instruction each. Intel's CPUs since Ice Lake and AMD's since
 * Zen 4 have both.
 */
#include "stats/pair-kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vbmi,avx512vpopcntdq,gfni")))

/* --- Transposing ------------------------------------------------------------------------------*/

/* Transposes 8 × 8 bytes. */
AVX512 static inline __m512i
transpose_bytes(__m512i x)
{
    const __m512i order = _mm512_set_epi8(
        63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5,
        60, 52, 44, 36, 28, 20, 12, 4, 59, 51, 43, 35, 27, 19, 11, 3, 58, 50, 42, 34, 26, 18, 10, 2,
        57, 49, 41, 33, 25, 17, 9, 1, 56, 48, 40, 32, 24, 16, 8, 0);
    return _mm512_permutexvar_epi8(order, x);
}

/* Eight vectors of eight words: word i of vector j becomes word j of vector i. */
AVX512 static inline void
transpose_words(__m512i v[8])
{
    __m512i t[8];
    for (int i = 0; i < 4; i++) {
        t[2 * i] = _mm512_unpacklo_epi64(v[2 * i], v[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_epi64(v[2 * i], v[2 * i + 1]);
    }
    /* t[2i + p]: words p, p+2, p+4, p+6 of vectors 2i and 2i+1, in pairs. */
    for (int i = 0; i < 2; i++)
        for (int p = 0; p < 2; p++) {
            v[4 * i + p] = _mm512_shuffle_i64x2(t[4 * i + p], t[4 * i + 2 + p], 0x88);
            v[4 * i + 2 + p] = _mm512_shuffle_i64x2(t[4 * i + p], t[4 * i + 2 + p], 0xdd);
        }
    /* v[4i + p]: words p, p+4 of vectors 4i … 4i+3; v[4i + 2 + p]: words p+2, p+6. */
    for (int p = 0; p < 4; p++) {
        t[p] = _mm512_shuffle_i64x2(v[p], v[4 + p], 0x88);
        t[4 + p] = _mm512_shuffle_i64x2(v[p], v[4 + p], 0xdd);
    }
    for (int i = 0; i < 8; i++)
        v[i] = t[i];
}

/* 64 sets in v, eight a vector, to 64 rows of one word: vector c has rows 8c … 8c + 7. Units
 * change places within the word, the same way in every row. */
AVX512 static inline void
transpose_64(__m512i v[8])
{
    const __m512i identity = _mm512_set1_epi64((long long)0x8040201008040201);
    for (int i = 0; i < 8; i++)
        v[i] = transpose_bytes(v[i]); /* word c: byte c, experts 8c … 8c + 7, of eight units */
    transpose_words(v);               /* vector c: byte c of all units */
    for (int c = 0; c < 8; c++)       /* with the roles swapped, identity · wordᵀ transposes */
        v[c] = transpose_bytes(_mm512_gf2p8affine_epi64_epi8(identity, v[c], 0));
}

/* Word w of eight sets from `first` on; beyond n there is nothing. */
AVX512 static inline __m512i
load_sets(const uint64_t *sets, int64_t first, int64_t n, int words, int w)
{
    __mmask8 here = n - first >= 8 ? 0xff : n > first ? (__mmask8)((1u << (n - first)) - 1) : 0;
    if (words == 1)
        return _mm512_maskz_loadu_epi64(here, sets + first);
    const __m512i step = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    __m512i at = _mm512_mullo_epi64(step, _mm512_set1_epi64(words));
    return _mm512_mask_i64gather_epi64(_mm512_setzero_si512(), here, at, sets + first * words + w,
                                       8);
}

AVX512 static void
transpose_avx512(const uint64_t *sets, int64_t n, int words, uint64_t *rows)
{
    int blocks = (int)((n + 511) / 512 * 8);
    for (int b = 0; b < blocks; b += 8)
        for (int w = 0; w < words; w++) {
            __m512i squares[8][8]; /* [rows / 8][words of the row], as eight squares bring them */
            for (int i = 0; i < 8; i++) {
                __m512i v[8];
                for (int j = 0; j < 8; j++)
                    v[j] = load_sets(sets, 64 * (b + i) + 8 * j, n, words, w);
                transpose_64(v);
                for (int c = 0; c < 8; c++)
                    squares[c][i] = v[c];
            }
            for (int c = 0; c < 8; c++) {
                transpose_words(squares[c]); /* now a row's eight words are one vector */
                for (int e = 0; e < 8; e++)
                    _mm512_store_si512(rows + (64 * w + 8 * c + e) * MOE_PAIR_WORDS + b,
                                       squares[c][e]);
            }
        }
}

/* --- Counting ---------------------------------------------------------------------------------*/

AVX512 static inline __m512i
add_shared(__m512i sum, __m512i a, __m512i b)
{
    return _mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_and_si512(a, b)));
}

/* Rows i … i+3 with rows j … j+1: eight sums in flight, their lanes added up together. */
AVX512 static inline void
count_eight(const uint64_t *a, const uint64_t *b, int length, int64_t sums[8])
{
    __m512i s[8];
    for (int i = 0; i < 8; i++)
        s[i] = _mm512_setzero_si512();
    for (int q = 0; q < length; q += 8) {
        __m512i v0 = _mm512_load_si512(b + q), v1 = _mm512_load_si512(b + MOE_PAIR_WORDS + q);
        for (int i = 0; i < 4; i++) {
            __m512i u = _mm512_load_si512(a + i * MOE_PAIR_WORDS + q);
            s[2 * i] = add_shared(s[2 * i], u, v0);
            s[2 * i + 1] = add_shared(s[2 * i + 1], u, v1);
        }
    }
    transpose_words(s);
    for (int i = 1; i < 8; i++)
        s[0] = _mm512_add_epi64(s[0], s[i]);
    _mm512_storeu_si512(sums, s[0]);
}

/* The last rows of a table whose number of experts isn't a multiple of four are there, and 0. */
AVX512 static void
count_avx512(const uint64_t *rows, int length, int experts, int64_t *together)
{
    for (int i = 0; i < experts; i += 4)
        for (int j = i; j < experts; j += 2) {
            int64_t sums[8];
            count_eight(rows + i * MOE_PAIR_WORDS, rows + j * MOE_PAIR_WORDS, length, sums);
            for (int pair = 0; pair < 8; pair++) {
                int a = i + pair / 2, b = j + pair % 2;
                if (a <= b && b < experts)
                    together[(int64_t)a * experts + b] += sums[pair];
            }
        }
}

const MoePairKernel moe__pair_kernel_avx512 = {
    .name = "avx512",
    .words_an_increment = 8,
    .transpose = transpose_avx512,
    .count = count_avx512,
};
#endif
