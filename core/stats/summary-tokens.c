/* SPDX-License-Identifier: MIT
 *
 * summary-tokens.c: a summary's tables of tokens, given and added.
 */
#include "stats/summary.h"
#include "stats/tokens.h"

static void
set_table(MoeSummary *summary, int router, MoeTokenTable *table)
{
    moe__token_table_free(summary->token_tables[router]);
    moe__token_cell_free(summary->token_cells[router]);
    summary->token_tables[router] = table;
    summary->token_cells[router] =
        table ? moe__token_cell(table, summary->routers[router].k) : NULL;
}

bool
moe_summary_fill_tokens(MoeSummary *summary, int router, const MoeTokenTable *table, GError **error)
{
    g_return_val_if_fail(router >= 0 && router < summary->n_routers, false);
    MoeTokenTable *copy = moe__token_table_copy(table, summary->routers[router].experts, error);
    if (!copy)
        return false;
    set_table(summary, router, copy);
    summary->tallies |= MOE_TALLY_TOKENS;
    return true;
}

static bool
is_empty(const MoeSummary *summary, int router)
{
    return !summary->token_cells[router] &&
           moe_summary_cell(summary, router, MOE_DOMAIN_ALL)->units == 0;
}

void
moe__summary_add_tokens(MoeSummary *into, const MoeSummary *from)
{
    for (int r = 0; r < into->n_routers; r++) {
        const MoeTokenTable *a = into->token_tables[r], *b = from->token_tables[r];
        if (!(into->tallies & MOE_TALLY_TOKENS)) {
            set_table(into, r, NULL);
            continue;
        }
        if (is_empty(from, r))
            continue;
        if (b && is_empty(into, r))
            set_table(into, r, moe__token_table_copy(b, b->experts, NULL));
        else
            set_table(into, r, a && b ? moe__token_table_add(a, b) : NULL);
    }
}
