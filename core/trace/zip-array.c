/* SPDX-License-Identifier: MIT
 *
 * zip-array.c: arrays and plain bytes as members of an archive. An array's header is read first, so
 * that its data can go straight to where they are wanted.
 */
#include "trace/zip-array.h"

#include "trace/npy.h"

#include <string.h>

/* Counts are as short at any level, and at this one take a fifth of the time. */
enum { LEVEL = 1, LENGTH_MAX = 200 };

/* --- Writing ----------------------------------------------------------------------------------*/

bool
moe__zip_check_name(const char *name, GError **error)
{
    bool ok = strlen(name) <= LENGTH_MAX && !g_str_has_suffix(name, ".npy");
    char before = '/';
    for (const char *c = name; *c; before = *c++) {
        bool plain = g_ascii_isalnum(*c) || *c == '_' || *c == '-';
        ok = ok && (plain || (before != '/' && (*c == '.' || *c == '/')));
    }
    if (ok && before != '/')
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "name \"%.200s\": up to %d of A-Z a-z 0-9 _ - . / are expected, of which no part "
                "is empty or begins with \".\", and the end is not \".npy\"",
                name, LENGTH_MAX);
    return false;
}

bool
moe__zip_pack_array(const MoeArray *array, MoeZipPacked *out)
{
    char header[MOE_NPY_HEADER_MAX];
    size_t before = moe__npy_header(array, header);
    size_t n = moe_type_size(array->type) * (size_t)moe_array_count(array);
    uint8_t *bytes = g_try_malloc(before + n);
    if (!bytes)
        return false;
    memcpy(bytes, header, before);
    if (n > 0)
        memcpy(bytes + before, array->data, n);
    return moe__zip_pack(bytes, before + n, LEVEL, out);
}

bool
moe__zip_pack_bytes(const void *bytes, size_t n, MoeZipPacked *out)
{
    uint8_t *copy = g_try_malloc(MAX(n, 1));
    if (!copy)
        return false;
    if (n > 0)
        memcpy(copy, bytes, n);
    return moe__zip_pack(copy, n, LEVEL, out);
}

bool
moe__zip_add_packed(MoeZipWriter *writer, const char *member, bool packed, MoeZipPacked *bytes,
                    GError **error)
{
    if (!packed) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "no memory to pack %s", member);
        return false;
    }
    bool ok = moe__zip_writer_add(writer, member, bytes, error);
    moe__zip_packed_clear(bytes);
    return ok;
}

bool
moe__zip_add_array(MoeZipWriter *writer, const char *prefix, const char *name,
                   const MoeArray *array, GError **error)
{
    g_autofree char *member = g_strconcat(prefix, name, ".npy", NULL);
    MoeZipPacked packed = {0};
    return moe__zip_add_packed(writer, member, moe__zip_pack_array(array, &packed), &packed, error);
}

bool
moe__zip_add_bytes(MoeZipWriter *writer, const char *prefix, const char *name, const void *bytes,
                   size_t n, GError **error)
{
    g_autofree char *member = g_strconcat(prefix, name, NULL);
    MoeZipPacked packed = {0};
    return moe__zip_add_packed(writer, member, moe__zip_pack_bytes(bytes, n, &packed), &packed,
                               error);
}

/* --- Reading ----------------------------------------------------------------------------------*/

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
moe__zip_array_begin(const MoeZipReader *zip, const MoeZipEntry *entry, MoeArray *out,
                     GError **error)
{
    g_autoptr(MoeZipStream) stream = moe__zip_stream_new(zip, entry, error);
    g_autoptr(GError) reason = NULL;
    if (!stream || read_header(stream, entry->size, out, &reason))
        return g_steal_pointer(&stream);
    /* A header that makes no sense in a member that isn't whole is no news. */
    if (!moe__zip_reader_check(zip, entry, error))
        return NULL;
    g_propagate_prefixed_error(error, g_steal_pointer(&reason), "%s: member %s: ", zip->path,
                               entry->name);
    return NULL;
}

bool
moe__zip_array_finish(MoeZipStream *stream, void *data, MoeArray *array, GError **error)
{
    bool ok = moe__zip_stream_read(stream, data, moe__zip_stream_left(stream), error) &&
              moe__zip_stream_end(stream, error);
    array->data = ok ? data : NULL;
    return ok;
}

uint8_t *
moe__zip_array_read(const MoeZipReader *zip, const MoeZipEntry *entry, MoeArray *out,
                    GError **error)
{
    g_autoptr(MoeZipStream) stream = moe__zip_array_begin(zip, entry, out, error);
    if (!stream)
        return NULL;
    uint64_t n = moe__zip_stream_left(stream);
    g_autofree uint8_t *data = g_try_malloc(MAX(n, 1));
    if (!data) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: no memory for the %" G_GUINT64_FORMAT " bytes of %s", zip->path, n,
                    entry->name);
        return NULL;
    }
    return moe__zip_array_finish(stream, data, out, error) ? g_steal_pointer(&data) : NULL;
}

void
moe__zip_names(const MoeZipReader *zip, const char *prefix, GPtrArray *names)
{
    for (guint i = 0; i < zip->entries->len; i++) {
        const char *member = g_array_index(zip->entries, MoeZipEntry, i).name;
        if (!g_str_has_prefix(member, prefix) || g_str_equal(member, "meta.json"))
            continue;
        char *name = g_strdup(member + strlen(prefix));
        if (g_str_has_suffix(name, ".npy"))
            name[strlen(name) - strlen(".npy")] = 0;
        g_ptr_array_add(names, name);
    }
}

const MoeZipEntry *
moe__zip_find(const MoeZipReader *zip, const char *prefix, const char *name)
{
    g_autofree char *array = g_strconcat(prefix, name, ".npy", NULL);
    g_autofree char *bytes = g_strconcat(prefix, name, NULL);
    const MoeZipEntry *entry = moe__zip_reader_find(zip, array);
    return entry || g_str_has_suffix(name, ".npy") ? entry : moe__zip_reader_find(zip, bytes);
}

bool
moe__zip_read(const MoeZipReader *zip, const MoeZipEntry *entry, MoeArray *out, GError **error)
{
    if (g_str_has_suffix(entry->name, ".npy"))
        return moe__zip_array_read(zip, entry, out, error) != NULL;
    *out = (MoeArray){.type = MOE_U8, .ndim = 1, .shape = {(int64_t)entry->size}};
    out->data = moe__zip_reader_read(zip, entry, error);
    return out->data != NULL;
}
