/* SPDX-License-Identifier: MIT
 *
 * y = exp(x - max x) / Σ exp(x - max x) along the last axis.
 */
#include "tensor/op.h"
#include "tensor/reduce.h"
#include "tensor/vecmath.h"

#include <math.h>

MOE_CLONES static void
softmax_rows(float *restrict y, const float *restrict x, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++, y += n, x += n) {
        float top = vec_max(x, n), sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t j = 0; j < n; j++) {
            y[j] = vec_exp(x[j] - top);
            sum += y[j];
        }
        float scale = 1.0f / sum;
        for (int64_t j = 0; j < n; j++)
            y[j] *= scale;
    }
}

/* dx_j = y_j (dy_j - Σ_i dy_i y_i). Slopes are taken from that of the largest y, which changes
 * nothing since Σ y = 1: where one y is nearly 1, the two terms would else cancel in its dx. */
MOE_CLONES static void
softmax_back_rows(float *restrict dx, const float *restrict dy, const float *restrict y,
                  int64_t rows, int64_t n, bool accumulate)
{
    for (int64_t r = 0; r < rows; r++, y += n, dy += n, dx += n) {
        float top = vec_max(y, n), dot = 0;
        int64_t m = 0;
        while (m < n - 1 && y[m] != top)
            m++;
        float slope = dy[m];
#pragma omp simd reduction(+ : dot)
        for (int64_t j = 0; j < n; j++)
            dot += (dy[j] - slope) * y[j];
        if (accumulate)
            for (int64_t j = 0; j < n; j++)
                dx[j] += y[j] * (dy[j] - slope - dot);
        else
            for (int64_t j = 0; j < n; j++)
                dx[j] = y[j] * (dy[j] - slope - dot);
    }
}

static void
softmax_forward(MoeNode *node)
{
    int64_t rows = moe_tensor_rows(node->out), n = moe_tensor_last(node->out);
    int parts = moe__parts(rows, n);
#pragma omp parallel for schedule(static) if (parts > 1)
    for (int p = 0; p < parts; p++) {
        int64_t r = moe__part_start(rows, parts, p), end = moe__part_start(rows, parts, p + 1);
        softmax_rows(node->out->data + r * n, node->in[0]->data + r * n, end - r, n);
    }
}

static void
softmax_backward(MoeNode *node)
{
    int64_t rows = moe_tensor_rows(node->out), n = moe_tensor_last(node->out);
    int parts = moe__parts(rows, n);
    bool accumulate;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
#pragma omp parallel for schedule(static) if (parts > 1)
    for (int p = 0; p < parts; p++) {
        int64_t r = moe__part_start(rows, parts, p), end = moe__part_start(rows, parts, p + 1);
        softmax_back_rows(dx + r * n, node->out->grad + r * n, node->out->data + r * n, end - r, n,
                          accumulate);
    }
}

static void
softmax_reference(const MoeNode *node, const double *const in[], double *out)
{
    int64_t n = moe_tensor_last(node->out);
    for (int64_t r = 0; r < moe_tensor_rows(node->out); r++) {
        double top = -INFINITY, sum = 0;
        for (int64_t j = 0; j < n; j++)
            top = fmax(top, in[0][r * n + j]);
        for (int64_t j = 0; j < n; j++)
            sum += out[r * n + j] = exp(in[0][r * n + j] - top);
        for (int64_t j = 0; j < n; j++)
            out[r * n + j] /= sum;
    }
}

const MoeOp moe_op__softmax = {"softmax", softmax_forward, softmax_backward, softmax_reference};

MoeTensor *
moe_softmax(MoeTape *tape, MoeTensor *x)
{
    return moe__op_same_shape(tape, &moe_op__softmax, x, NULL, 0);
}
