/* SPDX-License-Identifier: MIT
 *
 * select = topk within the best groups of experts, and the expert that every unit passes, against
 * their definitions; and parts that vary k have to say how much on average.
 */
#include "layer-run.h"

#include <math.h>
#include <string.h>

enum { D = 8, E = 12, N = 40, G = 4, KEPT = 2, K = 3, SIZE = E / G };

static const char *const sizes[] = {
    "moe.experts=12", "moe.k=3", "moe.hidden=4", "topk.groups=4", "topk.groups_kept=2", NULL};

/* The largest, or the sum of the two largest, of a group. */
static float
score_of_group(const float *s, bool two)
{
    float first = -INFINITY, second = -INFINITY;
    for (int e = 0; e < SIZE; e++) {
        if (s[e] > first) {
            second = first;
            first = s[e];
        } else if (s[e] > second) {
            second = s[e];
        }
    }
    return two ? first + second : first;
}

/* The place of value i among n, 0 for the largest; equal ones in order of their index. */
static int
place_among(const float *values, int n, int i)
{
    int place = 0;
    for (int j = 0; j < n; j++)
        place += values[j] > values[i] || (values[j] == values[i] && j < i);
    return place;
}

/* Whether every unit's picks are the K best of its KEPT best groups, in order. */
static void
expect_best_of_groups(const LayerRun *run, const float *score, bool two, bool zero)
{
    for (int u = 0; u < N; u++) {
        float group[G], seen[E];
        const float *s = score + u * E;
        for (int g = 0; g < G; g++)
            group[g] = score_of_group(s + g * SIZE, two);
        for (int e = 0; e < E; e++) {
            bool kept = place_among(group, G, e / SIZE) < KEPT;
            seen[e] = kept ? s[e] : zero ? 0 : -INFINITY;
        }
        for (int j = 0; j < K; j++)
            g_assert_cmpint(place_among(seen, E, run->routing.picks.expert[u * K + j]), ==, j);
    }
}

