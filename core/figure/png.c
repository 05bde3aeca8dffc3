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

/* Most rows of a grid of cells, and of the page around, are those above: kept are the pixels that
 * aren't, part by part, in words. Opaque ones of one colour that follow each other are one: their
 * number less one above their colour. */
struct MoePng {
    int width, height, rows; /* rows: given so far */
    bool alpha;              /* a word is a pixel */
    int channels;            /* of the file: 1 (a palette), 3 or 4 */
    bool round_greys;        /* to every eighth */
    uint32_t *above;         /* [width] the row given last */
    GArray *words;           /* uint32_t, of all parts */
    GArray *parts;           /* Span */
    guint *begin;            /* [height + 1] the first part of each row */
    Palette palette;         /* of all colours, with one channel */
    guint8 *index;           /* [words] in the palette; NULL: not known yet */
};

enum { MOST_ALIKE = 256, COLOUR_BITS = 24 };
#define COLOUR_MASK ((1u << COLOUR_BITS) - 1)

/* --- Rows that come ---------------------------------------------------------------------------*/

/* Pixels are compared so many at a time. */
#define TOGETHER 16

/* How many of the first of n pixels are those above. */
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

/* The next pixels from `from` on that aren't those above; first == last: no more. Short ones among
 * them that are don't matter. */
static Span
next_changed(const uint32_t *row, const uint32_t *above, int from, int width)
{
    int first = from + same_first(row + from, above + from, width - from), last = first;
    while (last < width &&
           memcmp(row + last, above + last, MIN(TOGETHER, width - last) * sizeof(*row)) != 0)
        last += MIN(TOGETHER, width - last);
    return (Span){first, last};
}

/* Writes n pixels as words; returns how many. */
static guint
write_words(const uint32_t *pixels, int n, uint32_t *out)
{
    const uint32_t *first = out;
    for (int i = 0, end; i < n; i = end) {
        uint32_t colour = pixels[i] & COLOUR_MASK;
        end = i + 1;
        while (end < n && end - i < MOST_ALIKE && (pixels[end] & COLOUR_MASK) == colour)
            end++;
        *out++ = colour | (uint32_t)(end - i - 1) << COLOUR_BITS;
    }
    return (guint)(out - first);
}

static void
add_part(MoePng *png, const uint32_t *row, Span part)
{
    guint n = (guint)(part.last - part.first), before = png->words->len;
    g_array_append_val(png->parts, part);
    g_array_set_size(png->words, before + n); /* as many as it takes at most */
    uint32_t *out = &g_array_index(png->words, uint32_t, before);
    if (png->alpha)
        memcpy(out, row + part.first, n * sizeof(*out));
    else
        g_array_set_size(png->words, before + write_words(row + part.first, (int)n, out));
}

static void
add_row(MoePng *png, const uint32_t *row, const uint32_t *above)
{
    const Span all = {0, png->width};
    png->begin[png->rows++] = png->parts->len;
    if (!above) {
        add_part(png, row, all);
        return;
    }
    if (memcmp(row, above, sizeof(*row) * (size_t)png->width) == 0)
        return;
    Span part = next_changed(row, above, 0, png->width);
    for (; part.first < part.last; part = next_changed(row, above, part.last, png->width))
        add_part(png, row, part);
}

MoePng *
moe__png_new(int width, int height, bool alpha)
{
    MoePng *png = g_new(MoePng, 1);
    *png = (MoePng){
        .width = width,
        .height = height,
        .alpha = alpha,
        .channels = 1,
        .above = g_new(uint32_t, width),
        .words = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
        .parts = g_array_new(FALSE, FALSE, sizeof(Span)),
        .begin = g_new(guint, height + 1),
    };
    return png;
}

void
moe__png_free(MoePng *png)
{
    if (!png)
        return;
    g_free(png->above);
    g_array_unref(png->words);
    g_free(png->index);
    g_array_unref(png->parts);
    g_free(png->begin);
    g_free(png);
}

void
moe__png_rows(MoePng *png, const uint32_t *pixels, int rows, int stride)
{
    g_return_if_fail(rows <= png->height - png->rows);
    for (int y = 0; y < rows; y++) {
        const uint32_t *row = pixels + (size_t)y * stride;
        add_row(png, row, png->rows == 0 ? NULL : y > 0 ? row - stride : png->above);
    }
    if (rows > 0)
        memcpy(png->above, pixels + (size_t)(rows - 1) * stride,
               sizeof(*pixels) * (size_t)png->width);
    png->begin[png->rows] = png->parts->len;
}

/* --- Bytes of the file ------------------------------------------------------------------------*/

/* Edges of letters have all greys there are; an eighth of them looks the same. */
static uint32_t
colour_of(const MoePng *png, uint32_t pixel)
{
    uint32_t colour = pixel & 0xffffff, grey = colour & 0xff;
    if (!png->round_greys || colour != grey * 0x10101)
        return colour;
    return MIN((grey + 4) / 8 * 8, 255) * 0x10101;
}

static const Span *
part_at(const MoePng *png, guint part)
{
    return &g_array_index(png->parts, Span, part);
}

/* A word's pixels, but for the alpha of those that have it. */
static uint32_t
take_word(const MoePng *png, uint32_t word, int *n)
{
    *n = png->alpha ? 1 : (int)(word >> COLOUR_BITS) + 1;
    return colour_of(png, word);
}

static bool
gather_colours(MoePng *png)
{
    png->palette.n = 0;
    memset(png->palette.index, 0xff, sizeof(png->palette.index));
    png->index = g_renew(guint8, png->index, png->words->len);
    for (guint i = 0; i < png->words->len; i++) {
        int n;
        uint32_t colour = take_word(png, g_array_index(png->words, uint32_t, i), &n);
        int index = palette_index(&png->palette, colour);
        if (index < 0)
            return false;
        png->index[i] = (guint8)index;
    }
    return true;
}

