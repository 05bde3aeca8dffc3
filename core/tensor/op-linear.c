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
    moe__gemm(&(MoeGemm){.trans_b = true,
                         .m = rows,
                         .n = n_out,
                         .k = n_in,
                         .a = x->data,
                         .lda = n_in,
                         .b = w->data,
                         .ldb = n_in,
                         .c = node->out->data,
                         .ldc = n_out,
                         .bias = b ? b->data : NULL});
}

/* dx and dW don't depend on each other: together they leave fewer threads idle. */
static void
linear_backward(MoeNode *node)
{
    const MoeTensor *x = node->in[0], *w = node->in[1];
    int64_t rows = moe_tensor_rows(x), n_out = w->shape[0], n_in = w->shape[1];
    const float *dy = node->out->grad;
    MoeGemm products[2];
    int n = 0;
    bool add;
    if (moe_node_wants(node, 0)) {
        float *dx = moe_node_grad_beta(node, 0, &add);
        products[n++] =
            (MoeGemm){false, false, rows, n_in, n_out, dy, n_out, w->data, n_in, add, dx, n_in};
    }
    if (moe_node_wants(node, 1)) {
        float *dw = moe_node_grad_beta(node, 1, &add);
        products[n++] =
            (MoeGemm){true, false, n_out, n_in, rows, dy, n_out, x->data, n_in, add, dw, n_in};
    }
    moe__gemm_all(products, n);
    if (moe_node_wants(node, 2)) {
        float *db = moe_node_grad_beta(node, 2, &add);
        moe__bias_grad(db, add, dy, rows, n_out);
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