static void
test_groups(void)
{
    static const struct {
        const char *settings[4];
        bool two, zero;
    } cases[] = {
        {{NULL}, true, false},
        {{"topk.group_score=max"}, false, false},
        {{"topk.group_score=max", "moe.affinity=sigmoid", "moe.gate=sigmoid"}, false, false},
        {{"topk.mask=zero"}, true, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(LayerRun) run = layer_run_new(D, 1, N, sizes, cases[i].settings);
        const MoeTensor *affinities = moe_routing_affinities(&run->routing);
        expect_best_of_groups(run, affinities->data, cases[i].two, cases[i].zero);
    }
}

/* Takes more than there is from every score, so that all are negative. */
static void
lower(MoeRouting *routing, void *state)
{
    float *selection = moe_routing_selection(routing);
    for (int64_t i = 0; i < moe_tensor_count(routing->logits); i++)
        selection[i] -= 1;
}

/* Where scores are negative the masks differ: an expert of another group beats all that are kept
 * with score 0, and none with -inf. */
static void
test_negative(void)
{
    for (int zero = 0; zero < 2; zero++) {
        const char *mask = zero ? "topk.mask=zero" : "topk.mask=exclude";
        const char *settings[] = {"moe.balance=lower", mask, NULL};
        g_autoptr(LayerRun) run = layer_run_new(D, 1, N, sizes, settings);
        g_assert_true(run->routing.selection == run->routing.own_selection);
        expect_best_of_groups(run, run->routing.selection, true, zero);
    }
}

static void
expect_refused(const char *const *settings, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    for (; *settings; settings++)
        g_assert_true(moe_recipe_set(recipe, *settings, NULL));
    g_assert_false(moe_recipe_check(recipe, &error));
    if (!strstr(error->message, part))
        g_error("found \"%s\", expected \"%s\" in it", error->message, part);
}

static void
test_refused(void)
{
    expect_refused((const char *[]){"moe.experts=8", "topk.groups=3", NULL},
                   "topk.groups: moe.experts (8) is not a multiple of 3 groups");
    expect_refused((const char *[]){"moe.experts=8", "topk.groups=4", "topk.groups_kept=5", NULL},
                   "topk.groups_kept: 5 groups kept, but only 4 in topk.groups");
    expect_refused((const char *[]){"moe.experts=8", "moe.k=3", "topk.groups=4", NULL},
                   "topk.groups_kept: 1 groups of 2 experts, but 3 experts a unit are asked for");
    expect_refused((const char *[]){"moe.experts=8", "moe.k_eval=3", "topk.groups=4", NULL},
                   "but 3 experts a unit are asked for");
    expect_refused((const char *[]){"topk.mask=zero", NULL}, "topk.mask: 'zero' needs topk.groups");
    expect_refused((const char *[]){"topk.groups_kept=2", NULL},
                   "topk.groups_kept: '2' needs topk.groups");
}

/* y with a shared expert = y without + W2 gelu(W1 x + b1) + b2. */
static void
test_shared(void)
{
    static const char *const plain[] = {"moe.experts=4", "moe.k=2", "moe.hidden=4", NULL};
    enum { S = 6 };
    g_autoptr(LayerRun) run =
        layer_run_new(D, 1, N, plain, (const char *[]){"moe.shared_hidden=6", NULL});
    const float *w1 = moe_params_find(run->params, "moe.shared.w1")->data;
    const float *w2 = moe_params_find(run->params, "moe.shared.w2")->data;
    const float *b1 = moe_params_find(run->params, "moe.shared.b1")->data;
    const float *b2 = moe_params_find(run->params, "moe.shared.b2")->data;
    double expected[N * D];
    for (int i = 0; i < N * D; i++)
        expected[i] = (double)run->y->data[i];
    for (int u = 0; u < N; u++) {
        double h[S];
        for (int j = 0; j < S; j++) {
            double sum = (double)b1[j];
            for (int i = 0; i < D; i++)
                sum += (double)w1[j * D + i] * (double)run->x->data[u * D + i];
            h[j] = sum * 0.5 * (1 + erf(sum / sqrt(2)));
        }
        for (int i = 0; i < D; i++) {
            expected[u * D + i] -= (double)b2[i];
            for (int j = 0; j < S; j++)
                expected[u * D + i] -= (double)w2[i * S + j] * h[j];
        }
    }
    /* What is left is the layer without it: with zeros in its last matrix and bias. */
    memset(moe_params_find(run->params, "moe.shared.w2")->data, 0, sizeof(float) * S * D);
    memset(moe_params_find(run->params, "moe.shared.b2")->data, 0, sizeof(float) * D);
    layer_run_again(run);
    for (int i = 0; i < N * D; i++)
        g_assert_cmpfloat_with_epsilon((double)run->y->data[i], expected[i], 1e-5);
    /* It runs for every token, whatever k is. */
    for (int i = 0; i < moe_params_count(run->params); i++) {
        const MoeParam *param = moe_params_get(run->params, i);
        if (strstr(param->name, "shared"))
            g_assert_false(param->flags & MOE_PARAM_EXPERT);
    }
    g_assert_cmpfloat(moe_layer_flops(run->layer), ==, 2 * (2 * D * (2 * 4 + S) + 4 * D));
}

static void
select_nothing(MoeRouting *routing, void *state)
{
}

/* Without an average, costs would count no pick. */
static void
test_mean_k(void)
{
    static const MoePart part = {
        .struct_size = sizeof(MoePart),
        .place = MOE_PLACE_SELECT,
        .name = "nothing",
        .help = "picks nothing",
        .flags = MOE_PART_K_VARIES,
        .select = select_nothing,
    };
    g_autoptr(GError) error = NULL;
    g_assert_false(moe_part_add(&part, &error));
    g_assert_cmpstr(error->message, ==,
                    "part nothing (select): the slot 'mean_k' is required and empty");
    g_assert_null(moe_part_find(MOE_PLACE_SELECT, "nothing"));
}

int
main(int argc, char **argv)
{
    static const MoePart lowered = {
        .struct_size = sizeof(MoePart),
        .place = MOE_PLACE_BALANCE,
        .name = "lower",
        .help = "makes every score negative",
        .prefer = lower,
    };
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_assert_true(moe_part_add(&lowered, NULL));
    g_test_add_func("/groups/best", test_groups);
    g_test_add_func("/groups/negative", test_negative);
    g_test_add_func("/groups/refused", test_refused);
    g_test_add_func("/groups/shared", test_shared);
    g_test_add_func("/groups/mean-k", test_mean_k);
    return g_test_run();
}
