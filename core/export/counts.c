/* SPDX-License-Identifier: MIT
 *
 * Sums as rows, a domain, layer and expert each: the layout of counts in core/import/README.md.
 */
#include "base/json-out.h"
#include "export/exporters.h"

static void
append_domain(GString *text, const MoeSummary *summary, int domain)
{
    if (domain < 0)
        return;
    g_string_append_c(text, '"');
    for (const char *c = moe_summary_domain_name(summary, domain); *c; c++)
        g_string_append_printf(text, *c == '"' ? "%c\"" : "%c", *c);
    g_string_append_c(text, '"');
}

/* Cells of what wasn't counted stay empty. */
static void
append_router(GString *text, const MoeSummary *summary, int router, int domain)
{
    const MoeSummaryCell *cell = moe_summary_cell(summary, router, domain);
    bool first = false, gates = false;
    for (int e = 0; e < cell->experts; e++) {
        first = first || cell->first[e] > 0;
        gates = gates || cell->gate_sum[e] != 0;
    }
    for (int e = 0; (cell->picks > 0 || gates) && e < cell->experts; e++) {
        append_domain(text, summary, domain);
        g_string_append_printf(text, ",%d,%d,", moe_summary_router(summary, router)->layer, e);
        if (cell->picks > 0)
            g_string_append_printf(text, "%" G_GINT64_FORMAT, cell->count[e]);
        g_string_append_c(text, ',');
        if (first)
            g_string_append_printf(text, "%" G_GINT64_FORMAT, cell->first[e]);
        g_string_append_c(text, ',');
        if (gates)
            moe__json_append_real(text, cell->gate_sum[e]);
        g_string_append_c(text, '\n');
    }
}

bool
moe__export_counts(MoeExport *job, const MoeSummary *summary, GError **error)
{
    g_autoptr(GString) text = g_string_new("domain,layer,expert,count,first,gate_sum\n");
    for (int d = MOE_DOMAIN_UNKNOWN; d < moe_summary_domains(summary); d++)
        for (int r = 0; r < moe_summary_routers(summary); r++)
            append_router(text, summary, r, d);
    return moe_export_write(job, text->str, text->len, error);
}

const MoeExporter moe__export_counts_csv = {
    .struct_size = sizeof(MoeExporter),
    .name = "counts-csv",
    .help = "CSV of sums: domain, layer, expert, count, first, gate_sum",
    .reader = "moescope import, pandas.read_csv()",
    .write_summary = moe__export_counts,
};
