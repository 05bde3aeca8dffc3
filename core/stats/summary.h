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

/* Those of the tallies that there are, and the load. */
unsigned moe__summary_known(unsigned tallies);
/* A summary without tables. (transfer full) */
MoeSummary *moe__summary_bare(const MoeRouterInfo *routers, int n_routers,
                              const char *const *domains, int n_domains, unsigned tallies);
/* The tables of a tally; NULL where there are none. */
MoeTables *moe__summary_tables(const MoeSummary *summary, unsigned tally);

/* moe_summary_from_trace(), whose pass fills `compare` too (compare-pass.h), of which the trace is
 * the first side and the tokens are the same; NULL: there is none. */
struct MoeComparePass;
MoeSummary *moe__summary_count(const MoeTrace *trace, const MoeSummaryOptions *options,
                               struct MoeComparePass *compare, GError **error);

/* Adds the tokens of `from`, before its units are added: the sum of tables where both have them; a
 * router's cell goes where a table isn't there to be added. */
void moe__summary_add_tokens(MoeSummary *into, const MoeSummary *from);

#endif
