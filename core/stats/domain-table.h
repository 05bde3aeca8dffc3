/* SPDX-License-Identifier: MIT
 *
 * domain-table.h: picks or first choices of a router by domain.
 */
#ifndef MOESCOPE_STATS_DOMAIN_TABLE_H
#define MOESCOPE_STATS_DOMAIN_TABLE_H

#include <moescope/metrics.h>

/* Of the domains that have any. */
typedef struct MoeDomainTable {
    int domains, experts;
    int64_t *count; /* [domains × experts] */
    double *units;  /* [domains] with picks */
    double *share; /* [experts] counts a unit, over all domains: chances of an expert to be in it */
} MoeDomainTable;

/* `first`: of first choices, else of all picks. */
MoeDomainTable moe__domain_table(const MoeMetricCell *cell, bool first);
void moe__domain_table_clear(MoeDomainTable *table);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeDomainTable, moe__domain_table_clear)
/* Gives every expert the same chance, of as many counts a unit. */
void moe__domain_table_even(MoeDomainTable *table);

#endif
