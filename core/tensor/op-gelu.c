/* SPDX-License-Identifier: MIT
 *
 * x Φ(x), Φ the normal distribution (Hendrycks and Gimpel 2016).
 */
#include "tensor/unary.h"

#include <math.h>

MOE_INLINE float
gelu_value(float x)
{
    return 0.5f * x * (1.0f + vec_erf(x * 0.707106781186547524f));
}

MOE_INLINE float
gelu_slope(float x, float y)
{
    float density = 0.398942280401432678f * vec_exp(-0.5f * x * x);
    return 0.5f * (1.0f + vec_erf(x * 0.707106781186547524f)) + x * density;
}

static double
gelu_naive(double x)
{
    return 0.5 * x * (1 + erf(x / G_SQRT2));
}

MOE_UNARY(gelu);
