/* SPDX-License-Identifier: MIT
 *
 * The expected highest count of few, some and many units, against units that were drawn.
 */
#include "stats/chance-highest.h"

#include <math.h>
#include <string.h>

enum { MOST = 64 };

/* A unit of one expert: the first one whose chances add up to more than a random number. */
static int
draw_one(MoeRng *rng, const double *chance, int experts)
{
    double left = (double)moe_rng_uniform(rng);
    int e = 0;
    while (e + 1 < experts && (left -= chance[e]) >= 0)
        e++;
    return e;
}

/* The mean over rounds; dealt: n units of a deck of `all`. */
static double
simulate(const MoeHighestLoad *load, int n, int rounds)
{
    MoeRng rng = moe_rng(3, (uint64_t)n);
    int all = (int)load->dealt, at = 0;
    g_autofree int *deck = g_new(int, (gsize)all + 1);
    double sum = 0;
    for (int e = 0; all > 0 && e < load->experts; e++)
        for (int i = 0; i < (int)round(all * load->chance[e]); i++)
            deck[at++] = e;
    for (int round = 0; round < rounds; round++) {
        int count[MOST] = {0}, most = 0;
        for (int i = 0; i < n; i++) {
            int e;
            if (all > 0) {
                int j = i + (int)moe_rng_below(&rng, (uint64_t)(all - i));
                e = deck[j];
                deck[j] = deck[i];
                deck[i] = e;
            } else
                e = draw_one(&rng, load->chance, load->experts);
            count[e]++;
            most = MAX(most, count[e]);
        }
        sum += (double)most / rounds;
    }
    return sum;
}

static void
check(const MoeHighestLoad *load, int n, int rounds, double tolerance)
{
    double exact[MOE_HIGHEST_EXACT + 1], found = simulate(load, n, rounds), chance;
    moe__highest_exact(load, exact);
    chance = n <= MOE_HIGHEST_EXACT ? exact[n] : moe__highest_of_one(load, n);
    g_test_message("%d units, %d experts, dealt of %g: %g found, %g expected", n, load->experts,
                   load->dealt, found, chance);
    g_assert_cmpfloat_with_epsilon(chance / found, 1, tolerance);
}

static void
test_one(void)
{
    double even[24], skewed[24], few[3] = {0.5, 0.3, 0.2}, sum = 0;
    const double two[2] = {0.5, 0.5}, uneven[2] = {0.98, 0.02}, only[2] = {1, 0};
    for (int e = 0; e < 24; e++) {
        even[e] = 1 / 24.0;
        sum += skewed[e] = 1.0 / (e + 3);
    }
    for (int e = 0; e < 24; e++)
        skewed[e] /= sum;
    const int sizes[] = {1, 2, 7, 15, 16, 24, 60, 300};
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        check(&(MoeHighestLoad){24, even, 0}, sizes[i], 20000, 0.006);
        check(&(MoeHighestLoad){24, skewed, 0}, sizes[i], 20000, 0.006);
        check(&(MoeHighestLoad){3, few, 0}, sizes[i], 20000, 0.008);
        check(&(MoeHighestLoad){3, few, 320}, sizes[i], 20000, 0.008);
        check(&(MoeHighestLoad){2, two, 0}, sizes[i], 20000, 0.008);
        check(&(MoeHighestLoad){2, uneven, 0}, sizes[i], 20000, 0.008);
        check(&(MoeHighestLoad){2, only, 0}, sizes[i], 100, 1e-9);
        check(&(MoeHighestLoad){2, only, 4000}, sizes[i], 100, 1e-9);
    }
    /* So many that counts are normal. */
    double thirds[3] = {1 / 3.0, 1 / 3.0, 1 / 3.0};
    check(&(MoeHighestLoad){3, thirds, 0}, 3000, 3000, 0.003);
    check(&(MoeHighestLoad){3, few, 6000}, 3000, 3000, 0.003);
}

static void
test_by_hand(void)
{
    /* Three units of three experts, dealt of one each; and any: 1/9 all the same, 6/9 two. */
    const double even[3] = {1 / 3.0, 1 / 3.0, 1 / 3.0};
    double highest[MOE_HIGHEST_EXACT + 1];
    moe__highest_exact(&(MoeHighestLoad){3, even, 3}, highest);
    g_assert_cmpfloat_with_epsilon(highest[3], 1, 1e-12);
    moe__highest_exact(&(MoeHighestLoad){3, even, 0}, highest);
    g_assert_cmpfloat_with_epsilon(highest[1], 1, 1e-12);
    g_assert_cmpfloat_with_epsilon(highest[3], (3 + 2 * 6 + 2) / 9.0, 1e-12);
    /* All units there are. */
    const double few[3] = {0.5, 0.3, 0.2};
    g_assert_cmpfloat_with_epsilon(moe__highest_of_one(&(MoeHighestLoad){3, few, 100}, 100), 50,
                                   1e-9);
}

/* Units that pick two of six. */
static void
test_sets(void)
{
    enum { E = 6, ROUNDS = 20000 };
    const double chance[E] = {1 / 3.0, 1 / 3.0, 1 / 3.0, 1 / 3.0, 1 / 3.0, 1 / 3.0};
    double drawn[MOE_HIGHEST_EXACT + 1];
    MoeRng rng = moe_rng(9, 0);
    moe__highest_drawn(chance, E, drawn);
    for (int n = 1; n <= 96; n += n < 16 ? 5 : 16) {
        double found = 0;
        for (int round = 0; round < ROUNDS; round++) {
            int count[E] = {0}, most = 0;
            for (int i = 0; i < n; i++) {
                int a = (int)moe_rng_below(&rng, E), b = (int)moe_rng_below(&rng, E - 1);
                count[a]++;
                count[b + (b >= a)]++;
            }
            for (int e = 0; e < E; e++)
                most = MAX(most, count[e]);
            found += (double)most / ROUNDS;
        }
        double chance_of = n <= MOE_HIGHEST_EXACT ? drawn[n] : moe__highest_of_sets(chance, E, n);
        g_test_message("%d units: %g found, %g expected", n, found, chance_of);
        g_assert_cmpfloat_with_epsilon(chance_of / found, 1, 0.02);
    }
    const double always[2] = {1, 0.5};
    g_assert_cmpfloat(moe__highest_of_sets(always, 2, 40), ==, 40);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chance-highest/by-hand", test_by_hand);
    g_test_add_func("/chance-highest/one", test_one);
    g_test_add_func("/chance-highest/sets", test_sets);
    return g_test_run();
}
