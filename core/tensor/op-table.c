/* SPDX-License-Identifier: MIT
 *
 * Every built-in operation, in the order of ops.h. The gradient tests walk this list and fail for
 * one that has no case.
 */
#include "tensor/op.h"

/* clang-format off */
static const MoeOp *const table[] = {
    /* products */
    &moe_op__linear,
    &moe_op__grouped_linear,
    &moe_op__grouped_scatter,
    &moe_op__bmm,
    /* rows and columns */
    &moe_op__gather_rows,
    &moe_op__scatter_rows,
    &moe_op__gather_last,
    &moe_op__scatter_last,
    &moe_op__combine,
    &moe_op__slice_last,
    &moe_op__concat_last,
    &moe_op__transpose,
    /* elementwise */
    &moe_op__add,
    &moe_op__sub,
    &moe_op__mul,
    &moe_op__div,
    &moe_op__affine,
    &moe_op__sigmoid,
    &moe_op__tanh,
    &moe_op__relu,
    &moe_op__gelu,
    &moe_op__gelu_tanh,
    &moe_op__silu,
    &moe_op__softplus,
    &moe_op__normal_cdf,
    &moe_op__square,
    &moe_op__swiglu,
    &moe_op__dropout,
    /* along the last axis, and sums */
    &moe_op__softmax,
    &moe_op__logsumexp,
    &moe_op__rms_norm,
    &moe_op__layer_norm,
    &moe_op__l2_normalise,
    &moe_op__sum,
    &moe_op__sum_axis,
    /* transformer */
    &moe_op__embedding,
    &moe_op__rope,
    &moe_op__attention,
    &moe_op__cross_entropy,
    NULL,
};
/* clang-format on */

const MoeOp *const *
moe_op_table(void)
{
    return table;
}
