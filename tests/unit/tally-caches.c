/* SPDX-License-Identifier: MIT
 *
 * Caches of experts: the slow way, against the best that any cache can do, by hand, and by chance.
 */
#include "routed.h"

#include <math.h>

static void
assert_near(double found, double expected, double tolerance)
{
    g_assert_cmpfloat_with_epsilon(found, expected, tolerance * MAX(1, fabs(expected)));
}

static void
test_sizes(void)
{
    const int eight[] = {1, 2, 3, 4, 5, 6, 7}, sixty[] = {7, 15, 22, 30, 37, 45, 52};
    for (int i = 0; i < MOE_CACHES; i++) {
        g_assert_cmpint(moe_cache_size(i, 8), ==, eight[i]);
        g_assert_cmpint(moe_cache_size(i, 60), ==, sixty[i]);
        g_assert_cmpint(moe_cache_size(i, 1), ==, 1);
    }
}

/* --- The slow way -----------------------------------------------------------------------------*/

enum { MOST = 64 };
typedef enum { LRU, LFU, BELADY, POLICIES } Policy;

typedef struct Slow {
    const Routed *routed;
    Policy policy;
    int size, held;
    bool there[MOST];
    int64_t last[MOST], often[MOST], tick;
} Slow;

/* The unit's picks, each once. */
static int
picks_of(const Routed *routed, int64_t unit, int32_t *expert)
{
    bool seen[MOST] = {false};
    int n = 0;
    for (int64_t i = unit * routed->slots; i < (unit + 1) * routed->slots; i++)
        if (routed->expert[i] >= 0 && !seen[routed->expert[i]]) {
            seen[routed->expert[i]] = true;
            expert[n++] = routed->expert[i];
        }
    return n;
}

/* How much an expert is wanted; the least is the one to leave. `end` is the document's. */
static double
worth_of(const Slow *slow, int expert, int64_t unit, int64_t end)
{
    int32_t picks[MOST];
    if (slow->policy == LRU)
        return (double)slow->last[expert];
    if (slow->policy == LFU)
        return (double)slow->often[expert] * 1e9 + (double)slow->last[expert];
    for (int64_t u = unit + 1; u < end; u++)
        for (int n = picks_of(slow->routed, u, picks), i = 0; i < n; i++)
            if (picks[i] == expert)
                return -(double)u;
    return -INFINITY;
}

static void
evict_one(Slow *slow, const int32_t *kept, int n, int64_t unit, int64_t end)
{
    double least = INFINITY;
    int out = -1;
    for (int e = 0; e < slow->routed->info.experts; e++) {
        bool stays = !slow->there[e];
        for (int i = 0; i < n; i++)
            stays = stays || kept[i] == e;
        double worth = stays ? INFINITY : worth_of(slow, e, unit, end);
        if (!stays && (out < 0 || worth < least)) {
            least = worth;
            out = e;
        }
    }
    slow->there[out] = false;
    slow->held--;
}

static int
serve_slowly(Slow *slow, int64_t unit, int64_t end)
{
    int32_t expert[MOST];
    int n = picks_of(slow->routed, unit, expert), found = 0, kept = MIN(n, slow->size);
    for (int i = 0; i < n; i++)
        found += slow->there[expert[i]];
    for (int i = n - 1; i >= 0; i--) {
        slow->last[expert[i]] = ++slow->tick;
        slow->often[expert[i]]++;
    }
    for (int i = 0; i < kept; i++) {
        if (slow->there[expert[i]])
            continue;
        while (slow->held >= slow->size)
            evict_one(slow, expert, kept, unit, end);
        slow->there[expert[i]] = true;
        slow->held++;
    }
    return found;
}

static bool
same_document(const Routed *routed, int64_t a, int64_t b)
{
    return routed->doc[a] == routed->doc[b] && routed->step[a] == routed->step[b];
}

