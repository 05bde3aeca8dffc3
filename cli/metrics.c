/* SPDX-License-Identifier: MIT */
#include "metrics.h"

#include "metric-choice.h"
#include "summaries.h"
#include "util.h"

#include <math.h>
#include <string.h>

bool
cmd_metrics_format(const MetricsFormats *formats, MetricsFormat *format)
{
    if (!!formats->json + !!formats->csv + !!formats->markdown + !!formats->text > 1) {
        cmd_usage("found several of --text, --json, --csv and --markdown, expected one");
        return false;
    }
    *format = formats->json       ? METRICS_JSON
              : formats->csv      ? METRICS_CSV
              : formats->markdown ? METRICS_MARKDOWN
                                  : METRICS_TEXT;
    return true;
}

/* --- The report -------------------------------------------------------------------------------*/

static void
place_free(gpointer data)
{
    MetricsPlace *place = data;
    g_free(place->domain_name);
    g_free(place->kind);
    g_array_unref(place->measured);
    cmd_metrics_against_free(place->against);
    g_free(place);
}

static void
input_free(gpointer data)
{
    MetricsInput *input = data;
    g_free(input->path);
    g_free(input->where);
    g_free(input->without);
    g_ptr_array_unref(input->checked);
    g_ptr_array_unref(input->places);
    g_free(input);
}

MetricsReport *
cmd_metrics_report_new(const MetricsQuery *query)
{
    MetricsReport *report = g_new(MetricsReport, 1);
    *report = (MetricsReport){*query, g_ptr_array_new_with_free_func(input_free)};
    return report;
}

void
cmd_metrics_report_free(MetricsReport *report)
{
    g_ptr_array_unref(report->inputs);
    g_free(report);
}

/* Of a summary, what metrics that were asked for look at and it doesn't hold, in a clause; else
 * NULL. (transfer full)
 */
static char *
without_of(const MetricsQuery *query, const CmdSource *source)
{
    const GPtrArray *metrics = query->metrics;
    if (source->trace || !query->asked)
        return NULL;
    unsigned needed =
        moe_metrics_tallies((const MoeMetric *const *)metrics->pdata, (int)metrics->len);
    unsigned lacking = needed & MOE_TALLIES_ALL & ~moe_summary_tallies(source->summary);
    g_autofree char *names = cmd_tallies_names(lacking);
    return *names ? g_strdup_printf("holds no %s, which moescope summary --with all counts of a "
                                    "trace",
                                    names)
                  : NULL;
}

MetricsInput *
cmd_metrics_input(MetricsReport *report, const CmdSource *source)
{
    MetricsInput *input = g_new(MetricsInput, 1);
    *input = (MetricsInput){
        .path = g_strdup(source->path),
        .is_summary = !source->trace,
        .tokens = moe_summary_tokens_counted(source->summary),
        .where = g_strdup(source->where),
        .without = without_of(&report->query, source),
        .checked = g_ptr_array_ref(source->checked),
        .places = g_ptr_array_new_with_free_func(place_free),
    };
    g_ptr_array_add(report->inputs, input);
    return input;
}

/* --- Measuring --------------------------------------------------------------------------------*/

typedef struct Spot {
    const MetricsQuery *query;
    const MetricsFrom *from;
    const MoeSummary *summary;         /* of `from` */
    const MoeInterval *from_the_trace; /* of the router's metrics; NULL: none */
    int router, domain;
    const MoeKinds *kinds; /* NULL: of all experts */
    int kind;
    const MoeMetricCell *cell; /* what is measured: the router, or its part of the kind */
} Spot;

static void
to_bits(Measured *measured)
{
    measured->unit = "bits";
    measured->value /= G_LN2;
    measured->uniform /= G_LN2;
    measured->shuffled /= G_LN2;
    measured->interval.low /= G_LN2;
    measured->interval.high /= G_LN2;
}

void
cmd_metrics_add(GArray *measured, const MetricsQuery *query, const Measured *one)
{
    Measured added = *one;
    if (query->bits && strcmp(one->unit, "nats") == 0)
        to_bits(&added);
    g_array_append_val(measured, added);
}

