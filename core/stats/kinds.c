/* SPDX-License-Identifier: MIT */
#include "stats/kinds.h"

#include "stats/cells.h"
#include "stats/summary.h"

#include <string.h>

void
moe__kind_take(const MoeSummaryCell *whole, const MoeKinds *kinds, int kind, MoeSummaryCell *part)
{
    int n = 0;
    part->units = whole->units;
    part->picks = part->dropped = 0;
    for (int e = 0; e < whole->experts; e++) {
        if (kinds->of[e] != kind)
            continue;
        part->count[n] = whole->count[e];
        part->first[n] = whole->first[e];
        part->gate_sum[n] = whole->gate_sum[e];
        part->picks += whole->count[e];
        n++;
    }
    memset(part->making, 0, ((gsize)n + 1) * sizeof *part->making);
    if (part->units == 0)
        return;
    /* Units that pick an expert twice may make more picks than there are experts. */
    int64_t each = MIN(part->picks / part->units, n);
    int64_t more = each < n ? part->picks - each * part->units : 0;
    part->making[each] = part->units - more;
    if (more > 0)
        part->making[each + 1] = more;
}

MoeSummaryCell *
moe_kind_part(const MoeSummaryCell *whole, const MoeKinds *kinds, int kind)
{
    const MoeTallyShape shape = {.experts = kinds->experts[kind]};
    MoeSummaryCell *part = moe__cell_new(&moe__tally_load, &shape);
    moe__kind_take(whole, kinds, kind, part);
    return part;
}

void
moe_kind_part_free(MoeSummaryCell *part)
{
    if (part)
        moe__cell_free(&moe__tally_load, part);
}

MoeMetricCell
moe_metric_cell_of_kind(const MoeSummaryCell *whole, const MoeSummaryCell *part, int router)
{
    return (MoeMetricCell){.summary = part, .whole = whole, .router = router};
}
