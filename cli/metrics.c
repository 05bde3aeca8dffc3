/* SPDX-License-Identifier: MIT */
#include "metrics.h"

#include "json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct MetricsTable {
    MetricsFormat format;
    GString *text;
};

/* What one printed group is about: a router in a domain. */
typedef struct Place {
    const MeasuredTrace *measured;
    int router, domain;
    MoeMetricCell cell;
} Place;

static bool
in_layers(const GArray *layers, int layer)
{
    for (guint i = 0; i < layers->len; i++) {
        const LayerRange *range = &g_array_index(layers, LayerRange, i);
        if (range->first <= layer && layer <= range->last)
            return true;
    }
    return layers->len == 0;
}

static const MoeRouterInfo *
info_of(const Place *place)
{
    return moe_trace_router(place->measured->trace, place->router);
}

/* NULL: no name, since it is all tokens or those of no known domain. */
static const char *
domain_of(const Place *place)
{
    return place->domain >= 0 ? moe_trace_domain_name(place->measured->trace, place->domain) : NULL;
}

/* A value as text; `missing` where it is NaN. */
static char *
number(double value, const char *format, const char *missing)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (isnan(value))
        return g_strdup(missing);
    return g_strdup(g_ascii_formatd(text, sizeof text, format, value));
}

/* --- Text and Markdown ------------------------------------------------------------------------*/

static void
add_title(GString *text, const Place *place, bool markdown)
{
    const MoeRouterInfo *info = info_of(place);
    const MoeSummaryCell *summary = place->cell.summary;
    const char *domain = domain_of(place);
    g_string_append_printf(text, "%s%s, layer %d, ", markdown ? "\n### " : "\n",
                           place->measured->path, info->layer);
    if (domain)
        g_string_append_printf(text, "domain %s", domain);
    else
        g_string_append(text, place->domain == MOE_DOMAIN_ALL ? "all tokens" : "no known domain");
    g_string_append_printf(
        text, ": E = %d, T = %" G_GINT64_FORMAT " units, N = %" G_GINT64_FORMAT " picks\n",
        info->experts, summary->units, summary->picks);
    if (markdown)
        g_string_append(text, "\n| metric | value | uniform | shuffled | unit |\n"
                              "|---|---:|---:|---:|---|\n");
    else
        g_string_append_printf(text, "  %-22s %12s %12s %12s  %s\n", "metric", "value", "uniform",
                               "shuffled", "unit");
}

static void
add_lines(MetricsTable *table, const MetricsQuery *query, const Place *place)
{
    bool markdown = table->format == METRICS_MARKDOWN;
    add_title(table->text, place, markdown);
    for (guint i = 0; i < query->metrics->len; i++) {
        const MoeMetric *metric = query->metrics->pdata[i];
        g_autofree char *value = number(moe_metric_value(metric, &place->cell), "%.6g", "-");
        g_autofree char *uniform = number(moe_metric_uniform(metric, &place->cell), "%.6g", "-");
        g_autofree char *shuffled = number(moe_metric_shuffled(metric, &place->cell), "%.6g", "-");
        g_string_append_printf(
            table->text, markdown ? "| %s | %s | %s | %s | %s |\n" : "  %-22s %12s %12s %12s  %s\n",
            metric->name, value, uniform, shuffled, metric->unit);
    }
}

/* --- CSV --------------------------------------------------------------------------------------*/

/* Quoted where it has to be (RFC 4180). */
static void
add_field(GString *csv, const char *text, char end)
{
    if (strpbrk(text, ",\"\r\n")) {
        g_auto(GStrv) parts = g_strsplit(text, "\"", -1);
        g_autofree char *doubled = g_strjoinv("\"\"", parts);
        g_string_append_printf(csv, "\"%s\"", doubled);
    } else {
        g_string_append(csv, text);
    }
    g_string_append_c(csv, end);
}

