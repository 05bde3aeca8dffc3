/* SPDX-License-Identifier: MIT
 *
 * zip-stream.c: unpacks a member from its beginning to its end, as many bytes at a time as the
 * caller has room for, straight into the caller's memory. Stored members are never copied, and no
 * member gives more bytes than its header states: that is all that is ever unpacked. Where a
 * library unpacks faster as a whole, members that aren't large are unpacked when they are begun;
 * what it refuses is left to zlib, and so are the complaints.
 */
#include "trace/crc.h"
#include "trace/inflate.h"
#include "trace/zip.h"

#include <string.h>
#include <zlib.h>

enum {
    PIECE = 64 * 1024,
    STORED_PIECE = 256 * 1024, /* is still in the cache when its CRC is taken */
    WHOLE_MOST = 16 << 20,
};

struct MoeZipStream {
    const MoeZipReader *reader;
    const MoeZipEntry *entry;
    uint64_t given, taken; /* bytes given to the caller, packed bytes taken from the file */
    uint32_t crc;          /* of those given */
    bool ended;            /* deflate's last block is behind us */
    bool opened;           /* `z` has to be closed */
    z_stream z;
    uint8_t *piece; /* of a deflated member */
    uint8_t *whole; /* all of one, or NULL */
};

static bool
fail(const MoeZipStream *stream, GError **error, const char *complaint)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: member %s, at byte %" G_GUINT64_FORMAT ": %s", stream->reader->path,
                stream->entry->name, stream->entry->data, complaint);
    return false;
}

/* Unpacks all of a member; leaves stream->whole NULL where that won't do. */
static bool
unpack_whole(MoeZipStream *stream, GError **error)
{
    const MoeZipEntry *entry = stream->entry;
    if (!moe__inflate_can() || entry->size > WHOLE_MOST || entry->packed > WHOLE_MOST)
        return true;
    g_autofree uint8_t *packed = g_malloc(entry->packed + 1);
    g_autofree uint8_t *whole = g_malloc(entry->size + 1);
    if (!moe__zip_reader_pread(stream->reader, entry->data, packed, entry->packed, error))
        return false;
    if (moe__inflate_whole(packed, entry->packed, whole, entry->size))
        stream->whole = g_steal_pointer(&whole);
    return true;
}

MoeZipStream *
moe__zip_stream_new(const MoeZipReader *reader, const MoeZipEntry *entry, GError **error)
{
    g_autoptr(MoeZipStream) stream = g_new0(MoeZipStream, 1);
    stream->reader = reader;
    stream->entry = entry;
    if (entry->method == MOE_ZIP_STORED)
        return g_steal_pointer(&stream);
    if (!unpack_whole(stream, error))
        return NULL;
    if (stream->whole)
        return g_steal_pointer(&stream);
    stream->opened = inflateInit2(&stream->z, -MAX_WBITS) == Z_OK;
    if (!stream->opened) {
        fail(stream, error, "no memory to unpack it");
        return NULL;
    }
    stream->piece = g_malloc(PIECE);
    return g_steal_pointer(&stream);
}

void
moe__zip_stream_free(MoeZipStream *stream)
{
    if (!stream)
        return;
    if (stream->opened)
        inflateEnd(&stream->z);
    g_free(stream->piece);
    g_free(stream->whole);
    g_free(stream);
}

/* Sees to it that there are packed bytes, unless the member has no more. */
static bool
refill(MoeZipStream *stream, GError **error)
{
    const MoeZipEntry *entry = stream->entry;
    if (stream->z.avail_in > 0 || stream->taken == entry->packed)
        return true;
    size_t n = (size_t)MIN(PIECE, entry->packed - stream->taken);
    if (!moe__zip_reader_pread(stream->reader, entry->data + stream->taken, stream->piece, n,
                               error))
        return false;
    stream->taken += n;
    stream->z.next_in = stream->piece;
    stream->z.avail_in = (uInt)n;
    return true;
}

/* Unpacks until `n` bytes are there or deflate's data have ended; `*got` tells how many came. */
static bool
inflate_up_to(MoeZipStream *stream, uint8_t *out, uint64_t n, uint64_t *got, GError **error)
{
    int status = Z_OK;
    *got = 0;
    while (*got < n && !stream->ended) {
        if (!refill(stream, error))
            return false;
        uInt room = (uInt)MIN(1u << 30, n - *got);
        stream->z.next_out = out + *got;
        stream->z.avail_out = room;
        status = inflate(&stream->z, Z_NO_FLUSH);
        *got += room - stream->z.avail_out;
        stream->ended = status == Z_STREAM_END;
        if (status == Z_BUF_ERROR) /* no packed bytes are left */
            break;
        if (status != Z_OK && status != Z_STREAM_END)
            return fail(stream, error, "the deflated data are damaged");
    }
    return true;
}

