/* SPDX-License-Identifier: MIT
 *
 * unary.h: the skeleton of an operation on each element by itself. A file of such an operation
 * writes down the function, its slope and its reference; MOE_UNARY makes the rest.
 */
#ifndef MOE_TENSOR_UNARY_H
#define MOE_TENSOR_UNARY_H

#include "tensor/cpu.h"
#include "tensor/op.h"
#include "tensor/vecmath.h"

typedef void (*MoeUnaryForward)(float *restrict y, const float *restrict x, int64_t n);
/* dx = dy · slope, or dx += dy · slope. */
typedef void (*MoeUnaryBackward)(float *restrict dx, const float *restrict dy,
                                 const float *restrict x, const float *restrict y, int64_t n,
                                 bool accumulate);

/* Run a kernel over the node's elements in pieces, on as many threads as the size deserves. */
void moe__unary_forward(MoeNode *node, MoeUnaryForward kernel);
void moe__unary_backward(MoeNode *node, MoeUnaryBackward kernel);

/* Needs `float NAME_value(float x)`, `float NAME_slope(float x, float y)` with y = value(x), both
 * MOE_INLINE, and `double NAME_naive(double x)`. Defines moe_op__NAME and moe_NAME(). */
#define MOE_UNARY(NAME)                                                                        \
    MOE_CLONES static void NAME##_piece(float *restrict y, const float *restrict x, int64_t n) \
    {                                                                                          \
        for (int64_t i = 0; i < n; i++)                                                        \
            y[i] = NAME##_value(x[i]);                                                         \
    }                                                                                          \
    MOE_CLONES static void NAME##_back_piece(float *restrict dx, const float *restrict dy,     \
                                             const float *restrict x, const float *restrict y, \
                                             int64_t n, bool accumulate)                       \
    {                                                                                          \
        if (accumulate)                                                                        \
            for (int64_t i = 0; i < n; i++)                                                    \
                dx[i] += dy[i] * NAME##_slope(x[i], y[i]);                                     \
        else                                                                                   \
            for (int64_t i = 0; i < n; i++)                                                    \
                dx[i] = dy[i] * NAME##_slope(x[i], y[i]);                                      \
    }                                                                                          \
    static void NAME##_forward(MoeNode *node)                                                  \
    {                                                                                          \
        moe__unary_forward(node, NAME##_piece);                                                \
    }                                                                                          \
    static void NAME##_backward(MoeNode *node)                                                 \
    {                                                                                          \
        moe__unary_backward(node, NAME##_back_piece);                                          \
    }                                                                                          \
    static void NAME##_reference(const MoeNode *node, const double *const in[], double *out)   \
    {                                                                                          \
        for (int64_t i = 0; i < moe_tensor_count(node->out); i++)                              \
            out[i] = NAME##_naive(in[0][i]);                                                   \
    }                                                                                          \
    const MoeOp moe_op__##NAME = {#NAME, NAME##_forward, NAME##_backward, NAME##_reference};   \
    MoeTensor *moe_##NAME(MoeTape *tape, MoeTensor *x)                                         \
    {                                                                                          \
        return moe__op_same_shape(tape, &moe_op__##NAME, x, NULL, 0);                          \
    }                                                                                          \
    _Static_assert(true, "takes the semicolon")

#endif
