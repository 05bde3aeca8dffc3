/* SPDX-License-Identifier: MIT
 *
 * compare-cells.c: where in its row a cell keeps what, and where a view has its picks.
 */
#include "stats/compare.h"

static int
most_picks(int k, int experts)
{
    return k > 0 ? k : experts;
}

MoeCellShape
moe__compared_shape(const MoeComparedRouter *router)
{
    return (MoeCellShape){
        .experts_a = router->experts_a,
        .experts_b = router->experts_b,
        .experts = MAX(router->experts_a, router->experts_b),
        .k_a = router->k_a,
        .k_b = router->k_b,
        .depth = MIN(most_picks(router->k_a, router->experts_a),
                     most_picks(router->k_b, router->experts_b)),
    };
}

size_t
moe__compared_words(const MoeCellShape *shape)
{
    return MOE_SUMS + 4 * (size_t)(shape->depth + 1) + 4 * (size_t)shape->experts;
}

MoeCellParts
moe__compared_parts(const MoeCellShape *shape, int64_t *row)
{
    int64_t *by_depth = row + MOE_SUMS, *by_expert = by_depth + 4 * (shape->depth + 1);
    return (MoeCellParts){
        .sum = row,
        .sharing = by_depth,
        .reach = by_depth + (shape->depth + 1),
        .meet = by_depth + 2 * (shape->depth + 1),
        .ends = by_depth + 3 * (shape->depth + 1),
        .first_a = by_expert,
        .first_b = by_expert + shape->experts,
        .picks_a = by_expert + 2 * (gsize)shape->experts,
        .picks_b = by_expert + 3 * (gsize)shape->experts,
    };
}

MoeComparisonCell
moe__cell_view(const MoeCellShape *shape, const int64_t *row)
{
    MoeCellParts parts = moe__compared_parts(shape, (int64_t *)row);
    return (MoeComparisonCell){
        .experts_a = shape->experts_a,
        .experts_b = shape->experts_b,
        .experts = shape->experts,
        .k_a = shape->k_a,
        .k_b = shape->k_b,
        .depth = shape->depth,
        .units = row[MOE_SUM_UNITS],
        .apart = row[MOE_SUM_APART],
        .same_first = row[MOE_SUM_SAME_FIRST],
        .same_set = row[MOE_SUM_SAME_SET],
        .full = row[MOE_SUM_FULL],
        .shared = row[MOE_SUM_SHARED],
        .larger = row[MOE_SUM_LARGER],
        .product = row[MOE_SUM_PRODUCT],
        .jaccard = row[MOE_SUM_JACCARD],
        .gated = row[MOE_SUM_GATED],
        .weighted = row[MOE_SUM_WEIGHTED],
        .scored = row[MOE_SUM_SCORED],
        .divergence = row[MOE_SUM_DIVERGENCE],
        .sharing = parts.sharing,
        .reach = parts.reach,
        .meet = parts.meet,
        .ends = parts.ends,
        .first_a = parts.first_a,
        .first_b = parts.first_b,
        .picks_a = parts.picks_a,
        .picks_b = parts.picks_b,
    };
}

MoeSidePicks
moe__view_picks(const MoeTraceView *view, const int *labels)
{
    return (MoeSidePicks){
        .expert8 = view->expert8,
        .expert16 = view->expert16,
        .gate16 = view->gate16,
        .gate = view->gate,
        .gate64 = view->gate64,
        .labels = labels,
        .stride = view->units,
        .slots = view->k,
    };
}

MoeSidePicks
moe__picks_from(const MoeSidePicks *picks, int64_t units)
{
    MoeSidePicks from = *picks;
    from.expert8 = picks->expert8 ? picks->expert8 + units : NULL;
    from.expert16 = picks->expert16 ? picks->expert16 + units : NULL;
    from.gate16 = picks->gate16 ? picks->gate16 + units : NULL;
    from.gate = picks->gate ? picks->gate + units : NULL;
    from.gate64 = picks->gate64 ? picks->gate64 + units : NULL;
    from.sets = picks->sets ? picks->sets + units : NULL;
    return from;
}
