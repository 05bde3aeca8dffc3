/* SPDX-License-Identifier: MIT
 *
 * Sums of summaries: parts of a trace, cut anywhere between documents and in any order, add up to
 * the whole; chunks and threads don't show.
 */
#include "summary-made.h"
#include "trace-sample.h"

static char *folder;
enum { DOCS = 90 };

static void
test_splits(void)
{
    const Made all = {.n = DOCS, .domains = MADE_DOMAINS};
    g_autoptr(MoeTrace) whole = made_trace(folder, "whole.npz", &all);
    g_autoptr(MoeSummary) expected = made_summary(whole, MOE_TALLIES_ALL);
    MoeRng rng = moe_rng(5, 5);
    for (int round = 0; round < 6; round++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeSummary) sum = moe_summary_new(made_routers, MADE_ROUTERS, made_domains,
                                                    MADE_DOMAINS, MOE_TALLIES_ALL);
        /* Three parts; the second comes first. */
        int a = (int)moe_rng_below(&rng, DOCS + 1), b = (int)moe_rng_below(&rng, DOCS + 1);
        const int cuts[] = {0, MIN(a, b), MAX(a, b), DOCS}, order[] = {1, 0, 2};
        for (int i = 0; i < 3; i++) {
            int first = cuts[order[i]], n = cuts[order[i] + 1] - first;
            const Made made = {first, n, MADE_DOMAINS, 1 + (int64_t)moe_rng_below(&rng, 99), false};
            g_autoptr(MoeTrace) trace = made_trace(folder, "part.npz", &made);
            g_autoptr(MoeSummary) part = made_summary(trace, MOE_TALLIES_ALL);
            g_assert_true(moe_summary_add(sum, part, &error));
            g_assert_no_error(error);
        }
        made_assert_same(sum, expected, false);
    }
}

static void
test_threads(void)
{
    const Made made = {.n = DOCS, .domains = MADE_DOMAINS};
    g_autoptr(MoeTrace) trace = made_trace(folder, "threads.npz", &made);
    moe_set_threads(1);
    g_autoptr(MoeSummary) expected = made_summary(trace, MOE_TALLIES_ALL);
    for (int threads = 2; threads <= 4; threads++) {
        moe_set_threads(threads);
        g_autoptr(MoeSummary) found = made_summary(trace, MOE_TALLIES_ALL);
        made_assert_same(found, expected, true);
    }
    moe_set_threads(0);
}

static void
test_chunks(void)
{
    Made made = {.n = DOCS, .domains = MADE_DOMAINS, .chunk_tokens = 1};
    g_autoptr(MoeTrace) trace = made_trace(folder, "chunks.npz", &made);
    g_autoptr(MoeSummary) expected = made_summary(trace, MOE_TALLIES_ALL);
    static const int64_t sizes[] = {7, 64, 1000000};
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        made.chunk_tokens = sizes[i];
        g_autoptr(MoeTrace) other = made_trace(folder, "chunks.npz", &made);
        g_autoptr(MoeSummary) found = made_summary(other, MOE_TALLIES_ALL);
        made_assert_same(found, expected, false);
    }
}

