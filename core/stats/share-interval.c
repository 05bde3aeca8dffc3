/* SPDX-License-Identifier: MIT
 *
 * Intervals of shares of picks, from the scatter between groups of documents.
 */
#include "stats/share-interval.h"
#include "stats/interval.h"
#include "stats/summary.h"

#include <math.h>

/* Each group's counts by themselves, the total's shares, and the squares of what they differ by. */
static int
add_squares(const MoeFolded *folded, int groups, const MoeSummaryCell *all, MoeSummaryCell *part,
            const MoeTallyShape *shape, double *squares)
{
    int64_t weights[MOE_SUMMARY_GROUPS] = {0};
    int occupied = 0;
    for (int g = 0; g < groups; g++) {
        weights[g] = 1;
        moe__cell_clear(&moe__tally_load, shape, part);
        moe__folded_weighted(folded, weights, part);
        weights[g] = 0;
        occupied += part->picks > 0;
        for (int e = 0; e < all->experts; e++) {
            double share = (double)all->count[e] / (double)all->picks;
            double rest = (double)part->count[e] - share * (double)part->picks;
            squares[e] += rest * rest;
        }
    }
    return occupied;
}

/* [experts] Σ_g (c_ge - p_e n_g)², and how many groups have picks. (transfer full) */
static double *
squares_of(const MoeSummary *summary, int router, int domain, const MoeSummaryCell *all,
           int *occupied)
{
    const MoeTables *tables = moe__summary_tables(summary, MOE_TALLY_LOAD);
    const MoeTallyShape *shape = moe__tables_shape(tables, router);
    int groups = moe__tables_plan_of(tables).groups;
    double *squares = g_new0(double, (gsize)all->experts);
    MoeFolded *folded = moe__tables_fold(tables, router, domain, groups);
    MoeSummaryCell *part = moe__cell_new(&moe__tally_load, shape);
    *occupied = add_squares(folded, groups, all, part, shape, squares);
    moe__cell_free(&moe__tally_load, part);
    moe__folded_free(folded);
    return squares;
}

bool
moe__share_intervals(const MoeSummary *summary, int router, int domain, double *low, double *high)
{
    const MoeSummaryCell *all = moe_summary_cell(summary, router, domain);
    int groups = 0;
    g_autofree double *squares =
        all->picks > 0 ? squares_of(summary, router, domain, all, &groups) : NULL;
    bool enough = groups >= MOE_RESAMPLE_LEAST;
    double t = enough ? moe__student_quantile(0.975, groups - 1) : NAN;
    for (int e = 0; e < all->experts; e++) {
        bool known = enough && squares[e] > 0;
        double share = known ? (double)all->count[e] / (double)all->picks : NAN;
        double half =
            known ? t * sqrt(squares[e] * groups / (groups - 1.0)) / (double)all->picks : NAN;
        low[e] = known ? fmax(share - half, 0) : NAN;
        high[e] = known ? fmin(share + half, 1) : NAN;
    }
    return enough;
}
