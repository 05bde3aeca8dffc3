/* SPDX-License-Identifier: MIT
 *
 * chance-draw.c: tables of counts drawn around what is expected of them.
 */
#include "stats/chance-draw.h"

#include "stats/interval.h"

#include <math.h>
#include <stdlib.h>

enum {
    FEW = 30,      /* expected hits that are drawn exactly */
    DRAWS = 49152, /* counts that all tables of a mean have together, about */
    LEAST = 4,     /* tables, and at most */
    MOST = 256,
    ITERATIONS = 200,
    SEED = 4,
};

int64_t
moe__draw_binomial(MoeRng *rng, int64_t n, double p)
{
    if (n <= 0 || p <= 0)
        return 0;
    if (p > 0.5)
        return n - moe__draw_binomial(rng, n, 1 - p);
    double mean = (double)n * p;
    if (mean >= FEW) {
        double x = mean + sqrt(mean * (1 - p)) * (double)moe_rng_normal(rng);
        return (int64_t)CLAMP(round(x), 0, (double)n);
    }
    double left = ((double)moe_rng_u32(rng) + 0.5) * 0x1p-32;
    double chance = exp((double)n * log1p(-p)), odds = p / (1 - p);
    int64_t hits = 0;
    while (left > chance && hits < n) {
        left -= chance;
        chance *= (double)(n - hits) / (double)(hits + 1) * odds;
        hits++;
    }
    return hits;
}

/* ln C(n, k). */
static double
log_choose(int64_t n, int64_t k)
{
    return lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1);
}

int64_t
moe__draw_marked(MoeRng *rng, int64_t all, int64_t marked, int64_t n)
{
    int64_t least = MAX(0, marked + n - all), most = MIN(marked, n), x = least;
    if (least >= most)
        return most;
    double share = (double)marked / (double)all, mean = (double)n * share;
    double variance = mean * (1 - share) * (double)(all - n) / (double)(all - 1);
    if (mean - (double)least >= FEW && (double)most - mean >= FEW)
        return (int64_t)CLAMP(round(mean + sqrt(variance) * (double)moe_rng_normal(rng)),
                              (double)least, (double)most);
    double left = ((double)moe_rng_u32(rng) + 0.5) * 0x1p-32;
    double chance =
        exp(log_choose(marked, x) + log_choose(all - marked, n - x) - log_choose(all, n));
    for (; left > chance && x < most; x++) {
        left -= chance;
        chance *= (double)(marked - x) * (double)(n - x) /
                  ((double)(x + 1) * (double)(all - marked - n + x + 1));
    }
    return x;
}

/* Column after column of what is left. */
void
moe__draw_row(MoeRng *rng, int64_t units, const double *share, int n, int64_t *drawn)
{
    double rest = 1;
    for (int j = 0; j < n; j++) {
        drawn[j] = rest > share[j] ? moe__draw_binomial(rng, units, share[j] / rest) : units;
        units -= drawn[j];
        rest -= share[j];
    }
}

/* Systematic sampling in random order (Madow 1949). */
void
moe__draw_set(MoeRng *rng, const double *chance, int experts, int *order, GArray *picks)
{
    double at = (double)moe_rng_uniform(rng);
    for (int i = experts - 1; i > 0; i--) {
        int j = (int)moe_rng_below(rng, (uint64_t)i + 1), e = order[i];
        order[i] = order[j];
        order[j] = e;
    }
    for (int i = 0; i < experts; i++) {
        int32_t e = order[i];
        at -= chance[e];
        if (at >= 0)
            continue;
        at += 1;
        g_array_append_val(picks, e);
    }
}

void
moe__draw_even_set(MoeRng *rng, double each, int experts, int *order, GArray *picks)
{
    int n = (int)floor(each * experts + (double)moe_rng_uniform(rng) + 1e-9);
    for (int i = 0; i < MIN(n, experts); i++) {
        int j = i + (int)moe_rng_below(rng, (uint64_t)(experts - i));
        int32_t e = order[j];
        order[j] = order[i];
        order[i] = e;
        g_array_append_val(picks, e);
    }
}

/* Where the distribution function of one reaches the m-th root of a uniform number: as above, but
 * with the skewness of few hits that are no longer few (Cornish and Fisher 1938). */
int64_t
moe__draw_binomial_highest(MoeRng *rng, int64_t n, double p, double m)
{
    double reach = pow(((double)moe_rng_u32(rng) + 0.5) * 0x1p-32, 1 / m);
    double mean = (double)n * p, chance = exp((double)n * log1p(-p)), odds = p / (1 - p);
    int64_t hits = 0;
    if (n <= 0 || p <= 0 || p >= 1)
        return p >= 1 ? n : 0;
    if (mean >= FEW && reach < 1) {
        double z = moe__normal_quantile(reach);
        double x = mean + sqrt(mean * (1 - p)) * z + (1 - 2 * p) * (z * z - 1) / 6;
        return (int64_t)CLAMP(round(x), 0, (double)n);
    }
    for (double below = chance; below < reach && hits < n && chance > 0; below += chance) {
        chance *= (double)(n - hits) / (double)(hits + 1) * odds;
        hits++;
    }
    return hits;
}