/* Picks found in the domain, and how many there are. */
static int64_t
count_slowly(const Routed *routed, Policy policy, int size, int domain, int64_t *lookups)
{
    int64_t found = 0, end;
    int heads = routed->info.units_per_token;
    int32_t expert[MOST];
    *lookups = 0;
    for (int64_t t = 0; t < routed->tokens; t = end) {
        Slow slow = {.routed = routed, .policy = policy, .size = size};
        for (end = t; end < routed->tokens && same_document(routed, t, end);)
            end++;
        for (int64_t u = t * heads; u < end * heads; u++) {
            bool in = routed_in(routed, u / heads, domain, -1);
            int here = serve_slowly(&slow, u, end * heads);
            found += in ? here : 0;
            *lookups += in ? picks_of(routed, u, expert) : 0;
        }
    }
    return found;
}

static void
test_slowly(gconstpointer data)
{
    static const int cases[][3] = {{8, 2, 1}, {20, 3, 2}, {5, 4, 1}, {6, 0, 1}};
    const int *own = cases[GPOINTER_TO_INT(data)];
    g_autoptr(Routed) routed = routed_new(7, 220, own[0], own[1], own[2]);
    g_autoptr(MoeSummary) summary = routed_count(routed, 50, MOE_TALLY_CACHES, -1);
    for (int d = MOE_DOMAIN_ALL; d < ROUTED_DOMAINS; d++) {
        const MoeCacheCell *cell = moe_summary_caches(summary, 0, d);
        const int64_t *const found[POLICIES] = {cell->lru, cell->lfu, cell->belady};
        for (int i = 0; i < MOE_CACHES; i++)
            for (int policy = 0; policy < POLICIES; policy++) {
                int64_t lookups, slow = count_slowly(routed, (Policy)policy,
                                                     moe_cache_size(i, own[0]), d, &lookups);
                g_assert_cmpint(cell->lookups, ==, lookups);
                g_assert_cmpint(found[policy][i], ==, slow);
            }
    }
}

/* --- Segments ---------------------------------------------------------------------------------*/

typedef struct SlowSegments {
    int64_t segments, active[MOE_SEGMENT + 1], once, twice;
} SlowSegments;

/* Takes the largest count out n times. */
static int64_t
largest(const int64_t *count, int experts, int64_t n)
{
    g_autofree int64_t *left = g_memdup2(count, (gsize)experts * sizeof *count);
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++) {
        int most = 0;
        for (int e = 1; e < experts; e++)
            most = left[e] > left[most] ? e : most;
        sum += left[most];
        left[most] = 0;
    }
    return sum;
}

static void
count_segment_slowly(const Routed *routed, int64_t first, SlowSegments *slow)
{
    int64_t count[MOST] = {0}, picks = 0;
    for (int64_t u = first; u < first + MOE_SEGMENT; u++) {
        int32_t expert[MOST];
        int n = picks_of(routed, u, expert);
        for (int i = 0; i < n; i++)
            count[expert[i]]++;
        picks += n;
    }
    int64_t mean = MAX(1, (int64_t)floor((double)picks / MOE_SEGMENT + 0.5));
    for (int e = 0; e < routed->info.experts; e++)
        slow->active[count[e]]++;
    slow->segments++;
    slow->once += largest(count, routed->info.experts, mean);
    slow->twice += largest(count, routed->info.experts, 2 * mean);
}

static void
test_segments(void)
{
    g_autoptr(Routed) routed = routed_new(8, 400, 9, 3, 2);
    g_autoptr(MoeSummary) summary = routed_count(routed, 50, MOE_TALLY_CACHES, -1);
    for (int d = MOE_DOMAIN_ALL; d < ROUTED_DOMAINS; d++) {
        const MoeCacheCell *cell = moe_summary_caches(summary, 0, d);
        SlowSegments slow = {0};
        for (int64_t t = 0, end; t < routed->tokens; t = end) {
            for (end = t; end < routed->tokens && same_document(routed, t, end);)
                end++;
            for (int64_t u = 2 * t; u + MOE_SEGMENT <= 2 * end; u += MOE_SEGMENT)
                if (routed_in(routed, u / 2, d, -1))
                    count_segment_slowly(routed, u, &slow);
        }
        g_assert_cmpint(cell->segments, ==, slow.segments);
        g_assert_cmpmem(cell->active, sizeof slow.active, slow.active, sizeof slow.active);
        g_assert_cmpint(cell->kept_once, ==, slow.once);
        g_assert_cmpint(cell->kept_twice, ==, slow.twice);
    }
}

