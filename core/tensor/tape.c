/* SPDX-License-Identifier: MIT
 *
 * Nodes stand in the order in which they ran; backward walks them in reverse. The gradient of an
 * intermediate result is needed only from its first consumer's backward to its producer's, so its
 * memory is handed on to the next that asks for a buffer of that size: the backward pass then
 * needs a few buffers instead of one for every activation, and works in warm cache.
 */
#include "tensor/tape.h"

#include <string.h>

struct MoeTape {
    MoeArena *arena;
    bool record;
    GPtrArray *nodes;
    GPtrArray *spare; /* MoeSpare: gradient buffers to hand on */
};

typedef struct {
    float *buffer;
    int64_t count;
} MoeSpare;

MoeTape *
moe_tape_new(bool record)
{
    MoeTape *tape = g_new0(MoeTape, 1);
    tape->arena = moe_arena_new();
    tape->record = record;
    tape->nodes = g_ptr_array_new();
    tape->spare = g_ptr_array_new();
    return tape;
}

void
moe_tape_free(MoeTape *tape)
{
    if (!tape)
        return;
    g_ptr_array_unref(tape->nodes);
    g_ptr_array_unref(tape->spare);
    moe_arena_free(tape->arena);
    g_free(tape);
}

MoeArena *
moe_tape_arena(MoeTape *tape)
{
    return tape->arena;
}

bool
moe_tape_recording(const MoeTape *tape)
{
    return tape->record;
}

void
moe_tape_reset(MoeTape *tape)
{
    g_ptr_array_set_size(tape->nodes, 0);
    g_ptr_array_set_size(tape->spare, 0);
    moe_arena_reset(tape->arena);
}

MoeTensor *
moe_tape_run(MoeTape *tape, const MoeOp *op, int n_in, MoeTensor *const *in, int ndim,
             const int64_t *shape, const void *args, size_t args_size)
{
    g_assert(n_in <= MOE_MAX_INPUTS);
    MoeNode *node = moe_arena_alloc0(tape->arena, sizeof *node);
    node->op = op;
    node->tape = tape;
    node->n_in = n_in;
    bool needs_grad = false;
    for (int i = 0; i < n_in; i++) {
        node->in[i] = in[i];
        needs_grad = needs_grad || (in[i] && in[i]->needs_grad);
    }
    if (args_size) {
        node->args = moe_arena_alloc(tape->arena, args_size);
        memcpy(node->args, args, args_size);
    }
    node->out = moe_tensor_new(tape->arena, ndim, shape);
    node->out->needs_grad = tape->record && needs_grad;
    op->forward(node);
    if (node->out->needs_grad)
        g_ptr_array_add(tape->nodes, node);
    return node->out;
}

MoeTensor *
moe_tensor_owner(MoeTensor *x)
{
    while (x->base)
        x = x->base;
    return x;
}

void
moe_tensor_keep_grad(MoeTensor *x)
{
    moe_tensor_owner(x)->keeps_grad = true;
}

static float *
take_buffer(MoeTape *tape, int64_t count)
{
    for (guint i = tape->spare->len; i-- > 0;) {
        MoeSpare *spare = g_ptr_array_index(tape->spare, i);
        if (spare->count == count) {
            float *buffer = spare->buffer;
            g_ptr_array_remove_index_fast(tape->spare, i);
            return buffer;
        }
    }
    return moe_arena_alloc(tape->arena, (size_t)count * sizeof(float));
}

static void
give_buffer(MoeTape *tape, MoeTensor *x)
{
    MoeSpare *spare = moe_arena_alloc(tape->arena, sizeof *spare);
    *spare = (MoeSpare){x->grad, moe_tensor_count(x)};
    g_ptr_array_add(tape->spare, spare);
    x->grad = NULL;
    x->has_grad = false;
}

const MoeNode *
moe__tape_last_node(const MoeTape *tape)
{
    guint n = tape->nodes->len;
    return n ? g_ptr_array_index(tape->nodes, n - 1) : NULL;
}

float *
moe__tensor_grad(MoeTape *tape, MoeTensor *x, bool *accumulate)
{
    x = moe_tensor_owner(x);
    if (!x->grad)
        x->grad = take_buffer(tape, moe_tensor_count(x));
    *accumulate = x->has_grad;
    x->has_grad = true;
    return x->grad;
}

bool
moe_node_wants(const MoeNode *node, int i)
{
    return node->in[i] && node->in[i]->needs_grad;
}

float *
moe_node_grad_beta(MoeNode *node, int i, bool *accumulate)
{
    return moe__tensor_grad(node->tape, node->in[i], accumulate);
}

float *
moe_node_grad(MoeNode *node, int i)
{
    bool accumulate;
    float *grad = moe_node_grad_beta(node, i, &accumulate);
    if (!accumulate)
        memset(grad, 0, (size_t)moe_tensor_count(node->in[i]) * sizeof(float));
    return grad;
}

void *
moe_node_alloc(MoeNode *node, size_t bytes)
{
    return moe_arena_alloc(node->tape->arena, bytes);
}

void
moe_tape_backward(MoeTape *tape, MoeTensor *root, float seed)
{
    g_assert(moe_tensor_count(root) == 1);
    moe_tape_backward_from(tape, root, &seed);
}

void
moe_tape_backward_from(MoeTape *tape, MoeTensor *root, const float *cotangent)
{
    bool accumulate;
    if (!root->needs_grad)
        return;
    float *grad = moe__tensor_grad(tape, root, &accumulate);
    int64_t n = moe_tensor_count(root);
    for (int64_t i = 0; i < n; i++)
        grad[i] = accumulate ? grad[i] + cotangent[i] : cotangent[i];
    for (guint i = tape->nodes->len; i-- > 0;) {
        MoeNode *node = g_ptr_array_index(tape->nodes, i);
        /* A result that nobody used downstream of root has no gradient, and passes none on. */
        if (!node->out->has_grad)
            continue;
        node->op->backward(node);
        if (!node->out->keeps_grad)
            give_buffer(tape, node->out);
    }
    g_ptr_array_set_size(tape->nodes, 0);
}

void
moe_tensor_drop_grad(MoeTensor *x)
{
    x->has_grad = false;
}
