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

/* Slopes of silu(u) v by u and by v, times dy. */
MOE_INLINE void
slopes(float *to_u, float *to_v, float dy, float u, float v)
{
    float s = vec_sigmoid(u), silu = u * s;
    *to_u = dy * v * (s + silu * (1.0f - s));
    *to_v = dy * silu;
}

/* One row; its halves are apart, which only parameters can tell the compiler. */
MOE_CLONES static void
swiglu_back_row(float *restrict du, float *restrict dv, const float *restrict dy,
                const float *restrict u, const float *restrict v, int64_t h, bool accumulate)
{
    float to_u, to_v;
    if (!accumulate) {
        for (int64_t j = 0; j < h; j++)
            slopes(&du[j], &dv[j], dy[j], u[j], v[j]);
        return;
    }
    for (int64_t j = 0; j < h; j++) {
        slopes(&to_u, &to_v, dy[j], u[j], v[j]);
        du[j] += to_u;
        dv[j] += to_v;
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
    bool accumulate;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
    const float *dy = node->out->grad, *x = node->in[0]->data;
#pragma omp parallel for schedule(static) if (rows * h >= MOE_PARALLEL_ELEMENTS)
    for (int64_t r = 0; r < rows; r++) {
        float *du = dx + r * 2 * h;
        const float *u = x + r * 2 * h;
        swiglu_back_row(du, du + h, dy + r * h, u, u + h, h, accumulate);
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
