/* SPDX-License-Identifier: MIT
 *
 * y = x / max(‖x‖₂, eps) along the last axis. Below eps the divisor is a constant.
 */
#include "tensor/op.h"
#include "tensor/reduce.h"
#include "tensor/vecmath.h"

#include <math.h>

/* norm[r] receives ‖x‖₂ of each row. */
MOE_CLONES static void
l2_rows(float *restrict y, float *restrict norm, const float *restrict x, int64_t rows, int64_t n,
        float eps)
{
    for (int64_t r = 0; r < rows; r++, x += n, y += n) {
        norm[r] = sqrtf(vec_dot(x, x, n));
        float scale = 1.0f / (norm[r] > eps ? norm[r] : eps);
        for (int64_t j = 0; j < n; j++)
            y[j] = x[j] * scale;
    }
}

/* dx = (dy - y (y · dy)) / ‖x‖ above eps, dy / eps below. */
MOE_CLONES static void
l2_back_rows(float *restrict dx, const float *restrict dy, const float *restrict y,
             const float *restrict norm, int64_t rows, int64_t n, float eps, bool accumulate)
{
    for (int64_t r = 0; r < rows; r++, y += n, dy += n, dx += n) {
        bool above = norm[r] > eps;
        float scale = 1.0f / (above ? norm[r] : eps);
        float dot = above ? vec_dot(dy, y, n) : 0.0f;
        for (int64_t j = 0; j < n; j++) {
            float d = (dy[j] - y[j] * dot) * scale;
            dx[j] = accumulate ? dx[j] + d : d;
        }
    }
}

static void
l2_normalise_forward(MoeNode *node)
{
    const float *eps = node->args;
    int64_t rows = moe_tensor_rows(node->out), n = moe_tensor_last(node->out);
    int parts = moe__parts(rows, n);
    float *norm = node->saved = moe_node_alloc(node, (size_t)rows * sizeof *norm);
#pragma omp parallel for schedule(static) if (parts > 1)
    for (int p = 0; p < parts; p++) {
        int64_t r = moe__part_start(rows, parts, p), end = moe__part_start(rows, parts, p + 1);
        l2_rows(node->out->data + r * n, norm + r, node->in[0]->data + r * n, end - r, n, *eps);
    }
}

static void
l2_normalise_backward(MoeNode *node)
{
    const float *eps = node->args, *norm = node->saved;
    int64_t rows = moe_tensor_rows(node->out), n = moe_tensor_last(node->out);
    int parts = moe__parts(rows, n);
    bool accumulate;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
#pragma omp parallel for schedule(static) if (parts > 1)
    for (int p = 0; p < parts; p++) {
        int64_t r = moe__part_start(rows, parts, p), end = moe__part_start(rows, parts, p + 1);
        l2_back_rows(dx + r * n, node->out->grad + r * n, node->out->data + r * n, norm + r,
                     end - r, n, *eps, accumulate);
    }
}

static void
l2_normalise_reference(const MoeNode *node, const double *const in[], double *out)
{
    const float *eps = node->args;
    int64_t n = moe_tensor_last(node->out);
    for (int64_t r = 0; r < moe_tensor_rows(node->out); r++) {
        double square = 0;
        for (int64_t j = 0; j < n; j++)
            square += in[0][r * n + j] * in[0][r * n + j];
        for (int64_t j = 0; j < n; j++)
            out[r * n + j] = in[0][r * n + j] / fmax(sqrt(square), (double)*eps);
    }
}

const MoeOp moe_op__l2_normalise = {"l2_normalise", l2_normalise_forward, l2_normalise_backward,
                                    l2_normalise_reference};

MoeTensor *
moe_l2_normalise(MoeTape *tape, MoeTensor *x, float eps)
{
    return moe__op_same_shape(tape, &moe_op__l2_normalise, x, &eps, sizeof eps);
}
