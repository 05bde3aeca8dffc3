/* SPDX-License-Identifier: MIT
 *
 * Metrics on cases worked out by hand; what they say of chance, against routers that pick at
 * random; and the order of units, across chunks, documents and sub-tokens.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <moescope/metrics.h>

static char *folder;

static void
assert_near(double found, double expected, double tolerance)
{
    g_assert_cmpfloat_with_epsilon(found, expected, tolerance * MAX(1, fabs(expected)));
}

static double
value_of(const char *name, const MoeMetricCell *cell)
{
    const MoeMetric *metric = moe_metric_find(name);
    g_assert_nonnull(metric);
    return moe_metric_value(metric, cell);
}

typedef struct {
    const char *name;
    double value;
} Expected;

static void
test_load(void)
{
    int64_t count[4] = {1, 4, 2, 1}, first[4] = {0, 2, 1, 1};
    double gates[4] = {0.5, 2, 1, 0.5};
    MoeSummaryCell summary = {.experts = 4,
                              .units = 4,
                              .picks = 8,
                              .dropped = 2,
                              .count = count,
                              .first = first,
                              .gate_sum = gates};
    MoeMetricCell cell = {.summary = &summary};
    const Expected expected[] = {
        {"entropy", 1.75 * G_LN2},
        {"entropy-corrected", 1.75 * G_LN2 + 3 / 16.0},
        {"entropy-normalised", 1.75 / 2},
        {"effective-experts", exp(1.75 * G_LN2)},
        {"effective-experts-2", 64 / 22.0},
        {"effective-experts-inf", 2},
        {"cv", sqrt(1.5) / 2},
        {"cv-sample", sqrt(1.5) / 2 * sqrt(4 / 3.0)},
        {"maxvio", 1},
        {"minvio", 0.5},
        {"avgvio", 0.5},
        {"gini", 10 / 32.0},
        {"dead", 0},
        {"balancedness", 0.5},
        {"kl-uniform", 0.25 * G_LN2},
        {"tv-uniform", 0.25},
        {"top-1-share", 0.5},
        {"top-4-share", 1},
        {"top-8-share", 1},
        {"hot-set@0.5", 1},
        {"hot-set@0.9", 4}, /* of 8 picks 7.2: 4 + 2 + 1 + 1 */
        {"activation-tenth", 1},
        {"activation-half", 0.5}, /* 1 of 8 is 1/(2E), not more */
        {"overflow@1", 0.25},     /* 4 where 2 have room */
        {"overflow@1.25", 0.125}, /* ⌈2.5⌉ */
        {"overflow@2", 0},
        {"drop-rate", 0.25},
        {"first-entropy", 1.5 * G_LN2},
        {"rank-balancedness@2", 8 / 10.0}, /* 1 + 4 and 2 + 1 */
        {"rank-maxvio@2", 0.25},
        {"rank-cv@2", 0.25},
        {"rank-maxvio@3", 5 / (8 / 3.0) - 1}, /* 1 + 4, 2, 1 */
        {"rank-maxvio@4", 1},
        {"rank-maxvio@8", NAN}, /* more ranks than experts */
        {"gate-entropy", 1.75 * G_LN2},
        {"gate-effective-experts", exp(1.75 * G_LN2)},
        {"gate-cv", sqrt(1.5) / 2},
        {"gate-maxvio", 1},
        {"gate-gini", 10 / 32.0},
        {"gate-importance-loss", 1.5 / 4},
        {"gate-hot-set@0.5", 1},
        {"gate-hot-set@0.9", 4},
        {"gate-tv-uniform", 0.25},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_test_message("%s", expected[i].name);
        if (isnan(expected[i].value))
            g_assert_true(isnan(value_of(expected[i].name, &cell)));
        else
            assert_near(value_of(expected[i].name, &cell), expected[i].value, 1e-14);
    }
}

/* Of two ranks with two experts each, loads 1, 4, 2, 1: dealt in any order, 4 meets 1, 1 or 2. */
static void
test_ranks(void)
{
    int64_t count[4] = {1, 4, 2, 1}, making[5] = {0, 0, 4};
    MoeSummaryCell summary = {
        .experts = 4, .units = 4, .picks = 8, .count = count, .making = making};
    MoeMetricCell cell = {.summary = &summary};
    double dealt = (2 * 0.25 + 0.5) / 3;
    assert_near(moe_metric_shuffled(moe_metric_find("rank-maxvio@2"), &cell), dealt, 0.02);
    moe_metrics_add_ranks(2); /* a second time is as good as once */
    double low, high;
    moe_metric_range(moe_metric_find("rank-cv@4"), &cell, &low, &high);
    assert_near(high, sqrt(3), 1e-15);
}

