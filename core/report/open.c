/* SPDX-License-Identifier: MIT
 *
 * An input: opened and counted once for all sections; metrics are measured as sections ask.
 */
#include "report/report.h"

#include <math.h>
#include <string.h>

static unsigned
choose_tallies(const MoeReport *report)
{
    unsigned tallies = MOE_TALLY_LOAD;
    for (guint i = 0; i < report->sections->len; i++) {
        const MoeReportSection *section = g_ptr_array_index(report->sections, i);
        tallies |= section->tallies;
    }
    if (!moe__report_asked(report->options.sections, "caches") && report->trace &&
        moe__report_needs_sample(report->trace))
        tallies &= ~(unsigned)MOE_TALLY_CACHES;
    if (tallies & MOE_TALLY_CACHES)
        tallies |= MOE_TALLY_DOCUMENTS; /* for what chance would find in them */
    return tallies;
}

static bool
wants_caches(const MoeReport *report)
{
    for (guint i = 0; i < report->sections->len; i++)
        if (((const MoeReportSection *)g_ptr_array_index(report->sections, i))->tallies &
            MOE_TALLY_CACHES)
            return true;
    return false;
}

/* A run's folder has its trace in it. */
static char *
file_of(const char *path)
{
    bool folder = g_file_test(path, G_FILE_TEST_IS_DIR);
    return folder ? g_build_filename(path, "trace.npz", NULL) : g_strdup(path);
}

static void
read_meta(MoeReport *report)
{
    const char *meta = moe_figure_input_meta(report->input, 0);
    report->meta = json_parser_new();
    if (!meta || !json_parser_load_from_data(report->meta, meta, -1, NULL) ||
        !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(report->meta)))
        json_parser_load_from_data(report->meta, "{}", -1, NULL);
}

MoeReport *
moe__report_open(const char *path, const MoeReportOptions *options, bool sections, GError **error)
{
    static const MoeReportOptions usual = {0};
    g_autoptr(MoeReport) report = g_new0(MoeReport, 1);
    report->options = options ? *options : usual;
    if (!(report->options.level > 0))
        report->options.level = 0.95;
    report->path = g_strdup(path);
    report->file = file_of(path);
    report->name = g_path_get_basename(path);
    report->measured = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    report->input = moe_figure_input_new();
    report->sections =
        sections ? moe__report_choose(report->options.sections, error) : g_ptr_array_new();
    if (!report->sections || !moe_figure_input_open(report->input, path, NULL, error))
        return NULL;
    if (moe_figure_input_weights(report->input, 0)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: found the weights of a model, expected what was routed: a trace, a run's "
                    "folder or a summary",
                    path);
        return NULL;
    }
    report->trace = moe_figure_input_trace(report->input, 0);
    read_meta(report);
    report->tallies = choose_tallies(report);
    if (sections && report->trace)
        moe__report_checks_begin(report);
    moe_figure_input_expect(report->input, report->trace ? report->tallies : 0);
    moe_figure_input_set_progress(report->input, report->options.progress);
    report->summary =
        moe_figure_input_summary(report->input, 0, MOE_TALLY_LOAD, MOE_STEPS_LAST, 0, error);
    if (!report->summary) {
        g_prefix_error(error, "%s: ", path);
        return NULL;
    }
    if (sections && report->trace && wants_caches(report) && !(report->tallies & MOE_TALLY_CACHES))
        moe__report_sample_begin(report);
    return g_steal_pointer(&report);
}

void
moe__report_free(MoeReport *report)
{
    if (!report)
        return;
    GPtrArray *unread = report->checking ? moe__report_checks(report, NULL) : NULL;
    g_clear_pointer(&unread, g_ptr_array_unref);
    moe__report_sampled(report); /* nobody counts any more */
    moe_figure_input_free(report->sampled_input);
    moe_figure_input_free(report->input);
    g_clear_object(&report->meta);
    g_clear_pointer(&report->sections, g_ptr_array_unref);
    g_hash_table_unref(report->measured);
    g_free(report->path);
    g_free(report->file);
    g_free(report->name);
    g_free(report);
}

