/* SPDX-License-Identifier: MIT
 *
 * How fast a trace is analysed: load, gates, load by domain, pairs of experts, flows from router to
 * router, token ids, and the agreement with another trace of the same tokens, in one pass.
 *
 *   bench-analysis FINAL EARLY [ROUNDS]
 *
 * Prints `name value unit`, tab-separated, a line a round; then the peak memory.
 */
#include <moescope/compare.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double
milliseconds(void)
{
    return (double)g_get_monotonic_time() * 1e-3;
}

static void
print(const char *name, double value, const char *unit)
{
    printf("%s\t%.6g\t%s\n", name, value, unit);
    fflush(stdout);
}

/* Numbers that can be held against another program's. */
static void
print_counts(const MoeSummary *summary)
{
    const MoeSummaryCell *cell = moe_summary_cell(summary, 1, MOE_DOMAIN_ALL);
    const MoeTokenCell *tokens = moe_summary_tokens(summary, 1);
    print("check.load", (double)cell->count[0], "picks");
    print("check.gates", cell->gate_sum[0], "");
    print("check.domain", (double)moe_summary_cell(summary, 1, 0)->count[0], "picks");
    print("check.pair", (double)moe_summary_pairs(summary, 1, MOE_DOMAIN_ALL)->together[1],
          "units");
    print("check.flow", (double)moe_summary_flow(summary, 1, MOE_DOMAIN_ALL)->moves[0], "units");
    print("check.tokens", tokens->mean_often[MOE_TOKENS_FIRST], "share");
    print("check.tokens8", tokens->mean_often[MOE_TOKENS_PICKS], "share");
}

static void
print_agreement(const MoeComparison *comparison)
{
    MoeComparisonCell cell;
    moe_comparison_cell(comparison, 1, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &cell);
    print("check.saturation8", (double)cell.shared / (double)cell.larger, "share");
    print("check.saturation1", (double)cell.same_first / (double)cell.units, "share");
}

static bool
analyse(const char *final_path, const char *early_path, bool last, GError **error)
{
    const MoeSummaryOptions counting = {
        .tallies = MOE_TALLY_PAIRS | MOE_TALLY_FLOW | MOE_TALLY_TOKENS, .recount = true};
    double begin = milliseconds();
    g_autoptr(MoeTrace) final = moe_trace_open(final_path, error);
    g_autoptr(MoeTrace) early = final ? moe_trace_open(early_path, error) : NULL;
    const MoeCompareSide a = {.trace = final}, b = {.trace = early};
    g_autoptr(MoeSummary) summary = NULL;
    g_autoptr(MoeComparison) comparison =
        early ? moe_compare_and_count(&a, &b, NULL, &counting, &summary, error) : NULL;
    if (!comparison)
        return false;
    print("total", milliseconds() - begin, "ms");
    if (last) {
        print_counts(summary);
        print_agreement(comparison);
    }
    return true;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    moe_bound_spinning(argv);
    moe_keep_memory();
    moe_init();
    if (argc < 3) {
        fprintf(stderr, "usage: bench-analysis FINAL EARLY [ROUNDS]\n");
        return 2;
    }
    int rounds = argc > 3 ? atoi(argv[3]) : 3;
    for (int i = 0; i < rounds; i++)
        if (!analyse(argv[1], argv[2], i == rounds - 1, &error)) {
            fprintf(stderr, "bench-analysis: %s\n", error->message);
            return 1;
        }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    print("peak_rss", (double)usage.ru_maxrss / 1024, "MiB");
    return 0;
}
