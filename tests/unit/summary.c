/* SPDX-License-Identifier: MIT
 *
 * Summaries of traces, and the measures of load and specialisation on cases worked out by hand.
 */
#include "trace-sample.h"

#include <math.h>
#include <moescope/summary.h>

static char *folder;

static void
assert_near(double found, double expected)
{
    g_assert_cmpfloat_with_epsilon(found, expected, 1e-12 * MAX(1, fabs(expected)));
}

static MoeTrace *
trace_of(const char *name, int from, int to, int64_t chunk_tokens)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    MoeTraceOptions options = sample_options;
    options.chunk_tokens = chunk_tokens;
    options.logits = false;
    sample_write(path, from, to, &options);
    return sample_open(path);
}

static MoeSummary *
summary_of(const MoeTrace *trace, const MoeSummaryOptions *options)
{
    g_autoptr(GError) error = NULL;
    MoeSummary *summary = moe_summary_from_trace(trace, options, &error);
    g_assert_no_error(error);
    return summary;
}

static void
assert_same_summary(const MoeSummary *a, const MoeSummary *b)
{
    for (int r = 0; r < SAMPLE_ROUTERS; r++)
        for (int d = MOE_DOMAIN_ALL; d < SAMPLE_DOMAINS; d++) {
            const MoeSummaryCell *x = moe_summary_cell(a, r, d), *y = moe_summary_cell(b, r, d);
            gsize n = (gsize)x->experts * 8;
            g_assert_cmpint(x->units, ==, y->units);
            g_assert_cmpint(x->picks, ==, y->picks);
            g_assert_cmpint(x->dropped, ==, y->dropped);
            g_assert_cmpmem(x->count, n, y->count, n);
            g_assert_cmpmem(x->first, n, y->first, n);
            g_assert_cmpmem(x->making, n + 8, y->making, n + 8);
            g_assert_cmpmem(x->gate_sum, n, y->gate_sum, n);
        }
}

/* What the sample's definition says about one cell, counted the slow way. */
static void
count_slowly(int r, int domain, int batches, MoeSummaryCell *cell)
{
    int sub = sample_routers[r].units_per_token;
    for (int batch = 0; batch < batches; batch++)
        for (int unit = 0; unit < sample_units(r); unit++) {
            int row = unit / sub, row_domain = row % (SAMPLE_DOMAINS + 1) - 1;
            if (sample_is_padding(row) || (domain != MOE_DOMAIN_ALL && domain != row_domain))
                continue;
            int picks = 0;
            cell->units++;
            for (int slot = 0; slot < sample_slots(r); slot++) {
                int expert = sample_expert(batch, r, unit, slot);
                if (expert < 0)
                    continue;
                picks++;
                cell->count[expert]++;
                cell->first[expert] += slot == 0;
                cell->gate_sum[expert] += (double)sample_gate(batch, r, unit, slot);
                cell->dropped += sample_dropped(batch, r, unit, slot);
            }
            cell->picks += picks;
            cell->making[picks]++;
        }
}

static void
test_counts(void)
{
    g_autoptr(MoeTrace) trace = trace_of("counts.npz", 0, 5, 30);
    g_autoptr(MoeSummary) summary = summary_of(trace, NULL);
    g_assert_cmpint(moe_summary_routers(summary), ==, SAMPLE_ROUTERS);
    g_assert_cmpint(moe_summary_domains(summary), ==, SAMPLE_DOMAINS);
    int64_t dropped = 0;
    for (int r = 0; r < SAMPLE_ROUTERS; r++)
        for (int d = MOE_DOMAIN_ALL; d < SAMPLE_DOMAINS; d++) {
            int64_t count[300] = {0}, first[300] = {0}, making[301] = {0};
            double gate_sum[300] = {0};
            MoeSummaryCell expected = {
                .count = count, .first = first, .making = making, .gate_sum = gate_sum};
            const MoeSummaryCell *cell = moe_summary_cell(summary, r, d);
            gsize n = (gsize)sample_routers[r].experts * 8;
            count_slowly(r, d, 5, &expected);
            g_assert_cmpint(cell->experts, ==, sample_routers[r].experts);
            g_assert_cmpint(cell->units, ==, expected.units);
            g_assert_cmpint(cell->picks, ==, expected.picks);
            g_assert_cmpint(cell->dropped, ==, expected.dropped);
            g_assert_cmpmem(cell->count, n, count, n);
            g_assert_cmpmem(cell->first, n, first, n);
            g_assert_cmpmem(cell->making, n + 8, making, n + 8);
            g_assert_cmpmem(cell->gate_sum, n, gate_sum, n);
            dropped += cell->dropped;
        }
    g_assert_cmpint(dropped, >, 0);
}