/* Two experts in all 16 units, one in 8, and five in none: F1 is 2 · 40 / 88 if all three are
 * predicted, 2 · 32 / 72 if the two are. */
static void
test_segment_metrics(void)
{
    int64_t active[MOE_SEGMENT + 1] = {[0] = 5, [8] = 1, [16] = 2};
    MoeSummaryCell load = {.experts = 8};
    MoeCacheCell caches = {
        .experts = 8, .segments = 1, .active = active, .kept_once = 32, .kept_twice = 40};
    MoeMetricCell cell = {.summary = &load, .caches = &caches};
    assert_near(moe_metric_value(moe_metric_find("srp@16"), &cell), 80 / 88.0, 1e-15);
    /* Of 40 picks, 40 predictions: those of the two, and half of those of the third; of 80, also
     * those of two that nobody picks. */
    assert_near(moe_metric_value(moe_metric_find("srp@16x1"), &cell), 72 / 80.0, 1e-15);
    assert_near(moe_metric_value(moe_metric_find("srp@16x2"), &cell), 80 / 120.0, 1e-15);
    assert_near(moe_metric_value(moe_metric_find("sch@16x1"), &cell), 0.8, 1e-15);
    assert_near(moe_metric_value(moe_metric_find("sch@16x2"), &cell), 1, 1e-15);
    active[8] = 0;
    active[2] = 1; /* 2 · 32 / 66, against 2 · 34 / 82 */
    assert_near(moe_metric_value(moe_metric_find("srp@16"), &cell), 64 / 66.0, 1e-15);
}

/* --- The optimum ------------------------------------------------------------------------------*/

/* Most picks found from unit `u` on, for a cache that holds this set: every way is tried. */
static int
best_from(const int32_t *pick, int n, int u, unsigned set, int size)
{
    if (u == n)
        return 0;
    unsigned own = 1U << pick[u];
    if (set & own)
        return 1 + best_from(pick, n, u + 1, set, size);
    if (__builtin_popcount(set) < size)
        return best_from(pick, n, u + 1, set | own, size);
    int best = 0;
    for (unsigned left = set; left; left &= left - 1)
        best = MAX(best, best_from(pick, n, u + 1, (set & ~(left & -left)) | own, size));
    return best;
}

static void
test_optimum(void)
{
    enum { TOKENS = 14, EXPERTS = 5 };
    for (uint64_t seed = 0; seed < 10; seed++) {
        g_autoptr(Routed) routed = routed_new(seed, TOKENS, EXPERTS, 1, 1);
        MoeRng rng = moe_rng(seed, 5);
        for (int t = 0; t < TOKENS; t++) {
            routed->doc[t] = routed->domain[t] = routed->step[t] = 0;
            routed->expert[t] = (int32_t)moe_rng_below(&rng, EXPERTS);
        }
        g_autoptr(MoeSummary) summary = routed_count(routed, TOKENS, MOE_TALLY_CACHES, -1);
        const MoeCacheCell *cell = moe_summary_caches(summary, 0, MOE_DOMAIN_ALL);
        for (int i = 0; i < MOE_CACHES; i++) {
            int best = best_from(routed->expert, TOKENS, 0, 0, moe_cache_size(i, EXPERTS));
            g_assert_cmpint(cell->belady[i], ==, best);
            g_assert_cmpint(cell->lru[i], <=, best);
            g_assert_cmpint(cell->lfu[i], <=, best);
        }
    }
}

/* --- Documents that aren't told, and long ones ------------------------------------------------*/

