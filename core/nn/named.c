/* SPDX-License-Identifier: MIT */
#include "base/quote.h"
#include "nn/params.h"

#include <string.h>

#define LISTED 20 /* breaches that a message names */

void
moe__named_write(const MoeNamed *named, int n, MoeSafetensorsWriter *writer)
{
    for (int i = 0; i < n; i++)
        moe_safetensors_writer_add(writer, named[i].name, MOE_STORED_F32, named[i].tensor->ndim,
                                   named[i].tensor->shape, named[i].tensor->data);
}

static bool
same_shape(const MoeTensor *x, const MoeStored *stored)
{
    return x->ndim == stored->ndim &&
           memcmp(x->shape, stored->shape, (size_t)x->ndim * sizeof *x->shape) == 0;
}

static bool
is_float(const MoeStored *stored)
{
    return stored->type == MOE_STORED_F32 || stored->type == MOE_STORED_F16 ||
           stored->type == MOE_STORED_BF16 || stored->type == MOE_STORED_F64;
}

/* What is wrong with the file's idea of one tensor, or NULL. (transfer full) */
static char *
problem_of(const MoeNamed *named, const MoeStored *stored)
{
    if (!stored)
        return g_strdup_printf("\"%s\" is missing", named->name);
    if (!is_float(stored))
        return g_strdup_printf("\"%s\" has dtype %s, expected F64, F32, F16 or BF16", named->name,
                               moe_stored_type_name(stored->type));
    if (same_shape(named->tensor, stored))
        return NULL;
    g_autofree char *found = moe_stored_shape_string(stored);
    g_autofree char *expected = moe_tensor_shape_string(named->tensor);
    return g_strdup_printf("\"%s\" has shape %s, expected %s", named->name, found, expected);
}

static GPtrArray *
problems_of(const MoeNamed *named, int n, const MoeSafetensors *file)
{
    GPtrArray *problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (int i = 0; i < n; i++) {
        char *problem = problem_of(&named[i], moe_safetensors_find(file, named[i].name));
        if (problem)
            g_ptr_array_add(problems, problem);
        g_hash_table_add(known, (char *)named[i].name);
    }
    for (int i = 0; i < moe_safetensors_count(file); i++) {
        const char *name = moe_safetensors_get(file, i)->name;
        if (g_hash_table_contains(known, name))
            continue;
        g_autofree char *quoted = moe__quote(name);
        g_ptr_array_add(problems, g_strdup_printf("%s isn't expected", quoted));
    }
    return problems;
}

static bool
report(const GPtrArray *problems, const MoeSafetensors *file, GError **error)
{
    if (problems->len == 0)
        return true;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < MIN(problems->len, LISTED); i++)
        g_string_append_printf(text, "%s%s", i ? "; " : "", (char *)problems->pdata[i]);
    if (problems->len > LISTED)
        g_string_append_printf(text, "; and %u more", problems->len - LISTED);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: %s", moe_safetensors_path(file), text->str);
    return false;
}

bool
moe__named_read(const MoeNamed *named, int n, const MoeSafetensors *file, GError **error)
{
    g_autoptr(GPtrArray) problems = problems_of(named, n, file);
    if (!report(problems, file, error))
        return false;
    for (int i = 0; i < n; i++)
        if (!moe_stored_read_floats(moe_safetensors_find(file, named[i].name),
                                    named[i].tensor->data, error))
            return false;
    return true;
}