MoeFigureInput *
moe_report_input(MoeReport *report)
{
    return report->input;
}

const MoeSummary *
moe_report_summary(MoeReport *report)
{
    return report->summary;
}

const MoeTrace *
moe_report_trace(MoeReport *report)
{
    return report->trace;
}

bool
moe__report_progress(const MoeReport *report, int64_t done, int64_t total, const char *what,
                     GError **error)
{
    const MoeProgress *progress = report->options.progress;
    if (!progress || !progress->func || progress->func(done, total, what, progress->user))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "%s: interrupted", report->path);
    return false;
}

/* --- What meta.json says ----------------------------------------------------------------------*/

static JsonNode *
meta_node(const MoeReport *report, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, ".", -1);
    JsonNode *node = json_parser_get_root(report->meta);
    for (char **name = names; *name && node; name++)
        node = JSON_NODE_HOLDS_OBJECT(node)
                   ? json_object_get_member(json_node_get_object(node), *name)
                   : NULL;
    return node;
}

static bool
is_text(JsonNode *node)
{
    return node && json_node_get_value_type(node) == G_TYPE_STRING;
}

const char *
moe__report_meta(const MoeReport *report, const char *path)
{
    JsonNode *node = meta_node(report, path);
    return is_text(node) ? json_node_get_string(node) : NULL;
}

/* More of a list than this isn't read by anyone. */
#define MOST_LISTED 6

static char *
list_text(JsonArray *array)
{
    g_autoptr(GString) out = g_string_new(NULL);
    guint n = json_array_get_length(array);
    for (guint i = 0; i < MIN(n, MOST_LISTED); i++) {
        JsonNode *node = json_array_get_element(array, i);
        g_autofree char *json = is_text(node) ? NULL : json_to_string(node, FALSE);
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "",
                               json ? json : json_node_get_string(node));
    }
    if (n > MOST_LISTED)
        g_string_append_printf(out, " and %u more", n - MOST_LISTED);
    return g_strdup(out->str);
}

char *
moe__report_meta_text(const MoeReport *report, const char *path)
{
    JsonNode *node = meta_node(report, path);
    if (!node || JSON_NODE_HOLDS_OBJECT(node) || JSON_NODE_HOLDS_NULL(node))
        return NULL;
    if (JSON_NODE_HOLDS_ARRAY(node))
        return list_text(json_node_get_array(node));
    return is_text(node) ? g_strdup(json_node_get_string(node)) : json_to_string(node, FALSE);
}

const char *
moe__report_model(const MoeReport *report)
{
    const char *model = moe__report_meta(report, "model");
    if (!model)
        model = moe__report_meta(report, "model.name");
    return model ? model : moe__report_meta(report, "variant");
}

/* --- Metrics ----------------------------------------------------------------------------------*/

static GPtrArray *
not_measured(const MoeReport *report, const char *const *names)
{
    GPtrArray *metrics = g_ptr_array_new();
    for (; *names; names++) {
        const MoeMetric *metric = moe_metric_find(*names);
        if (metric && !g_hash_table_contains(report->measured, metric) &&
            !g_ptr_array_find(metrics, metric, NULL))
            g_ptr_array_add(metrics, (gpointer)metric);
    }
    return metrics;
}

