/* SPDX-License-Identifier: MIT
 *
 * chance-highest.c: expectations of the highest count, E[max] = Σ_m P(max > m).
 */
#include "stats/chance-highest.h"

#include "stats/chance-draw.h"

#include <math.h>
#include <string.h>

enum {
    FEW = 400,  /* expected counts up to this are gone through one by one */
    STEPS = 96, /* of the distribution of larger ones */
    RUNS = 256, /* of drawn sets */
    SEED = 6,
};

/* --- Few units: by all ways to share them out -------------------------------------------------*/

/* series[j] for j = 0 … most: the chance of the j-th power of an expert's own, but for what
 * norm_of() says. */
static void
fill_series(const MoeHighestLoad *load, int expert, int most, double *series)
{
    double p = load->chance[expert], held = round(p * load->dealt);
    series[0] = 1;
    for (int j = 0; j < most; j++)
        series[j + 1] =
            series[j] / (j + 1) * (load->dealt > 0 ? fmax(0, held - j) / load->dealt : p);
}

/* The sum of all ways. */
static double
norm_of(const MoeHighestLoad *load, int n)
{
    double norm = 1;
    for (int i = 0; i < n; i++)
        norm *= (load->dealt > 0 ? fmax(0, load->dealt - i) / load->dealt : 1) / (i + 1);
    return norm;
}

/* ways[n]: of those of n units, the ones that give no expert more than `most`. */
static void
count_ways(const MoeHighestLoad *load, int most, double *ways)
{
    double series[MOE_HIGHEST_EXACT + 1];
    memset(ways, 0, (MOE_HIGHEST_EXACT + 1) * sizeof *ways);
    ways[0] = 1;
    for (int e = 0; e < load->experts; e++) {
        if (e == 0 || load->chance[e] != load->chance[e - 1])
            fill_series(load, e, most, series);
        for (int n = MOE_HIGHEST_EXACT; n > 0; n--)
            for (int j = 1; j <= MIN(n, most); j++)
                ways[n] += ways[n - j] * series[j];
    }
}

void
moe__highest_exact(const MoeHighestLoad *load, double *highest)
{
    double ways[MOE_HIGHEST_EXACT + 1];
    memset(highest, 0, (MOE_HIGHEST_EXACT + 1) * sizeof *highest);
    for (int most = 0; most < MOE_HIGHEST_EXACT; most++) {
        count_ways(load, most, ways);
        for (int n = most + 1; n <= MOE_HIGHEST_EXACT; n++) {
            double norm = norm_of(load, n);
            highest[n] += norm > 0 ? fmax(0, 1 - ways[n] / norm) : 0;
        }
    }
}

/* --- More: counts one by one ------------------------------------------------------------------*/

/* Counts of one expert up to some m: Σ_j≤m j^i P(j). */
typedef struct Count {
    double tries, odds; /* P(j + 1) / P(j) = (tries - j) odds / (j + 1); below 0: odds / (j + 1) */
    double p;           /* P(m) */
    double sum[5];
} Count;

static Count
binomial(double tries, double q)
{
    double p = q < 1 ? exp(tries * log1p(-q)) : 0;
    return (Count){tries, q / (1 - q), p, {p, 0, 0, 0, 0}};
}

static Count
poisson(double mean)
{
    return (Count){-1, mean, exp(-mean), {exp(-mean), 0, 0, 0, 0}};
}

static void
include_next(Count *count, double m)
{
    double tries = count->tries >= 0 ? fmax(0, count->tries - m + 1) : 1, power;
    count->p *= tries * count->odds / m;
    power = count->p;
    for (int i = 0; i < 5; i++, power *= m)
        count->sum[i] += power;
}

/* Cumulants of the sum of counts that are m at most each. */
static void
add_cumulants(const Count *count, double *k)
{
    double all = 1 / count->sum[0], a = count->sum[1] * all, b = count->sum[2] * all;
    double c = count->sum[3] * all, d = count->sum[4] * all, two = b - a * a;
    k[0] += a;
    k[1] += two;
    k[2] += c - 3 * a * b + 2 * a * a * a;
    k[3] += d - 4 * a * c + 6 * a * a * b - 3 * a * a * a * a - 3 * two * two;
}

