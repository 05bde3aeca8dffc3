/* SPDX-License-Identifier: MIT
 *
 * verify.c: whether everything that a trace says can be read and holds together.
 */
#include "trace/tools.h"

#include "trace/npy.h"
#include "trace/shape.h"

#include <math.h>
#include <string.h>

GPtrArray *
moe__trace_members_by_chunk(const MoeTrace *trace)
{
    GPtrArray *chunks = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (guint i = 0; i < trace->chunks->len; i++)
        g_ptr_array_add(chunks, g_ptr_array_new());
    for (guint i = 0; i < trace->members->len; i++) {
        char *name = g_ptr_array_index(trace->members, i);
        int64_t chunk = moe__trace_member_chunk(name);
        if (chunk >= 0)
            g_ptr_array_add(g_ptr_array_index(chunks, chunk), name);
    }
    return chunks;
}

static bool
fail(const MoeTrace *trace, const char *member, GError **error, const char *what)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: member %s: %s", trace->zip->path, member,
                what);
    return false;
}

/* --- State, series, measures ------------------------------------------------------------------*/

/* "state/00012.step.npy", "state/00012.r003.load.npy". */
static bool
check_state(const MoeTrace *trace, const char *member, const MoeArray *array, int64_t rows,
            GError **error)
{
    const char *column = strchr(member, '.') + 1;
    MoeType type = g_str_has_suffix(column, ".prob.npy") ? MOE_F64 : MOE_I64;
    int64_t experts = 0;
    if (!g_str_equal(column, "step.npy")) {
        int64_t router = column[0] == 'r' ? g_ascii_strtoll(column + 1, NULL, 10) : -1;
        if (router < 0 || router >= trace->meta.n_routers)
            return fail(trace, member, error, "of a router that meta.json doesn't have");
        experts = trace->meta.routers[router].experts;
    }
    const MoeShape shape = {MOE_SHAPE_OF(type), experts > 0 ? 2 : 1, {rows, experts}};
    if (moe__shape_fits(array, &shape))
        return true;
    g_autofree char *misfit = moe__shape_misfit(array, &shape);
    g_autofree char *what = g_strdup_printf("type and shape don't fit the chunk: %s", misfit);
    return fail(trace, member, error, what);
}

static bool
check_column(const MoeTrace *trace, const char *member, int64_t states, GError **error)
{
    MoeArray array;
    g_autofree char *name = g_strndup(member, strlen(member) - strlen(".npy"));
    g_autoptr(MoeZipStream) stream = moe__trace_begin(trace, name, &array, error);
    if (!stream)
        return false;
    if (g_str_has_prefix(member, "state/"))
        return check_state(trace, member, &array, states, error);
    if (g_str_has_prefix(member, "measures/"))
        return moe__trace_check_measure(trace, name, error);
    if (g_str_has_prefix(member, "series/") &&
        (array.type != MOE_F64 || array.ndim != 2 || array.shape[1] != 2))
        return fail(trace, member, error, "f8 of rows × 2 was expected");
    return true;
}

/* --- Gates ------------------------------------------------------------------------------------*/

/* Reading takes any number for a gate; but nothing can be made of one that isn't finite. */
static bool
check_gates(const MoeTrace *trace, int chunk, int router, GError **error)
{
    MoeArray array;
    g_autofree char *name = g_strdup_printf("picks/%05d.r%03d.gate", chunk, router);
    if (!moe_trace_has(trace, name))
        return true;
    g_autofree uint8_t *data = moe__trace_read(trace, name, &array, error);
    if (!data)
        return false;
    int64_t n = moe_array_count(&array);
    for (int64_t i = 0; i < n; i++) {
        bool finite = array.type == MOE_F16 ? (((const uint16_t *)array.data)[i] & 0x7c00) != 0x7c00
                                            : isfinite(moe_array_value(&array, i));
        if (finite)
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: %s: the gate of unit %" G_GINT64_FORMAT " in slot %" G_GINT64_FORMAT
                    " is %f",
                    trace->zip->path, name, i % array.shape[1], i / array.shape[1],
                    moe_array_value(&array, i));
        return false;
    }
    return true;
}

