/* SPDX-License-Identifier: MIT
 *
 * x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))), the approximation of GPT-2 ("gelu_new").
 */
#include "tensor/unary.h"

#include <math.h>

#define ROOT_2_OVER_PI 0.797884560802865356
#define CUBIC          0.044715

MOE_INLINE float
gelu_tanh_value(float x)
{
    float inner = (float)ROOT_2_OVER_PI * (x + (float)CUBIC * x * x * x);
    return 0.5f * x * (1.0f + vec_tanh(inner));
}

MOE_INLINE float
gelu_tanh_slope(float x, float y)
{
    float inner = (float)ROOT_2_OVER_PI * (x + (float)CUBIC * x * x * x);
    float slope = (float)ROOT_2_OVER_PI * (1.0f + 3 * (float)CUBIC * x * x), t = vec_tanh(inner);
    return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * slope;
}

static double
gelu_tanh_naive(double x)
{
    return 0.5 * x * (1 + tanh(ROOT_2_OVER_PI * (x + CUBIC * x * x * x)));
}

MOE_UNARY(gelu_tanh);
