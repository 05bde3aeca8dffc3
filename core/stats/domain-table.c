/* SPDX-License-Identifier: MIT
 *
 * domain-table.c: the cells of domains, side by side.
 */
#include "stats/domain-table.h"

#include <math.h>
#include <string.h>

MoeDomainTable
moe__domain_table(const MoeMetricCell *cell, bool first)
{
    gsize experts = (gsize)cell->summary->experts, n = (gsize)cell->n_domains;
    MoeDomainTable table = {0, (int)experts, g_new(int64_t, n * experts), g_new(double, n),
                            g_new0(double, experts)};
    double all = 0;
    for (gsize d = 0; d < n; d++) {
        const MoeSummaryCell *own = cell->domains[d];
        if (own->picks == 0)
            continue;
        int64_t *row = table.count + (gsize)table.domains * experts;
        memcpy(row, first ? own->first : own->count, experts * sizeof *row);
        for (gsize e = 0; e < experts; e++)
            table.share[e] += (double)row[e];
        /* Of one kind of experts it isn't known which units have picks. */
        int64_t without = cell->whole ? 0 : own->making[0];
        table.units[table.domains] = (double)(own->units - without);
        all += table.units[table.domains++];
    }
    for (gsize e = 0; e < experts; e++)
        table.share[e] = fmin(1, table.share[e] / all);
    return table;
}

void
moe__domain_table_clear(MoeDomainTable *table)
{
    g_free(table->count);
    g_free(table->units);
    g_free(table->share);
}

void
moe__domain_table_even(MoeDomainTable *table)
{
    double sum = 0;
    for (int e = 0; e < table->experts; e++)
        sum += table->share[e];
    for (int e = 0; e < table->experts; e++)
        table->share[e] = sum / table->experts;
}
