/* SPDX-License-Identifier: MIT
 *
 * Comparisons of traces of which each lacks some tokens of the other, or has its documents in
 * another order: against the comparison of what both have; and what can't be joined.
 */
#include "compare-trace.h"

#include <moescope/summary.h>

enum { TOKENS = 600 };

/* --- Parts ------------------------------------------------------------------------------------*/

static void
keep(Made *made, const int *index, int n)
{
    int32_t **columns[] = {&made->id, &made->doc, &made->pos, &made->domain, &made->step};
    for (gsize c = 0; c < G_N_ELEMENTS(columns); c++) {
        int32_t *all = g_steal_pointer(columns[c]);
        *columns[c] = g_new(int32_t, TOKENS);
        for (int i = 0; i < n; i++)
            (*columns[c])[i] = all[index[i]];
        g_free(all);
    }
    for (int r = 0; r < MADE_ROUTERS; r++) {
        int each = made->routers[r].units_per_token * made_width(&made->routers[r]);
        int32_t *expert = g_steal_pointer(&made->expert[r]);
        float *gate = g_steal_pointer(&made->gate[r]);
        made->expert[r] = g_new(int32_t, (gsize)TOKENS * (gsize)each);
        made->gate[r] = g_new(float, (gsize)TOKENS *(gsize)each);
        for (int i = 0; i < n; i++) {
            memcpy(made->expert[r] + i * each, expert + index[i] * each,
                   (gsize)each * sizeof *expert);
            memcpy(made->gate[r] + i * each, gate + index[i] * each, (gsize)each * sizeof *gate);
        }
        g_free(expert);
        g_free(gate);
    }
    made->tokens = n;
}

/* Whether a token is in the first and in the second. */
static bool
is_in(const Made *made, int t, int side)
{
    if (side == 0) /* lacks the last document, and a piece of another */
        return made->doc[t] < 11 && !(made->doc[t] == 3 && made->pos[t] >= 10 && made->pos[t] < 17);
    return made->pos[t] < 49; /* as rollouts: no row for the last token of a document */
}

/* The part of a side, or of both (side 2), documents from the last to the first if `turned`. */
static Made *
part(uint64_t seed, int side, bool turned)
{
    Made *made = made_new(TOKENS, seed);
    int index[TOKENS], n = 0;
    for (int i = 0; i < TOKENS; i++) {
        int t = turned ? (TOKENS / 50 - 1 - i / 50) * 50 + i % 50 : i;
        if (side < 2 ? is_in(made, t, side) : is_in(made, t, 0) && is_in(made, t, 1))
            index[n++] = t;
    }
    keep(made, index, n);
    return made;
}

/* --- What both have ---------------------------------------------------------------------------*/

static MoeComparison *
compare(const MoeTrace *a, const MoeTrace *b, const MoeCompareOptions *options)
{
    g_autoptr(GError) error = NULL;
    const MoeCompareSide of_a = {a, MOE_STEPS_ALL, 0}, of_b = {b, MOE_STEPS_ALL, 0};
    MoeComparison *comparison = moe_compare(&of_a, &of_b, options, &error);
    g_assert_no_error(error);
    return comparison;
}

static void
expect_alike(const MoeComparison *a, const MoeComparison *b, MoeCompareLabels labels)
{
    g_assert_cmpint(moe_comparison_tokens(a), ==, moe_comparison_tokens(b));
    for (int r = 0; r < moe_comparison_routers(a); r++)
        for (int d = MOE_DOMAIN_ALL; d < MADE_DOMAINS; d++) {
            MoeComparisonCell x, y;
            g_assert_true(moe_comparison_cell(a, r, d, labels, &x));
            g_assert_true(moe_comparison_cell(b, r, d, labels, &y));
            g_assert_cmpint(x.units, ==, y.units);
            g_assert_cmpint(x.same_first, ==, y.same_first);
            g_assert_cmpint(x.shared, ==, y.shared);
            g_assert_cmpint(x.jaccard, ==, y.jaccard);
            g_assert_cmpint(x.weighted, ==, y.weighted);
            for (int e = 0; e < x.experts; e++)
                g_assert_cmpint(x.picks_b[e], ==, y.picks_b[e]);
        }
}

