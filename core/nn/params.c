/* SPDX-License-Identifier: MIT
 *
 * Parameters: values and gradients side by side in one arena.
 */
#include "nn/params.h"

#include <string.h>

struct MoeParams {
    MoeArena *arena;
    bool shapes;       /* tensors without data */
    GPtrArray *list;   /* MoeParam, in the order of addition; they own their names */
    GHashTable *names; /* name -> MoeParam */
    uint64_t version;
};

static void
param_free(gpointer data)
{
    MoeParam *param = data;
    g_free((char *)param->name);
    g_free(param);
}

MoeParams *
moe_params_new(void)
{
    MoeParams *params = g_new0(MoeParams, 1);
    params->arena = moe_arena_new();
    params->list = g_ptr_array_new_with_free_func(param_free);
    params->names = g_hash_table_new(g_str_hash, g_str_equal);
    return params;
}

MoeParams *
moe_params_new_shapes(void)
{
    MoeParams *params = moe_params_new();
    params->shapes = true;
    return params;
}

void
moe_params_free(MoeParams *params)
{
    if (!params)
        return;
    g_hash_table_unref(params->names);
    g_ptr_array_unref(params->list);
    moe_arena_free(params->arena);
    g_free(params);
}

/* A tensor without data. */
static MoeTensor *
shape_only(MoeArena *arena, int ndim, const int64_t *shape)
{
    MoeTensor *x = moe_arena_alloc0(arena, sizeof *x);
    x->ndim = ndim;
    memcpy(x->shape, shape, (size_t)ndim * sizeof *shape);
    return x;
}

MoeTensor *
moe_params_add(MoeParams *params, const char *name, int ndim, const int64_t *shape,
               MoeParamFlags flags)
{
    if (g_hash_table_contains(params->names, name))
        g_error("parameter \"%s\" is added twice", name);
    MoeParam *param = g_new0(MoeParam, 1);
    param->name = g_strdup(name);
    param->flags = flags;
    param->tensor = params->shapes ? shape_only(params->arena, ndim, shape)
                                   : moe_tensor_zeros(params->arena, ndim, shape);
    if (!(flags & MOE_PARAM_UNTRAINED) && !params->shapes) {
        size_t bytes = (size_t)moe_tensor_count(param->tensor) * sizeof(float);
        param->tensor->needs_grad = true;
        param->tensor->grad = moe_arena_alloc(params->arena, bytes);
    }
    g_ptr_array_add(params->list, param);
    g_hash_table_insert(params->names, (char *)param->name, param);
    moe_params_touch(params);
    return param->tensor;
}

int
moe_params_count(const MoeParams *params)
{
    return (int)params->list->len;
}

const MoeParam *
moe_params_get(const MoeParams *params, int i)
{
    g_return_val_if_fail(i >= 0 && i < moe_params_count(params), NULL);
    return g_ptr_array_index(params->list, i);
}

MoeTensor *
moe_params_find(const MoeParams *params, const char *name)
{
    const MoeParam *param = g_hash_table_lookup(params->names, name);
    return param ? param->tensor : NULL;
}

int64_t
moe_params_size(const MoeParams *params, bool trainable_only)
{
    int64_t size = 0;
    for (int i = 0; i < moe_params_count(params); i++) {
        const MoeParam *param = moe_params_get(params, i);
        if (!trainable_only || !(param->flags & MOE_PARAM_UNTRAINED))
            size += moe_tensor_count(param->tensor);
    }
    return size;
}

uint64_t
moe_params_version(const MoeParams *params)
{
    return params->version;
}

void
moe_params_touch(MoeParams *params)
{
    params->version++;
}

void
moe_params_drop_grads(MoeParams *params)
{
    for (int i = 0; i < moe_params_count(params); i++)
        moe_tensor_drop_grad(moe_params_get(params, i)->tensor);
}

static MoeNamed *
named(const MoeParams *params)
{
    MoeNamed *list = g_new(MoeNamed, moe_params_count(params));
    for (int i = 0; i < moe_params_count(params); i++) {
        const MoeParam *param = moe_params_get(params, i);
        list[i] = (MoeNamed){param->name, param->tensor};
    }
    return list;
}

bool
moe_params_save(const MoeParams *params, const char *path, GError **error)
{
    g_autofree MoeNamed *list = named(params);
    g_autoptr(MoeSafetensorsWriter) writer = moe_safetensors_writer_new();
    moe__named_write(list, moe_params_count(params), writer);
    return moe_safetensors_writer_save(writer, path, error);
}

bool
moe_params_load(MoeParams *params, const char *path, GError **error)
{
    g_autofree MoeNamed *list = named(params);
    g_autoptr(MoeSafetensors) file = moe_safetensors_open(path, error);
    if (!file || !moe__named_read(list, moe_params_count(params), file, error))
        return false;
    moe_params_touch(params);
    return true;
}