/* Counts of units that each pick the same number of experts. They have a fixed sum, which sets them
 * farther apart than binomial ones (chance.h): these are moved by turns to where they add up. */
void
moe__draw_load(MoeRng *rng, int experts, int64_t units, double q, int64_t *count)
{
    int64_t more = llround(q * (double)units * experts);
    for (int e = 0; e < experts; e++)
        more -= count[e] = moe__draw_binomial(rng, units, q);
    for (int e = 0; llabs(more) >= 4 * (int64_t)experts && e < experts; e++) {
        int64_t moved = CLAMP(count[e] + more / (experts - e), 0, units) - count[e];
        count[e] += moved;
        more -= moved;
    }
    while (more != 0) {
        int e = (int)moe_rng_below(rng, (uint64_t)experts), step = more > 0 ? 1 : -1;
        if (count[e] + step < 0 || count[e] + step > units)
            continue;
        count[e] += step;
        more -= step;
    }
}

static int
how_many(int64_t counts)
{
    return (int)CLAMP(DRAWS / MAX(counts, 1), LEAST, MOST);
}

/* --- Pairs ------------------------------------------------------------------------------------*/

/* How far lifts vary, as a share of independent counts, where units make k picks on average: by the
 * interaction's variance. Of all E (E - 1) / 2 pairs E (E - 3) / 2 are left to vary when each
 * expert's own share is taken out, of those that are drawn all but their mean. */
static double
narrowing(double k, double experts)
{
    double second = (k - 2) / (experts - 2), third = second * (k - 3) / (experts - 3);
    if (experts < 4 || k < 2)
        return 1;
    double left = experts * (experts - 3) / ((experts - 2) * (experts + 1));
    double both =
        k * (k - 1) / (experts * (experts - 1)); /* counts vary by 1 - both of their mean */
    return sqrt(MAX(0, 1 - 2 * second + third) * left / MAX(1 - both, 1e-9));
}

/* What is expected of a table. */
typedef struct Expected {
    double *pairs;     /* [E × E], of which i < j is read */
    int64_t *diagonal; /* [E] */
    int64_t units;
    int experts;
} Expected;

static void
expected_clear(Expected *expected)
{
    g_free(expected->pairs);
    g_free(expected->diagonal);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Expected, expected_clear)

static Expected
expected_new(int64_t units, int experts)
{
    gsize n = (gsize)experts;
    return (Expected){g_new0(double, n *n), g_new0(int64_t, n), units, experts};
}

static void
draw_pairs(MoeRng *rng, const Expected *expected, double width, int64_t *together)
{
    gsize n = (gsize)expected->experts;
    for (gsize i = 0; i < n; i++)
        for (gsize j = i + 1; j < n; j++) {
            double mean = expected->pairs[i * n + j];
            int64_t drawn =
                moe__draw_binomial(rng, expected->units, mean / (double)expected->units);
            int64_t both = (int64_t)round(mean + ((double)drawn - mean) * width);
            both = MIN(both, MIN(expected->diagonal[i], expected->diagonal[j]));
            together[i * n + j] = together[j * n + i] = both;
        }
}

static double
mean_of_pairs(const Expected *expected, MoePairsFunc of, bool lift)
{
    gsize n = (gsize)expected->experts;
    g_autofree int64_t *together = g_new0(int64_t, n * n);
    MoeRng rng = moe_rng(SEED, 0);
    int tables = how_many((int64_t)(n * (n - 1) / 2)), defined = 0;
    double sum = 0, picks = 0;
    for (gsize i = 0; i < n; i++) {
        together[i * n + i] = expected->diagonal[i];
        picks += (double)expected->diagonal[i];
    }
    double width = lift ? narrowing(picks / (double)expected->units, (double)n) : 1;
    for (int t = 0; t < tables; t++) {
        draw_pairs(&rng, expected, width, together);
        double value = of(together, expected->units, expected->experts);
        if (isfinite(value)) {
            sum += value;
            defined++;
        }
    }
    return defined > 0 ? sum / defined : NAN;
}

static double
beside_diagonal(const MoePairCell *pairs)
{
    double sum = 0;
    gsize n = (gsize)pairs->experts;
    for (gsize i = 0; i < n * n; i++)
        sum += i % (n + 1) == 0 ? 0 : (double)pairs->together[i];
    return sum;
}

