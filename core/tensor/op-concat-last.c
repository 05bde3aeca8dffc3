/* SPDX-License-Identifier: MIT
 *
 * Side by side along the last axis.
 */
#include "tensor/columns.h"
#include "tensor/op.h"

#include <string.h>

static void
concat_last_forward(MoeNode *node)
{
    int64_t width = moe_tensor_last(node->out), at = 0;
    for (int i = 0; i < 2; i++) {
        const MoeTensor *x = node->in[i];
        int64_t n = moe_tensor_last(x);
        moe__copy_columns(node->out->data + at, width, false, x->data, n, moe_tensor_rows(x), n);
        at += n;
    }
}

static void
concat_last_backward(MoeNode *node)
{
    int64_t width = moe_tensor_last(node->out), at = 0;
    for (int i = 0; i < 2; i++) {
        const MoeTensor *x = node->in[i];
        int64_t n = moe_tensor_last(x);
        bool accumulate;
        if (moe_node_wants(node, i)) {
            float *dx = moe_node_grad_beta(node, i, &accumulate);
            moe__copy_columns(dx, n, accumulate, node->out->grad + at, width, moe_tensor_rows(x),
                              n);
        }
        at += n;
    }
}

static void
concat_last_reference(const MoeNode *node, const double *const in[], double *out)
{
    int64_t n0 = moe_tensor_last(node->in[0]), n1 = moe_tensor_last(node->in[1]);
    for (int64_t r = 0; r < moe_tensor_rows(node->out); r++)
        for (int64_t j = 0; j < n0 + n1; j++)
            out[r * (n0 + n1) + j] = j < n0 ? in[0][r * n0 + j] : in[1][r * n1 + j - n0];
}

const MoeOp moe_op__concat_last = {"concat_last", concat_last_forward, concat_last_backward,
                                   concat_last_reference};

MoeTensor *
moe_concat_last(MoeTape *tape, MoeTensor *a, MoeTensor *b)
{
    int64_t shape[MOE_MAX_DIMS];
    bool agree = a->ndim == b->ndim && a->ndim > 0;
    for (int i = 0; agree && i < a->ndim - 1; i++)
        agree = a->shape[i] == b->shape[i];
    moe__op_expect(agree, "concat_last", a, b);
    memcpy(shape, a->shape, sizeof shape);
    shape[a->ndim - 1] += b->shape[a->ndim - 1];
    return moe_tape_run(tape, &moe_op__concat_last, 2, (MoeTensor *[]){a, b}, a->ndim, shape, NULL,
                        0);
}