static void
test_documents(void)
{
    const int32_t pos[] = {0, 1, 0, 1, 3, 3};
    g_autoptr(Routed) routed = routed_new(1, 6, 8, 1, 1);
    for (int t = 0; t < 6; t++) {
        routed->domain[t] = routed->step[t] = routed->expert[t] = 0;
        routed->pos[t] = pos[t];
    }
    g_clear_pointer(&routed->doc, g_free);
    /* Three documents of one expert: the first pick of each isn't found. */
    g_autoptr(MoeSummary) summary = routed_count(routed, 4, MOE_TALLY_CACHES, -1);
    const MoeCacheCell *cell = moe_summary_caches(summary, 0, MOE_DOMAIN_ALL);
    g_assert_cmpint(cell->lookups, ==, 6);
    g_assert_cmpint(cell->lru[0], ==, 3);
    g_assert_cmpint(cell->lfu[3], ==, 3);
    g_assert_cmpint(cell->belady[6], ==, 3);
    /* Drawn alike: of two picks in a document the second one's expert is the first one's, or there
     * is room for more. */
    int64_t of_length[MOE_TOKENS_CLASSES] = {0, 0, 3}, units[MOE_TOKENS_CLASSES] = {0, 0, 6};
    const MoeDocumentCell documents = {
        .experts = 8, .documents = 3, .of_length = of_length, .units = units};
    MoeMetricCell all = moe_metric_cell(summary, NULL, 0, MOE_DOMAIN_ALL, NULL);
    assert_near(moe_metric_value(moe_metric_find("cache-lru@1/8"), &all), 0.5, 1e-15);
    g_assert_true(isnan(moe_metric_uniform(moe_metric_find("cache-lru@1/8"), &all)));
    all.documents = &documents;
    assert_near(moe_metric_uniform(moe_metric_find("cache-lru@1/8"), &all), 1 / 16.0, 1e-9);
    assert_near(moe_metric_uniform(moe_metric_find("cache-lfu@6/8"), &all), 1 / 16.0, 1e-9);
    assert_near(moe_metric_uniform(moe_metric_find("cache-belady@6/8"), &all), 1 / 16.0, 0.01);
    assert_near(moe_metric_shuffled(moe_metric_find("cache-belady@6/8"), &all), 0.5, 1e-9);
}

/* Documents of a few tokens or of some dozens, picked for at random, by a load. */
static void
test_short_documents(gconstpointer data)
{
    enum { DOCUMENTS = 600, E = 24, K = 2 };
    bool uniform = GPOINTER_TO_INT(data) == 1;
    MoeRng rng = moe_rng(5, 3);
    int lengths[DOCUMENTS], tokens = 0;
    for (int d = 0; d < DOCUMENTS; d++)
        tokens += lengths[d] = 4 + (int)moe_rng_below(&rng, d % 3 == 0 ? 60 : 16);
    g_autoptr(Routed) routed = routed_new(1, tokens, E, K, 1);
    for (int64_t t = 0, d = 0, left = lengths[0]; t < tokens; t++, left--) {
        if (left == 0)
            left = lengths[++d];
        routed->doc[t] = (int32_t)d;
        routed->domain[t] = routed->step[t] = 0;
        int a = (int)moe_rng_below(&rng, uniform ? E : 1 + moe_rng_below(&rng, E)), b = a;
        while (b == a)
            b = (int)moe_rng_below(&rng, uniform ? E : 1 + moe_rng_below(&rng, E));
        routed->expert[K * t] = a;
        routed->expert[K * t + 1] = b;
    }
    g_autoptr(MoeSummary) summary =
        routed_count(routed, 900, MOE_TALLY_CACHES | MOE_TALLY_DOCUMENTS, -1);
    MoeMetricCell cell = moe_metric_cell(summary, NULL, 0, MOE_DOMAIN_ALL, NULL);
    const char *const names[] = {
        "cache-lru@2/8",    "cache-lru@5/8",    "cache-lfu@5/8",    "cache-lfu@7/8",
        "cache-belady@3/8", "cache-belady@5/8", "cache-belady@7/8", NULL};
    for (int i = 0; names[i]; i++) {
        const MoeMetric *metric = moe_metric_find(names[i]);
        double found = moe_metric_value(metric, &cell);
        double null =
            uniform ? moe_metric_uniform(metric, &cell) : moe_metric_shuffled(metric, &cell);
        g_test_message("%s: %g found, %g by chance", names[i], found, null);
        assert_near(null, found, 0.012);
    }
}

