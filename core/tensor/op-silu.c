/* SPDX-License-Identifier: MIT
 *
 * x sigmoid(x) (Elfwing et al. 2017, "swish").
 */
#include "tensor/unary.h"

#include <math.h>

MOE_INLINE float
silu_value(float x)
{
    return x * vec_sigmoid(x);
}

MOE_INLINE float
silu_slope(float x, float y)
{
    float s = vec_sigmoid(x);
    return s * (1.0f + x * (1.0f - s));
}

static double
silu_naive(double x)
{
    return x / (1 + exp(-x));
}

MOE_UNARY(silu);
