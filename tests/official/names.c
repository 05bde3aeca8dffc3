/* SPDX-License-Identifier: MIT
 *
 * Weights as official code keeps them and as the layer does: one array an expert or all in one,
 * matrices side by side in one or apart, transposed, or in an order of their own. One table serves
 * the way in (weights) and the way out (gradients).
 */
#include "parity.h"

#include <string.h>

static bool
by_expert(const ParityName *name)
{
    return strstr(name->fixture, "%d") != NULL;
}

static int
arrays(const ParityName *name, const MoeTensor *x)
{
    return by_expert(name) ? (int)x->shape[0] : 1;
}

/* prefix + the name of the e-th array. (transfer full) */
static char *
array_name(const char *prefix, const ParityName *name, int e)
{
    const char *number = strstr(name->fixture, "%d");
    if (!number)
        return g_strconcat(prefix, name->fixture, NULL);
    return g_strdup_printf("%s%.*s%d%s", prefix, (int)(number - name->fixture), name->fixture, e,
                           number + 2);
}

/* The layer's parameter of that name, or NULL. */
static MoeTensor *
param(const Parity *p, const ParityName *name)
{
    g_autofree char *full = g_strconcat("moe.", name->layer, NULL);
    return moe_params_find(p->params, full);
}

/* What one array covers: `matrices` of the layer's from `first` on, and of each the rows
 * from … from + rows - 1. */
typedef struct {
    int64_t first, matrices, all_rows, from, rows, columns;
} Block;

static Block
block_of(const ParityName *name, const MoeTensor *x, int e)
{
    int axis = by_expert(name) ? 1 : 0; /* where the axes of one array begin */
    int left = x->ndim - axis;
    Block block = {.matrices = 1, .all_rows = 1, .columns = 1};
    if (left > 0)
        block.all_rows = x->shape[left > 1 ? x->ndim - 2 : x->ndim - 1];
    if (left > 1)
        block.columns = x->shape[x->ndim - 1];
    for (; axis < x->ndim - 2; axis++)
        block.matrices *= x->shape[axis];
    block.first = e * block.matrices;
    block.rows = block.all_rows / MAX(name->parts, 1);
    block.from = name->part * block.rows;
    return block;
}

static int64_t
place_in_block(const ParityName *name, const Block *block, int64_t i)
{
    int64_t size = block->rows * block->columns, matrix = block->first + i / size;
    int64_t row = i % size / block->columns, column = i % block->columns;
    if (name->transposed) {
        row = i % block->rows;
        column = i % size / block->rows;
    }
    return (matrix * block->all_rows + block->from + row) * block->columns + column;
}

/* Where each element of the e-th array stands in x [count]: -1 if nowhere. NULL and a problem if
 * the sizes don't fit. (transfer full) */
static int64_t *
places(Parity *p, const ParityName *name, const MoeTensor *x, const MoeStored *array, int e)
{
    Block block = block_of(name, x, e);
    int64_t expected = block.matrices * block.rows * block.columns;
    /* With a place of its own it may fill any part of x, or have a part that x lacks. */
    if (!name->place && array->count != expected) {
        parity_problem(p, "%s: found %" G_GINT64_FORMAT " values, expected %" G_GINT64_FORMAT,
                       array->name, array->count, expected);
        return NULL;
    }
    g_autofree int64_t *at = g_new(int64_t, MAX(array->count, 1));
    for (int64_t i = 0; i < array->count; i++) {
        at[i] = name->place ? name->place(p, x, array, e, i) : place_in_block(name, &block, i);
        if (at[i] < moe_tensor_count(x))
            continue;
        parity_problem(p, "%s: its shape doesn't fit the layer's %s", array->name, name->layer);
        return NULL;
    }
    return g_steal_pointer(&at);
}

static void
load_array(Parity *p, const ParityName *name, MoeTensor *x, int e)
{
    g_autofree char *full = array_name("", name, e);
    const MoeStored *array = parity_find(p, full);
    if (!array) {
        parity_problem(p, "%s: not in the file", full);
        return;
    }
    g_autofree int64_t *at = places(p, name, x, array, e);
    g_autofree float *values = at ? parity_read(p, full, array->count) : NULL;
    for (int64_t i = 0; values && i < array->count; i++) {
        if (at[i] < 0)
            continue;
        x->data[at[i]] = values[i];
        p->loaded++;
    }
}

void
parity_load_name(Parity *p, const ParityName *name)
{
    MoeTensor *x = param(p, name);
    g_autofree char *first = array_name("", name, 0);
    if (!x && moe_safetensors_find(p->file, first))
        parity_problem(p, "the layer has no parameter %s for %s", name->layer, first);
    for (int e = 0; x && e < arrays(name, x); e++)
        load_array(p, name, x, e);
}

static void
compare_array(Parity *p, const char *prefix, const ParityName *name, const MoeTensor *x, int e)
{
    g_autofree char *full = array_name(prefix, name, e);
    const MoeStored *array = moe_safetensors_find(p->file, full);
    g_autofree int64_t *at = array ? places(p, name, x, array, e) : NULL;
    if (!at)
        return;
    g_autofree float *grad = g_new0(float, MAX(array->count, 1));
    for (int64_t i = 0; x->has_grad && i < array->count; i++)
        grad[i] = at[i] >= 0 ? x->grad[at[i]] : 0;
    parity_compare_within(p, full, grad, array->count, PARITY_GRADIENT, MAX(name->least, p->least));
}

void
parity_compare_name(Parity *p, const char *prefix, const ParityName *name)
{
    MoeTensor *x = param(p, name);
    for (int e = 0; x && e < arrays(name, x); e++)
        compare_array(p, prefix, name, x, e);
}