/* Parts, in any order, add up to the whole; chunks don't show. */
static void
test_merge(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) whole = trace_of("whole.npz", 0, 9, 1000), a = trace_of("a.npz", 0, 4, 20);
    g_autoptr(MoeTrace) b = trace_of("b.npz", 4, 5, 20), c = trace_of("c.npz", 5, 9, 30);
    g_autoptr(MoeSummary) expected = summary_of(whole, NULL), x = summary_of(a, NULL);
    g_autoptr(MoeSummary) y = summary_of(b, NULL), z = summary_of(c, NULL);
    g_autoptr(MoeSummary) sum =
        moe_summary_new(sample_routers, SAMPLE_ROUTERS, sample_domains, SAMPLE_DOMAINS, 0);
    g_assert_true(moe_summary_add(sum, z, &error));
    g_assert_true(moe_summary_add(sum, x, &error));
    g_assert_true(moe_summary_add(sum, y, &error));
    g_assert_no_error(error);
    assert_same_summary(sum, expected);

    g_autoptr(MoeSummary) fewer =
        moe_summary_new(sample_routers, 2, sample_domains, SAMPLE_DOMAINS, 0);
    g_assert_false(moe_summary_add(sum, fewer, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    assert_same_summary(sum, expected);
}

/* Batches 2 s and 2 s + 1 are at step s. */
/* Every second chunk is what a trace of those alone has. */
static void
test_sample(void)
{
    const MoeSummaryOptions every_second = {.sample = 2};
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) whole = trace_of("whole.npz", 0, 5, 14),
                        first = trace_of("a.npz", 0, 1, 14);
    g_autoptr(MoeTrace) third = trace_of("b.npz", 2, 3, 14), fifth = trace_of("c.npz", 4, 5, 14);
    g_assert_cmpint(moe_trace_chunks(whole), ==, 5);
    g_autoptr(MoeSummary) sample = summary_of(whole, &every_second);
    g_autoptr(MoeSummary) expected = summary_of(first, NULL);
    g_autoptr(MoeSummary) y = summary_of(third, NULL), z = summary_of(fifth, NULL);
    g_assert_true(moe_summary_add(expected, y, &error));
    g_assert_true(moe_summary_add(expected, z, &error));
    g_assert_no_error(error);
    assert_same_summary(sample, expected);
}

