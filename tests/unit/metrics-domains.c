/* SPDX-License-Identifier: MIT
 *
 * Metrics of domains: by hand, and their values by chance against routers that take no notice of
 * the domain.
 */
#include <math.h>
#include <moescope/metrics.h>

static void
assert_near(double found, double expected, double tolerance)
{
    g_assert_cmpfloat_with_epsilon(found, expected, tolerance * MAX(1, fabs(expected)));
}

static const MoeMetric *
metric_of(const char *name)
{
    const MoeMetric *metric = moe_metric_find(name);
    g_assert_nonnull(metric);
    return metric;
}

/* Two domains of ten units, one pick each, and one that is empty. */
static void
test_by_hand(void)
{
    int64_t a[3] = {8, 2, 0}, b[3] = {2, 8, 0}, none[3] = {0}, all[3] = {10, 10, 0};
    int64_t making[4] = {0, 10}, nothing[4] = {0};
    MoeSummaryCell cells[] = {
        {.experts = 3, .units = 10, .picks = 10, .count = a, .first = a, .making = making},
        {.experts = 3, .count = none, .first = none, .making = nothing},
        {.experts = 3, .units = 10, .picks = 10, .count = b, .first = b, .making = making},
    };
    const MoeSummaryCell *domains[] = {&cells[0], &cells[1], &cells[2]};
    MoeSummaryCell sum = {.experts = 3, .units = 20, .picks = 20, .count = all, .first = all};
    MoeMetricCell cell = {.summary = &sum, .domains = domains, .n_domains = 3};
    double information = G_LN2 + 0.8 * log(0.8) + 0.2 * log(0.2);
    const struct {
        const char *name;
        double value;
    } expected[] = {
        {"domain-information", information},
        {"domain-information-corrected", information - (4 - 2 - 2 + 1) / 40.0},
        {"domain-information-picks", information},
        {"domain-js", information},
        {"domain-js-corrected", information - (0.05 - 0.5 * 2 * (0.25 * 2 * 0.16 / (10 * 0.5)))},
        {"domain-distance", 0.6},
        {"domain-affinity", 0.8},
        {"domain-specialised", 1},
        {"domain-entropy", -0.8 * log(0.8) - 0.2 * log(0.2)},
        {"domain-hot-overlap", 0},
        {"domain-specialisation", 0.5},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
        assert_near(moe_metric_value(metric_of(expected[i].name), &cell), expected[i].value, 1e-14);
    /* A domain alone can't be told apart. */
    cell.n_domains = 2;
    for (gsize i = 0; i + 1 < G_N_ELEMENTS(expected); i++) {
        g_assert_true(isnan(moe_metric_value(metric_of(expected[i].name), &cell)));
        g_assert_true(isnan(moe_metric_uniform(metric_of(expected[i].name), &cell)));
        g_assert_true(isnan(moe_metric_shuffled(metric_of(expected[i].name), &cell)));
    }
    cell.domains = NULL;
    g_assert_true(isnan(moe_metric_value(metric_of("domain-distance"), &cell)));
}

/* --- Chance -----------------------------------------------------------------------------------*/

enum { E = 12, K = 3, DOMAINS = 3, ROUNDS = 1200, EVERY = 30 };

typedef struct {
    int64_t count[E], first[E], making[E + 1];
    MoeSummaryCell cell;
} Domain;

/* Units that pick K experts each: any, or the first ones more often. */
static void
draw(Domain *domain, MoeRng *rng, int units, bool uniform)
{
    *domain = (Domain){.making[K] = units};
    for (int u = 0; u < units; u++) {
        bool taken[E] = {false};
        for (int i = 0; i < K; i++) {
            int e;
            do
                e = (int)moe_rng_below(rng, uniform ? E : E + 6) % E;
            while (taken[e]);
            taken[e] = true;
            domain->count[e]++;
            domain->first[e] += i == 0;
        }
    }
    domain->cell = (MoeSummaryCell){.experts = E,
                                    .units = units,
                                    .picks = (int64_t)units * K,
                                    .count = domain->count,
                                    .first = domain->first,
                                    .making = domain->making};
}

static void
test_chance(gconstpointer data)
{
    bool uniform = GPOINTER_TO_INT(data) == 1;
    const int units[DOMAINS] = {40, 150, 90};
    const struct {
        const char *name;
        double relative, absolute;
    } metrics[] = {
        {"domain-information", 0.03, 0},  {"domain-information-picks", 0.03, 0},
        {"domain-distance", 0.03, 0},     {"domain-information-corrected", 0, 0.005},
        {"domain-js-corrected", 0, 0.01}, {"domain-js", 0.03, 0},
        {"domain-affinity", 0.01, 0},     {"domain-specialised", 0.1, 0.002},
        {"domain-entropy", 0.01, 0},      {"domain-hot-overlap", 0.03, 0},
    };
    double found[G_N_ELEMENTS(metrics)] = {0}, chance[G_N_ELEMENTS(metrics)] = {0};
    MoeRng rng = moe_rng(21, 4);
    for (int round = 0; round < ROUNDS; round++) {
        Domain drawn[DOMAINS];
        const MoeSummaryCell *domains[DOMAINS];
        for (int d = 0; d < DOMAINS; d++) {
            draw(&drawn[d], &rng, units[d], uniform);
            domains[d] = &drawn[d].cell;
        }
        MoeSummaryCell all = {.experts = E};
        MoeMetricCell cell = {.summary = &all, .domains = domains, .n_domains = DOMAINS};
        for (gsize i = 0; i < G_N_ELEMENTS(metrics); i++) {
            const MoeMetric *metric = metric_of(metrics[i].name);
            found[i] += moe_metric_value(metric, &cell) / ROUNDS;
            if (round % EVERY == 0)
                chance[i] += (uniform ? moe_metric_uniform(metric, &cell)
                                      : moe_metric_shuffled(metric, &cell)) *
                             EVERY / ROUNDS;
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS(metrics); i++) {
        g_test_message("%s: %g found, %g by chance", metrics[i].name, found[i], chance[i]);
        g_assert_cmpfloat(fabs(found[i] - chance[i]), <=,
                          metrics[i].relative * chance[i] + metrics[i].absolute);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/metrics-domains/by-hand", test_by_hand);
    g_test_add_data_func("/metrics-domains/uniform", GINT_TO_POINTER(1), test_chance);
    g_test_add_data_func("/metrics-domains/shuffled", GINT_TO_POINTER(2), test_chance);
    return g_test_run();
}
