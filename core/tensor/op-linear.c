/* SPDX-License-Identifier: MIT
 *
 * y = x Wᵀ + b; dx = dy W, dW = dyᵀ x, db = Σ_r dy[r].
 */
#include "tensor/bias.h"
#include "tensor/gemm.h"
#include "tensor/op.h"

#include <string.h>

static void
linear_forward(MoeNode *node)
{
    const MoeTensor *x = node->in[0], *w = node->in[1], *b = node->in[2];
    int64_t rows = moe_tensor_rows(x), n_out = w->shape[0], n_in = w->shape[1];
    if (b)
        moe__bias_fill(node->out->data, b->data, rows, n_out);
    moe__gemm(false, true, rows, n_out, n_in, x->data, n_in, w->data, n_in, b ? 1 : 0,
              node->out->data, n_out);
}

static void
linear_backward(MoeNode *node)
{
    const MoeTensor *x = node->in[0], *w = node->in[1];
    int64_t rows = moe_tensor_rows(x), n_out = w->shape[0], n_in = w->shape[1];
    const float *dy = node->out->grad;
    bool accumulate;
    if (moe_node_wants(node, 0)) {
        float *dx = moe_node_grad_beta(node, 0, &accumulate);
        moe__gemm(false, false, rows, n_in, n_out, dy, n_out, w->data, n_in, accumulate ? 1 : 0, dx,
                  n_in);
    }
    if (moe_node_wants(node, 1)) {
        float *dw = moe_node_grad_beta(node, 1, &accumulate);
        moe__gemm(true, false, n_out, n_in, rows, dy, n_out, x->data, n_in, accumulate ? 1 : 0, dw,
                  n_in);
    }
    if (moe_node_wants(node, 2)) {
        float *db = moe_node_grad_beta(node, 2, &accumulate);
        moe__bias_grad(db, accumulate, dy, rows, n_out);
    }
}

static void
linear_reference(const MoeNode *node, const double *const in[], double *out)
{
    const MoeTensor *w = node->in[1];
    int64_t n_out = w->shape[0], n_in = w->shape[1];
    for (int64_t r = 0; r < moe_tensor_rows(node->in[0]); r++)
        for (int64_t o = 0; o < n_out; o++) {
            double sum = in[2] ? in[2][o] : 0;
            for (int64_t i = 0; i < n_in; i++)
                sum += in[0][r * n_in + i] * in[1][o * n_in + i];
            out[r * n_out + o] = sum;
        }
}

const MoeOp moe_op__linear = {"linear", linear_forward, linear_backward, linear_reference};

MoeTensor *
moe_linear(MoeTape *tape, MoeTensor *x, MoeTensor *w, MoeTensor *b)
{
    moe__op_expect(x->ndim >= 1 && w->ndim == 2 && moe_tensor_last(x) == w->shape[1], "linear", x,
                   w);
    moe__op_expect(!b || (b->ndim == 1 && b->shape[0] == w->shape[0]), "linear", w, b);
    int64_t shape[MOE_MAX_DIMS];
    memcpy(shape, x->shape, sizeof shape);
    shape[x->ndim - 1] = w->shape[0];
    return moe_tape_run(tape, &moe_op__linear, 3, (MoeTensor *[]){x, w, b}, x->ndim, shape, NULL,
                        0);
}
