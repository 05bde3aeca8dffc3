/* SPDX-License-Identifier: MIT
 *
 * Around branch = hyper-expert: how units are grouped by set, the values that branches begin with,
 * what they report and what they cost.
 */
#include "moe/branch-hyper.h"

#include <math.h>
#include <string.h>

/* --- Sets --------------------------------------------------------------------------------------*/

static int
rising(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* "3 17 40 " of a unit's picks; "" if it has none. */
static char *
key_of(const MoePicks *picks, int64_t u)
{
    g_autofree int32_t *sorted = g_new(int32_t, picks->k);
    GString *key = g_string_new(NULL);
    memcpy(sorted, picks->expert + u * picks->k, (size_t)picks->k * sizeof *sorted);
    qsort(sorted, (size_t)picks->k, sizeof *sorted, rising);
    for (int j = 0; j < picks->k; j++)
        if (sorted[j] >= 0 && (j == 0 || sorted[j] != sorted[j - 1]))
            g_string_append_printf(key, "%d ", sorted[j]);
    return g_string_free(key, FALSE);
}

static char *
key_of_set(const MoeSets *sets, int set)
{
    GString *key = g_string_new(NULL);
    for (int64_t i = sets->first[set]; i < sets->first[set + 1]; i++)
        g_string_append_printf(key, "%d ", sets->member[i]);
    return g_string_free(key, FALSE);
}

static void
check_sets(const MoePicks *picks)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    MoeSets sets = moe__sets_of_picks(picks, arena);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    int64_t grouped = 0;
    for (int64_t u = 0; u < picks->units; u++) {
        g_autofree char *key = key_of(picks, u);
        int set = sets.of_unit[u];
        if (!*key) {
            g_assert_cmpint(set, ==, -1);
            continue;
        }
        g_autofree char *found = key_of_set(&sets, set);
        g_assert_cmpstr(found, ==, key);
        /* In the order of first appearance. */
        if (!g_hash_table_contains(seen, key))
            g_assert_cmpint(set, ==, (int)g_hash_table_size(seen));
        g_hash_table_add(seen, g_strdup(key));
        grouped++;
    }
    g_assert_cmpint(sets.units.groups, ==, (int)g_hash_table_size(seen));
    g_assert_cmpint(sets.units.offset[sets.units.groups], ==, grouped);
    for (int s = 0; s < sets.units.groups; s++)
        for (int64_t i = sets.units.offset[s]; i < sets.units.offset[s + 1]; i++) {
            g_assert_cmpint(sets.of_unit[sets.units.row[i]], ==, s);
            if (i > sets.units.offset[s])
                g_assert_cmpint(sets.units.row[i], >, sets.units.row[i - 1]);
        }
}

static void
test_sets(void)
{
    static const struct {
        int64_t units;
        int k, experts;
    } cases[] = {{0, 2, 4},   {1, 1, 1},     {7, 1, 1},      {500, 1, 9},  {900, 2, 5},
                 {300, 3, 8}, {200, 64, 66}, {60, 64, 4096}, {500, 33, 34}};
    MoeRng rng = moe_rng(5, 0);
    for (size_t c = 0; c < G_N_ELEMENTS(cases); c++) {
        int64_t n = cases[c].units * cases[c].k;
        g_autofree int32_t *expert = g_new(int32_t, MAX(n, 1));
        /* With experts picked twice, and places left empty, even all of a unit's. */
        for (int64_t i = 0; i < n; i++) {
            bool none = i / cases[c].k % 7 == 3 || moe_rng_below(&rng, 50) == 0;
            expert[i] = none ? -1 : (int32_t)moe_rng_below(&rng, (uint64_t)cases[c].experts);
        }
        check_sets(&(MoePicks){.units = cases[c].units,
                               .experts = cases[c].experts,
                               .k = cases[c].k,
                               .expert = expert});
    }
}

/* --- A layer -----------------------------------------------------------------------------------*/

typedef struct {
    MoeRecipe *recipe;
    MoeParams *params;
    MoeLayer *layer;
    MoeTape *tape;
    MoeArena *keep;
    MoeTensor *x;
    MoeContext context;
    MoeRouting routing;
} Fixture;

static void
run(Fixture *f)
{
    moe_tape_reset(f->tape);
    moe_arena_reset(f->keep);
    moe_layer_forward(f->layer, &f->context, f->x, &f->routing);
}

static void
fixture_init(Fixture *f, const char *const *settings, int n, int d)
{
    g_autoptr(GError) error = NULL;
    *f = (Fixture){.recipe = moe_recipe_new(),
                   .params = moe_params_new(),
                   .tape = moe_tape_new(false),
                   .keep = moe_arena_new()};
    for (const char *const *s = settings; *s; s++) {
        moe_recipe_set(f->recipe, *s, &error);
        g_assert_no_error(error);
    }
    MoeLayerSize size = {.d_model = d, .prefix = "moe."};
    f->layer = moe_layer_new(f->recipe, &size, f->params, 9);
    f->x = moe_params_add(f->params, "x", 2, (int64_t[]){n, d}, 0);
    moe_init_normal(f->x, "x", 2, 1);
    f->context = (MoeContext){.tape = f->tape, .keep = f->keep, .sequences = 1, .length = n};
    run(f);
}

