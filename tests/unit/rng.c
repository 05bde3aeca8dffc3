/* SPDX-License-Identifier: MIT */
#include <moescope/base.h>

#include <math.h>

/* Known answers of Random123 (kat_vectors, philox4x32 10 rounds). */
static void
test_known_answers(void)
{
    uint32_t out[4];
    moe_rng_block(0, 0, 0, out);
    g_assert_cmphex(out[0], ==, 0x6627e8d5);
    g_assert_cmphex(out[1], ==, 0xe169c58d);
    g_assert_cmphex(out[2], ==, 0xbc57ac4c);
    g_assert_cmphex(out[3], ==, 0x9b00dbd8);
    moe_rng_block(UINT64_MAX, UINT64_MAX, UINT64_MAX, out);
    g_assert_cmphex(out[0], ==, 0x408f276d);
    g_assert_cmphex(out[1], ==, 0x41c83b0e);
    g_assert_cmphex(out[2], ==, 0xa20bc7c6);
    g_assert_cmphex(out[3], ==, 0x6d5451fd);
    /* counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0 (digits of pi) */
    moe_rng_block(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88, out);
    g_assert_cmphex(out[0], ==, 0xd16cfe09);
    g_assert_cmphex(out[1], ==, 0x94fdcceb);
    g_assert_cmphex(out[2], ==, 0x5001e420);
    g_assert_cmphex(out[3], ==, 0x24126ea1);
}

static void
test_moments(void)
{
    MoeRng rng = moe_rng(7, 3);
    int n = 200000;
    double sum = 0, square = 0, uniform = 0;
    for (int i = 0; i < n; i++) {
        float z = moe_rng_normal(&rng), u = moe_rng_uniform(&rng);
        g_assert_true(isfinite(z));
        g_assert_true(u >= 0 && u < 1);
        sum += z;
        square += z * z;
        uniform += u;
    }
    /* five standard errors */
    g_assert_cmpfloat(fabs(sum / n), <, 5 / sqrt(n));
    g_assert_cmpfloat(fabs(square / n - 1), <, 5 * sqrt(2.0 / n));
    g_assert_cmpfloat(fabs(uniform / n - 0.5), <, 5 / sqrt(12.0 * n));
}

static void
test_below(void)
{
    MoeRng rng = moe_rng(1, 1);
    int count[7] = {0}, n = 70000;
    for (int i = 0; i < n; i++) {
        uint64_t x = moe_rng_below(&rng, 7);
        g_assert_cmpuint(x, <, 7);
        count[x]++;
    }
    for (int i = 0; i < 7; i++)
        g_assert_cmpint(ABS(count[i] - n / 7), <, 5 * 100);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rng/known-answers", test_known_answers);
    g_test_add_func("/rng/moments", test_moments);
    g_test_add_func("/rng/below", test_below);
    return g_test_run();
}
