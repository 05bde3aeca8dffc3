/* SPDX-License-Identifier: MIT
 *
 * half.h: IEEE 754 binary16, in integer arithmetic that vectorises on any CPU: neither compiler
 * converts _Float16 quickly on baseline x86-64. Both directions are exact; rounding is to nearest,
 * ties to even.
 */
#ifndef MOESCOPE_TRACE_HALF_H
#define MOESCOPE_TRACE_HALF_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline float
float_from_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint32_t
bits_from_float(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline uint16_t
moe__half_from_float(float x)
{
    const uint32_t infinity = 0x7f800000, overflow = (127 + 16) << 23, normal = (127 - 14) << 23;
    /* Adding this to a small number shifts its mantissa into place and lets the adder round. */
    const uint32_t denormal = (127 - 15 + 23 - 10 + 1) << 23;
    uint32_t bits = bits_from_float(x), sign = bits & 0x80000000u, half;
    bits ^= sign;
    if (bits >= overflow)
        half = bits > infinity ? 0x7e00 : 0x7c00;
    else if (bits < normal)
        half = bits_from_float(float_from_bits(bits) + float_from_bits(denormal)) - denormal;
    else
        half = (bits + ((uint32_t)(15 - 127) << 23) + 0xfff + (bits >> 13 & 1)) >> 13;
    return (uint16_t)(half | sign >> 16);
}

/* Not by way of the nearest float, which would round twice: the float's last bit says instead
 * whether anything was lost ("round to odd"; Boldo and Melquiond 2008). */
static inline uint16_t
moe__half_from_double(double x)
{
    float near = (float)x;
    uint32_t bits = bits_from_float(near);
    if ((double)near != x && x == x && (bits & 0x7fffffff) != 0x7f800000) {
        bool beyond = x < 0 ? (double)near < x : (double)near > x;
        near = float_from_bits((bits - beyond) | 1);
    }
    return moe__half_from_float(near);
}

static inline float
moe__half_to_float(uint16_t half)
{
    const uint32_t exponent = 0x7c00 << 13;
    uint32_t bits = (half & 0x7fffu) << 13, sign = (half & 0x8000u) << 16;
    uint32_t kind = bits & exponent;
    bits += (127 - 15) << 23;
    if (kind == exponent) /* infinity, NaN */
        bits += (128 - 16) << 23;
    else if (kind == 0) /* zero, denormal */
        bits = bits_from_float(float_from_bits(bits + (1 << 23)) - float_from_bits(113 << 23));
    return float_from_bits(bits | sign);
}

#endif
