/* SPDX-License-Identifier: MIT
 *
 * order.h: which experts a figure shows, and in which order: the options experts and sort.
 */
#ifndef FIGURE_ORDER_H
#define FIGURE_ORDER_H

#include <moescope/figure.h>

/* What the option sort says; a figure offers those that mean something to it. */
typedef enum {
    SORT_INDEX,   /* experts in their order */
    SORT_LOAD,    /* the busiest first */
    SORT_DOMAIN,  /* by the domain that prefers them, the most preferred first */
    SORT_CLUSTER, /* like ones beside each other */
    SORT_SPREAD,  /* those that domains differ most about first */
} Sort;

#define SORT_FIELD(FALLBACK, CHOICES)                                                           \
    {                                                                                           \
        .name = "sort", .type = MOE_FIELD_CHOICE, .fallback = (FALLBACK), .choices = (CHOICES), \
        .help = "order of experts: by number, the busiest first, by the domain that prefers "   \
                "them, like ones beside each other, or those first that domains differ about"   \
    }

Sort moe__sort(const MoeFigureOptions *options);
/* Whether the figure has that option, and it says so. */
bool moe__sorts_by(const MoeFigureOptions *options, Sort sort);

/* What an expert is placed by: first the group, then the weight. */
typedef struct Rank {
    int expert, group;
    double weight;
} Rank;
/* Puts ranks[experts->len] in order, groups ascending, weights falling, and the experts with them.
 */
void moe__experts_rank(GArray *experts, Rank *ranks);

/* Compares ints, for g_array_sort(). */
int moe__experts_by_number(const void *a, const void *b);

/* Of `experts` experts those that the options choose, ascending; may be none. (transfer full, of
 * int) */
GArray *moe__experts_chosen(const MoeFigureOptions *options, int experts);
/* Arranges them by the loads of a router; other orders than by load or domain leave them. `domain`
 * is the one whose load counts. */
void moe__experts_sort(GArray *experts, Sort sort, const MoeSummary *summary, int router,
                       int domain);
/* The domain whose share of picks for the expert is the greatest multiple of that of all tokens;
 * -1: nothing picks it. */
int moe__preferred_domain(const MoeSummary *summary, int router, int expert);
/* Arranges them by average linkage of alike[n × n], which is about all n experts of the router.
 * Returns what moe__cluster() does, of the places in `experts`. (transfer full, of Merge) */
GArray *moe__experts_cluster(GArray *experts, const double *alike, int n);

/* An axis of these experts: numbers where they follow each other from 0 on, else `names`, which the
 * caller frees after the panel was added. */
MoeAxis moe__experts_axis(const GArray *experts, const char *label, char ***names);

#endif
