/* SPDX-License-Identifier: MIT
 *
 * A file's bytes, plain or through zlib, in pieces: a limit then costs what it asks for, however
 * large the file is.
 */
#include "text/source.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <zlib.h>

enum { PIECE = 1 << 16 };

typedef struct Reader {
    FILE *file;
    const char *path;
    size_t limit;
    MoeBytes *bytes;
    GError **error;
} Reader;

/* The errno of a failed call on the file becomes the reader's error. Returns false. */
static bool
fail_errno(const Reader *reader, const char *what)
{
    int code = errno;
    g_set_error(reader->error, G_FILE_ERROR, (int)g_file_error_from_errno(code), "%s: can't %s: %s",
                reader->path, what, g_strerror(code));
    return false;
}

/* Room for another piece at the end, within the limit. Returns its size, 0 without memory. */
static size_t
reserve(const Reader *reader)
{
    MoeBytes *bytes = reader->bytes;
    if (bytes->capacity - bytes->length < PIECE) {
        size_t capacity = MAX(bytes->capacity + bytes->capacity / 2, bytes->length + PIECE);
        char *data = g_try_realloc(bytes->data, capacity);
        if (!data) {
            g_set_error(reader->error, G_FILE_ERROR, G_FILE_ERROR_NOMEM,
                        "%s: no memory for %zu bytes of text", reader->path, capacity);
            return 0;
        }
        bytes->data = data;
        bytes->capacity = capacity;
    }
    return MIN(PIECE, reader->limit - bytes->length);
}

static bool
read_plain(const Reader *reader)
{
    MoeBytes *bytes = reader->bytes;
    while (bytes->length < reader->limit) {
        size_t room = reserve(reader);
        if (room == 0)
            return false;
        size_t n = fread(bytes->data + bytes->length, 1, room, reader->file);
        bytes->length += n;
        if (n < room)
            return !ferror(reader->file) || fail_errno(reader, "read");
    }
    return true;
}

typedef struct Gunzip {
    z_stream z;
    int64_t read; /* compressed bytes so far, for messages */
    bool between; /* members: after the end of one, before the start of another */
    bool done;    /* the file ended where a member did */
    unsigned char piece[PIECE];
} Gunzip;

static bool
fail_gzip(const Reader *reader, const Gunzip *gunzip, int status)
{
    const char *why = gunzip->z.msg ? gunzip->z.msg : zError(status);
    g_set_error(reader->error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: corrupt gzip data at byte %" G_GINT64_FORMAT ": %s", reader->path,
                gunzip->read - (int64_t)gunzip->z.avail_in, why);
    return false;
}

/* The next compressed bytes. At the end of the file: done, or an error inside a member. */
static bool
refill(const Reader *reader, Gunzip *gunzip)
{
    size_t n = fread(gunzip->piece, 1, PIECE, reader->file);
    if (n == 0 && ferror(reader->file))
        return fail_errno(reader, "read");
    if (n == 0 && !gunzip->between) {
        g_set_error(reader->error, MOE_ERROR, MOE_ERROR_TRUNCATED,
                    "%s: the gzip data ends at byte %" G_GINT64_FORMAT
                    ", before the end of what it holds",
                    reader->path, gunzip->read);
        return false;
    }
    gunzip->done = n == 0;
    gunzip->read += (int64_t)n;
    gunzip->z.next_in = gunzip->piece;
    gunzip->z.avail_in = (uInt)n;
    return true;
}

/* A gzip file is members one after the other; zero bytes may pad it. */
static void
begin_member(Gunzip *gunzip)
{
    z_stream *z = &gunzip->z;
    while (z->avail_in > 0 && *z->next_in == 0) {
        z->next_in++;
        z->avail_in--;
    }
    if (z->avail_in > 0) {
        inflateReset(z);
        gunzip->between = false;
    }
}

static bool
inflate_piece(const Reader *reader, Gunzip *gunzip)
{
    MoeBytes *bytes = reader->bytes;
    size_t room = reserve(reader);
    if (room == 0)
        return false;
    gunzip->z.next_out = (unsigned char *)bytes->data + bytes->length;
    gunzip->z.avail_out = (uInt)room;
    int status = inflate(&gunzip->z, Z_NO_FLUSH);
    bytes->length += room - gunzip->z.avail_out;
    gunzip->between = status == Z_STREAM_END;
    bool fine = status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR;
    return fine || fail_gzip(reader, gunzip, status);
}

static bool
read_gzip(const Reader *reader)
{
    g_autofree Gunzip *gunzip = g_new0(Gunzip, 1);
    /* 15 + 16: the largest window, gzip headers */
    int status = inflateInit2(&gunzip->z, 15 + 16);
    if (status != Z_OK)
        return fail_gzip(reader, gunzip, status);
    bool ok = true;
    while (ok && !gunzip->done && reader->bytes->length < reader->limit) {
        if (gunzip->z.avail_in == 0)
            ok = refill(reader, gunzip);
        else if (gunzip->between)
            begin_member(gunzip);
        else
            ok = inflate_piece(reader, gunzip);
    }
    inflateEnd(&gunzip->z);
    return ok;
}

static bool
is_gzip(FILE *file)
{
    unsigned char magic[2];
    bool found = fread(magic, 1, 2, file) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
    rewind(file);
    return found;
}

bool
moe__source_read(const char *path, size_t limit, MoeBytes *bytes, GError **error)
{
    Reader reader = {.path = path, .limit = limit, .bytes = bytes, .error = error};
    struct stat info;
    if (stat(path, &info) != 0)
        return fail_errno(&reader, "open");
    if (!S_ISREG(info.st_mode)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: not a regular file", path);
        return false;
    }
    reader.file = fopen(path, "rbe");
    if (!reader.file)
        return fail_errno(&reader, "open");
    bool ok = is_gzip(reader.file) ? read_gzip(&reader) : read_plain(&reader);
    fclose(reader.file);
    return ok;
}