/* Nothing counted, no gates, no order: no number. */
static void
test_undefined(void)
{
    int64_t zeros[5] = {0};
    double none[4] = {0}, negative[4] = {1, -0.5, 1, 1};
    MoeSummaryCell summary = {
        .experts = 4, .count = zeros, .first = zeros, .making = zeros, .gate_sum = none};
    MoeMetricCell cell = {.summary = &summary};
    int n;
    const MoeMetric *const *metrics = moe_metrics_list(&n);
    g_assert_cmpint(n, >=, 32);
    for (int i = 0; i < n; i++) {
        g_assert_true(isnan(moe_metric_value(metrics[i], &cell)));
        g_assert_true(isnan(moe_metric_uniform(metrics[i], &cell)));
        g_assert_true(isnan(moe_metric_shuffled(metrics[i], &cell)));
    }
    summary.gate_sum = negative;
    g_assert_true(isnan(value_of("gate-cv", &cell)));
    g_assert_null(moe_metric_find("entropie"));
}

/* --- Chance -----------------------------------------------------------------------------------*/

enum { E = 8, K = 2, ROUTERS = 20000 };

/* A router's counts, and first choices, after `units` units of K different experts. */
static void
route_randomly(MoeRng *rng, int64_t units, int64_t *count, int64_t *first)
{
    for (int e = 0; e < E; e++)
        count[e] = first[e] = 0;
    for (int64_t u = 0; u < units; u++) {
        int a = (int)moe_rng_below(rng, E), b = (int)moe_rng_below(rng, E - 1);
        count[a]++;
        first[a]++;
        count[b + (b >= a)]++;
    }
}

/* The mean of each metric over many random routers is its `uniform`: within 3 %, since some are
 * approximate. */
static void
test_uniform(gconstpointer data)
{
    int64_t units = GPOINTER_TO_INT(data), count[E], first[E], making[E + 1] = {0};
    int n;
    const MoeMetric *const *metrics = moe_metrics_list(&n);
    g_autofree double *sum = g_new0(double, (gsize)n);
    making[K] = units;
    double gates[E], squares[E];
    const MoeOrderCell order = {.experts = E, .gate_square = squares};
    MoeSummaryCell summary = {.experts = E,
                              .units = units,
                              .picks = K * units,
                              .count = count,
                              .making = making,
                              .first = first,
                              .gate_sum = gates};
    MoeMetricCell cell = {.summary = &summary};
    MoeRng rng = moe_rng(7, (uint64_t)units);
    for (int i = 0; i < ROUTERS; i++) {
        route_randomly(&rng, units, count, first);
        for (int e = 0; e < E; e++) {
            gates[e] = 0.5 * (double)count[e];
            squares[e] = 0.25 * (double)count[e];
        }
        for (int m = 0; m < n; m++)
            sum[m] += metrics[m]->uniform ? moe_metric_value(metrics[m], &cell) : 0;
    }
    int compared = 0;
    /* Pairs at lags weren't counted: as far as metrics go that look at them, there are none. */
    cell.order = &order;
    for (int m = 0; m < n; m++)
        if (metrics[m]->uniform && metrics[m]->needs == 0) {
            double mean = sum[m] / ROUTERS, uniform = moe_metric_uniform(metrics[m], &cell);
            g_test_message("%s: %g by chance, %g found", metrics[m]->name, uniform, mean);
            g_assert_cmpfloat_with_epsilon(uniform, mean, 0.03 * fabs(mean) + 0.01);
            compared++;
        }
    g_assert_cmpint(compared, >=, 25);
}

