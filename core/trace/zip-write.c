/* SPDX-License-Identifier: MIT
 *
 * zip-write.c: archives written as a stream. Times and attributes are constant, so that the same
 * members give the same bytes.
 */
#include "trace/zip-format.h"
#include "trace/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    DOS_DATE = 1 << 5 | 1, /* 1980-01-01, the first day that the format knows */
    DATA_ALIGNMENT = 64,   /* of stored members; .npy data keep it, being padded to 64 themselves */
    ALIGN_FIELD_MIN = 6,
    ZIP64_LOCAL_FIELD = 20,
    VERSION_DEFLATE = 20,
    VERSION_ZIP64 = 45,
    MADE_BY_UNIX = 3 << 8,
};
static const uint32_t regular_file = 0100644u << 16;

struct MoeZipWriter {
    char *path;
    int fd;
    uint64_t length;
    GArray *entries;
    MoeZipLimits limits;
};

static bool
set_file_error(GError **error, const char *path, const char *verb)
{
    int code = errno;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "%s: cannot %s: %s", path, verb,
                g_strerror(code));
    return false;
}

static void
entry_clear(void *entry)
{
    g_free(((MoeZipEntry *)entry)->name);
}

GArray *
moe__zip_entries_new(void)
{
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(MoeZipEntry));
    g_array_set_clear_func(entries, entry_clear);
    return entries;
}

static MoeZipWriter *
writer_from_fd(const char *path, int fd, const MoeZipLimits *limits)
{
    MoeZipWriter *writer = g_new0(MoeZipWriter, 1);
    writer->path = g_strdup(path);
    writer->fd = fd;
    writer->entries = moe__zip_entries_new();
    writer->limits = limits ? *limits : (MoeZipLimits){ZIP_WIDE32 - 1, ZIP_WIDE16 - 1};
    return writer;
}

MoeZipWriter *
moe__zip_writer_new(const char *path, const MoeZipLimits *limits, GError **error)
{
    if (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s is not a regular file; a trace needs one", path);
        return NULL;
    }
    if (g_unlink(path) != 0 && errno != ENOENT) {
        set_file_error(error, path, "replace");
        return NULL;
    }
    int fd = g_open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        set_file_error(error, path, "create");
        return NULL;
    }
    return writer_from_fd(path, fd, limits);
}

MoeZipWriter *
moe__zip_writer_resume(const char *path, uint64_t length, const GArray *entries,
                       const MoeZipLimits *limits, GError **error)
{
    int fd = g_open(path, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0) {
        set_file_error(error, path, "open for writing");
        return NULL;
    }
    g_autoptr(MoeZipWriter) writer = writer_from_fd(path, fd, limits);
    if (ftruncate(fd, (off_t)length) != 0 || lseek(fd, (off_t)length, SEEK_SET) < 0) {
        set_file_error(error, path, "cut");
        return NULL;
    }
    for (guint i = 0; i < entries->len; i++) {
        MoeZipEntry entry = g_array_index(entries, MoeZipEntry, i);
        entry.name = g_strdup(entry.name);
        g_array_append_val(writer->entries, entry);
    }
    writer->length = length;
    return g_steal_pointer(&writer);
}

static bool
write_bytes(MoeZipWriter *writer, const uint8_t *bytes, uint64_t n, GError **error)
{
    while (n > 0) {
        ssize_t written = write(writer->fd, bytes, MIN(n, (uint64_t)G_MAXSSIZE));
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return set_file_error(error, writer->path, "write");
        bytes += written;
        n -= (uint64_t)written;
        writer->length += (uint64_t)written;
    }
    return true;
}

static bool
has_wide_sizes(const MoeZipEntry *entry, const MoeZipLimits *limits)
{
    return entry->size > limits->bytes || entry->packed > limits->bytes;
}

/* Bytes of padding that bring `at` to a multiple of the alignment; a field has at least six. */
static size_t
alignment_padding(uint64_t at)
{
    size_t n = -at % DATA_ALIGNMENT;
    return n == 0 || n >= ALIGN_FIELD_MIN ? n : n + DATA_ALIGNMENT;
}

static void
put_alignment_field(GByteArray *out, size_t n)
{
    if (n == 0)
        return;
    guint begin = out->len;
    zip_put16(out, ZIP_EXTRA_ALIGN);
    zip_put16(out, (uint16_t)(n - 4));
    zip_put16(out, DATA_ALIGNMENT);
    g_byte_array_set_size(out, begin + (guint)n);
    memset(out->data + begin + ALIGN_FIELD_MIN, 0, n - ALIGN_FIELD_MIN);
}

