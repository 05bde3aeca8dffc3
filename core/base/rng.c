/* SPDX-License-Identifier: MIT
 *
 * Philox 4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011. The key is the seed; the 128-bit counter is (counter, stream).
 */
#include <moescope/base.h>

#include <math.h>

void
moe_rng_block(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t out[4])
{
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32);
    uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = 0xD2511F53u * (uint64_t)c0, p1 = 0xCD9E8D57u * (uint64_t)c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

MoeRng
moe_rng(uint64_t seed, uint64_t stream)
{
    return (MoeRng){.seed = seed, .stream = stream};
}

uint32_t
moe_rng_u32(MoeRng *rng)
{
    if (rng->left == 0) {
        moe_rng_block(rng->seed, rng->stream, rng->counter++, rng->block);
        rng->left = 4;
    }
    return rng->block[4 - rng->left--];
}

float
moe_rng_uniform(MoeRng *rng)
{
    return (float)(moe_rng_u32(rng) >> 8) * 0x1p-24f;
}

float
moe_rng_normal(MoeRng *rng)
{
    /* 1 - u lies in (0, 1], so the logarithm is finite. */
    double u = 1.0 - (double)(moe_rng_u32(rng) >> 8) * 0x1p-24;
    double v = (double)(moe_rng_u32(rng) >> 8) * 0x1p-24;
    return (float)(sqrt(-2.0 * log(u)) * cos(2.0 * G_PI * v));
}

uint64_t
moe_rng_below(MoeRng *rng, uint64_t n)
{
    g_return_val_if_fail(n > 0, 0);
    uint64_t limit = UINT64_MAX - UINT64_MAX % n, x;
    do {
        x = (uint64_t)moe_rng_u32(rng) << 32;
        x |= moe_rng_u32(rng);
    } while (x >= limit);
    return x % n;
}
