/* SPDX-License-Identifier: MIT
 *
 * Comparisons against sums made plainly, one unit after the other; whatever the chunks are; and
 * permuted experts, which matching has to find again.
 */
#include "compare-trace.h"

#include <math.h>
#include <string.h>

enum { TOKENS = 1300, MOST = 100 };

/* --- Plain sums -------------------------------------------------------------------------------*/

typedef struct {
    int64_t units, apart, same_first, same_set, full, shared, larger, product, gated;
    double jaccard, weighted, rbo;
    int64_t sharing[MOST + 1], first_a[MOST], first_b[MOST], picks_a[MOST], picks_b[MOST];
} Plain;

static int
row_length(const int32_t *row, int width)
{
    int n = 0;
    while (n < width && row[n] >= 0)
        n++;
    return n;
}

static int
row_meetings(const int32_t *a, int n, const int32_t *b, int m)
{
    int met = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++)
            met += a[i] == b[j];
    return met;
}

static double
plain_weighted(const int32_t *a, const float *of_a, int n, const int32_t *b, const float *of_b,
               int m)
{
    double sum_a = 0, sum_b = 0, sum = 0;
    for (int i = 0; i < n; i++)
        sum_a += (double)of_a[i];
    for (int j = 0; j < m; j++)
        sum_b += (double)of_b[j];
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++)
            if (a[i] == b[j])
                sum += MIN((double)of_a[i] / sum_a, (double)of_b[j] / sum_b);
    return sum;
}

/* As defined by Webber et al.: agreement at each depth, the last one taken to go on. */
static double
plain_rbo(const int32_t *a, int n, const int32_t *b, int m)
{
    int s = MIN(n, m);
    double p = MOE_COMPARE_RBO_P, sum = 0;
    for (int d = 1; d <= 1000; d++) {
        int known = MIN(d, s);
        sum += (1 - p) * pow(p, d - 1) * row_meetings(a, known, b, known) / known;
    }
    return sum;
}

static void
plain_unit(Plain *plain, const MoeRouterInfo *info, const int32_t *a, const float *of_a,
           const int32_t *b, const float *of_b)
{
    int width = made_width(info), n = row_length(a, width), m = row_length(b, width);
    if (n == 0 || m == 0) {
        plain->apart += n != m;
        return;
    }
    int shared = row_meetings(a, n, b, m);
    plain->units++;
    plain->same_first += a[0] == b[0];
    plain->same_set += shared == n && shared == m;
    plain->full += n == info->k && m == info->k;
    plain->shared += shared;
    plain->larger += MAX(n, m);
    plain->product += n * m;
    plain->jaccard += (double)shared / (n + m - shared);
    plain->rbo += plain_rbo(a, n, b, m);
    plain->gated++;
    plain->weighted += plain_weighted(a, of_a, n, b, of_b, m);
    plain->sharing[shared]++;
    plain->first_a[a[0]]++;
    plain->first_b[b[0]]++;
    for (int i = 0; i < n; i++)
        plain->picks_a[a[i]]++;
    for (int j = 0; j < m; j++)
        plain->picks_b[b[j]]++;
}

static Plain
plain_sums(const Made *a, const Made *b, int r, int domain)
{
    Plain plain = {0};
    const MoeRouterInfo *info = &a->routers[r];
    int width = made_width(info);
    for (int u = 0; u < a->tokens * info->units_per_token; u++)
        if (domain == MOE_DOMAIN_ALL || a->domain[u / info->units_per_token] == domain)
            plain_unit(&plain, info, a->expert[r] + u * width, a->gate[r] + u * width,
                       b->expert[r] + u * width, b->gate[r] + u * width);
    return plain;
}

/* --- Helpers ----------------------------------------------------------------------------------*/

static MoeComparison *
compare(const MoeTrace *a, const MoeTrace *b, const MoeCompareOptions *options)
{
    g_autoptr(GError) error = NULL;
    const MoeCompareSide of_a = {a, MOE_STEPS_ALL, 0}, of_b = {b, MOE_STEPS_ALL, 0};
    MoeComparison *comparison = moe_compare(&of_a, &of_b, options, &error);
    g_assert_no_error(error);
    return comparison;
}

static double
value_of(const char *name, const MoeComparisonCell *cell)
{
    int n;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    for (int i = 0; i < n; i++)
        if (g_str_equal(metrics[i].name, name))
            return metrics[i].value(cell);
    g_assert_not_reached();
}

