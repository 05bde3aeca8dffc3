/* SPDX-License-Identifier: MIT */
#include "tensor/unary.h"

/* Three streams of a piece stay in a 32 KiB first-level cache's shadow, and the call is noise. */
#define PIECE 8192

void
moe__unary_forward(MoeNode *node, MoeUnaryForward kernel)
{
    int64_t n = moe_tensor_count(node->out);
    const float *x = node->in[0]->data;
    float *y = node->out->data;
#pragma omp parallel for schedule(static) if (n >= MOE_PARALLEL_ELEMENTS)
    for (int64_t i = 0; i < n; i += PIECE)
        kernel(y + i, x + i, MIN(PIECE, n - i));
}

void
moe__unary_backward(MoeNode *node, MoeUnaryBackward kernel)
{
    bool accumulate;
    int64_t n = moe_tensor_count(node->out);
    float *dx = moe_node_grad_beta(node, 0, &accumulate);
    const float *dy = node->out->grad, *x = node->in[0]->data, *y = node->out->data;
#pragma omp parallel for schedule(static) if (n >= MOE_PARALLEL_ELEMENTS)
    for (int64_t i = 0; i < n; i += PIECE)
        kernel(dx + i, dy + i, x + i, y + i, MIN(PIECE, n - i), accumulate);
}
