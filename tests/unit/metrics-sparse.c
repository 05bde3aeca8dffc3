/* SPDX-License-Identifier: MIT
 *
 * What metrics of information say of chance where a cell holds few units: against routers that
 * pick at random, and against the same units with what they are told by dealt anew.
 */
#include <math.h>
#include <moescope/metrics.h>

enum { ROUNDS = 1500 };

/* Units with one expert each. */
typedef struct Sample {
    int n, experts;
    int *expert; /* [n] */
    MoeRng rng;
} Sample;

static Sample
sample_new(int n, int experts, uint64_t seed)
{
    Sample sample = {n, experts, g_new(int, (gsize)n), moe_rng(seed, 0)};
    /* Some experts more often. */
    for (int i = 0; i < n; i++)
        sample.expert[i] =
            (int)moe_rng_below(&sample.rng, 1 + moe_rng_below(&sample.rng, (uint64_t)experts));
    return sample;
}

/* Of experts drawn at random; or of these, in another order. */
static void
draw_anew(Sample *sample, bool uniform)
{
    for (int i = sample->n - 1; i >= 0; i--) {
        int j = (int)moe_rng_below(&sample->rng, (uint64_t)i + 1), expert = sample->expert[j];
        sample->expert[j] = sample->expert[i];
        sample->expert[i] =
            uniform ? (int)moe_rng_below(&sample->rng, (uint64_t)sample->experts) : expert;
    }
}

/* A metric's mean over draws against what it says of chance. */
typedef struct Watched {
    const char *name;
    double tolerance; /* absolute */
    double found, chance;
} Watched;

static void
watch(Watched *watched, gsize n, const MoeMetricCell *cell, bool uniform, int round)
{
    for (gsize i = 0; i < n; i++) {
        const MoeMetric *metric = moe_metric_find(watched[i].name);
        watched[i].found += moe_metric_value(metric, cell) / ROUNDS;
        if (round == 0)
            watched[i].chance =
                uniform ? moe_metric_uniform(metric, cell) : moe_metric_shuffled(metric, cell);
    }
}

static void
check(const Watched *watched, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        g_test_message("%s: %g found, %g by chance", watched[i].name, watched[i].found,
                       watched[i].chance);
        if (isnan(watched[i].found) && isnan(watched[i].chance))
            continue; /* no id is seen often */
        g_assert_cmpfloat_with_epsilon(watched[i].chance, watched[i].found, watched[i].tolerance);
    }
}

/* --- Domains ----------------------------------------------------------------------------------*/

static void
check_domains(const int *units, bool uniform)
{
    enum { E = 96, DOMAINS = 2 };
    Watched watched[] = {
        {"domain-information", 0.01, 0, 0},
        {"domain-information-corrected", 0.01, 0, 0},
        {"domain-js", 0.02, 0, 0},
        {"domain-js-corrected", 0.01, 0, 0},
        {"domain-information-picks", 0.01, 0, 0},
        {"domain-distance", 0.01, 0, 0},
    };
    Sample sample = sample_new(units[0] + units[1], E, 3);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t count[DOMAINS][E] = {0}, all[E] = {0}, making[DOMAINS][E + 1] = {0};
        MoeSummaryCell cells[DOMAINS];
        const MoeSummaryCell *domains[DOMAINS] = {&cells[0], &cells[1]};
        draw_anew(&sample, uniform);
        for (int i = 0; i < sample.n; i++)
            count[i >= units[0]][sample.expert[i]]++;
        for (int d = 0; d < DOMAINS; d++) {
            making[d][1] = units[d];
            cells[d] = (MoeSummaryCell){.experts = E,
                                        .units = units[d],
                                        .picks = units[d],
                                        .count = count[d],
                                        .making = making[d],
                                        .first = count[d]};
        }
        MoeSummaryCell summary = {.experts = E, .units = sample.n, .picks = sample.n, .count = all};
        MoeMetricCell cell = {.summary = &summary, .domains = domains, .n_domains = DOMAINS};
        watch(watched, G_N_ELEMENTS(watched), &cell, uniform, round);
    }
    check(watched, G_N_ELEMENTS(watched));
    g_free(sample.expert);
}

static void
test_domains(void)
{
    check_domains((const int[]){9, 9}, true);
    check_domains((const int[]){9, 9}, false);
    check_domains((const int[]){40, 15}, true);
    check_domains((const int[]){40, 15}, false);
}

/* --- Heads ------------------------------------------------------------------------------------*/

