/* SPDX-License-Identifier: MIT
 *
 * chance-sets.c: sets of picks drawn at random, uniformly or by load.
 */
#include "stats/chance-sets.h"

#include <math.h>
#include <string.h>

static int64_t
units_with_picks(const MoeSummaryCell *cell)
{
    return cell->units - cell->making[0];
}

/* Most picks that a unit makes. */
static int
most_picks(const MoeSummaryCell *cell)
{
    int most = cell->experts;
    while (most > 0 && cell->making[most] == 0)
        most--;
    return most;
}

/* --- Uniform ----------------------------------------------------------------------------------*/

/* ln C(n, k). */
static double
log_choose(int n, int k)
{
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}

/* The least that sets of a and b of E can share, and the chance of it. */
static double
least_shared(int experts, int a, int b, int *least)
{
    double p = 1;
    *least = MAX(0, a + b - experts);
    if (*least > 0)
        return exp(log_choose(a, *least) - log_choose(experts, b));
    for (int i = 0; i < b; i++)
        p *= (double)(experts - a - i) / (experts - i);
    return p;
}

static double
uniform_pair(int experts, int a, int b, MoeSharedFunc of)
{
    int shared;
    double p = least_shared(experts, a, b, &shared), sum = 0;
    for (; shared <= MIN(a, b); shared++) {
        sum += p * of(shared, a + b - shared);
        p *= (double)(a - shared) * (b - shared) /
             ((shared + 1.0) * (experts - a - b + shared + 1.0));
    }
    return sum;
}

double
moe__sets_uniform(const MoeSummaryCell *cell, MoeSharedFunc of)
{
    double units = (double)units_with_picks(cell), sum = 0;
    int most = most_picks(cell);
    if (units == 0)
        return NAN;
    for (int a = 1; a <= most; a++)
        for (int b = 1; cell->making[a] > 0 && b <= most; b++)
            if (cell->making[b] > 0)
                sum += (double)cell->making[a] / units * ((double)cell->making[b] / units) *
                       uniform_pair(cell->experts, a, b, of);
    return sum;
}

/* --- By load ----------------------------------------------------------------------------------
 * Experts are in a set independently, with chances p_e, given its size: P(S) is then in proportion
 * to the product of the odds p_e / (1 - p_e). The p_e are what has to be found. */

typedef struct Design {
    int experts, most;    /* E, and picks at most */
    const double *share;  /* [E] q_e: share of units that pick the expert */
    const double *making; /* [most + 1] share of units with so many picks; 0 of them: 0 */
    double *p;            /* [E] */
    double *before;       /* [(E + 1) × (most + 1)] chances of sizes among the first experts */
    double *behind;       /* the same among the last ones */
} Design;

/* to[j] = P(j experts), with one more that is there with chance p than from[] tells of. */
static void
add_expert(const double *from, double p, int most, double *to)
{
    for (int j = most; j >= 0; j--)
        to[j] = from[j] * (1 - p) + (j > 0 ? from[j - 1] * p : 0);
}

/* P(size) of all experts together. */
static const double *
sizes(Design *design)
{
    int wide = design->most + 1, E = design->experts;
    memset(design->before, 0, (gsize)wide * sizeof(double));
    memset(design->behind + E * wide, 0, (gsize)wide * sizeof(double));
    design->before[0] = design->behind[E * wide] = 1;
    for (int e = 0; e < E; e++)
        add_expert(design->before + e * wide, design->p[e], design->most,
                   design->before + (e + 1) * wide);
    for (int e = E - 1; e >= 0; e--)
        add_expert(design->behind + (e + 1) * wide, design->p[e], design->most,
                   design->behind + e * wide);
    return design->before + E * wide;
}

/* The chance that an expert is in a set of one of the sizes that occur. */
static double
inclusion(const Design *design, int e, const double *size)
{
    int wide = design->most + 1;
    const double *before = design->before + e * wide, *behind = design->behind + (e + 1) * wide;
    double sum = 0;
    for (int a = 1; a <= design->most; a++) {
        double others = 0;
        for (int j = 0; design->making[a] > 0 && j < a; j++)
            others += before[j] * behind[a - 1 - j];
        if (design->making[a] > 0)
            sum += design->making[a] * design->p[e] * others / size[a];
    }
    return sum;
}

/* Finds p so that each expert's chance is its share; returns false if it doesn't come near. */
static bool
solve(Design *design)
{
    double off = INFINITY;
    memcpy(design->p, design->share, (gsize)design->experts * sizeof(double));
    for (int round = 0; round < 200 && off > 1e-9; round++) {
        const double *size = sizes(design);
        off = 0;
        for (int e = 0; e < design->experts; e++) {
            double q = design->share[e], p = design->p[e], found = inclusion(design, e, size);
            if (q <= 0 || q >= 1)
                continue;
            off = fmax(off, fabs(found - q));
            double odds = p / (1 - p) * (q / (1 - q)) / (found / (1 - found));
            design->p[e] = odds / (1 + odds);
        }
    }
    return off < 1e-6; /* not where it is NaN */
}

