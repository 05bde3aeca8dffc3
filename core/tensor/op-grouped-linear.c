/* SPDX-License-Identifier: MIT
 *
 * y[r] = x[row[r]] W_gᵀ + b_g for r in group g. The groups are products that don't depend on each
 * other, a thread to each, which gathers their rows on the way (tensor/gemm.h).
 */
#include "tensor/bias.h"
#include "tensor/cpu.h"
#include "tensor/gemm.h"
#include "tensor/op.h"
#include "tensor/rows.h"

#include <string.h>

/* Where group rows from … begin in x, and which they are: x's own, or those that the list names. */
static const float *
group_rows(const MoeNode *node, int64_t from, const int32_t **row)
{
    const MoeGroups *groups = node->args;
    const MoeTensor *x = node->in[0];
    *row = groups->row ? groups->row + from : NULL;
    return groups->row ? x->data : x->data + from * x->shape[1];
}

static void
grouped_linear_forward(MoeNode *node)
{
    const MoeGroups *groups = node->args;
    const MoeTensor *w = node->in[1], *b = node->in[2];
    int64_t n_out = w->shape[1], n_in = w->shape[2];
    g_autofree MoeGemm *products = g_new(MoeGemm, groups->groups);
    for (int g = 0; g < groups->groups; g++) {
        int64_t from = groups->offset[g];
        products[g] = (MoeGemm){.trans_b = true,
                                .m = groups->offset[g + 1] - from,
                                .n = n_out,
                                .k = n_in,
                                .lda = n_in,
                                .b = w->data + g * n_out * n_in,
                                .ldb = n_in,
                                .c = node->out->data + from * n_out,
                                .ldc = n_out,
                                .bias = b ? b->data + g * n_out : NULL};
        products[g].a = group_rows(node, from, &products[g].a_row);
    }
    moe__gemm_all(products, groups->groups);
}

/* dW_g = dy_gᵀ x_g, for every group. */
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
                                .a = node->out->grad + from * n_out,
                                .lda = n_out,
                                .ldb = n_in,
                                .beta = add ? 1 : 0,
                                .c = dw + g * n_out * n_in,
                                .ldc = n_in};
        products[g].b = group_rows(node, from, &products[g].b_row);
    }
}

/* The gradient of the list's rows, dy_g W_g, for every group. */
static void
row_products(const MoeNode *node, float *list, bool add, MoeGemm *products)
{
    const MoeGroups *groups = node->args;
    int64_t n_out = node->in[1]->shape[1], n_in = node->in[1]->shape[2];
    for (int g = 0; g < groups->groups; g++) {
        int64_t from = groups->offset[g];
        products[g] = (MoeGemm){.m = groups->offset[g + 1] - from,
                                .n = n_in,
                                .k = n_out,
                                .a = node->out->grad + from * n_out,
                                .lda = n_out,
                                .b = node->in[1]->data + g * n_out * n_in,
                                .ldb = n_in,
                                .beta = add ? 1 : 0,
                                .c = list + from * n_in,
                                .ldc = n_in};
    }
}

static void
biases_backward(MoeNode *node)
{
    const MoeGroups *groups = node->args;
    int64_t n_out = node->in[1]->shape[1];
    bool add;
    float *db = moe_node_grad_beta(node, 2, &add);
    for (int g = 0; g < groups->groups; g++)
        moe__bias_grad(db + g * n_out, add, node->out->grad + groups->offset[g] * n_out,
                       groups->offset[g + 1] - groups->offset[g], n_out);
}

/* The products of weights and rows don't depend on each other: together they leave fewer threads
 * idle. Several rows of the list may be one of x: those are added up afterwards, row by row of x,
 * in the order of the list. */
static void
grouped_linear_backward(MoeNode *node)
{
    const MoeGroups *groups = node->args;
    int64_t rows = node->out->shape[0], n_in = node->in[1]->shape[2];
    bool wants_w = moe_node_wants(node, 1), wants_x = moe_node_wants(node, 0), add = false;
    g_autofree MoeGemm *products = g_new(MoeGemm, 2 * groups->groups);
    int n = 0;
    if (wants_w) {
        weight_products(node, products);
        n += groups->groups;
    }
    float *dx = wants_x ? moe_node_grad_beta(node, 0, &add) : NULL;
    MoeArena *arena = moe_tape_arena(node->tape);
    MoeArenaMark mark = moe_arena_mark(arena);
    float *list = dx;
    if (wants_x) {
        if (groups->row)
            list = moe_node_alloc(node, (size_t)(rows * n_in) * sizeof *list);
        row_products(node, list, add && !groups->row, products + n);
        n += groups->groups;
    }
    moe__gemm_all(products, n);
    if (wants_x && groups->row)
        moe__add_rows(node, dx, add, node->in[0]->shape[0], list, groups->row, rows, n_in);
    moe_arena_release(arena, mark);
    if (moe_node_wants(node, 2))
        biases_backward(node);
}

static void
grouped_linear_reference(const MoeNode *node, const double *const in[], double *out)
{
    const MoeGroups *groups = node->args;
    int64_t n_out = node->in[1]->shape[1], n_in = node->in[1]->shape[2];
    for (int g = 0; g < groups->groups; g++)
        for (int64_t r = groups->offset[g]; r < groups->offset[g + 1]; r++)
            for (int64_t o = 0; o < n_out; o++) {
                const double *x = in[0] + (groups->row ? groups->row[r] : r) * n_in;
                double sum = in[2] ? in[2][g * n_out + o] : 0;
                for (int64_t i = 0; i < n_in; i++)
                    sum += x[i] * in[1][(g * n_out + o) * n_in + i];
                out[r * n_out + o] = sum;
            }
}

const MoeOp moe_op__grouped_linear = {"grouped_linear", grouped_linear_forward,
                                      grouped_linear_backward, grouped_linear_reference};

MoeTensor *
moe_grouped_linear(MoeTape *tape, MoeTensor *x, MoeTensor *w, MoeTensor *b, const MoeGroups *groups)
{
    const char *name = "grouped_linear";
    moe__op_expect(w->ndim == 3 && w->shape[0] == groups->groups, name, w, NULL);
    moe__op_expect(x->ndim == 2 && x->shape[1] == w->shape[2], name, x, w);
    moe__op_expect(!b || (b->ndim == 2 && b->shape[0] == w->shape[0] && b->shape[1] == w->shape[1]),
                   name, w, b);
    int64_t rows = groups->offset[groups->groups];
    moe__op_expect(groups->row || rows == x->shape[0], name, x, NULL);
    if (groups->row)
        moe__op_expect_index(name, groups->row, rows, 0, x->shape[0]);
    return moe_tape_run(tape, &moe_op__grouped_linear, 3, (MoeTensor *[]){x, w, b}, 2,
                        (int64_t[]){rows, w->shape[1]}, groups, sizeof *groups);
}
