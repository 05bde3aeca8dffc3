/* SPDX-License-Identifier: MIT
 *
 * load.c: how evenly picks spread over experts. Formulas and sources are in stats.h.
 */
#include <moescope/stats.h>

#include <math.h>

static int64_t
total(const int64_t *count, int experts)
{
    int64_t sum = 0;
    for (int e = 0; e < experts; e++)
        sum += count[e];
    return sum;
}

void
moe_load_share(const int64_t *count, int experts, double *share)
{
    double n = (double)total(count, experts);
    for (int e = 0; e < experts; e++)
        share[e] = (double)count[e] / n; /* 0/0 is NaN */
}

double
moe_load_entropy(const int64_t *count, int experts)
{
    double n = (double)total(count, experts), h = 0;
    if (n == 0)
        return NAN;
    for (int e = 0; e < experts; e++)
        if (count[e] > 0)
            h -= (double)count[e] / n * log((double)count[e] / n);
    return h;
}

double
moe_load_entropy_normalised(const int64_t *count, int experts)
{
    double h = moe_load_entropy(count, experts);
    return experts > 1 || isnan(h) ? h / log(experts) : 1;
}

double
moe_load_effective_experts(const int64_t *count, int experts)
{
    return exp(moe_load_entropy(count, experts));
}

double
moe_load_max_violation(const int64_t *count, int experts)
{
    double mean = (double)total(count, experts) / experts;
    int64_t highest = 0;
    for (int e = 0; e < experts; e++)
        highest = MAX(highest, count[e]);
    return ((double)highest - mean) / mean;
}

double
moe_load_cv(const int64_t *count, int experts)
{
    double mean = (double)total(count, experts) / experts, squares = 0;
    for (int e = 0; e < experts; e++)
        squares += ((double)count[e] - mean) * ((double)count[e] - mean);
    return sqrt(squares / experts) / mean;
}

int
moe_load_dead(const int64_t *count, int experts)
{
    int dead = 0;
    for (int e = 0; e < experts; e++)
        dead += count[e] == 0;
    return dead;
}

double
moe_null_cv(int64_t units, int k, int experts)
{
    double p = (double)k / experts;
    return sqrt((1 - p) / ((double)units * p));
}

double
moe_null_cv_varying(const int64_t *making, int experts)
{
    double mean = 0, variance = 0;
    for (int j = 0; j <= experts; j++) {
        double p = (double)j / experts;
        mean += (double)making[j] * p;
        variance += (double)making[j] * p * (1 - p);
    }
    return sqrt(variance) / mean; /* 0/0 is NaN */
}

double
moe_null_dead_varying(const int64_t *making, int experts)
{
    double spared = 1;
    for (int j = 0; j <= experts; j++)
        spared *= pow((double)(experts - j) / experts, (double)making[j]);
    return experts * spared;
}

double
moe_null_dead(int64_t units, int k, int experts)
{
    return experts * pow((double)(experts - k) / experts, (double)units);
}
