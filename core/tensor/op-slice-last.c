/* SPDX-License-Identifier: MIT
 *
 * Columns from … from+n-1 of the last axis.
 */
#include "tensor/columns.h"
#include "tensor/op.h"

static void
slice_last_forward(MoeNode *node)
{
    const int64_t *from = node->args;
    const MoeTensor *x = node->in[0], *y = node->out;
    int64_t n = moe_tensor_last(y);
    moe__copy_columns(y->data, n, false, x->data + *from, moe_tensor_last(x), moe_tensor_rows(x),
                      n);
}

/* Added to a gradient that is zero outside the slice: several slices of one tensor meet there. */
static void
slice_last_backward(MoeNode *node)
{
    const int64_t *from = node->args;
    const MoeTensor *x = node->in[0], *y = node->out;
    int64_t n = moe_tensor_last(y);
    float *dx = moe_node_grad(node, 0);
    moe__copy_columns(dx + *from, moe_tensor_last(x), true, y->grad, n, moe_tensor_rows(x), n);
}

static void
slice_last_reference(const MoeNode *node, const double *const in[], double *out)
{
    const int64_t *from = node->args;
    int64_t n = moe_tensor_last(node->out), n_in = moe_tensor_last(node->in[0]);
    for (int64_t r = 0; r < moe_tensor_rows(node->out); r++)
        for (int64_t j = 0; j < n; j++)
            out[r * n + j] = in[0][r * n_in + *from + j];
}

const MoeOp moe_op__slice_last = {"slice_last", slice_last_forward, slice_last_backward,
                                  slice_last_reference};

MoeTensor *
moe_slice_last(MoeTape *tape, MoeTensor *x, int64_t from, int64_t n)
{
    bool inside = from >= 0 && n >= 0 && from + n <= moe_tensor_last(x);
    MoeTensor wanted = {.ndim = 2, .shape = {from, from + n}};
    moe__op_expect(inside, "slice_last, of columns", x, &wanted);
    return moe__op_new_last(tape, &moe_op__slice_last, x, n, &from, sizeof from);
}
