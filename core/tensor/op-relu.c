/* SPDX-License-Identifier: MIT
 *
 * max(x, 0); the slope at 0 is 0.
 */
#include "tensor/unary.h"

MOE_INLINE float
relu_value(float x)
{
    return x < 0.0f ? 0.0f : x;
}

MOE_INLINE float
relu_slope(float x, float y)
{
    return x > 0.0f ? 1.0f : 0.0f;
}

static double
relu_naive(double x)
{
    return x < 0 ? 0 : x;
}

MOE_UNARY(relu);
