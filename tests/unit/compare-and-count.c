/* SPDX-License-Identifier: MIT
 *
 * A comparison and a summary made in one pass are, bit for bit, those made apart: whatever the
 * chunks, the threads and the tokens that count.
 */
#include "compare-trace.h"

#include <string.h>

enum { TOKENS = 6000 };

/* The bytes of a summary's file, which are the same for the same sums. (transfer full) */
static GBytes *
bytes_of(const MoeSummary *summary)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("moescope-count-XXXXXX", &error);
    g_assert_no_error(error);
    g_autofree char *path = g_build_filename(folder, "summary.npz", NULL);
    char *bytes;
    gsize n;
    g_assert_true(moe_summary_save(summary, path, NULL, &error));
    g_assert_true(g_file_get_contents(path, &bytes, &n, &error));
    g_unlink(path);
    g_rmdir(folder);
    return g_bytes_new_take(bytes, n);
}

static void
expect_same_arrays(const int64_t *a, const int64_t *b, int n)
{
    g_assert_cmpmem(a, (gsize)n * sizeof *a, b, (gsize)n * sizeof *b);
}

static void
expect_same_cell(const MoeComparisonCell *a, const MoeComparisonCell *b)
{
    g_assert_cmpint(a->units, ==, b->units);
    g_assert_cmpint(a->apart, ==, b->apart);
    g_assert_cmpint(a->same_first, ==, b->same_first);
    g_assert_cmpint(a->same_set, ==, b->same_set);
    g_assert_cmpint(a->shared, ==, b->shared);
    g_assert_cmpint(a->jaccard, ==, b->jaccard);
    g_assert_cmpint(a->gated, ==, b->gated);
    g_assert_cmpint(a->weighted, ==, b->weighted);
    expect_same_arrays(a->sharing, b->sharing, a->depth + 1);
    expect_same_arrays(a->meet, b->meet, a->depth + 1);
    expect_same_arrays(a->ends, b->ends, a->depth + 1);
    expect_same_arrays(a->first_a, b->first_a, a->experts);
    expect_same_arrays(a->picks_b, b->picks_b, a->experts);
}

static void
expect_same_comparison(const MoeComparison *a, const MoeComparison *b)
{
    g_assert_cmpint(moe_comparison_tokens(a), ==, moe_comparison_tokens(b));
    g_assert_cmpint(moe_comparison_routers(a), ==, moe_comparison_routers(b));
    for (int r = 0; r < moe_comparison_routers(a); r++)
        for (int d = MOE_DOMAIN_ALL; d < moe_comparison_domains(a); d++)
            for (int labels = 0; labels < 2; labels++) {
                MoeComparisonCell x, y;
                bool there = moe_comparison_cell(a, r, d, labels, &x);
                g_assert_true(moe_comparison_cell(b, r, d, labels, &y) == there);
                if (there)
                    expect_same_cell(&x, &y);
                there = moe_comparison_shuffled(a, r, labels, &x);
                g_assert_true(moe_comparison_shuffled(b, r, labels, &y) == there);
                if (there)
                    expect_same_cell(&x, &y);
            }
}

static const MoeSummaryOptions counting = {
    .tallies = MOE_TALLIES_ALL, .keep_tokens = true, .recount = true};

static void
expect_same(const MoeCompareSide *a, const MoeCompareSide *b, const MoeCompareOptions *options)
{
    g_autoptr(GError) error = NULL;
    MoeSummaryOptions alone = counting;
    alone.steps = a->steps;
    alone.step = a->step;
    alone.filter = options ? options->filter : NULL;
    g_autoptr(MoeComparison) compared = moe_compare(a, b, options, &error);
    g_assert_no_error(error);
    g_autoptr(MoeSummary) counted = moe_summary_from_trace(a->trace, &alone, &error);
    g_assert_no_error(error);
    g_autoptr(MoeSummary) summary = NULL;
    g_autoptr(MoeComparison) comparison =
        moe_compare_and_count(a, b, options, &counting, &summary, &error);
    g_assert_no_error(error);
    expect_same_comparison(comparison, compared);
    g_autoptr(GBytes) x = bytes_of(summary), y = bytes_of(counted);
    g_assert_true(g_bytes_equal(x, y));
}

/* Every third document's second half, of a step of its own. */
static void
set_steps(Made *made)
{
    for (int t = 0; t < made->tokens; t++)
        made->step[t] = made->doc[t] % 3 == 0 && made->pos[t] >= 25 ? 7 : 3;
}

static void
test_same(void)
{
    g_autoptr(Made) a = made_new(TOKENS, 3);
    g_autoptr(Made) b = made_new(TOKENS, 4);
    set_steps(a);
    set_steps(b);
    b->gates = false;
    char *domains[] = {(char *)"code", NULL};
    const MoeTokenFilter code = {.domains = domains};
    const int layers[] = {1, 5};
    const MoeCompareOptions options[] = {
        {.match = true, .shuffle = true, .seed = 3},
        {.filter = &code},
        {.layers = layers, .n_layers = 2},
    };
    static const int chunks[][2] = {{TOKENS, 777}, {999, TOKENS}, {5000, 5000}};
    for (gsize i = 0; i < G_N_ELEMENTS(chunks); i++) {
        g_autoptr(MoeTrace) trace_a = made_trace(a, MADE_ROUTERS, chunks[i][0]);
        g_autoptr(MoeTrace) trace_b = made_trace(b, MADE_ROUTERS, chunks[i][1]);
        MoeCompareSide of_a = {.trace = trace_a}, of_b = {.trace = trace_b};
        expect_same(&of_a, &of_b, NULL);
        expect_same(&of_b, &of_a, &options[i]);
        of_a.steps = of_b.steps = MOE_STEPS_LAST;
        expect_same(&of_a, &of_b, NULL);
        of_a.steps = of_b.steps = MOE_STEPS_ONE;
        of_a.step = of_b.step = 3;
        expect_same(&of_a, &of_b, NULL);
    }
}

