/* SPDX-License-Identifier: MIT
 *
 * 1 / (1 + exp(-x))
 */
#include "tensor/unary.h"

#include <math.h>

MOE_INLINE float
sigmoid_value(float x)
{
    return vec_sigmoid(x);
}

MOE_INLINE float
sigmoid_slope(float x, float y)
{
    return y * (1.0f - y);
}

static double
sigmoid_naive(double x)
{
    return 1 / (1 + exp(-x));
}

MOE_UNARY(sigmoid);
