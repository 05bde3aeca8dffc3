/* SPDX-License-Identifier: MIT
 *
 * y = scale Σ x over everything: the sum, and with scale = 1/n the mean.
 */
#include "tensor/op.h"
#include "tensor/reduce.h"

static void
sum_forward(MoeNode *node)
{
    const double *scale = node->args;
    const float *x = node->in[0]->data;
    int64_t n = moe_tensor_count(node->in[0]);
    int parts = moe__parts(n, 1);
    double total = 0, *sum = moe__part_sums(node, parts, 1);
#pragma omp parallel for schedule(static) if (parts > 1)
    for (int p = 0; p < parts; p++) {
        int64_t from = moe__part_start(n, parts, p);
        sum[p] = moe__sum_floats(x + from, moe__part_start(n, parts, p + 1) - from);
    }
    for (int p = 0; p < parts; p++)
        total += sum[p];
    node->out->data[0] = (float)(*scale * total);
}

static void
sum_backward(MoeNode *node)
{
    const double *scale = node->args;
    bool accumulate;
    int64_t n = moe_tensor_count(node->in[0]);
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
    float d = (float)(*scale * (double)node->out->grad[0]);
#pragma omp parallel for schedule(static) if (n >= MOE_PARALLEL_ELEMENTS)
    for (int64_t i = 0; i < n; i++)
        dx[i] = accumulate ? dx[i] + d : d;
}

static void
sum_reference(const MoeNode *node, const double *const in[], double *out)
{
    const double *scale = node->args;
    out[0] = 0;
    for (int64_t i = 0; i < moe_tensor_count(node->in[0]); i++)
        out[0] += in[0][i];
    out[0] *= *scale;
}

const MoeOp moe_op__sum = {"sum", sum_forward, sum_backward, sum_reference};

static MoeTensor *
scaled_sum(MoeTape *tape, MoeTensor *x, double scale)
{
    return moe_tape_run(tape, &moe_op__sum, 1, &x, 0, NULL, &scale, sizeof scale);
}

MoeTensor *
moe_sum(MoeTape *tape, MoeTensor *x)
{
    return scaled_sum(tape, x, 1);
}

MoeTensor *
moe_mean(MoeTape *tape, MoeTensor *x)
{
    return scaled_sum(tape, x, 1 / (double)moe_tensor_count(x));
}
