/* SPDX-License-Identifier: MIT
 *
 * tables.h: the cells of one tally, for all routers, domains and groups of documents. All of it
 * follows from the description of the tally's fields.
 *
 * A router has parts, [slots][groups], and totals, [slots] and one over all slots. A slot is a
 * domain, the unknown one in front; a tally that is too large for cells by domain has one slot, for
 * all tokens. Totals that would repeat what stands elsewhere (one group, one slot) are no cells of
 * their own.
 */
#ifndef MOESCOPE_STATS_TABLES_H
#define MOESCOPE_STATS_TABLES_H

#include "stats/cells.h"

/* How finely sums are kept apart. */
typedef struct MoeTablesPlan {
    int domains; /* told apart; 0 where they aren't, or there are none */
    bool whole;  /* domains aren't told apart: the one slot holds all tokens */
    int groups;  /* of documents; a power of two */
} MoeTablesPlan;

typedef struct MoeTables MoeTables;

/* The finest plan within MOE_SUMMARY_BUDGET: fewer groups, then none, then no domains. The fewest
 * that give intervals may take MOE_SUMMARY_BUDGET_WHOLE, and so may one cell for all. Returns false
 * where even that is too large; but the load keeps its domains, whatever they take. */
bool moe__tables_plan(const MoeTally *tally, const MoeTallyShape *shapes, int n_routers,
                      int n_domains, MoeTablesPlan *plan);
/* What tables of a plan take. */
double moe__tables_bytes(const MoeTally *tally, const MoeTallyShape *shapes, int n_routers,
                         const MoeTablesPlan *plan);
/* Tables of zeros; routers that the tally doesn't apply to have no cells. (transfer full) */
MoeTables *moe__tables_new(const MoeTally *tally, const MoeTallyShape *shapes, int n_routers,
                           const MoeTablesPlan *plan);
void moe__tables_free(MoeTables *tables);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTables, moe__tables_free)

const MoeTally *moe__tables_tally(const MoeTables *tables);
const MoeTallyShape *moe__tables_shape(const MoeTables *tables, int router);
MoeTablesPlan moe__tables_plan_of(const MoeTables *tables);
int moe__tables_slots(const MoeTables *tables);
/* Whether a router has cells. Dropping takes them away: what was summed had no such columns. */
bool moe__tables_has(const MoeTables *tables, int router);
void moe__tables_drop(MoeTables *tables, int router);

/* --- Cells ------------------------------------------------------------------------------------*/

/* The part of a domain (MOE_DOMAIN_UNKNOWN …) and group 0 … MOE_SUMMARY_GROUPS - 1; coarser tables
 * map both to what they have. NULL where the router has no cells. (transfer none) */
void *moe__tables_part(const MoeTables *tables, int router, int domain, int group);
/* The total of a domain or of all; NULL where the router has no cells, or domains aren't told
 * apart. (transfer none) */
const void *moe__tables_total(const MoeTables *tables, int router, int domain);
/* The cells that a tally counts into; valid as long as the tables. */
MoeTallyCells *moe__tables_cells(MoeTables *tables, int router);

/* --- Sums -------------------------------------------------------------------------------------*/

/* Makes totals true to the parts. */
void moe__tables_settle(MoeTables *tables);
/* Adds the parts of `from`, of the same tally and shapes, whose domain d is into's domains[d].
 * `into` mustn't be finer than `from`. Routers that `from` has no cells for lose theirs. */
void moe__tables_add(MoeTables *into, const MoeTables *from, const int *domains);
/* The parts of a domain, or with MOE_DOMAIN_ALL of all slots, by their group modulo n_groups (a
 * power of two, at most the tables'): what is weighted many times is added up once. NULL where
 * moe__tables_total() is. (transfer full) */
typedef struct MoeFolded MoeFolded;
MoeFolded *moe__tables_fold(const MoeTables *tables, int router, int domain, int n_groups);
void moe__folded_free(MoeFolded *folded);
/* Adds Σ_g weights[g] × the part of group g to a cell of the router's shape. */
void moe__folded_weighted(const MoeFolded *folded, const int64_t *weights, void *cell);
/* Whether a group, of n_groups (a power of two, at most the tables'), has anything in it. */
bool moe__tables_occupied(const MoeTables *tables, int router, int domain, int group, int n_groups);

#endif
