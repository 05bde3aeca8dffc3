/* SPDX-License-Identifier: MIT
 *
 * shape.c: whether a column has the type and the lengths that it should, in words too.
 */
#include "trace/shape.h"

static const char *const type_names[] = {
    [MOE_U8] = "u1",  [MOE_U16] = "u2", [MOE_I32] = "i4", [MOE_I64] = "i8",
    [MOE_F16] = "f2", [MOE_F32] = "f4", [MOE_F64] = "f8",
};

bool
moe__shape_fits(const MoeArray *array, const MoeShape *shape)
{
    bool ok = (shape->types & MOE_SHAPE_OF(array->type)) && array->ndim == shape->ndim;
    for (int i = 0; i < shape->ndim && ok; i++)
        ok = shape->shape[i] < 0 ? array->shape[i] <= -shape->shape[i]
                                 : array->shape[i] == shape->shape[i];
    return ok;
}

static void
append_lengths(GString *out, int ndim, const int64_t *shape)
{
    g_string_append(out, " [");
    for (int i = 0; i < ndim; i++)
        g_string_append_printf(out, "%s%s%" G_GINT64_FORMAT, i > 0 ? ", " : "",
                               shape[i] < 0 ? "up to " : "", ABS(shape[i]));
    g_string_append_c(out, ']');
}

char *
moe_array_text(const MoeArray *array)
{
    GString *out = g_string_new(type_names[array->type]);
    append_lengths(out, array->ndim, array->shape);
    return g_string_free(out, FALSE);
}

char *
moe__shape_misfit(const MoeArray *array, const MoeShape *shape)
{
    g_autofree char *found = moe_array_text(array);
    GString *out = g_string_new(NULL);
    int n = __builtin_popcount(shape->types), seen = 0;
    g_string_printf(out, "found %s, expected ", found);
    for (size_t type = 0; type < G_N_ELEMENTS(type_names); type++)
        if (shape->types & MOE_SHAPE_OF(type)) {
            seen++;
            g_string_append_printf(out, "%s%s",
                                   seen == 1   ? ""
                                   : seen == n ? " or "
                                               : ", ",
                                   type_names[type]);
        }
    append_lengths(out, shape->ndim, shape->shape);
    return g_string_free(out, FALSE);
}
