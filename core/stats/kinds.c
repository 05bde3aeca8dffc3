/* SPDX-License-Identifier: MIT
 *
 * kinds.c: cells of one kind of experts. What a tally holds by expert is taken from its fields'
 * description; sums that are of all experts at once stay what they are, and metrics of kinds don't
 * look at them.
 */
#include "stats/kinds.h"

#include "stats/cells.h"

#include <string.h>

/* Tallies that hold something by expert which tells of a kind alone. */
static const MoeTally *const parted[] = {&moe__tally_load, &moe__tally_order, &moe__tally_pairs,
                                         &moe__tally_flow, &moe__tally_places};
enum { PARTED = G_N_ELEMENTS(parted) };

struct MoeKindPart {
    int n;        /* experts of the kind */
    int *experts; /* [n] their ids */
    int from;     /* experts of the router before; 0: not known */
    MoeMetricCell cell;
    void *cells[PARTED]; /* NULL: the whole has none */
    MoeSummaryCell **domains;
    int n_domains;
};

/* --- Fields -----------------------------------------------------------------------------------*/

/* Which of the elements of the whole along an axis is the i-th of the part. */
static int64_t
part_place(const MoeKindPart *part, MoeTallyAxis axis, int64_t i)
{
    return axis == MOE_AXIS_EXPERTS ? part->experts[i] : i;
}

static void
take_field(const MoeKindPart *part, const MoeTallyField *field, const MoeTallyShape *shape,
           const void *whole, void *into)
{
    const MoeTallyShape own = {part->n, shape->from, shape->heads};
    const uint64_t *from = moe__field_data(field, whole);
    uint64_t *to = moe__field_data(field, into);
    const MoeTallyAxis *axes = field->axes;
    int64_t rows = moe__axis_length(axes[0], &own), columns = moe__axis_length(axes[1], &own);
    int64_t width = moe__axis_length(axes[1], shape);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            to[i * columns + j] =
                from[part_place(part, axes[0], i) * width + part_place(part, axes[1], j)];
}

/* How many of its picks are of the kind isn't known of each unit: as evenly as can be. */
static void
spread_picks(MoeSummaryCell *part)
{
    part->picks = part->dropped = 0;
    for (int e = 0; e < part->experts; e++)
        part->picks += part->count[e];
    memset(part->making, 0, ((gsize)part->experts + 1) * sizeof *part->making);
    if (part->units == 0)
        return;
    /* Units that pick an expert twice may make more picks than there are experts. */
    int64_t each = MIN(part->picks / part->units, part->experts);
    int64_t more = each < part->experts ? part->picks - each * part->units : 0;
    part->making[each] = part->units - more;
    if (more > 0)
        part->making[each + 1] = more;
}

/* --- Cells ------------------------------------------------------------------------------------*/

static void
take_cell(const MoeKindPart *part, const MoeTally *tally, const void *whole, int experts,
          void *into)
{
    const MoeTallyShape shape = {.experts = experts, .from = part->from, .heads = 1};
    for (int f = 0; f < tally->n_fields; f++)
        take_field(part, &tally->fields[f], &shape, whole, into);
    if (tally == &moe__tally_load)
        spread_picks(into);
    if (tally == &moe__tally_flow) {
        MoeFlowCell *flow = into;
        flow->units = 0;
        for (int64_t i = 0; i < (int64_t)flow->from * flow->experts; i++)
            flow->units += flow->moves[i];
    }
}

/* The cell of a tally, in the order of `parted`. */
static const void *
cell_of(const MoeMetricCell *whole, int i)
{
    const void *const cells[PARTED] = {whole->summary, whole->order, whole->pairs, whole->flow,
                                       whole->places};
    return cells[i];
}

