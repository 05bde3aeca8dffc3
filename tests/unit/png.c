/* SPDX-License-Identifier: MIT
 *
 * Pictures come back from Cairo's PNG reader as they were: with a palette, without, large, small.
 */
#include "figure/writers.h"

#include <cairo.h>
#include <string.h>

typedef struct Reader {
    const GByteArray *bytes;
    guint at;
} Reader;

static cairo_status_t
read_bytes(void *closure, unsigned char *data, unsigned int length)
{
    Reader *reader = closure;
    if (reader->at + length > reader->bytes->len)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(data, reader->bytes->data + reader->at, length);
    reader->at += length;
    return CAIRO_STATUS_SUCCESS;
}

/* Returns the largest difference of a channel. */
static int
compare(const uint32_t *pixels, int width, int height, const GByteArray *png)
{
    Reader reader = {png, 0};
    cairo_surface_t *back = cairo_image_surface_create_from_png_stream(read_bytes, &reader);
    int worst = 0;
    g_assert_cmpint(cairo_surface_status(back), ==, CAIRO_STATUS_SUCCESS);
    g_assert_cmpint(cairo_image_surface_get_width(back), ==, width);
    g_assert_cmpint(cairo_image_surface_get_height(back), ==, height);
    for (int y = 0; y < height; y++) {
        const uint32_t *row =
            (const uint32_t *)(const void *)(cairo_image_surface_get_data(back) +
                                             (gsize)y * cairo_image_surface_get_stride(back));
        for (int x = 0; x < width; x++)
            for (int shift = 0; shift < 24; shift += 8)
                worst = MAX(worst, ABS((int)(row[x] >> shift & 255) -
                                       (int)(pixels[(gsize)y * width + x] >> shift & 255)));
    }
    cairo_surface_destroy(back);
    return worst;
}

/* The colour type that the header states. */
static int
colour_type(const GByteArray *png)
{
    return png->data[25];
}

/* Rows given `piece` at a time. */
static GByteArray *
encode(const uint32_t *pixels, int width, int height, int piece)
{
    g_autoptr(MoePng) png = moe__png_new(width, height, false);
    for (int y = 0; y < height; y += piece)
        moe__png_rows(png, pixels + (gsize)y * width, MIN(piece, height - y), width);
    return moe__png_finish(png, 300);
}

/* `colours` of any kind and `greys` greys, in cells; large ones go through our own compressor. */
static void
check(int width, int height, int colours, int greys, int type, int slack)
{
    g_autofree uint32_t *pixels = g_new(uint32_t, (gsize)width * (gsize)height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int i = (y / 3 * 61 + x / 2) % (colours + greys);
            pixels[(gsize)y * width + x] =
                i < colours ? (uint32_t)i * 2654435761u : (uint32_t)(i - colours) * 0x10101;
        }
    g_autoptr(GByteArray) png = encode(pixels, width, height, height);
    g_autoptr(GByteArray) same = encode(pixels, width, height, 7);
    g_assert_cmpmem(png->data, png->len, same->data, same->len);
    g_assert_cmpint(colour_type(png), ==, type);
    g_assert_cmpint(compare(pixels, width, height, png), <=, slack);
}

static void
test_round_trip(void)
{
    check(1200, 1000, 3, 2, 3, 0);     /* large, a palette */
    check(1200, 1000, 5000, 20, 2, 0); /* large, without */
    check(1200, 1000, 100, 256, 3, 4); /* a palette with fewer greys */
    check(90, 70, 3, 2, 3, 0);         /* small */
    check(90, 70, 5000, 0, 2, 0);      /* small, without */
    check(1, 1, 1, 0, 3, 0);
    check(12000, 100, 5000, 0, 2, 0); /* wide */
}

static void
test_alpha(void)
{
    uint32_t pixels[12] = {0xff102030, 0xff102030, 0, 0xffffffff};
    g_autoptr(GByteArray) holes = moe__png_encode_alpha(pixels, 4, 3);
    g_assert_cmpint(colour_type(holes), ==, 6);
    g_assert_cmpint(compare(pixels, 4, 3, holes), ==, 0);
    for (int i = 0; i < 12; i++)
        pixels[i] |= 0xff000000;
    g_autoptr(GByteArray) whole = moe__png_encode_alpha(pixels, 4, 3);
    g_assert_cmpint(colour_type(whole), ==, 3);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/png/round-trip", test_round_trip);
    g_test_add_func("/png/alpha", test_alpha);
    return g_test_run();
}
