/* SPDX-License-Identifier: MIT
 *
 * How evenly picks spread over experts, layer by layer.
 */
#include "report/section.h"

static const char *const metrics[] = {
    "effective-experts",      "maxvio",      "cv",      "gini",      "dead", "drop-rate",
    "gate-effective-experts", "gate-maxvio", "gate-cv", "gate-gini", NULL};
static const char *const figures[] = {"layers", "activation", "activation-curve", NULL};

static const Statement statements[] = {
    {
        .metric = "effective-experts",
        .lowest = true,
        .uniform = true,
        .main = true,
        .says = "{Layer} uses {value} of {experts} experts effectively, the fewest",
        .chance = "; a uniform router would show {chance} at this T",
        .same = ", no fewer than a uniform router would show at this T ({chance})",
        .others = "; the median layer uses {median}, the most even one {high}",
    },
    {
        .metric = "maxvio",
        .uniform = true,
        .main = true,
        .says = "The busiest expert of all is in {layer}: it takes {value} even shares on top of "
                "its own (MaxVio)",
        .chance = "; a uniform router would show {chance}",
        .same = ", no more than chance ({chance})",
        .others = "; the median layer shows {median}",
    },
    {
        .metric = "dead",
        .uniform = true,
        .main = true,
        .says = "{Layer} has {value} experts of {experts} that no unit picks, the most",
        .chance = "; a uniform router would leave {chance} at this T",
        .others = "; the median layer has {median}",
        .none = "No expert of any layer goes without picks.",
    },
    {
        .metric = "drop-rate",
        .main = true,
        .says = "Capacity drops {value} of the picks of {layer}, the most",
        .others = "; the median layer loses {median}",
        .none = "",
    },
};

static bool
has_picks(const MoeReport *report)
{
    bool picks = false;
    for (int r = 0; r < moe_summary_routers(report->summary) && !picks; r++)
        picks = moe_summary_cell(report->summary, r, MOE_DOMAIN_ALL)->picks > 0;
    return picks;
}

/* Shares of the load alone, which stand as gate sums, have measures of these. */
static bool
tells(const MoeReport *report, const char *metric)
{
    return g_str_has_prefix(metric, "gate-") != has_picks(report);
}

/* More dead experts than this are counted, not listed. */
enum { MOST_LISTED = 12 };

static char *
list_dead(const MoeSummaryCell *cell)
{
    g_autoptr(GString) list = g_string_new(NULL);
    int n = 0;
    for (int e = 0; e < cell->experts; e++) {
        if (cell->count[e] > 0)
            continue;
        if (n++ < MOST_LISTED)
            g_string_append_printf(list, "%s%d", n > 1 ? ", " : "", e);
    }
    if (n > MOST_LISTED)
        g_string_append_printf(list, " and %d more", n - MOST_LISTED);
    return g_strdup(n > 0 ? list->str : "none");
}

/* Which experts they are. */
static bool
add_experts(MoeReport *report, MoeDocument *document)
{
    static const MoeColumn columns[] = {
        {.title = "layer", .type = MOE_COLUMN_TEXT},
        {.title = "busiest expert", .type = MOE_COLUMN_COUNT},
        {.title = "its load, times uniform", .type = MOE_COLUMN_VALUE},
        {.title = "least used", .type = MOE_COLUMN_COUNT},
        {.title = "its load, times uniform", .type = MOE_COLUMN_VALUE},
        {.title = "without picks", .type = MOE_COLUMN_TEXT}};
    RowTable table = moe__row_table_new(columns, G_N_ELEMENTS(columns));
    for (int r = 0; r < moe_summary_routers(report->summary); r++) {
        const MoeSummaryCell *cell = moe_summary_cell(report->summary, r, MOE_DOMAIN_ALL);
        int most = 0, least = 0;
        double uniform = (double)cell->picks / cell->experts;
        for (int e = 1; e < cell->experts; e++) {
            most = cell->count[e] > cell->count[most] ? e : most;
            least = cell->count[e] < cell->count[least] ? e : least;
        }
        if (cell->picks == 0)
            continue;
        moe__row_table_text(&table,
                            g_strdup_printf("%d", moe_summary_router(report->summary, r)->layer));
        moe__row_table_number(&table, most);
        moe__row_table_number(&table, (double)cell->count[most] / uniform);
        moe__row_table_number(&table, least);
        moe__row_table_number(&table, (double)cell->count[least] / uniform);
        moe__row_table_text(&table, list_dead(cell));
    }
    return moe__row_table_end(&table, "experts", "The experts at both ends, by layer.", document);
}

const PlainSection moe__section_balance = {
    PLAIN("balance", "Balance", "how evenly picks spread over experts, by layer", MOE_TALLY_LOAD),
    .metrics = metrics,
    .tells = tells,
    .figures = figures,
    .more = add_experts,
    STATEMENTS(statements),
};