/* From "version needed" to "file name length": the fields that both kinds of header share. */
static void
put_common_fields(GByteArray *out, const MoeZipEntry *entry, bool wide_sizes, bool wide)
{
    zip_put16(out, wide ? VERSION_ZIP64 : VERSION_DEFLATE);
    zip_put16(out, 0); /* flags */
    zip_put16(out, entry->method);
    zip_put16(out, 0); /* midnight */
    zip_put16(out, DOS_DATE);
    zip_put32(out, entry->crc);
    zip_put32(out, wide_sizes ? ZIP_WIDE32 : (uint32_t)entry->packed);
    zip_put32(out, wide_sizes ? ZIP_WIDE32 : (uint32_t)entry->size);
    zip_put16(out, (uint16_t)strlen(entry->name));
}

static void
put_local_header(GByteArray *out, const MoeZipEntry *entry, const MoeZipLimits *limits)
{
    size_t name_length = strlen(entry->name);
    bool wide = has_wide_sizes(entry, limits);
    size_t extra = wide ? ZIP64_LOCAL_FIELD : 0, padding = 0;
    if (entry->method == MOE_ZIP_STORED)
        padding = alignment_padding(entry->offset + ZIP_LOCAL_SIZE + name_length + extra);

    zip_put32(out, ZIP_LOCAL_SIGNATURE);
    put_common_fields(out, entry, wide, wide);
    zip_put16(out, (uint16_t)(extra + padding));
    g_byte_array_append(out, (const guint8 *)entry->name, (guint)name_length);
    if (wide) {
        zip_put16(out, ZIP_EXTRA_ZIP64);
        zip_put16(out, 16);
        zip_put64(out, entry->size);
        zip_put64(out, entry->packed);
    }
    put_alignment_field(out, padding);
}

static void
put_central_header(GByteArray *out, const MoeZipEntry *entry, const MoeZipLimits *limits)
{
    bool wide_sizes = has_wide_sizes(entry, limits), wide_offset = entry->offset > limits->bytes;
    bool wide = wide_sizes || wide_offset;
    uint16_t field = (wide_sizes ? 16 : 0) + (wide_offset ? 8 : 0);

    zip_put32(out, ZIP_CENTRAL_SIGNATURE);
    zip_put16(out, MADE_BY_UNIX | (wide ? VERSION_ZIP64 : VERSION_DEFLATE));
    put_common_fields(out, entry, wide_sizes, wide);
    zip_put16(out, wide ? 4 + field : 0);
    zip_put16(out, 0); /* comment */
    zip_put16(out, 0); /* disk */
    zip_put16(out, 0); /* internal attributes */
    zip_put32(out, regular_file);
    zip_put32(out, wide_offset ? ZIP_WIDE32 : (uint32_t)entry->offset);
    g_byte_array_append(out, (const guint8 *)entry->name, (guint)strlen(entry->name));
    if (!wide)
        return;
    zip_put16(out, ZIP_EXTRA_ZIP64);
    zip_put16(out, field);
    if (wide_sizes) {
        zip_put64(out, entry->size);
        zip_put64(out, entry->packed);
    }
    if (wide_offset)
        zip_put64(out, entry->offset);
}

static void
put_zip64_end(GByteArray *out, uint64_t entries, uint64_t size, uint64_t offset)
{
    zip_put32(out, ZIP64_END_SIGNATURE);
    zip_put64(out, ZIP64_END_SIZE - 12);
    zip_put16(out, MADE_BY_UNIX | VERSION_ZIP64);
    zip_put16(out, VERSION_ZIP64);
    zip_put32(out, 0); /* this disk */
    zip_put32(out, 0); /* disk of the directory */
    zip_put64(out, entries);
    zip_put64(out, entries);
    zip_put64(out, size);
    zip_put64(out, offset);

    zip_put32(out, ZIP64_LOCATOR_SIGNATURE);
    zip_put32(out, 0);
    zip_put64(out, offset + size);
    zip_put32(out, 1); /* disks */
}

static void
put_end(GByteArray *out, uint64_t entries, uint64_t size, uint64_t offset,
        const MoeZipLimits *limits)
{
    bool many = entries > limits->entries, large = size > limits->bytes;
    bool far = offset > limits->bytes;
    if (many || large || far)
        put_zip64_end(out, entries, size, offset);
    zip_put32(out, ZIP_END_SIGNATURE);
    zip_put32(out, 0); /* disks */
    zip_put16(out, many ? ZIP_WIDE16 : (uint16_t)entries);
    zip_put16(out, many ? ZIP_WIDE16 : (uint16_t)entries);
    zip_put32(out, large ? ZIP_WIDE32 : (uint32_t)size);
    zip_put32(out, far ? ZIP_WIDE32 : (uint32_t)offset);
    zip_put16(out, 0); /* comment */
}

