/* SPDX-License-Identifier: MIT */
#include <moescope/tensor.h>

#include <string.h>

MoeTensor *
moe_tensor_new(MoeArena *arena, int ndim, const int64_t *shape)
{
    g_assert(ndim >= 0 && ndim <= MOE_MAX_DIMS);
    MoeTensor *x = moe_arena_alloc0(arena, sizeof *x);
    x->ndim = ndim;
    int64_t bytes = sizeof(float);
    for (int i = 0; i < ndim; i++) {
        x->shape[i] = shape[i];
        if (shape[i] < 0 || __builtin_mul_overflow(bytes, shape[i], &bytes))
            g_error("a tensor can't have axis %d of %" G_GINT64_FORMAT " elements", i, shape[i]);
    }
    x->data = moe_arena_alloc(arena, (size_t)bytes);
    return x;
}

MoeTensor *
moe_tensor_zeros(MoeArena *arena, int ndim, const int64_t *shape)
{
    MoeTensor *x = moe_tensor_new(arena, ndim, shape);
    memset(x->data, 0, (size_t)moe_tensor_count(x) * sizeof(float));
    return x;
}

void
moe_tensor_require_grad(MoeArena *arena, MoeTensor *x)
{
    x->needs_grad = true;
    if (x->grad)
        return;
    x->grad = moe_arena_alloc(arena, (size_t)moe_tensor_count(x) * sizeof(float));
    x->has_grad = false;
}

MoeTensor *
moe_tensor_1d(MoeArena *arena, int64_t n0)
{
    return moe_tensor_new(arena, 1, (int64_t[]){n0});
}

MoeTensor *
moe_tensor_2d(MoeArena *arena, int64_t n0, int64_t n1)
{
    return moe_tensor_new(arena, 2, (int64_t[]){n0, n1});
}

MoeTensor *
moe_tensor_3d(MoeArena *arena, int64_t n0, int64_t n1, int64_t n2)
{
    return moe_tensor_new(arena, 3, (int64_t[]){n0, n1, n2});
}

int64_t
moe_tensor_count(const MoeTensor *x)
{
    int64_t n = 1;
    for (int i = 0; i < x->ndim; i++)
        n *= x->shape[i];
    return n;
}

int64_t
moe_tensor_last(const MoeTensor *x)
{
    return x->ndim ? x->shape[x->ndim - 1] : 1;
}

int64_t
moe_tensor_rows(const MoeTensor *x)
{
    int64_t n = 1;
    for (int i = 0; i < x->ndim - 1; i++)
        n *= x->shape[i];
    return n;
}

bool
moe_tensor_same_shape(const MoeTensor *a, const MoeTensor *b)
{
    return a->ndim == b->ndim && memcmp(a->shape, b->shape, sizeof(int64_t) * (size_t)a->ndim) == 0;
}

char *
moe_tensor_shape_string(const MoeTensor *x)
{
    GString *s = g_string_new("[");
    for (int i = 0; i < x->ndim; i++)
        g_string_append_printf(s, "%s%" G_GINT64_FORMAT, i ? ", " : "", x->shape[i]);
    g_string_append_c(s, ']');
    return g_string_free(s, FALSE);
}
