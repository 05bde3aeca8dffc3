/* SPDX-License-Identifier: MIT
 *
 * interval.c: from resampled values to an interval; Wilson's interval of a share.
 */
#include "stats/interval.h"

#include <math.h>
#include <stdlib.h>

MoeResampleOptions
moe__resample_defaults(const MoeResampleOptions *options)
{
    MoeResampleOptions all = options ? *options : (MoeResampleOptions){0};
    all.replicates = all.replicates > 0 ? all.replicates : 200;
    all.level = all.level > 0 && all.level < 1 ? all.level : 0.95;
    return all;
}

/* --- Quantiles --------------------------------------------------------------------------------*/

/* Of p up to 1/2: Abramowitz & Stegun 26.2.23, good to 4.5e-4, and two steps of Halley's iteration,
 * each of which has three times as many digits. erfc() is exact in this tail. */
static double
lower_quantile(double p)
{
    double t = sqrt(-2 * log(p));
    double z = (2.515517 + t * (0.802853 + t * 0.010328)) /
                   (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) -
               t;
    for (int i = 0; i < 2; i++) {
        double off = (erfc(-z / G_SQRT2) / 2 - p) * sqrt(2 * G_PI) * exp(z * z / 2);
        z -= off / (1 + z * off / 2);
    }
    return z;
}

/* Beyond what doubles tell from 0 and 1: 40, as good as never. */
double
moe__normal_quantile(double p)
{
    if (!(p > 0) || p >= 1)
        return p >= 1 ? 40 : -40;
    return p <= 0.5 ? lower_quantile(p) : -lower_quantile(1 - p);
}

/* The expansion of Abramowitz & Stegun 26.7.5: to 1e-3 at 7 degrees of freedom, better beyond. */
double
moe__student_quantile(double p, int freedom)
{
    double z = moe__normal_quantile(p), n = freedom, z2 = z * z;
    double first = z * (z2 + 1) / 4;
    double second = z * ((5 * z2 + 16) * z2 + 3) / 96;
    double third = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
    double fourth = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;
    return z + first / n + second / (n * n) + third / (n * n * n) + fourth / (n * n * n * n);
}

/* --- Intervals --------------------------------------------------------------------------------*/

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Moves the numbers that are defined to the front, ascending; returns how many there are. */
static int
sort_defined(double *values, int n)
{
    int defined = 0;
    for (int i = 0; i < n; i++)
        if (isfinite(values[i]))
            values[defined++] = values[i];
    qsort(values, (size_t)defined, sizeof *values, ascending);
    return defined;
}

/* The p-quantile of n ascending values, at the place p (n + 1) of them, interpolated. */
static double
quantile(const double *sorted, int n, double p)
{
    double place = CLAMP(p * (n + 1) - 1, 0, n - 1);
    int below = MIN((int)place, MAX(n - 2, 0));
    double part = place - below;
    return n == 1 ? sorted[0] : sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

static double
mean(const double *values, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += values[i];
    return sum / n;
}

MoeInterval
moe__bootstrap_interval(double value, double *replicates, int n, int groups, double level,
                        double low, double high)
{
    MoeInterval interval = {NAN, NAN, groups};
    int defined = groups >= MOE_RESAMPLE_LEAST && isfinite(value) ? sort_defined(replicates, n) : 0;
    if (2 * defined <= n)
        return interval;
    double tail = (1 - level) / 2;
    double stretch = sqrt((double)groups / (groups - 1)) *
                     moe__student_quantile(1 - tail, groups - 1) / moe__normal_quantile(1 - tail);
    /* Drawing twice what was drawn once flattens no load: replicates are biased beyond the value.
     * What they tell is how far they stray from their own mean. */
    double middle = mean(replicates, defined);
    double least = value - stretch * (quantile(replicates, defined, 1 - tail) - middle);
    double most = value + stretch * (middle - quantile(replicates, defined, tail));
    /* Replicates so skewed that a quantile lies beyond their mean would leave the value out. */
    interval.low = CLAMP(fmin(least, value), low, high);
    interval.high = CLAMP(fmax(most, value), low, high);
    return interval;
}

/* --- Shares -----------------------------------------------------------------------------------*/

MoeInterval
moe_wilson(int64_t successes, int64_t n, double level)
{
    if (n <= 0 || successes < 0 || successes > n)
        return (MoeInterval){NAN, NAN, 0};
    level = moe__resample_defaults(&(MoeResampleOptions){.level = level}).level;
    double z = moe__normal_quantile((1 + level) / 2), trials = (double)n;
    double share = (double)successes / trials, width = 1 + z * z / trials;
    double centre = (share + z * z / (2 * trials)) / width;
    double half = z / width * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials));
    /* Exact ends where nothing, or everything, hit. */
    return (MoeInterval){successes == 0 ? 0 : MAX(0, centre - half),
                         successes == n ? 1 : MIN(1, centre + half), 0};
}