/* Domains are added by name; those that are new come behind. */
static void
test_domains(void)
{
    g_autoptr(GError) error = NULL;
    static const char *const turned[] = {"poems", "songs", "prose"};
    g_autoptr(MoeSummary) into = moe_summary_new(made_routers, 1, made_domains, 2, 0);
    g_autoptr(MoeSummary) from = moe_summary_new(made_routers, 1, turned, 3, 0);
    for (int d = MOE_DOMAIN_UNKNOWN; d < 3; d++) {
        moe_summary_fill(from, 0, d)->units = 100 + d;
        if (d < 2)
            moe_summary_fill(into, 0, d)->units = 10 + d;
    }
    moe_summary_settle(into);
    moe_summary_settle(from);
    g_assert_cmpint(moe_summary_cell(into, 0, MOE_DOMAIN_ALL)->units, ==, 30);
    g_assert_true(moe_summary_add(into, from, &error));
    static const char *const names[] = {"prose", "code", "poems", "songs"};
    static const int64_t units[] = {10 + 102, 11, 100, 101};
    g_assert_cmpint(moe_summary_domains(into), ==, 4);
    for (int d = 0; d < 4; d++) {
        g_assert_cmpstr(moe_summary_domain_name(into, d), ==, names[d]);
        g_assert_cmpint(moe_summary_cell(into, 0, d)->units, ==, units[d]);
    }
    g_assert_cmpint(moe_summary_cell(into, 0, MOE_DOMAIN_UNKNOWN)->units, ==, 9 + 99);
    g_assert_cmpint(moe_summary_cell(into, 0, MOE_DOMAIN_ALL)->units, ==, 30 + 99 + 303);
    g_assert_cmpint(moe_summary_tokens_counted(into), ==, 432);
}

/* What only one of them has isn't known of the sum. */
static void
test_tallies(void)
{
    g_autoptr(GError) error = NULL;
    const Made made = {.n = 5, .domains = 1};
    g_autoptr(MoeTrace) trace = made_trace(folder, "tallies.npz", &made);
    g_autoptr(MoeSummary) into = made_summary(trace, MOE_TALLY_ORDER | MOE_TALLY_TOKENS);
    g_autoptr(MoeSummary) from = made_summary(trace, MOE_TALLY_ORDER | MOE_TALLY_PAIRS);
    g_assert_nonnull(moe_summary_tokens(into, 0));
    g_assert_true(moe_summary_add(into, from, &error));
    g_assert_cmpint(moe_summary_tallies(into), ==, MOE_TALLY_LOAD | MOE_TALLY_ORDER);
    g_assert_nonnull(moe_summary_order(into, 0, MOE_DOMAIN_ALL));
    g_assert_null(moe_summary_pairs(into, 0, MOE_DOMAIN_ALL));
    g_assert_null(moe_summary_tokens(into, 0));
    g_assert_null(moe_summary_token_table(into, 0));
}

enum { MANY = 300 };

/* Pairs of one router, of domains first … first + n - 1; settled. (transfer full) */
static MoeSummary *
of_domains(int first, int n)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (int d = 0; d < n; d++)
        g_ptr_array_add(names, g_strdup_printf("domain %d", first + d));
    MoeSummary *summary =
        moe_summary_new(&made_routers[2], 1, (const char *const *)names->pdata, n, MOE_TALLY_PAIRS);
    for (int d = 0; d < n; d++) {
        moe_summary_fill(summary, 0, d)->units = 1 + first + d;
        moe_summary_fill_pairs(summary, 0, d)->units += 1 + first + d;
        moe_summary_fill_pairs(summary, 0, d)->together[1] += 2;
    }
    moe_summary_settle(summary);
    return summary;
}

/* Few domains are told apart in groups, more without, and yet more aren't; a sum that comes to more
 * of them is as coarse as if it had been counted so. */
static void
test_many_domains(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeSummary) few = of_domains(0, 2), half = of_domains(0, MANY);
    g_autoptr(MoeSummary) other = of_domains(MANY, MANY), whole = of_domains(0, 2 * MANY);
    g_autoptr(MoeSummary) sum = of_domains(0, 0);
    g_assert_nonnull(moe_summary_pairs(few, 0, 1));
    g_assert_nonnull(moe_summary_pairs(half, 0, MANY - 1));
    g_assert_null(moe_summary_pairs(whole, 0, 1));
    g_assert_null(moe_summary_pairs(whole, 0, MOE_DOMAIN_UNKNOWN));
    g_assert_cmpint(moe_summary_pairs(whole, 0, MOE_DOMAIN_ALL)->units, ==, MANY * (2 * MANY + 1));
    g_assert_cmpint(moe_summary_pairs(whole, 0, MOE_DOMAIN_ALL)->together[1], ==, 4 * MANY);
    g_assert_cmpint(moe_summary_cell(whole, 0, 2 * MANY - 1)->units, ==, 2 * MANY);

    g_assert_true(moe_summary_add(sum, half, &error));
    made_assert_same(sum, half, true);
    g_assert_true(moe_summary_add(sum, other, &error));
    made_assert_same(sum, whole, true);
    g_assert_true(moe_summary_add(few, half, &error));
    g_assert_cmpint(moe_summary_domains(few), ==, MANY);
    g_assert_cmpint(moe_summary_pairs(few, 0, 1)->units, ==, 4);
    g_assert_cmpint(moe_summary_pairs(few, 0, 2)->units, ==, 3);
}