static void
fixture_clear(Fixture *f)
{
    moe_layer_free(f->layer);
    moe_params_free(f->params);
    moe_tape_free(f->tape);
    moe_arena_free(f->keep);
    moe_recipe_free(f->recipe);
}

/* --- First values ------------------------------------------------------------------------------*/

typedef struct {
    double mean, std, largest;
} Spread;

static Spread
spread(const Fixture *f, const char *name)
{
    g_autofree char *full = g_strconcat("moe.", name, NULL);
    const MoeTensor *x = moe_params_find(f->params, full);
    Spread s = {0};
    int64_t n = moe_tensor_count(x);
    for (int64_t i = 0; i < n; i++) {
        s.mean += (double)x->data[i] / (double)n;
        s.std += (double)x->data[i] * (double)x->data[i] / (double)n;
        s.largest = fmax(s.largest, fabs((double)x->data[i]));
    }
    s.std = sqrt(s.std);
    return s;
}

static void
check_uniform(const Fixture *f, const char *name, double limit)
{
    Spread s = spread(f, name);
    g_assert_cmpfloat(s.largest, <=, limit);
    g_assert_cmpfloat(s.largest, >, 0.9 * limit);
    g_assert_cmpfloat_with_epsilon(s.mean, 0, 0.2 * limit);
    g_assert_cmpfloat_with_epsilon(s.std, limit / sqrt(3), 0.1 * limit);
}

static void
test_first_values(void)
{
    Fixture f;
    fixture_init(&f,
                 (const char *[]){"moe.variant=hypermoe", "hyper_expert.adapter=48",
                                  "hyper_expert.bottleneck=100", NULL},
                 40, 32);
    check_uniform(&f, "hyper_expert.down.weight", 1e-3 * sqrt(3.0 / (100 * 32)));
    check_uniform(&f, "hyper_expert.up.weight", 1e-3 * sqrt(3.0 / (100 * 48)));
    check_uniform(&f, "hyper_expert.shift_down.weight", 1e-3 * sqrt(3.0 / 100));
    check_uniform(&f, "hyper_expert.shift_up.weight", 1e-3 * sqrt(3.0 / 100));
    check_uniform(&f, "hyper_expert.hidden.weight", 1 / sqrt(138));
    check_uniform(&f, "hyper_expert.w1", 1 / sqrt(128));
    check_uniform(&f, "hyper_expert.b2", 1 / sqrt(128));
    static const char *const zero[] = {"hyper_expert.down.bias", "hyper_expert.up.bias",
                                       "hyper_expert.shift_down.bias",
                                       "hyper_expert.shift_up.bias"};
    for (size_t i = 0; i < G_N_ELEMENTS(zero); i++)
        g_assert_cmpfloat(spread(&f, zero[i]).largest, ==, 0);
    Spread e = spread(&f, "hyper_expert.embedding");
    g_assert_cmpfloat_with_epsilon(e.mean, 0, 0.1);
    g_assert_cmpfloat_with_epsilon(e.std, 1, 0.1);
    /* A layer begins as if it had no branch. */
    g_assert_cmpfloat(moe__branch_ratio(&f.routing), <, 0.1);
    fixture_clear(&f);
}

static void
test_static_adapter(void)
{
    Fixture f;
    fixture_init(&f, (const char *[]){"moe.variant=moe-share", "hyper_expert.adapter=48", NULL}, 40,
                 32);
    check_uniform(&f, "adapter.down", 1e-4 * sqrt(6.0 / (32 + 48)));
    check_uniform(&f, "adapter.up", 1e-4 * sqrt(6.0 / (32 + 48)));
    g_assert_cmpfloat(spread(&f, "adapter.down_bias").largest, ==, 0);
    MoeTensor *down = moe_params_find(f.params, "moe.adapter.down_bias");
    MoeTensor *up = moe_params_find(f.params, "moe.adapter.up_bias");
    moe_init_constant(down, 1000);
    moe_init_constant(up, 2);
    moe_init_constant(moe_params_find(f.params, "moe.adapter.up"), 0.5f);
    run(&f);
    g_assert_cmpfloat_with_epsilon((double)f.routing.branch->data[0], 48 * 0.5 * 1000 + 2, 1);
    moe_init_constant(down, -1000);
    run(&f);
    g_assert_cmpfloat((double)f.routing.branch->data[0], ==, 2);
    fixture_clear(&f);
}

/* --- Reports -----------------------------------------------------------------------------------*/

/* name -> copy of the values */
static void
collect(void *user, const char *name, int ndim, const int64_t *shape, const float *values)
{
    int64_t n = 1;
    for (int i = 0; i < ndim; i++)
        n *= shape[i];
    g_hash_table_insert(user, g_strdup(name), g_memdup2(values, (size_t)n * sizeof *values));
}

static GHashTable *
report(Fixture *f, bool thorough)
{
    GHashTable *told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    MoeReporter to = {collect, told};
    moe__hyper_report(&f->routing, (void *)moe__hyper_branch(f->layer), thorough, &to);
    return told;
}

