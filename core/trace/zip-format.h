/* SPDX-License-Identifier: MIT
 *
 * zip-format.h: the numbers of the zip format (PKWARE APPNOTE 6.3, sections 4.3 to 4.5) and its
 * little-endian fields. Shared by the writer and the reader of archives.
 */
#ifndef MOESCOPE_TRACE_ZIP_FORMAT_H
#define MOESCOPE_TRACE_ZIP_FORMAT_H

#include <glib.h>
#include <stdint.h>
#include <string.h>

enum {
    ZIP_LOCAL_SIGNATURE = 0x04034b50,
    ZIP_CENTRAL_SIGNATURE = 0x02014b50,
    ZIP_END_SIGNATURE = 0x06054b50,
    ZIP64_END_SIGNATURE = 0x06064b50,
    ZIP64_LOCATOR_SIGNATURE = 0x07064b50,

    /* Fixed parts, before names, extra fields and comments. */
    ZIP_LOCAL_SIZE = 30,
    ZIP_CENTRAL_SIZE = 46,
    ZIP_END_SIZE = 22,
    ZIP64_END_SIZE = 56,
    ZIP64_LOCATOR_SIZE = 20,

    ZIP_FLAG_ENCRYPTED = 1 << 0,
    ZIP_FLAG_DESCRIPTOR = 1 << 3, /* sizes follow the data instead of standing in the header */

    ZIP_EXTRA_ZIP64 = 0x0001,
    ZIP_EXTRA_ALIGN = 0xd935, /* padding, as Android's zipalign writes it */
};
#define ZIP_WIDE32 UINT32_MAX /* "see the zip64 field" */
#define ZIP_WIDE16 UINT16_MAX

static inline uint16_t
zip_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t
zip_get32(const uint8_t *p)
{
    return zip_get16(p) | (uint32_t)zip_get16(p + 2) << 16;
}

static inline uint64_t
zip_get64(const uint8_t *p)
{
    return zip_get32(p) | (uint64_t)zip_get32(p + 4) << 32;
}

static inline void
zip_put16(GByteArray *out, uint16_t x)
{
    uint8_t bytes[] = {(uint8_t)x, (uint8_t)(x >> 8)};
    g_byte_array_append(out, bytes, sizeof bytes);
}

static inline void
zip_put32(GByteArray *out, uint32_t x)
{
    zip_put16(out, (uint16_t)x);
    zip_put16(out, (uint16_t)(x >> 16));
}

static inline void
zip_put64(GByteArray *out, uint64_t x)
{
    zip_put32(out, (uint32_t)x);
    zip_put32(out, (uint32_t)(x >> 32));
}

#endif