/* One document in two parts, of picks at random: a share c/E is found by who doesn't look ahead. */
static void
test_long(void)
{
    enum { TOKENS = 70000, E = 16 };
    MoeRng rng = moe_rng(8, 8);
    g_autoptr(Routed) routed = routed_new(1, TOKENS, E, 2, 1);
    for (int64_t t = 0; t < TOKENS; t++) {
        routed->doc[t] = routed->domain[t] = routed->step[t] = 0;
        int a = (int)moe_rng_below(&rng, E), b = (int)moe_rng_below(&rng, E - 1);
        routed->expert[2 * t] = a;
        routed->expert[2 * t + 1] = b + (b >= a);
    }
    g_autoptr(MoeSummary) summary =
        routed_count(routed, 9000, MOE_TALLY_CACHES | MOE_TALLY_DOCUMENTS, -1);
    const MoeSummaryCell *domains[ROUTED_DOMAINS];
    MoeMetricCell cell = moe_metric_cell(summary, NULL, 0, MOE_DOMAIN_ALL, domains);
    for (int i = 1; i <= MOE_CACHES; i++) {
        g_autofree char *lru = g_strdup_printf("cache-lru@%d/8", i);
        g_autofree char *lfu = g_strdup_printf("cache-lfu@%d/8", i);
        g_autofree char *belady = g_strdup_printf("cache-belady@%d/8", i);
        double best = moe_metric_value(moe_metric_find(belady), &cell);
        assert_near(moe_metric_uniform(moe_metric_find(lru), &cell), i / 8.0, 1e-3);
        assert_near(moe_metric_value(moe_metric_find(lru), &cell), i / 8.0, 0.006);
        assert_near(moe_metric_value(moe_metric_find(lfu), &cell), i / 8.0, 0.006);
        /* Drawn. */
        assert_near(moe_metric_uniform(moe_metric_find(belady), &cell), best, 0.02);
        assert_near(moe_metric_shuffled(moe_metric_find(lru), &cell), i / 8.0, 0.02);
        assert_near(moe_metric_shuffled(moe_metric_find(lfu), &cell), i / 8.0, 0.02);
        assert_near(moe_metric_shuffled(moe_metric_find(belady), &cell), best, 0.02);
        if (i > 1) /* two picks fill a cache of two: nothing is left to choose */
            g_assert_cmpfloat(best, >, i / 8.0 + 0.05);
    }
    const char *const segments[] = {"srp@16", "srp@16x1", "srp@16x2", "sch@16x1", "sch@16x2"};
    for (gsize i = 0; i < G_N_ELEMENTS(segments); i++) {
        const MoeMetric *metric = moe_metric_find(segments[i]);
        double found = moe_metric_value(metric, &cell);
        double uniform = moe_metric_uniform(metric, &cell);
        g_test_message("%s: %g found, %g by chance", segments[i], found, uniform);
        assert_near(found / uniform, 1, i < 3 ? 0.005 : 0.03);
        assert_near(moe_metric_shuffled(metric, &cell), found, i < 3 ? 0.005 : 0.02);
    }
    double shuffled = moe_metric_shuffled(moe_metric_find("srp@16"), &cell);
    assert_near(moe_metric_uniform(moe_metric_find("srp@16"), &cell), shuffled, 0.002);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    routed_begin();
    g_test_add_func("/tally-caches/sizes", test_sizes);
    g_test_add_data_func("/tally-caches/slowly/two", GINT_TO_POINTER(0), test_slowly);
    g_test_add_data_func("/tally-caches/slowly/heads", GINT_TO_POINTER(1), test_slowly);
    g_test_add_data_func("/tally-caches/slowly/more-than-fit", GINT_TO_POINTER(2), test_slowly);
    g_test_add_data_func("/tally-caches/slowly/varying", GINT_TO_POINTER(3), test_slowly);
    g_test_add_func("/tally-caches/segments", test_segments);
    g_test_add_func("/tally-caches/segment-metrics", test_segment_metrics);
    g_test_add_func("/tally-caches/optimum", test_optimum);
    g_test_add_func("/tally-caches/documents", test_documents);
    g_test_add_func("/tally-caches/long", test_long);
    g_test_add_data_func("/tally-caches/short-documents/uniform", GINT_TO_POINTER(1),
                         test_short_documents);
    g_test_add_data_func("/tally-caches/short-documents/shuffled", GINT_TO_POINTER(2),
                         test_short_documents);
    int status = g_test_run();
    routed_end();
    return status;
}