/* Threads that have no router left take over from others: there are more of them than routers. */
static void
test_threads(void)
{
    int before = moe_threads();
    g_autoptr(Made) a = made_new(TOKENS, 3);
    g_autoptr(Made) b = made_new(TOKENS, 4);
    g_autoptr(MoeTrace) trace_a = made_trace(a, MADE_ROUTERS, 250);
    g_autoptr(MoeTrace) trace_b = made_trace(b, MADE_ROUTERS, 250);
    const MoeCompareSide of_a = {.trace = trace_a}, of_b = {.trace = trace_b};
    g_autoptr(GBytes) first = NULL;
    for (int threads = 1; threads <= 8; threads++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeSummary) summary = NULL;
        moe_set_threads(threads);
        g_autoptr(MoeComparison) comparison =
            moe_compare_and_count(&of_a, &of_b, NULL, &counting, &summary, &error);
        g_assert_no_error(error);
        g_assert_nonnull(comparison);
        g_autoptr(GBytes) bytes = bytes_of(summary);
        g_assert_true(!first || g_bytes_equal(bytes, first));
        if (!first)
            first = g_bytes_ref(bytes);
    }
    moe_set_threads(before);
}

static bool
stop_later(int64_t done, int64_t total, const char *what, void *user)
{
    int *calls = user;
    return ++*calls < 20;
}

/* Nothing comes of what was stopped or can't be compared, on any number of threads. */
static void
test_failures(void)
{
    int before = moe_threads();
    g_autoptr(Made) a = made_new(TOKENS, 3);
    g_autoptr(MoeTrace) trace_a = made_trace(a, MADE_ROUTERS, 250);
    a->id[TOKENS / 2] = 5000;
    g_autoptr(MoeTrace) trace_b = made_trace(a, MADE_ROUTERS, 250);
    const MoeCompareSide of_a = {.trace = trace_a}, of_b = {.trace = trace_b};
    MoeSummary *summary = NULL;
    for (int threads = 1; threads <= 4; threads++) {
        g_autoptr(GError) error = NULL, stopped = NULL;
        int calls = 0;
        const MoeProgress progress = {stop_later, &calls};
        const MoeCompareOptions options = {.progress = &progress};
        moe_set_threads(threads);
        g_assert_null(moe_compare_and_count(&of_a, &of_b, NULL, &counting, &summary, &error));
        g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
        g_assert_null(moe_compare_and_count(&of_a, &of_a, &options, &counting, &summary, &stopped));
        g_assert_error(stopped, MOE_ERROR, MOE_ERROR_CANCELLED);
        g_assert_null(summary);
    }
    moe_set_threads(before);
}

/* A trace that brings its summary along isn't counted again, and is compared all the same. */
static void
test_brought(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Made) a = made_new(TOKENS, 3);
    g_autoptr(Made) b = made_new(TOKENS, 4);
    g_autoptr(MoeTrace) trace_a = made_trace(a, 1, 250);
    g_autoptr(MoeTrace) trace_b = made_trace(b, 1, 250);
    g_autofree char *folder = g_dir_make_tmp("moescope-count-XXXXXX", &error);
    g_assert_no_error(error);
    g_autofree char *path = g_build_filename(folder, "bearer.npz", NULL);
    g_assert_true(moe_trace_copy_without(trace_a, path, NULL, 0, "{}", NULL, &error));
    g_autoptr(MoeSummary) attached = moe_summary_from_trace(trace_a, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(moe_summary_attach(attached, path, NULL, &error));
    g_autoptr(MoeTrace) bearer = moe_trace_open(path, &error);
    g_assert_no_error(error);
    const MoeCompareSide of_a = {.trace = bearer}, of_b = {.trace = trace_b};
    const MoeSummaryOptions load = {0};
    g_autoptr(MoeSummary) summary = NULL;
    g_autoptr(MoeComparison) comparison =
        moe_compare_and_count(&of_a, &of_b, NULL, &load, &summary, &error);
    g_assert_no_error(error);
    g_autoptr(MoeComparison) compared = moe_compare(&of_a, &of_b, NULL, &error);
    g_assert_no_error(error);
    expect_same_comparison(comparison, compared);
    g_assert_cmpint(moe_summary_tokens_counted(summary), ==, TOKENS);
    g_unlink(path);
    g_rmdir(folder);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/compare-and-count/same", test_same);
    g_test_add_func("/compare-and-count/threads", test_threads);
    g_test_add_func("/compare-and-count/failures", test_failures);
    g_test_add_func("/compare-and-count/brought", test_brought);
    return g_test_run();
}
