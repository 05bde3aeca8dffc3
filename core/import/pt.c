/* SPDX-License-Identifier: MIT
 *
 * pt.c: opens what torch.save() and pickle.dump() write.
 */
#include "import/pt.h"

#include "import/legacy.h"
#include "import/pickle.h"
#include "import/python-doc.h"
#include "trace/zip.h"

#include <string.h>

/* A deflated pickle may be this much longer than its archive. torch stores; others repack. */
#define UNPACKED_FREE     ((uint64_t)64 << 20)
#define UNPACKED_PER_BYTE ((uint64_t)16)

/* --- Streams ----------------------------------------------------------------------------------*/

/* A pickle that isn't part of anything. */
static MoePyDoc *
read_lone(GBytes *bytes, const char *name, GError **error)
{
    g_autoptr(MoePyDoc) doc = moe__pickle_read(bytes, name, error);
    if (!doc || g_hash_table_size(doc->storages) == 0)
        return g_steal_pointer(&doc);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: the data.pkl of a torch archive without the archive: it has tensors, but not "
                "their values",
                name);
    return NULL;
}

MoePyDoc *
moe__pt_read(GBytes *bytes, const char *name, GError **error)
{
    gsize length;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    if (!moe__legacy_is(data, length))
        return read_lone(bytes, name, error);
    g_autoptr(MoePyDoc) doc = moe__py_doc_new(bytes, name);
    doc->root = moe__legacy_read(doc, data, length, name, 0, error);
    return doc->root ? g_steal_pointer(&doc) : NULL;
}

/* --- Archives ---------------------------------------------------------------------------------*/

/* Where the storages of a tree are. The last one is kept: tensors that share a storage come
 * together. */
typedef struct Archive {
    MoeZipReader *zip;
    char *folder; /* of the members, with its "/" */
    const MoePyStorage *kept;
    uint8_t *bytes;
} Archive;

static void
archive_free(gpointer data)
{
    Archive *archive = data;
    moe__zip_reader_free(archive->zip);
    g_free(archive->folder);
    g_free(archive->bytes);
    g_free(archive);
}

static const uint8_t *
fetch(const MoePyStorage *storage, void *user, GError **error)
{
    Archive *archive = user;
    if (archive->kept == storage)
        return archive->bytes;
    g_autofree char *member = g_strconcat(archive->folder, "data/", storage->key, NULL);
    const MoeZipEntry *entry = moe__zip_reader_find(archive->zip, member);
    if (!entry || entry->size != storage->size) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: member %s has %" G_GUINT64_FORMAT " bytes, %" G_GUINT64_FORMAT
                    " are expected",
                    archive->zip->path, member, entry ? entry->size : 0, storage->size);
        return NULL;
    }
    uint8_t *bytes = moe__zip_reader_read(archive->zip, entry, error);
    if (!bytes)
        return NULL;
    g_free(archive->bytes);
    archive->bytes = bytes;
    archive->kept = storage;
    return bytes;
}

/* The member "NAME/data.pkl", whatever NAME. */
static const MoeZipEntry *
find_pickle(const MoeZipReader *zip, GError **error)
{
    for (guint i = 0; i < zip->entries->len; i++) {
        const MoeZipEntry *entry = &g_array_index(zip->entries, MoeZipEntry, i);
        const char *slash = strchr(entry->name, '/');
        if (!slash || strcmp(slash, "/data.pkl") != 0)
            continue;
        if (entry->size <= UNPACKED_FREE + UNPACKED_PER_BYTE * zip->length)
            return entry;
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: member %s would unpack to %" G_GUINT64_FORMAT " bytes", zip->path,
                    entry->name, entry->size);
        return NULL;
    }
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "%s: an archive without NAME/data.pkl, so torch didn't write it", zip->path);
    return NULL;
}

/* The member "byteorder" came with torch 2.1; without it values are the writer's, little-endian
 * on all machines but rare ones. */
static bool
check_byte_order(const Archive *archive, GError **error)
{
    g_autofree char *member = g_strconcat(archive->folder, "byteorder", NULL);
    const MoeZipEntry *entry = moe__zip_reader_find(archive->zip, member);
    if (!entry)
        return true;
    g_autofree uint8_t *order =
        entry->size == strlen("little") ? moe__zip_reader_read(archive->zip, entry, error) : NULL;
    if (order && strcmp((const char *)order, "little") == 0)
        return true;
    if (!error || !*error)
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: values aren't little-endian, as %s says", archive->zip->path, member);
    return false;
}

static MoePyDoc *
read_archive(MoeZipReader *zip, GError **error)
{
    const MoeZipEntry *entry = find_pickle(zip, error);
    uint8_t *text = entry ? moe__zip_reader_read(zip, entry, error) : NULL;
    if (!text)
        return NULL;
    g_autoptr(GBytes) bytes = g_bytes_new_take(text, (gsize)entry->size);
    g_autofree char *name = g_strdup_printf("%s: %s", zip->path, entry->name);
    return moe__pickle_read(bytes, name, error);
}

static MoePyDoc *
open_archive(const char *path, GError **error)
{
    g_autoptr(MoeZipReader) zip = moe__zip_reader_open(path, UINT64_MAX, error);
    g_autoptr(MoePyDoc) doc = zip ? read_archive(zip, error) : NULL;
    if (!doc)
        return NULL;
    const char *pickle = find_pickle(zip, NULL)->name;
    Archive *archive = g_new0(Archive, 1);
    archive->folder = g_strndup(pickle, (gsize)(strchr(pickle, '/') - pickle) + 1);
    archive->zip = g_steal_pointer(&zip);
    doc->fetch = fetch;
    doc->user = archive;
    doc->release = archive_free;
    return check_byte_order(archive, error) ? g_steal_pointer(&doc) : NULL;
}

MoePyDoc *
moe__pt_open(const char *path, GError **error)
{
    g_autoptr(GMappedFile) map = g_mapped_file_new(path, FALSE, error);
    if (!map)
        return NULL;
    size_t length = g_mapped_file_get_length(map);
    if (length >= 4 && memcmp(g_mapped_file_get_contents(map), "PK\x03\x04", 4) == 0)
        return open_archive(path, error);
    g_autofree char *name = g_filename_display_name(path);
    g_autoptr(GBytes) bytes = g_mapped_file_get_bytes(map);
    return moe__pt_read(bytes, name, error);
}
