/* SPDX-License-Identifier: MIT */
#include "tensor/op.h"

#include <string.h>

void
moe__op_expect(bool ok, const char *name, const MoeTensor *a, const MoeTensor *b)
{
    if (G_LIKELY(ok))
        return;
    g_autofree char *shape_a = moe_tensor_shape_string(a);
    if (!b)
        g_error("%s: %s is not a shape that it takes", name, shape_a);
    g_autofree char *shape_b = moe_tensor_shape_string(b);
    g_error("%s: %s does not go with %s", name, shape_a, shape_b);
}

void
moe__op_expect_index(const char *name, const int32_t *index, int64_t n, int32_t from, int64_t below)
{
    for (int64_t i = 0; i < n; i++)
        if (G_UNLIKELY(index[i] < from || index[i] >= below))
            g_error("%s: index %d at place %" G_GINT64_FORMAT " is not in %d … %" G_GINT64_FORMAT,
                    name, index[i], i, from, below - 1);
}

int32_t *
moe__op_copy_index(MoeTape *tape, const int32_t *index, int64_t n)
{
    int32_t *copy = moe_arena_alloc(moe_tape_arena(tape), (size_t)n * sizeof *copy);
    if (n)
        memcpy(copy, index, (size_t)n * sizeof *copy);
    return copy;
}

MoeTensor *
moe__op_same_shape(MoeTape *tape, const MoeOp *op, MoeTensor *x, const void *args, size_t args_size)
{
    return moe_tape_run(tape, op, 1, &x, x->ndim, x->shape, args, args_size);
}

MoeTensor *
moe__op_new_last(MoeTape *tape, const MoeOp *op, MoeTensor *x, int64_t last, const void *args,
                 size_t args_size)
{
    int64_t shape[MOE_MAX_DIMS];
    moe__op_expect(x->ndim > 0, op->name, x, NULL);
    memcpy(shape, x->shape, sizeof shape);
    shape[x->ndim - 1] = last;
    return moe_tape_run(tape, op, 1, &x, x->ndim, shape, args, args_size);
}