/* P(a sum with these cumulants is n), by Edgeworth's series. */
static double
density_at(const double *k, double n)
{
    if (!(k[1] > 1e-9))
        return 0;
    double s = sqrt(k[1]), z = (n - k[0]) / s, z2 = z * z, skew = k[2] / (k[1] * s);
    double third = z * (z2 - 3), fourth = z2 * z2 - 6 * z2 + 3;
    double sixth = z2 * z2 * z2 - 15 * z2 * z2 + 45 * z2 - 15;
    double series =
        1 + skew / 6 * third + k[3] / (k[1] * k[1]) / 24 * fourth + skew * skew / 72 * sixth;
    return fmax(0, series) * exp(-z2 / 2) / (s * sqrt(2 * G_PI));
}

/* P(no count is above m): where they sum to n, independent counts given their sum (Levin 1981). */
static double
none_above(const Count *count, int experts, double n, double of_sum)
{
    double product = 1, k[4] = {0};
    for (int e = 0; e < experts; e++)
        product *= count[e].sum[0];
    if (product < 1e-9 || !(of_sum > 0))
        return fmin(1, product);
    for (int e = 0; e < experts; e++)
        add_cumulants(&count[e], k);
    return fmin(1, product * density_at(k, n) / of_sum);
}

/* Σ of P(max > m) for m = 0 … end - 1. of_sum 0: counts don't depend on each other. */
static double
sum_over(Count *count, int experts, double n, double of_sum, double end)
{
    double highest = 1, above = 1;
    for (double m = 1; m < end && above > 1e-7; m++) {
        for (int e = 0; e < experts; e++)
            include_next(&count[e], m);
        if (m * experts >= n) /* else some expert has more */
            above = fmin(above, 1 - none_above(count, experts, n, of_sum));
        highest += above;
    }
    return highest;
}

/* --- Many: counts are normal ------------------------------------------------------------------*/

/* P(no count is above x). */
static double
none_above_normal(const double *chance, int experts, double n, double narrow, double x)
{
    double product = 1, last = -1, same = 1;
    for (int e = 0; e < experts && product > 0; e++) {
        double mean = n * chance[e], width = sqrt(mean * (1 - chance[e])) * narrow;
        if (chance[e] != last)
            same = width > 0 ? erfc((mean - x) / width / G_SQRT2) / 2 : x >= mean;
        last = chance[e];
        product *= same;
    }
    return product;
}

/* The integral of P(max > x). */
static double
integrate(const double *chance, int experts, double n, double narrow)
{
    double mean = 0, width = 0, sum = 0;
    for (int e = 0; e < experts; e++) {
        mean = fmax(mean, n * chance[e]);
        width = fmax(width, sqrt(n * chance[e] * (1 - chance[e])) * narrow);
    }
    double low = mean - 6 * width, step = 12 * width / STEPS;
    for (int i = 0; i <= STEPS; i++)
        sum += (i % STEPS == 0 ? 0.5 : 1) *
               (1 - none_above_normal(chance, experts, n, narrow, low + i * step));
    return low + sum * step;
}

/* --- Together ---------------------------------------------------------------------------------*/

static double
largest(const double *chance, int experts)
{
    double most = 0;
    for (int e = 0; e < experts; e++)
        most = fmax(most, chance[e]);
    return most;
}

/* Counts with a fixed sum are farther apart than independent ones: of even ones, any two have the
 * correlation -1 / (E - 1) (chance.c). Of others, as of so many even ones as their shares are like;
 * where one expert is far above all, nothing is to be set apart. */
static double
set_apart(const double *chance, int experts, double n, double highest)
{
    double sum = 0, squares = 0, mean = n * largest(chance, experts);
    for (int e = 0; e < experts; e++) {
        sum += chance[e];
        squares += chance[e] * chance[e];
    }
    double alike = fmax(2, sum * sum / squares);
    return fmin(n, mean + (highest - mean) * sqrt(alike / (alike - 1)));
}

