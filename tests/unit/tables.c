/* SPDX-License-Identifier: MIT
 *
 * Tables of cells: how finely they are kept within the budget, and that their sums are those of the
 * parts, however coarse.
 */
#include "stats/tables.h"

#include <moescope/resample.h>

/* --- Plans ------------------------------------------------------------------------------------*/

static MoeTablesPlan
plan_of(const MoeTally *tally, int experts, int routers, int domains, bool *fits)
{
    MoeTablesPlan plan;
    g_autofree MoeTallyShape *shapes = g_new(MoeTallyShape, (gsize)routers);
    for (int r = 0; r < routers; r++)
        shapes[r] = (MoeTallyShape){experts, r > 0 ? experts : 0, 1};
    *fits = moe__tables_plan(tally, shapes, routers, domains, &plan);
    bool one = plan.groups == 1 && plan.domains == 0, least = plan.groups == MOE_RESAMPLE_LEAST;
    double budget = one || least ? MOE_SUMMARY_BUDGET_WHOLE : MOE_SUMMARY_BUDGET;
    bool within = moe__tables_bytes(tally, shapes, routers, &plan) <= budget;
    g_assert_true(within == *fits || tally->bit == MOE_TALLY_LOAD);
    g_assert_true(plan.groups == 1 || plan.groups >= MOE_RESAMPLE_LEAST);
    if (plan.groups < MOE_SUMMARY_GROUPS && plan.groups > 1) { /* no finer one would do */
        MoeTablesPlan finer = {plan.domains, plan.whole, plan.groups * 2};
        g_assert_cmpfloat(moe__tables_bytes(tally, shapes, routers, &finer), >, MOE_SUMMARY_BUDGET);
    }
    if (plan.groups == 1 && !plan.whole) { /* nor the least that gives intervals */
        MoeTablesPlan finer = {plan.domains, false, MOE_RESAMPLE_LEAST};
        g_assert_cmpfloat(moe__tables_bytes(tally, shapes, routers, &finer), >,
                          MOE_SUMMARY_BUDGET_WHOLE);
    }
    return plan;
}

static void
test_plans(void)
{
    static const struct {
        const MoeTally *tally;
        int experts, routers, domains;
        MoeTablesPlan plan;
        bool fits;
    } cases[] = {
        {&moe__tally_load, 64, 16, 4, {4, false, 64}, true},
        {&moe__tally_pairs, 64, 16, 0, {0, false, 32}, true},
        {&moe__tally_pairs, 64, 16, 4, {4, false, 8}, true},
        {&moe__tally_pairs, 64, 16, 16, {16, false, 8}, true}, /* more than the budget, for 8 */
        {&moe__tally_pairs, 256, 1, 16, {16, false, 8}, true},
        {&moe__tally_pairs, 64, 16, 24, {24, false, 1}, true},
        {&moe__tally_pairs, 128, 48, 0, {0, false, 8}, true}, /* Qwen3-30B-A3B */
        {&moe__tally_pairs, 256, 58, 4, {0, true, 1}, true},  /* DeepSeek-V3 */
        {&moe__tally_pairs, 384, 60, 4, {0, true, 1}, true},  /* Kimi K2 */
        {&moe__tally_pairs, 384, 60, 0, {0, false, 1}, true},
        {&moe__tally_flow, 384, 60, 4, {0, true, 1}, true},
        {&moe__tally_pairs, 512, 48, 0, {0, false, 1}, false}, /* a hair above: cells' heads */
        {&moe__tally_pairs, 512, 60, 4, {0, true, 1}, false},
        {&moe__tally_load, 65535, 60, 4, {4, false, 1}, true}, /* more than the budget */
        {&moe__tally_load, 64, 16, 5000, {5000, false, 1}, true},
        {&moe__tally_order, 64, 16, 5000, {0, true, 1}, true},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        bool fits;
        MoeTablesPlan plan =
            plan_of(cases[i].tally, cases[i].experts, cases[i].routers, cases[i].domains, &fits);
        g_test_message("%s of %d × %d experts, %d domains: %d groups, %d domains",
                       cases[i].tally->name, cases[i].routers, cases[i].experts, cases[i].domains,
                       plan.groups, plan.domains);
        g_assert_cmpint(fits, ==, cases[i].fits);
        g_assert_cmpint(plan.groups, ==, cases[i].plan.groups);
        g_assert_cmpint(plan.domains, ==, cases[i].plan.domains);
        g_assert_cmpint(plan.whole, ==, cases[i].plan.whole);
    }
}

