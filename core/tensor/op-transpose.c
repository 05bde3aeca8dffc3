/* SPDX-License-Identifier: MIT
 *
 * [M, N] -> [N, M], in square blocks, so that neither side is walked against the cache.
 */
#include "tensor/cpu.h"
#include "tensor/op.h"

#define BLOCK 32

/* y [n, m] = or += transpose of x [m, n]. */
static void
transpose(float *y, bool accumulate, const float *x, int64_t m, int64_t n)
{
#pragma omp parallel for schedule(static) if (m * n >= MOE_PARALLEL_ELEMENTS)
    for (int64_t j0 = 0; j0 < n; j0 += BLOCK)
        for (int64_t i0 = 0; i0 < m; i0 += BLOCK)
            for (int64_t j = j0; j < MIN(j0 + BLOCK, n); j++)
                for (int64_t i = i0; i < MIN(i0 + BLOCK, m); i++)
                    y[j * m + i] = (accumulate ? y[j * m + i] : 0.0f) + x[i * n + j];
}

static void
transpose_forward(MoeNode *node)
{
    const MoeTensor *x = node->in[0];
    transpose(node->out->data, false, x->data, x->shape[0], x->shape[1]);
}

static void
transpose_backward(MoeNode *node)
{
    bool accumulate;
    const MoeTensor *y = node->out;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
    transpose(dx, accumulate, y->grad, y->shape[0], y->shape[1]);
}

static void
transpose_reference(const MoeNode *node, const double *const in[], double *out)
{
    int64_t m = node->in[0]->shape[0], n = node->in[0]->shape[1];
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            out[j * m + i] = in[0][i * n + j];
}

const MoeOp moe_op__transpose = {"transpose", transpose_forward, transpose_backward,
                                 transpose_reference};

MoeTensor *
moe_transpose(MoeTape *tape, MoeTensor *x)
{
    moe__op_expect(x->ndim == 2, "transpose", x, NULL);
    return moe_tape_run(tape, &moe_op__transpose, 1, &x, 2, (int64_t[]){x->shape[1], x->shape[0]},
                        NULL, 0);
}
