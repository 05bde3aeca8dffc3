/* SPDX-License-Identifier: MIT
 *
 * How alike documents are: against the slow way on random decisions, by hand, and what chance would
 * show against routers that pick at random.
 */
#include "routed.h"

#include <math.h>
#include <moescope/resample.h>

static void
assert_near(double found, double expected, double tolerance)
{
    g_assert_cmpfloat_with_epsilon(found, expected, tolerance * MAX(1, fabs(expected)));
}

/* --- The slow way -----------------------------------------------------------------------------*/

typedef struct Slow {
    int64_t documents, units;
    double direction[80];
} Slow;

static void
finish(int64_t *count, int64_t *units, int experts, Slow *slow)
{
    double square = 0;
    for (int e = 0; e < experts; e++)
        square += (double)(count[e] * count[e]);
    for (int e = 0; e<experts && * units> 0; e++)
        slow->direction[e] += (double)count[e] / sqrt(square);
    slow->documents += *units > 0;
    slow->units += *units;
    for (int e = 0; e < experts; e++)
        count[e] = 0;
    *units = 0;
}

static Slow
count_slowly(const Routed *routed, int domain)
{
    Slow slow = {0};
    int experts = routed->info.experts, heads = routed->info.units_per_token;
    int64_t count[80] = {0}, units = 0;
    for (int64_t t = 0; t < routed->tokens; t++) {
        bool same = t > 0 && routed->doc[t] == routed->doc[t - 1] &&
                    routed->step[t] == routed->step[t - 1] &&
                    routed->domain[t] == routed->domain[t - 1];
        if (!same)
            finish(count, &units, experts, &slow);
        for (int h = 0; h < heads && routed_in(routed, t, domain, -1); h++) {
            bool any = false;
            for (int i = 0; i < routed->slots; i++) {
                int32_t expert = routed->expert[(t * heads + h) * routed->slots + i];
                if (expert >= 0)
                    count[expert]++;
                any = any || expert >= 0;
            }
            units += any;
        }
    }
    finish(count, &units, experts, &slow);
    return slow;
}

static void
test_slowly(void)
{
    const int shapes[][3] = {{4, 2, 1}, {8, 0, 1}, {64, 8, 1}, {65, 3, 2}};
    for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++) {
        g_autoptr(Routed) routed =
            routed_new(70 + i, 800, shapes[i][0], shapes[i][1], shapes[i][2]);
        g_autoptr(MoeSummary) summary = routed_count(routed, 90, MOE_TALLY_DOCUMENTS, -1);
        for (int d = MOE_DOMAIN_ALL; d < ROUTED_DOMAINS; d++) {
            const MoeDocumentCell *cell = moe_summary_documents(summary, 0, d);
            Slow slow = count_slowly(routed, d);
            int64_t units = 0;
            for (int c = 0; c < MOE_TOKENS_CLASSES; c++)
                units += cell->units[c];
            g_assert_cmpint(cell->documents, ==, slow.documents);
            g_assert_cmpint(units, ==, slow.units);
            for (int e = 0; e < cell->experts; e++)
                assert_near(cell->direction[e], slow.direction[e], 1e-12);
        }
    }
}

/* --- By hand ----------------------------------------------------------------------------------*/

static MoeMetricCell
cell_of(const MoeSummary *summary, const MoeSummaryCell **domains)
{
    return moe_metric_cell(summary, NULL, 0, MOE_DOMAIN_ALL, domains);
}

static double
value_of(const char *name, const MoeMetricCell *cell)
{
    return moe_metric_value(moe_metric_find(name), cell);
}

/* Documents of two units with one pick each: 00, 01, 11 of domain 0, 22, 23 of domain 1. */
static void
test_by_hand(void)
{
    const int32_t expert[] = {0, 0, 0, 1, 1, 1, 2, 2, 2, 3};
    g_autoptr(Routed) routed = routed_new(1, 10, 4, 1, 1);
    for (int t = 0; t < 10; t++) {
        routed->doc[t] = t / 2;
        routed->pos[t] = t % 2;
        routed->step[t] = 0;
        routed->domain[t] = t >= 6;
        routed->expert[t] = expert[t];
    }
    g_autoptr(MoeSummary) summary = routed_count(routed, 3, MOE_TALLY_DOCUMENTS, -1);
    const MoeSummaryCell *domains[ROUTED_DOMAINS];
    MoeMetricCell cell = cell_of(summary, domains);
    double half = 1 / G_SQRT2; /* the cosine of 00 and 01 */
    assert_near(value_of("document-similarity", &cell), (2 * half + half) / 10, 1e-14);
    double first = 1 - 2 * half / 3, second = 1 - half; /* within; 1 to the other domain */
    assert_near(value_of("domain-silhouette", &cell), (3 * (1 - first) + 2 * (1 - second)) / 5,
                1e-14);
    MoeMetricCell one = moe_metric_cell(summary, NULL, 0, 1, NULL);
    assert_near(value_of("document-similarity", &one), half, 1e-14);
    g_assert_true(isnan(value_of("domain-silhouette", &one)));
}

/* --- Chance -----------------------------------------------------------------------------------*/

/* Documents of 5 to 80 units that pick two of eight experts at random, any or the first ones more
 * often; their domains tell nothing. */
