/* SPDX-License-Identifier: MIT
 *
 * zip-read.c: opens archives and reads from their files. zip-index.c finds out where the members
 * are, zip-stream.c unpacks them.
 */
#include "trace/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

static bool
set_system_error(GError **error, const char *path, int code)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "%s: cannot read: %s", path,
                g_strerror(code));
    return false;
}

bool
moe__zip_reader_pread(const MoeZipReader *reader, uint64_t at, void *out, size_t n, GError **error)
{
    uint8_t *to = out;
    while (n > 0) {
        ssize_t got = pread(reader->fd, to, n, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return set_system_error(error, reader->path, errno);
        if (got == 0) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_TRUNCATED,
                        "%s: ends at byte %" G_GUINT64_FORMAT ", %zu more expected", reader->path,
                        at, n);
            return false;
        }
        to += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return true;
}

static bool
open_file(MoeZipReader *reader, uint64_t limit, GError **error)
{
    struct stat *info = &reader->file;
    /* A FIFO would be waited for. */
    reader->fd = g_open(reader->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
    if (reader->fd < 0 || fstat(reader->fd, info) != 0)
        return set_system_error(error, reader->path, errno);
    if (!S_ISREG(info->st_mode)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED, "%s is not a regular file",
                    reader->path);
        return false;
    }
    reader->length = MIN((uint64_t)info->st_size, limit);
    return true;
}

MoeZipChange
moe__zip_reader_change(const MoeZipReader *reader)
{
    struct stat now;
    const struct stat *then = &reader->file;
    if (stat(reader->path, &now) != 0 || now.st_dev != then->st_dev || now.st_ino != then->st_ino)
        return MOE_ZIP_REPLACED;
    bool same = now.st_size == then->st_size && now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
                now.st_mtim.tv_nsec == then->st_mtim.tv_nsec;
    return same ? MOE_ZIP_SAME : MOE_ZIP_CHANGED;
}

MoeZipReader *
moe__zip_reader_open(const char *path, uint64_t limit, GError **error)
{
    g_autoptr(MoeZipReader) reader = g_new0(MoeZipReader, 1);
    reader->path = g_strdup(path);
    reader->entries = moe__zip_entries_new();
    reader->index = g_hash_table_new(g_str_hash, g_str_equal);
    if (!open_file(reader, limit, error) ||
        !moe__zip_reader_index(reader, limit != UINT64_MAX, error))
        return NULL;
    return g_steal_pointer(&reader);
}

void
moe__zip_reader_free(MoeZipReader *reader)
{
    if (!reader)
        return;
    if (reader->fd >= 0)
        close(reader->fd);
    g_hash_table_unref(reader->index);
    g_array_unref(reader->entries);
    g_free(reader->path);
    g_free(reader);
}

const MoeZipEntry *
moe__zip_reader_find(const MoeZipReader *reader, const char *name)
{
    return g_hash_table_lookup(reader->index, name);
}
