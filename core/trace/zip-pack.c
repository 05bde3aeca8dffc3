/* SPDX-License-Identifier: MIT
 *
 * zip-pack.c: one member, compressed in memory.
 */
#include "trace/crc.h"
#include "trace/inflate.h"
#include "trace/zip.h"

#include <string.h>
#include <zlib.h>

typedef struct How {
    int level, strategy;
} How;

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

/* The compressed length, 0 if that wouldn't be shorter; false if memory runs out. */
static bool
deflate_with(const uint8_t *bytes, uint64_t size, How how, uint8_t *out, uint64_t *packed)
{
    *packed = 0;
    z_stream z = {0};
    if (deflateInit2(&z, how.level, Z_DEFLATED, -MAX_WBITS, 8, how.strategy) != Z_OK)
        return false;
    if (deflate_all(&z, bytes, size, out, size) && z.total_out < size)
        *packed = z.total_out;
    deflateEnd(&z);
    return true;
}

/* Looking for matches takes most of the time, and finds few in what routers write: the mantissas
 * of gates and the ids of experts only differ in how often they occur. Runs of a byte and codes
 * alone make ids as short, three times as fast; and gates get shorter where only matches that are
 * easy to find are taken (levels up to 3), since distances of far short ones cost more than they
 * save. Pieces of a column as long as deflate looks back tell what is best for all of it. */
enum { PIECE = 1 << 15, PIECES = 2, SAMPLED_FROM = 4 * PIECE * PIECES, EASY = 3 };

static bool
choose_how(const uint8_t *bytes, uint64_t size, int level, uint8_t *out, How *how)
{
    const How coded = {level, Z_RLE}, easy = {MIN(level, EASY), Z_DEFAULT_STRATEGY};
    uint8_t sample[PIECES * PIECE];
    uint64_t by_codes, by_easy, by_matches;
    *how = (How){level, Z_DEFAULT_STRATEGY};
    if (size < SAMPLED_FROM)
        return true;
    for (uint64_t i = 0; i < PIECES; i++)
        memcpy(sample + i * PIECE, bytes + (2 * i + 1) * (size / (2 * PIECES)) - PIECE / 2, PIECE);
    if (!deflate_with(sample, sizeof sample, coded, out, &by_codes) ||
        !deflate_with(sample, sizeof sample, easy, out, &by_easy))
        return false;
    if (by_codes > 0 && (by_easy == 0 || by_codes <= by_easy)) {
        *how = coded;
        return true;
    }
    if (!deflate_with(sample, sizeof sample, *how, out, &by_matches))
        return false;
    if (by_easy > 0 && by_easy <= by_matches)
        *how = easy;
    return true;
}

/* Level 1 asks for speed: a library that packs two to three times as fast, as short or nearly so,
 * is worth more than samples. It takes all at once, so very large members are left to zlib, and so
 * are small ones, which it doesn't care to pack. */
static bool
packs_quickly(uint64_t size, int level)
{
    return level == 1 && size >= 1 << 10 && size <= 1 << 30 && moe__deflate_can();
}

/* Returns the compressed length, 0 if that wouldn't be shorter; false if memory runs out. */
static bool
deflate_bytes(const uint8_t *bytes, uint64_t size, int level, uint8_t **out, uint64_t *packed)
{
    How how;
    *out = g_try_malloc(size);
    if (*out && packs_quickly(size, level)) {
        *packed = moe__deflate_quickly(bytes, size, *out);
        return true;
    }
    return *out && choose_how(bytes, size, level, *out, &how) &&
           deflate_with(bytes, size, how, *out, packed);
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