static void
expect_cell(const MoeComparisonCell *cell, const Plain *plain)
{
    gsize bytes = (gsize)cell->experts * sizeof(int64_t);
    g_assert_cmpint(cell->units, ==, plain->units);
    g_assert_cmpint(cell->apart, ==, plain->apart);
    g_assert_cmpint(cell->same_first, ==, plain->same_first);
    g_assert_cmpint(cell->same_set, ==, plain->same_set);
    g_assert_cmpint(cell->full, ==, plain->full);
    g_assert_cmpint(cell->shared, ==, plain->shared);
    g_assert_cmpint(cell->larger, ==, plain->larger);
    g_assert_cmpint(cell->product, ==, plain->product);
    g_assert_cmpint(cell->gated, ==, plain->gated);
    g_assert_cmpmem(cell->sharing, (gsize)(cell->depth + 1) * sizeof(int64_t), plain->sharing,
                    (gsize)(cell->depth + 1) * sizeof(int64_t));
    g_assert_cmpmem(cell->first_a, bytes, plain->first_a, bytes);
    g_assert_cmpmem(cell->first_b, bytes, plain->first_b, bytes);
    g_assert_cmpmem(cell->picks_a, bytes, plain->picks_a, bytes);
    g_assert_cmpmem(cell->picks_b, bytes, plain->picks_b, bytes);
    double units = (double)plain->units;
    g_assert_cmpfloat_with_epsilon(value_of("jaccard", cell), plain->jaccard / units, 1e-8);
    g_assert_cmpfloat_with_epsilon(value_of("rbo", cell), plain->rbo / units, 1e-12);
    g_assert_cmpfloat_with_epsilon(value_of("weighted-overlap", cell), plain->weighted / units,
                                   1e-6);
    g_assert_cmpfloat_with_epsilon(value_of("flips", cell),
                                   1 - (double)plain->same_set / (units + (double)plain->apart),
                                   1e-12);
}

/* Some units alike, some nearly. */
static void
make_alike(const Made *a, Made *b)
{
    MoeRng rng = moe_rng(9, 9);
    for (int r = 0; r < MADE_ROUTERS; r++) {
        const MoeRouterInfo *info = &a->routers[r];
        int width = made_width(info);
        for (int u = 0; u < a->tokens * info->units_per_token; u++) {
            int32_t *row = b->expert[r] + u * width;
            if (moe_rng_below(&rng, 3) == 0)
                continue;
            memcpy(row, a->expert[r] + u * width, (gsize)width * sizeof *row);
            if (moe_rng_below(&rng, 2) == 0 && row[0] >= 0 && row[1] >= 0) {
                int32_t swapped = row[0];
                row[0] = row[1];
                row[1] = swapped;
            }
        }
    }
}

/* --- Cases ------------------------------------------------------------------------------------*/

/* Documents of 50 tokens, or of 650: short runs are counted in another way than long ones. */
static void
test_plainly(gconstpointer data)
{
    int length = GPOINTER_TO_INT(data);
    g_autoptr(Made) a = made_new(TOKENS, 1);
    g_autoptr(Made) b = made_new(TOKENS, 2);
    make_alike(a, b);
    for (int t = 0; t < TOKENS; t++) {
        a->doc[t] = b->doc[t] = t / length;
        a->domain[t] = b->domain[t] = t / length % MADE_DOMAINS;
    }
    g_autoptr(MoeTrace) trace_a = made_trace(a, MADE_ROUTERS, 600);
    g_autoptr(MoeTrace) trace_b = made_trace(b, MADE_ROUTERS, 357);
    g_autoptr(MoeComparison) comparison = compare(trace_a, trace_b, NULL);
    g_assert_cmpint(moe_comparison_tokens(comparison), ==, TOKENS);
    g_assert_cmpint(moe_comparison_routers(comparison), ==, MADE_ROUTERS);
    g_assert_cmpstr(moe_comparison_domain_name(comparison, 1), ==, "code");
    for (int r = 0; r < MADE_ROUTERS; r++)
        for (int d = MOE_DOMAIN_ALL; d < MADE_DOMAINS; d++) {
            MoeComparisonCell cell;
            Plain plain = plain_sums(a, b, r, d);
            g_assert_true(moe_comparison_cell(comparison, r, d, MOE_LABELS_OWN, &cell));
            if (d == MOE_DOMAIN_UNKNOWN)
                g_assert_cmpint(cell.units, ==, 0);
            else
                expect_cell(&cell, &plain);
        }
    MoeComparisonCell cell;
    g_assert_false(moe_comparison_cell(comparison, 0, 0, MOE_LABELS_MATCHED, &cell));
    g_assert_false(moe_comparison_shuffled(comparison, 0, MOE_LABELS_OWN, &cell));
    g_assert_null(moe_comparison_matching(comparison, 0));
}