static void
add_csv(MetricsTable *table, const MetricsQuery *query, const Place *place)
{
    const MoeSummaryCell *summary = place->cell.summary;
    const char *domain = domain_of(place);
    for (guint i = 0; i < query->metrics->len; i++) {
        const MoeMetric *metric = query->metrics->pdata[i];
        g_autofree char *value = number(moe_metric_value(metric, &place->cell), "%.17g", "");
        g_autofree char *uniform = number(moe_metric_uniform(metric, &place->cell), "%.17g", "");
        g_autofree char *shuffled = number(moe_metric_shuffled(metric, &place->cell), "%.17g", "");
        add_field(table->text, place->measured->path, ',');
        g_string_append_printf(table->text, "%d,%d,", place->router, info_of(place)->layer);
        g_string_append(table->text, place->domain == MOE_DOMAIN_ALL ? "all," : "domain,");
        add_field(table->text, domain ? domain : "", ',');
        g_string_append_printf(table->text, "%d,%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ",",
                               summary->experts, summary->units, summary->picks);
        add_field(table->text, metric->name, ',');
        g_string_append_printf(table->text, "%s,%s,%s,", value, uniform, shuffled);
        add_field(table->text, metric->unit, '\n');
    }
}

/* --- JSON -------------------------------------------------------------------------------------*/

static void
add_json(MetricsTable *table, const MetricsQuery *query, const Place *place)
{
    GString *json = table->text;
    const MoeSummaryCell *summary = place->cell.summary;
    json_open(json, NULL, '{');
    json_text(json, "trace", place->measured->path);
    json_int(json, "router", place->router);
    json_int(json, "layer", info_of(place)->layer);
    json_text(json, "scope", place->domain == MOE_DOMAIN_ALL ? "all" : "domain");
    if (domain_of(place))
        json_text(json, "domain", domain_of(place));
    json_int(json, "experts", summary->experts);
    json_int(json, "units", summary->units);
    json_int(json, "picks", summary->picks);
    json_open(json, "metrics", '{');
    for (guint i = 0; i < query->metrics->len; i++) {
        const MoeMetric *metric = query->metrics->pdata[i];
        json_open(json, metric->name, '{');
        json_real(json, "value", moe_metric_value(metric, &place->cell));
        json_real(json, "uniform", moe_metric_uniform(metric, &place->cell));
        json_real(json, "shuffled", moe_metric_shuffled(metric, &place->cell));
        json_text(json, "unit", metric->unit);
        json_close(json, '}');
    }
    json_close(json, '}');
    json_close(json, '}');
}

/* --- All formats ------------------------------------------------------------------------------*/

MetricsTable *
cmd_metrics_begin(MetricsFormat format)
{
    MetricsTable *table = g_new(MetricsTable, 1);
    *table = (MetricsTable){format, g_string_new(NULL)};
    if (format == METRICS_JSON)
        json_open(table->text, NULL, '[');
    if (format == METRICS_CSV)
        g_string_append(table->text, "trace,router,layer,scope,domain,experts,units,picks,metric,"
                                     "value,uniform,shuffled,unit\n");
    return table;
}

bool
cmd_metrics_add(MetricsTable *table, const MetricsQuery *query, const MeasuredTrace *measured)
{
    static void (*const add[])(MetricsTable *, const MetricsQuery *, const Place *) = {
        [METRICS_TEXT] = add_lines,
        [METRICS_MARKDOWN] = add_lines,
        [METRICS_CSV] = add_csv,
        [METRICS_JSON] = add_json,
    };
    bool any = false;
    int last = query->by_domain ? moe_summary_domains(measured->summary) - 1 : MOE_DOMAIN_ALL;
    g_autofree const MoeSummaryCell **domains =
        g_new(const MoeSummaryCell *, (gsize)moe_summary_domains(measured->summary));
    for (int r = 0; r < moe_summary_routers(measured->summary); r++) {
        if (!in_layers(query->layers, moe_trace_router(measured->trace, r)->layer))
            continue;
        any = true;
        for (int d = MOE_DOMAIN_ALL; d <= last; d++) {
            const Place place = {
                measured, r, d, moe_metric_cell(measured->summary, measured->trace, r, d, domains)};
            if (d == MOE_DOMAIN_ALL || place.cell.summary->units > 0)
                add[table->format](table, query, &place);
        }
    }
    return any;
}

