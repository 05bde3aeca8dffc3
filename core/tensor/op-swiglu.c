/* SPDX-License-Identifier: MIT
 *
 * SwiGLU (Shazeer 2020, "GLU variants improve transformer", eq. 6): silu(u) v of the two halves
 * of a row, u [h] and v [h].
 */
#include "tensor/op.h"
#include "tensor/reduce.h"
#include "tensor/vecmath.h"

#include <math.h>

MOE_CLONES static void
swiglu_rows(float *restrict y, const float *restrict x, int64_t rows, int64_t h)
{
    for (int64_t r = 0; r < rows; r++, y += h, x += 2 * h)
        for (int64_t j = 0; j < h; j++)
            y[j] = x[j] * vec_sigmoid(x[j]) * x[h + j];
}

MOE_CLONES static void
swiglu_back_rows(float *restrict dx, const float *restrict dy, const float *restrict x,
                 int64_t rows, int64_t h, bool accumulate)
{
    for (int64_t r = 0; r < rows; r++, dy += h, x += 2 * h, dx += 2 * h) {
        float *restrict du = dx, *restrict dv = dx + h;
        for (int64_t j = 0; j < h; j++) {
            float u = x[j], v = x[h + j], s = vec_sigmoid(u);
            float to_u = dy[j] * v * s * (1.0f + u * (1.0f - s)), to_v = dy[j] * u * s;
            du[j] = accumulate ? du[j] + to_u : to_u;
            dv[j] = accumulate ? dv[j] + to_v : to_v;
        }
    }
}

static void
swiglu_forward(MoeNode *node)
{
    int64_t rows = moe_tensor_rows(node->out), h = moe_tensor_last(node->out);
    int parts = moe__parts(rows, h);
#pragma omp parallel for schedule(static) if (parts > 1)
    for (int p = 0; p < parts; p++) {
        int64_t r = moe__part_start(rows, parts, p), end = moe__part_start(rows, parts, p + 1);
        swiglu_rows(node->out->data + r * h, node->in[0]->data + r * 2 * h, end - r, h);
    }
}

static void
swiglu_backward(MoeNode *node)
{
    int64_t rows = moe_tensor_rows(node->out), h = moe_tensor_last(node->out);
    int parts = moe__parts(rows, h);
    bool accumulate;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
#pragma omp parallel for schedule(static) if (parts > 1)
    for (int p = 0; p < parts; p++) {
        int64_t r = moe__part_start(rows, parts, p), end = moe__part_start(rows, parts, p + 1);
        swiglu_back_rows(dx + r * 2 * h, node->out->grad + r * h, node->in[0]->data + r * 2 * h,
                         end - r, h, accumulate);
    }
}

static void
swiglu_reference(const MoeNode *node, const double *const in[], double *out)
{
    int64_t h = moe_tensor_last(node->out);
    for (int64_t r = 0; r < moe_tensor_rows(node->out); r++)
        for (int64_t j = 0; j < h; j++) {
            double u = in[0][r * 2 * h + j], v = in[0][r * 2 * h + h + j];
            out[r * h + j] = u / (1 + exp(-u)) * v;
        }
}

const MoeOp moe_op__swiglu = {"swiglu", swiglu_forward, swiglu_backward, swiglu_reference};

MoeTensor *
moe_swiglu(MoeTape *tape, MoeTensor *x)
{
    int64_t n = moe_tensor_last(x);
    moe__op_expect(n % 2 == 0, "swiglu", x, NULL);
    return moe__op_new_last(tape, &moe_op__swiglu, x, n / 2, NULL, 0);
}