static void
test_steps(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = trace_of("steps.npz", 0, 6, 40);
    g_autoptr(MoeTrace) second = trace_of("second.npz", 2, 4, 40);
    g_autoptr(MoeTrace) third = trace_of("third.npz", 4, 6, 40);
    g_autoptr(MoeSummary) one =
        summary_of(trace, &(MoeSummaryOptions){.steps = MOE_STEPS_ONE, .step = 1});
    g_autoptr(MoeSummary) last = summary_of(trace, &(MoeSummaryOptions){.steps = MOE_STEPS_LAST});
    g_autoptr(MoeSummary) second_all = summary_of(second, NULL);
    g_autoptr(MoeSummary) third_all = summary_of(third, NULL);
    assert_same_summary(one, second_all);
    assert_same_summary(last, third_all);

    const MoeSummaryOptions none = {.steps = MOE_STEPS_ONE, .step = 3};
    g_assert_null(moe_summary_from_trace(trace, &none, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_cmpstr(error->message, ==,
                    "no token was recorded at step 3; the trace has steps 0 … 2");
}

static bool
stop_at_once(int64_t done, int64_t total, const char *what, void *user)
{
    return false;
}

static void
test_cancel(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = trace_of("cancel.npz", 0, 2, 40);
    const MoeProgress progress = {stop_at_once, NULL};
    const MoeSummaryOptions options = {.progress = &progress};
    g_assert_null(moe_summary_from_trace(trace, &options, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
}

/* --- Measures, by hand ------------------------------------------------------------------------*/

/* Four experts with 8, 4, 4, 0 of 16 picks: m = 4, f = ½, ¼, ¼, 0. */
static void
test_load(void)
{
    const int64_t count[] = {8, 4, 4, 0};
    double share[4];
    moe_load_share(count, 4, share);
    g_assert_cmpfloat(share[0], ==, 0.5);
    g_assert_cmpfloat(share[1], ==, 0.25);
    g_assert_cmpfloat(share[3], ==, 0);
    assert_near(moe_load_entropy(count, 4), 1.5 * G_LN2);     /* ½ ln 2 + 2 · ¼ ln 4 */
    assert_near(moe_load_entropy_normalised(count, 4), 0.75); /* / ln 4 */
    assert_near(moe_load_effective_experts(count, 4), pow(2, 1.5));
    assert_near(moe_load_max_violation(count, 4), 1); /* (8 - 4) / 4 */
    assert_near(moe_load_cv(count, 4), sqrt((16 + 0 + 0 + 16) / 4.0) / 4);
    g_assert_cmpint(moe_load_dead(count, 4), ==, 1);
}

static void
test_load_extremes(void)
{
    const int64_t even[] = {5, 5, 5, 5, 5}, one[] = {0, 7, 0, 0, 0}, none[] = {0, 0, 0};
    double share[3];
    assert_near(moe_load_entropy_normalised(even, 5), 1);
    assert_near(moe_load_effective_experts(even, 5), 5);
    g_assert_cmpfloat(moe_load_max_violation(even, 5), ==, 0);
    g_assert_cmpfloat(moe_load_cv(even, 5), ==, 0);
    g_assert_cmpfloat(moe_load_entropy(one, 5), ==, 0);
    g_assert_cmpfloat(moe_load_effective_experts(one, 5), ==, 1);
    assert_near(moe_load_max_violation(one, 5), 4); /* E - 1 */
    assert_near(moe_load_cv(one, 5), 2);            /* sqrt(E - 1) */
    g_assert_cmpint(moe_load_dead(one, 5), ==, 4);
    g_assert_cmpfloat(moe_load_entropy_normalised(even, 1), ==, 1);
    moe_load_share(none, 3, share);
    g_assert_true(isnan(share[0]));
    g_assert_true(isnan(moe_load_entropy(none, 3)));
    g_assert_true(isnan(moe_load_entropy_normalised(none, 3)));
    g_assert_true(isnan(moe_load_effective_experts(none, 3)));
    g_assert_true(isnan(moe_load_max_violation(none, 3)));
    g_assert_true(isnan(moe_load_cv(none, 3)));
    g_assert_cmpint(moe_load_dead(none, 3), ==, 3);
}

/* The nulls against a router that really picks at random: k = 2 of 8, 10 units, 4000 times. */
static void
test_nulls(void)
{
    assert_near(moe_null_cv(100, 2, 8), sqrt(0.75 / 25));
    assert_near(moe_null_dead(1, 1, 4), 3);
    assert_near(moe_null_dead(10, 2, 8), 8 * pow(0.75, 10));
    g_assert_cmpfloat(moe_null_dead(3, 4, 4), ==, 0);
    g_assert_cmpfloat(moe_null_dead(0, 4, 4), ==, 4);
    const int64_t same[] = {0, 0, 100, 0, 0, 0, 0, 0, 0}, none[] = {3, 0, 0};
    assert_near(moe_null_cv_varying(same, 8), moe_null_cv(100, 2, 8));
    assert_near(moe_null_dead_varying(same, 8), moe_null_dead(100, 2, 8));
    g_assert_true(isnan(moe_null_cv_varying(none, 2)));
    g_assert_cmpfloat(moe_null_dead_varying(none, 2), ==, 2);

    MoeRng rng = moe_rng(3, 1);
    double dead = 0, square = 0;
    int n = 4000;
    for (int i = 0; i < n; i++) {
        int64_t count[8] = {0};
        for (int unit = 0; unit < 10; unit++) {
            uint64_t a = moe_rng_below(&rng, 8), b = moe_rng_below(&rng, 7);
            count[a]++;
            count[b + (b >= a)]++;
        }
        double cv = moe_load_cv(count, 8);
        square += cv * cv;
        dead += moe_load_dead(count, 8);
    }
    g_assert_cmpfloat_with_epsilon(sqrt(square / n), moe_null_cv(10, 2, 8), 0.01);
    g_assert_cmpfloat_with_epsilon(dead / n, moe_null_dead(10, 2, 8), 0.05);
}

/* The same of a router whose units pick none, one or three of four experts, in turn. */
static void
test_nulls_varying(void)
{
    static const int taken[] = {0, 1, 3};
    const int64_t making[] = {4, 4, 0, 4, 0};
    MoeRng rng = moe_rng(3, 1);
    double dead = 0, squares = 0;
    int n = 4000;
    for (int i = 0; i < n; i++) {
        int64_t count[4] = {0};
        for (int unit = 0; unit < 12; unit++) {
            /* Three of four is all but one. */
            uint64_t one = moe_rng_below(&rng, 4);
            for (uint64_t e = 0; e < 4; e++)
                count[e] += taken[unit % 3] == 1 ? e == one : taken[unit % 3] == 3 && e != one;
        }
        double cv = moe_load_cv(count, 4);
        squares += cv * cv;
        dead += moe_load_dead(count, 4);
    }
    g_assert_cmpfloat_with_epsilon(sqrt(squares / n), moe_null_cv_varying(making, 4), 0.01);
    g_assert_cmpfloat_with_epsilon(dead / n, moe_null_dead_varying(making, 4), 0.004);
}

static void
test_information(void)
{
    /* Each domain has an expert of its own: all of ln 2. Bias: 2 pairs, 2 experts, 2 domains. */
    const int64_t split[] = {6, 0, 0, 6};
    assert_near(moe_mutual_information(split, 2, 2, MOE_WEIGH_DOMAINS, false), G_LN2);
    assert_near(moe_mutual_information(split, 2, 2, MOE_WEIGH_PICKS, false), G_LN2);
    assert_near(moe_mutual_information(split, 2, 2, MOE_WEIGH_PICKS, true), G_LN2 + 1.0 / 24);
    assert_near(moe_mutual_information(split, 2, 2, MOE_WEIGH_DOMAINS, true), G_LN2);

    /* Alike: none. By picks the bias is (4 - 2 - 2 + 1) / 2N, N = 16. By domains, p = q = ½ and
     * N_d = 8: (2 - 1) / 16 less ½ Σ_e Σ_d ¼ (¼) / (8 · ½) = 1/32. */
    const int64_t alike[] = {4, 4, 4, 4};
    assert_near(moe_mutual_information(alike, 2, 2, MOE_WEIGH_PICKS, false), 0);
    assert_near(moe_mutual_information(alike, 2, 2, MOE_WEIGH_PICKS, true), -1.0 / 32);
    assert_near(moe_mutual_information(alike, 2, 2, MOE_WEIGH_DOMAINS, true), -1.0 / 32);

    /* Domains of unlike size: 12 picks of expert 0; 2 + 2 picks. By picks f = 7/8, 1/8. */
    const int64_t unlike[] = {12, 0, 2, 2};
    assert_near(moe_mutual_information(unlike, 2, 2, MOE_WEIGH_PICKS, false),
                -7. / 8 * log(7. / 8) - 1. / 8 * log(1. / 8) - G_LN2 / 4);
    assert_near(moe_mutual_information(unlike, 2, 2, MOE_WEIGH_DOMAINS, false),
                -3. / 4 * log(3. / 4) - 1. / 4 * log(1. / 4) - G_LN2 / 2);

    /* A domain without picks doesn't count; one domain tells nothing; none can't be asked. */
    const int64_t gap[] = {6, 0, 0, 0, 0, 6};
    assert_near(moe_mutual_information(gap, 3, 2, MOE_WEIGH_DOMAINS, false), G_LN2);
    assert_near(moe_mutual_information(unlike, 1, 4, MOE_WEIGH_PICKS, true), 0);
    assert_near(moe_mutual_information(unlike, 1, 4, MOE_WEIGH_DOMAINS, true), 0);
    const int64_t none[4] = {0};
    g_assert_true(isnan(moe_mutual_information(none, 2, 2, MOE_WEIGH_PICKS, true)));
}

/* Experts and domains that have nothing to do with each other: the plug-in estimate says they do,
 * the corrected one doesn't. */
static void
test_information_bias(void)
{
    MoeRng rng = moe_rng(9, 4);
    for (int weight = MOE_WEIGH_DOMAINS; weight <= MOE_WEIGH_PICKS; weight++) {
        double plain = 0, corrected = 0;
        int n = 300;
        for (int i = 0; i < n; i++) {
            int64_t count[3 * 8] = {0};
            for (int pick = 0; pick < 600; pick++) /* the first domain has half of the picks */
                count[(pick % 4 < 2 ? 0 : pick % 4 - 1) * 8 + (int)moe_rng_below(&rng, 8)]++;
            plain += moe_mutual_information(count, 3, 8, (MoeDomainWeight)weight, false) / n;
            corrected += moe_mutual_information(count, 3, 8, (MoeDomainWeight)weight, true) / n;
        }
        g_assert_cmpfloat(plain, >, 0.01);
        g_assert_cmpfloat(fabs(corrected), <, 0.001);
    }
}

static void
test_total_variation(void)
{
    const int64_t a[] = {2, 2, 0}, b[] = {0, 10, 30}, c[] = {1, 1, 0}, none[3] = {0};
    assert_near(moe_total_variation(a, b, 3), 0.75); /* ½ (½ + ¼ + ¾) */
    assert_near(moe_total_variation(b, a, 3), 0.75);
    g_assert_cmpfloat(moe_total_variation(a, c, 3), ==, 0);
    g_assert_true(isnan(moe_total_variation(a, none, 3)));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-summary-XXXXXX", NULL);
    g_test_add_func("/summary/counts", test_counts);
    g_test_add_func("/summary/merge", test_merge);
    g_test_add_func("/summary/sample", test_sample);
    g_test_add_func("/summary/steps", test_steps);
    g_test_add_func("/summary/cancel", test_cancel);
    g_test_add_func("/load/by-hand", test_load);
    g_test_add_func("/load/extremes", test_load_extremes);
    g_test_add_func("/load/nulls", test_nulls);
    g_test_add_func("/load/nulls-varying", test_nulls_varying);
    g_test_add_func("/domains/information", test_information);
    g_test_add_func("/domains/information-bias", test_information_bias);
    g_test_add_func("/domains/total-variation", test_total_variation);
    int status = g_test_run();
    sample_remove_folder(folder);
    g_free(folder);
    return status;
}
