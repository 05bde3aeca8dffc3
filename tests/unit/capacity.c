/* SPDX-License-Identifier: MIT
 *
 * Capacity: how many slots, who gets them, and what gates make of those who don't.
 */
#include "layer-run.h"
#include "moe/picks.h"

#include <math.h>
#include <string.h>

#define N 21 /* tokens, in three sequences */
#define D 12
#define E 5

static LayerRun *
run_new(const char *const *settings)
{
    static const char *const sizes[] = {"moe.experts=5", "moe.k=2", "moe.hidden=7", NULL};
    return layer_run_new(D, 3, N / 3, sizes, settings);
}

static void
test_capacity_slots(void)
{
    MoeCapacity c = {.factor = 1.25, .eval_factor = 2, .least = 1};
    g_assert_cmpint(moe__capacity_slots(&c, 100, 8, 1, true), ==, 16);
    g_assert_cmpint(moe__capacity_slots(&c, 100, 8, 2, true), ==, 32);
    g_assert_cmpint(moe__capacity_slots(&c, 100, 8, 1, false), ==, 25);
    c.least = 64;
    g_assert_cmpint(moe__capacity_slots(&c, 100, 8, 1, true), ==, 64);
    c = (MoeCapacity){.factor = 1, .rounding = MOE_ROUND_SHARE};
    g_assert_cmpint(moe__capacity_slots(&c, 30, 8, 2, true), ==, 8); /* 2 ceil(30 / 8) */
    c.eval_fraction = 0.25;
    g_assert_cmpint(moe__capacity_slots(&c, 30, 8, 2, false), ==, 8); /* ceil(7.5) */
    c = (MoeCapacity){.factor = 0, .eval_factor = 2};
    g_assert_cmpint(moe__capacity_slots(&c, 30, 8, 2, false), ==, 0);
}

/* The first choices of an expert queue in the fill's order. */
static void
check_fill(const char *fill, bool by_position, bool by_probability)
{
    g_autofree char *setting = g_strconcat("moe.capacity_fill=", fill, NULL);
    g_autoptr(LayerRun) f = run_new((const char *[]){"moe.capacity_factor=0.5", setting, NULL});
    const MoePicks *picks = &f->routing.picks;
    bool positions = true, probabilities = true;
    for (int a = 0; a < N; a++)
        for (int b = 0; b < N; b++) {
            if (picks->expert[2 * a] != picks->expert[2 * b] ||
                picks->slot[2 * a] >= picks->slot[2 * b])
                continue;
            positions = positions && a < b;
            double pa = 0, pb = 0;
            for (int e = 0; e < E; e++) {
                pa = fmax(pa, (double)moe_routing_probabilities(&f->routing)->data[a * E + e]);
                pb = fmax(pb, (double)moe_routing_probabilities(&f->routing)->data[b * E + e]);
            }
            probabilities = probabilities && pa >= pb - 1e-6;
        }
    g_assert_cmpint(positions, ==, by_position);
    g_assert_cmpint(probabilities, ==, by_probability);
}

static void
test_fill_orders(void)
{
    check_fill("position", true, false);
    check_fill("probability", false, true);
}

/* Picks of expert e as j-th choice whose key is larger than that of unit t: its rank. */
static int
rank_of(const LayerRun *run, int t, int j)
{
    const MoePicks *picks = &run->routing.picks;
    const float *key = run->context.noise;
    int e = picks->expert[2 * t + j], rank = 0;
    for (int u = 0; u < N; u++)
        rank += picks->expert[2 * u + j] == e && key[u * E + e] > key[t * E + e];
    return rank;
}

/* Place of unit t's j-th choice in its expert's queue: behind all earlier choices; among those of
 * its own fate in the order of units, the kept ones first. */
static int
queue_of(const LayerRun *run, int t, int j)
{
    const MoePicks *picks = &run->routing.picks;
    int e = picks->expert[2 * t + j], place = 0, dropped = picks->dropped[2 * t + j];
    for (int u = 0; u < N; u++) {
        place += j == 1 && picks->expert[2 * u] == e;
        if (picks->expert[2 * u + j] == e)
            place += dropped == picks->dropped[2 * u + j] ? u < t : dropped;
    }
    return place;
}