static void
expect_same_sums(const MoeComparisonCell *a, const MoeComparisonCell *b)
{
    g_assert_cmpint(a->units, ==, b->units);
    g_assert_cmpint(a->shared, ==, b->shared);
    g_assert_cmpint(a->jaccard, ==, b->jaccard);
    g_assert_cmpint(a->gated, ==, b->gated);
    g_assert_cmpint(a->weighted, ==, b->weighted);
    gsize bytes = (gsize)(a->depth + 1) * sizeof(int64_t);
    g_assert_cmpmem(a->meet, bytes, b->meet, bytes);
    g_assert_cmpmem(a->ends, bytes, b->ends, bytes);
}

/* Sums of fractions as well, to the last bit, though an expert that stands twice has its block
 * counted unit by unit. */
static void
test_chunks(void)
{
    g_autoptr(Made) a = made_new(TOKENS, 3);
    g_autoptr(Made) b = made_new(TOKENS, 4);
    make_alike(a, b);
    a->expert[3][8 * 700 + 1] = a->expert[3][8 * 700];
    b->expert[0][4 * 41 + 3] = -1;
    g_autoptr(MoeTrace) trace_a = made_trace(a, MADE_ROUTERS, TOKENS);
    g_autoptr(MoeTrace) trace_b = made_trace(b, MADE_ROUTERS, TOKENS);
    g_autoptr(MoeTrace) part_a = made_trace(a, MADE_ROUTERS, 7);
    g_autoptr(MoeTrace) part_b = made_trace(b, MADE_ROUTERS, 333);
    const MoeCompareOptions options = {.shuffle = true, .match = true};
    g_autoptr(MoeComparison) whole = compare(trace_a, trace_b, &options);
    g_autoptr(MoeComparison) parts = compare(part_a, part_b, &options);
    for (int r = 0; r < MADE_ROUTERS; r++)
        for (int labels = 0; labels < 2; labels++) {
            MoeComparisonCell x, y;
            g_assert_true(moe_comparison_cell(whole, r, MOE_DOMAIN_ALL, labels, &x));
            g_assert_true(moe_comparison_cell(parts, r, MOE_DOMAIN_ALL, labels, &y));
            expect_same_sums(&x, &y);
            g_assert_true(moe_comparison_shuffled(whole, r, labels, &x));
            g_assert_true(moe_comparison_shuffled(parts, r, labels, &y));
            expect_same_sums(&x, &y);
        }
}

/* The tokens of a domain, chosen, are what the whole comparison has of that domain; documents of 50
 * tokens lie across all chunks. */
