/* SPDX-License-Identifier: MIT
 *
 * Groups of documents: that intervals don't depend on what comes round, or stays the same, in
 * documents' numbers; and that all that has groups has the same.
 */
#include "stats/groups.h"

#include <glib/gstdio.h>
#include <math.h>
#include <moescope/compare.h>
#include <moescope/resample.h>
#include <moescope/trace-tools.h>

enum { GROUPS = MOE_SUMMARY_GROUPS };

/* --- Numbers ----------------------------------------------------------------------------------*/

static void
test_numbers(void)
{
    int of[GROUPS] = {0};
    for (int d = 0; d < GROUPS; d++)
        g_assert_cmpint(moe__document_group(d), ==, d);
    for (int d = GROUPS; d < 101 * GROUPS; d++) {
        int group = moe__document_group(d);
        g_assert_cmpint(group, >=, 0);
        g_assert_cmpint(group, <, GROUPS);
        of[group]++;
    }
    for (int g = 0; g < GROUPS; g++) { /* 100 each, ± 10 */
        g_assert_cmpint(of[g], >, 55);
        g_assert_cmpint(of[g], <, 145);
    }
    g_assert_cmpint(moe__document_group(-1), >=, 0);
    g_assert_cmpint(moe__document_group(INT32_MIN), >=, 0);
}

/* --- Widths -----------------------------------------------------------------------------------*/

enum { DOCUMENTS = 1280, EACH = 100, KINDS = 4 };

typedef struct Numbering {
    const char *what;
    int (*kind_of)(int i); /* of the i-th document */
    int apart;             /* its number is this often i */
} Numbering;

static int
in_turn(int i)
{
    return i % KINDS;
}

static int
one_after_another(int i)
{
    return i / (DOCUMENTS / KINDS);
}

/* Of a document's 100 picks 10, 20, 30 or 40 are expert 0's, by its kind: its share is p = 1/4,
 * with a variance of 0.0125 / 1280, and the entropy's error ln((1 - p) / p) times as large. */
static void
test_widths(void)
{
    static const Numbering cases[] = {
        {"in turn", in_turn, 1},         {"one after another", one_after_another, 1},
        {"every 64th", in_turn, 64},     {"every 64th, one after another", one_after_another, 64},
        {"every 1000th", in_turn, 1000},
    };
    const double half = 1.9983 * log(3) * sqrt(0.0125 / DOCUMENTS);
    const MoeMetric *entropy = moe_metric_find("entropy");
    const MoeRouterInfo router = {.experts = 2, .k = 1, .units_per_token = 1};
    for (gsize c = 0; c < G_N_ELEMENTS(cases); c++) {
        g_autoptr(MoeSummary) summary = moe_summary_new(&router, 1, NULL, 0, 0);
        for (int i = 0; i < DOCUMENTS; i++) {
            int first = 10 * (1 + cases[c].kind_of(i));
            MoeSummaryCell *cell =
                moe_summary_fill_group(summary, 0, MOE_DOMAIN_UNKNOWN, i * cases[c].apart);
            cell->count[0] += first;
            cell->count[1] += EACH - first;
            cell->picks += EACH;
            cell->units += EACH;
        }
        moe_summary_settle(summary);
        MoeInterval interval;
        moe_metric_intervals(summary, 0, MOE_DOMAIN_ALL, &entropy, 1,
                             &(MoeResampleOptions){.replicates = 1000}, &interval);
        g_test_message("%s: %d groups, %g times as wide", cases[c].what, interval.groups,
                       (interval.high - interval.low) / (2 * half));
        g_assert_cmpint(interval.groups, ==, GROUPS);
        g_assert_cmpfloat_with_epsilon(interval.high - interval.low, 2 * half, 0.6 * half);
    }
}

/* --- Traces -----------------------------------------------------------------------------------*/

enum { LENGTH = 8, EVERY = 64, KEPT = 80 };

/* KEPT documents, whose numbers all divide by 64. (transfer full) */
static MoeTrace *
make(const char *path)
{
    g_autoptr(GError) error = NULL;
    const MoeTraceSynth synth = {.tokens = KEPT * EVERY * LENGTH,
                                 .routers = 2,
                                 .experts = 6,
                                 .k = 2,
                                 .domains = 2,
                                 .skew = 0.9,
                                 .document_tokens = LENGTH,
                                 .vocabulary = 40};
    const MoeTraceOutput output = {.chunk_tokens = 0};
    const MoeTraceSelection some = {.every = EVERY};
    int64_t kept;
    g_assert_true(moe_trace_synth(path, &synth, &output, NULL, &error));
    g_autoptr(MoeTrace) all = moe_trace_open(path, &error);
    g_assert_no_error(error);
    g_assert_true(moe_trace_select(all, path, &some, &output, &kept, NULL, &error));
    g_assert_cmpint(kept, ==, KEPT * LENGTH);
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return trace;
}

/* Groups that have documents, of so many. */
static int
occupied(int groups)
{
    bool there[GROUPS] = {false};
    int n = 0;
    for (int i = 0; i < KEPT; i++)
        there[moe__document_group(i * EVERY) % groups] = true;
    for (int g = 0; g < groups; g++)
        n += there[g];
    return n;
}

static void
test_trace(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("moescope-groups-XXXXXX", &error);
    g_autofree char *path = g_build_filename(folder, "t.npz", NULL);
    g_autoptr(MoeTrace) trace = make(path);
    const MoeMetric *const metrics[] = {moe_metric_find("entropy"), moe_metric_find("vocabulary"),
                                        moe_metric_find("paths")};
    MoeInterval found, again[2 * 3], compared[32];
    const int routers[] = {0, 1};

    g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, NULL, &error);
    g_assert_no_error(error);
    moe_metric_intervals(summary, 0, MOE_DOMAIN_ALL, metrics, 1, NULL, &found);
    g_assert_cmpint(occupied(GROUPS), >, GROUPS / 2);
    g_assert_cmpint(found.groups, ==, occupied(GROUPS));

    g_assert_true(
        moe_metric_trace_intervals(trace, NULL, routers, 2, metrics, 3, NULL, again, &error));
    g_assert_cmpint(occupied(16), >, 12);
    g_assert_cmpint(again[1].groups, ==, occupied(16));
    g_assert_cmpint(again[3 + 2].groups, ==, occupied(16));

    const MoeCompareSide side = {.trace = trace};
    g_autoptr(MoeComparison) comparison = moe_compare(&side, &side, NULL, &error);
    g_assert_no_error(error);
    moe_comparison_intervals(comparison, 0, MOE_DOMAIN_ALL, MOE_LABELS_OWN, NULL, compared);
    g_assert_cmpint(compared[0].groups, ==, occupied(GROUPS));
    g_unlink(path);
    g_rmdir(folder);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    moe_set_threads(1);
    g_test_add_func("/document-groups/numbers", test_numbers);
    g_test_add_func("/document-groups/widths", test_widths);
    g_test_add_func("/document-groups/trace", test_trace);
    return g_test_run();
}
