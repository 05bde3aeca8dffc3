/* SPDX-License-Identifier: MIT
 *
 * y = scale x + shift
 */
#include "tensor/cpu.h"
#include "tensor/op.h"

#define PIECE 8192

typedef struct {
    float scale, shift;
} Affine;

MOE_CLONES static void
affine_piece(float *restrict y, const float *restrict x, int64_t n, float scale, float shift)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = scale * x[i] + shift;
}

MOE_CLONES static void
affine_add_piece(float *restrict y, const float *restrict x, int64_t n, float scale)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += scale * x[i];
}

static void
affine_forward(MoeNode *node)
{
    const Affine *args = node->args;
    int64_t n = moe_tensor_count(node->out);
    const float *x = node->in[0]->data;
    float *y = node->out->data;
#pragma omp parallel for schedule(static) if (n >= MOE_PARALLEL_ELEMENTS)
    for (int64_t i = 0; i < n; i += PIECE)
        affine_piece(y + i, x + i, MIN(PIECE, n - i), args->scale, args->shift);
}

static void
affine_backward(MoeNode *node)
{
    const Affine *args = node->args;
    bool accumulate;
    int64_t n = moe_tensor_count(node->out);
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
    const float *dy = node->out->grad;
#pragma omp parallel for schedule(static) if (n >= MOE_PARALLEL_ELEMENTS)
    for (int64_t i = 0; i < n; i += PIECE)
        if (accumulate)
            affine_add_piece(dx + i, dy + i, MIN(PIECE, n - i), args->scale);
        else
            affine_piece(dx + i, dy + i, MIN(PIECE, n - i), args->scale, 0);
}

static void
affine_reference(const MoeNode *node, const double *const in[], double *out)
{
    const Affine *args = node->args;
    for (int64_t i = 0; i < moe_tensor_count(node->out); i++)
        out[i] = (double)args->scale * in[0][i] + (double)args->shift;
}

const MoeOp moe_op__affine = {"affine", affine_forward, affine_backward, affine_reference};

MoeTensor *
moe_affine(MoeTape *tape, MoeTensor *x, float scale, float shift)
{
    Affine args = {scale, shift};
    return moe__op_same_shape(tape, &moe_op__affine, x, &args, sizeof args);
}
