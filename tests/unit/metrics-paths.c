/* SPDX-License-Identifier: MIT
 *
 * Paths through all routers: by hand, over steps and chunks, and against their nulls.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <moescope/metrics.h>
#include <moescope/trace-tools.h>

enum { E = 4, K = 2, ROUTERS = 3 };

static char *path;

/* Tokens in chunks of `each`; units whose first choices are first[t][r], -1: none. */
static MoeTrace *
write_trace(int n, const int first[][ROUTERS], const int32_t *step, int each)
{
    g_autoptr(GError) error = NULL;
    MoeRouterInfo routers[ROUTERS];
    for (int r = 0; r < ROUTERS; r++)
        routers[r] = (MoeRouterInfo){.layer = r,
                                     .experts = E,
                                     .k = K,
                                     .units_per_token = 1,
                                     .score = (char *)"",
                                     .select = (char *)"",
                                     .gate = (char *)""};
    g_autofree char *meta = moe_trace_meta(routers, ROUTERS, NULL, 0, NULL);
    const MoeTraceOptions options = {.chunk_tokens = each};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, routers, ROUTERS, &options, &error);
    g_assert_no_error(error);
    for (int t = 0; t < n; t++) {
        int32_t expert[ROUTERS][K];
        MoeTracePicks picks[ROUTERS];
        for (int r = 0; r < ROUTERS; r++) {
            expert[r][0] = first[t][r];
            expert[r][1] = first[t][r] < 0 ? -1 : (first[t][r] + 1) % E;
            picks[r] = (MoeTracePicks){.expert = expert[r]};
        }
        const int32_t id = 0;
        const MoeTraceTokens tokens = {.n = 1, .id = &id, .step = step ? step + t : NULL};
        g_assert_true(moe_trace_writer_append(writer, &tokens, picks, &error));
    }
    g_assert_true(moe_trace_writer_close(writer, &error));
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return trace;
}

/* which 0: the value, 1: uniform, 2: shuffled. */
static double
measure(const MoeTrace *trace, int router, const char *name, int which)
{
    g_autoptr(GError) error = NULL;
    const MoeSummaryOptions options = {.steps = MOE_STEPS_LAST, .tallies = MOE_TALLY_FLOW};
    g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, &options, &error);
    g_assert_no_error(error);
    MoeMetricCell cell = moe_metric_cell(summary, trace, router, MOE_DOMAIN_ALL, NULL);
    const MoeMetric *metric = moe_metric_find(name);
    return which == 0   ? moe_metric_value(metric, &cell)
           : which == 1 ? moe_metric_uniform(metric, &cell)
                        : moe_metric_shuffled(metric, &cell);
}

static void
test_by_hand(void)
{
    static const int first[][ROUTERS] = {{0, 1, 2}, {0, 1, 2}, {0, 1, 3}, {3, 1, 2},
                                         {0, 1, 2}, {2, 1, 0}, {3, 1, 2}, {1, -1, 1}};
    for (int each = 1; each <= 8; each++) {
        g_autoptr(MoeTrace) trace = write_trace(8, first, NULL, each);
        g_assert_cmpfloat(measure(trace, 2, "paths", 0), ==, 4);
        double entropy = -3 / 7.0 * log(3 / 7.0) - 2 / 7.0 * log(2 / 7.0) + 2 / 7.0 * log(7);
        g_assert_cmpfloat_with_epsilon(measure(trace, 2, "path-entropy", 0), entropy, 1e-14);
        g_assert_true(isnan(measure(trace, 1, "paths", 0)));
        /* Seven units on 64 paths. */
        g_assert_cmpfloat_with_epsilon(measure(trace, 2, "paths", 1), 64 * (1 - pow(63 / 64.0, 7)),
                                       1e-12);
    }
    /* The last step alone. */
    static const int32_t step[] = {1, 1, 1, 1, 5, 5, 5, 5};
    g_autoptr(MoeTrace) trace = write_trace(8, first, step, 3);
    g_assert_cmpfloat(measure(trace, 2, "paths", 0), ==, 3);
    /* And the one before. */
    g_autoptr(GError) error = NULL;
    const MoeSummaryOptions options = {
        .steps = MOE_STEPS_ONE, .step = 1, .tallies = MOE_TALLY_FLOW};
    g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, &options, &error);
    MoeMetricCell cell = moe_metric_cell(summary, trace, 2, MOE_DOMAIN_ALL, NULL);
    cell.at_step = true;
    cell.step = 1;
    double entropy = -0.5 * log(0.5) + 0.5 * log(4);
    g_assert_cmpfloat_with_epsilon(moe_metric_value(moe_metric_find("path-entropy"), &cell),
                                   entropy, 1e-14);
}

/* Of random routers both nulls are near; of routers that say the same, far from the shuffled one.
 */
static void
test_nulls(void)
{
    enum { N = 400 };
    static int first[N][ROUTERS];
    MoeRng rng = moe_rng(4, 0);
    for (int same = 0; same < 2; same++) {
        for (int t = 0; t < N; t++)
            for (int r = 0; r < ROUTERS; r++)
                first[t][r] = same && r > 0 ? first[t][0] : (int)moe_rng_below(&rng, E);
        g_autoptr(MoeTrace) trace = write_trace(N, (const int(*)[ROUTERS])first, NULL, N);
        double paths = measure(trace, 2, "paths", 0),
               entropy = measure(trace, 2, "path-entropy", 0);
        g_assert_cmpfloat_with_epsilon(measure(trace, 2, "paths", 1), 64, 0.5);
        g_assert_cmpfloat_with_epsilon(measure(trace, 2, "paths", 2), 64, 1.5);
        g_assert_cmpfloat_with_epsilon(measure(trace, 2, "path-entropy", 1),
                                       log(64) - 63 / (2.0 * N), 0.01);
        g_assert_cmpfloat_with_epsilon(measure(trace, 2, "path-entropy", 2),
                                       log(64) - 63 / (2.0 * N), 0.03);
        g_assert_cmpfloat_with_epsilon(paths, same ? E : 64, 1.5);
        g_assert_cmpfloat_with_epsilon(entropy, same ? log(E) : log(64) - 63 / (2.0 * N), 0.03);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_autofree char *folder = g_dir_make_tmp("moescope-paths-XXXXXX", NULL);
    path = g_build_filename(folder, "t.npz", NULL);
    g_test_add_func("/metrics-paths/by-hand", test_by_hand);
    g_test_add_func("/metrics-paths/nulls", test_nulls);
    int status = g_test_run();
    g_unlink(path);
    g_rmdir(folder);
    g_free(path);
    return status;
}
