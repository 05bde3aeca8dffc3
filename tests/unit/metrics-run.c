/* SPDX-License-Identifier: MIT
 *
 * Metrics of what a run recorded of itself: the load of its training steps, and measures.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <moescope/metrics.h>

enum { E = 4, STEPS = 3 };

static char *folder;

static void
assert_near(double found, double expected, double tolerance)
{
    g_assert_cmpfloat_with_epsilon(found, expected, tolerance * MAX(1, fabs(expected)));
}

static const int64_t load[STEPS][E] = {{5, 5, 5, 5}, {10, 6, 4, 0}, {2, 2, 2, 4}};
static const int64_t dropped[STEPS][E] = {{0}, {4, 0, 0, 0}, {0, 0, 0, 1}};
static const double prob[STEPS][E] = {
    {0.25, 0.25, 0.25, 0.25}, {0.5, 0.25, 0.25, 0}, {0.125, 0.125, 0.25, 0.5}};

static void
write_measures(MoeTraceWriter *writer, int64_t step)
{
    g_autoptr(GError) error = NULL;
    float scale = (float)step, matrix[E * E], norm[E];
    for (int i = 0; i < E; i++) {
        norm[i] = (float)(1 + i % 2);
        for (int j = 0; j < E; j++)
            matrix[i * E + j] = i == j ? 1 : step == 2 ? 0 : 0.5f;
    }
    const int64_t shape[2] = {E, E};
    g_assert_true(moe_trace_writer_measure(writer, 0, "logit_std", step, 0, NULL, &scale, &error));
    g_assert_true(
        moe_trace_writer_measure(writer, 0, "router_cosine", step, 2, shape, matrix, &error));
    g_assert_true(moe_trace_writer_measure(writer, 0, "router_norm", step, 1, shape, norm, &error));
}

/* Router 0 with probabilities and measures, router 1 of as many picks as it likes, without. */
static MoeTrace *
write_run(bool states)
{
    g_autoptr(GError) error = NULL;
    MoeRouterInfo infos[2];
    for (int r = 0; r < 2; r++)
        infos[r] = (MoeRouterInfo){.experts = E,
                                   .k = r ? 0 : 2,
                                   .units_per_token = 1,
                                   .score = (char *)"linear",
                                   .select = (char *)"topk",
                                   .gate = (char *)"softmax"};
    g_autofree char *path = g_build_filename(folder, "run.npz", NULL);
    g_autofree char *meta = moe_trace_meta(infos, 2, NULL, 0, NULL);
    MoeTraceOptions options = {0};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, infos, 2, &options, &error);
    g_assert_no_error(error);
    for (int s = 0; states && s < STEPS; s++) {
        MoeTraceState state[2] = {{load[s], dropped[s], prob[s]}, {load[s], dropped[s], NULL}};
        g_assert_true(moe_trace_writer_state(writer, 10 * s, state, &error));
        write_measures(writer, s);
    }
    g_assert_true(moe_trace_writer_close(writer, &error));
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return trace;
}

