/* SPDX-License-Identifier: MIT
 *
 * summary.c: counts by router and domain.
 */
#include <moescope/stats.h>

struct MoeSummary {
    int n_routers, n_domains;
    MoeSummaryCell *cells; /* [routers × (2 + domains)]: all, unknown, then the domains */
};

static int
cells_per_router(const MoeSummary *summary)
{
    return 2 + summary->n_domains;
}

static MoeSummaryCell *
find_cell(const MoeSummary *summary, int router, int domain)
{
    return &summary->cells[router * cells_per_router(summary) + domain - MOE_DOMAIN_ALL];
}

MoeSummary *
moe_summary_new(const MoeRouterInfo *routers, int n_routers, int n_domains)
{
    MoeSummary *summary = g_new0(MoeSummary, 1);
    summary->n_routers = n_routers;
    summary->n_domains = n_domains;
    summary->cells = g_new0(MoeSummaryCell, (gsize)n_routers * (gsize)(2 + n_domains));
    for (int r = 0; r < n_routers; r++)
        for (int d = MOE_DOMAIN_ALL; d < n_domains; d++) {
            gsize experts = (gsize)routers[r].experts;
            MoeSummaryCell *cell = find_cell(summary, r, d);
            cell->experts = routers[r].experts;
            cell->count = g_new0(int64_t, experts);
            cell->first = g_new0(int64_t, experts);
            cell->making = g_new0(int64_t, experts + 1);
            cell->gate_sum = g_new0(double, experts);
        }
    return summary;
}

void
moe_summary_free(MoeSummary *summary)
{
    if (!summary)
        return;
    for (int i = 0; i < summary->n_routers * cells_per_router(summary); i++) {
        g_free(summary->cells[i].count);
        g_free(summary->cells[i].first);
        g_free(summary->cells[i].making);
        g_free(summary->cells[i].gate_sum);
    }
    g_free(summary->cells);
    g_free(summary);
}

int
moe_summary_routers(const MoeSummary *summary)
{
    return summary->n_routers;
}

int
moe_summary_domains(const MoeSummary *summary)
{
    return summary->n_domains;
}

const MoeSummaryCell *
moe_summary_cell(const MoeSummary *summary, int router, int domain)
{
    g_return_val_if_fail(router >= 0 && router < summary->n_routers, NULL);
    g_return_val_if_fail(domain >= MOE_DOMAIN_ALL && domain < summary->n_domains, NULL);
    return find_cell(summary, router, domain);
}

/* --- Adding -----------------------------------------------------------------------------------*/

static void
add_cell(MoeSummaryCell *into, const MoeSummaryCell *from)
{
    into->units += from->units;
    into->picks += from->picks;
    into->dropped += from->dropped;
    for (int j = 0; j <= into->experts; j++)
        into->making[j] += from->making[j];
    for (int e = 0; e < into->experts; e++) {
        into->count[e] += from->count[e];
        into->first[e] += from->first[e];
        into->gate_sum[e] += from->gate_sum[e];
    }
}

bool
moe_summary_add(MoeSummary *into, const MoeSummary *from, GError **error)
{
    bool alike = into->n_routers == from->n_routers && into->n_domains == from->n_domains;
    for (int r = 0; alike && r < into->n_routers; r++)
        alike = find_cell(into, r, MOE_DOMAIN_ALL)->experts ==
                find_cell(from, r, MOE_DOMAIN_ALL)->experts;
    if (!alike) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "summaries of %d routers, %d domains and of %d routers, %d domains can't be "
                    "added: routers, their experts and domains have to agree",
                    into->n_routers, into->n_domains, from->n_routers, from->n_domains);
        return false;
    }
    for (int i = 0; i < into->n_routers * cells_per_router(into); i++)
        add_cell(&into->cells[i], &from->cells[i]);
    return true;
}

/* --- Counting ---------------------------------------------------------------------------------*/

static void
count_unit(MoeSummaryCell *cell, const MoeTraceView *view, int64_t unit)
{
    int picks = 0;
    cell->units++;
    if (view->k > 0 && view->expert[unit] >= 0)
        cell->first[view->expert[unit]]++;
    for (int slot = 0; slot < view->k; slot++) {
        int64_t i = slot * view->units + unit;
        int expert = view->expert[i];
        if (expert < 0)
            continue;
        picks++;
        cell->count[expert]++;
        cell->dropped += view->dropped && view->dropped[i];
        if (view->gate)
            cell->gate_sum[expert] += view->gate64 ? view->gate64[i] : (double)view->gate[i];
    }
    cell->picks += picks;
    cell->making[picks]++;
}

void
moe_summary_count(MoeSummary *summary, int router, const MoeTraceView *view, const int32_t *step)
{
    g_return_if_fail(router >= 0 && router < summary->n_routers);
    int64_t units_per_token = view->tokens > 0 ? view->units / view->tokens : 0;
    MoeRouterInfo info = {.experts = find_cell(summary, router, MOE_DOMAIN_ALL)->experts};
    /* Counted apart, then added to the domains and to the total. */
    g_autoptr(MoeSummary) part = moe_summary_new(&info, 1, summary->n_domains);
    for (int64_t token = 0; token < view->tokens; token++) {
        if (step && view->step[token] != *step)
            continue;
        MoeSummaryCell *cell = find_cell(part, 0, view->domain[token]);
        for (int64_t i = 0; i < units_per_token; i++)
            count_unit(cell, view, token * units_per_token + i);
    }
    for (int d = MOE_DOMAIN_UNKNOWN; d < summary->n_domains; d++) {
        add_cell(find_cell(summary, router, d), find_cell(part, 0, d));
        add_cell(find_cell(summary, router, MOE_DOMAIN_ALL), find_cell(part, 0, d));
    }
}