/* --- Sums -------------------------------------------------------------------------------------*/

enum { E = 3, DOMAINS = 2, GROUPS = MOE_SUMMARY_GROUPS };
static const MoeTallyShape shape = {E, 0, 1};

/* Tables of one router; the part of domain d and group g has 1000 (d + 1) + g units, and as many
 * picks of expert 1, a gate sum of half of that. */
static MoeTables *
filled(MoeTablesPlan plan)
{
    MoeTables *tables = moe__tables_new(&moe__tally_load, &shape, 1, &plan);
    for (int d = MOE_DOMAIN_UNKNOWN; d < DOMAINS; d++)
        for (int g = 0; g < GROUPS; g++) {
            MoeSummaryCell *part = moe__tables_part(tables, 0, d, g);
            int64_t units = 1000 * (d + 1) + g;
            part->units += units;
            part->count[1] += units;
            part->gate_sum[1] += (double)units / 2;
        }
    moe__tables_settle(tables);
    return tables;
}

static int64_t
units_of(const MoeTables *tables, int domain)
{
    const MoeSummaryCell *total = moe__tables_total(tables, 0, domain);
    g_assert_cmpint(total->experts, ==, E);
    g_assert_cmpint(total->count[0] + total->count[2], ==, 0);
    g_assert_cmpint(total->count[1], ==, total->units);
    g_assert_cmpfloat(total->gate_sum[1], ==, (double)total->units / 2);
    return total->units;
}

static const int64_t each = GROUPS * (GROUPS - 1) / 2; /* Σ g */

static void
test_totals(void)
{
    for (int groups = 1; groups <= GROUPS; groups *= 2) {
        g_autoptr(MoeTables) tables = filled((MoeTablesPlan){DOMAINS, false, groups});
        for (int d = MOE_DOMAIN_UNKNOWN; d < DOMAINS; d++)
            g_assert_cmpint(units_of(tables, d), ==, each + (int64_t)GROUPS * 1000 * (d + 1));
        g_assert_cmpint(units_of(tables, MOE_DOMAIN_ALL), ==, 3 * each + GROUPS * 3000);
        moe__tables_settle(tables);
        g_assert_cmpint(units_of(tables, MOE_DOMAIN_ALL), ==, 3 * each + GROUPS * 3000);

        g_autoptr(MoeTables) whole = filled((MoeTablesPlan){0, true, groups});
        g_assert_cmpint(units_of(whole, MOE_DOMAIN_ALL), ==, 3 * each + GROUPS * 3000);
        g_assert_null(moe__tables_total(whole, 0, MOE_DOMAIN_UNKNOWN));
        g_assert_null(moe__tables_total(whole, 0, 1));
    }
}

/* Finer tables add up in coarser ones, with their domains moved. */
static void
test_add(void)
{
    static const int turned[DOMAINS] = {1, 0};
    for (int groups = 1; groups <= GROUPS; groups *= 4) {
        g_autoptr(MoeTables) fine = filled((MoeTablesPlan){DOMAINS, false, GROUPS});
        g_autoptr(MoeTables) into = filled((MoeTablesPlan){DOMAINS, false, groups});
        g_autoptr(MoeTables) expected = filled((MoeTablesPlan){DOMAINS, false, groups});
        moe__tables_add(into, fine, turned);
        moe__tables_settle(into);
        for (int d = 0; d < DOMAINS; d++)
            g_assert_cmpint(units_of(into, d), ==,
                            units_of(expected, d) + units_of(expected, turned[d]));
        for (int g = 0; g < groups; g++) {
            const MoeSummaryCell *a = moe__tables_part(into, 0, 0, g);
            const MoeSummaryCell *b = moe__tables_part(expected, 0, 0, g);
            const MoeSummaryCell *c = moe__tables_part(expected, 0, 1, g);
            g_assert_cmpint(a->units, ==, b->units + c->units);
        }
        g_autoptr(MoeTables) whole = filled((MoeTablesPlan){0, true, 1});
        moe__tables_add(whole, fine, turned);
        moe__tables_settle(whole);
        g_assert_cmpint(units_of(whole, MOE_DOMAIN_ALL), ==, 2 * (3 * each + GROUPS * 3000));
    }
}

