/* SPDX-License-Identifier: MIT
 *
 * metrics-data.c: metrics as CSV and as JSON, for programs.
 */
#include "json.h"
#include "metrics.h"

#include <stdio.h>

/* --- CSV --------------------------------------------------------------------------------------*/

/* What the checker found stands in the last column: readers of CSV don't agree on comments. */
static void
add_csv(GString *csv, const MetricsInput *input, const MetricsPlace *place, const Measured *one,
        const char *checked)
{
    cmd_csv_field(csv, input->path, ',');
    g_string_append_printf(csv, "%d,%d,", place->router, place->layer);
    g_string_append(csv, place->domain == MOE_DOMAIN_ALL ? "all," : "domain,");
    cmd_csv_field(csv, place->domain_name ? place->domain_name : "", ',');
    if (place->has_step)
        g_string_append_printf(csv, "%" G_GINT64_FORMAT, place->step);
    g_string_append_printf(csv, ",%d,%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ",", place->experts,
                           place->units, place->picks);
    cmd_csv_field(csv, one->metric->name, ',');
    cmd_csv_number(csv, one->value, ',');
    cmd_csv_number(csv, one->interval.low, ',');
    cmd_csv_number(csv, one->interval.high, ',');
    cmd_csv_number(csv, one->uniform, ',');
    cmd_csv_number(csv, one->shuffled, ',');
    cmd_csv_field(csv, one->unit, ',');
    cmd_csv_field(csv, place->kind ? place->kind : "", ',');
    cmd_csv_field(csv, input->where ? input->where : "", ',');
    cmd_csv_field(csv, checked, '\n');
}

void
cmd_metrics_print_csv(const MetricsReport *report)
{
    g_autoptr(GString) csv =
        g_string_new("trace,router,layer,scope,domain,step,experts,units,picks,metric,value,low,"
                     "high,uniform,shuffled,unit,kind,where,checked\n");
    for (guint i = 0; i < report->inputs->len; i++) {
        const MetricsInput *input = report->inputs->pdata[i];
        g_autofree char *checked = cmd_checked_word(input->checked);
        for (guint p = 0; p < input->places->len; p++) {
            const MetricsPlace *place = input->places->pdata[p];
            for (guint m = 0; m < place->measured->len; m++)
                add_csv(csv, input, place, &g_array_index(place->measured, Measured, m), checked);
        }
    }
    fputs(csv->str, stdout);
}

/* --- JSON -------------------------------------------------------------------------------------*/

static void
add_measured(GString *json, const Measured *one)
{
    json_open(json, one->metric->name, '{');
    json_real(json, "value", one->value);
    json_real(json, "low", one->interval.low);
    json_real(json, "high", one->interval.high);
    json_int(json, "groups", one->interval.groups);
    json_real(json, "uniform", one->uniform);
    json_real(json, "shuffled", one->shuffled);
    json_text(json, "unit", one->unit);
    json_close(json, '}');
}

static void
add_place(GString *json, const MetricsPlace *place)
{
    json_open(json, NULL, '{');
    json_int(json, "router", place->router);
    json_int(json, "layer", place->layer);
    json_text(json, "scope", place->domain == MOE_DOMAIN_ALL ? "all" : "domain");
    if (place->domain_name)
        json_text(json, "domain", place->domain_name);
    if (place->kind)
        json_text(json, "kind", place->kind);
    else if (place->shared > 0)
        json_int(json, "shared", place->shared);
    if (place->has_step)
        json_int(json, "step", place->step);
    json_int(json, "experts", place->experts);
    json_int(json, "units", place->units);
    json_int(json, "picks", place->picks);
    json_open(json, "metrics", '{');
    for (guint m = 0; m < place->measured->len; m++)
        add_measured(json, &g_array_index(place->measured, Measured, m));
    json_close(json, '}');
    json_close(json, '}');
}

void
cmd_metrics_print_json(const MetricsReport *report)
{
    const MetricsQuery *query = &report->query;
    GString *json = g_string_new(NULL);
    json_open(json, NULL, '[');
    for (guint i = 0; i < report->inputs->len; i++) {
        const MetricsInput *input = report->inputs->pdata[i];
        json_open(json, NULL, '{');
        json_text(json, input->is_summary ? "summary" : "trace", input->path);
        json_int(json, "tokens", input->tokens);
        if (input->where)
            json_text(json, "where", input->where);
        cmd_checked_json(json, "checked", input->checked);
        if (query->intervals) {
            json_open(json, "intervals", '{');
            json_real(json, "level", query->resample.level);
            json_int(json, "replicates", query->resample.replicates);
            json_int(json, "seed", (gint64)query->resample.seed);
            json_close(json, '}');
        }
        json_open(json, "places", '[');
        for (guint p = 0; p < input->places->len; p++)
            add_place(json, input->places->pdata[p]);
        json_close(json, ']');
        json_close(json, '}');
    }
    json_close(json, ']');
    json_print(json);
}