static void
test_states(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = write_run(true);
    for (int r = 0; r < 2; r++) {
        g_autoptr(MoeStates) states = moe_states_read(trace, r, &error);
        g_assert_no_error(error);
        g_assert_cmpint(moe_states_count(states), ==, STEPS);
        for (int i = STEPS - 1; i >= 0; i--) {
            const MoeSummaryCell *cell = moe_states_cell(states, i);
            const double *mean = moe_states_prob(states, i);
            g_assert_cmpint(moe_states_step(states, i), ==, 10 * i);
            g_assert_cmpmem(cell->count, sizeof load[i], load[i], sizeof load[i]);
            g_assert_cmpint(cell->picks, ==, i == 2 ? 10 : 20);
            g_assert_cmpint(cell->dropped, ==, i == 1 ? 4 : i / 2);
            g_assert_cmpint(cell->units, ==, cell->picks / (r ? 1 : 2));
            g_assert_cmpint(cell->making[r ? 1 : 2], ==, cell->units);
            g_assert_cmpint(cell->making[0], ==, 0);
            g_assert_true(r ? mean == NULL : mean[1] == prob[i][1]);
        }
    }
    g_autoptr(MoeTrace) none = write_run(false);
    g_assert_null(moe_states_read(none, 0, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
}

typedef struct {
    const char *name;
    double value;
} Expected;

static void
compare(const MoeMetricCell *cell, const Expected *expected, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        const MoeMetric *metric = moe_metric_find(expected[i].name);
        g_assert_nonnull(metric);
        double found = moe_metric_value(metric, cell);
        if (isnan(expected[i].value))
            g_assert_true(isnan(found));
        else
            assert_near(found, expected[i].value, 1e-6); /* measures are float */
    }
}

static void
test_metrics(void)
{
    const Expected first[] = {
        {"maxvio-batch", (0 + 1 + 0.6) / 3},
        {"drop-rate-training", 5 / 50.0},
        {"aux-loss", 4 * (0.2 * 0.125 * 2 + 0.2 * 0.25 + 0.4 * 0.5)},
        {"rank-loss@2", 2 * (0.4 * 0.25 + 0.6 * 0.75)},
        {"rank-loss@8", NAN}, /* of 4 experts */
        {"importance-cv", 4 * sqrt((2 * 0.125 * 0.125 + 0.25 * 0.25) / 4)},
        {"logit-std", 2},
        {"router-cosine", 0},
        {"router-norm-spread", 0.5 / 1.5},
        {"router-rank", exp(2 * log(6) / 6 + 2 * log(3) / 3)}, /* lengths 1 and 2, orthogonal */
        {"expert-cosine", NAN},
        {"branch-ratio", NAN},
    };
    const Expected second[] = {
        {"maxvio-batch", (0 + 1 + 0.6) / 3},
        {"aux-loss", NAN},
        {"importance-cv", NAN},
        {"router-rank", NAN},
        {"router-cosine", NAN},
    };
    g_autoptr(MoeTrace) trace = write_run(true);
    MoeSummaryCell summary = {.experts = E};
    MoeMetricCell cell = {.summary = &summary, .trace = trace};
    compare(&cell, first, G_N_ELEMENTS(first));
    assert_near(moe_metric_uniform(moe_metric_find("aux-loss"), &cell), 1, 1e-15);
    /* Of one step: of state 10, at which no measure was recorded; of step 0, both. */
    const Expected tenth[] = {
        {"maxvio-batch", 1},
        {"drop-rate-training", 0.2},
        {"aux-loss", 4 * (0.5 * 0.5 + 0.3 * 0.25 + 0.2 * 0.25)},
        {"importance-cv", 4 * sqrt((0.25 * 0.25 + 0.25 * 0.25) / 4)},
        {"rank-loss@2", 2 * (0.8 * 0.75 + 0.2 * 0.25)},
        {"logit-std", NAN},
    };
    const Expected zeroth[] = {{"maxvio-batch", 0},
                               {"aux-loss", 1},
                               {"logit-std", 0},
                               {"router-cosine", 0.5},
                               {"rank-loss@2", 1}};
    const Expected never[] = {{"maxvio-batch", NAN}, {"aux-loss", NAN}, {"logit-std", NAN}};
    cell.at_step = true;
    cell.step = 10;
    compare(&cell, tenth, G_N_ELEMENTS(tenth));
    cell.step = 0;
    compare(&cell, zeroth, G_N_ELEMENTS(zeroth));
    cell.step = 7;
    compare(&cell, never, G_N_ELEMENTS(never));
    cell.at_step = false;
    cell.router = 1;
    compare(&cell, second, G_N_ELEMENTS(second));
    cell.trace = NULL;
    g_assert_true(isnan(moe_metric_value(moe_metric_find("maxvio-batch"), &cell)));
}

/* Steps of 10, 10 and 5 units of two picks each: against routers that pick at random. */
static void
test_chance(void)
{
    enum { ROUNDS = 20000 };
    g_autoptr(MoeTrace) trace = write_run(true);
    MoeSummaryCell summary = {.experts = E};
    MoeMetricCell cell = {.summary = &summary, .trace = trace};
    double sum = 0;
    MoeRng rng = moe_rng(2, 2);
    for (int i = 0; i < 3 * ROUNDS; i++) {
        int64_t count[E] = {0};
        for (int u = 0; u < (i % 3 == 2 ? 5 : 10); u++) {
            int a = (int)moe_rng_below(&rng, E), b = (int)moe_rng_below(&rng, E - 1);
            count[a]++;
            count[b + (b >= a)]++;
        }
        sum += moe_load_max_violation(count, E) / (3 * ROUNDS);
    }
    assert_near(moe_metric_uniform(moe_metric_find("maxvio-batch"), &cell) / sum, 1, 0.05);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    moe_metrics_add_ranks(2);
    folder = g_dir_make_tmp("moescope-run-XXXXXX", NULL);
    g_test_add_func("/metrics-run/states", test_states);
    g_test_add_func("/metrics-run/metrics", test_metrics);
    g_test_add_func("/metrics-run/chance", test_chance);
    int status = g_test_run();
    g_autofree char *path = g_build_filename(folder, "run.npz", NULL);
    g_unlink(path);
    g_rmdir(folder);
    g_free(folder);
    return status;
}
