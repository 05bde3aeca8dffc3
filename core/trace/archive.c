/* SPDX-License-Identifier: MIT
 *
 * archive.c: small archives of arrays with a meta.json.
 */
#include "trace/tools.h"
#include "trace/zip-array.h"

#include <glib/gstdio.h>
#include <moescope/archive.h>
#include <string.h>

/* --- Writing ----------------------------------------------------------------------------------*/

struct MoeArchiveWriter {
    char *path, *beside;
    MoeZipWriter *zip;
    GHashTable *names;
};

MoeArchiveWriter *
moe_archive_begin(const char *path, const char *meta_json, GError **error)
{
    g_autoptr(JsonNode) meta = moe__json_object_parse(meta_json, error);
    g_autofree char *beside = meta ? moe__trace_beside(path, error) : NULL;
    g_autoptr(MoeZipWriter) zip = beside ? moe__zip_writer_new(beside, NULL, error) : NULL;
    if (!zip)
        return NULL;
    if (!moe__zip_add_bytes(zip, "", "meta.json", meta_json, strlen(meta_json), error)) {
        g_unlink(beside);
        return NULL;
    }
    MoeArchiveWriter *writer = g_new0(MoeArchiveWriter, 1);
    writer->path = g_strdup(path);
    writer->beside = g_steal_pointer(&beside);
    writer->zip = g_steal_pointer(&zip);
    writer->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_add(writer->names, g_strdup("meta.json"));
    return writer;
}

static bool
take_name(MoeArchiveWriter *writer, const char *name, GError **error)
{
    if (!moe__zip_check_name(name, error))
        return false;
    if (g_hash_table_add(writer->names, g_strdup(name)))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: \"%s\" was added twice", writer->path, name);
    return false;
}

bool
moe_archive_add(MoeArchiveWriter *writer, const char *name, const MoeArray *array, GError **error)
{
    return take_name(writer, name, error) &&
           moe__zip_add_array(writer->zip, "", name, array, error);
}

bool
moe_archive_add_bytes(MoeArchiveWriter *writer, const char *name, const void *bytes, size_t n,
                      GError **error)
{
    return take_name(writer, name, error) &&
           moe__zip_add_bytes(writer->zip, "", name, bytes, n, error);
}

bool
moe_archive_close(MoeArchiveWriter *writer, GError **error)
{
    bool ok = moe__zip_writer_finish(writer->zip, error) &&
              moe__trace_replace(writer->beside, writer->path, error);
    if (ok)
        g_clear_pointer(&writer->beside, g_free);
    moe_archive_abandon(writer);
    return ok;
}

void
moe_archive_abandon(MoeArchiveWriter *writer)
{
    if (!writer)
        return;
    if (writer->beside)
        g_unlink(writer->beside);
    moe__zip_writer_free(writer->zip);
    g_hash_table_unref(writer->names);
    g_free(writer->beside);
    g_free(writer->path);
    g_free(writer);
}

/* --- Reading ----------------------------------------------------------------------------------*/

struct MoeArchive {
    MoeZipReader *zip;
    char *meta;
    GPtrArray *names;
};

static bool
read_meta(MoeArchive *archive, GError **error)
{
    const MoeZipReader *zip = archive->zip;
    const MoeZipEntry *entry = moe__zip_reader_find(zip, "meta.json");
    if (!zip->complete) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_TRUNCATED,
                    "%s has no directory: it was cut off, or is no zip archive", zip->path);
        return false;
    }
    if (!entry) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s has no meta.json", zip->path);
        return false;
    }
    static const char *const none[] = {NULL};
    archive->meta = (char *)moe__zip_reader_read_small(zip, entry, MOE_TRACE_META_MOST, error);
    g_autoptr(JsonNode) root =
        archive->meta ? moe__json_object_some(archive->meta, none, error) : NULL;
    if (archive->meta && !root)
        g_prefix_error(error, "%s: meta.json: ", zip->path);
    return root != NULL;
}

MoeArchive *
moe_archive_open(const char *path, GError **error)
{
    g_autoptr(MoeZipReader) zip = moe__zip_reader_open(path, UINT64_MAX, error);
    if (!zip)
        return NULL;
    g_autoptr(MoeArchive) archive = g_new0(MoeArchive, 1);
    archive->zip = g_steal_pointer(&zip);
    archive->names = g_ptr_array_new_with_free_func(g_free);
    if (!read_meta(archive, error))
        return NULL;
    moe__zip_names(archive->zip, "", archive->names);
    return g_steal_pointer(&archive);
}

void
moe_archive_free(MoeArchive *archive)
{
    if (!archive)
        return;
    g_ptr_array_unref(archive->names);
    g_free(archive->meta);
    moe__zip_reader_free(archive->zip);
    g_free(archive);
}

const char *
moe_archive_meta(const MoeArchive *archive)
{
    return archive->meta;
}

const char *const *
moe_archive_names(const MoeArchive *archive, int *n)
{
    *n = (int)archive->names->len;
    return (const char *const *)archive->names->pdata;
}

bool
moe_archive_has(const MoeArchive *archive, const char *name)
{
    return moe__zip_find(archive->zip, "", name) && !g_str_equal(name, "meta.json");
}

bool
moe_archive_read(const MoeArchive *archive, const char *name, MoeArray *out, GError **error)
{
    if (moe_archive_has(archive, name))
        return moe__zip_read(archive->zip, moe__zip_find(archive->zip, "", name), out, error);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: there is no \"%s\"", archive->zip->path,
                name);
    return false;
}
