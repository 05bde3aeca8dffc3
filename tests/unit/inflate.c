/* SPDX-License-Identifier: MIT
 *
 * Unpacking as a whole: what zlib packs comes back, whatever its blocks are like, and what isn't a
 * whole stream of just that length is refused.
 */
#include "trace/inflate.h"

#include <moescope/base.h>
#include <string.h>
#include <zlib.h>

enum { N = 200000, ROOM = 2 * N };

/* Ids that repeat here and there, or words of two bytes, of which the lower is anything. */
static uint8_t *
made(bool words)
{
    uint8_t *bytes = g_malloc(N);
    MoeRng rng = moe_rng(5, 0);
    for (int i = 0; i < N; i++) {
        uint8_t some = (uint8_t)MIN(moe_rng_below(&rng, 64), moe_rng_below(&rng, 64));
        if (words && i % 2 == 0)
            some = (uint8_t)moe_rng_below(&rng, 256);
        bytes[i] = i > 0 && !words && moe_rng_below(&rng, 40) == 0 ? bytes[i - 1] : some;
    }
    return bytes;
}

static gsize
packed_by(const uint8_t *bytes, int n, int level, int strategy, uint8_t *out)
{
    z_stream z = {
        .next_in = (Bytef *)bytes, .avail_in = (uInt)n, .next_out = out, .avail_out = ROOM};
    g_assert_cmpint(deflateInit2(&z, level, Z_DEFLATED, -MAX_WBITS, 8, strategy), ==, Z_OK);
    g_assert_cmpint(deflate(&z, Z_FINISH), ==, Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

/* The packed bytes stand in memory of their own, so that a look beyond them is seen. */
static bool
unpacks(const uint8_t *packed, gsize n_packed, uint8_t *out, gsize n)
{
    g_autofree uint8_t *own = g_memdup2(packed, n_packed);
    return moe__inflate_whole(own, n_packed, out, n);
}

static void
check(const uint8_t *bytes, int n, int level, int strategy)
{
    g_autofree uint8_t *packed = g_malloc0(ROOM), *out = g_malloc0((gsize)n + 1);
    gsize length = packed_by(bytes, n, level, strategy, packed), size = (gsize)n;
    g_assert_true(unpacks(packed, length, out, size));
    g_assert_cmpmem(out, size, bytes, size);
    for (gsize cut = 1; cut <= MIN(length, 12); cut++)
        g_assert_false(unpacks(packed, length - cut, out, size));
    for (gsize more = 1; more <= 12; more++)
        g_assert_false(unpacks(packed, length + more, out, size));
    g_assert_false(unpacks(packed, length, out, size + 1));
    if (n > 0)
        g_assert_false(unpacks(packed, length, out, size - 1));
}

static void
test_kinds(void)
{
    static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_RLE, Z_HUFFMAN_ONLY, Z_FIXED};
    static const int lengths[] = {0, 1, 2, 100, 1 << 16, N};
    for (int words = 0; words < 2; words++) {
        g_autofree uint8_t *bytes = made(words);
        for (gsize s = 0; s < G_N_ELEMENTS(strategies); s++)
            for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
                check(bytes, lengths[i], 6, strategies[s]);
                check(bytes, lengths[i], 0, strategies[s]); /* stored blocks */
            }
    }
}

/* Nothing is written beyond the end, whatever a stream says. */
static void
test_damage(void)
{
    g_autofree uint8_t *bytes = made(true), *packed = g_malloc0(ROOM), *out = g_malloc(N + 64);
    gsize length = packed_by(bytes, N, 3, Z_DEFAULT_STRATEGY, packed);
    MoeRng rng = moe_rng(7, 0);
    int same = 0;
    for (int i = 0; i < 500; i++) {
        gsize at = moe_rng_below(&rng, (uint32_t)(i % 2 ? length : 200));
        uint8_t bit = (uint8_t)(1u << moe_rng_below(&rng, 8));
        memset(out + N, 0x5a, 64);
        packed[at] ^= bit;
        same += unpacks(packed, length, out, N) && memcmp(out, bytes, N) == 0;
        packed[at] ^= bit;
        for (int b = 0; b < 64; b++)
            g_assert_cmpint(out[N + b], ==, 0x5a);
    }
    /* Bits that fill up the last byte may be any. */
    g_assert_cmpint(same, <=, 2);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!moe__inflate_can()) {
        g_print("1..0 # SKIP neither ISA-L nor libdeflate is there\n");
        return 0;
    }
    g_test_add_func("/inflate/kinds", test_kinds);
    g_test_add_func("/inflate/damage", test_damage);
    return g_test_run();
}
