/* SPDX-License-Identifier: MIT
 *
 * select = expert-choice against its definition, and a model that routes so from training to trace.
 */
#include "alone.h"

#include "train-run.h"

#include <math.h>
#include <moescope/plugin.h>
#include <string.h>

enum { D = 8, E = 5 };
#define CHOICE "moe.variant=expert-choice", "moe.allow_noncausal=true", "moe.hidden=4"

static bool
is_padding(const Alone *a, int64_t u)
{
    int per_token = moe_layer_units_per_token(a->layer);
    return a->context.padding && a->context.padding[u / per_token] < 0;
}

/* Whether fewer than `slots` units of the group from … to - 1 are before u in expert e's order. */
static bool
is_chosen(const Alone *a, const float *p, int64_t from, int64_t to, int64_t u, int e, int64_t slots)
{
    int64_t before = 0;
    for (int64_t v = from; v < to; v++) {
        float mine = p[u * E + e], other = p[v * E + e];
        if (!is_padding(a, v) && (other > mine || (other == mine && v < u)))
            before++;
    }
    return before < slots;
}

/* Every unit's picks, by the definition. */
static void
expect_choices(Alone *a, int64_t group, double factor, int64_t fixed)
{
    alone_run(a);
    const MoePicks *picks = &a->routing.picks;
    const float *p = moe_routing_probabilities(&a->routing)->data;
    g_assert_cmpint(picks->k, ==, E);
    int64_t expected_load[E] = {0};
    for (int64_t from = 0; from < picks->units; from += group) {
        int64_t real = 0;
        for (int64_t u = from; u < from + group; u++)
            real += !is_padding(a, u);
        int64_t slots = fixed ? fixed : (int64_t)ceil(factor * (double)real / E);
        slots = MIN(slots, real);
        for (int e = 0; e < E; e++)
            expected_load[e] += slots;
        for (int64_t u = from; u < from + group; u++) {
            int n = 0;
            for (int e = 0; e < E; e++)
                n += !is_padding(a, u) && is_chosen(a, p, from, from + group, u, e, slots);
            for (int j = 0; j < E; j++) {
                int e = alone_pick(a, u, j);
                g_assert_true((e >= 0) == (j < n));
                if (e < 0)
                    continue;
                g_assert_true(is_chosen(a, p, from, from + group, u, e, slots));
                g_assert_cmpfloat(picks->gate[u * E + j], ==, p[u * E + e]);
                if (j > 0)
                    g_assert_cmpfloat(p[u * E + alone_pick(a, u, j - 1)], >=, p[u * E + e]);
            }
        }
    }
    g_assert_cmpmem(picks->load, sizeof expected_load, expected_load, sizeof expected_load);
}

static void
test_choices(void)
{
    static const struct {
        const char *more[3];
        int64_t group, slots;
        double factor;
    } cases[] = {
        {{"expert_choice.group=sequence"}, 7, 0, 2},
        {{"expert_choice.group=batch"}, 21, 0, 2},
        {{"expert_choice.slots=3"}, 7, 3, 0},
        {{"expert_choice.slots=100"}, 7, 100, 0},
        {{"expert_choice.factor=0.3", "expert_choice.group=batch"}, 21, 0, 0.3},
        {{"expert_choice.factor=5"}, 7, 0, 5},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *settings[] = {CHOICE,           "moe.experts=5",  cases[i].more[0],
                                  cases[i].more[1], cases[i].more[2], NULL};
        g_auto(Alone) a = alone_new(0, 3, D, 3, 7, settings);
        expect_choices(&a, cases[i].group, cases[i].factor, cases[i].slots);
        /* Equal affinities: the lower unit and the lower expert come first. */
        memset(moe_params_find(a.params, "moe.router.weight")->data, 0, sizeof(float) * E * D);
        expect_choices(&a, cases[i].group, cases[i].factor, cases[i].slots);
    }
}

/* Padding is never taken, and makes fewer slots. The last sequence is nothing else. */
static void
test_padding(void)
{
    int32_t padding[21];
    for (int i = 0; i < 21; i++)
        padding[i] = i >= 14 || i % 7 > 4 ? -1 : 0;
    g_auto(Alone) a = alone_new(0, 3, D, 3, 7, (const char *[]){CHOICE, "moe.experts=5", NULL});
    a.context.padding = padding;
    expect_choices(&a, 7, 2, 0);
}

static void
test_heads(void)
{
    g_auto(Alone) a =
        alone_new(0, 3, D, 3, 7,
                  (const char *[]){CHOICE, "moe.experts=5", "moe.split=heads", "heads.count=2",
                                   "model.d_model=8", "model.heads=1", NULL});
    expect_choices(&a, 14, 2, 0);
}