static double
log_choose(double n, double k)
{
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

/* P(x of n units are an expert's), of a share q, or of marked ones among all. */
typedef struct Own {
    double n, q, all, marked;
} Own;

static double
chance_of(const Own *own, double x)
{
    double n = own->n, q = own->q, others = own->all - own->marked;
    if (!(own->all > 0))
        return exp(log_choose(n, x) + x * log(q) + (n - x) * log1p(-q));
    if (x > own->marked || n - x > others)
        return 0;
    return exp(log_choose(own->marked, x) + log_choose(others, n - x) - log_choose(own->all, n));
}

/* E[max(0, x - from)]; from the side of `from` that is the tail, so that what is lost is small. */
static double
excess_over(const Own *own, double from)
{
    double mean = own->n * own->q, sum = 0, p = 1;
    if (own->q <= 0 || own->q >= 1)
        return fmax(0, mean - from);
    bool above = mean > from;
    for (double d = 1; p > 1e-15 && d <= (above ? from : own->n - from); d++) {
        p = chance_of(own, above ? from - d : from + d);
        sum += p * d;
    }
    return above ? mean - from + sum : sum;
}

/* Of units with one expert each no two experts have more than half: from there on chances add up,
 * whatever is said of those before. */
static double
excess_over_half(const MoeHighestLoad *load, double n)
{
    double sum = 0;
    for (int e = 0; e < load->experts; e++) {
        if (load->chance[e] < 0.05) /* once in 10⁷ has it half of 16 */
            continue;
        Own own = {n, load->chance[e], load->dealt, round(load->dealt * load->chance[e])};
        sum += excess_over(&own, ceil(n / 2));
    }
    return sum;
}

double
moe__highest_of_one(const MoeHighestLoad *load, double n)
{
    double most = largest(load->chance, load->experts), all = load->dealt, share = n / all;
    if (all > 0 && n >= all)
        return most * n;
    if (n * most > FEW)
        return set_apart(load->chance, load->experts, n,
                         integrate(load->chance, load->experts, n, all > 0 ? sqrt(1 - share) : 1));
    g_autofree Count *count = g_new(Count, (gsize)load->experts);
    for (int e = 0; e < load->experts; e++)
        count[e] =
            all > 0 ? binomial(round(all * load->chance[e]), share) : poisson(n * load->chance[e]);
    double of_sum = all > 0 ? log_choose(all, n) + n * log(share) + (all - n) * log1p(-share)
                            : n * log(n) - n - lgamma(n + 1);
    return fmin(n, sum_over(count, load->experts, n, exp(of_sum), ceil(n / 2)) +
                       excess_over_half(load, n));
}

double
moe__highest_of_sets(const double *chance, int experts, double n)
{
    double most = largest(chance, experts);
    if (most >= 1)
        return n;
    if (n * most > FEW)
        return set_apart(chance, experts, n, integrate(chance, experts, n, 1));
    g_autofree Count *count = g_new(Count, (gsize)MAX(experts, 1));
    for (int e = 0; e < experts; e++)
        count[e] = binomial(n, chance[e]);
    return set_apart(chance, experts, n, sum_over(count, experts, n, 0, n));
}

void
moe__highest_drawn(const double *chance, int experts, double *highest)
{
    MoeRng rng = moe_rng(SEED, 0);
    g_autofree int *order = g_new(int, (gsize)experts), *count = g_new(int, (gsize)experts);
    g_autoptr(GArray) picks = g_array_new(FALSE, FALSE, sizeof(int32_t));
    memset(highest, 0, (MOE_HIGHEST_EXACT + 1) * sizeof *highest);
    for (int e = 0; e < experts; e++)
        order[e] = e;
    for (int run = 0; run < RUNS; run++) {
        int most = 1; /* a unit has picks */
        memset(count, 0, (gsize)experts * sizeof *count);
        for (int n = 1; n <= MOE_HIGHEST_EXACT; n++) {
            g_array_set_size(picks, 0);
            moe__draw_set(&rng, chance, experts, order, picks);
            for (guint i = 0; i < picks->len; i++) {
                int own = ++count[g_array_index(picks, int32_t, i)];
                most = MAX(most, own);
            }
            highest[n] += (double)most / RUNS;
        }
    }
}