/* Some metrics are of kinds of experts alone, some of all experts alone. */
static bool
applies(const MoeMetric *metric, const MoeKinds *kinds)
{
    return kinds ? !moe_metric_no_kinds(metric) : !(metric->needs & MOE_NEEDS_KIND);
}

/* Of what there can be no interval, whatever the documents. */
static const char *
no_interval(const Spot *spot, const MoeMetric *metric)
{
    const char *why = moe_metric_no_interval(metric);
    if (why || !spot->query->intervals)
        return why;
    if (!moe_metric_interval_needs_trace(metric))
        return moe_metric_groups(spot->summary, metric) < MOE_RESAMPLE_LEAST
                   ? "the tables are too large to be kept apart by documents"
                   : NULL;
    if (spot->domain != MOE_DOMAIN_ALL)
        return "it takes all tokens";
    return spot->from_the_trace
               ? NULL
               : "it takes the trace, as a summary doesn't keep documents apart there";
}

char *
cmd_no_interval(const Measured *measured)
{
    int groups = measured->interval.groups;
    if (isnan(measured->value) || isfinite(measured->interval.low))
        return NULL;
    if (measured->no_interval)
        return g_strdup(measured->no_interval);
    if (groups >= MOE_RESAMPLE_LEAST)
        return g_strdup("there is no value without some of the documents");
    return g_strdup_printf("%d group%s of documents to draw from, %d needed", groups,
                           groups == 1 ? "" : "s", MOE_RESAMPLE_LEAST);
}

static GArray *
measure(const Spot *spot)
{
    const GPtrArray *metrics = spot->query->metrics;
    const MoeMetric *const *list = (const MoeMetric *const *)metrics->pdata;
    GArray *out = g_array_sized_new(FALSE, TRUE, sizeof(Measured), metrics->len);
    g_autofree MoeInterval *intervals = g_new(MoeInterval, metrics->len + 1);
    for (guint i = 0; i < metrics->len; i++)
        intervals[i] = (MoeInterval){NAN, NAN, 0};
    if (spot->query->intervals)
        moe_metric_kind_intervals(spot->summary, spot->router, spot->domain, spot->kinds,
                                  spot->kind, list, (int)metrics->len, &spot->query->resample,
                                  intervals);
    for (guint i = 0; spot->from_the_trace && i < metrics->len; i++)
        if (spot->domain == MOE_DOMAIN_ALL && moe_metric_interval_needs_trace(list[i]))
            intervals[i] = spot->from_the_trace[i];
    for (guint i = 0; i < metrics->len; i++) {
        if (!applies(list[i], spot->kinds))
            continue;
        const Measured measured = {list[i]->name,
                                   list[i]->unit,
                                   moe_metric_value(list[i], spot->cell),
                                   moe_metric_uniform(list[i], spot->cell),
                                   moe_metric_shuffled(list[i], spot->cell),
                                   intervals[i],
                                   no_interval(spot, list[i])};
        cmd_metrics_add(out, spot->query, &measured);
    }
    return out;
}

static void
add_place(MetricsInput *input, const Spot *spot)
{
    const gint64 *step = spot->from->step;
    const MoeRouterInfo *info = moe_summary_router(spot->summary, spot->router);
    if (spot->domain != MOE_DOMAIN_ALL && spot->cell->summary->units == 0)
        return;
    g_autoptr(GArray) measured = measure(spot);
    g_autoptr(MetricsAgainst) against =
        spot->from->comparison && !spot->kinds
            ? cmd_metrics_against(spot->query, spot->from, spot->router, spot->domain)
            : NULL;
    if (measured->len == 0 && !against)
        return; /* nothing that was asked for is of all experts, or of one kind */
    MetricsPlace *place = g_new(MetricsPlace, 1);
    *place = (MetricsPlace){
        .router = spot->router,
        .layer = info->layer,
        .experts = spot->cell->summary->experts,
        .domain = spot->domain,
        .domain_name = spot->domain >= 0
                           ? g_strdup(moe_summary_domain_name(spot->summary, spot->domain))
                           : NULL,
        .kind = spot->kinds ? g_strdup(spot->kinds->name[spot->kind]) : NULL,
        .shared = info->shared,
        .has_step = step != NULL,
        .step = step ? *step : 0,
        .units = spot->cell->summary->units,
        .picks = spot->cell->summary->picks,
        .measured = g_steal_pointer(&measured),
        .against = g_steal_pointer(&against),
    };
    g_ptr_array_add(input->places, place);
}

