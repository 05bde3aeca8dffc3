/* SPDX-License-Identifier: MIT
 *
 * chance.c: what uniformly random picks look like, by sums over the binomial distribution.
 */
#include "stats/chance.h"

#include <math.h>

/* From the mode outwards, so that nothing underflows that matters; in units of the mode's. */
static void
fill_outwards(GArray *up, GArray *down, int64_t draws, double q, int64_t mode)
{
    const double least = 1e-18;
    double odds = q / (1 - q), p = 1;
    for (int64_t x = mode; x < draws && p > least; x++) {
        p *= (double)(draws - x) / (double)(x + 1) * odds;
        g_array_append_val(up, p);
    }
    p = 1;
    for (int64_t x = mode; x > 0 && p > least; x--) {
        p *= (double)x / (double)(draws - x + 1) / odds;
        g_array_append_val(down, p);
    }
}

MoeChance
moe__chance(int64_t draws, double q, int experts, double picks)
{
    int64_t mode = q < 1 ? MIN((int64_t)((double)(draws + 1) * q), draws) : draws;
    g_autoptr(GArray) up = g_array_new(FALSE, FALSE, sizeof(double));
    g_autoptr(GArray) down = g_array_new(FALSE, FALSE, sizeof(double));
    if (q > 0 && q < 1)
        fill_outwards(up, down, draws, q, mode);
    int below = (int)down->len, n = below + 1 + (int)up->len;
    MoeChance chance = {mode - below, n, g_new(double, (gsize)n), experts, picks, picks / experts};
    double sum = 0;
    for (int i = 0; i < n; i++) {
        chance.p[i] = i < below    ? g_array_index(down, double, below - 1 - i)
                      : i == below ? 1
                                   : g_array_index(up, double, i - below - 1);
        sum += chance.p[i];
    }
    for (int i = 0; i < n; i++)
        chance.p[i] /= sum;
    return chance;
}

MoeChance
moe__chance_of(const MoeSummaryCell *cell)
{
    double q = (double)cell->picks / (double)cell->units / cell->experts;
    return moe__chance(cell->units, MIN(q, 1), cell->experts, (double)cell->picks);
}

void
moe__chance_clear(MoeChance *chance)
{
    g_free(chance->p);
}

double
moe__chance_entropy(const MoeChance *chance)
{
    double sum = 0;
    if (chance->experts == 1)
        return 0; /* it gets all, whatever the binomial says */
    for (int i = 0; i < chance->n; i++) {
        double share = (double)(chance->low + i) / chance->picks;
        if (share > 0)
            sum -= chance->p[i] * share * log(share);
    }
    return chance->experts * sum;
}

double
moe__chance_mean_violation(const MoeChance *chance)
{
    double sum = 0;
    if (chance->experts == 1)
        return 0; /* as of the entropy */
    for (int i = 0; i < chance->n; i++)
        sum += chance->p[i] * fabs((double)(chance->low + i) - chance->mean);
    return sum / chance->mean;
}

double
moe__chance_activation(const MoeChance *chance, double theta)
{
    double sum = 0;
    if (chance->experts == 1)
        return theta < 1;
    for (int i = 0; i < chance->n; i++)
        if ((double)(chance->low + i) > theta * chance->picks)
            sum += chance->p[i];
    return sum;
}

/* Counts with a fixed sum repel each other: two of them have the correlation -1/(E - 1). That sets
 * them farther apart than independent ones of the same distribution, by this factor (exactly so
 * where they are normal, as many counts are). */
static double
repulsion(const MoeChance *chance)
{
    return sqrt((double)chance->experts / (chance->experts - 1));
}

/* E|X - Y| = 2 Σ_x F(x) (1 - F(x)); of the E² pairs of the Gini index, E are of one with
 * itself: a factor of (E - 1) / E, which is the repulsion to the power of -2. */
double
moe__chance_gini(const MoeChance *chance)
{
    double below = 0, sum = 0;
    for (int i = 0; i < chance->n; i++) {
        below += chance->p[i];
        sum += below * MAX(0, 1 - below);
    }
    return chance->experts > 1 ? sum / chance->mean / repulsion(chance) : 0;
}

/* E[min] = Σ_x P(min > x). */
double
moe__chance_lowest(const MoeChance *chance)
{
    double below = 0, sum = (double)chance->low;
    for (int i = 0; i < chance->n; i++) {
        below += chance->p[i];
        sum += pow(MAX(0, 1 - below), chance->experts);
    }
    if (chance->experts == 1)
        return chance->picks;
    return MAX(0, chance->mean + (sum - chance->mean) * repulsion(chance));
}

/* E[min(n, J)] for J ~ Bin(E, above): how many of the n highest are above some x. */
static double
among_highest(int experts, int n, double above)
{
    double p = pow(1 - above, experts), expected = n;
    if (above >= 1)
        return n;
    for (int j = 0; j < n; j++) {
        expected -= (n - j) * p;
        p *= (double)(experts - j) / (j + 1) * (above / (1 - above));
    }
    return expected;
}

double
moe__chance_highest(const MoeChance *chance, int n)
{
    if (n >= chance->experts)
        return chance->picks;
    double above = 0, sum = 0;
    /* From the top, where 1 - F is small and has to be summed, not subtracted. */
    for (int i = chance->n - 1; i >= 0; i--) {
        sum += among_highest(chance->experts, n, MIN(above, 1));
        above += chance->p[i];
    }
    double excess = sum + n * ((double)chance->low - chance->mean);
    return MIN(chance->picks, n * chance->mean + excess * repulsion(chance));
}
