/* SPDX-License-Identifier: MIT
 *
 * y[u] = Σ_j g[u, j] x[place[u k + j]]; a place of -1 was dropped and counts for nothing.
 */
#include "tensor/cpu.h"
#include "tensor/op.h"
#include "tensor/vecmath.h"

#include <string.h>

typedef struct {
    const int32_t *place; /* [U, k] */
    int64_t units, k, d;
} Combine;

MOE_CLONES static void
combine_add_row(float *restrict y, float weight, const float *restrict x, int64_t d)
{
    for (int64_t i = 0; i < d; i++)
        y[i] += weight * x[i];
}

MOE_CLONES static float
combine_dot(const float *a, const float *b, int64_t d)
{
    return vec_dot(a, b, d);
}

static void
combine_forward(MoeNode *node)
{
    const Combine *s = node->args;
    const float *x = node->in[0]->data, *g = node->in[1]->data;
#pragma omp parallel for schedule(static) if (s->units * s->d >= MOE_PARALLEL_ELEMENTS)
    for (int64_t u = 0; u < s->units; u++) {
        float *y = node->out->data + u * s->d;
        memset(y, 0, (size_t)s->d * sizeof *y);
        for (int64_t p = u * s->k; p < (u + 1) * s->k; p++)
            if (s->place[p] >= 0)
                combine_add_row(y, g[p], x + s->place[p] * s->d, s->d);
    }
}

/* The picks of each row of x as chains in rising order: first[r], then next[pick], ended by -1. */
static void
chain_picks(const Combine *s, int64_t rows, int32_t *first, int32_t *next)
{
    for (int64_t r = 0; r < rows; r++)
        first[r] = -1;
    for (int64_t p = s->units * s->k; p-- > 0;)
        if (s->place[p] >= 0) {
            next[p] = first[s->place[p]];
            first[s->place[p]] = (int32_t)p;
        }
}

static void
rows_backward(MoeNode *node)
{
    const Combine *s = node->args;
    const float *g = node->in[1]->data, *dy = node->out->grad;
    int64_t rows = node->in[0]->shape[0];
    bool accumulate;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
    int32_t *first = moe_node_alloc(node, (size_t)rows * sizeof *first);
    int32_t *next = moe_node_alloc(node, (size_t)(s->units * s->k) * sizeof *next);
    chain_picks(s, rows, first, next);
#pragma omp parallel for schedule(static) if (rows * s->d >= MOE_PARALLEL_ELEMENTS)
    for (int64_t r = 0; r < rows; r++) {
        if (!accumulate)
            memset(dx + r * s->d, 0, (size_t)s->d * sizeof *dx);
        for (int32_t p = first[r]; p >= 0; p = next[p])
            combine_add_row(dx + r * s->d, g[p], dy + p / s->k * s->d, s->d);
    }
}

static void
gates_backward(MoeNode *node)
{
    const Combine *s = node->args;
    const float *x = node->in[0]->data, *dy = node->out->grad;
    int64_t picks = s->units * s->k;
    bool accumulate;
    float *dg = moe_node_grad_beta(node, 1, &accumulate);
#pragma omp parallel for schedule(static) if (picks * s->d >= MOE_PARALLEL_ELEMENTS)
    for (int64_t p = 0; p < picks; p++) {
        float dot = 0;
        if (s->place[p] >= 0)
            dot = combine_dot(dy + p / s->k * s->d, x + s->place[p] * s->d, s->d);
        dg[p] = accumulate ? dg[p] + dot : dot;
    }
}

static void
combine_backward(MoeNode *node)
{
    if (moe_node_wants(node, 0))
        rows_backward(node);
    if (moe_node_wants(node, 1))
        gates_backward(node);
}

static void
combine_reference(const MoeNode *node, const double *const in[], double *out)
{
    const Combine *s = node->args;
    for (int64_t u = 0; u < s->units; u++)
        for (int64_t i = 0; i < s->d; i++) {
            out[u * s->d + i] = 0;
            for (int64_t p = u * s->k; p < (u + 1) * s->k; p++)
                if (s->place[p] >= 0)
                    out[u * s->d + i] += in[1][p] * in[0][s->place[p] * s->d + i];
        }
}

const MoeOp moe_op__combine = {"combine", combine_forward, combine_backward, combine_reference};

MoeTensor *
moe_combine(MoeTape *tape, MoeTensor *x, MoeTensor *g, const int32_t *place)
{
    moe__op_expect(x->ndim == 2 && g->ndim == 2, "combine", x, g);
    int64_t picks = moe_tensor_count(g);
    moe__op_expect_index("combine", place, picks, -1, x->shape[0]);
    Combine args = {moe__op_copy_index(tape, place, picks), g->shape[0], g->shape[1], x->shape[1]};
    return moe_tape_run(tape, &moe_op__combine, 2, (MoeTensor *[]){x, g}, 2,
                        (int64_t[]){args.units, args.d}, &args, sizeof args);
}