/* A single expert (as of a kind) gets all its picks: chance has nothing to say. */
static void
test_one_expert(void)
{
    int64_t count[1] = {30}, making[2] = {70, 30};
    double gates[1] = {20}, squares[1] = {25};
    const MoeOrderCell order = {.experts = 1, .gate_square = squares};
    MoeSummaryCell summary = {1, 100, 30, 0, count, making, count, gates};
    MoeMetricCell cell = {.summary = &summary, .order = &order};
    int n, compared = 0;
    const MoeMetric *const *metrics = moe_metrics_list(&n);
    for (int m = 0; m < n; m++) {
        if (metrics[m]->needs != 0) /* the order's other sums aren't there */
            continue;
        double value = moe_metric_value(metrics[m], &cell);
        double uniform = moe_metric_uniform(metrics[m], &cell);
        if (isnan(uniform))
            continue;
        g_test_message("%s: %g, %g by chance", metrics[m]->name, value, uniform);
        g_assert_cmpfloat_with_epsilon(value, uniform, 1e-9);
        compared++;
    }
    g_assert_cmpint(compared, >=, 20);
}

/* Units that pick all experts: with the same gates nothing varies, with nearly the same ones hardly
 * anything. */
static void
test_all_picked(void)
{
    int64_t count[4] = {10, 10, 10, 10}, making[5] = {0, 0, 0, 0, 10};
    double gates[4] = {2.5, 2.5, 2.5, 2.5}, squares[4] = {0.625, 0.625, 0.625, 0.625};
    const MoeOrderCell order = {.experts = 4, .gate_square = squares};
    MoeSummaryCell summary = {4, 10, 40, 0, count, making, count, gates};
    MoeMetricCell cell = {.summary = &summary, .order = &order};
    for (int nearly = 0; nearly < 2; nearly++) {
        squares[0] += nearly * 1e-7;
        assert_near(moe_metric_uniform(moe_metric_find("gate-cv"), &cell), 0, 1e-3);
        assert_near(moe_metric_shuffled(moe_metric_find("gate-cv"), &cell), 0, 1e-3);
        assert_near(moe_metric_uniform(moe_metric_find("gate-entropy"), &cell), log(4), 1e-6);
        assert_near(moe_metric_uniform(moe_metric_find("gate-hot-set@0.5"), &cell), 2, 1e-3);
    }
}

/* Gates that are 0.1 or 1.9: sums of them stray farther than counts do. Of experts that are picked
 * at random, and of these picks. */
static void
test_gates_apart(gconstpointer data)
{
    enum { UNITS = 60, ROUNDS = 3000, EVERY = 50 };
    bool uniform = GPOINTER_TO_INT(data) == 1;
    int64_t count[E] = {4, 20, 12, 30, 15, 9, 10, 20}, first[E], making[E + 1] = {[K] = UNITS};
    double gates[E], squares[E];
    static const char *const names[] = {
        "gate-entropy",    "gate-effective-experts", "gate-cv",   "gate-importance-loss",
        "gate-maxvio",     "gate-tv-uniform",        "gate-gini", "gate-hot-set@0.5",
        "gate-hot-set@0.9"};
    double found[G_N_ELEMENTS(names)] = {0}, null[G_N_ELEMENTS(names)] = {0};
    MoeRng rng = moe_rng(12, 0);
    const MoeOrderCell order = {.experts = E, .gate_square = squares};
    MoeSummaryCell summary = {E, UNITS, K * UNITS, 0, count, making, NULL, gates};
    MoeMetricCell cell = {.summary = &summary, .order = &order};
    for (int round = 0; round < ROUNDS; round++) {
        if (uniform)
            route_randomly(&rng, UNITS, count, first);
        for (int e = 0; e < E; e++) {
            gates[e] = squares[e] = 0;
            for (int i = 0; i < count[e]; i++) {
                double gate = moe_rng_below(&rng, 2) ? 0.1 : 1.9;
                gates[e] += gate;
                squares[e] += gate * gate;
            }
        }
        for (gsize m = 0; m < G_N_ELEMENTS(names); m++) {
            const MoeMetric *metric = moe_metric_find(names[m]);
            found[m] += moe_metric_value(metric, &cell) / ROUNDS;
            if (round % EVERY == 0)
                null[m] += (uniform ? moe_metric_uniform(metric, &cell)
                                    : moe_metric_shuffled(metric, &cell)) *
                           EVERY / ROUNDS;
        }
    }
    for (gsize m = 0; m < G_N_ELEMENTS(names); m++) {
        g_test_message("%s: %g found, %g by chance", names[m], found[m], null[m]);
        g_assert_cmpfloat_with_epsilon(null[m], found[m], 0.04 * found[m] + 0.01);
    }
    cell.order = NULL; /* how far gates are apart isn't known */
    g_assert_true(isnan(moe_metric_uniform(moe_metric_find("gate-cv"), &cell)));
    g_assert_false(isnan(moe_metric_value(moe_metric_find("gate-cv"), &cell)));
}

