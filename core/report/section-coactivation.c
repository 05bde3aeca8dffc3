/* SPDX-License-Identifier: MIT
 *
 * Experts that are picked together.
 */
#include "report/section.h"

#include <math.h>

static const char *const metrics[] = {"max-coactivation", "top-partner",          "max-pmi",
                                      "lift-spread",      "coactivation-jaccard", NULL};
static const char *const figures[] = {"coactivation", NULL};

static const Statement statements[] = {
    {
        .metric = "max-coactivation",
        .beyond = true,
        .main = true,
        .says = "Two experts of {layer} go together most: the partner is there in {value} of the "
                "units that pick the one",
        .chance = "; among independent picks of this load it would be {chance}",
        .same = ", no more than chance ({chance})",
    },
};

/* Layer by layer the two that are drawn to each other most, among those that chance alone would
 * bring together often enough to tell. */
static bool
add_pairs(MoeReport *report, MoeDocument *document)
{
    static const MoeColumn columns[] = {
        {.title = "layer", .type = MOE_COLUMN_TEXT},
        {.title = "expert", .type = MOE_COLUMN_COUNT},
        {.title = "partner", .type = MOE_COLUMN_COUNT},
        {.title = "units with both", .type = MOE_COLUMN_COUNT},
        {.title = "by chance", .type = MOE_COLUMN_COUNT, .help = "n_i n_j / T, of all units T"},
        {.title = "of the expert's", .unit = "share", .type = MOE_COLUMN_VALUE},
        {.title = "lift",
         .type = MOE_COLUMN_VALUE,
         .help = "n_ij T / (n_i n_j); of a balanced router, whose picks of a unit differ, "
                 "(1 - 1/k) E / (E - 1)"}};
    RowTable table = moe__row_table_new(columns, G_N_ELEMENTS(columns));
    for (int r = 0; r < moe_summary_routers(report->summary); r++) {
        const MoePairCell *pairs = moe_summary_pairs(report->summary, r, MOE_DOMAIN_ALL);
        int i, j;
        if (!pairs ||
            !isfinite(moe_pairs_max_pmi(pairs->together, pairs->units, pairs->experts, &i, &j)))
            continue;
        const int64_t *n = pairs->together;
        double both = (double)n[(size_t)i * (size_t)pairs->experts + (size_t)j];
        double own = (double)n[(size_t)i * (size_t)pairs->experts + (size_t)i];
        double other = (double)n[(size_t)j * (size_t)pairs->experts + (size_t)j];
        double by_chance = own * other / (double)pairs->units;
        moe__row_table_text(&table,
                            g_strdup_printf("%d", moe_summary_router(report->summary, r)->layer));
        moe__row_table_number(&table, i);
        moe__row_table_number(&table, j);
        moe__row_table_number(&table, both);
        moe__row_table_number(&table, round(by_chance));
        moe__row_table_number(&table, both / own);
        moe__row_table_number(&table, both / by_chance);
    }
    return moe__row_table_end(&table, "pairs",
                              "The two experts of each layer that are drawn to each other most, "
                              "of pairs that chance would bring together 10 times or more.",
                              document);
}

const PlainSection moe__section_coactivation = {
    PLAIN("coactivation", "Experts picked together", "which experts units pick together",
          MOE_TALLY_PAIRS),
    .metrics = metrics,
    .figures = figures,
    .more = add_pairs,
    STATEMENTS(statements),
};
