/* SPDX-License-Identifier: MIT
 *
 * load-spread.c: further measures of how evenly picks spread. Formulas are in stats.h.
 */
#include <moescope/stats.h>

#include <math.h>
#include <string.h>

static int64_t
total(const int64_t *count, int experts)
{
    int64_t sum = 0;
    for (int e = 0; e < experts; e++)
        sum += count[e];
    return sum;
}

static int64_t
highest(const int64_t *count, int experts)
{
    int64_t most = count[0];
    for (int e = 1; e < experts; e++)
        most = MAX(most, count[e]);
    return most;
}

static int
by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* A copy, lowest first. */
static int64_t *
sorted(const int64_t *count, int experts)
{
    int64_t *copy = g_new(int64_t, (gsize)experts);
    memcpy(copy, count, sizeof *copy * (gsize)experts);
    qsort(copy, (size_t)experts, sizeof *copy, by_size);
    return copy;
}

double
moe_load_effective_simpson(const int64_t *count, int experts)
{
    double n = (double)total(count, experts), squares = 0;
    for (int e = 0; e < experts; e++)
        squares += (double)count[e] / n * ((double)count[e] / n);
    return 1 / squares;
}

double
moe_load_effective_max(const int64_t *count, int experts)
{
    int64_t n = total(count, experts);
    return n > 0 ? (double)n / (double)highest(count, experts) : NAN;
}

double
moe_load_min_violation(const int64_t *count, int experts)
{
    double mean = (double)total(count, experts) / experts;
    int64_t least = count[0];
    for (int e = 1; e < experts; e++)
        least = MIN(least, count[e]);
    return (mean - (double)least) / mean;
}

double
moe_load_mean_violation(const int64_t *count, int experts)
{
    double mean = (double)total(count, experts) / experts, sum = 0;
    for (int e = 0; e < experts; e++)
        sum += fabs((double)count[e] - mean);
    return sum / experts / mean;
}

double
moe_load_gini(const int64_t *count, int experts)
{
    g_autofree int64_t *order = sorted(count, experts);
    double sum = 0;
    for (int i = 0; i < experts; i++)
        sum += (2.0 * (i + 1) - experts - 1) * (double)order[i];
    return sum / ((double)experts * (double)total(count, experts));
}

double
moe_load_balancedness(const int64_t *count, int experts)
{
    return moe_load_effective_max(count, experts) / experts;
}

double
moe_load_divergence(const int64_t *count, int experts)
{
    return log(experts) - moe_load_entropy(count, experts);
}

double
moe_load_uneven(const int64_t *count, int experts)
{
    return moe_load_mean_violation(count, experts) / 2;
}

double
moe_load_coverage(const int64_t *count, int experts, int n)
{
    g_autofree int64_t *order = sorted(count, experts);
    int64_t covered = 0;
    for (int i = MAX(0, experts - n); i < experts; i++)
        covered += order[i];
    return (double)covered / (double)total(count, experts);
}

int
moe_load_hot_set(const int64_t *count, int experts, double q)
{
    g_autofree int64_t *order = sorted(count, experts);
    /* A share of exactly q may come out a hair below it. */
    double wanted = q * (double)total(count, experts) * (1 - 1e-12);
    int64_t covered = 0;
    int n = 0;
    while (n < experts && (double)covered < wanted)
        covered += order[experts - ++n];
    return n;
}

double
moe_load_activation(const int64_t *count, int experts, double theta)
{
    double n = (double)total(count, experts);
    int active = 0;
    for (int e = 0; e < experts; e++)
        active += (double)count[e] > theta * n;
    return n > 0 ? (double)active / experts : NAN;
}