double
moe__pairs_uniform(const MoeMetricCell *cell, MoePairsFunc of, bool lift)
{
    const MoeSummaryCell *summary = cell->summary;
    int64_t units = cell->pairs->units;
    double experts = summary->experts, picks = 0, pairs = 0;
    if (units == 0 || summary->experts < 2)
        return NAN;
    for (int k = 1; k <= summary->experts; k++) {
        picks += (double)summary->making[k] * k;
        pairs += (double)summary->making[k] * k * (k - 1);
    }
    gsize n = (gsize)summary->experts;
    if (cell->whole) /* how many of its picks are of the kind isn't known of each unit */
        pairs = beside_diagonal(cell->pairs);
    g_auto(Expected) expected = expected_new(units, summary->experts);
    for (gsize i = 0; i < n * n; i++)
        expected.pairs[i] = pairs / experts / (experts - 1);
    for (gsize i = 0; i < n; i++)
        expected.diagonal[i] = MIN(units, (int64_t)round(picks / experts));
    return mean_of_pairs(&expected, of, lift);
}

/* Solves Σ_{j≠i} a_i a_j = r_i by turns, each step half way (in logarithms), so that it settles. */
static void
solve(const double *r, int n, double *a)
{
    double all = 0;
    for (int i = 0; i < n; i++)
        all += r[i];
    for (int i = 0; i < n; i++)
        a[i] = all > 0 ? r[i] / sqrt(all) : 0;
    for (int iteration = 0; iteration < ITERATIONS; iteration++) {
        double sum = 0, moved = 0;
        for (int i = 0; i < n; i++)
            sum += a[i];
        for (int i = 0; i < n; i++) {
            double others = sum - a[i];
            double next = others > 0 ? sqrt(a[i] * r[i] / others) : 0;
            moved = MAX(moved, fabs(next - a[i]) / MAX(a[i], 1e-300));
            a[i] = next;
        }
        if (moved < 1e-9)
            return;
    }
}

double
moe__pairs_shuffled(const MoeMetricCell *cell, MoePairsFunc of, bool lift)
{
    const MoePairCell *pairs = cell->pairs;
    if (pairs->units == 0 || pairs->experts < 2)
        return NAN;
    gsize n = (gsize)pairs->experts;
    g_auto(Expected) expected = expected_new(pairs->units, pairs->experts);
    g_autofree double *r = g_new0(double, n), *a = g_new(double, n);
    int64_t *diagonal = expected.diagonal;
    for (gsize i = 0; i < n; i++) {
        diagonal[i] = pairs->together[i * n + i];
        for (gsize j = 0; j < n; j++)
            r[i] += j != i ? (double)pairs->together[i * n + j] : 0;
    }
    solve(r, pairs->experts, a);
    for (gsize i = 0; i < n; i++)
        for (gsize j = 0; j < n; j++)
            expected.pairs[i * n + j] = MIN(a[i] * a[j], (double)MIN(diagonal[i], diagonal[j]));
    return mean_of_pairs(&expected, of, lift);
}

/* --- Flows ------------------------------------------------------------------------------------*/

/* Units of each row, and shares of columns. */
static void
find_margins(const MoeFlowCell *flow, bool uniform, int64_t *row, double *share)
{
    gsize from = (gsize)flow->from, to = (gsize)flow->experts;
    for (gsize i = 0; i < from; i++)
        for (gsize j = 0; j < to; j++) {
            row[i] += flow->moves[i * to + j];
            share[j] += (double)flow->moves[i * to + j] / (double)flow->units;
        }
    for (gsize i = 0; uniform && i < from; i++)
        row[i] = flow->units * (int64_t)(i + 1) / (int64_t)from -
                 flow->units * (int64_t)i / (int64_t)from;
    for (gsize j = 0; uniform && j < to; j++)
        share[j] = 1.0 / (double)to;
}

double
moe__moves_by_chance(const int64_t *row, int from, const double *share, int experts, MoeFlowFunc of)
{
    g_autofree int64_t *drawn = g_new(int64_t, (gsize)from * (gsize)experts);
    MoeRng rng = moe_rng(SEED, 1);
    int tables = how_many((int64_t)from * experts);
    double sum = 0;
    for (int t = 0; t < tables; t++) {
        for (int i = 0; i < from; i++)
            moe__draw_row(&rng, row[i], share, experts, drawn + (gsize)i * (gsize)experts);
        sum += of(drawn, from, experts);
    }
    return sum / tables;
}

double
moe__flow_by_chance(const MoeFlowCell *flow, MoeFlowFunc of, bool uniform)
{
    if (flow->units == 0)
        return NAN;
    g_autofree int64_t *row = g_new0(int64_t, (gsize)flow->from);
    g_autofree double *share = g_new0(double, (gsize)flow->experts);
    find_margins(flow, uniform, row, share);
    return moe__moves_by_chance(row, flow->from, share, flow->experts, of);
}
