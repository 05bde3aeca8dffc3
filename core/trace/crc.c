/* SPDX-License-Identifier: MIT
 *
 * crc.c: CRC-32 by products of polynomials without carries, where the CPU has them; zlib's
 * elsewhere. A block that lies 512 bits further on counts as much as its product with x^512 mod P:
 * so four blocks of 128 bits are folded onto the next four until none are left, and these to one,
 * which Barrett's reduction brings to 32 bits. Gopal, Ozturk et al., Fast CRC Computation for
 * Generic Polynomials Using PCLMULQDQ Instruction (Intel, 2009), of bits in reflected order; the
 * constants are those of its section on the gzip CRC.
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

uint32_t
moe__crc32(uint32_t crc, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    size_t folded = n / BLOCK * BLOCK;
    if (folded >= ROUND && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
        crc = ~fold_blocks(~crc, at, folded);
        at += folded;
        n -= folded;
    }
    return n > 0 ? (uint32_t)crc32_z(crc, at, n) : crc;
}

#else

uint32_t
moe__crc32(uint32_t crc, const void *bytes, size_t n)
{
    return (uint32_t)crc32_z(crc, bytes, n);
}

#endif
