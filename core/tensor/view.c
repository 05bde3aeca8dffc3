/* SPDX-License-Identifier: MIT
 *
 * Views: a tensor of its own over another's data. They leave no node on the tape, since a view's
 * gradient is kept by the tensor it was made from.
 */
#include "tensor/op.h"

#include <string.h>

static MoeTensor *
view(MoeTape *tape, const MoeTensor *x)
{
    MoeTensor *y = moe_arena_alloc(moe_tape_arena(tape), sizeof *y);
    *y = *x;
    y->grad = NULL;
    y->has_grad = false;
    return y;
}

MoeTensor *
moe_reshape(MoeTape *tape, MoeTensor *x, int ndim, const int64_t *shape)
{
    MoeTensor wanted = {.ndim = CLAMP(ndim, 0, MOE_MAX_DIMS)};
    memcpy(wanted.shape, shape, (size_t)wanted.ndim * sizeof *shape);
    bool fits = ndim == wanted.ndim && moe_tensor_count(&wanted) == moe_tensor_count(x);
    moe__op_expect(fits, "reshape", x, &wanted);
    MoeTensor *y = view(tape, x);
    y->ndim = ndim;
    memcpy(y->shape, wanted.shape, sizeof y->shape);
    y->base = x;
    return y;
}

MoeTensor *
moe_detach(MoeTape *tape, MoeTensor *x)
{
    MoeTensor *y = view(tape, x);
    y->needs_grad = false;
    y->base = NULL;
    return y;
}