void
cmd_metrics_end(MetricsTable *table, bool print)
{
    if (table->format == METRICS_JSON) {
        json_close(table->text, ']');
        g_string_append_c(table->text, '\n');
    }
    /* Text and Markdown begin each group with an empty line. */
    bool groups = table->format == METRICS_TEXT || table->format == METRICS_MARKDOWN;
    if (print)
        fputs(table->text->str + (groups && table->text->len > 0), stdout);
    g_string_free(table->text, TRUE);
    g_free(table);
}

/* --- The registry -----------------------------------------------------------------------------*/

static void
list_json(const MoeMetric *const *metrics, int n)
{
    GString *json = g_string_new(NULL);
    json_open(json, NULL, '[');
    for (int i = 0; i < n; i++) {
        json_open(json, NULL, '{');
        json_text(json, "name", metrics[i]->name);
        json_text(json, "formula", metrics[i]->formula);
        json_text(json, "unit", metrics[i]->unit);
        json_text(json, "source", metrics[i]->source);
        json_text(json, "convention", metrics[i]->convention);
        json_text(json, "better", moe_metric_direction_name(metrics[i]->better));
        json_real(json, "low", metrics[i]->low);
        json_real(json, "high", metrics[i]->high);
        json_bool(json, "needs_order", (metrics[i]->needs & MOE_TALLIES_ALL) != 0);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_print(json);
}

static void
list_csv(const MoeMetric *const *metrics, int n)
{
    g_autoptr(GString) csv = g_string_new("name,formula,unit,source,convention,better\n");
    for (int i = 0; i < n; i++) {
        add_field(csv, metrics[i]->name, ',');
        add_field(csv, metrics[i]->formula, ',');
        add_field(csv, metrics[i]->unit, ',');
        add_field(csv, metrics[i]->source, ',');
        add_field(csv, metrics[i]->convention, ',');
        add_field(csv, moe_metric_direction_name(metrics[i]->better), '\n');
    }
    fputs(csv->str, stdout);
}

/* A bar within a cell ends it, unless it is escaped. */
static void
add_cell(GString *line, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "|", -1);
    g_autofree char *escaped = g_strjoinv("\\|", parts);
    g_string_append_printf(line, " %s |", escaped);
}

static void
list_markdown(const MoeMetric *const *metrics, int n)
{
    g_autoptr(GString) text =
        g_string_new("| metric | formula | unit | source | convention |\n|---|---|---|---|---|\n");
    for (int i = 0; i < n; i++) {
        g_string_append_c(text, '|');
        add_cell(text, metrics[i]->name);
        add_cell(text, metrics[i]->formula);
        add_cell(text, metrics[i]->unit);
        add_cell(text, metrics[i]->source);
        add_cell(text, metrics[i]->convention);
        g_string_append_c(text, '\n');
    }
    fputs(text->str, stdout);
}

static void
list_text(const MoeMetric *const *metrics, int n)
{
    puts("E experts, T units, c_e picks of expert e, N = Σ c_e, f_e = c_e / N, m = N / E.\n");
    for (int i = 0; i < n; i++) {
        printf("%s [%s]\n  %s\n  source: %s\n", metrics[i]->name, metrics[i]->unit,
               metrics[i]->formula, metrics[i]->source);
        if (*metrics[i]->convention)
            printf("  convention: %s\n", metrics[i]->convention);
    }
}

void
cmd_metrics_list(MetricsFormat format)
{
    static void (*const list[])(const MoeMetric *const *, int) = {
        [METRICS_TEXT] = list_text,
        [METRICS_MARKDOWN] = list_markdown,
        [METRICS_CSV] = list_csv,
        [METRICS_JSON] = list_json,
    };
    int n;
    const MoeMetric *const *metrics = moe_metrics_list(&n);
    list[format](metrics, n);
}
