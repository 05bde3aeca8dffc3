/* SPDX-License-Identifier: MIT
 *
 * CRC-32 against zlib's: every short length at every offset, long ones, and in pieces.
 */
#include "trace/crc.h"

#include <moescope/base.h>
#include <zlib.h>

static uint8_t *
noise(size_t n)
{
    uint8_t *bytes = g_malloc(n);
    MoeRng rng = moe_rng(7, 0);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)moe_rng_u32(&rng);
    return bytes;
}

static void
test_short(void)
{
    enum { LENGTH = 600, OFFSETS = 64 };
    g_autofree uint8_t *bytes = noise(LENGTH + OFFSETS);
    for (size_t offset = 0; offset < OFFSETS; offset++)
        for (size_t n = 0; n <= LENGTH; n++)
            g_assert_cmphex(moe__crc32(0, bytes + offset, n), ==, crc32_z(0, bytes + offset, n));
}

static void
test_long(void)
{
    const size_t n = (1 << 20) + 13;
    g_autofree uint8_t *bytes = noise(n), *zeros = g_malloc0(n);
    g_assert_cmphex(moe__crc32(0, bytes, n), ==, crc32_z(0, bytes, n));
    g_assert_cmphex(moe__crc32(0, zeros, n), ==, crc32_z(0, zeros, n));
    g_assert_cmphex(moe__crc32(0, "123456789", 9), ==,
                    0xcbf43926); /* the catalogue's check value */
}

/* In two pieces, wherever the cut is. */
static void
test_pieces(void)
{
    enum { LENGTH = 400 };
    g_autofree uint8_t *bytes = noise(LENGTH);
    const uint32_t whole = (uint32_t)crc32_z(0, bytes, LENGTH);
    for (size_t cut = 0; cut <= LENGTH; cut++)
        g_assert_cmphex(moe__crc32(moe__crc32(0, bytes, cut), bytes + cut, LENGTH - cut), ==,
                        whole);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/crc/short", test_short);
    g_test_add_func("/crc/long", test_long);
    g_test_add_func("/crc/pieces", test_pieces);
    return g_test_run();
}
