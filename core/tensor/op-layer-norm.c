/* SPDX-License-Identifier: MIT
 *
 * LayerNorm (Ba et al. 2016): y = (x - mean) / sqrt(var + eps) · w + b, biased variance.
 */
#include "tensor/op.h"
#include "tensor/reduce.h"
#include "tensor/vecmath.h"

#include <math.h>

typedef struct {
    float mean, inverse; /* inverse = 1 / sqrt(var + eps) */
} Moments;

/* Two passes, the mean first and in double, so that the variance doesn't cancel. */
MOE_INLINE Moments
moments(const float *x, int64_t n, float eps)
{
    double sum = 0;
    float square = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < n; j++)
        sum += (double)x[j];
    float mean = (float)(sum / (double)n);
#pragma omp simd reduction(+ : square)
    for (int64_t j = 0; j < n; j++)
        square += (x[j] - mean) * (x[j] - mean);
    return (Moments){mean, 1.0f / sqrtf(square / (float)n + eps)};
}

MOE_CLONES static void
layer_norm_rows(float *restrict y, Moments *restrict saved, const float *restrict x, const float *w,
                const float *b, int64_t rows, int64_t n, float eps)
{
    for (int64_t r = 0; r < rows; r++, x += n, y += n) {
        Moments m = saved[r] = moments(x, n, eps);
        if (w)
            for (int64_t j = 0; j < n; j++)
                y[j] = (x[j] - m.mean) * m.inverse * w[j] + b[j];
        else
            for (int64_t j = 0; j < n; j++)
                y[j] = (x[j] - m.mean) * m.inverse;
    }
}

/* With x̂ = (x - mean) · inverse and g = dy · w: dx = inverse (g - mean(g) - x̂ mean(g x̂)). */
MOE_INLINE void
layer_norm_slope_row(float *restrict dx, const float *restrict dy, const float *restrict x,
                     const float *w, Moments m, int64_t n, bool accumulate)
{
    float sum = 0, dot = 0;
#pragma omp simd reduction(+ : sum, dot)
    for (int64_t j = 0; j < n; j++) {
        float g = dy[j] * (w ? w[j] : 1.0f);
        sum += g;
        dot += g * (x[j] - m.mean);
    }
    float mean_g = sum / (float)n, pull = dot * m.inverse * m.inverse / (float)n;
    for (int64_t j = 0; j < n; j++) {
        float g = dy[j] * (w ? w[j] : 1.0f);
        float d = m.inverse * (g - mean_g - (x[j] - m.mean) * pull);
        dx[j] = accumulate ? dx[j] + d : d;
    }
}

/* dx, dw and db may be NULL; dw and db [n] are added to. */
MOE_CLONES static void
layer_norm_back_rows(float *restrict dx, double *restrict dw, double *restrict db,
                     const float *restrict dy, const float *restrict x, const float *w,
                     const Moments *saved, int64_t rows, int64_t n, bool accumulate)
{
    for (int64_t r = 0; r < rows; r++, x += n, dy += n) {
        Moments m = saved[r];
        if (dx)
            layer_norm_slope_row(dx + r * n, dy, x, w, m, n, accumulate);
        for (int64_t j = 0; dw && j < n; j++)
            dw[j] += (double)(dy[j] * ((x[j] - m.mean) * m.inverse));
        for (int64_t j = 0; db && j < n; j++)
            db[j] += (double)dy[j];
    }
}

static void
layer_norm_forward(MoeNode *node)
{
    const float *eps = node->args, *x = node->in[0]->data;
    const float *w = node->in[1] ? node->in[1]->data : NULL;
    const float *b = node->in[2] ? node->in[2]->data : NULL;
    int64_t rows = moe_tensor_rows(node->out), n = moe_tensor_last(node->out);
    int parts = moe__parts(rows, n);
    Moments *saved = node->saved = moe_node_alloc(node, (size_t)rows * sizeof *saved);
#pragma omp parallel for schedule(static) if (parts > 1)
    for (int p = 0; p < parts; p++) {
        int64_t r = moe__part_start(rows, parts, p), end = moe__part_start(rows, parts, p + 1);
        layer_norm_rows(node->out->data + r * n, saved + r, x + r * n, w, b, end - r, n, *eps);
    }
}

static void
layer_norm_backward(MoeNode *node)
{
    const float *x = node->in[0]->data, *dy = node->out->grad;
    const float *w = node->in[1] ? node->in[1]->data : NULL;
    const Moments *saved = node->saved;
    int64_t rows = moe_tensor_rows(node->out), n = moe_tensor_last(node->out);
    int parts = moe__parts(rows, n);
    bool accumulate = false;
    float *dx = moe_node_wants(node, 0) ? moe_node_grad_beta(node, 0, &accumulate) : NULL;
    double *dw = moe_node_wants(node, 1) ? moe__part_sums(node, parts, n) : NULL;
    double *db = moe_node_wants(node, 2) ? moe__part_sums(node, parts, n) : NULL;
#pragma omp parallel for schedule(static) if (parts > 1)
    for (int p = 0; p < parts; p++) {
        int64_t r = moe__part_start(rows, parts, p), end = moe__part_start(rows, parts, p + 1);
        layer_norm_back_rows(dx ? dx + r * n : NULL, dw ? dw + p * n : NULL, db ? db + p * n : NULL,
                             dy + r * n, x + r * n, w, saved + r, end - r, n, accumulate);
    }
    if (dw)
        moe__join_parts(node, 1, dw, parts, n);
    if (db)
        moe__join_parts(node, 2, db, parts, n);
}

static void
layer_norm_reference(const MoeNode *node, const double *const in[], double *out)
{
    const float *eps = node->args;
    int64_t n = moe_tensor_last(node->out);
    for (int64_t r = 0; r < moe_tensor_rows(node->out); r++) {
        const double *x = in[0] + r * n;
        double mean = 0, var = 0;
        for (int64_t j = 0; j < n; j++)
            mean += x[j] / (double)n;
        for (int64_t j = 0; j < n; j++)
            var += (x[j] - mean) * (x[j] - mean) / (double)n;
        for (int64_t j = 0; j < n; j++) {
            double y = (x[j] - mean) / sqrt(var + (double)*eps);
            out[r * n + j] = node->in[1] ? y * in[1][j] + in[2][j] : y;
        }
    }
}

const MoeOp moe_op__layer_norm = {"layer_norm", layer_norm_forward, layer_norm_backward,
                                  layer_norm_reference};

MoeTensor *
moe_layer_norm(MoeTape *tape, MoeTensor *x, MoeTensor *w, MoeTensor *b, float eps)
{
    for (int i = 0; i < 2; i++) {
        const MoeTensor *p = i ? b : w;
        bool fits = !p || (p->ndim == 1 && p->shape[0] == moe_tensor_last(x));
        moe__op_expect(fits, "layer_norm", x, p);
    }
    if (!w != !b)
        g_error("layer_norm: a weight and a bias go together, or neither");
    return moe_tape_run(tape, &moe_op__layer_norm, 3, (MoeTensor *[]){x, w, b}, x->ndim, x->shape,
                        &eps, sizeof eps);
}
