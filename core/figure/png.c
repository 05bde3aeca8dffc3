/* SPDX-License-Identifier: MIT
 *
 * A PNG writer of our own: figures have few colours, so a palette makes them small and quick to
 * write, large ones are packed by what repeats in plots (deflate.h), and the file says its
 * resolution. Cairo's writer does none of it.
 * PNG (Portable Network Graphics) Specification, W3C, 2003.
 */
#include "figure/deflate.h"
#include "figure/writers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Kinds of pixels (section 11.2.2). */
enum { COLOUR_RGB = 2, COLOUR_PALETTE = 3, COLOUR_RGBA = 6 };

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
append_palette(GByteArray *out, const Palette *palette)
{
    guint8 colours[3 * 256];
    for (int i = 0; i < palette->n; i++) {
        for (int c = 0; c < 3; c++)
            colours[3 * i + c] = (guint8)(palette->colour[i] >> (16 - 8 * c));
    }
    append_chunk(out, "PLTE", colours, 3 * (size_t)palette->n);
}

/* Pixels first … last - 1 of a row. */
typedef struct Span {
    int first, last;
} Span;

/* A picture to be written. */
typedef struct Pixels {
    const uint32_t *data;
    int width, height, stride;
    int channels;     /* of the file: 1 (a palette), 3 or 4 */
    bool round_greys; /* to every eighth */
    Span *changes;    /* [height] */
    Palette *palette; /* all colours; NULL: there are too many, or some are transparent */
} Pixels;

/* Edges of letters have all greys there are; an eighth of them looks the same. */
static uint32_t
colour_of(const Pixels *pixels, uint32_t pixel)
{
    uint32_t colour = pixel & 0xffffff, grey = colour & 0xff;
    if (!pixels->round_greys || colour != grey * 0x10101)
        return colour;
    return MIN((grey + 4) / 8 * 8, 255) * 0x10101;
}

static const uint32_t *
row_at(const Pixels *pixels, int y)
{
    return pixels->data + (size_t)y * pixels->stride;
}

/* Pixels are compared so many at a time. */
#define TOGETHER 16

/* How many of the first, or last, of n pixels are those above. */
static int
same_first(const uint32_t *row, const uint32_t *above, int n)
{
    int i = 0;
    while (i + TOGETHER <= n && memcmp(row + i, above + i, TOGETHER * sizeof(*row)) == 0)
        i += TOGETHER;
    while (i < n && row[i] == above[i])
        i++;
    return i;
}

static int
same_last(const uint32_t *row, const uint32_t *above, int n)
{
    int i = n;
    while (i >= TOGETHER &&
           memcmp(row + i - TOGETHER, above + i - TOGETHER, TOGETHER * sizeof(*row)) == 0)
        i -= TOGETHER;
    while (i > 0 && row[i - 1] == above[i - 1])
        i--;
    return n - i;
}

/* Where a row differs from the one above; most rows of a grid of cells, and of the page around,
 * nowhere. */
static Span
changed(const Pixels *pixels, int y)
{
    int width = pixels->width;
    const uint32_t *row = row_at(pixels, y), *above = y > 0 ? row_at(pixels, y - 1) : NULL;
    if (!above)
        return (Span){0, width};
    if (memcmp(row, above, 4 * (size_t)width) == 0)
        return (Span){0, 0};
    return (Span){same_first(row, above, width), width - same_last(row, above, width)};
}

static Span *
changes_of(const Pixels *pixels)
{
    Span *changes = g_new(Span, pixels->height);
    for (int y = 0; y < pixels->height; y++)
        changes[y] = changed(pixels, y);
    return changes;
}

/* The next pixels of a span, from `from` on, that aren't those above; first == last: no more. Short
 * ones among them that are don't matter. */
static Span
next_changed(const Pixels *pixels, int y, int from)
{
    Span span = pixels->changes[y];
    if (y == 0)
        return (Span){from, span.last};
    const uint32_t *row = row_at(pixels, y), *above = row_at(pixels, y - 1);
    int first = from + same_first(row + from, above + from, span.last - from), last = first;
    while (last < span.last &&
           memcmp(row + last, above + last, MIN(TOGETHER, span.last - last) * sizeof(*row)) != 0)
        last += MIN(TOGETHER, span.last - last);
    return (Span){first, last};
}

/* Brings the colours of some pixels of a row into the palette, and their indices to `out` (NULL:
 * nowhere). false: there are more colours than it has room for. */
static bool
write_indices(const Pixels *pixels, int y, Span part, guint8 *out)
{
    const uint32_t *row = row_at(pixels, y);
    int index = 0;
    for (int x = part.first; x < part.last; x++) {
        if (x == part.first || row[x] != row[x - 1])
            index = palette_index(pixels->palette, colour_of(pixels, row[x]));
        if (index < 0)
            return false;
        if (out)
            out[x] = (guint8)index;
    }
    return true;
}