/* Tables of so many experts are too large; the summary then says that they were asked for. */
static void
test_many_experts(void)
{
    const MoeRouterInfo router = {.experts = 3000, .k = 8, .units_per_token = 1};
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "many.npz", NULL);
    g_autoptr(MoeSummary) summary = moe_summary_new(&router, 1, NULL, 0, MOE_TALLY_PAIRS);
    g_assert_null(moe_summary_pairs(summary, 0, MOE_DOMAIN_ALL));
    g_assert_null(moe_summary_fill_pairs(summary, 0, MOE_DOMAIN_UNKNOWN));
    g_assert_cmpint(moe_summary_tallies(summary), ==, MOE_TALLY_LOAD | MOE_TALLY_PAIRS);
    g_assert_true(moe_summary_save(summary, path, NULL, &error));
    g_autoptr(MoeSummary) found = moe_summary_open(path, &error);
    g_assert_no_error(error);
    made_assert_same(found, summary, true);
    g_assert_true(moe_summary_add(found, summary, &error));
    g_assert_cmpint(moe_summary_tallies(found), ==, MOE_TALLY_LOAD | MOE_TALLY_PAIRS);
}

static void
test_unlike(void)
{
    static const struct {
        MoeRouterInfo router;
        const char *why;
    } cases[] = {
        {{.layer = 0, .experts = 9, .units_per_token = 1}, "router 0: found layer 0, 9 experts"},
        {{.layer = 7, .experts = 8, .units_per_token = 1}, "router 0: found layer 7, 8 experts"},
        {{.layer = 0, .experts = 8, .units_per_token = 2}, "2 units a token in one summary"},
    };
    g_autoptr(MoeSummary) into = moe_summary_new(made_routers, 1, NULL, 0, 0);
    moe_summary_fill(into, 0, MOE_DOMAIN_UNKNOWN)->units = 3;
    moe_summary_settle(into);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeSummary) from = moe_summary_new(&cases[i].router, 1, made_domains, 1, 0);
        g_assert_false(moe_summary_add(into, from, &error));
        g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
        g_assert_nonnull(strstr(error->message, cases[i].why));
        g_assert_cmpint(moe_summary_domains(into), ==, 0);
        g_assert_cmpint(moe_summary_cell(into, 0, MOE_DOMAIN_ALL)->units, ==, 3);
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeSummary) more = moe_summary_new(made_routers, 2, NULL, 0, 0);
    g_assert_false(moe_summary_add(into, more, &error));
    g_assert_cmpstr(error->message, ==, "a summary of 2 routers can't be added to one of 1");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-merge-XXXXXX", NULL);
    g_test_add_func("/summary-merge/splits", test_splits);
    g_test_add_func("/summary-merge/threads", test_threads);
    g_test_add_func("/summary-merge/chunks", test_chunks);
    g_test_add_func("/summary-merge/domains", test_domains);
    g_test_add_func("/summary-merge/tallies", test_tallies);
    g_test_add_func("/summary-merge/many-domains", test_many_domains);
    g_test_add_func("/summary-merge/many-experts", test_many_experts);
    g_test_add_func("/summary-merge/unlike", test_unlike);
    int status = g_test_run();
    sample_remove_folder(folder);
    g_free(folder);
    return status;
}
