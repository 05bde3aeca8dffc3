/* SPDX-License-Identifier: MIT
 *
 * chance-domains.h: tables of experts by domain as they would be if domains didn't differ, drawn:
 * for what has no formula.
 */
#ifndef MOESCOPE_STATS_CHANCE_DOMAINS_H
#define MOESCOPE_STATS_CHANCE_DOMAINS_H

#include "stats/domain-table.h"

/* A number that drawn counts give, count[domains × experts] of the table's. */
typedef double (*MoeDomainsFunc)(const MoeDomainTable *table, const int64_t *count);

/* Its mean over drawn tables of as many units in each domain; the same each time. `uniform`: a
 * router that picks at random; else one of this load: the units of all domains are dealt to them
 * anew. `first`: of first choices, one a unit. Else each expert is drawn by itself, in a unit once:
 * its counts are as they should be, but a domain's picks needn't add up to those it has. NaN for
 * fewer than two domains. */
double moe__domains_by_chance(const MoeDomainTable *table, bool first, bool uniform,
                              MoeDomainsFunc of);

#endif