/* What one hasn't got isn't known of the sum. */
static void
test_drop(void)
{
    const MoeTablesPlan plan = {DOMAINS, false, 4};
    static const int same[DOMAINS] = {0, 1};
    g_autoptr(MoeTables) into = filled(plan), from = filled(plan);
    g_assert_true(moe__tables_has(into, 0));
    moe__tables_drop(from, 0);
    moe__tables_add(into, from, same);
    g_assert_false(moe__tables_has(into, 0));
    g_assert_null(moe__tables_total(into, 0, MOE_DOMAIN_ALL));
    g_assert_null(moe__tables_part(into, 0, 0, 0));
    g_assert_null(moe__tables_cells(into, 0));
    g_assert_null(moe__tables_fold(into, 0, 0, 4));
    moe__tables_settle(into);
}

/* Adds weighted groups of the first router to a cell. */
static void
weigh(const MoeTables *tables, int domain, const int64_t *weights, int n, MoeSummaryCell *cell)
{
    MoeFolded *folded = moe__tables_fold(tables, 0, domain, n);
    moe__folded_weighted(folded, weights, cell);
    moe__folded_free(folded);
}

/* Group 5 twice and group 9 three times; of tables with fewer groups, those they are in. */
static void
test_weighted(void)
{
    int64_t weights[GROUPS] = {0};
    weights[5] = 2;
    weights[9] = 3;
    MoeSummaryCell *cell = moe__cell_new(&moe__tally_load, &shape);
    g_autoptr(MoeTables) tables = filled((MoeTablesPlan){DOMAINS, false, GROUPS});
    weigh(tables, 0, weights, GROUPS, cell);
    g_assert_cmpint(cell->units, ==, 2 * 1005 + 3 * 1009);
    g_assert_cmpfloat(cell->gate_sum[1], ==, (2 * 1005 + 3 * 1009) / 2.0);
    moe__cell_clear(&moe__tally_load, &shape, cell);
    g_assert_cmpint(cell->units + cell->count[1], ==, 0);
    weigh(tables, MOE_DOMAIN_ALL, weights, GROUPS, cell);
    g_assert_cmpint(cell->count[1], ==, 2 * (5 + 1005 + 2005) + 3 * (9 + 1009 + 2009));

    /* Weights of fewer groups give the same on fine tables as on coarse ones. */
    static const int64_t two[2] = {3, 5};
    MoeSummaryCell *coarse = moe__cell_new(&moe__tally_load, &shape);
    g_autoptr(MoeTables) halves = filled((MoeTablesPlan){DOMAINS, false, 2});
    moe__cell_clear(&moe__tally_load, &shape, cell);
    weigh(tables, 1, two, 2, cell);
    weigh(halves, 1, two, 2, coarse);
    g_assert_cmpint(cell->units, ==, coarse->units);
    g_assert_cmpint(cell->units, ==, 3 * (32 * 2000 + 32 * 31) + 5 * (32 * 2000 + 32 * 32));
    moe__cell_free(&moe__tally_load, cell);
    moe__cell_free(&moe__tally_load, coarse);
}

static void
test_occupied(void)
{
    const MoeTablesPlan plan = {DOMAINS, false, 8};
    g_autoptr(MoeTables) tables = moe__tables_new(&moe__tally_load, &shape, 1, &plan);
    ((MoeSummaryCell *)moe__tables_part(tables, 0, 1, 6))->making[E] = 1;
    for (int g = 0; g < 8; g++) {
        g_assert_true(moe__tables_occupied(tables, 0, 1, g, 8) == (g == 6));
        g_assert_true(moe__tables_occupied(tables, 0, MOE_DOMAIN_ALL, g, 8) == (g == 6));
        g_assert_false(moe__tables_occupied(tables, 0, 0, g, 8));
    }
    g_assert_true(moe__tables_occupied(tables, 0, 1, 2, 4));
    g_assert_false(moe__tables_occupied(tables, 0, 1, 1, 2));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tables/plans", test_plans);
    g_test_add_func("/tables/totals", test_totals);
    g_test_add_func("/tables/add", test_add);
    g_test_add_func("/tables/drop", test_drop);
    g_test_add_func("/tables/weighted", test_weighted);
    g_test_add_func("/tables/occupied", test_occupied);
    return g_test_run();
}