static void
test_heads(gconstpointer data)
{
    enum { E = 200, HEADS = 4, TOKENS = 60 };
    bool uniform = GPOINTER_TO_INT(data) == 1;
    Watched watched[] = {{"head-information", 0.01, 0, 0},
                         {"head-information-corrected", 0.01, 0, 0}};
    Sample sample = sample_new(HEADS * TOKENS, E, 4);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t first[HEADS * E] = {0}, distinct[HEADS + 1] = {0};
        draw_anew(&sample, uniform);
        for (int i = 0; i < sample.n; i++)
            first[i % HEADS * E + sample.expert[i]]++;
        MoeSummaryCell summary = {.experts = E};
        MoeHeadCell heads = {E, HEADS, TOKENS, first, distinct};
        MoeMetricCell cell = {.summary = &summary, .heads = &heads};
        watch(watched, G_N_ELEMENTS(watched), &cell, uniform, round);
    }
    check(watched, G_N_ELEMENTS(watched));
    g_assert_cmpfloat(watched[1].chance, >, 0.1); /* far from none */
    g_free(sample.expert);
}

/* --- Token ids --------------------------------------------------------------------------------*/

/* Unit i is of id i % ids, or of a rarer one. */
static MoeSummary *
count_tokens(const Sample *sample, int ids)
{
    g_autoptr(GError) error = NULL;
    const MoeRouterInfo info = {.experts = sample->experts, .k = 1, .units_per_token = 1};
    MoeSummary *summary = moe_summary_new(&info, 1, NULL, 0, MOE_TALLY_TOKENS);
    g_autofree int32_t *id = g_new(int32_t, (gsize)sample->n);
    g_autofree uint16_t *expert = g_new(uint16_t, (gsize)sample->n);
    g_autofree int64_t *one = g_new(int64_t, (gsize)sample->n);
    for (int i = 0; i < sample->n; i++) {
        id[i] = i % 3 == 0 ? ids + i : i % ids;
        expert[i] = (uint16_t)sample->expert[i];
        one[i] = 1;
    }
    const MoeTokenTable table = {sample->experts, sample->n, id, expert, one, one};
    g_assert_true(moe_summary_fill_tokens(summary, 0, &table, &error));
    g_assert_no_error(error);
    return summary;
}

static void
check_tokens(int n, int experts, int ids, bool uniform)
{
    Watched watched[] = {{"token-information", 0.02, 0, 0},
                         {"context-independence", 0.01, 0, 0},
                         {"vocabulary", 0.005, 0, 0},
                         {"vocabulary-often", 0.005, 0, 0},
                         {"vocabulary-weighted", 0.003, 0, 0},
                         {"context-independence-corrected", 0.01, 0, 0},
                         {"context-independence-picks-corrected", 0.01, 0, 0}};
    Sample sample = sample_new(n, experts, 5);
    for (int round = 0; round < ROUNDS; round++) {
        draw_anew(&sample, uniform);
        g_autoptr(MoeSummary) summary = count_tokens(&sample, ids);
        MoeMetricCell cell = moe_metric_cell(summary, NULL, 0, MOE_DOMAIN_ALL, NULL);
        watch(watched, G_N_ELEMENTS(watched), &cell, uniform, round);
    }
    check(watched, G_N_ELEMENTS(watched));
    g_free(sample.expert);
}

static void
test_tokens(void)
{
    check_tokens(18, 128, 6, true);
    check_tokens(18, 128, 6, false);
    check_tokens(300, 24, 15, true);
    check_tokens(300, 24, 15, false);
    check_tokens(900, 24, 10, true);
}

/* One unit tells nothing, whoever picks. */
static void
test_one_token(void)
{
    Sample sample = sample_new(1, 8, 1);
    g_autoptr(MoeSummary) summary = count_tokens(&sample, 1);
    MoeMetricCell cell = moe_metric_cell(summary, NULL, 0, MOE_DOMAIN_ALL, NULL);
    const MoeMetric *information = moe_metric_find("token-information");
    const MoeMetric *independence = moe_metric_find("context-independence");
    g_assert_cmpfloat_with_epsilon(moe_metric_uniform(information, &cell), 0, 1e-12);
    g_assert_true(isnan(moe_metric_uniform(independence, &cell)));
    g_free(sample.expert);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/metrics-sparse/domains", test_domains);
    g_test_add_data_func("/metrics-sparse/heads/uniform", GINT_TO_POINTER(1), test_heads);
    g_test_add_data_func("/metrics-sparse/heads/shuffled", GINT_TO_POINTER(2), test_heads);
    g_test_add_func("/metrics-sparse/tokens", test_tokens);
    g_test_add_func("/metrics-sparse/one-token", test_one_token);
    return g_test_run();
}