/* Rows of the file, which are asked for in their order. */
typedef struct Rows {
    MoePng *png;
    const uint32_t *word; /* that comes next */
    guint8 *two;          /* the row at hand in one half, the one above in the other */
    size_t length;
} Rows;

static Rows
rows_of(MoePng *png)
{
    size_t length = (size_t)png->width * png->channels;
    const uint32_t *words = (const uint32_t *)(void *)png->words->data;
    return (Rows){png, words, g_malloc(2 * length), length};
}

static void
write_indices(Rows *rows, Span part, guint8 *row)
{
    const uint32_t *first = (const uint32_t *)(void *)rows->png->words->data;
    for (int x = part.first, n; x < part.last; x += n) {
        guint8 index = rows->png->index[rows->word - first];
        take_word(rows->png, *rows->word++, &n);
        memset(row + x, index, (size_t)n);
    }
}

static void
write_channels(Rows *rows, Span part, guint8 *row)
{
    int channels = rows->png->channels;
    guint8 *out = row + (size_t)part.first * channels;
    for (int x = part.first, n; x < part.last; x += n) {
        uint32_t word = *rows->word++, colour = take_word(rows->png, word, &n);
        for (int i = 0; i < n; i++, out += channels) {
            out[0] = (guint8)(colour >> 16);
            out[1] = (guint8)(colour >> 8);
            out[2] = (guint8)colour;
            if (channels == 4)
                out[3] = (guint8)(word >> COLOUR_BITS);
        }
    }
}

static const guint8 *
row_bytes(Rows *rows, int y)
{
    const MoePng *png = rows->png;
    guint8 *row = rows->two + (y & 1) * rows->length;
    if (y > 0)
        memcpy(row, rows->two + (~y & 1) * rows->length, rows->length);
    for (guint p = png->begin[y]; p < png->begin[y + 1]; p++)
        if (png->channels == 1)
            write_indices(rows, *part_at(png, p), row);
        else
            write_channels(rows, *part_at(png, p), row);
    return row;
}

/* Rows as differences from those above. */
static GByteArray *
pack(MoePng *png)
{
    Rows rows = rows_of(png);
    int channels = png->channels, length = (int)rows.length;
    Deflater *deflater = moe__deflater_new(length, channels);
    g_autofree guint8 *more = g_malloc(length), *none = g_malloc0(length);
    const guint8 *above = none;
    for (int y = 0; y < png->height; y++) {
        const guint8 *row = row_bytes(&rows, y);
        guint first = png->begin[y], end = png->begin[y + 1];
        int from = first < end ? part_at(png, first)->first * channels : 0;
        int to = first < end ? part_at(png, end - 1)->last * channels : 0;
        for (int i = from; i < to; i++)
            more[i] = (guint8)(row[i] - above[i]);
        moe__deflater_row(deflater, more, from, to);
        above = row;
    }
    g_free(rows.two);
    return moe__deflater_finish(deflater);
}

/* libdeflate's own choice. */
#define USUAL 6

/* Half the size in three times the time. */
static GByteArray *
pack_small(MoePng *png)
{
    Rows rows = rows_of(png);
    size_t stride = 1 + rows.length;
    g_autofree guint8 *bytes = g_malloc(stride * png->height);
    for (int y = 0; y < png->height; y++) {
        guint8 *row = bytes + stride * y;
        row[0] = 0; /* no filter */
        memcpy(row + 1, row_bytes(&rows, y), rows.length);
    }
    g_free(rows.two);
    return moe__zlib_pack(bytes, stride * png->height, USUAL);
}

/* What is packed so in some three milliseconds. */
#define SMALL_PICTURE (1 << 20)

static void
append_pixels(GByteArray *out, MoePng *png)
{
    gint64 bytes = (gint64)png->width * png->channels * png->height;
    g_autoptr(GByteArray) packed = bytes <= SMALL_PICTURE ? pack_small(png) : pack(png);
    append_chunk(out, "IDAT", packed->data, packed->len);
    append_chunk(out, "IEND", NULL, 0);
}

/* A palette if the colours are few, or would be if greys were. Pixels are opaque. */
static void
choose_channels(MoePng *png)
{
    if (gather_colours(png))
        return;
    png->round_greys = true;
    if (gather_colours(png))
        return;
    png->round_greys = false;
    png->channels = 3;
}

GByteArray *
moe__png_finish(MoePng *png, double dpi)
{
    GByteArray *out = g_byte_array_new();
    g_return_val_if_fail(png->rows == png->height, out);
    choose_channels(png);
    append_header(out, png->width, png->height, png->channels == 1 ? COLOUR_PALETTE : COLOUR_RGB);
    if (dpi > 0)
        append_resolution(out, dpi);
    if (png->channels == 1)
        append_palette(out, &png->palette);
    append_pixels(out, png);
    return out;
}

static bool
opaque(const MoePng *png)
{
    uint32_t all = 0xffffffff;
    for (guint i = 0; i < png->words->len; i++)
        all &= g_array_index(png->words, uint32_t, i);
    return all >> 24 == 0xff;
}

GByteArray *
moe__png_encode_alpha(const uint32_t *pixels, int width, int height)
{
    g_autoptr(MoePng) png = moe__png_new(width, height, true);
    moe__png_rows(png, pixels, height, width);
    if (opaque(png))
        return moe__png_finish(png, 0);
    GByteArray *out = g_byte_array_new();
    png->channels = 4;
    append_header(out, width, height, COLOUR_RGBA);
    append_pixels(out, png);
    return out;
}
