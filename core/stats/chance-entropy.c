/* SPDX-License-Identifier: MIT
 *
 * chance-entropy.c: expectations of entropies of binomial counts.
 */
#include "stats/chance-entropy.h"

#include <math.h>

/* Counts below this are summed over, one by one. */
#define FEW 60

/* -f ln f for f = x / n. */
static double
term(double x, double n)
{
    return x > 0 ? -x / n * log(x / n) : 0;
}

static double
sum_over(double units, double q, double n)
{
    double p = exp(units * log1p(-q)), sum = 0, last = FEW + 14 * sqrt(FEW);
    for (double x = 0; x <= units && x <= last; x++) {
        sum += p * term(x, n);
        p *= (units - x) / (x + 1) * (q / (1 - q));
    }
    return sum;
}

/* Moments of the binomial up to the fourth, times derivatives of -x/n ln x/n. */
static double
expand(double units, double q, double n)
{
    double mean = units * q, two = mean * (1 - q), three = two * (1 - 2 * q);
    double four = 3 * two * two + two * (1 - 6 * q * (1 - q));
    return term(mean, n) - two / (2 * n * mean) + three / (6 * n * mean * mean) -
           four / (12 * n * mean * mean * mean);
}

double
moe__chance_entropy_of(double units, const double *inclusion, int experts)
{
    double all = 0, sum = 0, last = -1, same = 0;
    for (int e = 0; e < experts; e++)
        all += inclusion[e];
    double n = units * all;
    if (!(n > 0))
        return NAN;
    for (int e = 0; e < experts; e++) {
        double q = inclusion[e];
        if (q != last) /* a uniform router's are all alike */
            same = q >= 1            ? term(units, n)
                   : units * q < FEW ? sum_over(units, q, n)
                                     : expand(units, q, n);
        last = q;
        sum += q > 0 ? same : 0;
    }
    return sum;
}

double
moe__chance_information(const double *units, int parts, const double *inclusion, int experts,
                        bool even)
{
    double all = 0, within = 0, spread = 0;
    int n = 0;
    for (int i = 0; i < parts; i++) {
        all += units[i];
        n += units[i] > 0;
    }
    for (int i = 0; i < parts; i++) {
        if (units[i] <= 0)
            continue;
        double weight = even ? 1.0 / n : units[i] / all;
        within += weight * moe__chance_entropy_of(units[i], inclusion, experts);
        spread += weight * weight / units[i];
    }
    /* The mean of even parts varies as the load of so many units does. */
    return moe__chance_entropy_of(even ? 1 / spread : all, inclusion, experts) - within;
}