static void
measure_router(MoeReport *report, const MoeSummary *summary, int router, const GPtrArray *metrics,
               Measured *const *into)
{
    g_autofree const MoeSummaryCell **domains =
        g_new0(const MoeSummaryCell *, (gsize)moe_summary_domains(summary) + 1);
    g_autofree MoeInterval *intervals = g_new0(MoeInterval, metrics->len);
    const MoeMetric *const *list = (const MoeMetric *const *)metrics->pdata;
    const MoeResampleOptions how = {report->options.replicates, report->options.level,
                                    report->options.seed};
    MoeMetricCell cell = moe_metric_cell(summary, report->trace, router, MOE_DOMAIN_ALL, domains);
    moe_metric_intervals(summary, router, MOE_DOMAIN_ALL, list, (int)metrics->len, &how, intervals);
    for (guint i = 0; i < metrics->len; i++)
        into[i][router] =
            (Measured){moe_metric_value(list[i], &cell), moe_metric_uniform(list[i], &cell),
                       moe_metric_shuffled(list[i], &cell), intervals[i]};
}

/* Intervals that take another walk through the trace's ids: of as many picks as that takes no
 * longer than all the rest of a report. */
#define PICKS_WALKED (32 << 20)

static bool
is_walked(const MoeReport *report, const GPtrArray *metrics)
{
    int64_t picks = 0;
    bool any = false;
    for (int r = 0; r < moe_summary_routers(report->summary); r++)
        picks += moe_summary_cell(report->summary, r, MOE_DOMAIN_ALL)->picks;
    for (guint i = 0; i < metrics->len; i++)
        any = any || moe_metric_interval_needs_trace(metrics->pdata[i]);
    return any && report->trace && picks <= PICKS_WALKED;
}

/* Without those intervals, where the trace can't be read again: that is told elsewhere. */
static void
add_walked(const MoeReport *report, const GPtrArray *metrics, Measured *const *into)
{
    gsize n = metrics->len, routers = (gsize)moe_summary_routers(report->summary);
    const MoeMetric *const *list = (const MoeMetric *const *)metrics->pdata;
    const MoeResampleOptions how = {.level = report->options.level};
    const MoeSummaryOptions counted = {.steps = MOE_STEPS_LAST};
    g_autofree int *all = g_new(int, routers + 1);
    g_autofree MoeInterval *intervals = g_new(MoeInterval, routers * n + 1);
    for (gsize r = 0; r < routers; r++)
        all[r] = (int)r;
    if (!moe_metric_trace_intervals(report->trace, &counted, all, (int)routers, list, (int)n, &how,
                                    intervals, NULL))
        return;
    for (gsize i = 0; i < n; i++)
        for (gsize r = 0; r < routers && moe_metric_interval_needs_trace(list[i]); r++)
            into[i][r].interval = intervals[r * n + i];
}

static void
measure(MoeReport *report, const MoeSummary *summary, const GPtrArray *metrics)
{
    int routers = moe_summary_routers(report->summary);
    g_autofree Measured **into = g_new0(Measured *, metrics->len + 1);
    for (guint i = 0; i < metrics->len; i++) {
        into[i] = g_new0(Measured, (gsize)routers + 1);
        g_hash_table_insert(report->measured, metrics->pdata[i], into[i]);
    }
    for (int r = 0; r < routers && metrics->len > 0; r++)
        measure_router(report, summary, r, metrics, into);
    if (is_walked(report, metrics))
        add_walked(report, metrics, into);
}

/* Those of caches only once they are counted: nobody waits here. */
void
moe__report_measure(MoeReport *report, const char *const *names)
{
    g_autoptr(GPtrArray) metrics = not_measured(report, names);
    g_autoptr(GPtrArray) of_caches = g_ptr_array_new();
    for (guint i = 0; report->sampled_input && i < metrics->len;) {
        const MoeMetric *metric = metrics->pdata[i];
        if (metric->needs & MOE_TALLY_CACHES)
            g_ptr_array_add(of_caches, g_ptr_array_remove_index(metrics, i));
        else
            i++;
    }
    measure(report, report->summary, metrics);
    if (!report->sampling && report->sampled)
        measure(report, report->sampled, of_caches);
}

const Measured *
moe__report_measured(const MoeReport *report, const MoeMetric *metric)
{
    return g_hash_table_lookup(report->measured, metric);
}
