/* SPDX-License-Identifier: MIT
 *
 * summary.h: what a summary is made of.
 */
#ifndef MOESCOPE_STATS_SUMMARY_H
#define MOESCOPE_STATS_SUMMARY_H

#include "stats/tables.h"

#include <moescope/tokens.h>

struct MoeSummary {
    int n_routers;
    MoeRouterInfo *routers; /* texts owned */
    MoeTallyShape *shapes;  /* [n_routers] */
    GPtrArray *domains;     /* names */
    unsigned tallies;
    MoeTables *tables[MOE_N_TALLIES]; /* as moe__tallies; NULL: not asked for, or too large */
    MoeTokenTable **token_tables;     /* [n_routers], NULL: not kept */
    MoeTokenCell **token_cells;       /* [n_routers], NULL: not counted */
    char *meta_json;                  /* as opened; NULL: counted */
};

/* The tables of a tally; NULL where there are none. */
MoeTables *moe__summary_tables(const MoeSummary *summary, unsigned tally);

/* Makes a table, and all of it, or the cell that follows from one, go. */
void moe__token_table_free(MoeTokenTable *table);
void moe__token_cell_free(MoeTokenCell *cell);

#endif