static void
test_common(void)
{
    static const int chunks[] = {1000, 77, 30};
    const MoeCompareOptions options = {.match = true, .shuffle = true, .seed = 3};
    g_autoptr(Made) common_a = part(1, 2, false);
    g_autoptr(Made) common_b = part(2, 2, false);
    g_autoptr(MoeTrace) both_a = made_trace(common_a, MADE_ROUTERS, 1000);
    g_autoptr(MoeTrace) both_b = made_trace(common_b, MADE_ROUTERS, 1000);
    g_autoptr(MoeComparison) expected = compare(both_a, both_b, &options);
    g_assert_cmpint(moe_comparison_tokens(expected), ==, 11 * 49 - 7);
    g_assert_cmpint(moe_comparison_alone(expected, 0), ==, 0);
    for (gsize i = 0; i < 2 * G_N_ELEMENTS(chunks); i++) {
        g_autoptr(Made) made_a = part(1, 0, false);
        g_autoptr(Made) made_b = part(2, 1, i % 2);
        g_autoptr(MoeTrace) a = made_trace(made_a, MADE_ROUTERS, chunks[i / 2]);
        g_autoptr(MoeTrace) b = made_trace(made_b, MADE_ROUTERS, chunks[i / 2] + 11);
        g_autoptr(MoeComparison) joined = compare(a, b, &options);
        g_assert_cmpint(moe_comparison_alone(joined, 0), ==, 11);
        g_assert_cmpint(moe_comparison_alone(joined, 1), ==, 49 + 7);
        expect_alike(joined, expected, MOE_LABELS_OWN);
        expect_alike(joined, expected, MOE_LABELS_MATCHED);
    }
}

/* In the pass that counts the first: of all its tokens. */
static void
test_counted(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) made_a = part(1, 0, false);
    g_autoptr(Made) made_b = part(2, 1, true);
    g_autoptr(MoeTrace) a = made_trace(made_a, MADE_ROUTERS, 90);
    g_autoptr(MoeTrace) b = made_trace(made_b, MADE_ROUTERS, 120);
    const MoeCompareSide of_a = {a, MOE_STEPS_ALL, 0}, of_b = {b, MOE_STEPS_ALL, 0};
    const MoeCompareOptions options = {0};
    const MoeSummaryOptions counting = {0};
    MoeSummary *counted = NULL;
    g_autoptr(MoeComparison) plain = compare(a, b, &options);
    g_autoptr(MoeComparison) both =
        moe_compare_and_count(&of_a, &of_b, &options, &counting, &counted, &error);
    g_assert_no_error(error);
    g_autoptr(MoeSummary) summary = counted;
    g_assert_cmpint(moe_summary_tokens_counted(summary), ==, made_a->tokens);
    expect_alike(both, plain, MOE_LABELS_OWN);
}

/* --- What can't be ----------------------------------------------------------------------------*/

static void
refuse(Made *made_a, Made *made_b, const char *why)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) a = made_trace(made_a, 2, 100);
    g_autoptr(MoeTrace) b = made_trace(made_b, 2, 100);
    const MoeCompareSide of_a = {a, MOE_STEPS_ALL, 0}, of_b = {b, MOE_STEPS_ALL, 0};
    g_assert_null(moe_compare(&of_a, &of_b, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_true(g_str_has_prefix(error->message, "the tokens aren't the same: "));
    g_assert_nonnull(strstr(error->message, why));
}

static void
test_refused(void)
{
    g_autoptr(Made) whole = part(1, 0, false);
    g_autoptr(Made) other = part(2, 1, false);
    other->id[200] = 1234; /* other ids: another text */
    refuse(whole, other, "as in the first");
    g_autoptr(Made) twice = part(2, 1, false);
    twice->doc[49] = 0; /* a position stands there twice */
    refuse(whole, twice, "as in the first");
    g_autoptr(Made) unknown = part(2, 1, false);
    unknown->pos[100] = -1;
    refuse(whole, unknown, "as in the first");
    g_autoptr(Made) nobody = part(2, 1, false);
    for (int t = 0; t < nobody->tokens; t++)
        nobody->id[t] = -1;
    refuse(whole, nobody, "as in the first");
    g_autoptr(Made) apart = part(2, 1, false);
    for (int t = 0; t < apart->tokens; t++)
        apart->doc[t] += 100; /* nothing in common */
    refuse(whole, apart, "has document 100");
    g_autoptr(Made) bare = part(2, 1, false);
    g_clear_pointer(&bare->doc, g_free);
    refuse(whole, bare, "; where one lacks some, both need documents, positions and ids");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/compare-join/common", test_common);
    g_test_add_func("/compare-join/counted", test_counted);
    g_test_add_func("/compare-join/refused", test_refused);
    return g_test_run();
}
