/* SPDX-License-Identifier: MIT
 *
 * a b
 */
#include "tensor/broadcast.h"

MOE_INLINE float
mul_value(float u, float v)
{
    return u * v;
}

MOE_INLINE float
mul_slope_a(float u, float v)
{
    return v;
}

MOE_INLINE float
mul_slope_b(float u, float v)
{
    return u;
}

static double
mul_naive(double u, double v)
{
    return u * v;
}

MOE_BINARY(mul);
