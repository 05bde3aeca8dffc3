/* SPDX-License-Identifier: MIT
 *
 * metrics-hot.c: whether domains keep the same experts busy.
 */
#include "stats/chance-domains.h"
#include "stats/metrics.h"

#include <math.h>
#include <stdlib.h>

typedef struct Place {
    int64_t count;
    int expert;
} Place;

/* Most picks first, of equal ones the lower number. */
static int
by_load(const void *a, const void *b)
{
    const Place *x = a, *y = b;
    int order = (x->count < y->count) - (x->count > y->count);
    return order ? order : x->expert - y->expert;
}

/* Marks the fewest experts that have half of the picks. `room` [experts] is overwritten. */
static void
mark_hot(const int64_t *count, int experts, Place *room, bool *hot)
{
    int64_t picks = 0, held = 0;
    for (int e = 0; e < experts; e++) {
        room[e] = (Place){count[e], e};
        hot[e] = false;
        picks += count[e];
    }
    qsort(room, (size_t)experts, sizeof *room, by_load);
    for (int i = 0; i < experts && 2 * held < picks; i++) {
        hot[room[i].expert] = true;
        held += room[i].count;
    }
}

static double
jaccard(const bool *a, const bool *b, int experts)
{
    int shared = 0, either = 0;
    for (int e = 0; e < experts; e++) {
        shared += a[e] && b[e];
        either += a[e] || b[e];
    }
    return either > 0 ? (double)shared / either : 0;
}

/* The mean over pairs of rows of count [domains × experts]. */
static double
mean_overlap(const MoeDomainTable *table, const int64_t *count)
{
    int domains = table->domains, experts = table->experts;
    g_autofree bool *hot = g_new(bool, (gsize)domains *(gsize)experts);
    g_autofree Place *room = g_new(Place, (gsize)experts);
    double sum = 0, pairs = 0;
    for (int d = 0; d < domains; d++) {
        gsize row = (gsize)d * (gsize)experts;
        mark_hot(count + row, experts, room, hot + row);
        for (int other = 0; other < d; other++) {
            sum += jaccard(hot + row, hot + (gsize)other * (gsize)experts, experts);
            pairs++;
        }
    }
    return sum / pairs;
}

static double
overlap(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    g_auto(MoeDomainTable) table = moe__domain_table(cell, false);
    return table.domains < 2 ? NAN : mean_overlap(&table, table.count);
}

static double
uniform(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    g_auto(MoeDomainTable) table = moe__domain_table(cell, false);
    return moe__domains_by_chance(&table, false, true, mean_overlap);
}

static double
shuffled(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    g_auto(MoeDomainTable) table = moe__domain_table(cell, false);
    return moe__domains_by_chance(&table, false, false, mean_overlap);
}

static const MoeMetric hot_metric = {
    .struct_size = sizeof(MoeMetric),
    .name = "domain-hot-overlap",
    .formula = "mean over pairs of domains of |H_d ∩ H_d'| / |H_d ∪ H_d'|",
    .unit = "share",
    .source = "Wang et al. 2024 (ESFT), arXiv 2407.01906: experts that tasks share",
    .convention = "H_d the fewest experts that take half of a domain's picks (hot-set@0.5), of "
                  "equal ones the lower number; ESFT chooses by a share of 0.1 or 0.2; nulls are "
                  "drawn, shuffled: the units of all domains, dealt to them anew",
    .better = MOE_METRIC_NONE,
    .needs = MOE_NEEDS_DOMAINS | MOE_BY_KIND,
    .low = 0,
    .high = 1,
    .value = overlap,
    .uniform = uniform,
    .shuffled = shuffled,
};

void
moe__metrics_register_hot(void)
{
    moe_metrics_add(&hot_metric);
}
