/* SPDX-License-Identifier: MIT
 *
 * a + b
 */
#include "tensor/broadcast.h"

MOE_INLINE float
add_value(float u, float v)
{
    return u + v;
}

MOE_INLINE float
add_slope_a(float u, float v)
{
    return 1.0f;
}

MOE_INLINE float
add_slope_b(float u, float v)
{
    return 1.0f;
}

static double
add_naive(double u, double v)
{
    return u + v;
}

MOE_BINARY(add);
