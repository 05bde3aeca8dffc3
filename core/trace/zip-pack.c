/* SPDX-License-Identifier: MIT
 *
 * zip-pack.c: one member, compressed in memory.
 */
#include "trace/crc.h"
#include "trace/zip.h"

#include <zlib.h>

/* Raw deflate without zlib's header. zlib counts a call's bytes in 32 bits, hence the pieces. */
static bool
deflate_all(z_stream *z, const uint8_t *bytes, uint64_t size, uint8_t *out, uint64_t capacity)
{
    const uint64_t piece = 1u << 30;
    uint64_t taken = 0, given = 0;
    int status = Z_OK;
    while (status == Z_OK) {
        uInt in = (uInt)MIN(piece, size - taken), room = (uInt)MIN(piece, capacity - given);
        z->next_in = (Bytef *)bytes + taken;
        z->avail_in = in;
        z->next_out = out + given;
        z->avail_out = room;
        status = deflate(z, in == size - taken ? Z_FINISH : Z_NO_FLUSH);
        taken += in - z->avail_in;
        given += room - z->avail_out;
        if (given == capacity)
            break;
    }
    return status == Z_STREAM_END;
}

/* Returns the compressed length, 0 if that wouldn't be shorter; false if memory runs out. */
static bool
deflate_bytes(const uint8_t *bytes, uint64_t size, int level, uint8_t **out, uint64_t *packed)
{
    *packed = 0;
    *out = g_try_malloc(size);
    z_stream z = {0};
    if (!*out || deflateInit2(&z, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    if (deflate_all(&z, bytes, size, *out, size) && z.total_out < size)
        *packed = z.total_out;
    deflateEnd(&z);
    return true;
}

bool
moe__zip_pack(uint8_t *bytes, uint64_t size, int level, MoeZipPacked *out)
{
    g_autofree uint8_t *plain = bytes;
    *out = (MoeZipPacked){MOE_ZIP_STORED, moe__crc32(0, plain, size), size, size, NULL};
    if (level > 0 && size > 0) {
        g_autofree uint8_t *deflated = NULL;
        uint64_t packed;
        if (!deflate_bytes(plain, size, level, &deflated, &packed))
            return false;
        if (packed > 0) {
            out->method = MOE_ZIP_DEFLATED;
            out->packed = packed;
            out->bytes = g_realloc(g_steal_pointer(&deflated), packed);
            return true;
        }
    }
    out->bytes = g_steal_pointer(&plain);
    return true;
}

void
moe__zip_packed_clear(MoeZipPacked *packed)
{
    g_clear_pointer(&packed->bytes, g_free);
}
