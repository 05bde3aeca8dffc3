/* SPDX-License-Identifier: MIT
 *
 * read.c: reads columns. A column's header is read first, so that its data can go straight to
 * where they are wanted.
 */
#include "trace/reader.h"

#include "trace/npy.h"

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

static bool
read_header(MoeZipStream *stream, uint64_t size, MoeArray *out, GError **error)
{
    uint8_t prefix[MOE_NPY_PREFIX] = {0};
    if (!moe__zip_stream_read(stream, prefix, MIN(size, sizeof prefix), error))
        return false;
    size_t header = moe__npy_header_length(prefix, size, error);
    if (header == 0)
        return false;
    g_autofree uint8_t *bytes = g_malloc(header);
    memcpy(bytes, prefix, sizeof prefix);
    return moe__zip_stream_read(stream, bytes + sizeof prefix, header - sizeof prefix, error) &&
           moe__npy_parse_header(bytes, header, size, out, error);
}

MoeZipStream *
moe__trace_begin(const MoeTrace *trace, const char *name, MoeArray *out, GError **error)
{
    const MoeZipEntry *entry = find_column(trace, name);
    if (!entry) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: there is no column %s", trace->zip->path,
                    name);
        return NULL;
    }
    g_autoptr(MoeZipStream) stream = moe__zip_stream_new(trace->zip, entry, error);
    g_autoptr(GError) reason = NULL;
    if (!stream || read_header(stream, entry->size, out, &reason))
        return g_steal_pointer(&stream);
    /* A header that makes no sense in a member that isn't whole is no news. */
    if (!moe__zip_reader_check(trace->zip, entry, error))
        return NULL;
    g_propagate_prefixed_error(error, g_steal_pointer(&reason), "%s: member %s: ", trace->zip->path,
                               entry->name);
    return NULL;
}

bool
moe__trace_finish(MoeZipStream *stream, void *data, MoeArray *array, GError **error)
{
    bool ok = moe__zip_stream_read(stream, data, moe__zip_stream_left(stream), error) &&
              moe__zip_stream_end(stream, error);
    array->data = ok ? data : NULL;
    return ok;
}

uint8_t *
moe__trace_read(const MoeTrace *trace, const char *name, MoeArray *out, GError **error)
{
    g_autoptr(MoeZipStream) stream = moe__trace_begin(trace, name, out, error);
    if (!stream)
        return NULL;
    uint64_t n = moe__zip_stream_left(stream);
    g_autofree uint8_t *data = g_try_malloc(MAX(n, 1));
    if (!data) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: no memory for the %" G_GUINT64_FORMAT " bytes of %s", trace->zip->path, n,
                    name);
        return NULL;
    }
    return moe__trace_finish(stream, data, out, error) ? g_steal_pointer(&data) : NULL;
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
        return moe__trace_finish(stream, buffer, out, error);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "%s: %s takes %" G_GUINT64_FORMAT " bytes, the buffer has %zu", trace->zip->path,
                name, moe__zip_stream_left(stream), capacity);
    return false;
}