/* Adds an expert to the chances of two sets: [i][j][l], i experts in the one alone, j in the other
 * alone, l in both. */
static void
add_to_pair(double *chance, int wide, double p)
{
    double none = (1 - p) * (1 - p), one = p * (1 - p), two = p * p;
    gsize plane = (gsize)wide * (gsize)wide, row = (gsize)wide;
    for (gsize i = row; i-- > 0;)
        for (gsize j = row; j-- > 0;)
            for (gsize l = row; l-- > 0;) {
                double *at = chance + i * plane + j * row + l;
                *at = *at * none + (i > 0 ? at[-(gssize)plane] * one : 0) +
                      (j > 0 ? at[-(gssize)row] * one : 0) + (l > 0 ? at[-1] * two : 0);
            }
}

static double
mean_of_pairs(Design *design, MoeSharedFunc of)
{
    gsize wide = (gsize)design->most + 1;
    g_autofree double *chance = g_new0(double, wide *wide *wide);
    chance[0] = 1;
    for (int e = 0; e < design->experts; e++)
        add_to_pair(chance, (int)wide, design->p[e]);
    const double *size = sizes(design);
    double sum = 0;
    for (int a = 1; a <= design->most; a++)
        for (int b = 1; b <= design->most; b++) {
            double both = design->making[a] * design->making[b], given = 0;
            for (int l = 0; both > 0 && l <= MIN(a, b); l++)
                given += of(l, a + b - l) *
                         chance[((gsize)(a - l) * wide + (gsize)(b - l)) * wide + (gsize)l];
            if (both > 0)
                sum += both * given / (size[a] * size[b]);
        }
    return sum;
}

/* P(none of the experts of two blocks is in a set). */
static double
missing(const Design *design, const double *size, const int *of, int block, int other)
{
    gsize wide = (gsize)design->most + 1;
    g_autofree double *others = g_new0(double, wide), *next = g_new(double, wide);
    double none = 1, sum = 0;
    others[0] = 1;
    for (int e = 0; e < design->experts; e++) {
        if (of[e] == block || of[e] == other) {
            none *= 1 - design->p[e];
            continue;
        }
        add_expert(others, design->p[e], design->most, next);
        memcpy(others, next, wide * sizeof *next);
    }
    for (int a = 1; a <= design->most; a++)
        if (design->making[a] > 0)
            sum += design->making[a] * none * others[a] / size[a];
    return sum;
}

/* Additions that an answer may take. */
#define MOST_WORK (1 << 23)

/* What is asked of a design: one of the two. */
typedef struct Question {
    MoeSharedFunc shared;
    const int *block; /* [experts] */
    int blocks;
    double *missed; /* [blocks × blocks] */
} Question;

static double
answer(Design *design, const Question *question)
{
    if (!solve(design))
        return NAN;
    if (question->shared)
        return mean_of_pairs(design, question->shared);
    const double *size = sizes(design);
    for (int b = 0, n = question->blocks; b < n; b++)
        for (int other = 0; other <= b; other++)
            question->missed[b * n + other] = question->missed[other * n + b] =
                missing(design, size, question->block, b, other);
    return 0;
}

/* NaN where there is no answer. */
static double
ask(const MoeSummaryCell *cell, const Question *question)
{
    double units = (double)units_with_picks(cell);
    gsize E = (gsize)cell->experts, wide = (gsize)most_picks(cell) + 1;
    double blocks = question->blocks, steps = (double)wide * (double)wide * (double)wide;
    if (!question->shared)
        steps = (double)wide * blocks * fmax((double)wide, blocks);
    if (units == 0 || (double)E * steps > MOST_WORK)
        return NAN;
    g_autofree double *share = g_new(double, E), *making = g_new0(double, wide);
    g_autofree double *p = g_new(double, E);
    g_autofree double *before = g_new(double, (E + 1) * wide),
                      *behind = g_new(double, (E + 1) * wide);
    for (gsize e = 0; e < E; e++)
        share[e] = fmin(1, (double)cell->count[e] / units);
    for (gsize a = 1; a < wide; a++)
        making[a] = (double)cell->making[a] / units;
    Design design = {cell->experts, (int)wide - 1, share, making, p, before, behind};
    return answer(&design, question);
}

double
moe__sets_shuffled(const MoeSummaryCell *cell, MoeSharedFunc of)
{
    return ask(cell, &(Question){.shared = of});
}

bool
moe__sets_missing(const MoeSummaryCell *cell, const int *block, int blocks, double *missed)
{
    return !isnan(ask(cell, &(Question){.block = block, .blocks = blocks, .missed = missed}));
}
