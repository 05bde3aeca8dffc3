/* SPDX-License-Identifier: MIT
 *
 * zip-read.c: opens archives and unpacks members. zip-index.c finds out where they are.
 */
#include "trace/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { PIECE = 64 * 1024 };

static bool
fail(const MoeZipReader *reader, const MoeZipEntry *entry, GError **error, const char *complaint)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: member %s, at byte %" G_GUINT64_FORMAT ": %s", reader->path, entry->name,
                entry->data, complaint);
    return false;
}

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
    struct stat info;
    reader->fd = g_open(reader->path, O_RDONLY | O_CLOEXEC, 0);
    if (reader->fd < 0 || fstat(reader->fd, &info) != 0)
        return set_system_error(error, reader->path, errno);
    if (!S_ISREG(info.st_mode)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED, "%s is not a regular file",
                    reader->path);
        return false;
    }
    reader->length = MIN((uint64_t)info.st_size, limit);
    return true;
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

/* Feeds the member piece by piece and stops at the stated size: what a header promises is all
 * that is ever unpacked. */
static bool
inflate_pieces(const MoeZipReader *reader, const MoeZipEntry *entry, z_stream *z, uint8_t *out,
               GError **error)
{
    g_autofree uint8_t *piece = g_malloc(PIECE);
    uint64_t taken = 0, given = 0;
    int status = Z_OK;
    while (status == Z_OK) {
        if (z->avail_in == 0 && taken < entry->packed) {
            size_t n = MIN(PIECE, entry->packed - taken);
            if (!moe__zip_reader_pread(reader, entry->data + taken, piece, n, error))
                return false;
            taken += n;
            z->next_in = piece;
            z->avail_in = (uInt)n;
        }
        uInt room = (uInt)MIN(1u << 30, entry->size - given);
        z->next_out = out + given;
        z->avail_out = room;
        status = inflate(z, Z_NO_FLUSH);
        given += room - z->avail_out;
    }
    if (status != Z_STREAM_END && status != Z_BUF_ERROR)
        return fail(reader, entry, error, "the deflated data are damaged");
    if (status == Z_BUF_ERROR && given == entry->size)
        return fail(reader, entry, error, "holds more bytes than its header states");
    if (given != entry->size || taken != entry->packed || z->avail_in > 0)
        return fail(reader, entry, error, "the deflated data end elsewhere than the header states");
    return true;
}

static bool
inflate_member(const MoeZipReader *reader, const MoeZipEntry *entry, uint8_t *out, GError **error)
{
    z_stream z = {0};
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return fail(reader, entry, error, "no memory to unpack it");
    bool ok = inflate_pieces(reader, entry, &z, out, error);
    inflateEnd(&z);
    return ok;
}

static bool
check_crc(const MoeZipReader *reader, const MoeZipEntry *entry, const uint8_t *bytes,
          GError **error)
{
    uint32_t found = (uint32_t)crc32_z(0, bytes, entry->size);
    if (found == entry->crc)
        return true;
    g_autofree char *complaint =
        g_strdup_printf("CRC %08x found, %08x expected", found, entry->crc);
    return fail(reader, entry, error, complaint);
}

uint8_t *
moe__zip_reader_read(const MoeZipReader *reader, const MoeZipEntry *entry, GError **error)
{
    g_autofree uint8_t *bytes = entry->size < SIZE_MAX ? g_try_malloc(entry->size + 1) : NULL;
    if (!bytes) {
        fail(reader, entry, error, "no memory to unpack it");
        return NULL;
    }
    bool ok = entry->method == MOE_ZIP_STORED
                  ? moe__zip_reader_pread(reader, entry->data, bytes, entry->size, error)
                  : inflate_member(reader, entry, bytes, error);
    if (!ok || !check_crc(reader, entry, bytes, error))
        return NULL;
    bytes[entry->size] = 0;
    return g_steal_pointer(&bytes);
}
