/* SPDX-License-Identifier: MIT
 *
 * chance-entropy.c: expectations of entropies of binomial and hypergeometric counts.
 */
#include "stats/chance-entropy.h"

#include <math.h>

enum {
    FEW = 60,  /* expected counts below this are summed over, one by one, up to */
    LAST = 168 /* FEW + 14 √FEW */
};

/* x ln x of the counts that are summed over. */
typedef struct Logs {
    double of[LAST + 1];
} Logs;

static void
logs_fill(Logs *logs)
{
    logs->of[0] = 0;
    for (int x = 1; x <= LAST; x++)
        logs->of[x] = x * log(x);
}

/* -f ln f for f = x / n. */
static double
term(double x, double n)
{
    return x > 0 ? -x / n * log(x / n) : 0;
}

/* --- Counts of one expert ---------------------------------------------------------------------*/

/* Of `units`, those with an expert that is in each with chance q, or that is in `marked` of all. */
typedef struct Count {
    double units, q, n; /* n: what shares are of */
    double all, marked; /* all 0: binomial */
} Count;

/* ln C(n, k). */
static double
log_choose(double n, double k)
{
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

static double
least_of(const Count *count)
{
    return count->all > 0 ? fmax(0, count->units + count->marked - count->all) : 0;
}

/* P(x = the least). */
static double
chance_of_least(const Count *count)
{
    double least = least_of(count), others = count->all - count->marked;
    if (!(count->all > 0))
        return exp(count->units * log1p(-count->q));
    return exp(log_choose(count->marked, least) + log_choose(others, count->units - least) -
               log_choose(count->all, count->units));
}

/* P(x + 1) / P(x). */
static double
step_from(const Count *count, double x)
{
    if (!(count->all > 0))
        return (count->units - x) / (x + 1) * (count->q / (1 - count->q));
    return (count->marked - x) * (count->units - x) /
           ((x + 1) * (count->all - count->marked - count->units + x + 1));
}

static double
sum_over(const Count *count, const Logs *logs)
{
    double most = count->all > 0 ? fmin(count->units, count->marked) : count->units;
    double x = least_of(count), p = chance_of_least(count), own = 0, mean = 0;
    for (; x <= most && x <= LAST; x++) {
        own += p * logs->of[(int)x];
        mean += p * x;
        p *= step_from(count, x);
    }
    return (mean * log(count->n) - own) / count->n;
}

/* The second to fourth central moments. */
static void
find_moments(const Count *count, double *two, double *three, double *four)
{
    double n = count->units, q = count->q, all = count->all;
    double each = q * (1 - q), left = all > 0 ? (all - n) / (all - 1) : 1;
    *two = n * each * left;
    *three = *two * (1 - 2 * q) * (all > 0 ? (all - 2 * n) / (all - 2) : 1);
    *four = 3 * *two * *two + *two * (1 - 6 * each);
    if (!(all > 0))
        return;
    /* Of the hypergeometric distribution: its excess times the square of its variance. */
    double rest = n * (all - n), spread = all * all * each;
    double excess = (all - 1) * all * all * (all * (all + 1) - 6 * spread - 6 * rest) +
                    6 * rest * spread * (5 * all - 6);
    excess /= rest * spread * (all - 2) * (all - 3);
    *four = rest > 0 ? (3 + excess) * *two * *two : 0;
}

/* Moments up to the fourth, times derivatives of -x/n ln x/n. */
static double
expand(const Count *count)
{
    double mean = count->units * count->q, n = count->n, two, three, four;
    find_moments(count, &two, &three, &four);
    return term(mean, n) - two / (2 * n * mean) + three / (6 * n * mean * mean) -
           four / (12 * n * mean * mean * mean);
}

static MoeChanceCounts
counts_of(const Count *count, const Logs *logs)
{
    double mean = count->units * count->q;
    if (count->q >= 1)
        return (MoeChanceCounts){term(count->units, count->n), 1};
    if (mean >= FEW)
        return (MoeChanceCounts){expand(count), 1};
    double none = least_of(count) > 0 ? 0 : chance_of_least(count);
    return (MoeChanceCounts){sum_over(count, logs), 1 - none};
}

/* --- Loads and parts --------------------------------------------------------------------------*/

static double
picks_a_unit(const MoeChanceLoad *load)
{
    double sum = 0;
    for (int e = 0; e < load->experts; e++)
        sum += load->inclusion[e];
    return sum;
}

static MoeChanceCounts
counts_by(const MoeChanceLoad *load, double units, const Logs *logs)
{
    double all = load->dealt > 0 ? round(load->dealt) : 0, last = -1;
    if (all > 0)
        units = fmin(all, round(units));
    double n = units * picks_a_unit(load);
    MoeChanceCounts sum = {0, 0}, same = {0, 0};
    if (!(n > 0))
        return (MoeChanceCounts){NAN, NAN};
    for (int e = 0; e < load->experts; e++) {
        double q = load->inclusion[e];
        if (q <= 0)
            continue;
        if (q != last) /* a uniform router's are all alike */
            same = counts_of(&(Count){units, q, n, all, round(all * q)}, logs);
        last = q;
        sum.entropy += same.entropy;
        sum.occupied += same.occupied;
    }
    return sum;
}

MoeChanceCounts
moe__chance_counts(const MoeChanceLoad *load, double units)
{
    Logs logs;
    logs_fill(&logs);
    return counts_by(load, units, &logs);
}

double
moe__chance_information(const MoeChanceLoad *load, const double *units, int parts, bool even)
{
    double all = 0, within = 0, spread = 0;
    int n = 0;
    Logs logs;
    logs_fill(&logs);
    for (int i = 0; i < parts; i++) {
        all += units[i];
        n += units[i] > 0;
    }
    for (int i = 0; i < parts; i++) {
        if (units[i] <= 0)
            continue;
        double weight = even ? 1.0 / n : units[i] / all;
        within += weight * counts_by(load, units[i], &logs).entropy;
        spread += weight * weight / units[i];
    }
    /* The mean of even parts varies as the load of so many units does. */
    return counts_by(load, even ? 1 / spread : all, &logs).entropy - within;
}

double
moe__chance_corrected(const MoeChanceLoad *load, const double *units, int parts)
{
    double all = 0, within = 0, cells = 0, n = 0;
    Logs logs;
    logs_fill(&logs);
    for (int i = 0; i < parts; i++) {
        if (units[i] <= 0)
            continue;
        MoeChanceCounts own = counts_by(load, units[i], &logs);
        within += units[i] * own.entropy;
        cells += own.occupied;
        all += units[i];
        n++;
    }
    if (!(all > 0))
        return NAN;
    MoeChanceCounts together = counts_by(load, all, &logs);
    double bias = (cells - together.occupied - n + 1) / (2 * all * picks_a_unit(load));
    return together.entropy - within / all - bias;
}
