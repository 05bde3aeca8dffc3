/* SPDX-License-Identifier: MIT
 *
 * Parameters that a fixture calls otherwise, keeps an array an expert, or stores in another order.
 */
#include "parity.h"

#include <string.h>

/* The layer's parameter; a problem if it has none. */
static MoeTensor *
param(Parity *p, const ParityName *name)
{
    g_autofree char *full = g_strconcat("moe.", name->layer, NULL);
    MoeTensor *x = moe_params_find(p->params, full);
    if (!x)
        parity_problem(p, "the layer has no parameter %s", name->layer);
    return x;
}

static bool
by_expert(const ParityName *name)
{
    return strstr(name->fixture, "%d") != NULL;
}

static int64_t
arrays(const ParityName *name, const MoeTensor *x)
{
    return by_expert(name) ? x->shape[0] : 1;
}

/* prefix + the name of the e-th array. (transfer full) */
static char *
array_name(const char *prefix, const ParityName *name, int64_t e)
{
    if (!by_expert(name))
        return g_strconcat(prefix, name->fixture, NULL);
    g_auto(GStrv) parts = g_strsplit(name->fixture, "%d", 2);
    return g_strdup_printf("%s%s%" G_GINT64_FORMAT "%s", prefix, parts[0], e, parts[1]);
}

/* Where element i of the array stands in x: -1 if nowhere. */
static int64_t
place_of(const Parity *p, const ParityName *name, const MoeTensor *x, const MoeStored *array,
         int64_t e, int64_t i)
{
    return name->place ? name->place(p, x, array, e, i) : e * array->count + i;
}

static void
load_array(Parity *p, const ParityName *name, MoeTensor *x, int64_t e)
{
    g_autofree char *full = array_name("", name, e);
    const MoeStored *array = parity_find(p, full);
    int64_t expected = moe_tensor_count(x) / arrays(name, x);
    /* With a place of its own it may fill a part of x, or have a part that x lacks. */
    if (!array || (!name->place && array->count != expected)) {
        parity_problem(p, "%s: found %" G_GINT64_FORMAT " values, expected %" G_GINT64_FORMAT, full,
                       array ? array->count : 0, expected);
        return;
    }
    g_autofree float *values = parity_read(p, full, array->count);
    for (int64_t i = 0; values && i < array->count; i++) {
        int64_t at = place_of(p, name, x, array, e, i);
        if (at >= moe_tensor_count(x)) {
            parity_problem(p, "%s: its shape doesn't fit the layer's %s", full, name->layer);
            return;
        }
        if (at >= 0)
            x->data[at] = values[i];
    }
}

void
parity_load_name(Parity *p, const ParityName *name)
{
    MoeTensor *x = param(p, name);
    for (int64_t e = 0; x && e < arrays(name, x); e++)
        load_array(p, name, x, e);
}

static void
compare_array(Parity *p, const char *prefix, const ParityName *name, const MoeTensor *x, int64_t e)
{
    g_autofree char *full = array_name(prefix, name, e);
    const MoeStored *array = moe_safetensors_find(p->file, full);
    if (!array)
        return;
    g_autofree float *grad = g_new0(float, MAX(array->count, 1));
    for (int64_t i = 0; x->has_grad && i < array->count; i++) {
        int64_t at = place_of(p, name, x, array, e, i);
        if (at >= 0 && at < moe_tensor_count(x))
            grad[i] = x->grad[at];
    }
    parity_compare_within(p, full, grad, array->count, PARITY_GRADIENT,
                          name->least > 0 ? name->least : PARITY_LEAST);
}

void
parity_compare_name(Parity *p, const char *prefix, const ParityName *name)
{
    MoeTensor *x = param(p, name);
    for (int64_t e = 0; x && e < arrays(name, x); e++)
        compare_array(p, prefix, name, x, e);
}

int64_t
parity_place_transposed(const Parity *p, const MoeTensor *x, const MoeStored *array, int64_t e,
                        int64_t i)
{
    int64_t in = array->shape[array->ndim - 2], out = array->shape[array->ndim - 1];
    return e * array->count + i / (in * out) * (in * out) + i % out * in + i / out % in;
}