/* The largest keys stay, as many as find room behind all first choices. */
static void
test_random_fill(void)
{
    float key[N * E];
    g_autoptr(LayerRun) run =
        run_new((const char *[]){"moe.capacity_factor=0.6", "moe.capacity_fill=random", NULL});
    const MoePicks *picks = &run->routing.picks;
    MoeRng rng = moe_rng(3, 4);
    for (int i = 0; i < N * E; i++)
        key[i] = moe_rng_uniform(&rng);
    run->context.noise = key;
    layer_run_again(run);
    int64_t dropped = 0;
    for (int t = 0; t < N; t++)
        for (int j = 0; j < 2; j++) {
            int p = 2 * t + j;
            int64_t before = j ? picks->first[picks->expert[p]] : 0;
            g_assert_cmpint(picks->dropped[p], ==, before + rank_of(run, t, j) >= picks->capacity);
            g_assert_cmpint(picks->slot[p], ==, queue_of(run, t, j));
            dropped += picks->dropped[p];
        }
    g_assert_cmpint(dropped, >, 0);
}

/* Without keys of a recording the pass's own random numbers decide. */
static void
test_random_seed(void)
{
    uint8_t dropped[2 * N];
    g_autoptr(LayerRun) run =
        run_new((const char *[]){"moe.capacity_factor=0.6", "moe.capacity_fill=random", NULL});
    memcpy(dropped, run->routing.picks.dropped, sizeof dropped);
    layer_run_again(run);
    g_assert_cmpmem(dropped, sizeof dropped, run->routing.picks.dropped, sizeof dropped);
    run->context.seed++;
    layer_run_again(run);
    g_assert_cmpint(memcmp(dropped, run->routing.picks.dropped, sizeof dropped), !=, 0);
}

/* Gates over the kept sum to 1, also where one pick of little probability is left; those of dropped
 * picks are 0, and with them their part in a balance of gates. */
static void
test_gates_of_the_kept(void)
{
    g_autoptr(LayerRun) run = run_new(
        (const char *[]){"moe.variant=gshard", "moe.capacity_factor=0.3", "moe.balance=cv2", NULL});
    MoeTensor *router = moe_params_find(run->params, "moe.router.weight");
    layer_run_randomise(router, 7, 4);
    layer_run_again(run);
    const MoePicks *picks = &run->routing.picks;
    const float *gate = run->routing.gates->data;
    int lone = 0, none = 0;
    for (int t = 0; t < N; t++) {
        bool first = !picks->dropped[2 * t], second = !picks->dropped[2 * t + 1];
        g_assert_true(first || gate[2 * t] == 0);
        g_assert_true(second || gate[2 * t + 1] == 0);
        float sum = gate[2 * t] + gate[2 * t + 1];
        g_assert_cmpfloat_with_epsilon(sum, first || second, 1e-6f);
        g_assert_true(first == second || sum == 1);
        lone += !first && second;
        none += !first && !second;
    }
    g_assert_cmpint(lone, >, 0);
    g_assert_cmpint(none, >, 0);
    MoeTensor *loss = moe_layer_balance_loss(&run->routing, NULL);
    g_assert_cmpfloat(loss->data[0], <, E);
    moe_tape_backward(run->tape, moe_add(run->tape, loss, moe_sum(run->tape, run->y)), 1);
    for (int64_t i = 0; i < moe_tensor_count(router); i++)
        g_assert_true(isfinite(router->grad[i]));
}

/* A unit's only gate is 1 whatever its logits are: nothing comes back to them, not even round-off.
 */
static void
test_lone_gate(void)
{
    g_autoptr(LayerRun) run =
        run_new((const char *[]){"moe.gate=renormalised", "moe.k=1", "moe.balance=none", NULL});
    moe_tape_backward(run->tape, moe_sum(run->tape, moe_square(run->tape, run->y)), 1);
    const MoeTensor *router = moe_params_find(run->params, "moe.router.weight");
    g_assert_true(router->has_grad);
    for (int64_t i = 0; i < moe_tensor_count(router); i++)
        g_assert_cmpfloat(router->grad[i], ==, 0);
}

static void
test_rules(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    g_assert_true(moe_recipe_set(recipe, "moe.variant=gshard", NULL));
    g_assert_true(moe_recipe_set(recipe, "moe.dropped=pass", NULL));
    g_assert_false(moe_recipe_check(recipe, &error));
    g_assert_nonnull(strstr(error->message, "moe.dropped: 'pass'"));
    g_assert_true(moe_recipe_set(recipe, "moe.renormalise=picked", NULL));
    g_assert_true(moe_recipe_check(recipe, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/capacity/slots", test_capacity_slots);
    g_test_add_func("/capacity/fill-orders", test_fill_orders);
    g_test_add_func("/capacity/random-fill", test_random_fill);
    g_test_add_func("/capacity/random-seed", test_random_seed);
    g_test_add_func("/capacity/gates-of-the-kept", test_gates_of_the_kept);
    g_test_add_func("/capacity/lone-gate", test_lone_gate);
    g_test_add_func("/capacity/rules", test_rules);
    return g_test_run();
}
