/* SPDX-License-Identifier: MIT
 *
 * Whatever is counted: the parts of a trace that is cut between documents add up to it, however it
 * is cut into chunks, and however many threads count.
 */
#include "routed.h"
#include "stats/summary.h"
#include "stats/tables.h"

#include <math.h>

static void
compare_field(const MoeTallyField *field, const MoeTallyShape *shape, const void *a, const void *b)
{
    int64_t n = moe__field_length(field, shape);
    const int64_t *x = moe__field_data(field, a), *y = moe__field_data(field, b);
    const double *real_x = (const double *)x, *real_y = (const double *)y;
    for (int64_t i = 0; i < n; i++)
        if (field->real)
            g_assert_cmpfloat_with_epsilon(real_x[i], real_y[i], 1e-12 * MAX(1, fabs(real_x[i])));
        else
            g_assert_cmpint(x[i], ==, y[i]);
}

/* Returns how many cells there were. */
static int
compare(const MoeSummary *a, const MoeSummary *b)
{
    int cells = 0;
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        const MoeTally *tally = moe__tallies[i];
        const MoeTables *x = moe__summary_tables(a, tally->bit);
        const MoeTables *y = moe__summary_tables(b, tally->bit);
        g_assert_true((x != NULL) == (y != NULL));
        for (int d = MOE_DOMAIN_ALL; x && d < ROUTED_DOMAINS; d++) {
            const void *ours = moe__tables_total(x, 0, d), *theirs = moe__tables_total(y, 0, d);
            g_assert_true((ours != NULL) == (theirs != NULL));
            for (int f = 0; ours && f < tally->n_fields; f++)
                compare_field(&tally->fields[f], moe__tables_shape(x, 0), ours, theirs);
            cells += ours != NULL;
        }
    }
    return cells;
}

/* Tokens 0 … cut - 1 and the rest, counted apart. */
static MoeSummary *
count_parts(const Routed *routed, int64_t cut, int64_t each)
{
    g_autoptr(GError) error = NULL;
    const MoeSummaryOptions options = {.tallies = MOE_TALLIES_ALL};
    g_autoptr(MoeTrace) first = routed_trace(routed, 0, cut, each);
    MoeSummary *sum = moe_summary_from_trace(first, &options, &error);
    g_assert_no_error(error);
    g_autoptr(MoeTrace) second = routed_trace(routed, cut, routed->tokens - cut, each);
    g_autoptr(MoeSummary) rest = moe_summary_from_trace(second, &options, &error);
    g_assert_true(moe_summary_add(sum, rest, &error));
    return sum;
}

static void
test_merged(void)
{
    const int shapes[][3] = {{16, 2, 1}, {70, 4, 2}, {300, 3, 1}, {8, 0, 1}};
    for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++) {
        g_autoptr(Routed) routed =
            routed_new(40 + i, 700, shapes[i][0], shapes[i][1], shapes[i][2]);
        int64_t cut = 300;
        while (routed->doc[cut] == routed->doc[cut - 1])
            cut++;
        moe_set_threads(1);
        g_autoptr(MoeSummary) whole = routed_count(routed, 700, MOE_TALLIES_ALL, -1);
        g_autoptr(MoeSummary) parts = count_parts(routed, cut, 41);
        moe_set_threads(3);
        g_autoptr(MoeSummary) threads = routed_count(routed, 64, MOE_TALLIES_ALL, -1);
        g_assert_cmpint(compare(whole, parts), >=, 6 * 4);
        compare(whole, threads);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    routed_begin();
    g_test_add_func("/tally-merged/merged", test_merged);
    int status = g_test_run();
    routed_end();
    return status;
}
