/* SPDX-License-Identifier: MIT
 *
 * x²
 */
#include "tensor/unary.h"

MOE_INLINE float
square_value(float x)
{
    return x * x;
}

MOE_INLINE float
square_slope(float x, float y)
{
    return 2.0f * x;
}

static double
square_naive(double x)
{
    return x * x;
}

MOE_UNARY(square);