static double
told(GHashTable *report, const char *name, int i)
{
    const float *values = g_hash_table_lookup(report, name);
    g_assert_nonnull(values);
    return (double)values[i];
}

static double
norm(const MoeTensor *x)
{
    double sum = 0;
    for (int64_t i = 0; i < moe_tensor_count(x); i++)
        sum += (double)x->data[i] * (double)x->data[i];
    return sqrt(sum);
}

static void
test_report(void)
{
    Fixture f;
    fixture_init(&f,
                 (const char *[]){"moe.variant=hypermoe", "moe.experts=4", "moe.k=1",
                                  "hyper_expert.adapter=3", NULL},
                 60, 8);
    const MoeHyperPass *pass = &moe__hyper_branch(f.layer)->pass;
    g_assert_cmpint(pass->sets.units.groups, ==, 4);
    g_autoptr(GHashTable) cheap = report(&f, false);
    g_assert_cmpint((int)g_hash_table_size(cheap), ==, 1);
    g_assert_cmpfloat_with_epsilon(told(cheap, "branch_ratio", 0),
                                   norm(f.routing.branch) / norm(f.routing.combined), 1e-6);
    g_autoptr(GHashTable) all = report(&f, true);
    g_assert_cmpfloat(told(all, "hyper_expert_sets", 0), ==, 4);
    g_assert_cmpfloat(told(all, "hyper_expert_cosine", 0), <, 0.9999);
    g_assert_cmpfloat(told(all, "hyper_expert_rank", 0), >, 1.01);
    /* Sums of all but one lie as far apart as those left out. */
    int64_t e = pass->selection->shape[1];
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            double square = 0;
            for (int64_t c = 0; c < e; c++)
                square += pow((double)pass->selection->data[i * e + c] -
                                  (double)pass->selection->data[j * e + c],
                              2);
            int at = pass->sets.member[i] * 4 + pass->sets.member[j];
            g_assert_cmpfloat_with_epsilon(told(all, "selection_embedding_distance", at),
                                           sqrt(square), 1e-4);
        }
    g_assert_cmpfloat_with_epsilon(told(all, "selection_embedding_cosine", 5), 1, 1e-6);
    fixture_clear(&f);
}

/* Heads that ignore what they read generate one expert for all sets. */
static void
test_report_collapsed(void)
{
    Fixture f;
    fixture_init(
        &f,
        (const char *[]){"moe.variant=hypermoe", "moe.experts=5", "hyper_expert.adapter=3", NULL},
        60, 8);
    moe_init_constant(moe_params_find(f.params, "moe.hyper_expert.down.weight"), 0);
    moe_init_constant(moe_params_find(f.params, "moe.hyper_expert.up.weight"), 0);
    moe_init_normal(moe_params_find(f.params, "moe.hyper_expert.up.bias"), "b", 1, 1);
    run(&f);
    g_autoptr(GHashTable) all = report(&f, true);
    g_assert_cmpfloat(told(all, "hyper_expert_sets", 0), >, 4);
    g_assert_cmpfloat_with_epsilon(told(all, "hyper_expert_cosine", 0), 1, 1e-6);
    g_assert_cmpfloat_with_epsilon(told(all, "hyper_expert_rank", 0), 1, 1e-3);
    fixture_clear(&f);
}

/* --- Costs -------------------------------------------------------------------------------------*/

static void
test_costs(void)
{
    static const struct {
        const char *experts, *k;
        int64_t units;
        double sets;
    } cases[] = {
        {"moe.experts=8", "moe.k=2", 1000, 28},     {"moe.experts=8", "moe.k=2", 20, 20},
        {"moe.experts=6", "moe.k=1", 1000, 6},      {"moe.experts=5", "moe.k=5", 1000, 1},
        {"moe.experts=256", "moe.k=8", 1000, 1000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture f;
        fixture_init(&f,
                     (const char *[]){"moe.variant=hypermoe", cases[i].experts, cases[i].k,
                                      "moe.hidden=8", NULL},
                     4, 16);
        const MoePart *part = moe_layer_part(f.layer, MOE_PLACE_BRANCH);
        const MoeHyperBranch *s = moe__hyper_branch(f.layer);
        double E = moe_layer_experts(f.layer);
        double one = E * 128 + 2 * 128 * 128 + 138 * 128 + 128 * (2 * 64 * 16 + 64 + 16);
        g_assert_cmpfloat(part->flops(f.layer, s), ==, 2.0 * 2 * 64 * 16);
        g_assert_cmpfloat(part->pass_flops(f.layer, s, cases[i].units), ==,
                          2 * one * cases[i].sets);
        fixture_clear(&f);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/hyper-expert-state/sets", test_sets);
    g_test_add_func("/hyper-expert-state/first-values", test_first_values);
    g_test_add_func("/hyper-expert-state/static-adapter", test_static_adapter);
    g_test_add_func("/hyper-expert-state/report", test_report);
    g_test_add_func("/hyper-expert-state/report-collapsed", test_report_collapsed);
    g_test_add_func("/hyper-expert-state/costs", test_costs);
    return g_test_run();
}
