/* SPDX-License-Identifier: MIT
 *
 * log(1 + exp(x)).
 */
#include "tensor/unary.h"

#include <math.h>

MOE_INLINE float
softplus_value(float x)
{
    return vec_log1pexp(x);
}

MOE_INLINE float
softplus_slope(float x, float y)
{
    return vec_sigmoid(x);
}

static double
softplus_naive(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

MOE_UNARY(softplus);
