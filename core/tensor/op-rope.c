/* SPDX-License-Identifier: MIT
 *
 * Rotary positions: each pair (x_i, x_{i+D/2}) turned by its position's angle; the gradient turns
 * back.
 */
#include "tensor/cpu.h"
#include "tensor/op.h"
#include "tensor/rope.h"

#include <string.h>

typedef struct {
    const float *table; /* [T, D] */
    float base;
} Rope;

/* y = or += x turned, or turned back (direction -1), for the heads of one position. */
MOE_CLONES static void
rope_turn_heads(float *restrict y, const float *restrict x, const float *restrict table,
                float direction, int64_t heads, int64_t dim, bool accumulate)
{
    int64_t half = dim / 2;
    for (int64_t h = 0; h < heads; h++, x += dim, y += dim)
        for (int64_t i = 0; i < half; i++) {
            float c = table[i], s = direction * table[half + i];
            float first = x[i] * c - x[i + half] * s, second = x[i + half] * c + x[i] * s;
            y[i] = accumulate ? y[i] + first : first;
            y[i + half] = accumulate ? y[i + half] + second : second;
        }
}

static void
turn(const MoeNode *node, float *y, const float *x, float direction, bool accumulate)
{
    const Rope *args = node->args;
    const int64_t *shape = node->out->shape;
    int64_t length = shape[1], heads = shape[2], dim = shape[3], rows = shape[0] * length;
#pragma omp parallel for schedule(static) if (rows * heads * dim >= MOE_PARALLEL_ELEMENTS)
    for (int64_t r = 0; r < rows; r++)
        rope_turn_heads(y + r * heads * dim, x + r * heads * dim, args->table + r % length * dim,
                        direction, heads, dim, accumulate);
}

static void
rope_forward(MoeNode *node)
{
    turn(node, node->out->data, node->in[0]->data, 1, false);
}

static void
rope_backward(MoeNode *node)
{
    bool accumulate;
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
    turn(node, dx, node->out->grad, -1, accumulate);
}

static void
rope_reference(const MoeNode *node, const double *const in[], double *out)
{
    const Rope *args = node->args;
    const int64_t *shape = node->out->shape;
    memcpy(out, in[0], (size_t)moe_tensor_count(node->out) * sizeof *out);
    for (int64_t b = 0; b < shape[0]; b++)
        for (int64_t t = 0; t < shape[1]; t++)
            for (int64_t h = 0; h < shape[2]; h++, out += shape[3])
                moe__rope_reference(out, t, shape[3], args->base);
}

const MoeOp moe_op__rope = {"rope", rope_forward, rope_backward, rope_reference};

MoeTensor *
moe_rope(MoeTape *tape, MoeTensor *x, float base)
{
    moe__op_expect(x->ndim == 4 && x->shape[3] % 2 == 0, "rope", x, NULL);
    Rope args = {moe__rope_table(moe_tape_arena(tape), x->shape[1], x->shape[3], base), base};
    return moe__op_same_shape(tape, &moe_op__rope, x, &args, sizeof args);
}
