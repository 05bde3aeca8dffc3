/* SPDX-License-Identifier: MIT
 *
 * Kinds of experts (MoE++, arXiv 2410.07348): what part of the routing falls on each.
 */
#include "report/metric-table.h"
#include "report/section.h"

#include <math.h>

/* What is told of every kind, a table each. */
static const struct {
    const char *metric, *name, *caption;
} told[] = {
    {"kind-share", "kinds", "Share of a layer's picks, by kind of expert"},
    {"kind-first-share", "kinds-first", "Share of a layer's first choices, by kind of expert"},
    {"kind-gate-share", "kinds-gates", "Share of a layer's gates, by kind of expert"},
    {"kind-picks-per-unit", "kinds-units", "Picks that a unit makes of each kind of expert"},
};

static const Statement share = {
    .uniform = true,
    .says = "{value} of the picks of {layer}, the most",
    .chance = "; uniform picks among all experts would give them {chance}",
    .same = ", as many as uniform picks ({chance})",
    .others = "; {median} in the median layer",
};

/* Names of kinds, in the order in which routers have them. (transfer container) */
static GPtrArray *
names_of(const GPtrArray *routers)
{
    GPtrArray *names = g_ptr_array_new();
    for (guint r = 0; r < routers->len; r++) {
        const MoeKinds *kinds = g_ptr_array_index((GPtrArray *)routers, r);
        for (int k = 0; kinds && k < kinds->n; k++)
            if (!g_ptr_array_find_with_equal_func(names, kinds->name[k], g_str_equal, NULL))
                g_ptr_array_add(names, kinds->name[k]);
    }
    return names;
}

static Measured
measure(MoeReport *report, int router, const MoeKinds *kinds, const char *name,
        const MoeMetric *metric)
{
    const MoeMetricCell whole =
        moe_metric_cell(report->summary, NULL, router, MOE_DOMAIN_ALL, NULL);
    int kind = kinds ? moe_kinds_find(kinds, name) : -1;
    if (kind < 0 || whole.summary->picks == 0)
        return (Measured){NAN, NAN, NAN, {NAN, NAN, 0}};
    g_autoptr(MoeKindPart) part = moe_kind_part(&whole, kinds, kind);
    const MoeMetricCell *cell = moe_kind_part_cell(part);
    const MoeResampleOptions how = {report->options.replicates, report->options.level,
                                    report->options.seed};
    Measured measured = {moe_metric_value(metric, cell),
                         moe_metric_uniform(metric, cell),
                         moe_metric_shuffled(metric, cell),
                         {NAN, NAN, 0}};
    moe_metric_kind_intervals(report->summary, router, MOE_DOMAIN_ALL, kinds, kind, &metric, 1,
                              &how, &measured.interval);
    return measured;
}

/* One metric of all kinds: a column a kind, a row a layer; of the first, also a sentence a
 * kind. */
static void
add_metric(MoeReport *report, GPtrArray *kinds, const GPtrArray *names, gsize what,
           MoeDocument *document)
{
    const MoeMetric *metric = moe_metric_find(told[what].metric);
    int n = moe_summary_routers(report->summary);
    g_autofree Place *places = g_new0(Place, (gsize)n + 1);
    g_autofree MetricColumn *columns = g_new0(MetricColumn, names->len + 1);
    g_autofree Measured *measured = g_new0(Measured, (gsize)n * names->len + 1);
    for (int r = 0; r < n; r++) {
        const MoeRouterInfo *info = moe_summary_router(report->summary, r);
        places[r] = (Place){info->layer, info->experts, info->k};
    }
    for (guint k = 0; k < names->len; k++) {
        Measured *own = measured + (gsize)k * (gsize)n;
        const char *name = g_ptr_array_index((GPtrArray *)names, k);
        for (int r = 0; r < n; r++)
            own[r] = measure(report, r, g_ptr_array_index(kinds, r), name, metric);
        columns[k] = (MetricColumn){name, NULL, metric->unit, NULL, NULL, own};
        g_autofree char *said =
            what == 0 ? moe__statement_say(&share, metric->unit, own, places, n) : NULL;
        g_autofree char *words =
            said ? g_strdup_printf("Experts of kind %s take %s", name, said) : NULL;
        if (words)
            moe_document_point(document, words);
    }
    const MetricTable table = {told[what].name,
                               told[what].caption,
                               report->options.level,
                               columns,
                               (int)names->len,
                               places,
                               n};
    moe__metric_table(&table, document);
}

static void
free_kinds(gpointer kinds)
{
    moe_kinds_free(kinds);
}

static bool
build(const MoeReportSection *section, MoeReport *report, MoeDocument *document, GError **error)
{
    int n = moe_summary_routers(report->summary);
    g_autoptr(GPtrArray) kinds = g_ptr_array_new_with_free_func(free_kinds);
    for (int r = 0; r < n; r++)
        g_ptr_array_add(kinds, moe_kinds_of(moe_summary_router(report->summary, r)));
    g_autoptr(GPtrArray) names = names_of(kinds);
    for (gsize i = 0; names->len > 0 && i < G_N_ELEMENTS(told); i++)
        add_metric(report, kinds, names, i, document);
    if (names->len == 0)
        moe_document_note(document, "experts all of one kind, or nobody says of which: moescope "
                                    "import --kinds ffn:8,zero:1,copy:1 does");
    return true;
}

const MoeReportSection moe__section_kinds = {
    sizeof(MoeReportSection), "kinds",
    "Kinds of experts",       "what part of the routing falls on each kind of expert",
    MOE_TALLY_LOAD,           build};