/* --- Chunks -----------------------------------------------------------------------------------*/

bool
moe__trace_check_chunk(const MoeTrace *trace, MoeTraceRows *rows, int chunk,
                       const GPtrArray *members, GError **error)
{
    int64_t states = g_array_index(trace->chunks, MoeTraceChunk, chunk).states;
    g_autofree char *steps = g_strdup_printf("state/%05d.step", chunk);
    g_autofree char *number = g_strdup_printf("%05d.", chunk);
    if (!moe_trace_rows_load(rows, chunk, error))
        return false;
    for (int r = 0; r < trace->meta.n_routers; r++)
        if (moe_trace_tokens(trace, chunk) > 0 && !check_gates(trace, chunk, r, error))
            return false;
    for (guint i = 0; i < members->len; i++) {
        const char *member = g_ptr_array_index(members, i);
        if (!g_str_has_prefix(strchr(member, '/') + 1, number))
            return fail(trace, member, error, "its chunk's number isn't written with five digits");
        if (moe__trace_rows_know(member) && moe_trace_tokens(trace, chunk) > 0)
            continue;
        const MoeZipEntry *entry = moe__zip_reader_find(trace->zip, member);
        if (!moe__zip_reader_check(trace->zip, entry, error) ||
            (g_str_has_suffix(member, ".npy") && !check_column(trace, member, states, error)))
            return false;
    }
    if (states == 0 || moe_trace_has(trace, steps))
        return true;
    return fail(trace, steps, error, "missing, though the chunk has recorded steps");
}

/* What is wrong with the whole. (transfer full) */
static char *
look_at_whole(const MoeTrace *trace)
{
    char *gap = moe_trace_gap(trace);
    if (gap)
        return gap;
    if (!trace->zip->complete && moe_trace_chunks(trace) == 0)
        return g_strdup_printf("%s: was cut off or isn't finished: it has no directory and no "
                               "whole chunk, so there is nothing to repair",
                               trace->zip->path);
    if (!trace->zip->complete)
        return g_strdup_printf("%s: was cut off or isn't finished: it has no directory behind its "
                               "%d whole chunks (\"moescope trace repair\" gives it one)",
                               trace->zip->path, moe_trace_chunks(trace));
    return NULL;
}

/* Whether all that is attached can be read. */
bool
moe__trace_check_attachments(const MoeTrace *trace, GError **error)
{
    bool ok = true;
    for (guint i = 0; i < trace->attachments->len && ok; i++) {
        MoeArray array;
        ok = moe_trace_attached(trace, g_ptr_array_index(trace->attachments, i), &array, error);
        if (ok)
            g_free((void *)array.data);
    }
    return ok;
}

char **
moe_trace_verify(const MoeTrace *trace, const MoeProgress *progress, GError **error)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) members = moe__trace_members_by_chunk(trace);
    g_autoptr(MoeTraceRows) rows = moe_trace_rows_new(trace, NULL, 0);
    int n = moe_trace_chunks(trace);
    for (int i = 0; i < n; i++) {
        g_autoptr(GError) reason = NULL;
        if (!moe_progress(progress, i, n, "verifying chunks")) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "stopped after %d of %d chunks", i,
                        n);
            return NULL;
        }
        if (!moe__trace_check_chunk(trace, rows, i, g_ptr_array_index(members, i), &reason) ||
            !moe__trace_check_values(rows, &reason))
            g_ptr_array_add(problems, g_strdup(reason->message));
    }
    g_autoptr(GError) reason = NULL;
    if (!moe__trace_check_attachments(trace, &reason))
        g_ptr_array_add(problems, g_strdup(reason->message));
    char *whole = look_at_whole(trace);
    if (whole)
        g_ptr_array_add(problems, whole);
    g_ptr_array_add(problems, NULL);
    g_ptr_array_set_free_func(problems, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&problems), FALSE);
}
