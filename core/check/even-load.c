/* SPDX-License-Identifier: MIT
 *
 * Loads that no router makes: the same few experts for every token, to equal parts, as selection
 * among equal scores gives (logits of zeros, or of a type that can't tell them apart); and every
 * expert exactly the same number of picks, as balancing for a benchmark gives.
 */
#include "check/check.h"

#include <math.h>

/* Of counts, or, where there are none, of gate sums. */
typedef struct {
    int used; /* experts with any */
    int one;  /* one of them */
    bool equal;
} Shape;

static double
load_of(const MoeSummaryCell *cell, int expert)
{
    return cell->picks > 0 ? (double)cell->count[expert] : cell->gate_sum[expert];
}

static Shape
shape_of(const MoeSummaryCell *cell)
{
    Shape shape = {.equal = true};
    for (int e = 0; e < cell->experts; e++) {
        double load = load_of(cell, e);
        if (load == 0)
            continue;
        if (shape.used++ == 0)
            shape.one = e;
        double first = load_of(cell, shape.one);
        shape.equal = shape.equal && fabs(load - first) <= (cell->picks > 0 ? 0 : 1e-6 * first);
    }
    return shape;
}

static void
see_router(MoeCheckRun *run, const MoeSummary *summary, int router)
{
    const MoeRouterInfo *info = moe_summary_router(summary, router);
    const MoeSummaryCell *cell = moe_summary_cell(summary, router, MOE_DOMAIN_ALL);
    Shape shape = shape_of(cell);
    bool enough = cell->picks == 0 || cell->units > cell->experts;
    if (!shape.equal || shape.used < 2 || !enough)
        return;
    if (shape.used < cell->experts && (info->k == shape.used || cell->picks == 0)) {
        MoeFinding same = moe__summary_finding(
            MOE_FINDING_ERROR, router,
            g_strdup_printf("%d of %d experts, the first of them %d, have all of the load in equal "
                            "parts: every token got the same experts",
                            shape.used, cell->experts, shape.one));
        moe_check_run_add(run, &same);
    } else if (shape.used == cell->experts && info->causal) {
        MoeFinding even = moe__summary_finding(
            MOE_FINDING_WARNING, router,
            g_strdup_printf("all %d experts have exactly the same load", cell->experts));
        moe_check_run_add(run, &even);
    }
}

static void
see_summary(MoeCheckRun *run, const MoeSummary *summary)
{
    for (int r = 0; r < moe_summary_routers(summary); r++)
        see_router(run, summary, r);
}

const MoeCheck moe__check_even_load = {
    .struct_size = sizeof(MoeCheck),
    .name = "even-load",
    .help = "loads of sums in exactly equal parts: the same experts for every token, or all alike",
    .why = "equal logits are broken by position in the list, and forced balance isn't the router's",
    .remedy = "look at the logits of this layer where it was recorded, and leave the layer out",
    .summary = see_summary,
};
