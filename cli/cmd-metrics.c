/* SPDX-License-Identifier: MIT
 *
 * moescope metrics: metrics of traces, by layer, each beside what chance would show.
 */
#include "cmd.h"
#include "metrics.h"
#include "progress.h"
#include "util.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    char **only; /* as given; may hold several names, separated by commas */
    char *layers, *by;
    gboolean list, json, csv, markdown;
    int threads;
} Options;

static void
options_clear(Options *o)
{
    g_strfreev(o->only);
    g_free(o->layers);
    g_free(o->by);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* --- What was asked for -----------------------------------------------------------------------*/

static const MoeMetric *
find_metric(const char *name)
{
    int n;
    const MoeMetric *const *all = moe_metrics_list(&n);
    const MoeMetric *metric = moe_metric_find(name);
    if (metric)
        return metric;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (int i = 0; i < n; i++)
        g_ptr_array_add(names, (gpointer)all[i]->name);
    g_ptr_array_add(names, NULL);
    const char *near = moe_nearest(name, (const char *const *)names->pdata);
    if (near)
        cmd_usage("found no metric \"%s\"; did you mean \"%s\"?", name, near);
    else
        cmd_usage("found no metric \"%s\"; moescope metrics --list names them", name);
    return NULL;
}

/* The metrics of --only, or all; NULL, having complained. */
static GPtrArray *
choose_metrics(char **only)
{
    int n;
    const MoeMetric *const *all = moe_metrics_list(&n);
    g_autoptr(GPtrArray) chosen = g_ptr_array_new();
    for (int i = 0; !only && i < n; i++)
        g_ptr_array_add(chosen, (gpointer)all[i]);
    for (char **given = only; given && *given; given++) {
        g_auto(GStrv) names = g_strsplit(*given, ",", -1);
        for (char **name = names; *name; name++) {
            const MoeMetric *metric = find_metric(*name);
            if (!metric)
                return NULL;
            g_ptr_array_add(chosen, (gpointer)metric);
        }
    }
    return g_steal_pointer(&chosen);
}

/* Takes a number of at most 9 digits off the front. */
static bool
take_number(const char **text, int *number)
{
    size_t digits = strspn(*text, "0123456789");
    if (digits == 0 || digits > 9)
        return false;
    *number = (int)g_ascii_strtoll(*text, NULL, 10);
    *text += digits;
    return true;
}

/* "3" or "3-5". */
static bool
parse_range(const char *text, LayerRange *range)
{
    if (!take_number(&text, &range->first))
        return false;
    range->last = range->first;
    if (*text == '-') {
        text++;
        if (!take_number(&text, &range->last))
            return false;
    }
    return *text == '\0' && range->first <= range->last;
}

/* "0,3-5"; none where it wasn't given; NULL, having complained. */
static GArray *
parse_layers(const char *text)
{
    g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(LayerRange));
    g_auto(GStrv) parts = g_strsplit(text ? text : "", ",", -1);
    for (char **part = parts; text && (*part || part == parts); part++) {
        LayerRange range;
        if (!*part || !parse_range(*part, &range)) {
            cmd_usage("found --layers \"%s\", expected layers and ranges (0,3-5)", text);
            return NULL;
        }
        g_array_append_val(ranges, range);
    }
    return g_steal_pointer(&ranges);
}

/* --- Running ----------------------------------------------------------------------------------*/

/* Measures one trace and hands it to the table. */
static int
measure(const char *path, const MetricsQuery *query, MetricsTable *table)
{
    g_autoptr(GError) error = NULL;
    const MoeProgress *progress = cmd_progress_begin();
    /* A trace over training holds the same tokens again and again: the last state counts. */
    const MoeSummaryOptions options = {
        .steps = MOE_STEPS_LAST,
        .tallies = moe_metrics_tallies((const MoeMetric *const *)query->metrics->pdata,
                                       (int)query->metrics->len),
        .progress = progress,
    };
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    g_autoptr(MoeSummary) summary = trace ? moe_summary_from_trace(trace, &options, &error) : NULL;
    cmd_progress_end();
    if (error) {
        if (trace) /* else the path is said already */
            cmd_locate(error, path);
        cmd_fail(error);
        return g_error_matches(error, MOE_ERROR, MOE_ERROR_CANCELLED) ? CMD_INTERRUPTED
                                                                      : CMD_FAILED;
    }
    const MeasuredTrace measured = {path, trace, summary};
    if (cmd_metrics_add(table, query, &measured))
        return CMD_OK;
    cmd_say("%s: found no router in the layers of --layers", path);
    return CMD_FAILED;
}

static int
measure_all(const Options *o, MetricsFormat format, int n, char **paths)
{
    g_autoptr(GArray) layers = parse_layers(o->layers);
    g_autoptr(GPtrArray) metrics = layers ? choose_metrics(o->only) : NULL;
    if (!metrics)
        return CMD_USAGE;
    const MetricsQuery query = {metrics, layers, o->by != NULL};
    MetricsTable *table = cmd_metrics_begin(format);
    int status = CMD_OK;
    for (int i = 0; i < n && status == CMD_OK; i++)
        status = measure(paths[i], &query, table);
    cmd_metrics_end(table, status == CMD_OK);
    return status;
}

int
cmd_metrics(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "[TRACE…]",
        .about = "Prints metrics of routing by layer, each beside its expectation for a router "
                 "that picks uniformly at random, as often, of as many units (uniform), and for "
                 "one of the same load that takes no notice of tokens (shuffled). Of a trace over "
                 "training: its last step.",
        .most = -1,
    };
    g_auto(Options) o = {0};
    const GOptionEntry entries[] = {
        {"list", 0, 0, G_OPTION_ARG_NONE, &o.list,
         "the metrics there are: formula, unit, source, convention", NULL},
        {"only", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.only, "these metrics; may be repeated",
         "NAME,…"},
        {"layers", 0, 0, G_OPTION_ARG_STRING, &o.layers, "these layers (0,3-5)", "LAYERS"},
        {"by", 0, 0, G_OPTION_ARG_STRING, &o.by, "each domain apart as well", "domain"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o.json, "as JSON", NULL},
        {"csv", 0, 0, G_OPTION_ARG_NONE, &o.csv, "as CSV, a value a line", NULL},
        {"markdown", 0, 0, G_OPTION_ARG_NONE, &o.markdown, "as tables of Markdown", NULL},
        {"threads", 0, 0, G_OPTION_ARG_INT, &o.threads, "threads (default: all)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status) ||
        !cmd_set_threads(o.threads, &status))
        return status;
    if (o.json + o.csv + o.markdown > 1)
        return cmd_usage("found several of --json, --csv and --markdown, expected one");
    if (o.by && strcmp(o.by, "domain") != 0)
        return cmd_usage("found --by %s, expected --by domain", o.by);
    MetricsFormat format = o.json       ? METRICS_JSON
                           : o.csv      ? METRICS_CSV
                           : o.markdown ? METRICS_MARKDOWN
                                        : METRICS_TEXT;
    if (o.list && argc > 1)
        return cmd_usage("found --list with a trace, expected either");
    if (o.list) {
        cmd_metrics_list(format);
        return CMD_OK;
    }
    if (argc == 1)
        return cmd_usage("found no trace (--list: the metrics there are)");
    return measure_all(&o, format, argc - 1, argv + 1);
}
