/* SPDX-License-Identifier: MIT
 *
 * crc.c: CRC-32 by products of polynomials without carries, where the CPU has them; zlib's
 * elsewhere. A block that lies 512 bits further on counts as much as its product with x^512 mod P:
 * so four blocks of 128 bits are folded onto the next four until none are left, and these to one,
 * which Barrett's reduction brings to 32 bits. Where registers hold four blocks, four registers are
 * folded over 2048 bits. Gopal, Ozturk et al., Fast CRC Computation for Generic Polynomials Using
 * PCLMULQDQ Instruction (Intel, 2009), of bits in reflected order; the constants are those of its
 * section on the gzip CRC, and for n = 2048 what it gives for any n: x^(n ± 32) mod P.
 */
#include "trace/crc.h"

#include <zlib.h>

enum { BLOCK = 16, ROUND = 4 * BLOCK };

#ifdef __x86_64__
#include <immintrin.h>

#define CRC_TARGET __attribute__((target("pclmul,sse4.1")))

/* Both halves of x times their constants. */
CRC_TARGET static inline __m128i
fold(__m128i x, __m128i by)
{
    return _mm_xor_si128(_mm_clmulepi64_si128(x, by, 0x00), _mm_clmulepi64_si128(x, by, 0x11));
}

CRC_TARGET static inline __m128i
load(const uint8_t *at)
{
    return _mm_loadu_si128((const __m128i *)at);
}

/* 128 bits to 32. */
CRC_TARGET static uint32_t
reduce(__m128i x)
{
    const __m128i low = _mm_setr_epi32(-1, 0, -1, 0);
    const __m128i by_128_64 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    const __m128i by_64 = _mm_set_epi64x(0, 0x163cd6124);
    const __m128i barrett = _mm_set_epi64x(0x1f7011641, 0x1db710641); /* floor(x^64 / P), P */
    x = _mm_xor_si128(_mm_srli_si128(x, 8), _mm_clmulepi64_si128(x, by_128_64, 0x10));
    __m128i upper = _mm_srli_si128(x, 4);
    x = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(x, low), by_64, 0x00), upper);
    __m128i t = _mm_clmulepi64_si128(_mm_and_si128(x, low), barrett, 0x10);
    t = _mm_clmulepi64_si128(_mm_and_si128(t, low), barrett, 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(x, t), 1);
}

/* Of n >= ROUND bytes, a multiple of BLOCK; `state` is the inverted CRC, before and after. */
CRC_TARGET static uint32_t
fold_blocks(uint32_t state, const uint8_t *bytes, size_t n)
{
    const __m128i by_512 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
    const __m128i by_128 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    __m128i a = _mm_xor_si128(load(bytes), _mm_cvtsi32_si128((int)state));
    __m128i b = load(bytes + BLOCK), c = load(bytes + 2 * BLOCK), d = load(bytes + 3 * BLOCK);
    for (bytes += ROUND, n -= ROUND; n >= ROUND; bytes += ROUND, n -= ROUND) {
        a = _mm_xor_si128(fold(a, by_512), load(bytes));
        b = _mm_xor_si128(fold(b, by_512), load(bytes + BLOCK));
        c = _mm_xor_si128(fold(c, by_512), load(bytes + 2 * BLOCK));
        d = _mm_xor_si128(fold(d, by_512), load(bytes + 3 * BLOCK));
    }
    a = _mm_xor_si128(fold(a, by_128), b);
    a = _mm_xor_si128(fold(a, by_128), c);
    a = _mm_xor_si128(fold(a, by_128), d);
    for (; n >= BLOCK; bytes += BLOCK, n -= BLOCK)
        a = _mm_xor_si128(fold(a, by_128), load(bytes));
    return reduce(a);
}

/* --- Four blocks a register -------------------------------------------------------------------*/

enum { WIDE = 4 * BLOCK, WIDE_ROUND = 4 * WIDE };

#define WIDE_TARGET __attribute__((target("avx512f,vpclmulqdq,pclmul,sse4.1")))

/* x times the constants of its halves, and what lies there. */
WIDE_TARGET static inline __m512i
fold_wide(__m512i x, __m512i by, __m512i there)
{
    __m512i low = _mm512_clmulepi64_epi128(x, by, 0x00),
            high = _mm512_clmulepi64_epi128(x, by, 0x11);
    return _mm512_ternarylogic_epi64(low, high, there, 0x96); /* exclusive or of all three */
}

/* As fold_blocks(), of n >= WIDE_ROUND bytes, a multiple of it. */
WIDE_TARGET static uint32_t
fold_wide_blocks(uint32_t state, const uint8_t *bytes, size_t n)
{
    const __m512i by_2048 = _mm512_set4_epi64(0x1322d1430, 0x11542778a, 0x1322d1430, 0x11542778a);
    const __m512i by_512 = _mm512_set4_epi64(0x1c6e41596, 0x154442bd4, 0x1c6e41596, 0x154442bd4);
    const __m128i by_128 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    __m512i x[4];
    for (int i = 0; i < 4; i++)
        x[i] = _mm512_loadu_si512(bytes + i * WIDE);
    x[0] = _mm512_xor_si512(x[0], _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)state)));
    for (bytes += WIDE_ROUND, n -= WIDE_ROUND; n > 0; bytes += WIDE_ROUND, n -= WIDE_ROUND)
        for (int i = 0; i < 4; i++)
            x[i] = fold_wide(x[i], by_2048, _mm512_loadu_si512(bytes + i * WIDE));
    for (int i = 1; i < 4; i++)
        x[i] = fold_wide(x[i - 1], by_512, x[i]);
    __m128i a = _mm512_extracti32x4_epi32(x[3], 0);
    a = _mm_xor_si128(fold(a, by_128), _mm512_extracti32x4_epi32(x[3], 1));
    a = _mm_xor_si128(fold(a, by_128), _mm512_extracti32x4_epi32(x[3], 2));
    a = _mm_xor_si128(fold(a, by_128), _mm512_extracti32x4_epi32(x[3], 3));
    return reduce(a);
}

/* --- Choosing ---------------------------------------------------------------------------------*/

/* Bytes that were taken from the front. */
static size_t
take_wide(uint32_t *state, const uint8_t *bytes, size_t n)
{
    size_t taken = n / WIDE_ROUND * WIDE_ROUND;
    if (taken == 0 || !__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("vpclmulqdq"))
        return 0;
    *state = fold_wide_blocks(*state, bytes, taken);
    return taken;
}

static size_t
take_blocks(uint32_t *state, const uint8_t *bytes, size_t n)
{
    size_t taken = n / BLOCK * BLOCK;
    if (taken < ROUND || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1"))
        return 0;
    *state = fold_blocks(*state, bytes, taken);
    return taken;
}

uint32_t
moe__crc32(uint32_t crc, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    uint32_t state = ~crc;
    size_t taken = take_wide(&state, at, n);
    taken += take_blocks(&state, at + taken, n - taken);
    return n > taken ? (uint32_t)crc32_z(~state, at + taken, n - taken) : ~state;
}

#else

uint32_t
moe__crc32(uint32_t crc, const void *bytes, size_t n)
{
    return (uint32_t)crc32_z(crc, bytes, n);
}

#endif