/* Of all rows; pixels that are those above bring nothing new. */
static bool
gather_colours(const Pixels *pixels)
{
    Palette *palette = pixels->palette;
    palette->n = 0;
    memset(palette->index, 0xff, sizeof(palette->index));
    for (int y = 0; y < pixels->height; y++) {
        Span part = next_changed(pixels, y, pixels->changes[y].first);
        for (; part.first < part.last; part = next_changed(pixels, y, part.last))
            if (!write_indices(pixels, y, part, NULL))
                return false;
    }
    return true;
}

static void
write_channels(const Pixels *pixels, int y, Span part, guint8 *out)
{
    const uint32_t *row = row_at(pixels, y);
    int channels = pixels->channels;
    guint8 *at = out + (size_t)part.first * channels;
    for (int x = part.first; x < part.last; x++, at += channels) {
        at[0] = (guint8)(row[x] >> 16);
        at[1] = (guint8)(row[x] >> 8);
        at[2] = (guint8)row[x];
        if (channels == 4)
            at[3] = (guint8)(row[x] >> 24);
    }
}

/* The bytes of a row of the file. Rows are asked for in their order, and made in one half of `two`,
 * which has the row above in the other. */
static const guint8 *
row_bytes(const Pixels *pixels, int y, guint8 *two)
{
    size_t length = (size_t)pixels->width * pixels->channels;
    guint8 *row = two + (y & 1) * length;
    Span part = next_changed(pixels, y, pixels->changes[y].first);
    if (y > 0)
        memcpy(row, two + (~y & 1) * length, length);
    for (; part.first < part.last; part = next_changed(pixels, y, part.last))
        if (pixels->palette)
            write_indices(pixels, y, part, row);
        else
            write_channels(pixels, y, part, row);
    return row;
}

/* Rows as differences from those above. */
static GByteArray *
pack(const Pixels *pixels)
{
    int channels = pixels->channels, length = pixels->width * channels;
    Deflater *deflater = moe__deflater_new(length, channels);
    g_autofree guint8 *more = g_malloc(length), *none = g_malloc0(length);
    g_autofree guint8 *two = g_malloc(2 * (size_t)length);
    const guint8 *above = none;
    for (int y = 0; y < pixels->height; y++) {
        const guint8 *row = row_bytes(pixels, y, two);
        int from = pixels->changes[y].first * channels, to = pixels->changes[y].last * channels;
        for (int i = from; i < to; i++)
            more[i] = (guint8)(row[i] - above[i]);
        moe__deflater_row(deflater, more, from, to);
        above = row;
    }
    return moe__deflater_finish(deflater);
}

/* libdeflate's own choice. */
#define USUAL 6

/* Half the size in three times the time. */
static GByteArray *
pack_small(const Pixels *pixels)
{
    size_t length = (size_t)pixels->width * pixels->channels, stride = 1 + length;
    g_autofree guint8 *rows = g_malloc(stride * pixels->height), *two = g_malloc(2 * length);
    for (int y = 0; y < pixels->height; y++) {
        guint8 *row = rows + stride * y;
        row[0] = 0; /* no filter */
        memcpy(row + 1, row_bytes(pixels, y, two), length);
    }
    return moe__zlib_pack(rows, stride * pixels->height, USUAL);
}

/* What is packed so in some three milliseconds. */
#define SMALL_PICTURE (1 << 20)

static void
append_pixels(GByteArray *out, const Pixels *pixels)
{
    gint64 bytes = (gint64)pixels->width * pixels->channels * pixels->height;
    g_autoptr(GByteArray) packed = bytes <= SMALL_PICTURE ? pack_small(pixels) : pack(pixels);
    append_chunk(out, "IDAT", packed->data, packed->len);
    append_chunk(out, "IEND", NULL, 0);
}

GByteArray *
moe__png_encode(const uint32_t *data, int width, int height, int stride, double dpi)
{
    g_autofree Palette *palette = g_new(Palette, 1);
    Pixels pixels = {data, width, height, stride, 1, false, NULL, palette};
    g_autofree Span *changes = changes_of(&pixels);
    pixels.changes = changes;
    GByteArray *out = g_byte_array_new();
    bool few = gather_colours(&pixels);
    if (!few) {
        pixels.round_greys = true;
        few = gather_colours(&pixels);
    }
    if (!few) {
        pixels.channels = 3;
        pixels.palette = NULL;
    }
    append_header(out, width, height, few ? COLOUR_PALETTE : COLOUR_RGB);
    if (dpi > 0)
        append_resolution(out, dpi);
    if (few)
        append_palette(out, palette);
    append_pixels(out, &pixels);
    return out;
}

static bool
opaque(const uint32_t *data, size_t n)
{
    uint32_t all = 0xffffffff;
    for (size_t i = 0; i < n; i++)
        all &= data[i];
    return all >> 24 == 0xff;
}

GByteArray *
moe__png_encode_alpha(const uint32_t *data, int width, int height)
{
    if (opaque(data, (size_t)width * (size_t)height))
        return moe__png_encode(data, width, height, width, 0);
    Pixels pixels = {data, width, height, width, 4, false, NULL, NULL};
    g_autofree Span *changes = changes_of(&pixels);
    pixels.changes = changes;
    GByteArray *out = g_byte_array_new();
    append_header(out, width, height, COLOUR_RGBA);
    append_pixels(out, &pixels);
    return out;
}
