/* SPDX-License-Identifier: MIT
 *
 * broadcast.h: two inputs of one stretched shape, seen as rows. Neighbouring axes that both
 * inputs walk alike are merged, so that equal shapes are one long row and a bias is a row that
 * stands still; an operation then needs only kernels for a row.
 */
#ifndef MOE_TENSOR_BROADCAST_H
#define MOE_TENSOR_BROADCAST_H

#include "tensor/cpu.h"
#include "tensor/op.h"

typedef struct {
    int64_t rows, columns;         /* of the output after merging */
    int outer;                     /* leading axes after merging: their product is rows */
    int64_t size[MOE_MAX_DIMS];    /* of the leading axes */
    int64_t step[2][MOE_MAX_DIMS]; /* of inputs 0 and 1 along them, 0 where they stretch */
    bool moves[2];                 /* whether input i has `columns` numbers a row, or one */
} MoeBroadcast;

MoeBroadcast moe__broadcast(const MoeTensor *a, const MoeTensor *b, const MoeTensor *out);
/* Where row r of input i begins. */
int64_t moe__broadcast_row(const MoeBroadcast *plan, int i, int64_t r);

/* Part of a row of n: y[j] = f(a[j], b[j]), where an input that doesn't move stays at its first
 * number. dy is NULL in the forward direction. */
typedef void (*MoeBinaryKernel)(float *restrict y, const float *dy, const float *a, bool a_moves,
                                const float *b, bool b_moves, int64_t n);

void moe__binary_forward(MoeNode *node, MoeBinaryKernel kernel);
/* Adds to the gradient of `input`, if it wants one; kernel: y[j] = dy[j] · slope(a[j], b[j]). */
void moe__binary_backward(MoeNode *node, int input, MoeBinaryKernel kernel);
MoeTensor *moe__binary_run(MoeTape *tape, const MoeOp *op, MoeTensor *a, MoeTensor *b);
/* The definition: every place of the output is taken apart into its coordinates. */
void moe__binary_reference(const MoeNode *node, const double *const in[], double *out,
                           double (*f)(double a, double b));

/* A kernel from an expression of u (of a) and v (of b). */
#define MOE_BINARY_KERNEL(KERNEL, EXPRESSION)                                            \
    MOE_CLONES static void KERNEL(float *restrict y, const float *dy, const float *a,    \
                                  bool a_moves, const float *b, bool b_moves, int64_t n) \
    {                                                                                    \
        if (a_moves && b_moves)                                                          \
            for (int64_t j = 0; j < n; j++) {                                            \
                float u = a[j], v = b[j];                                                \
                y[j] = EXPRESSION;                                                       \
            }                                                                            \
        else if (a_moves)                                                                \
            for (int64_t j = 0; j < n; j++) {                                            \
                float u = a[j], v = b[0];                                                \
                y[j] = EXPRESSION;                                                       \
            }                                                                            \
        else                                                                             \
            for (int64_t j = 0; j < n; j++) {                                            \
                float u = a[0], v = b[j];                                                \
                y[j] = EXPRESSION;                                                       \
            }                                                                            \
    }

/* Needs `float NAME_value(float u, float v)`, NAME_slope_a and NAME_slope_b alike (MOE_INLINE) and
 * `double NAME_naive(double u, double v)`. Defines moe_op__NAME and moe_NAME(). */
#define MOE_BINARY(NAME)                                                                     \
    MOE_BINARY_KERNEL(NAME##_row, NAME##_value(u, v))                                        \
    MOE_BINARY_KERNEL(NAME##_row_a, dy[j] * NAME##_slope_a(u, v))                            \
    MOE_BINARY_KERNEL(NAME##_row_b, dy[j] * NAME##_slope_b(u, v))                            \
    static void NAME##_forward(MoeNode *node)                                                \
    {                                                                                        \
        moe__binary_forward(node, NAME##_row);                                               \
    }                                                                                        \
    static void NAME##_backward(MoeNode *node)                                               \
    {                                                                                        \
        moe__binary_backward(node, 0, NAME##_row_a);                                         \
        moe__binary_backward(node, 1, NAME##_row_b);                                         \
    }                                                                                        \
    static void NAME##_reference(const MoeNode *node, const double *const in[], double *out) \
    {                                                                                        \
        moe__binary_reference(node, in, out, NAME##_naive);                                  \
    }                                                                                        \
    const MoeOp moe_op__##NAME = {#NAME, NAME##_forward, NAME##_backward, NAME##_reference}; \
    MoeTensor *moe_##NAME(MoeTape *tape, MoeTensor *a, MoeTensor *b)                         \
    {                                                                                        \
        return moe__binary_run(tape, &moe_op__##NAME, a, b);                                 \
    }                                                                                        \
    _Static_assert(true, "takes the semicolon")

#endif
