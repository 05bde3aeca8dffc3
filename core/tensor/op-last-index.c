/* SPDX-License-Identifier: MIT
 *
 * y[r, j] = x[r, index[r, j]], 0 where the index is -1. scatter_last is its transpose: the two
 * share their loops.
 */
#include "tensor/op.h"

#include "tensor/cpu.h"

#include <string.h>

typedef struct {
    const int32_t *index; /* [rows, k] */
    int64_t rows, k, n;   /* n: the longer axis, which the indices point into */
} Last;

/* to [rows, k] = or += what the indices point at in from [rows, n]. */
static void
take_last(float *to, bool accumulate, const float *from, const Last *args)
{
    int64_t k = args->k;
#pragma omp parallel for schedule(static) if (args->rows * k >= MOE_PARALLEL_ELEMENTS)
    for (int64_t r = 0; r < args->rows; r++)
        for (int64_t j = 0; j < k; j++) {
            int32_t at = args->index[r * k + j];
            float value = at < 0 ? 0.0f : from[r * args->n + at];
            to[r * k + j] = accumulate ? to[r * k + j] + value : value;
        }
}

/* to [rows, n] = or += from [rows, k], each at its index. */
static void
put_last(float *to, bool accumulate, const float *from, const Last *args)
{
    int64_t k = args->k, n = args->n;
#pragma omp parallel for schedule(static) if (args->rows * n >= MOE_PARALLEL_ELEMENTS)
    for (int64_t r = 0; r < args->rows; r++) {
        if (!accumulate)
            memset(to + r * n, 0, (size_t)n * sizeof *to);
        for (int64_t j = 0; j < k; j++)
            if (args->index[r * k + j] >= 0)
                to[r * n + args->index[r * k + j]] += from[r * k + j];
    }
}

static void
gather_last_forward(MoeNode *node)
{
    take_last(node->out->data, false, node->in[0]->data, node->args);
}

static void
gather_last_backward(MoeNode *node)
{
    bool accumulate;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
    put_last(dx, accumulate, node->out->grad, node->args);
}

static void
gather_last_reference(const MoeNode *node, const double *const in[], double *out)
{
    const Last *args = node->args;
    for (int64_t i = 0; i < args->rows * args->k; i++)
        out[i] = args->index[i] < 0 ? 0 : in[0][i / args->k * args->n + args->index[i]];
}

static void
scatter_last_forward(MoeNode *node)
{
    put_last(node->out->data, false, node->in[0]->data, node->args);
}

static void
scatter_last_backward(MoeNode *node)
{
    bool accumulate;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
    take_last(dx, accumulate, node->out->grad, node->args);
}

static void
scatter_last_reference(const MoeNode *node, const double *const in[], double *out)
{
    const Last *args = node->args;
    for (int64_t i = 0; i < args->rows * args->n; i++)
        out[i] = 0;
    for (int64_t i = 0; i < args->rows * args->k; i++)
        if (args->index[i] >= 0)
            out[i / args->k * args->n + args->index[i]] += in[0][i];
}

const MoeOp moe_op__gather_last = {"gather_last", gather_last_forward, gather_last_backward,
                                   gather_last_reference};
const MoeOp moe_op__scatter_last = {"scatter_last", scatter_last_forward, scatter_last_backward,
                                    scatter_last_reference};

MoeTensor *
moe_gather_last(MoeTape *tape, MoeTensor *x, const int32_t *index, int64_t k)
{
    int64_t rows = moe_tensor_rows(x), n = moe_tensor_last(x);
    moe__op_expect_index("gather_last", index, rows * k, -1, n);
    Last args = {moe__op_copy_index(tape, index, rows * k), rows, k, n};
    return moe__op_new_last(tape, &moe_op__gather_last, x, k, &args, sizeof args);
}

MoeTensor *
moe_scatter_last(MoeTape *tape, MoeTensor *x, const int32_t *index, int64_t E)
{
    int64_t rows = moe_tensor_rows(x), k = moe_tensor_last(x);
    moe__op_expect_index("scatter_last", index, rows * k, -1, E);
    Last args = {moe__op_copy_index(tape, index, rows * k), rows, k, E};
    return moe__op_new_last(tape, &moe_op__scatter_last, x, E, &args, sizeof args);
}
