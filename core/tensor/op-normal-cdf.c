/* SPDX-License-Identifier: MIT
 *
 * Φ(x) = (1 + erf(x / √2)) / 2.
 */
#include "tensor/unary.h"

#include <math.h>

MOE_INLINE float
normal_cdf_value(float x)
{
    return 0.5f * (1.0f + vec_erf(x * 0.707106781186547524f));
}

MOE_INLINE float
normal_cdf_slope(float x, float y)
{
    return 0.398942280401432678f * vec_exp(-0.5f * x * x);
}

static double
normal_cdf_naive(double x)
{
    return 0.5 * erfc(-x / G_SQRT2);
}

MOE_UNARY(normal_cdf);