static void
test_filter(void)
{
    g_autoptr(Made) a = made_new(TOKENS, 3);
    g_autoptr(Made) b = made_new(TOKENS, 4);
    make_alike(a, b);
    g_autoptr(MoeTrace) trace_a = made_trace(a, MADE_ROUTERS, 7);
    g_autoptr(MoeTrace) trace_b = made_trace(b, MADE_ROUTERS, 333);
    char *domains[] = {(char *)"code", NULL};
    const MoeTokenFilter filter = {.domains = domains};
    const MoeCompareOptions options = {.filter = &filter};
    g_autoptr(MoeComparison) whole = compare(trace_a, trace_b, NULL);
    g_autoptr(MoeComparison) chosen = compare(trace_a, trace_b, &options);
    g_assert_cmpint(moe_comparison_tokens(chosen), ==, TOKENS / 2);
    for (int r = 0; r < MADE_ROUTERS; r++) {
        MoeComparisonCell x, y;
        g_assert_true(moe_comparison_cell(whole, r, 1, MOE_LABELS_OWN, &x));
        g_assert_true(moe_comparison_cell(chosen, r, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &y));
        expect_same_sums(&x, &y);
    }
    const MoeTokenFilter none = {.by_document = true, .first_document = 900, .last_document = 999};
    const MoeCompareOptions nothing = {.filter = &none};
    const MoeCompareSide of_a = {.trace = trace_a}, of_b = {.trace = trace_b};
    g_autoptr(GError) error = NULL;
    g_assert_null(moe_compare(&of_a, &of_b, &nothing, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
}

/* An expert twice counts once: [3, 3, 5, 7] is {3, 5, 7}. */
static void
test_twice(void)
{
    g_autoptr(Made) a = made_new(1, 5);
    g_autoptr(Made) b = made_new(1, 5);
    const int32_t of_a[] = {3, 3, 5, 7}, of_b[] = {7, 3, 1, 2};
    memcpy(a->expert[0], of_a, sizeof of_a);
    memcpy(b->expert[0], of_b, sizeof of_b);
    g_autoptr(MoeTrace) trace_a = made_trace(a, 1, 1);
    g_autoptr(MoeTrace) trace_b = made_trace(b, 1, 1);
    g_autoptr(MoeComparison) comparison = compare(trace_a, trace_b, NULL);
    MoeComparisonCell cell;
    g_assert_true(moe_comparison_cell(comparison, 0, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &cell));
    g_assert_cmpint(cell.shared, ==, 2);
    g_assert_cmpint(cell.larger, ==, 4);
    g_assert_cmpint(cell.full, ==, 0);
    g_assert_cmpint(cell.picks_a[3], ==, 1);
    g_assert_cmpfloat_with_epsilon(value_of("jaccard", &cell), 0.4, 1e-9);
}

/* Renumbered experts are found again, and everything agrees under the right numbers. */
static void
test_permuted(void)
{
    g_autoptr(Made) a = made_new(TOKENS, 6);
    g_autoptr(Made) b = made_new(TOKENS, 6);
    MoeRng rng = moe_rng(6, 1);
    int32_t *to[MADE_ROUTERS];
    for (int r = 0; r < MADE_ROUTERS; r++) {
        const MoeRouterInfo *info = &b->routers[r];
        int n = b->tokens * info->units_per_token * made_width(info);
        to[r] = g_new(int32_t, (gsize)info->experts);
        for (int e = 0; e < info->experts; e++) {
            int j = (int)moe_rng_below(&rng, (uint64_t)e + 1);
            to[r][e] = to[r][j];
            to[r][j] = e;
        }
        for (int i = 0; i < n; i++)
            if (b->expert[r][i] >= 0)
                b->expert[r][i] = to[r][b->expert[r][i]];
    }
    g_autoptr(MoeTrace) trace_a = made_trace(a, MADE_ROUTERS, 500);
    g_autoptr(MoeTrace) trace_b = made_trace(b, MADE_ROUTERS, 600);
    g_autoptr(MoeComparison) found = compare(trace_a, trace_b, &(MoeCompareOptions){.match = true});
    for (int r = 0; r < MADE_ROUTERS; r++) {
        const MoeMatching *matching = moe_comparison_matching(found, r);
        MoeComparisonCell own, matched;
        g_assert_true(moe_comparison_cell(found, r, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &own));
        g_assert_true(moe_comparison_cell(found, r, MOE_DOMAIN_ALL, MOE_LABELS_MATCHED, &matched));
        for (int e = 0; e < matching->experts_a; e++)
            if (own.picks_a[e] > 0)
                g_assert_cmpint(matching->to[e], ==, to[r][e]);
        g_assert_cmpint(matching->own, ==, own.shared);
        g_assert_cmpint(matching->matched, ==, matched.shared);
        g_assert_cmpint(matched.same_first, ==, matched.units);
        g_assert_cmpint(matched.same_set, ==, matched.units);
        g_assert_cmpfloat(value_of("overlap", &matched), ==, 1);
        g_assert_cmpfloat_with_epsilon(value_of("js-load", &matched), 0, 1e-15);
        g_assert_cmpfloat_with_epsilon(value_of("weighted-overlap", &matched), 1, 1e-6);
        g_assert_cmpfloat(value_of("agreement", &own), <, 0.5);
        g_free(to[r]);
    }
}

/* Tables of pairs, and experts that are left over: 16 on one side, 64 on the other. */
static void
test_rectangular(void)
{
    g_autoptr(Made) a = made_new(TOKENS, 7);
    g_autoptr(Made) b = made_new(TOKENS, 8);
    b->routers[0] = b->routers[3];
    b->routers[0].layer = 0;
    g_free(b->expert[0]);
    g_free(b->gate[0]);
    b->expert[0] = g_memdup2(b->expert[3], (gsize)TOKENS * 8 * sizeof(int32_t));
    b->gate[0] = g_memdup2(b->gate[3], (gsize)TOKENS * 8 * sizeof(float));
    g_autoptr(MoeTrace) small = made_trace(a, 1, 500);
    g_autoptr(MoeTrace) large = made_trace(b, 1, 500);
    const MoeCompareOptions options = {.match = true};
    g_autoptr(MoeComparison) there = compare(small, large, &options);
    g_autoptr(MoeComparison) back = compare(large, small, &options);
    const MoeMatching *up = moe_comparison_matching(there, 0);
    const MoeMatching *down = moe_comparison_matching(back, 0);
    g_assert_cmpint(up->matched, ==, down->matched);
    int left = 0;
    int64_t first = 0, together = 0;
    for (int e = 0; e < 64; e++)
        left += down->to[e] < 0;
    for (int i = 0; i < 16 * 64; i++) {
        first += up->first[i];
        together += up->together[i];
        g_assert_cmpint(up->together[i], ==, down->together[i % 64 * 16 + i / 64]);
    }
    g_assert_cmpint(left, ==, 48);
    g_assert_cmpint(first, ==, TOKENS);
    g_assert_cmpint(together, ==, TOKENS * 4 * 8);
    MoeComparisonCell cell;
    g_assert_true(moe_comparison_cell(there, 0, MOE_DOMAIN_ALL, MOE_LABELS_MATCHED, &cell));
    g_assert_cmpint(cell.shared, ==, up->matched);
    g_assert_cmpint(cell.larger, ==, TOKENS * 8);
}

static void
expect_refused(const MoeTrace *a, const MoeTrace *b, const MoeCompareOptions *options,
               const char *message)
{
    g_autoptr(GError) error = NULL;
    const MoeCompareSide of_a = {a, MOE_STEPS_ALL, 0}, of_b = {b, MOE_STEPS_ALL, 0};
    g_assert_null(moe_compare(&of_a, &of_b, options, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_cmpstr(error->message, ==, message);
}

static void
test_other_tokens(void)
{
    g_autoptr(Made) a = made_new(300, 1);
    g_autoptr(Made) b = made_new(300, 2);
    g_autoptr(MoeTrace) first = made_trace(a, 2, 100);
    b->id[5] = b->pos[6] = -1; /* unknown: no difference */
    b->id[250] = 1234;
    b->pos[251] = 3;
    g_autoptr(MoeTrace) ids = made_trace(b, 2, 77);
    expect_refused(first, ids, NULL,
                   "the tokens aren't the same: token 250 has id 1234 in the second, expected 56 "
                   "as in the first");
    b->doc[249] = 9;
    g_autoptr(MoeTrace) documents = made_trace(b, 2, 300);
    expect_refused(first, documents, NULL,
                   "the tokens aren't the same: token 249 has document 9 in the second, expected 4 "
                   "as in the first");
    b->tokens = 249;
    g_autoptr(MoeTrace) shorter = made_trace(b, 2, 300);
    expect_refused(first, shorter, NULL,
                   "the tokens aren't the same: found 249 in the second, expected 300, as many as "
                   "in the first");
}

static void
test_other_routers(void)
{
    g_autoptr(Made) a = made_new(60, 1);
    g_autoptr(Made) b = made_new(60, 2);
    b->routers[0].layer = 3;
    g_autoptr(MoeTrace) two = made_trace(a, 2, 60);
    g_autoptr(MoeTrace) one = made_trace(b, 1, 60);
    g_autoptr(MoeTrace) other = made_trace(b, 2, 60);
    const MoeCompareOptions in_order = {.in_order = true};
    const MoeCompareOptions layers = {.layers = (int[]){0, 7}, .n_layers = 2};
    expect_refused(two, one, NULL, "found no router whose layer is in both");
    expect_refused(two, one, &in_order,
                   "found 1 routers in the second, expected 2 as in the first");
    expect_refused(two, other, &layers, "found no router of these layers in both");
    g_autoptr(MoeComparison) by_layer = compare(two, other, NULL);
    g_assert_cmpint(moe_comparison_routers(by_layer), ==, 1);
    g_assert_cmpint(moe_comparison_router(by_layer, 0)->layer, ==, 1);
    g_autoptr(MoeComparison) by_order = compare(two, other, &in_order);
    g_assert_cmpint(moe_comparison_routers(by_order), ==, 2);
    b->routers[0].layer = 1; /* one unit a token, where the first has two */
    g_autoptr(MoeTrace) units = made_trace(b, 1, 60);
    expect_refused(two, units, NULL,
                   "layer 1: found 1 units a token in the second, expected 2 as in the first");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_data_func("/compare/plainly/short", GINT_TO_POINTER(50), test_plainly);
    g_test_add_data_func("/compare/plainly/long", GINT_TO_POINTER(650), test_plainly);
    g_test_add_func("/compare/chunks", test_chunks);
    g_test_add_func("/compare/filter", test_filter);
    g_test_add_func("/compare/twice", test_twice);
    g_test_add_func("/compare/permuted", test_permuted);
    g_test_add_func("/compare/rectangular", test_rectangular);
    g_test_add_func("/compare/other-tokens", test_other_tokens);
    g_test_add_func("/compare/other-routers", test_other_routers);
    return g_test_run();
}