static void
test_costs(void)
{
    g_auto(Alone) two = alone_new(0, 3, D, 1, 4, (const char *[]){CHOICE, NULL});
    g_auto(Alone) three =
        alone_new(0, 3, D, 1, 4, (const char *[]){CHOICE, "expert_choice.factor=3", NULL});
    g_auto(Alone) slots = alone_new(
        0, 3, D, 1, 4, (const char *[]){CHOICE, "expert_choice.slots=6", "train.length=32", NULL});
    g_assert_cmpint(moe_layer_k(two.layer), ==, 0);
    g_assert_false(moe_layer_k_fixed(two.layer));
    g_assert_cmpfloat(moe_layer_mean_k(two.layer), ==, 2);
    g_assert_cmpfloat(moe_layer_mean_k(slots.layer), ==, 1.5); /* 6 · 8 experts / 32 units */
    /* Two matrices of 8 × 4 a pick, and the router's 8 × 8. */
    g_assert_cmpfloat(moe_layer_flops(two.layer), ==, 2 * (2 * 2 * 32 + 64));
    g_assert_cmpfloat(moe_layer_flops(three.layer), ==, 2 * (3 * 2 * 32 + 64));
}

static void
test_refused(void)
{
    alone_expect_refused((const char *[]){"moe.variant=expert-choice", NULL},
                         "moe.select: 'expert-choice' sees later tokens");
    alone_expect_refused((const char *[]){CHOICE, "moe.capacity_factor=1", NULL},
                         "moe.capacity_factor: 'expert-choice' fills experts exactly");
    alone_expect_refused((const char *[]){CHOICE, "moe.capacity_slots=9", NULL},
                         "moe.capacity_slots: 'expert-choice' fills experts exactly");
    alone_expect_refused(
        (const char *[]){CHOICE, "expert_choice.slots=9", "expert_choice.factor=3", NULL},
        "expert_choice.factor: does nothing");
    alone_expect_refused((const char *[]){CHOICE, "moe.balance=switch", NULL},
                         "moe.balance: 'switch' has no effect beside 'expert-choice'");
    alone_expect_refused((const char *[]){CHOICE, "moe.balance=loss-free", NULL},
                         "moe.balance: 'loss-free' has no effect");
}

static void
expect_even_states(const MoeTrace *trace)
{
    g_autoptr(GError) error = NULL;
    MoeArray load;
    moe_trace_join(trace, "state/r001.load", &load, &error);
    g_assert_no_error(error);
    g_autofree const int64_t *values = load.data;
    g_assert_cmpint(load.shape[0], ==, RUN_STEPS);
    for (int64_t i = 0; i < moe_array_count(&load); i++)
        g_assert_cmpint(values[i], ==, values[0]);
    g_assert_cmpint(values[0], >, 0);
}

/* The snapshots' picks: by sequences of 16, every expert as many, in rows with the picks in front.
 */
static void
expect_even_picks(const MoeTrace *trace)
{
    g_autoptr(GError) error = NULL;
    MoeTraceView *view = moe_trace_view_new();
    int64_t picks = 0, units = 0;
    for (int chunk = 0; chunk < moe_trace_chunks(trace); chunk++) {
        moe_trace_view(trace, chunk, 1, view, &error);
        g_assert_no_error(error);
        units += view->units;
        for (int64_t u = 0; u < view->units; u++)
            for (int j = 0; j < view->k; j++) {
                bool picked = view->expert[j * view->units + u] >= 0;
                picks += picked;
                if (j > 0 && picked)
                    g_assert_cmpint(view->expert[(j - 1) * view->units + u], >=, 0);
            }
    }
    moe_trace_view_free(view);
    g_assert_cmpint(units, >, 300);
    /* factor 2; a little more where ceil() of a short sequence rounds up */
    g_assert_cmpfloat((double)picks / (double)units, >=, 2);
    g_assert_cmpfloat((double)picks / (double)units, <, 2.2);
}

static void
test_run(Folder *folder, gconstpointer data)
{
    static const char *const settings[] = {"moe.variant=expert-choice", "moe.allow_noncausal=true",
                                           "moe.capacity_factor=0", "moe.capacity_fill=position",
                                           NULL};
    run_whole(folder, "run", settings);
    g_autoptr(MoeTrace) trace = run_trace(folder, "run");
    const MoeRouterInfo *router = moe_trace_router(trace, 1);
    g_assert_cmpint(router->k, ==, 0);
    g_assert_false(router->causal);
    g_assert_false(router->gates_sum_to_one);
    g_assert_cmpstr(router->select, ==, "expert-choice");
    expect_even_states(trace);
    expect_even_picks(trace);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_plugins_load();
    g_test_add_func("/plugin/expert-choice/choices", test_choices);
    g_test_add_func("/plugin/expert-choice/padding", test_padding);
    g_test_add_func("/plugin/expert-choice/heads", test_heads);
    g_test_add_func("/plugin/expert-choice/costs", test_costs);
    g_test_add_func("/plugin/expert-choice/refused", test_refused);
    g_test_add("/plugin/expert-choice/run", Folder, NULL, run_folder_make, test_run, folder_remove);
    return g_test_run();
}
