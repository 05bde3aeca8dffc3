/* SPDX-License-Identifier: MIT
 *
 * How fast a trace is analysed: load, gates, load by domain, pairs of experts, flows from router to
 * router and token ids in one pass, and the agreement with another trace of the same tokens.
 *
 *   bench-analysis FINAL EARLY [ROUNDS]
 *
 * Prints `name value unit`, tab-separated, a line a round and part; then the peak memory.
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

/* The pass, and metrics of every router. Numbers that can be held against another program's. */
static bool
analyse(const MoeTrace *trace, bool last, GError **error)
{
    const MoeSummaryOptions options = {
        .tallies = MOE_TALLY_PAIRS | MOE_TALLY_FLOW | MOE_TALLY_TOKENS, .recount = true};
    g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, &options, error);
    if (!summary)
        return false;
    if (last) {
        const MoeSummaryCell *cell = moe_summary_cell(summary, 1, MOE_DOMAIN_ALL);
        const MoeTokenCell *tokens = moe_summary_tokens(summary, 1);
        print("check.load", (double)cell->count[0], "picks");
        print("check.gates", cell->gate_sum[0], "");
        print("check.domain", (double)moe_summary_cell(summary, 1, 0)->count[0], "picks");
        print("check.pair", (double)moe_summary_pairs(summary, 1, MOE_DOMAIN_ALL)->together[1],
              "units");
        print("check.flow", (double)moe_summary_flow(summary, 1, MOE_DOMAIN_ALL)->moves[0],
              "units");
        print("check.tokens", tokens->mean_often[MOE_TOKENS_FIRST], "share");
        print("check.tokens8", tokens->mean_often[MOE_TOKENS_PICKS], "share");
    }
    return true;
}

static bool
compare(const MoeTrace *final, const MoeTrace *early, bool last, GError **error)
{
    const MoeCompareSide a = {.trace = final}, b = {.trace = early};
    g_autoptr(MoeComparison) comparison = moe_compare(&a, &b, NULL, error);
    if (!comparison)
        return false;
    MoeComparisonCell cell;
    moe_comparison_cell(comparison, 1, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &cell);
    if (last) {
        print("check.saturation8", (double)cell.shared / (double)cell.larger, "share");
        print("check.saturation1", (double)cell.same_first / (double)cell.units, "share");
    }
    return true;
}

static bool
bench(const char *final_path, const char *early_path, int rounds, GError **error)
{
    for (int i = 0; i < rounds; i++) {
        bool last = i == rounds - 1;
        double begin = milliseconds();
        g_autoptr(MoeTrace) final = moe_trace_open(final_path, error);
        if (!final || !analyse(final, last, error))
            return false;
        double middle = milliseconds();
        g_autoptr(MoeTrace) early = moe_trace_open(early_path, error);
        if (!early || !compare(final, early, last, error))
            return false;
        double end = milliseconds();
        print("pass", middle - begin, "ms");
        print("saturation", end - middle, "ms");
        print("total", end - begin, "ms");
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
    if (!bench(argv[1], argv[2], argc > 3 ? atoi(argv[3]) : 3, &error)) {
        fprintf(stderr, "bench-analysis: %s\n", error->message);
        return 1;
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    print("peak_rss", (double)usage.ru_maxrss / 1024, "MiB");
    return 0;
}
