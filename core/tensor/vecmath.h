/* SPDX-License-Identifier: MIT
 *
 * vecmath.h: exp, log, tanh, erf and kin in float, free of branches and calls so that loops over
 * them vectorise inside MOE_CLONES functions. Infinities and NaN come out as they should.
 * Errors over the whole range (tests/unit/vecmath.c holds them): exp 1 ulp, log 1 ulp, tanh 2 ulp,
 * log1pexp 2 ulp, sigmoid 3 ulp (0 below -88.7, where the truth is denormal), erf 5e-7 absolute.
 */
#ifndef MOE_TENSOR_VECMATH_H
#define MOE_TENSOR_VECMATH_H

#include "tensor/cpu.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

MOE_INLINE float
vec_from_bits(int32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

MOE_INLINE int32_t
vec_to_bits(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

MOE_INLINE float
vec_abs(float x)
{
    return vec_from_bits(vec_to_bits(x) & 0x7fffffff);
}

/* x = n ln 2 + r, exp(x) = 2^n exp(r); polynomial of Cephes' expf (Moshier). 2^n is applied in two
 * halves, so that overflow and denormal results need no case of their own. */
MOE_INLINE float
vec_exp(float x)
{
    const float to_integer = 12582912.0f; /* 1.5 · 2^23: adding it rounds to an integer */
    x = x < -105.0f ? -105.0f : x;
    x = x > 89.0f ? 89.0f : x;
    float shifted = x * 1.44269504088896341f + to_integer;
    int32_t n = vec_to_bits(shifted) - 0x4b400000;
    float whole = shifted - to_integer;
    float r = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    int32_t half = n >> 1;
    return p * vec_from_bits((int32_t)((uint32_t)(half + 127) << 23)) *
           vec_from_bits((int32_t)((uint32_t)(n - half + 127) << 23));
}

/* Polynomial of Cephes' logf; denormals are lifted into the normal range first. */
MOE_INLINE float
vec_log(float x)
{
    bool tiny = x < 0x1p-126f;
    float lifted = tiny ? x * 0x1p25f : x;
    uint32_t bits = (uint32_t)vec_to_bits(lifted);
    /* mantissa in [sqrt(1/2), sqrt(2)) */
    int32_t n = (int32_t)(bits - 0x3f3504f3u) >> 23;
    float m = vec_from_bits((int32_t)(bits - ((uint32_t)n << 23))) - 1.0f;
    float e = (float)n - (tiny ? 25.0f : 0.0f), z = m * m;
    float p = 7.0376836292e-2f;
    p = p * m - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    p = p * m * z - 2.12194440e-4f * e - 0.5f * z;
    float y = m + p + 0.693359375f * e;
    y = x == 0.0f ? -__builtin_inff() : y;
    y = x == __builtin_inff() ? x : y;
    return x >= 0.0f ? y : __builtin_nanf("");
}

MOE_INLINE float
vec_sigmoid(float x)
{
    return 1.0f / (1.0f + vec_exp(-x));
}

/* log(1 + exp(x)), without overflow or loss on either side. */
MOE_INLINE float
vec_log1pexp(float x)
{
    float u = vec_exp(-vec_abs(x)), w = 1.0f + u;
    /* what the rounding of 1 + u dropped comes back to first order */
    float tail = vec_log(w) + (u - (w - 1.0f)) / w;
    return (x > 0.0f ? x : 0.0f) + tail + (x != x ? x : 0.0f);
}

/* Odd polynomial near 0 (Cephes' tanhf), 1 - 2/(exp(2|x|) + 1) beyond. */
MOE_INLINE float
vec_tanh(float x)
{
    float a = vec_abs(x), z = x * x;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    p = p * z * x + x;
    float far = 1.0f - 2.0f / (vec_exp(2.0f * a) + 1.0f);
    far = x < 0.0f ? -far : far;
    return a < 0.625f ? p : far;
}

/* Rational minimax approximation on [-4, 4] (as in Eigen and XLA), exactly ±1 outside: callers
 * multiply 1 - |erf| by large numbers. */
MOE_INLINE float
vec_erf(float x)
{
    float z = x * x;
    z = z > 16.0f ? 16.0f : z;
    float p = -2.72614225801306e-10f, q = -1.45660718464996e-05f;
    p = p * z + 2.77068142495902e-08f;
    p = p * z - 2.10102402082508e-06f;
    p = p * z - 5.69250639462346e-05f;
    p = p * z - 7.34990630326855e-04f;
    p = p * z - 2.95459980854025e-03f;
    p = p * z - 1.60960333262415e-02f;
    q = q * z - 2.13374055278905e-04f;
    q = q * z - 1.68282697438203e-03f;
    q = q * z - 7.37332916720468e-03f;
    q = q * z - 1.42647390514189e-02f;
    float y = x * (p / q);
    y = x >= 4.0f ? 1.0f : y;
    return x <= -4.0f ? -1.0f : y;
}

/* max x; NaN is passed over, and no numbers give -∞. */
MOE_INLINE float
vec_max(const float *x, int64_t n)
{
    float top = -__builtin_inff();
#pragma omp simd reduction(max : top)
    for (int64_t j = 0; j < n; j++)
        top = x[j] > top ? x[j] : top;
    return top;
}

/* Σ a b */
MOE_INLINE float
vec_dot(const float *a, const float *b, int64_t n)
{
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (int64_t j = 0; j < n; j++)
        dot += a[j] * b[j];
    return dot;
}

#endif
