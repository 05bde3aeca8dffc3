/* SPDX-License-Identifier: MIT
 *
 * A PNG writer of our own: figures have few colours, so a palette makes them small and quick to
 * write, and the file says its resolution, which Cairo's writer can't.
 * PNG (Portable Network Graphics) Specification, W3C, 2003.
 */
#include "figure/writers.h"

#include <math.h>
#include <zlib.h>

/* A hash table of the colours seen: open addressing, twice as many places as colours. */
#define PLACES 1024

typedef struct Palette {
    uint32_t colour[256];
    int n;
    uint32_t key[PLACES];
    int16_t index[PLACES]; /* -1: free */
} Palette;

static int
palette_index(Palette *palette, uint32_t colour)
{
    uint32_t place = (colour * 2654435761u) >> 22;
    while (palette->index[place] >= 0 && palette->key[place] != colour)
        place = (place + 1) % PLACES;
    if (palette->index[place] >= 0)
        return palette->index[place];
    if (palette->n == 256)
        return -1;
    palette->key[place] = colour;
    palette->index[place] = (int16_t)palette->n;
    palette->colour[palette->n] = colour;
    return palette->n++;
}

static void
append_be32(GByteArray *out, uint32_t value)
{
    uint32_t big = GUINT32_TO_BE(value);
    g_byte_array_append(out, (const guint8 *)&big, 4);
}

static void
append_chunk(GByteArray *out, const char *type, const void *data, size_t length)
{
    append_be32(out, (uint32_t)length);
    guint start = out->len;
    g_byte_array_append(out, (const guint8 *)type, 4);
    if (length > 0)
        g_byte_array_append(out, data, (guint)length);
    append_be32(out, (uint32_t)crc32(0, out->data + start, (uInt)(length + 4)));
}

static void
append_header(GByteArray *out, int width, int height, int colour_type)
{
    static const guint8 signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    g_byte_array_append(out, signature, 8);
    g_autoptr(GByteArray) header = g_byte_array_new();
    append_be32(header, (uint32_t)width);
    append_be32(header, (uint32_t)height);
    guint8 rest[5] = {8, (guint8)colour_type, 0, 0, 0};
    g_byte_array_append(header, rest, 5);
    append_chunk(out, "IHDR", header->data, header->len);
}

static void
append_resolution(GByteArray *out, double dpi)
{
    g_autoptr(GByteArray) data = g_byte_array_new();
    uint32_t per_metre = (uint32_t)lround(dpi / 0.0254);
    append_be32(data, per_metre);
    append_be32(data, per_metre);
    g_byte_array_append(data, (const guint8 *)"\1", 1);
    append_chunk(out, "pHYs", data->data, data->len);
}

static void
append_pixels(GByteArray *out, const guint8 *rows, size_t length)
{
    uLongf packed_length = compressBound(length);
    g_autofree guint8 *packed = g_malloc(packed_length);
    compress2(packed, &packed_length, rows, length, 6); /* fails only without memory */
    append_chunk(out, "IDAT", packed, packed_length);
    append_chunk(out, "IEND", NULL, 0);
}

/* Rows with their filter bytes (0: none), or NULL if there are more than 256 colours. */
static guint8 *
rows_of_palette(const uint32_t *pixels, int width, int height, int stride, Palette *palette)
{
    palette->n = 0;
    memset(palette->index, 0xff, sizeof(palette->index));
    g_autofree guint8 *rows = g_malloc0((size_t)(width + 1) * height);
    for (int y = 0; y < height; y++) {
        guint8 *row = rows + (size_t)y * (width + 1) + 1;
        uint32_t last = 0;
        int index = -1;
        for (int x = 0; x < width; x++) {
            uint32_t colour = pixels[(size_t)y * stride + x] & 0xffffff;
            if (index < 0 || colour != last)
                index = palette_index(palette, colour);
            if (index < 0)
                return NULL;
            last = colour;
            row[x] = (guint8)index;
        }
    }
    return g_steal_pointer(&rows);
}

static guint8 *
rows_of_channels(const uint32_t *pixels, int width, int height, int stride, bool alpha)
{
    int channels = alpha ? 4 : 3;
    size_t length = (size_t)width * channels + 1;
    guint8 *rows = g_malloc0(length * height), *at = rows;
    for (int y = 0; y < height; y++) {
        at = rows + length * y + 1;
        for (int x = 0; x < width; x++) {
            uint32_t pixel = pixels[(size_t)y * stride + x];
            *at++ = (guint8)(pixel >> 16);
            *at++ = (guint8)(pixel >> 8);
            *at++ = (guint8)pixel;
            if (alpha)
                *at++ = (guint8)(pixel >> 24);
        }
    }
    return rows;
}

GByteArray *
moe__png_encode(const uint32_t *pixels, int width, int height, int stride, double dpi)
{
    GByteArray *out = g_byte_array_new();
    g_autofree Palette *palette = g_new(Palette, 1);
    g_autofree guint8 *rows = rows_of_palette(pixels, width, height, stride, palette);
    size_t length = (size_t)(width + 1) * height;
    append_header(out, width, height, rows ? 3 : 2);
    if (dpi > 0)
        append_resolution(out, dpi);
    if (rows) {
        guint8 colours[3 * 256];
        for (int i = 0; i < palette->n; i++) {
            for (int c = 0; c < 3; c++)
                colours[3 * i + c] = (guint8)(palette->colour[i] >> (16 - 8 * c));
        }
        append_chunk(out, "PLTE", colours, 3 * (size_t)palette->n);
    } else {
        rows = rows_of_channels(pixels, width, height, stride, false);
        length = ((size_t)width * 3 + 1) * height;
    }
    append_pixels(out, rows, length);
    return out;
}

GByteArray *
moe__png_encode_alpha(const uint32_t *pixels, int width, int height)
{
    GByteArray *out = g_byte_array_new();
    append_header(out, width, height, 6);
    g_autofree guint8 *rows = rows_of_channels(pixels, width, height, width, true);
    append_pixels(out, rows, ((size_t)width * 4 + 1) * height);
    return out;
}
