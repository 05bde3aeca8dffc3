/* SPDX-License-Identifier: MIT
 *
 * RMSNorm (Zhang and Sennrich 2019): y = x / rms(x) · w, rms² = mean(x²) + eps.
 */
#include "tensor/op.h"
#include "tensor/reduce.h"
#include "tensor/vecmath.h"

#include <math.h>

/* inverse[r] receives 1 / rms of each row. */
MOE_CLONES static void
rms_norm_rows(float *restrict y, float *restrict inverse, const float *restrict x, const float *w,
              int64_t rows, int64_t n, float eps)
{
    for (int64_t r = 0; r < rows; r++, x += n, y += n) {
        float s = inverse[r] = 1.0f / sqrtf(vec_dot(x, x, n) / (float)n + eps);
        for (int64_t j = 0; j < n; j++)
            y[j] = w ? x[j] * s * w[j] : x[j] * s;
    }
}

/* With x̂ = x / rms and g = dy · w: dx = (g - x̂ mean(g x̂)) / rms. */
MOE_INLINE void
rms_norm_slope_row(float *restrict dx, const float *restrict dy, const float *restrict x,
                   const float *w, float inverse, int64_t n, bool accumulate)
{
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (int64_t j = 0; j < n; j++)
        dot += dy[j] * x[j] * (w ? w[j] : 1.0f);
    float pull = dot * inverse * inverse / (float)n;
    for (int64_t j = 0; j < n; j++) {
        float d = inverse * (dy[j] * (w ? w[j] : 1.0f) - x[j] * pull);
        dx[j] = accumulate ? dx[j] + d : d;
    }
}

/* dx and dw may be NULL; dw [n] is added to. */
MOE_CLONES static void
rms_norm_back_rows(float *restrict dx, double *restrict dw, const float *restrict dy,
                   const float *restrict x, const float *w, const float *inverse, int64_t rows,
                   int64_t n, bool accumulate)
{
    for (int64_t r = 0; r < rows; r++, x += n, dy += n) {
        if (dx)
            rms_norm_slope_row(dx + r * n, dy, x, w, inverse[r], n, accumulate);
        for (int64_t j = 0; dw && j < n; j++)
            dw[j] += (double)(dy[j] * (x[j] * inverse[r]));
    }
}

static void
rms_norm_forward(MoeNode *node)
{
    const float *eps = node->args, *w = node->in[1] ? node->in[1]->data : NULL;
    int64_t rows = moe_tensor_rows(node->out), n = moe_tensor_last(node->out);
    int parts = moe__parts(rows, n);
    float *inverse = node->saved = moe_node_alloc(node, (size_t)rows * sizeof *inverse);
#pragma omp parallel for schedule(static) if (parts > 1)
    for (int p = 0; p < parts; p++) {
        int64_t r = moe__part_start(rows, parts, p), end = moe__part_start(rows, parts, p + 1);
        rms_norm_rows(node->out->data + r * n, inverse + r, node->in[0]->data + r * n, w, end - r,
                      n, *eps);
    }
}

static void
rms_norm_backward(MoeNode *node)
{
    const float *x = node->in[0]->data, *dy = node->out->grad, *inverse = node->saved;
    const float *w = node->in[1] ? node->in[1]->data : NULL;
    int64_t rows = moe_tensor_rows(node->out), n = moe_tensor_last(node->out);
    int parts = moe__parts(rows, n);
    bool accumulate = false;
    float *dx = moe_node_wants(node, 0) ? moe_node_grad_beta(node, 0, &accumulate) : NULL;
    double *dw = moe_node_wants(node, 1) ? moe__part_sums(node, parts, n) : NULL;
#pragma omp parallel for schedule(static) if (parts > 1)
    for (int p = 0; p < parts; p++) {
        int64_t r = moe__part_start(rows, parts, p), end = moe__part_start(rows, parts, p + 1);
        rms_norm_back_rows(dx ? dx + r * n : NULL, dw ? dw + p * n : NULL, dy + r * n, x + r * n, w,
                           inverse + r, end - r, n, accumulate);
    }
    if (dw)
        moe__join_parts(node, 1, dw, parts, n);
}

static void
rms_norm_reference(const MoeNode *node, const double *const in[], double *out)
{
    const float *eps = node->args;
    int64_t n = moe_tensor_last(node->out);
    for (int64_t r = 0; r < moe_tensor_rows(node->out); r++) {
        double square = 0;
        for (int64_t j = 0; j < n; j++)
            square += in[0][r * n + j] * in[0][r * n + j];
        double rms = sqrt(square / (double)n + (double)*eps);
        for (int64_t j = 0; j < n; j++)
            out[r * n + j] = in[0][r * n + j] / rms * (node->in[1] ? in[1][j] : 1);
    }
}

const MoeOp moe_op__rms_norm = {"rms_norm", rms_norm_forward, rms_norm_backward,
                                rms_norm_reference};

MoeTensor *
moe_rms_norm(MoeTape *tape, MoeTensor *x, MoeTensor *w, float eps)
{
    bool fits = !w || (w->ndim == 1 && w->shape[0] == moe_tensor_last(x));
    moe__op_expect(fits, "rms_norm", x, w);
    return moe_tape_run(tape, &moe_op__rms_norm, 2, (MoeTensor *[]){x, w}, x->ndim, x->shape, &eps,
                        sizeof eps);
}
