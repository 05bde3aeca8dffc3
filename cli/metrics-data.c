/* SPDX-License-Identifier: MIT
 *
 * metrics-data.c: metrics as CSV and as JSON, for programs.
 */
#include "json.h"
#include "metrics.h"
#include "util.h"

#include <math.h>
#include <stdio.h>

/* --- CSV --------------------------------------------------------------------------------------*/

/* What is the same in all rows of a place, or of what it is held against. */
typedef struct Rows {
    const MetricsInput *input;
    const MetricsPlace *place;
    gint64 units, picks;
    const char *checked, *against;
} Rows;

/* What the checker found stands in a column: readers of CSV don't agree on comments. */
static void
add_csv(GString *csv, const Rows *rows, const Measured *one)
{
    const MetricsInput *input = rows->input;
    const MetricsPlace *place = rows->place;
    cmd_csv_field(csv, input->path, ',');
    g_string_append_printf(csv, "%d,%d,", place->router, place->layer);
    g_string_append(csv, place->domain == MOE_DOMAIN_ALL ? "all," : "domain,");
    cmd_csv_field(csv, place->domain_name ? place->domain_name : "", ',');
    if (place->has_step)
        g_string_append_printf(csv, "%" G_GINT64_FORMAT, place->step);
    g_string_append_printf(csv, ",%d,%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ",", place->experts,
                           rows->units, rows->picks);
    cmd_csv_field(csv, one->name, ',');
    cmd_csv_number(csv, one->value, ',');
    cmd_csv_number(csv, one->interval.low, ',');
    cmd_csv_number(csv, one->interval.high, ',');
    cmd_csv_number(csv, one->uniform, ',');
    cmd_csv_number(csv, one->shuffled, ',');
    cmd_csv_field(csv, one->unit, ',');
    cmd_csv_field(csv, place->kind ? place->kind : "", ',');
    cmd_csv_field(csv, input->where ? input->where : "", ',');
    cmd_csv_field(csv, rows->checked, ',');
    cmd_csv_field(csv, rows->against, '\n');
}

static void
add_rows(GString *csv, const Rows *rows, const GArray *measured)
{
    for (guint m = 0; m < measured->len; m++)
        add_csv(csv, rows, &g_array_index(measured, Measured, m));
}

/* Numbers of two files are no better than the worse one. (transfer full) */
static char *
checked_both(const MetricsInput *input, const CmdAgainst *against)
{
    g_autoptr(GPtrArray) both = g_ptr_array_new();
    g_ptr_array_extend(both, input->checked, NULL, NULL);
    g_ptr_array_extend(both, against->checked, NULL, NULL);
    bool all = input->checked->len > 0 && against->checked->len > 0;
    g_autofree char *word = cmd_checked_word(both);
    return all || !g_str_equal(word, "clean") ? g_steal_pointer(&word) : g_strdup("unchecked");
}

static void
add_csv_input(GString *csv, const MetricsInput *input, const CmdAgainst *against)
{
    g_autofree char *checked = cmd_checked_word(input->checked);
    g_autofree char *both = against ? checked_both(input, against) : NULL;
    for (guint p = 0; p < input->places->len; p++) {
        const MetricsPlace *place = input->places->pdata[p];
        const Rows own = {input, place, place->units, place->picks, checked, ""};
        add_rows(csv, &own, place->measured);
        if (!place->against || place->against->why_not)
            continue;
        const Rows beside = {input, place,        place->against->units, place->against->picks,
                             both,  against->path};
        add_rows(csv, &beside, place->against->measured);
    }
}

void
cmd_metrics_print_csv(const MetricsReport *report)
{
    g_autoptr(GString) csv =
        g_string_new("trace,router,layer,scope,domain,step,experts,units,picks,metric,value,low,"
                     "high,uniform,shuffled,unit,kind,where,checked,against\n");
    for (guint i = 0; i < report->inputs->len; i++)
        add_csv_input(csv, report->inputs->pdata[i], report->query.against);
    fputs(csv->str, stdout);
    for (guint i = 0; i < report->inputs->len; i++) {
        const MetricsInput *input = report->inputs->pdata[i];
        if (input->without)
            cmd_say("%s: %s", input->path, input->without);
    }
}

/* --- JSON -------------------------------------------------------------------------------------*/

static void
add_measured(GString *json, const Measured *one, bool intervals)
{
    json_open(json, one->name, '{');
    json_real(json, "value", one->value);
    json_real(json, "low", one->interval.low);
    json_real(json, "high", one->interval.high);
    json_int(json, "groups", one->interval.groups);
    if (intervals && one->no_interval && isfinite(one->value) && !isfinite(one->interval.low))
        json_text(json, "no_interval", one->no_interval); /* too few groups speak for themselves */
    json_real(json, "uniform", one->uniform);
    json_real(json, "shuffled", one->shuffled);
    json_text(json, "unit", one->unit);
    json_close(json, '}');
}

static void
add_metrics(GString *json, const GArray *measured, bool intervals)
{
    json_open(json, "metrics", '{');
    for (guint m = 0; m < measured->len; m++)
        add_measured(json, &g_array_index(measured, Measured, m), intervals);
    json_close(json, '}');
}

/* Apart from the place's own metrics, some of which have the same names. */
static void
add_against(GString *json, const MetricsAgainst *against, bool intervals)
{
    json_open(json, "against", '{');
    json_int(json, "router", against->router);
    json_int(json, "experts", against->experts);
    json_int(json, "units", against->units);
    json_int(json, "apart", against->apart);
    json_int(json, "first_alone", against->alone[0]);
    json_int(json, "second_alone", against->alone[1]);
    add_metrics(json, against->measured, intervals);
    json_close(json, '}');
}

static void
add_place(GString *json, const MetricsPlace *place, bool intervals)
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
    add_metrics(json, place->measured, intervals);
    if (place->against && !place->against->why_not)
        add_against(json, place->against, intervals);
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
        if (input->without)
            json_text(json, "without", input->without);
        cmd_checked_json(json, "checked", input->checked);
        if (query->against) {
            json_text(json, "against", query->against->path);
            cmd_checked_json(json, "against_checked", query->against->checked);
        }
        if (query->intervals) {
            json_open(json, "intervals", '{');
            json_real(json, "level", query->resample.level);
            json_int(json, "replicates", query->resample.replicates);
            json_int(json, "seed", (gint64)query->resample.seed);
            json_close(json, '}');
        }
        json_open(json, "places", '[');
        for (guint p = 0; p < input->places->len; p++)
            add_place(json, input->places->pdata[p], query->intervals);
        json_close(json, ']');
        json_close(json, '}');
    }
    json_close(json, ']');
    json_print(json);
}