void
moe__kind_part_take(MoeKindPart *part, const MoeMetricCell *whole)
{
    int experts = whole->summary->experts;
    for (int i = 0; i < PARTED; i++)
        if (part->cells[i])
            take_cell(part, parted[i], cell_of(whole, i), experts, part->cells[i]);
    for (int d = 0; d < part->n_domains; d++)
        take_cell(part, &moe__tally_load, whole->domains[d], experts, part->domains[d]);
    part->cell.whole = whole->summary;
}

MoeKindPart *
moe_kind_part(const MoeMetricCell *whole, const MoeKinds *kinds, int kind)
{
    MoeKindPart *part = g_new0(MoeKindPart, 1);
    part->experts = g_new(int, (gsize)kinds->experts[kind]);
    for (int e = 0; e < kinds->n_of; e++)
        if (kinds->of[e] == kind)
            part->experts[part->n++] = e;
    part->from = whole->flow ? whole->flow->from : 0;
    const MoeTallyShape shape = {.experts = part->n, .from = part->from, .heads = 1};
    for (int i = 0; i < PARTED; i++)
        part->cells[i] = cell_of(whole, i) ? moe__cell_new(parted[i], &shape) : NULL;
    part->n_domains = whole->domains ? whole->n_domains : 0;
    part->domains = g_new(MoeSummaryCell *, (gsize)part->n_domains + 1);
    for (int d = 0; d < part->n_domains; d++)
        part->domains[d] = moe__cell_new(&moe__tally_load, &shape);
    part->cell = (MoeMetricCell){
        .summary = part->cells[0],
        .order = part->cells[1],
        .pairs = part->cells[2],
        .flow = part->cells[3],
        .places = part->cells[4],
        .domains = part->n_domains > 0 ? (const MoeSummaryCell *const *)part->domains : NULL,
        .n_domains = part->n_domains,
        .router = whole->router,
    };
    moe__kind_part_take(part, whole);
    return part;
}

const MoeMetricCell *
moe_kind_part_cell(const MoeKindPart *part)
{
    return &part->cell;
}

void
moe_kind_part_free(MoeKindPart *part)
{
    if (!part)
        return;
    for (int i = 0; i < PARTED; i++)
        if (part->cells[i])
            moe__cell_free(parted[i], part->cells[i]);
    for (int d = 0; d < part->n_domains; d++)
        moe__cell_free(&moe__tally_load, part->domains[d]);
    g_free(part->domains);
    g_free(part->experts);
    g_free(part);
}

/* --- Metrics ----------------------------------------------------------------------------------*/

const char *
moe_metric_no_kinds(const MoeMetric *metric)
{
    static const struct {
        unsigned needs;
        const char *why;
    } reasons[] = {
        {MOE_NEEDS_TRACE, "it is of the whole router"},
        {MOE_TALLY_ORDER, "what two units, or the gates of one, have to do with each other isn't "
                          "summed up by expert"},
        {MOE_TALLY_ADJACENT, "neighbours in rank may be of two kinds"},
        {MOE_TALLY_PLACES, "drops aren't summed up by expert"},
        {MOE_TALLY_HEADS, "sub-tokens' first choices are held against each other, of any kind"},
        {MOE_TALLY_SCORES, "it is of the scores of all experts at once"},
        {MOE_TALLY_CACHES, "a cache holds experts of any kind"},
        {MOE_TALLY_TOKENS, "tables by token id are summed up for all experts"},
        {MOE_TALLY_RANKS, "devices hold experts of all kinds"},
        {MOE_TALLY_FLOW_PICKS, "a unit's weights are shared out among experts of all kinds"},
        {MOE_TALLY_DOCUMENTS, "documents are compared by their loads of all experts"},
    };
    if (metric->no_kinds || (metric->needs & MOE_BY_KIND))
        return metric->no_kinds;
    for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (metric->needs & reasons[i].needs)
            return reasons[i].why;
    return metric->needs & ~(unsigned)(MOE_TALLY_LOAD | MOE_NEEDS_KIND)
               ? "what it looks at isn't known by kind"
               : NULL;
}
