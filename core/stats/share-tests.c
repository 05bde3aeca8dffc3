/* SPDX-License-Identifier: MIT
 *
 * share-tests.c: whether experts' shares of picks differ from what is held against them by more
 * than documents differ, and how many of such findings would be chance.
 */
#include "stats/interval.h"
#include "stats/summary.h"

#include <math.h>

/* Picks of groups of documents, [groups × experts]. */
typedef struct Groups {
    int groups, experts;
    double *count;
} Groups;

static void
groups_clear(Groups *groups)
{
    g_free(groups->count);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Groups, groups_clear)

static Groups
groups_of(const MoeSummary *summary, int router, int domain)
{
    const MoeTables *tables = moe__summary_tables(summary, MOE_TALLY_LOAD);
    const MoeTallyShape *shape = moe__tables_shape(tables, router);
    int n = moe__tables_plan_of(tables).groups;
    Groups all = {n, shape->experts, g_new(double, (gsize)n *(gsize)shape->experts)};
    MoeFolded *folded = moe__tables_fold(tables, router, domain, n);
    MoeSummaryCell *part = moe__cell_new(&moe__tally_load, shape);
    int64_t weights[MOE_SUMMARY_GROUPS] = {0};
    for (int g = 0; g < n; g++) {
        weights[g] = 1;
        moe__cell_clear(&moe__tally_load, shape, part);
        moe__folded_weighted(folded, weights, part);
        weights[g] = 0;
        for (int e = 0; e < all.experts; e++)
            all.count[g * all.experts + e] = (double)part->count[e];
    }
    moe__cell_free(&moe__tally_load, part);
    moe__folded_free(folded);
    return all;
}

/* Shares of picks, and their squared errors by the linearised variance of a ratio (Cochran 1977,
 * equation 6.13); returns the groups that have picks. */
static int
find_shares(const Groups *from, double *share, double *square)
{
    double picks = 0;
    int occupied = 0, experts = from->experts;
    g_autofree double *of_group = g_new0(double, (gsize)from->groups);
    for (int e = 0; e < experts; e++)
        share[e] = square[e] = 0;
    for (int i = 0; i < from->groups * experts; i++) {
        of_group[i / experts] += from->count[i];
        share[i % experts] += from->count[i];
        picks += from->count[i];
    }
    for (int g = 0; g < from->groups; g++)
        occupied += of_group[g] > 0;
    for (int e = 0; e < experts; e++)
        share[e] /= picks; /* 0/0 is NaN */
    for (int i = 0; i < from->groups * experts; i++) {
        double off = from->count[i] - share[i % experts] * of_group[i / experts];
        square[i % experts] += off * off * occupied / MAX(1, occupied - 1) / (picks * picks);
    }
    return occupied;
}

/* Two-sided, of Student's t; by Wallace's (1959) normal approximation, which is good to 2 % of p
 * down to 1e-6 from 7 degrees of freedom on. */
static double
p_value(double off, double square, int freedom)
{
    double n = freedom;
    if (!(square > 0))
        return NAN;
    double z = sqrt(n * log1p(off * off / square / n)) * (8 * n + 1) / (8 * n + 3);
    return erfc(z / G_SQRT2);
}

void
moe_share_tests(const MoeSummary *summary, int router, int domain, double *p)
{
    g_auto(Groups) own = groups_of(summary, router, domain);
    gsize n = (gsize)own.experts;
    g_autofree double *share = g_new(double, n), *square = g_new(double, n);
    g_autofree double *other = g_new(double, n), *other_square = g_new0(double, n);
    int groups = find_shares(&own, share, square);
    for (gsize e = 0; e < n; e++)
        other[e] = 1.0 / own.experts;
    if (domain != MOE_DOMAIN_ALL) {
        g_auto(Groups) rest = groups_of(summary, router, MOE_DOMAIN_ALL);
        for (gsize i = 0; i < (gsize)own.groups * n; i++)
            rest.count[i] -= own.count[i];
        groups = MIN(groups, find_shares(&rest, other, other_square));
    }
    for (gsize e = 0; e < n; e++)
        p[e] = groups < MOE_RESAMPLE_LEAST
                   ? NAN
                   : p_value(share[e] - other[e], square[e] + other_square[e], groups - 1);
}

/* --- Many of them -----------------------------------------------------------------------------*/

static int
by_value(const void *a, const void *b, void *values)
{
    double x = ((const double *)values)[*(const int *)a],
           y = ((const double *)values)[*(const int *)b];
    return (x > y) - (x < y);
}

void
moe_benjamini_hochberg(const double *p, int n, double *q)
{
    int tests = 0;
    g_autofree int *order = g_new(int, (gsize)n + 1);
    for (int i = 0; i < n; i++) {
        q[i] = NAN;
        if (!isnan(p[i]))
            order[tests++] = i;
    }
    g_qsort_with_data(order, tests, sizeof *order, by_value, (gpointer)p);
    double least = 1;
    for (int rank = tests; rank-- > 0;) {
        least = fmin(least, p[order[rank]] * tests / (rank + 1));
        q[order[rank]] = least;
    }
}
