/* SPDX-License-Identifier: MIT
 *
 * Causal self-attention: one (sequence, head) pair is one piece of work, done by a kernel built
 * for this CPU (attention-head.c). Pieces don't touch each other's results, so that it doesn't
 * matter which thread takes which.
 */
#include "tensor/attention-head.h"
#include "tensor/op.h"
#include "tensor/rope.h"

#include <math.h>
#include <omp.h>
#include <string.h>

typedef struct {
    int64_t heads;
    float rope_base;
    MoeHeadShape shape;
} Attention;

typedef struct {
    float *log_sum; /* [B, H, T]; NULL if no backward follows */
} Saved;

static void
attention_forward(MoeNode *node)
{
    const Attention *s = node->args;
    const int64_t length = s->shape.length, width = s->shape.width, dim = s->shape.dim;
    const int64_t pieces = node->out->shape[0] * s->heads;
    const MoeAttentionKernel *kernel = moe__attention_kernels()[0];
    Saved *saved = node->saved = moe_node_alloc(node, sizeof *saved);
    saved->log_sum = node->out->needs_grad
                         ? moe_node_alloc(node, (size_t)(pieces * length) * sizeof(float))
                         : NULL;
    MoeArena *arena = moe_tape_arena(node->tape);
    MoeArenaMark mark = moe_arena_mark(arena);
    const size_t floats = moe__attention_scratch(&s->shape, false);
    float *scratch = moe_arena_alloc(arena, floats * (size_t)omp_get_max_threads() * sizeof(float));
#pragma omp parallel for schedule(dynamic)
    for (int64_t i = 0; i < pieces; i++) {
        const int64_t row = i / s->heads * length, column = i % s->heads * dim;
        kernel->forward(&s->shape, node->in[0]->data + 3 * row * width + column,
                        node->out->data + row * width + column,
                        saved->log_sum ? saved->log_sum + i * length : NULL,
                        scratch + floats * (size_t)omp_get_thread_num());
    }
    moe_arena_release(arena, mark);
}

static void
attention_backward(MoeNode *node)
{
    const Attention *s = node->args;
    const Saved *saved = node->saved;
    const int64_t length = s->shape.length, width = s->shape.width, dim = s->shape.dim;
    const int64_t pieces = node->out->shape[0] * s->heads;
    const MoeAttentionKernel *kernel = moe__attention_kernels()[0];
    bool accumulate;
    float *grad = moe_node_grad_beta(node, 0, &accumulate);
    MoeArena *arena = moe_tape_arena(node->tape);
    MoeArenaMark mark = moe_arena_mark(arena);
    const size_t floats = moe__attention_scratch(&s->shape, true);
    float *scratch = moe_arena_alloc(arena, floats * (size_t)omp_get_max_threads() * sizeof(float));
#pragma omp parallel for schedule(dynamic)
    for (int64_t i = 0; i < pieces; i++) {
        const int64_t row = i / s->heads * length, column = i % s->heads * dim;
        const int64_t in = 3 * row * width + column, out = row * width + column;
        kernel->backward(&s->shape, node->in[0]->data + in, node->out->data + out,
                         saved->log_sum + i * length, node->out->grad + out, grad + in, accumulate,
                         scratch + floats * (size_t)omp_get_thread_num());
    }
    moe_arena_release(arena, mark);
}

/* One head of one sequence: softmax(q kᵀ / sqrt(D)) v with q, k [T, D] turned already. */
static void
head_reference(const MoeHeadShape *shape, const double *q, const double *k, const double *qkv,
               double *out)
{
    int64_t dim = shape->dim, width = shape->width;
    g_autofree double *p = g_new(double, shape->length + 1);
    for (int64_t i = 0; i < shape->length; i++) {
        double top = -INFINITY, sum = 0;
        for (int64_t j = 0; j <= i; j++) {
            p[j] = 0;
            for (int64_t d = 0; d < dim; d++)
                p[j] += q[i * dim + d] * k[j * dim + d];
            p[j] /= sqrt((double)dim);
            top = fmax(top, p[j]);
        }
        for (int64_t j = 0; j <= i; j++)
            sum += p[j] = exp(p[j] - top);
        for (int64_t d = 0; d < dim; d++) {
            out[i * width + d] = 0;
            for (int64_t j = 0; j <= i; j++)
                out[i * width + d] += p[j] / sum * qkv[(3 * j + 2) * width + d];
        }
    }
}

static void
attention_reference(const MoeNode *node, const double *const in[], double *out)
{
    const Attention *s = node->args;
    int64_t length = s->shape.length, width = s->shape.width, dim = s->shape.dim;
    g_autofree double *q = g_new(double, length *dim + 1), *k = g_new(double, length *dim + 1);
    for (int64_t i = 0; i < node->out->shape[0] * s->heads; i++) {
        int64_t row = i / s->heads * length, column = i % s->heads * dim;
        const double *qkv = in[0] + 3 * row * width + column;
        for (int64_t t = 0; t < length; t++) {
            memcpy(q + t * dim, qkv + 3 * t * width, (size_t)dim * sizeof *q);
            memcpy(k + t * dim, qkv + (3 * t + 1) * width, (size_t)dim * sizeof *k);
            if (s->rope_base > 0) {
                moe__rope_reference(q + t * dim, t, dim, s->rope_base);
                moe__rope_reference(k + t * dim, t, dim, s->rope_base);
            }
        }
        head_reference(&s->shape, q, k, qkv, out + row * width + column);
    }
}

const MoeOp moe_op__attention = {"attention", attention_forward, attention_backward,
                                 attention_reference};

MoeTensor *
moe_attention(MoeTape *tape, MoeTensor *qkv, int heads, float rope_base)
{
    moe__op_expect(qkv->ndim == 4 && qkv->shape[2] == 3 && heads > 0 && qkv->shape[3] % heads == 0,
                   "attention", qkv, NULL);
    int64_t batch = qkv->shape[0], length = qkv->shape[1], width = qkv->shape[3];
    Attention args = {heads, rope_base, {.length = length, .dim = width / heads, .width = width}};
    moe__op_expect(args.shape.dim > 0 && (rope_base <= 0 || args.shape.dim % 2 == 0), "attention",
                   qkv, NULL);
    if (rope_base > 0)
        args.shape.rope = moe__rope_table(moe_tape_arena(tape), length, args.shape.dim, rope_base);
    return moe_tape_run(tape, &moe_op__attention, 1, &qkv, 3, (int64_t[]){batch, length, width},
                        &args, sizeof args);
}