static bool
read_stored(MoeZipStream *stream, uint8_t *out, uint64_t n, GError **error)
{
    while (n > 0) {
        size_t piece = (size_t)MIN(n, STORED_PIECE);
        if (!moe__zip_reader_pread(stream->reader, stream->entry->data + stream->given, out, piece,
                                   error))
            return false;
        stream->crc = moe__crc32(stream->crc, out, piece);
        stream->given += piece;
        out += piece;
        n -= piece;
    }
    return true;
}

bool
moe__zip_stream_read(MoeZipStream *stream, void *out, uint64_t n, GError **error)
{
    const MoeZipEntry *entry = stream->entry;
    uint64_t got = 0;
    g_return_val_if_fail(n <= entry->size - stream->given, false);
    if (entry->method == MOE_ZIP_STORED)
        return read_stored(stream, out, n, error);
    if (stream->whole) {
        memcpy(out, stream->whole + stream->given, n);
        got = n;
    } else if (!inflate_up_to(stream, out, n, &got, error))
        return false;
    if (got < n)
        return fail(stream, error, "the deflated data end elsewhere than the header states");
    stream->crc = moe__crc32(stream->crc, out, n);
    stream->given += n;
    return true;
}

uint8_t *
moe__zip_stream_take(MoeZipStream *stream, uint64_t *at)
{
    uint64_t left = moe__zip_stream_left(stream);
    *at = stream->given;
    if (!stream->whole || stream->given % 8 != 0)
        return NULL;
    stream->crc = moe__crc32(stream->crc, stream->whole + stream->given, left);
    stream->given += left;
    return g_steal_pointer(&stream->whole);
}

uint64_t
moe__zip_stream_left(const MoeZipStream *stream)
{
    return stream->entry->size - stream->given;
}

/* Behind the last byte that the header states, deflate has to have ended too. */
static bool
check_end(MoeZipStream *stream, GError **error)
{
    uint8_t beyond;
    uint64_t got;
    if (!inflate_up_to(stream, &beyond, 1, &got, error))
        return false;
    if (got > 0)
        return fail(stream, error, "holds more bytes than its header states");
    if (!stream->ended || stream->taken != stream->entry->packed || stream->z.avail_in > 0)
        return fail(stream, error, "the deflated data end elsewhere than the header states");
    return true;
}

bool
moe__zip_stream_end(MoeZipStream *stream, GError **error)
{
    const MoeZipEntry *entry = stream->entry;
    g_return_val_if_fail(moe__zip_stream_left(stream) == 0, false);
    if (stream->opened && !check_end(stream, error))
        return false;
    if (stream->crc == entry->crc)
        return true;
    g_autofree char *complaint =
        g_strdup_printf("CRC %08x found, %08x expected", stream->crc, entry->crc);
    return fail(stream, error, complaint);
}

bool
moe__zip_reader_check(const MoeZipReader *reader, const MoeZipEntry *entry, GError **error)
{
    g_autoptr(MoeZipStream) stream = moe__zip_stream_new(reader, entry, error);
    g_autofree uint8_t *bytes = g_malloc(PIECE);
    while (stream && moe__zip_stream_left(stream) > 0)
        if (!moe__zip_stream_read(stream, bytes, MIN(PIECE, moe__zip_stream_left(stream)), error))
            return false;
    return stream && moe__zip_stream_end(stream, error);
}

uint8_t *
moe__zip_reader_read(const MoeZipReader *reader, const MoeZipEntry *entry, GError **error)
{
    g_autoptr(MoeZipStream) stream = moe__zip_stream_new(reader, entry, error);
    g_autofree uint8_t *bytes = entry->size < SIZE_MAX ? g_try_malloc(entry->size + 1) : NULL;
    if (stream && !bytes)
        fail(stream, error, "no memory to unpack it");
    if (!stream || !bytes || !moe__zip_stream_read(stream, bytes, entry->size, error) ||
        !moe__zip_stream_end(stream, error))
        return NULL;
    bytes[entry->size] = 0;
    return g_steal_pointer(&bytes);
}

uint8_t *
moe__zip_reader_read_small(const MoeZipReader *reader, const MoeZipEntry *entry, uint64_t most,
                           GError **error)
{
    if (entry->size <= most)
        return moe__zip_reader_read(reader, entry, error);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: member %s: found %" G_GUINT64_FORMAT
                " bytes, expected at most %" G_GUINT64_FORMAT,
                reader->path, entry->name, entry->size, most);
    return NULL;
}