/* Of all there are, either a null or a reason why there is none. */
static void
test_has_null(void)
{
    int n;
    const MoeMetric *const *metrics = moe_metrics_list(&n);
    for (int i = 0; i < n; i++) {
        bool has = metrics[i]->uniform || metrics[i]->shuffled;
        g_test_message("%s", metrics[i]->name);
        g_assert_true(has != (metrics[i]->no_null != NULL));
    }
}

/* Mixtral's baselines: 12.5 % and 46.4 %. */
static void
test_mixtral(void)
{
    int64_t making[E + 1] = {0}, first[E] = {0};
    making[K] = 10;
    first[0] = first[1] = 5;
    MoeSummaryCell summary = {.experts = E, .units = 10, .making = making, .first = first};
    int64_t pairs[MOE_LAGS] = {9};
    MoeOrderCell order = {.experts = E, .pairs = pairs};
    MoeMetricCell cell = {.summary = &summary, .order = &order};
    assert_near(moe_metric_uniform(moe_metric_find("same-first"), &cell), 0.125, 1e-14);
    assert_near(moe_metric_shuffled(moe_metric_find("same-first"), &cell), 0.5, 1e-14);
    assert_near(moe_metric_uniform(moe_metric_find("any-shared"), &cell), 1 - 30 / 56.0, 1e-13);
    double one = 12 / 28.0, two = 1 / 28.0; /* sharing one, sharing both */
    assert_near(moe_metric_uniform(moe_metric_find("jaccard"), &cell), one / 3 + two, 1e-13);
}

/* --- Order ------------------------------------------------------------------------------------*/

typedef struct {
    int n, units_per_token;
    const int32_t *doc, *pos, *domain, *expert;
    const float *gate;
} Sequence;

/* Writes the tokens in batches, and so chunks, of `each`. E 4, k 2. */
static MoeTrace *
write_sequence(const Sequence *sequence, int each)
{
    g_autoptr(GError) error = NULL;
    const char *const domains[2] = {"a", "b"};
    g_autofree char *path = g_build_filename(folder, "order.npz", NULL);
    const MoeRouterInfo info = {0,
                                4,
                                2,
                                sequence->units_per_token,
                                0,
                                true,
                                true,
                                (char *)"linear",
                                (char *)"topk",
                                (char *)"renormalised"};
    g_autofree char *meta = moe_trace_meta(&info, 1, domains, 2, NULL);
    MoeTraceOptions options = {.chunk_tokens = 1, .gates = sequence->gate != NULL};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, &info, 1, &options, &error);
    g_assert_no_error(error);
    for (int t = 0; t < sequence->n; t += each) {
        int32_t id[8] = {0};
        int at = t * 2 * sequence->units_per_token;
        MoeTraceTokens tokens = {.n = MIN(each, sequence->n - t),
                                 .id = id,
                                 .doc = sequence->doc + t,
                                 .pos = sequence->pos ? sequence->pos + t : NULL,
                                 .domain = sequence->domain ? sequence->domain + t : NULL};
        MoeTracePicks picks = {.expert = sequence->expert + at,
                               .gate = sequence->gate ? sequence->gate + at : NULL};
        g_assert_true(moe_trace_writer_append(writer, &tokens, &picks, &error));
    }
    g_assert_true(moe_trace_writer_close(writer, &error));
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return trace;
}

static const MoeSummaryOptions ordered = {.tallies = MOE_TALLY_ORDER | MOE_TALLY_PAIRS};