bool
moe__zip_writer_add(MoeZipWriter *writer, const char *name, const MoeZipPacked *packed,
                    GError **error)
{
    MoeZipEntry entry = {(char *)name, packed->method, packed->crc,
                         packed->size, packed->packed, writer->length};
    g_autoptr(GByteArray) header = g_byte_array_new();
    put_local_header(header, &entry, &writer->limits);
    entry.data = writer->length + header->len;
    if (!write_bytes(writer, header->data, header->len, error) ||
        !write_bytes(writer, packed->bytes, packed->packed, error))
        return false;
    entry.name = g_strdup(name);
    g_array_append_val(writer->entries, entry);
    return true;
}

static bool
write_bytes_at(MoeZipWriter *writer, uint64_t at, const uint8_t *bytes, uint64_t n, GError **error)
{
    while (n > 0) {
        ssize_t written = pwrite(writer->fd, bytes, MIN(n, (uint64_t)G_MAXSSIZE), (off_t)at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return set_file_error(error, writer->path, "write");
        bytes += written;
        n -= (uint64_t)written;
        at += (uint64_t)written;
    }
    return true;
}

static MoeZipEntry *
find_entry(MoeZipWriter *writer, const char *name)
{
    for (guint i = 0; i < writer->entries->len; i++) {
        MoeZipEntry *entry = &g_array_index(writer->entries, MoeZipEntry, i);
        if (g_str_equal(entry->name, name))
            return entry;
    }
    return NULL;
}

bool
moe__zip_writer_rewrite(MoeZipWriter *writer, const char *name, const MoeZipPacked *packed,
                        GError **error)
{
    MoeZipEntry *entry = find_entry(writer, name);
    if (!entry || entry->method != MOE_ZIP_STORED || packed->method != MOE_ZIP_STORED ||
        entry->packed != packed->packed) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: member %s can't be written again: %s, expected as many bytes as before, "
                    "stored",
                    writer->path, name, entry ? "found others" : "found none");
        return false;
    }
    entry->crc = packed->crc;
    g_autoptr(GByteArray) header = g_byte_array_new();
    put_local_header(header, entry, &writer->limits);
    return write_bytes_at(writer, entry->offset, header->data, header->len, error) &&
           write_bytes_at(writer, entry->data, packed->bytes, packed->packed, error);
}

void
moe__zip_writer_lock(MoeZipWriter *writer)
{
    if (flock(writer->fd, LOCK_EX | LOCK_NB) != 0)
        g_debug("%s: no lock: %s", writer->path, g_strerror(errno));
}

/* What goes to a file that has no name any more is lost, and that silently. */
static bool
check_place(const MoeZipWriter *writer, GError **error)
{
    struct stat own, there;
    if (fstat(writer->fd, &own) == 0 && stat(writer->path, &there) == 0 &&
        own.st_dev == there.st_dev && own.st_ino == there.st_ino)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "%s was replaced or removed while it was being written: what is there now lacks "
                "what came since",
                writer->path);
    return false;
}

bool
moe__zip_writer_sync(MoeZipWriter *writer, GError **error)
{
    if (fsync(writer->fd) != 0)
        return set_file_error(error, writer->path, "write");
    return check_place(writer, error);
}

uint64_t
moe__zip_writer_length(const MoeZipWriter *writer)
{
    return writer->length;
}

bool
moe__zip_writer_finish(MoeZipWriter *writer, GError **error)
{
    uint64_t offset = writer->length;
    g_autoptr(GByteArray) directory = g_byte_array_new();
    for (guint i = 0; i < writer->entries->len; i++)
        put_central_header(directory, &g_array_index(writer->entries, MoeZipEntry, i),
                           &writer->limits);
    put_end(directory, writer->entries->len, directory->len, offset, &writer->limits);
    return write_bytes(writer, directory->data, directory->len, error) &&
           moe__zip_writer_sync(writer, error);
}

void
moe__zip_writer_free(MoeZipWriter *writer)
{
    if (!writer)
        return;
    close(writer->fd);
    g_array_unref(writer->entries);
    g_free(writer->path);
    g_free(writer);
}
