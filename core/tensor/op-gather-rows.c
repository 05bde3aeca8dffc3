/* SPDX-License-Identifier: MIT
 *
 * y[r] = x[row[r]]
 */
#include "tensor/op.h"
#include "tensor/rows.h"

typedef struct {
    const int32_t *row; /* [rows of the output] */
    int64_t d;
} GatherRows;

static void
gather_rows_forward(MoeNode *node)
{
    const GatherRows *args = node->args;
    moe__take_rows(node->out->data, false, node->in[0]->data, args->row, node->out->shape[0],
                   args->d);
}

static void
gather_rows_backward(MoeNode *node)
{
    const GatherRows *args = node->args;
    bool accumulate;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
    moe__add_rows(node, dx, accumulate, node->in[0]->shape[0], node->out->grad, args->row,
                  node->out->shape[0], args->d);
}

static void
gather_rows_reference(const MoeNode *node, const double *const in[], double *out)
{
    const GatherRows *args = node->args;
    for (int64_t r = 0; r < node->out->shape[0]; r++)
        for (int64_t j = 0; j < args->d; j++)
            out[r * args->d + j] = in[0][args->row[r] * args->d + j];
}

const MoeOp moe_op__gather_rows = {"gather_rows", gather_rows_forward, gather_rows_backward,
                                   gather_rows_reference};

MoeTensor *
moe_gather_rows(MoeTape *tape, MoeTensor *x, const int32_t *row, int64_t n_rows)
{
    moe__op_expect(x->ndim == 2, "gather_rows", x, NULL);
    moe__op_expect_index("gather_rows", row, n_rows, 0, x->shape[0]);
    GatherRows args = {moe__op_copy_index(tape, row, n_rows), x->shape[1]};
    return moe_tape_run(tape, &moe_op__gather_rows, 1, &x, 2, (int64_t[]){n_rows, args.d}, &args,
                        sizeof args);
}
