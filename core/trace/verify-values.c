/* SPDX-License-Identifier: MIT
 *
 * verify-values.c: numbers that can be read and mean nothing: token ids and counts below their
 * least, flags that are neither 0 nor 1. Only verification tells; repair keeps such chunks.
 */
#include "trace/rows.h"

G_GNUC_PRINTF(4, 5)
static bool
fail(const MoeTrace *trace, const char *name, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: %s: %s", trace->zip->path, name, what);
    return false;
}

static bool
check_ids(const MoeTraceRows *rows, GError **error)
{
    for (int64_t i = 0; rows->tokens.id && i < rows->tokens.n; i++) {
        if (rows->tokens.id[i] >= -1)
            continue;
        g_autofree char *name = g_strdup_printf("tokens/%05d.id", rows->chunk);
        return fail(rows->trace, name, error,
                    "token %" G_GINT64_FORMAT " has id %d; 0 or more, or -1 (unknown), is expected",
                    i, rows->tokens.id[i]);
    }
    return true;
}

static bool
check_flags(const MoeTraceRows *rows, const MoeRouterRows *router, GError **error)
{
    const MoeArray *array = &router->columns[PICK_DROPPED].array;
    const uint8_t *flags = array->data;
    for (int64_t i = 0; flags && i < moe_array_count(array); i++) {
        if (flags[i] <= 1)
            continue;
        g_autofree char *name =
            g_strdup_printf("picks/%05d.r%03d.dropped", rows->chunk, router->index);
        return fail(rows->trace, name, error,
                    "unit %" G_GINT64_FORMAT " in slot %" G_GINT64_FORMAT
                    " has %d; 0 or 1 is expected",
                    i % array->shape[1], i / array->shape[1], flags[i]);
    }
    return true;
}

/* Counts of picks at each step: load, or dropped. */
static bool
check_counts(const MoeTraceRows *rows, int router, const char *column, GError **error)
{
    g_autofree char *name = g_strdup_printf("state/%05d.r%03d.%s", rows->chunk, router, column);
    MoeArray array;
    if (!moe_trace_has(rows->trace, name))
        return true;
    g_autofree uint8_t *data = moe__trace_read(rows->trace, name, &array, error);
    const int64_t *counts = (const int64_t *)(void *)data;
    int64_t experts = rows->trace->meta.routers[router].experts;
    for (int64_t i = 0; counts && i < moe_array_count(&array); i++)
        if (counts[i] < 0)
            return fail(rows->trace, name, error,
                        "row %" G_GINT64_FORMAT " has %" G_GINT64_FORMAT
                        " for expert %" G_GINT64_FORMAT "; 0 or more is expected",
                        i / experts, counts[i], i % experts);
    return data;
}

bool
moe__trace_check_values(const MoeTraceRows *rows, GError **error)
{
    if (!check_ids(rows, error))
        return false;
    for (int r = 0; r < rows->n_routers; r++)
        if ((rows->tokens.n > 0 && !check_flags(rows, &rows->routers[r], error)) ||
            !check_counts(rows, r, "load", error) || !check_counts(rows, r, "dropped", error))
            return false;
    return true;
}
