/* SPDX-License-Identifier: MIT
 *
 * y = log Σ exp(x) along the last axis, which disappears.
 */
#include "tensor/op.h"
#include "tensor/reduce.h"
#include "tensor/vecmath.h"

#include <math.h>

MOE_CLONES static void
logsumexp_rows(float *restrict y, const float *restrict x, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++, x += n) {
        float top = vec_max(x, n), sum = 0;
        /* An infinite maximum is the answer; subtracting it would make NaN. */
        float shift = isinf(top) ? 0.0f : top;
#pragma omp simd reduction(+ : sum)
        for (int64_t j = 0; j < n; j++)
            sum += vec_exp(x[j] - shift);
        y[r] = shift + logf(sum);
    }
}

/* dx_j = dy exp(x_j - y) */
MOE_CLONES static void
logsumexp_back_rows(float *restrict dx, const float *restrict dy, const float *restrict x,
                    const float *restrict y, int64_t rows, int64_t n, bool accumulate)
{
    for (int64_t r = 0; r < rows; r++, x += n, dx += n)
        if (accumulate)
            for (int64_t j = 0; j < n; j++)
                dx[j] += dy[r] * vec_exp(x[j] - y[r]);
        else
            for (int64_t j = 0; j < n; j++)
                dx[j] = dy[r] * vec_exp(x[j] - y[r]);
}

static void
logsumexp_forward(MoeNode *node)
{
    int64_t rows = moe_tensor_rows(node->in[0]), n = moe_tensor_last(node->in[0]);
    int parts = moe__parts(rows, n);
#pragma omp parallel for schedule(static) if (parts > 1)
    for (int p = 0; p < parts; p++) {
        int64_t r = moe__part_start(rows, parts, p), end = moe__part_start(rows, parts, p + 1);
        logsumexp_rows(node->out->data + r, node->in[0]->data + r * n, end - r, n);
    }
}

static void
logsumexp_backward(MoeNode *node)
{
    const MoeTensor *x = node->in[0], *y = node->out;
    int64_t rows = moe_tensor_rows(x), n = moe_tensor_last(x);
    int parts = moe__parts(rows, n);
    bool accumulate;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
#pragma omp parallel for schedule(static) if (parts > 1)
    for (int p = 0; p < parts; p++) {
        int64_t r = moe__part_start(rows, parts, p), end = moe__part_start(rows, parts, p + 1);
        logsumexp_back_rows(dx + r * n, y->grad + r, x->data + r * n, y->data + r, end - r, n,
                            accumulate);
    }
}

static void
logsumexp_reference(const MoeNode *node, const double *const in[], double *out)
{
    int64_t n = moe_tensor_last(node->in[0]);
    for (int64_t r = 0; r < moe_tensor_rows(node->in[0]); r++) {
        double top = -INFINITY, sum = 0;
        for (int64_t j = 0; j < n; j++)
            top = fmax(top, in[0][r * n + j]);
        for (int64_t j = 0; j < n; j++)
            sum += exp(in[0][r * n + j] - top);
        out[r] = top + log(sum);
    }
}

const MoeOp moe_op__logsumexp = {"logsumexp", logsumexp_forward, logsumexp_backward,
                                 logsumexp_reference};

MoeTensor *
moe_logsumexp(MoeTape *tape, MoeTensor *x)
{
    moe__op_expect(x->ndim > 0, "logsumexp", x, NULL);
    return moe_tape_run(tape, &moe_op__logsumexp, 1, &x, x->ndim - 1, x->shape, NULL, 0);
}
