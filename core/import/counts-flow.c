/* SPDX-License-Identifier: MIT */
#include "import/counts-flow.h"

#define I64 G_GINT64_FORMAT

void
moe__counts_flow_begin(MoeCountsFlow *flow, MoeImport *import, MoeSummary *summary)
{
    *flow = (MoeCountsFlow){
        .import = import,
        .summary = summary,
        .experts = moe_summary_router(summary, 0)->experts,
        .routers = moe_summary_routers(summary),
        .domains = moe_summary_domains(summary),
    };
    gsize n = (gsize)(flow->domains + 1) * (gsize)flow->routers * (gsize)flow->experts;
    flow->left = g_new0(int64_t, n);
    flow->right = g_new0(int64_t, n);
}

void
moe__counts_flow_clear(MoeCountsFlow *flow)
{
    g_clear_pointer(&flow->left, g_free);
    g_clear_pointer(&flow->right, g_free);
}

/* Of the first expert. */
static gsize
place(const MoeCountsFlow *flow, int router, int domain)
{
    gsize slot = (gsize)(domain - MOE_DOMAIN_UNKNOWN);
    return (slot * (gsize)flow->routers + (gsize)router) * (gsize)flow->experts;
}

bool
moe__counts_flow_add(MoeCountsFlow *flow, int router, int domain, int a, int b, int64_t count,
                     GError **error)
{
    if (count < 0 || count > ((int64_t)1 << 62) - flow->total) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "layer %d, experts %d and %d: found a count of %" I64
                    ", expected 0 or more, and at most 2^62 in all",
                    moe_summary_router(flow->summary, router)->layer, a, b, count);
        return false;
    }
    flow->total += count;
    MoeFlowCell *cell = moe_summary_fill_flow(flow->summary, router, domain);
    if (cell) { /* NULL: they would take too much memory */
        cell->moves[(gsize)a * (gsize)cell->experts + (gsize)b] += count;
        cell->units += count;
    }
    flow->left[place(flow, router - 1, domain) + (gsize)a] += count;
    flow->right[place(flow, router, domain) + (gsize)b] += count;
    return true;
}

static bool
add_load(const MoeCountsFlow *flow, int router, int domain, GError **error)
{
    const int64_t *left = flow->left + place(flow, router, domain);
    const int64_t *right = flow->right + place(flow, router, domain);
    bool ahead = router + 1 < flow->routers, behind = router > 0;
    for (int e = 0; e < flow->experts; e++) {
        if (ahead && behind && left[e] != right[e]) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "layer %d: expert %d has %" I64 " picks in pairs with the layer before, "
                        "%" I64 " with the layer behind, expected the same tokens",
                        moe_summary_router(flow->summary, router)->layer, e, right[e], left[e]);
            return false;
        }
        if (!moe_import_picks(flow->import, router, domain, 0, e, behind ? right[e] : left[e],
                              error))
            return false;
    }
    return true;
}

bool
moe__counts_flow_end(MoeCountsFlow *flow, GError **error)
{
    for (int d = MOE_DOMAIN_UNKNOWN; d < flow->domains; d++)
        for (int r = 0; r < flow->routers; r++)
            if (!add_load(flow, r, d, error))
                return false;
    if (moe_import_k(flow->import) > 1)
        moe_import_note(flow->import, "transitions pair picks of equal slot, k a token (as OLMoE's "
                                      "script counts them), not first choices alone");
    return true;
}
