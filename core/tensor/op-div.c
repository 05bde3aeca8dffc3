/* SPDX-License-Identifier: MIT
 *
 * a / b
 */
#include "tensor/broadcast.h"

MOE_INLINE float
div_value(float u, float v)
{
    return u / v;
}

MOE_INLINE float
div_slope_a(float u, float v)
{
    return 1.0f / v;
}

/* Not u / v²: this way the slopes of x / x cancel to the last bit (a single gate, renormalised, has
 * no gradient), and a small v doesn't underflow. */
MOE_INLINE float
div_slope_b(float u, float v)
{
    return -(u / v) / v;
}

static double
div_naive(double u, double v)
{
    return u / v;
}

MOE_BINARY(div);
