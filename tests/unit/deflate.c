/* SPDX-License-Identifier: MIT
 *
 * Pictures through our compressor come back from zlib as they were.
 */
#include "figure/deflate.h"

#include <glib.h>
#include <string.h>
#include <zlib.h>

typedef struct Picture {
    int stride, rows, unit;
    guint8 *bytes;
    GByteArray *packed;
} Picture;

/* Rows that are noise, runs, a little different from the one above, or the same. */
static void
fill(Picture *picture, GRand *random)
{
    Deflater *deflater = moe__deflater_new(picture->stride, picture->unit);
    picture->bytes = g_malloc0((gsize)picture->stride * (gsize)picture->rows);
    for (int y = 0; y < picture->rows; y++) {
        guint8 *row = picture->bytes + (gsize)y * (gsize)picture->stride;
        int kind = y == 0 ? 0 : g_rand_int_range(random, 0, 4);
        int from = 0, to = picture->stride;
        if (y > 0)
            memcpy(row, row - picture->stride, (gsize)picture->stride);
        if (kind == 3) {
            moe__deflater_repeat(deflater);
            continue;
        }
        if (kind == 2) {
            from = g_rand_int_range(random, 0, picture->stride);
            to = g_rand_int_range(random, from, picture->stride + 1);
        }
        for (int i = from; i < to; i++)
            row[i] = kind == 1 ? (guint8)(i / 50) : (guint8)g_rand_int_range(random, 0, 256);
        moe__deflater_row(deflater, row, from, to);
    }
    picture->packed = moe__deflater_finish(deflater);
}

static void
check(int stride, int rows, int unit, GRand *random)
{
    Picture picture = {.stride = stride, .rows = rows, .unit = unit};
    fill(&picture, random);
    gsize size = (gsize)stride * (gsize)rows;
    uLongf length = size;
    g_autofree guint8 *back = g_malloc(size);
    g_assert_cmpint(uncompress(back, &length, picture.packed->data, picture.packed->len), ==, Z_OK);
    g_assert_cmpmem(back, length, picture.bytes, size);
    g_free(picture.bytes);
    g_byte_array_unref(picture.packed);
}

static void
test_round_trip(void)
{
    static const int sizes[][3] = {{2, 1, 1},    {2, 9, 1},    {4, 3, 3},      {5, 40, 4},
                                   {300, 50, 1}, {301, 50, 3}, {257, 300, 4},  {258, 20, 1},
                                   {260, 20, 1}, {517, 20, 3}, {32768, 12, 1}, {6001, 90, 3}};
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++)
        check(sizes[i][0], sizes[i][1], sizes[i][2], random);
}

/* A page of one colour costs next to nothing. */
static void
test_blank(void)
{
    g_autofree guint8 *row = g_malloc0(6001);
    Deflater *deflater = moe__deflater_new(6001, 3);
    moe__deflater_row(deflater, row, 0, 6001);
    for (int y = 1; y < 1000; y++)
        moe__deflater_repeat(deflater);
    g_autoptr(GByteArray) packed = moe__deflater_finish(deflater);
    uLongf length = 6001 * 1000;
    g_autofree guint8 *back = g_malloc(length);
    g_assert_cmpint(uncompress(back, &length, packed->data, packed->len), ==, Z_OK);
    g_assert_cmpuint(length, ==, 6001 * 1000);
    g_assert_cmpuint(packed->len, <, 12000);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/deflate/round-trip", test_round_trip);
    g_test_add_func("/deflate/blank", test_blank);
    return g_test_run();
}
