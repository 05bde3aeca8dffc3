/* SPDX-License-Identifier: MIT
 *
 * The hyperbolic tangent.
 */
#include "tensor/unary.h"

#include <math.h>

MOE_INLINE float
tanh_value(float x)
{
    return vec_tanh(x);
}

MOE_INLINE float
tanh_slope(float x, float y)
{
    return 1.0f - y * y;
}

static double
tanh_naive(double x)
{
    return tanh(x);
}

MOE_UNARY(tanh);