static void
test_order(void)
{
    const int32_t doc[] = {0, 0, 0, 1}, domain[] = {0, 0, 1, 1};
    const int32_t expert[] = {0, 1, 0, 2, 3, 1, 3, 2};
    const float gate[] = {0.75f, 0.25f, 0.5f, 0.5f, 0.75f, 0.25f, 1, 0};
    const Sequence sequence = {4, 1, doc, NULL, domain, expert, gate};
    const double quarter = -0.75 * log(0.75) - 0.25 * log(0.25);
    const Expected expected[] = {
        {"same-first", 0.5}, {"any-shared", 0.5},       {"jaccard", 1 / 6.0},
        {"margin", 0.5},     {"max-coactivation", 0.5}, {"gate-spread", (2 * quarter + G_LN2) / 4},
    };
    for (int each = 1; each <= 4; each++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeTrace) trace = write_sequence(&sequence, each);
        g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, &ordered, &error);
        g_assert_no_error(error);
        const MoeSummaryCell *domains[2];
        MoeMetricCell all = moe_metric_cell(summary, trace, 0, MOE_DOMAIN_ALL, domains);
        g_assert_cmpint(all.order->pairs[0], ==, 2);
        for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
            assert_near(value_of(expected[i].name, &all), expected[i].value, 1e-14);
        /* The pair of domain b began in domain a; a's has the first choice in common. */
        /* Without room for domains all but their metrics are there. */
        MoeMetricCell bare = moe_metric_cell(summary, trace, 0, MOE_DOMAIN_ALL, NULL);
        g_assert_null(bare.domains);
        g_assert_true(isfinite(value_of("domain-distance", &all)));
        g_assert_true(isnan(value_of("domain-distance", &bare)));
        assert_near(value_of("jaccard", &bare), 1 / 6.0, 1e-14);
        MoeMetricCell a = moe_metric_cell(summary, trace, 0, 0, NULL);
        MoeMetricCell b = moe_metric_cell(summary, trace, 0, 1, NULL);
        assert_near(value_of("same-first", &a), 1, 1e-14);
        assert_near(value_of("same-first", &b), 0, 1e-14);
        assert_near(value_of("margin", &b), 0.75, 1e-14);
    }
}

/* Sub-tokens are held against those of the same head; a token that is missing parts neighbours. */
static void
test_heads_and_gaps(void)
{
    g_autoptr(GError) error = NULL;
    const int32_t doc[] = {0, 0, 0}, pos[] = {4, 5, 7};
    const int32_t expert[] = {0, 1, 2, 3, 0, 1, 3, 2, 0, 1, 3, 2};
    const Sequence sequence = {3, 2, doc, pos, NULL, expert, NULL};
    g_autoptr(MoeTrace) trace = write_sequence(&sequence, 2);
    g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, &ordered, &error);
    g_assert_no_error(error);
    const MoeSummaryCell *domains[2];
    MoeMetricCell cell = moe_metric_cell(summary, trace, 0, MOE_DOMAIN_ALL, domains);
    g_assert_cmpint(cell.order->units, ==, 6);
    g_assert_cmpint(cell.order->pairs[0], ==, 2);
    assert_near(value_of("same-first", &cell), 0.5, 1e-14);
    assert_near(value_of("jaccard", &cell), 1, 1e-14);
    assert_near(value_of("max-coactivation", &cell), 1, 1e-14);
    g_assert_true(isnan(value_of("margin", &cell)));
}

static void
test_names(void)
{
    const MoeMetric *cv = moe_metric_find("cv");
    g_test_expect_message("moescope", G_LOG_LEVEL_WARNING, "*\"cv\": there is one*");
    moe_metrics_add(cv);
    g_test_assert_expected_messages();
    g_assert_cmpstr(moe_metric_direction_name(cv->better), ==, "lower");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    for (int ranks = 2; ranks <= 4; ranks++)
        moe_metrics_add_ranks(ranks);
    folder = g_dir_make_tmp("moescope-metrics-XXXXXX", NULL);
    g_test_add_func("/metrics/has-null", test_has_null);
    g_test_add_func("/metrics/load", test_load);
    g_test_add_func("/metrics/ranks", test_ranks);
    g_test_add_func("/metrics/undefined", test_undefined);
    g_test_add_data_func("/metrics/uniform/few", GINT_TO_POINTER(10), test_uniform);
    g_test_add_data_func("/metrics/uniform/more", GINT_TO_POINTER(60), test_uniform);
    g_test_add_data_func("/metrics/gates-apart/uniform", GINT_TO_POINTER(1), test_gates_apart);
    g_test_add_data_func("/metrics/gates-apart/shuffled", GINT_TO_POINTER(2), test_gates_apart);
    g_test_add_func("/metrics/one-expert", test_one_expert);
    g_test_add_func("/metrics/all-picked", test_all_picked);
    g_test_add_func("/metrics/mixtral", test_mixtral);
    g_test_add_func("/metrics/order", test_order);
    g_test_add_func("/metrics/heads-and-gaps", test_heads_and_gaps);
    g_test_add_func("/metrics/names", test_names);
    int status = g_test_run();
    g_autofree char *path = g_build_filename(folder, "order.npz", NULL);
    g_unlink(path);
    g_rmdir(folder);
    g_free(folder);
    return status;
}
