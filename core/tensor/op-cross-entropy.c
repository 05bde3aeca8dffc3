/* SPDX-License-Identifier: MIT
 *
 * L = 1/n Σ_r -log softmax(x[r])[target[r]] over the n rows whose target is >= 0;
 * dL/dx[r] = (softmax(x[r]) - onehot(target[r])) / n. Backward recomputes the softmax from the
 * saved logsumexp of each row, in place of its gradient: no second copy of the logits.
 */
#include "tensor/cpu.h"
#include "tensor/op.h"
#include "tensor/vecmath.h"

#include <math.h>
#include <string.h>

typedef struct {
    const int32_t *target; /* [rows] */
    float *row_loss;       /* [rows], the caller's, or NULL */
    int64_t counted;       /* rows whose target is >= 0 */
} CrossEntropy;

MOE_CLONES static float
cross_entropy_logsumexp(const float *x, int64_t n)
{
    float top = vec_max(x, n), sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < n; j++)
        sum += vec_exp(x[j] - top);
    return top + vec_log(sum);
}

/* dx = or += scale · exp(x - lse) */
MOE_CLONES static void
cross_entropy_back_row(float *restrict dx, const float *restrict x, float lse, float scale,
                       int64_t n, bool accumulate)
{
    if (accumulate)
        for (int64_t j = 0; j < n; j++)
            dx[j] += scale * vec_exp(x[j] - lse);
    else
        for (int64_t j = 0; j < n; j++)
            dx[j] = scale * vec_exp(x[j] - lse);
}

static void
cross_entropy_forward(MoeNode *node)
{
    const CrossEntropy *s = node->args;
    const MoeTensor *x = node->in[0];
    int64_t rows = moe_tensor_rows(x), n = moe_tensor_last(x);
    float *lse = node->saved = moe_node_alloc(node, (size_t)rows * sizeof *lse);
#pragma omp parallel for schedule(static) if (rows * n >= MOE_PARALLEL_ELEMENTS)
    for (int64_t r = 0; r < rows; r++)
        if (s->target[r] >= 0)
            lse[r] = cross_entropy_logsumexp(x->data + r * n, n);
    double sum = 0;
    for (int64_t r = 0; r < rows; r++) {
        float loss = s->target[r] >= 0 ? lse[r] - x->data[r * n + s->target[r]] : 0;
        if (s->row_loss)
            s->row_loss[r] = loss;
        sum += loss;
    }
    node->out->data[0] = s->counted ? (float)(sum / (double)s->counted) : 0;
}

static void
cross_entropy_backward(MoeNode *node)
{
    const CrossEntropy *s = node->args;
    const float *x = node->in[0]->data, *lse = node->saved;
    int64_t rows = moe_tensor_rows(node->in[0]), n = moe_tensor_last(node->in[0]);
    float scale = s->counted ? node->out->grad[0] / (float)s->counted : 0;
    bool accumulate;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
#pragma omp parallel for schedule(static) if (rows * n >= MOE_PARALLEL_ELEMENTS)
    for (int64_t r = 0; r < rows; r++) {
        if (s->target[r] >= 0) {
            cross_entropy_back_row(dx + r * n, x + r * n, lse[r], scale, n, accumulate);
            dx[r * n + s->target[r]] -= scale;
        } else if (!accumulate)
            memset(dx + r * n, 0, (size_t)n * sizeof *dx);
    }
}

static void
cross_entropy_reference(const MoeNode *node, const double *const in[], double *out)
{
    const CrossEntropy *s = node->args;
    int64_t rows = moe_tensor_rows(node->in[0]), n = moe_tensor_last(node->in[0]);
    double loss = 0;
    for (int64_t r = 0; r < rows; r++) {
        const double *x = in[0] + r * n;
        double top = -INFINITY, sum = 0;
        if (s->target[r] < 0)
            continue;
        for (int64_t j = 0; j < n; j++)
            top = fmax(top, x[j]);
        for (int64_t j = 0; j < n; j++)
            sum += exp(x[j] - top);
        loss += top + log(sum) - x[s->target[r]];
    }
    out[0] = s->counted ? loss / (double)s->counted : 0;
}

const MoeOp moe_op__cross_entropy = {"cross_entropy", cross_entropy_forward, cross_entropy_backward,
                                     cross_entropy_reference};

MoeTensor *
moe_cross_entropy(MoeTape *tape, MoeTensor *x, const int32_t *target, float *row_loss)
{
    moe__op_expect(x->ndim >= 1, "cross_entropy", x, NULL);
    int64_t rows = moe_tensor_rows(x);
    moe__op_expect_index("cross_entropy", target, rows, INT32_MIN, moe_tensor_last(x));
    CrossEntropy args = {moe__op_copy_index(tape, target, rows), row_loss, 0};
    for (int64_t r = 0; r < rows; r++)
        args.counted += target[r] >= 0;
    return moe_tape_run(tape, &moe_op__cross_entropy, 1, &x, 0, NULL, &args, sizeof args);
}
