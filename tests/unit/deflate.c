/* SPDX-License-Identifier: MIT
 *
 * Pictures through our compressor come back from zlib as they were.
 */
#include "figure/deflate.h"

#include <glib.h>
#include <zlib.h>

/* Rows of differences that are noise, runs, noise in places, or zero; `bytes` is the stream that is
 * expected, with PNG's filter bytes. */
static GByteArray *
pack(int length, int rows, int unit, GRand *random, GByteArray *bytes)
{
    Deflater *deflater = moe__deflater_new(length, unit);
    g_autofree guint8 *more = g_malloc(length);
    for (int y = 0; y < rows; y++) {
        int kind = g_rand_int_range(random, 0, 4), from = 0, to = length;
        if (kind > 1) {
            from = g_rand_int_range(random, 0, length);
            to = kind == 2 ? g_rand_int_range(random, from, length + 1) : from;
        }
        g_byte_array_append(bytes, (const guint8[]){2}, 1);
        for (int i = 0; i < length; i++) {
            guint8 value = kind == 1 ? (guint8)(i / 50) : (guint8)g_rand_int(random);
            more[i] = value; /* garbage outside of from … to isn't looked at */
            value = i >= from && i < to ? value : 0;
            g_byte_array_append(bytes, &value, 1);
        }
        moe__deflater_row(deflater, more, from, to);
    }
    return moe__deflater_finish(deflater);
}

static void
check(int length, int rows, int unit, GRand *random)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GByteArray) packed = pack(length, rows, unit, random, bytes);
    uLongf size = bytes->len;
    g_autofree guint8 *back = g_malloc(size);
    g_assert_cmpint(uncompress(back, &size, packed->data, packed->len), ==, Z_OK);
    g_assert_cmpmem(back, size, bytes->data, bytes->len);
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
    static const guint8 white[6000];
    Deflater *deflater = moe__deflater_new(6000, 3);
    for (int y = 0; y < 1000; y++)
        moe__deflater_row(deflater, white, 0, 0);
    g_autoptr(GByteArray) packed = moe__deflater_finish(deflater);
    uLongf length = 6001 * 1000;
    g_autofree guint8 *back = g_malloc(length);
    g_assert_cmpint(uncompress(back, &length, packed->data, packed->len), ==, Z_OK);
    g_assert_cmpuint(length, ==, 6001 * 1000);
    g_assert_cmpuint(packed->len, <, 8000);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/deflate/round-trip", test_round_trip);
    g_test_add_func("/deflate/blank", test_blank);
    return g_test_run();
}
