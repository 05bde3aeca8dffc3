/* SPDX-License-Identifier: MIT
 *
 * y[r] = table[id[r]]
 */
#include "tensor/op.h"
#include "tensor/rows.h"

typedef struct {
    const int32_t *id; /* [rows of the output] */
} Embedding;

static void
embedding_forward(MoeNode *node)
{
    const Embedding *args = node->args;
    moe__take_rows(node->out->data, false, node->in[0]->data, args->id, node->out->shape[0],
                   node->out->shape[1]);
}

static void
embedding_backward(MoeNode *node)
{
    const Embedding *args = node->args;
    bool accumulate;
    float *dtable = moe_node_grad_beta(node, 0, &accumulate);
    moe__add_rows(node, dtable, accumulate, node->in[0]->shape[0], node->out->grad, args->id,
                  node->out->shape[0], node->out->shape[1]);
}

static void
embedding_reference(const MoeNode *node, const double *const in[], double *out)
{
    const Embedding *args = node->args;
    int64_t d = node->out->shape[1];
    for (int64_t r = 0; r < node->out->shape[0]; r++)
        for (int64_t j = 0; j < d; j++)
            out[r * d + j] = in[0][args->id[r] * d + j];
}

const MoeOp moe_op__embedding = {"embedding", embedding_forward, embedding_backward,
                                 embedding_reference};

MoeTensor *
moe_embedding(MoeTape *tape, MoeTensor *table, const int32_t *id, int64_t n)
{
    moe__op_expect(table->ndim == 2, "embedding", table, NULL);
    moe__op_expect_index("embedding", id, n, 0, table->shape[0]);
    Embedding args = {moe__op_copy_index(tape, id, n)};
    return moe_tape_run(tape, &moe_op__embedding, 1, &table, 2, (int64_t[]){n, table->shape[1]},
                        &args, sizeof args);
}
