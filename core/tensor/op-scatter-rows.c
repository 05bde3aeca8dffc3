/* SPDX-License-Identifier: MIT
 *
 * y[row[r]] += x[r]
 */
#include "tensor/op.h"
#include "tensor/rows.h"

typedef struct {
    const int32_t *row; /* [rows of the input] */
    int64_t d;
} ScatterRows;

static void
scatter_rows_forward(MoeNode *node)
{
    const ScatterRows *args = node->args;
    moe__add_rows(node, node->out->data, false, node->out->shape[0], node->in[0]->data, args->row,
                  node->in[0]->shape[0], args->d);
}

static void
scatter_rows_backward(MoeNode *node)
{
    const ScatterRows *args = node->args;
    bool accumulate;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
    moe__take_rows(dx, accumulate, node->out->grad, args->row, node->in[0]->shape[0], args->d);
}

static void
scatter_rows_reference(const MoeNode *node, const double *const in[], double *out)
{
    const ScatterRows *args = node->args;
    for (int64_t i = 0; i < moe_tensor_count(node->out); i++)
        out[i] = 0;
    for (int64_t r = 0; r < node->in[0]->shape[0]; r++)
        for (int64_t j = 0; j < args->d; j++)
            out[args->row[r] * args->d + j] += in[0][r * args->d + j];
}

const MoeOp moe_op__scatter_rows = {"scatter_rows", scatter_rows_forward, scatter_rows_backward,
                                    scatter_rows_reference};

MoeTensor *
moe_scatter_rows(MoeTape *tape, MoeTensor *x, const int32_t *row, int64_t n_out)
{
    moe__op_expect(x->ndim == 2, "scatter_rows", x, NULL);
    moe__op_expect_index("scatter_rows", row, x->shape[0], 0, n_out);
    ScatterRows args = {moe__op_copy_index(tape, row, x->shape[0]), x->shape[1]};
    return moe_tape_run(tape, &moe_op__scatter_rows, 1, &x, 2, (int64_t[]){n_out, args.d}, &args,
                        sizeof args);
}
