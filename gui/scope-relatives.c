/* SPDX-License-Identifier: MIT
 *
 * Partners, by how often tokens pick both; and those that are alike, by the company they keep and,
 * where a run measured it, by their weights.
 */
#include "scope-relatives.h"

#include <glib/gi18n.h>
#include <math.h>

enum { EXPERT, LOAD, TOGETHER, SHARE, LIFT, COMPANY, WEIGHTS, COLUMNS };

const ScopeColumn *
scope_relatives_columns(int *n)
{
    static const ScopeColumn columns[COLUMNS] = {
        [EXPERT] = {N_("Expert"), true, false, PANGO_ELLIPSIZE_NONE},
        [LOAD] = {N_("Share of picks"), true, false, PANGO_ELLIPSIZE_NONE},
        [TOGETHER] = {N_("Together"), true, false, PANGO_ELLIPSIZE_NONE},
        [SHARE] = {N_("Of its tokens"), true, false, PANGO_ELLIPSIZE_NONE},
        [LIFT] = {N_("Lift"), true, false, PANGO_ELLIPSIZE_NONE},
        [COMPANY] = {N_("Same company"), true, false, PANGO_ELLIPSIZE_NONE},
        [WEIGHTS] = {N_("Like weights"), true, false, PANGO_ELLIPSIZE_NONE},
    };
    *n = COLUMNS;
    return columns;
}

/* Cosine of what two experts are picked together with, but for themselves. */
static double
company(const MoePairCell *cell, int a, int b)
{
    const int64_t *x = cell->together + (gsize)a * (gsize)cell->experts;
    const int64_t *y = cell->together + (gsize)b * (gsize)cell->experts;
    double product = 0, xx = 0, yy = 0;
    for (int e = 0; e < cell->experts; e++) {
        if (e == a || e == b)
            continue;
        product += (double)x[e] * (double)y[e];
        xx += (double)x[e] * (double)x[e];
        yy += (double)y[e] * (double)y[e];
    }
    return product / sqrt(xx * yy);
}

/* The cosines of experts' weights that were measured last, [E × E]; data NULL: none were. */
static MoeArray
weights_of(const MoeTrace *trace, int router, int experts)
{
    g_autofree char *name = g_strdup_printf("measures/r%03d.expert_cosine", router);
    MoeArray all = {0};
    bool fits = trace && moe_trace_join(trace, name, &all, NULL) && all.ndim == 3 &&
                all.shape[0] > 0 && all.shape[1] == experts && all.shape[2] == experts;
    if (!fits) {
        g_free((gpointer)all.data);
        return (MoeArray){0};
    }
    return all;
}

static double
weight_cosine(const MoeArray *all, int a, int b)
{
    if (!all->data)
        return NAN;
    return moe_array_value(all, ((all->shape[0] - 1) * all->shape[1] + a) * all->shape[2] + b);
}

static void
set_share(ScopeRow *row, int column, double share)
{
    scope_row_take_number(row, column,
                          isfinite(share) ? g_strdup_printf("%.1f %%", 100 * share)
                                          : g_strdup("\xe2\x80\x93"),
                          share);
}

static void
set_rounded(ScopeRow *row, int column, double value)
{
    scope_row_take_number(
        row, column, isfinite(value) ? g_strdup_printf("%.2f", value) : g_strdup("\xe2\x80\x93"),
        value);
}

static int
busiest_of(const MoeSummaryCell *load)
{
    int busiest = 0;
    for (int e = 1; e < load->experts; e++)
        if (load->count[e] > load->count[busiest])
            busiest = e;
    return busiest;
}

int
scope_relatives_busiest(MoeFigureInput *input, ScopeSteps steps, int router, GError **error)
{
    const MoeSummary *summary = scope_steps_summary(steps, input, MOE_TALLY_LOAD, error);
    return summary ? busiest_of(moe_summary_cell(summary, router, MOE_DOMAIN_ALL)) : -1;
}

gpointer
scope_relatives_find(MoeFigureInput *input, gpointer data, GError **error)
{
    const ScopeRelativesQuery *query = data;
    const MoeSummary *summary =
        scope_steps_summary(query->steps, input, MOE_TALLY_LOAD | MOE_TALLY_PAIRS, error);
    if (!summary)
        return NULL;
    const MoeSummaryCell *load = moe_summary_cell(summary, query->router, MOE_DOMAIN_ALL);
    const MoePairCell *pairs = moe_summary_pairs(summary, query->router, MOE_DOMAIN_ALL);
    GListStore *rows = g_list_store_new(SCOPE_TYPE_ROW);
    MoeArray weights = weights_of(moe_figure_input_trace(input, 0), query->router, load->experts);
    int expert = query->expert < 0 ? busiest_of(load) : query->expert;
    gsize n = (gsize)load->experts, own = (gsize)expert;
    for (int e = 0; pairs && e < load->experts; e++) {
        if (e == expert)
            continue;
        g_autoptr(ScopeRow) row = scope_row_new();
        double together = (double)pairs->together[own * n + (gsize)e];
        double both =
            (double)pairs->together[own * (n + 1)] * (double)pairs->together[(gsize)e * (n + 1)];
        scope_row_set_number(row, EXPERT, e);
        set_share(row, LOAD, (double)load->count[e] / (double)load->picks);
        scope_row_set_number(row, TOGETHER, together);
        set_share(row, SHARE, together / (double)pairs->together[own * (n + 1)]);
        set_rounded(row, LIFT, together * (double)pairs->units / both);
        set_rounded(row, COMPANY, company(pairs, expert, e));
        set_rounded(row, WEIGHTS, weight_cosine(&weights, expert, e));
        scope_row_set_target(
            row, (ScopeRowTarget){moe_summary_router(summary, query->router)->layer, e, -1});
        g_list_store_append(rows, row);
    }
    g_free((gpointer)weights.data);
    return rows;
}