/* All experts, then the kinds that were asked for. */
static bool
add_places(MetricsInput *input, Spot *spot, GError **error)
{
    g_autofree const MoeSummaryCell **domains =
        g_new0(const MoeSummaryCell *, (gsize)moe_summary_domains(spot->summary) + 1);
    MoeMetricCell all =
        moe_metric_cell(spot->summary, spot->from->trace, spot->router, spot->domain, domains);
    all.at_step = spot->from->step != NULL;
    all.step = all.at_step ? *spot->from->step : 0;
    g_autoptr(MoeKinds) kinds = moe_kinds_of(moe_summary_router(spot->summary, spot->router));
    g_autoptr(GArray) chosen = cmd_kinds_choose(kinds, spot->query->kinds, error);
    if (!chosen)
        return false;
    spot->kinds = NULL;
    spot->cell = &all;
    add_place(input, spot);
    for (guint i = 0; i < chosen->len; i++) {
        spot->kinds = kinds;
        spot->kind = g_array_index(chosen, int, i);
        g_autoptr(MoeKindPart) part = moe_kind_part(&all, kinds, spot->kind);
        spot->cell = moe_kind_part_cell(part);
        add_place(input, spot);
    }
    return true;
}

/* Routers in the layers asked for. (transfer full) */
static GArray *
choose_routers(const MetricsQuery *query, const MoeSummary *summary, GError **error)
{
    GArray *routers = g_array_new(FALSE, FALSE, sizeof(int));
    for (int r = 0; r < moe_summary_routers(summary); r++)
        if (cmd_layers_have(query->layers, moe_summary_router(summary, r)->layer))
            g_array_append_val(routers, r);
    if (routers->len > 0)
        return routers;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "found no router in the layers of --layers");
    g_array_unref(routers);
    return NULL;
}

/* Those of metrics that take the trace, [routers × metrics]; `found` NULL: none do. */
static bool
find_intervals(const MetricsQuery *query, const MetricsFrom *from, const GArray *routers,
               MoeInterval **found, GError **error)
{
    const GPtrArray *metrics = query->metrics;
    bool any = false;
    *found = NULL;
    for (guint i = 0; i < metrics->len; i++)
        any = any || moe_metric_interval_needs_trace(metrics->pdata[i]);
    if (!any || !query->intervals || !from->tokens)
        return true;
    *found = g_new(MoeInterval, (gsize)routers->len * metrics->len);
    return moe_metric_trace_intervals(from->tokens, from->counted,
                                      (const int *)(void *)routers->data, (int)routers->len,
                                      (const MoeMetric *const *)metrics->pdata, (int)metrics->len,
                                      &query->resample, *found, error);
}

bool
cmd_metrics_measure(MetricsReport *report, MetricsInput *input, const MetricsFrom *from,
                    GError **error)
{
    const MetricsQuery *query = &report->query;
    const int all = MOE_DOMAIN_ALL;
    g_autofree MoeInterval *intervals = NULL;
    g_autoptr(GArray) domains = cmd_domains_choose(from->summary, query->domains, error);
    g_autoptr(GArray) routers = domains ? choose_routers(query, from->summary, error) : NULL;
    if (!routers || !find_intervals(query, from, routers, &intervals, error))
        return false;
    g_array_prepend_val(domains, all);
    for (guint i = 0; i < routers->len; i++)
        for (guint d = 0; d < domains->len; d++) {
            Spot spot = {
                .query = query,
                .from = from,
                .summary = from->summary,
                .from_the_trace = intervals ? intervals + (gsize)i * query->metrics->len : NULL,
                .router = g_array_index(routers, int, i),
                .domain = g_array_index(domains, int, d),
            };
            if (!add_places(input, &spot, error))
                return false;
        }
    return true;
}

void
cmd_metrics_print(const MetricsReport *report, MetricsFormat format)
{
    if (format == METRICS_JSON)
        cmd_metrics_print_json(report);
    else if (format == METRICS_CSV)
        cmd_metrics_print_csv(report);
    else
        cmd_metrics_print_text(report, format == METRICS_MARKDOWN);
}
