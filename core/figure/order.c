/* SPDX-License-Identifier: MIT
 *
 * Experts in the order that the reader asks for.
 */
#include "figure/order.h"
#include "figure/cluster.h"

#include <math.h>

static const char *const sorts[] = {[SORT_INDEX] = "index",
                                    [SORT_LOAD] = "load",
                                    [SORT_DOMAIN] = "domain",
                                    [SORT_CLUSTER] = "cluster",
                                    [SORT_SPREAD] = "spread"};

Sort
moe__sort(const MoeFigureOptions *options)
{
    const char *name = moe_figure_options_text(options, "sort");
    for (gsize i = 0; i < G_N_ELEMENTS(sorts); i++)
        if (strcmp(sorts[i], name) == 0)
            return (Sort)i;
    g_return_val_if_reached(SORT_INDEX);
}

bool
moe__sorts_by(const MoeFigureOptions *options, Sort sort)
{
    return moe_figure_options_has(options, "sort") && moe__sort(options) == sort;
}

GArray *
moe__experts_chosen(const MoeFigureOptions *options, int experts)
{
    GArray *chosen = g_array_new(FALSE, FALSE, sizeof(int));
    for (int e = 0; e < experts; e++)
        if (moe_figure_options_expert(options, e))
            g_array_append_val(chosen, e);
    return chosen;
}

/* --- By load, by domain -----------------------------------------------------------------------*/

static int
by_rank(const void *a, const void *b)
{
    const Rank *x = a, *y = b;
    if (x->group != y->group)
        return x->group - y->group;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->expert - y->expert;
}

int
moe__experts_by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

void
moe__experts_rank(GArray *experts, Rank *ranks)
{
    qsort(ranks, experts->len, sizeof(Rank), by_rank);
    for (guint i = 0; i < experts->len; i++)
        g_array_index(experts, int, i) = ranks[i].expert;
}

static double
share_of(const MoeSummaryCell *cell, int expert)
{
    return cell->picks > 0 ? (double)cell->count[expert] / (double)cell->picks : 0;
}

/* The domain whose share of the expert is the greatest multiple of that of all tokens. */
static Rank
preferred(const MoeSummary *summary, int router, int expert)
{
    double all = share_of(moe_summary_cell(summary, router, MOE_DOMAIN_ALL), expert);
    Rank rank = {expert, G_MAXINT, 0};
    for (int d = 0; all > 0 && d < moe_summary_domains(summary); d++) {
        double lift = share_of(moe_summary_cell(summary, router, d), expert) / all;
        if (lift > rank.weight)
            rank = (Rank){expert, d, lift};
    }
    return rank;
}

int
moe__preferred_domain(const MoeSummary *summary, int router, int expert)
{
    Rank rank = preferred(summary, router, expert);
    return rank.group == G_MAXINT ? -1 : rank.group;
}

void
moe__experts_sort(GArray *experts, Sort sort, const MoeSummary *summary, int router, int domain)
{
    if (sort != SORT_LOAD && sort != SORT_DOMAIN)
        return;
    const MoeSummaryCell *cell = moe_summary_cell(summary, router, domain);
    g_autofree Rank *ranks = g_new(Rank, (gsize)experts->len + 1);
    for (guint i = 0; i < experts->len; i++) {
        int expert = g_array_index(experts, int, i);
        ranks[i] = sort == SORT_LOAD ? (Rank){expert, 0, share_of(cell, expert)}
                                     : preferred(summary, router, expert);
    }
    moe__experts_rank(experts, ranks);
}

/* --- By likeness ------------------------------------------------------------------------------*/

GArray *
moe__experts_cluster(GArray *experts, const double *alike, int n)
{
    gsize m = experts->len;
    g_autofree double *part = g_new(double, MAX(m * m, 1));
    g_autofree int *order = g_new(int, m + 1), *arranged = g_new(int, m + 1);
    for (gsize i = 0; i < m; i++)
        for (gsize j = 0; j < m; j++)
            part[i * m + j] = alike[(gsize)g_array_index(experts, int, i) * (gsize)n +
                                    (gsize)g_array_index(experts, int, j)];
    GArray *merges = moe__cluster(part, (int)m, order);
    for (gsize i = 0; i < m; i++)
        arranged[i] = g_array_index(experts, int, order[i]);
    for (gsize i = 0; i < m; i++)
        g_array_index(experts, int, i) = arranged[i];
    return merges;
}

MoeAxis
moe__experts_axis(const GArray *experts, const char *label, char ***names)
{
    MoeAxis axis = {
        .type = MOE_AXIS_BAND, .label = label, .bands = (int)experts->len, .key = "expert"};
    bool plain = true;
    *names = g_new0(char *, (gsize)experts->len + 1);
    for (guint i = 0; i < experts->len; i++) {
        int expert = g_array_index(experts, int, i);
        plain &= expert == (int)i;
        (*names)[i] = g_strdup_printf("%d", expert);
    }
    if (!plain)
        axis.names = (const char *const *)*names;
    return axis;
}
