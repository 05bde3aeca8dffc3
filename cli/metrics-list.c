/* SPDX-License-Identifier: MIT
 *
 * metrics-list.c: the metrics there are, with all that their numbers mean.
 */
#include "json.h"
#include "metric-choice.h"
#include "metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The groups that a metric is in. (transfer full) */
static char *
groups_of(const MoeMetric *metric)
{
    g_auto(GStrv) all = g_strsplit(cmd_metric_groups(), ", ", -1);
    g_autoptr(GPtrArray) in = g_ptr_array_new();
    for (char **group = all; *group; group++)
        if (cmd_metric_in_group(metric, *group))
            g_ptr_array_add(in, *group);
    g_ptr_array_add(in, NULL);
    return g_strjoinv(" ", (char **)in->pdata);
}

/* (transfer full) */
static char *
nulls_of(const MoeMetric *metric)
{
    if (metric->uniform && metric->shuffled)
        return g_strdup("uniform and shuffled");
    if (metric->uniform || metric->shuffled)
        return g_strdup(metric->uniform ? "uniform" : "shuffled");
    return metric->no_null ? g_strdup_printf("none: %s", metric->no_null) : g_strdup("none");
}

/* (transfer full) */
static char *
intervals_of(const MoeMetric *metric)
{
    const char *why = moe_metric_no_interval(metric);
    if (why)
        return g_strdup_printf("none: %s", why);
    return g_strdup(moe_metric_interval_needs_trace(metric) ? "jackknife over documents, of a trace"
                                                            : "bootstrap over documents");
}

static void
list_json(const MoeMetric *const *metrics, int n)
{
    GString *json = g_string_new(NULL);
    json_open(json, NULL, '[');
    for (int i = 0; i < n; i++) {
        g_autofree char *groups = groups_of(metrics[i]);
        json_open(json, NULL, '{');
        json_text(json, "name", metrics[i]->name);
        json_text(json, "formula", metrics[i]->formula);
        json_text(json, "unit", metrics[i]->unit);
        json_text(json, "source", metrics[i]->source);
        json_text(json, "convention", metrics[i]->convention);
        json_text(json, "better", moe_metric_direction_name(metrics[i]->better));
        json_text(json, "groups", groups);
        json_real(json, "low", metrics[i]->low);
        json_real(json, "high", metrics[i]->high);
        json_bool(json, "uniform", metrics[i]->uniform != NULL);
        json_bool(json, "shuffled", metrics[i]->shuffled != NULL);
        if (metrics[i]->no_null)
            json_text(json, "no_null", metrics[i]->no_null);
        if (moe_metric_no_interval(metrics[i]))
            json_text(json, "no_interval", moe_metric_no_interval(metrics[i]));
        if (moe_metric_no_kinds(metrics[i]))
            json_text(json, "no_kinds", moe_metric_no_kinds(metrics[i]));
        json_close(json, '}');
    }
    json_close(json, ']');
    json_print(json);
}

static void
list_csv(const MoeMetric *const *metrics, int n)
{
    g_autoptr(GString) csv =
        g_string_new("name,formula,unit,source,convention,better,groups,nulls,intervals\n");
    for (int i = 0; i < n; i++) {
        g_autofree char *groups = groups_of(metrics[i]);
        cmd_csv_field(csv, metrics[i]->name, ',');
        cmd_csv_field(csv, metrics[i]->formula, ',');
        cmd_csv_field(csv, metrics[i]->unit, ',');
        cmd_csv_field(csv, metrics[i]->source, ',');
        cmd_csv_field(csv, metrics[i]->convention, ',');
        cmd_csv_field(csv, moe_metric_direction_name(metrics[i]->better), ',');
        cmd_csv_field(csv, groups, ',');
        g_autofree char *nulls = nulls_of(metrics[i]), *intervals = intervals_of(metrics[i]);
        cmd_csv_field(csv, nulls, ',');
        cmd_csv_field(csv, intervals, '\n');
    }
    fputs(csv->str, stdout);
}

static void
list_markdown(const MoeMetric *const *metrics, int n)
{
    g_autoptr(GString) text =
        g_string_new("| metric | formula | unit | source | convention | balance | groups | nulls | "
                     "interval |\n|---|---|---|---|---|---|---|---|---|\n");
    for (int i = 0; i < n; i++) {
        g_autofree char *groups = groups_of(metrics[i]);
        g_string_append_c(text, '|');
        cmd_markdown_cell(text, metrics[i]->name);
        cmd_markdown_cell(text, metrics[i]->formula);
        cmd_markdown_cell(text, metrics[i]->unit);
        cmd_markdown_cell(text, metrics[i]->source);
        cmd_markdown_cell(text, metrics[i]->convention);
        cmd_markdown_cell(text, moe_metric_direction_name(metrics[i]->better));
        cmd_markdown_cell(text, groups);
        g_autofree char *nulls = nulls_of(metrics[i]), *intervals = intervals_of(metrics[i]);
        cmd_markdown_cell(text, nulls);
        cmd_markdown_cell(text, intervals);
        g_string_append_c(text, '\n');
    }
    fputs(text->str, stdout);
}

static void
list_text(const MoeMetric *const *metrics, int n)
{
    static const char *const balance[] = {"", "  balance: the lower the better\n",
                                          "  balance: the higher the better\n"};
    puts("E experts, T units, k picks a unit, c_e picks of expert e, N = Σ c_e, f_e = c_e / N,\n"
         "m = N / E. Entropies and information are in nats. By chance: what a router would show\n"
         "that picks uniformly at random (uniform), or that has this load but takes no notice of\n"
         "tokens (shuffled).\n");
    for (int i = 0; i < n; i++) {
        g_autofree char *groups = groups_of(metrics[i]);
        printf("%s [%s]\n  %s\n  source: %s\n", metrics[i]->name, metrics[i]->unit,
               metrics[i]->formula, metrics[i]->source);
        if (*metrics[i]->convention)
            printf("  convention: %s\n", metrics[i]->convention);
        g_autofree char *nulls = nulls_of(metrics[i]);
        printf("%s  by chance: %s\n", balance[metrics[i]->better], nulls);
        g_autofree char *interval = intervals_of(metrics[i]);
        printf("  interval: %s\n", interval);
        if (moe_metric_no_kinds(metrics[i]))
            printf("  by kind of experts: no: %s\n", moe_metric_no_kinds(metrics[i]));
        if (*groups)
            printf("  group: %s\n", groups);
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