static void
check_chance(bool uniform)
{
    enum { E = 8, TOKENS = 12000 };
    MoeRng rng = moe_rng(6, uniform);
    g_autoptr(Routed) routed = routed_new(1, TOKENS, E, 2, 1);
    int doc = 0, left = 0;
    for (int t = 0; t < TOKENS; t++, left--) {
        if (left == 0) {
            doc++;
            left = 5 + (int)moe_rng_below(&rng, 76);
        }
        routed->doc[t] = doc;
        routed->domain[t] = doc % 2;
        routed->step[t] = 0;
        routed->pos[t] = -1;
        int a = (int)moe_rng_below(&rng, uniform ? E : 12) % E, b;
        do
            b = (int)moe_rng_below(&rng, uniform ? E : 12) % E;
        while (b == a);
        routed->expert[2 * t] = a;
        routed->expert[2 * t + 1] = b;
    }
    g_autoptr(MoeSummary) summary = routed_count(routed, TOKENS, MOE_TALLY_DOCUMENTS, -1);
    const MoeSummaryCell *domains[ROUTED_DOMAINS];
    MoeMetricCell cell = cell_of(summary, domains);
    const MoeMetric *metric = moe_metric_find("document-similarity");
    double value = moe_metric_value(metric, &cell);
    double null = uniform ? moe_metric_uniform(metric, &cell) : moe_metric_shuffled(metric, &cell);
    g_test_message("similarity %g, by chance %g", value, null);
    assert_near(null, value, 0.01);
    g_assert_cmpfloat(fabs(value_of("domain-silhouette", &cell)), <, 0.02);
    const MoeMetric *both[2] = {metric, moe_metric_find("domain-silhouette")};
    MoeInterval intervals[2];
    moe_metric_intervals(summary, 0, MOE_DOMAIN_ALL, both, 2, NULL, intervals);
    for (int i = 0; i < 2; i++) {
        g_assert_cmpfloat(intervals[i].low, <, moe_metric_value(both[i], &cell));
        g_assert_cmpfloat(intervals[i].high, >, moe_metric_value(both[i], &cell));
        g_assert_cmpfloat(intervals[i].high - intervals[i].low, <, 0.1);
    }
}

/* Adds a document of units that pick any expert. */
static void
add_document(MoeRng *rng, int units, MoeSummaryCell *load, MoeDocumentCell *domain)
{
    g_autofree int64_t *own = g_new0(int64_t, (gsize)load->experts);
    double square = 0;
    for (int u = 0; u < units; u++)
        own[moe_rng_below(rng, (uint64_t)load->experts)]++;
    for (int e = 0; e < load->experts; e++)
        square += (double)(own[e] * own[e]);
    for (int e = 0; e < load->experts; e++) {
        domain->direction[e] += (double)own[e] / sqrt(square);
        load->count[e] += own[e];
    }
    domain->documents++;
    domain->of_length[moe_tokens_class(units)]++;
    domain->units[moe_tokens_class(units)] += units;
    load->units += units;
    load->picks += units;
}

/* Few documents of four domains that are alike: the nearest other one is nearer than one's own. */
static void
test_nearest(void)
{
    enum { E = 8, DOMAINS = 4, EACH = 10, UNITS = 40, ROUNDS = 1000, EVERY = 20 };
    const MoeMetric *metric = moe_metric_find("domain-silhouette");
    MoeRng rng = moe_rng(2, 9);
    double found = 0, uniform = 0, shuffled = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t count[E] = {0}, making[E + 1] = {0}, all[MOE_TOKENS_CLASSES] = {0};
        int64_t of_length[DOMAINS][MOE_TOKENS_CLASSES] = {0};
        int64_t units[DOMAINS][MOE_TOKENS_CLASSES] = {0};
        double direction[DOMAINS][E] = {0};
        MoeSummaryCell load = {.experts = E, .count = count, .making = making};
        MoeDocumentCell cells[DOMAINS], together = {E, 0, all, all, direction[0]};
        const MoeDocumentCell *known[DOMAINS];
        const MoeSummaryCell *domains[DOMAINS] = {&load, &load, &load, &load};
        for (int d = 0; d < DOMAINS; d++) {
            cells[d] = (MoeDocumentCell){E, 0, of_length[d], units[d], direction[d]};
            known[d] = &cells[d];
            for (int i = 0; i < EACH; i++)
                add_document(&rng, UNITS + d, &load, &cells[d]);
        }
        MoeMetricCell cell = {.summary = &load,
                              .documents = &together,
                              .domains = domains,
                              .n_domains = DOMAINS,
                              .domain_documents = known};
        found += moe_metric_value(metric, &cell) / ROUNDS;
        if (round % EVERY == 0) {
            uniform += moe_metric_uniform(metric, &cell) / ROUNDS * EVERY;
            shuffled += moe_metric_shuffled(metric, &cell) / ROUNDS * EVERY;
        }
    }
    g_test_message("%g found, %g and %g by chance", found, uniform, shuffled);
    g_assert_cmpfloat(found, <, -0.03);
    g_assert_cmpfloat_with_epsilon(uniform, found, 0.006);
    g_assert_cmpfloat_with_epsilon(shuffled, found, 0.006);
}

static void
test_chance(void)
{
    check_chance(true);
    check_chance(false);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    routed_begin();
    g_test_add_func("/tally-documents/slowly", test_slowly);
    g_test_add_func("/tally-documents/by-hand", test_by_hand);
    g_test_add_func("/tally-documents/chance", test_chance);
    g_test_add_func("/tally-documents/nearest", test_nearest);
    int status = g_test_run();
    routed_end();
    return status;
}
