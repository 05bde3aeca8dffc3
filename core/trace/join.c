/* SPDX-License-Identifier: MIT
 *
 * join.c: a column of all chunks as one array.
 */
#include "trace/reader.h"

#include <string.h>

static bool
append_part(GByteArray *bytes, const MoeArray *part, MoeArray *whole)
{
    bool first = whole->ndim == 0;
    if (first)
        *whole = *part;
    bool fits = part->ndim > 0 && part->type == whole->type && part->ndim == whole->ndim;
    for (int i = 1; i < part->ndim && fits; i++)
        fits = part->shape[i] == whole->shape[i];
    size_t n = (size_t)moe_array_count(part) * moe_type_size(part->type);
    if (!fits || n > G_MAXUINT - bytes->len) /* what a GByteArray can hold */
        return false;
    g_byte_array_append(bytes, part->data, (guint)n);
    if (!first)
        whole->shape[0] += part->shape[0];
    return true;
}

bool
moe_trace_join(const MoeTrace *trace, const char *name, MoeArray *out, GError **error)
{
    const char *column = strchr(name, '/');
    if (!column || g_str_has_prefix(name, "picks/")) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "\"%s\" can't be joined: tokens/NAME, state/NAME, series/NAME or "
                    "measures/NAME is expected",
                    name);
        return false;
    }
    bool measure = g_str_has_prefix(name, "measures/");
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    *out = (MoeArray){0};
    for (int i = 0; i < moe_trace_chunks(trace); i++) {
        MoeArray part;
        g_autofree char *member =
            g_strdup_printf("%.*s/%05d.%s", (int)(column - name), name, i, column + 1);
        if (!moe_trace_has(trace, member))
            continue;
        if (measure && !moe__trace_check_measure(trace, member, error))
            return false;
        g_autofree uint8_t *read = moe__trace_read(trace, member, &part, error);
        if (!read)
            return false;
        if (!append_part(bytes, &part, out)) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                        "%s: %s differs in type or shape from earlier chunks, or is too long to "
                        "be joined to them",
                        trace->zip->path, member);
            return false;
        }
    }
    if (out->ndim == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: no chunk has a column %s",
                    trace->zip->path, name);
        return false;
    }
    out->data = g_byte_array_free(g_steal_pointer(&bytes), FALSE);
    return true;
}
