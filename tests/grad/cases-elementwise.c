/* SPDX-License-Identifier: MIT */
#include "grad.h"

/* Away from 0, where relu has its kink. */
static MoeTensor *
relu_case(GradRun *run, const int64_t n[4])
{
    MoeTensor *x = grad_uniform(run, -1, 1, GRAD_SHAPE(n[0], n[1]));
    for (int64_t i = 0; i < moe_tensor_count(x); i++)
        if (x->data[i] > -0.01f && x->data[i] < 0.01f)
            x->data[i] = 0.5f;
    return moe_relu(grad_tape(run), x);
}

#define UNARY(NAME)                                                                          \
    static MoeTensor *NAME##_case(GradRun *run, const int64_t n[4])                          \
    {                                                                                        \
        return moe_##NAME(grad_tape(run), grad_uniform(run, -6, 6, GRAD_SHAPE(n[0], n[1]))); \
    }
UNARY(sigmoid)
UNARY(tanh)
UNARY(gelu)
UNARY(gelu_tanh)
UNARY(silu)
UNARY(softplus)
UNARY(normal_cdf)
UNARY(square)
UNARY(swiglu)

static MoeTensor *
scalar_gelu(GradRun *run, const int64_t n[4])
{
    return moe_gelu(grad_tape(run), grad_normal(run, GRAD_SCALAR));
}

static MoeTensor *
affine_case(GradRun *run, const int64_t n[4])
{
    return moe_affine(grad_tape(run), grad_normal(run, GRAD_SHAPE(n[0], n[1])), -1.75f, 0.3f);
}

static MoeTensor *
dropout_case(GradRun *run, const int64_t n[4])
{
    return moe_dropout(grad_tape(run), grad_normal(run, GRAD_SHAPE(n[0], n[1])), 0.3f, 5, 1 << 20);
}

/* Two inputs of the shapes that the name says. Divisors keep away from 0. */
#define BINARY(WHAT, SHAPE_A, SHAPE_B)                                                      \
    static MoeTensor *add_##WHAT(GradRun *run, const int64_t n[4])                          \
    {                                                                                       \
        MoeTensor *a = grad_normal(run, SHAPE_A), *b = grad_normal(run, SHAPE_B);           \
        return moe_add(grad_tape(run), a, b);                                               \
    }                                                                                       \
    static MoeTensor *sub_##WHAT(GradRun *run, const int64_t n[4])                          \
    {                                                                                       \
        MoeTensor *a = grad_normal(run, SHAPE_A), *b = grad_normal(run, SHAPE_B);           \
        return moe_sub(grad_tape(run), a, b);                                               \
    }                                                                                       \
    static MoeTensor *mul_##WHAT(GradRun *run, const int64_t n[4])                          \
    {                                                                                       \
        MoeTensor *a = grad_normal(run, SHAPE_A), *b = grad_normal(run, SHAPE_B);           \
        return moe_mul(grad_tape(run), a, b);                                               \
    }                                                                                       \
    static MoeTensor *div_##WHAT(GradRun *run, const int64_t n[4])                          \
    {                                                                                       \
        MoeTensor *a = grad_normal(run, SHAPE_A), *b = grad_uniform(run, 0.5f, 2, SHAPE_B); \
        return moe_div(grad_tape(run), a, b);                                               \
    }
BINARY(same, GRAD_SHAPE(n[0], n[1]), GRAD_SHAPE(n[0], n[1]))
BINARY(row, GRAD_SHAPE(n[0], n[1]), GRAD_SHAPE(n[1]))
BINARY(column, GRAD_SHAPE(n[0], 1), GRAD_SHAPE(n[0], n[1]))
BINARY(number, GRAD_SHAPE(n[0], n[1]), GRAD_SCALAR)
BINARY(outer, GRAD_SHAPE(n[0], 1), GRAD_SHAPE(1, n[1]))
BINARY(middle, GRAD_SHAPE(n[0], n[1], n[2]), GRAD_SHAPE(n[0], 1, n[2]))
BINARY(first, GRAD_SHAPE(1, n[1], n[2]), GRAD_SHAPE(n[0], n[1], n[2]))
BINARY(crossed, GRAD_SHAPE(n[0], 1, n[2], 1), GRAD_SHAPE(n[1], 1, n[3]))

/* One tensor on both sides: its gradient has two terms. */
static MoeTensor *
mul_itself(GradRun *run, const int64_t n[4])
{
    MoeTensor *a = grad_normal(run, GRAD_SHAPE(n[0], n[1]));
    return moe_mul(grad_tape(run), a, a);
}

/* clang-format off */
#define CASE(OP, WHAT, FUNCTION, ...) {#OP, WHAT, FUNCTION, {__VA_ARGS__}, 0, 0}
#define SIZES(OP)                                                                                 \
    CASE(OP, NULL, OP##_case, 1, 1), CASE(OP, NULL, OP##_case, 0, 8),                             \
    CASE(OP, NULL, OP##_case, 1, 34), CASE(OP, NULL, OP##_case, 7, 10),                           \
    CASE(OP, NULL, OP##_case, 130, 302)
#define BINARY_SIZES(OP)                                                                          \
    CASE(OP, "same", OP##_same, 1, 1), CASE(OP, "same", OP##_same, 0, 5),                         \
    CASE(OP, "same", OP##_same, 5, 7), CASE(OP, "same", OP##_same, 251, 199),                     \
    CASE(OP, "row", OP##_row, 6, 5), CASE(OP, "row", OP##_row, 0, 5),                             \
    CASE(OP, "row", OP##_row, 61, 1301),                                                          \
    CASE(OP, "column", OP##_column, 5, 3), CASE(OP, "column", OP##_column, 0, 3),                 \
    CASE(OP, "column", OP##_column, 47, 1100),                                                    \
    CASE(OP, "number", OP##_number, 3, 5), CASE(OP, "number", OP##_number, 1, 1),                 \
    CASE(OP, "outer", OP##_outer, 4, 6),                                                          \
    CASE(OP, "middle", OP##_middle, 3, 4, 5), CASE(OP, "middle", OP##_middle, 2, 3, 1),           \
    CASE(OP, "first", OP##_first, 3, 2, 4), CASE(OP, "first", OP##_first, 3, 0, 4),               \
    CASE(OP, "crossed", OP##_crossed, 2, 3, 4, 5)
/* clang-format on */

const GradCase grad_cases_elementwise[] = {
    BINARY_SIZES(add),
    BINARY_SIZES(sub),
    BINARY_SIZES(mul),
    BINARY_SIZES(div),
    CASE(mul, "itself", mul_itself, 3, 5),
    SIZES(affine),
    SIZES(sigmoid),
    SIZES(tanh),
    SIZES(relu),
    SIZES(gelu),
    CASE(gelu, "scalar", scalar_gelu, 0),
    SIZES(gelu_tanh),
    SIZES(silu),
    SIZES(softplus),
    SIZES(normal_cdf),
    SIZES(square),
    CASE(swiglu, NULL, swiglu_case, 1, 2),
    CASE(swiglu, NULL, swiglu_case, 0, 6),
    CASE(swiglu, NULL, swiglu_case, 5, 38),
    CASE(swiglu, NULL, swiglu_case, 91, 730),
    SIZES(dropout),
    {NULL},
};
