/* SPDX-License-Identifier: MIT
 *
 * chance-domains.c: tables of experts by domain, drawn.
 */
#include "stats/chance-domains.h"

#include "stats/chance-draw.h"

#include <math.h>

enum {
    COUNTS = 131072, /* that all tables of a mean have together, about */
    LEAST = 4,       /* tables, and at most */
    MOST = 1024,
    SEED = 9,
};

static int64_t
units_of(const MoeDomainTable *table, int domain)
{
    return (int64_t)table->units[domain];
}

static int64_t
counts_of(const MoeDomainTable *table, int domain)
{
    int64_t sum = 0;
    for (int e = 0; e < table->experts; e++)
        sum += table->count[(gsize)domain * (gsize)table->experts + (gsize)e];
    return sum;
}

/* --- By a router that picks at random ---------------------------------------------------------*/

static void
draw_evenly(MoeRng *rng, const MoeDomainTable *table, bool first, int64_t *count)
{
    gsize experts = (gsize)MAX(table->experts, 1);
    double each = 0;
    g_autofree double *even = g_new(double, experts);
    for (gsize e = 0; e < experts; e++) {
        each += table->share[e] / (double)experts;
        even[e] = 1 / (double)experts;
    }
    for (int d = 0; d < table->domains; d++) {
        int64_t *row = count + (gsize)d * experts;
        if (first) /* of one kind of experts, of the units that have one of these */
            moe__draw_row(rng, counts_of(table, d), even, table->experts, row);
        for (gsize e = 0; !first && e < experts; e++)
            row[e] = moe__draw_binomial(rng, units_of(table, d), MIN(1, each));
    }
}

/* --- By the load ------------------------------------------------------------------------------*/

/* What is left of each expert's counts, [experts]: at first all. */
static void
take_load(const MoeDomainTable *table, int64_t *left)
{
    for (int e = 0; e < table->experts; e++) {
        left[e] = 0;
        for (int d = 0; d < table->domains; d++)
            left[e] += table->count[(gsize)d * (gsize)table->experts + (gsize)e];
    }
}

/* First choices, one a unit: a domain takes its units from what those before it left. */
static void
deal_first(MoeRng *rng, const MoeDomainTable *table, int64_t *left, int64_t *count)
{
    for (int d = 0; d < table->domains; d++) {
        int64_t *row = count + (gsize)d * (gsize)table->experts, all = 0, taken = 0;
        int64_t wanted = counts_of(table, d);
        for (int e = 0; e < table->experts; e++)
            all += left[e];
        for (int e = 0; e < table->experts; e++) {
            row[e] = moe__draw_marked(rng, all, left[e], wanted - taken);
            all -= left[e];
            left[e] -= row[e];
            taken += row[e];
        }
    }
}

/* Picks: of each expert by itself, which units have it; it is in a unit once. */
static void
deal_picks(MoeRng *rng, const MoeDomainTable *table, int64_t *left, int64_t *count)
{
    for (int e = 0; e < table->experts; e++) {
        int64_t all = 0;
        for (int d = 0; d < table->domains; d++)
            all += units_of(table, d);
        left[e] = MIN(left[e], all);
        for (int d = 0; d < table->domains; d++) {
            int64_t drawn = moe__draw_marked(rng, all, left[e], units_of(table, d));
            count[(gsize)d * (gsize)table->experts + (gsize)e] = drawn;
            all -= units_of(table, d);
            left[e] -= drawn;
        }
    }
}

double
moe__domains_by_chance(const MoeDomainTable *table, bool first, bool uniform, MoeDomainsFunc of)
{
    gsize domains = (gsize)table->domains, experts = (gsize)table->experts;
    if (domains < 2)
        return NAN;
    int tables = (int)CLAMP(COUNTS / (domains * experts), LEAST, MOST);
    g_autofree int64_t *count = g_new(int64_t, domains * experts);
    g_autofree int64_t *left = g_new(int64_t, experts);
    MoeRng rng = moe_rng(SEED, 0);
    double sum = 0;
    for (int i = 0; i < tables; i++) {
        take_load(table, left);
        if (uniform)
            draw_evenly(&rng, table, first, count);
        else if (first)
            deal_first(&rng, table, left, count);
        else
            deal_picks(&rng, table, left, count);
        sum += of(table, count);
    }
    return sum / tables;
}
