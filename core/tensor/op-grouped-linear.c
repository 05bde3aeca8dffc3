/* SPDX-License-Identifier: MIT
 *
 * y[r] = x[row[r]] W_gᵀ + b_g for r in group g. Groups run one after another, each with all
 * threads inside its product: with OpenBLAS 0.3.21 on two cores, two products side by side reach
 * 140 to 165 GFLOP/s where one on both cores reaches 150 to 200. One group's rows are gathered at
 * a time.
 */
#include "tensor/bias.h"
#include "tensor/gemm.h"
#include "tensor/op.h"
#include "tensor/rows.h"

#include <string.h>

/* Rows of one group, and where they lie in inputs and output. */
typedef struct {
    int64_t from, n;
    const float *x, *w, *b; /* x [n, in]: gathered, or in place */
} Group;

static int64_t
largest_group(const MoeGroups *groups)
{
    int64_t largest = 0;
    for (int g = 0; g < groups->groups; g++)
        largest = MAX(largest, groups->offset[g + 1] - groups->offset[g]);
    return largest;
}

/* Memory for one group's gathered rows; NULL where nothing is gathered. */
static float *
gather_space(MoeNode *node)
{
    const MoeGroups *groups = node->args;
    int64_t n_in = node->in[1]->shape[2];
    return groups->row
               ? moe_node_alloc(node, (size_t)(largest_group(groups) * n_in) * sizeof(float))
               : NULL;
}

static Group
group_open(const MoeNode *node, int g, float *space)
{
    const MoeGroups *groups = node->args;
    const MoeTensor *x = node->in[0], *w = node->in[1], *b = node->in[2];
    int64_t n_out = w->shape[1], n_in = w->shape[2];
    Group group = {.from = groups->offset[g],
                   .n = groups->offset[g + 1] - groups->offset[g],
                   .w = w->data + g * n_out * n_in,
                   .b = b ? b->data + g * n_out : NULL};
    if (groups->row)
        moe__take_rows(space, false, x->data, groups->row + group.from, group.n, n_in);
    group.x = groups->row ? space : x->data + group.from * n_in;
    return group;
}

static void
grouped_linear_forward(MoeNode *node)
{
    const MoeGroups *groups = node->args;
    int64_t n_out = node->in[1]->shape[1], n_in = node->in[1]->shape[2];
    MoeArena *arena = moe_tape_arena(node->tape);
    MoeArenaMark mark = moe_arena_mark(arena);
    float *space = gather_space(node);
    for (int i = 0; i < groups->groups; i++) {
        Group g = group_open(node, i, space);
        float *y = node->out->data + g.from * n_out;
        if (g.b)
            moe__bias_fill(y, g.b, g.n, n_out);
        moe__gemm(false, true, g.n, n_out, n_in, g.x, n_in, g.w, n_in, g.b ? 1 : 0, y, n_out);
    }
    moe_arena_release(arena, mark);
}

static void
weights_backward(MoeNode *node)
{
    const MoeGroups *groups = node->args;
    int64_t n_out = node->in[1]->shape[1], n_in = node->in[1]->shape[2];
    bool add_w = false, add_b = false;
    float *dw = moe_node_wants(node, 1) ? moe_node_grad_beta(node, 1, &add_w) : NULL;
    float *db = moe_node_wants(node, 2) ? moe_node_grad_beta(node, 2, &add_b) : NULL;
    MoeArena *arena = moe_tape_arena(node->tape);
    MoeArenaMark mark = moe_arena_mark(arena);
    float *space = gather_space(node);
    for (int i = 0; (dw || db) && i < groups->groups; i++) {
        Group g = group_open(node, i, space);
        const float *dy = node->out->grad + g.from * n_out;
        if (dw)
            moe__gemm(true, false, n_out, n_in, g.n, dy, n_out, g.x, n_in, add_w ? 1 : 0,
                      dw + i * n_out * n_in, n_in);
        if (db)
            moe__bias_grad(db + i * n_out, add_b, dy, g.n, n_out);
    }
    moe_arena_release(arena, mark);
}

/* Gradients of the list's rows. Several rows of the list may be one of x: those are added up
 * afterwards, row by row of x, in the order of the list. */
static void
rows_backward(MoeNode *node)
{
    const MoeGroups *groups = node->args;
    int64_t n_out = node->in[1]->shape[1], n_in = node->in[1]->shape[2];
    int64_t rows = node->out->shape[0];
    bool accumulate;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
    MoeArena *arena = moe_tape_arena(node->tape);
    MoeArenaMark mark = moe_arena_mark(arena);
    float *list = groups->row ? moe_node_alloc(node, (size_t)(rows * n_in) * sizeof *list) : dx;
    bool add = accumulate && !groups->row;
    for (int g = 0; g < groups->groups; g++) {
        int64_t from = groups->offset[g], n = groups->offset[g + 1] - from;
        moe__gemm(false, false, n, n_in, n_out, node->out->grad + from * n_out, n_out,
                  node->in[1]->data + g * n_out * n_in, n_in, add ? 1 : 0, list + from * n_in,
                  n_in);
    }
    if (groups->row)
        moe__add_rows(node, dx, accumulate, node->in[0]->shape[0], list, groups->row, rows, n_in);
    moe_arena_release(arena, mark);
}

static void
grouped_linear_backward(MoeNode *node)
{
    weights_backward(node);
    if (moe_node_wants(node, 0))
        rows_backward(node);
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
