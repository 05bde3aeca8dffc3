/* SPDX-License-Identifier: MIT
 *
 * y[row[r]] = x[r] W_gᵀ + b_g for r in group g: a grouped product whose results go to their places
 * piece by piece, while they are in cache (tensor/gemm.h); backward fetches gradients from there.
 */
#include "tensor/cpu.h"
#include "tensor/gemm.h"
#include "tensor/op.h"

#include <string.h>

static void
grouped_scatter_forward(MoeNode *node)
{
    const MoeGroups *groups = node->args;
    const MoeTensor *x = node->in[0], *w = node->in[1], *b = node->in[2];
    int64_t n_out = w->shape[1], n_in = w->shape[2];
    if (x->shape[0] < node->out->shape[0])
        memset(node->out->data, 0, (size_t)moe_tensor_count(node->out) * sizeof(float));
    g_autofree MoeGemm *products = g_new(MoeGemm, groups->groups);
    for (int g = 0; g < groups->groups; g++) {
        int64_t from = groups->offset[g];
        products[g] = (MoeGemm){.trans_b = true,
                                .m = groups->offset[g + 1] - from,
                                .n = n_out,
                                .k = n_in,
                                .a = x->data + from * n_in,
                                .lda = n_in,
                                .b = w->data + g * n_out * n_in,
                                .ldb = n_in,
                                .c = node->out->data,
                                .ldc = n_out,
                                .bias = b ? b->data + g * n_out : NULL,
                                .c_row = groups->row + from};
    }
    moe__gemm_all(products, groups->groups);
}

/* dW_g = dy_gᵀ x_g */
static void
weight_products(MoeNode *node, MoeGemm *products)
{
    const MoeGroups *groups = node->args;
    int64_t n_out = node->in[1]->shape[1], n_in = node->in[1]->shape[2];
    bool add;
    float *dw = moe_node_grad_beta(node, 1, &add);
    for (int g = 0; g < groups->groups; g++) {
        int64_t from = groups->offset[g];
        products[g] = (MoeGemm){.trans_a = true,
                                .m = n_out,
                                .n = n_in,
                                .k = groups->offset[g + 1] - from,
                                .a = node->out->grad,
                                .lda = n_out,
                                .a_row = groups->row + from,
                                .b = node->in[0]->data + from * n_in,
                                .ldb = n_in,
                                .beta = add ? 1 : 0,
                                .c = dw + g * n_out * n_in,
                                .ldc = n_in};
    }
}

/* dx_g = dy_g W_g */
static void
row_products(MoeNode *node, MoeGemm *products)
{
    const MoeGroups *groups = node->args;
    int64_t n_out = node->in[1]->shape[1], n_in = node->in[1]->shape[2];
    bool add;
    float *dx = moe_node_grad_beta(node, 0, &add);
    for (int g = 0; g < groups->groups; g++) {
        int64_t from = groups->offset[g];
        products[g] = (MoeGemm){.m = groups->offset[g + 1] - from,
                                .n = n_in,
                                .k = n_out,
                                .a = node->out->grad,
                                .lda = n_out,
                                .a_row = groups->row + from,
                                .b = node->in[1]->data + g * n_out * n_in,
                                .ldb = n_in,
                                .beta = add ? 1 : 0,
                                .c = dx + from * n_in,
                                .ldc = n_in};
    }
}

MOE_CLONES static void
grouped_scatter_add_row(float *restrict to, const float *restrict from, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] += from[i];
}

static void
biases_backward(MoeNode *node)
{
    const MoeGroups *groups = node->args;
    int64_t n_out = node->in[1]->shape[1], elements = moe_tensor_count(node->out);
    bool add;
    float *db = moe_node_grad_beta(node, 2, &add);
#pragma omp parallel for schedule(static) if (elements >= MOE_PARALLEL_ELEMENTS)
    for (int g = 0; g < groups->groups; g++) {
        if (!add)
            memset(db + g * n_out, 0, (size_t)n_out * sizeof *db);
        for (int64_t r = groups->offset[g]; r < groups->offset[g + 1]; r++)
            grouped_scatter_add_row(db + g * n_out, node->out->grad + groups->row[r] * n_out,
                                    n_out);
    }
}

static void
grouped_scatter_backward(MoeNode *node)
{
    const MoeGroups *groups = node->args;
    g_autofree MoeGemm *products = g_new(MoeGemm, 2 * groups->groups);
    int n = 0;
    if (moe_node_wants(node, 1)) {
        weight_products(node, products);
        n += groups->groups;
    }
    if (moe_node_wants(node, 0)) {
        row_products(node, products + n);
        n += groups->groups;
    }
    moe__gemm_all(products, n);
    if (moe_node_wants(node, 2))
        biases_backward(node);
}

static void
grouped_scatter_reference(const MoeNode *node, const double *const in[], double *out)
{
    const MoeGroups *groups = node->args;
    int64_t n_out = node->in[1]->shape[1], n_in = node->in[1]->shape[2];
    for (int64_t i = 0; i < moe_tensor_count(node->out); i++)
        out[i] = 0;
    for (int g = 0; g < groups->groups; g++)
        for (int64_t r = groups->offset[g]; r < groups->offset[g + 1]; r++)
            for (int64_t o = 0; o < n_out; o++) {
                double sum = in[2] ? in[2][g * n_out + o] : 0;
                for (int64_t i = 0; i < n_in; i++)
                    sum += in[0][r * n_in + i] * in[1][(g * n_out + o) * n_in + i];
                out[groups->row[r] * n_out + o] = sum;
            }
}

const MoeOp moe_op__grouped_scatter = {"grouped_scatter", grouped_scatter_forward,
                                       grouped_scatter_backward, grouped_scatter_reference};

/* Pieces write without looking at each other. */
static void
expect_distinct(const MoeGroups *groups, int64_t rows, int64_t n_rows)
{
    g_autofree bool *taken = g_new0(bool, n_rows);
    for (int64_t r = 0; r < rows; r++) {
        if (taken[groups->row[r]])
            g_error("grouped_scatter: row %d is named twice", groups->row[r]);
        taken[groups->row[r]] = true;
    }
}

MoeTensor *
moe_grouped_scatter(MoeTape *tape, MoeTensor *x, MoeTensor *w, MoeTensor *b,
                    const MoeGroups *groups, int64_t n_rows)
{
    const char *name = "grouped_scatter";
    int64_t rows = groups->offset[groups->groups];
    moe__op_expect(w->ndim == 3 && w->shape[0] == groups->groups, name, w, NULL);
    moe__op_expect(x->ndim == 2 && x->shape[1] == w->shape[2] && x->shape[0] == rows, name, x, w);
    moe__op_expect(!b || (b->ndim == 2 && b->shape[0] == w->shape[0] && b->shape[1] == w->shape[1]),
                   name, w, b);
    moe__op_expect_index(name, groups->row, rows, 0, n_rows);
    expect_distinct(groups, rows, n_rows);
    return moe_tape_run(tape, &moe_op__grouped_scatter, 3, (MoeTensor *[]){x, w, b}, 2,
                        (int64_t[]){n_rows, w->shape[1]}, groups, sizeof *groups);
}
