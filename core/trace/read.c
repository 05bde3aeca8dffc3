/* SPDX-License-Identifier: MIT
 *
 * read.c: reads columns.
 */
#include "trace/reader.h"

#include <string.h>

static const MoeZipEntry *
find_column(const MoeTrace *trace, const char *name)
{
    g_autofree char *member = g_strconcat(name, ".npy", NULL);
    if (moe__trace_member_chunk(member) >= (int64_t)trace->chunks->len)
        return NULL;
    return moe__zip_reader_find(trace->zip, member);
}

bool
moe_trace_has(const MoeTrace *trace, const char *name)
{
    return find_column(trace, name) != NULL;
}

bool
moe_trace_columns_alike(const MoeTrace *a, const char *name_a, const MoeTrace *b,
                        const char *name_b)
{
    const MoeZipEntry *x = find_column(a, name_a), *y = find_column(b, name_b);
    return x && y && x->size == y->size && x->crc == y->crc;
}

static void
set_absent(const MoeTrace *trace, const char *name, GError **error)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: there is no column %s", trace->zip->path,
                name);
}

MoeZipStream *
moe__trace_begin(const MoeTrace *trace, const char *name, MoeArray *out, GError **error)
{
    const MoeZipEntry *entry = find_column(trace, name);
    if (!entry) {
        set_absent(trace, name, error);
        return NULL;
    }
    return moe__zip_array_begin(trace->zip, entry, out, error);
}

uint8_t *
moe__trace_read(const MoeTrace *trace, const char *name, MoeArray *out, GError **error)
{
    const MoeZipEntry *entry = find_column(trace, name);
    if (entry)
        return moe__zip_array_read(trace->zip, entry, out, error);
    set_absent(trace, name, error);
    return NULL;
}

MoeType
moe_trace_gate_type(const MoeTrace *trace)
{
    MoeType widest = MOE_F16;
    for (guint i = 0; i < trace->members->len && widest < MOE_F64; i++) {
        const char *member = g_ptr_array_index(trace->members, i);
        MoeArray array;
        if (!g_str_has_prefix(member, "picks/") || !g_str_has_suffix(member, ".gate.npy"))
            continue;
        g_autofree char *name = g_strndup(member, strlen(member) - strlen(".npy"));
        g_autoptr(MoeZipStream) stream = moe__trace_begin(trace, name, &array, NULL);
        if (stream && (array.type == MOE_F32 || array.type == MOE_F64))
            widest = MAX(widest, array.type);
    }
    return widest;
}

bool
moe_trace_read(const MoeTrace *trace, const char *name, MoeArray *out, GError **error)
{
    return moe__trace_read(trace, name, out, error) != NULL;
}

bool
moe_trace_read_into(const MoeTrace *trace, const char *name, void *buffer, size_t capacity,
                    MoeArray *out, GError **error)
{
    g_autoptr(MoeZipStream) stream = moe__trace_begin(trace, name, out, error);
    if (!stream)
        return false;
    if (moe__zip_stream_left(stream) <= capacity)
        return moe__zip_array_finish(stream, buffer, out, error);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "%s: %s takes %" G_GUINT64_FORMAT " bytes, the buffer has %zu", trace->zip->path,
                name, moe__zip_stream_left(stream), capacity);
    return false;
}
