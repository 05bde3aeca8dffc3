/* SPDX-License-Identifier: MIT
 *
 * y_i = a_i b_i, or a_i b_iᵀ, for each i of a batch.
 */
#include "tensor/gemm.h"
#include "tensor/op.h"

typedef struct {
    bool transpose_b;
    int64_t m, n, k;
} Bmm;

/* One product of every batch entry: c_i = op(a_i) op(b_i) + beta c_i. */
typedef struct {
    bool trans_a, trans_b;
    int64_t m, n, k;
    const float *a, *b;
    float *c, beta;
} BatchedProduct;

static void
batched_product(int64_t batch, const BatchedProduct *p)
{
    int64_t lda = p->trans_a ? p->m : p->k, ldb = p->trans_b ? p->k : p->n;
    g_autofree MoeGemm *products = g_new(MoeGemm, batch);
    for (int64_t i = 0; i < batch; i++)
        products[i] = (MoeGemm){p->trans_a,
                                p->trans_b,
                                p->m,
                                p->n,
                                p->k,
                                p->a + i * p->m * p->k,
                                lda,
                                p->b + i * p->k * p->n,
                                ldb,
                                p->beta,
                                p->c + i * p->m * p->n,
                                p->n};
    moe__gemm_all(products, (int)batch);
}

static void
bmm_forward(MoeNode *node)
{
    const Bmm *s = node->args;
    batched_product(node->out->shape[0],
                    &(BatchedProduct){false, s->transpose_b, s->m, s->n, s->k, node->in[0]->data,
                                      node->in[1]->data, node->out->data, 0});
}

/* da = dy bᵀ and db = aᵀ dy; with b given transposed, da = dy b and db = dyᵀ a. */
static void
bmm_backward(MoeNode *node)
{
    const Bmm *s = node->args;
    int64_t batch = node->out->shape[0];
    const float *a = node->in[0]->data, *b = node->in[1]->data, *dy = node->out->grad;
    bool accumulate;
    if (moe_node_wants(node, 0)) {
        float *da = moe_node_grad_beta(node, 0, &accumulate);
        batched_product(batch, &(BatchedProduct){false, !s->transpose_b, s->m, s->k, s->n, dy, b,
                                                 da, accumulate ? 1 : 0});
    }
    if (moe_node_wants(node, 1)) {
        float *db = moe_node_grad_beta(node, 1, &accumulate);
        batched_product(batch, s->transpose_b ? &(BatchedProduct){true, false, s->n, s->k, s->m, dy,
                                                                  a, db, accumulate ? 1 : 0}
                                              : &(BatchedProduct){true, false, s->k, s->n, s->m, a,
                                                                  dy, db, accumulate ? 1 : 0});
    }
}

static void
bmm_reference(const MoeNode *node, const double *const in[], double *out)
{
    const Bmm *s = node->args;
    for (int64_t i = 0; i < node->out->shape[0]; i++)
        for (int64_t m = 0; m < s->m; m++)
            for (int64_t n = 0; n < s->n; n++) {
                double sum = 0;
                for (int64_t k = 0; k < s->k; k++)
                    sum += in[0][(i * s->m + m) * s->k + k] *
                           in[1][s->transpose_b ? (i * s->n + n) * s->k + k
                                                : (i * s->k + k) * s->n + n];
                out[(i * s->m + m) * s->n + n] = sum;
            }
}

const MoeOp moe_op__bmm = {"bmm", bmm_forward, bmm_backward, bmm_reference};

MoeTensor *
moe_bmm(MoeTape *tape, MoeTensor *a, MoeTensor *b, bool transpose_b)
{
    moe__op_expect(a->ndim == 3 && b->ndim == 3 && a->shape[0] == b->shape[0] &&
                       a->shape[2] == b->shape[transpose_b ? 2 : 1],
                   "bmm", a, b);
    Bmm args = {transpose_b, a->shape[1], b->shape[transpose_b ? 1 : 2], a->shape[2]};
    return moe_tape_run(tape, &moe_op__bmm, 2, (MoeTensor *[]){a, b}, 3,
                        (int64_t[]){a->shape[0], args.m, args.n}, &args, sizeof args);
}
