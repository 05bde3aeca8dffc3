/* SPDX-License-Identifier: MIT
 *
 * a - b
 */
#include "tensor/broadcast.h"

MOE_INLINE float
sub_value(float u, float v)
{
    return u - v;
}

MOE_INLINE float
sub_slope_a(float u, float v)
{
    return 1.0f;
}

MOE_INLINE float
sub_slope_b(float u, float v)
{
    return -1.0f;
}

static double
sub_naive(double u, double v)
{
    return u - v;
}

MOE_BINARY(sub);
