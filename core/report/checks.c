/* SPDX-License-Identifier: MIT
 *
 * What the checker says: found now, or kept with a summary by whoever counted it.
 */
#include "report/checks.h"

#include "report/words.h"

#include <moescope/check.h>

static void
said_free(gpointer data)
{
    Said *said = data;
    g_free(said->check);
    g_free(said->text);
    g_free(said->why);
    g_free(said->remedy);
    g_free(said);
}

static GPtrArray *
list_new(void)
{
    return g_ptr_array_new_with_free_func(said_free);
}

static void
add(GPtrArray *list, MoeVerdict verdict, const char *check, const char *text, const char *why,
    const char *remedy)
{
    Said *said = g_new(Said, 1);
    *said = (Said){verdict, g_strdup(check), g_strdup(text), g_strdup(why), g_strdup(remedy)};
    g_ptr_array_add(list, said);
}

static MoeVerdict
verdict_of(MoeSeverity severity)
{
    return severity == MOE_FINDING_ERROR     ? MOE_VERDICT_ERROR
           : severity == MOE_FINDING_WARNING ? MOE_VERDICT_WARNING
                                             : MOE_VERDICT_NOTE;
}

/* What a check says of itself, which lines don't repeat. */
static const MoeCheck *
check_named(const char *name)
{
    int n;
    const MoeCheck *const *checks = moe_checks_list(&n);
    for (int i = 0; i < n; i++)
        if (g_strcmp0(checks[i]->name, name) == 0)
            return checks[i];
    return NULL;
}

/* Adds findings, those of one kind in one. */
static void
add_lines(GPtrArray *list, const GArray *lines)
{
    int n;
    const MoeFindingLine *line = (const MoeFindingLine *)(const void *)lines->data;
    MoeFindingGroup *groups = moe_findings_together(line, (int)lines->len, &n);
    for (int i = 0; i < n; i++) {
        const MoeFindingLine *worst = &line[groups[i].worst];
        const MoeCheck *check = check_named(worst->check);
        add(list, verdict_of(worst->severity), worst->check, groups[i].text,
            check ? check->why : NULL, check ? check->remedy : NULL);
    }
    moe_finding_groups_free(groups, n);
}

/* --- Found now --------------------------------------------------------------------------------*/

/* Of a trace, or a summary: the other one is NULL. */
static int
layer_of(const MoeTrace *trace, const MoeSummary *summary, int router)
{
    if (router < 0)
        return -1;
    return (trace ? moe_trace_router(trace, router) : moe_summary_router(summary, router))->layer;
}

static GPtrArray *
of_findings(const MoeTrace *trace, const MoeSummary *summary, const MoeFindings *findings)
{
    GPtrArray *list = list_new();
    g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(MoeFindingLine));
    g_autofree char *verdict = moe_findings_verdict(findings);
    MoeVerdict worst = moe_findings_of(findings, MOE_FINDING_ERROR) > 0     ? MOE_VERDICT_ERROR
                       : moe_findings_of(findings, MOE_FINDING_WARNING) > 0 ? MOE_VERDICT_WARNING
                                                                            : MOE_VERDICT_GOOD;
    add(list, worst, NULL, verdict, NULL, NULL);
    for (int i = 0; i < moe_findings_count(findings); i++) {
        const MoeFinding *finding = moe_findings_get(findings, i);
        const MoeFindingLine line = {finding->check,    finding->text,
                                     finding->severity, layer_of(trace, summary, finding->router),
                                     finding->count,    finding->all};
        g_array_append_val(lines, line);
    }
    add_lines(list, lines);
    return list;
}

static GPtrArray *
checks_run(const MoeReport *report, GError **error)
{
    MoeCheckOptions options = {.progress = report->options.progress, .filter = report->filter};
    g_autoptr(GError) complaint = NULL;
    g_autoptr(MoeFindings) findings = moe_check(report->trace, &options, &complaint);
    /* Tokens are chosen by the first of two traces: one that can't tell them is checked whole. */
    if (!findings && report->filter && g_error_matches(complaint, MOE_ERROR, MOE_ERROR_DATA)) {
        options.filter = NULL;
        findings = moe_check(report->trace, &options, error);
    } else if (!findings) {
        g_propagate_error(error, g_steal_pointer(&complaint));
    }
    return findings ? of_findings(report->trace, NULL, findings) : NULL;
}

typedef struct Checked {
    GPtrArray *list;
    GError *error;
} Checked;

static gpointer
work(gpointer data)
{
    Checked *checked = g_new0(Checked, 1);
    checked->list = checks_run(data, &checked->error);
    return checked;
}

static GPtrArray *
checks_summary(const MoeSummary *summary, GError **error)
{
    g_autoptr(MoeFindings) findings = moe_check_summary(summary, NULL, error);
    return findings ? of_findings(NULL, summary, findings) : NULL;
}

/* --- Kept with a summary ----------------------------------------------------------------------*/

static const char *
member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node)
                                                                   : NULL;
}

static JsonArray *
array(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;
    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static JsonObject *
object_at(JsonArray *list, guint i)
{
    JsonNode *node = json_array_get_element(list, i);
    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static MoeSeverity
severity_named(const char *severity)
{
    return g_strcmp0(severity, "error") == 0     ? MOE_FINDING_ERROR
           : g_strcmp0(severity, "warning") == 0 ? MOE_FINDING_WARNING
                                                 : MOE_FINDING_NOTE;
}

static int64_t
number(JsonObject *object, const char *name, int64_t otherwise)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && json_node_get_value_type(node) == G_TYPE_INT64 ? json_node_get_int(node)
                                                                  : otherwise;
}

/* Lines of what was found, and their worst verdict. The texts are the list's. */
static MoeVerdict
read_findings(JsonArray *findings, GArray *lines)
{
    MoeVerdict worst = MOE_VERDICT_GOOD;
    for (guint i = 0; findings && i < json_array_get_length(findings); i++) {
        JsonObject *finding = object_at(findings, i);
        const char *check = finding ? member(finding, "check") : NULL;
        const char *text = finding ? member(finding, "text") : NULL;
        if (!check || !text)
            continue;
        MoeSeverity severity = severity_named(member(finding, "severity"));
        const MoeFindingLine line = {check,
                                     text,
                                     severity,
                                     (int)number(finding, "layer", -1),
                                     number(finding, "count", 0),
                                     number(finding, "of", 0)};
        if (severity != MOE_FINDING_NOTE)
            worst = MAX(worst, verdict_of(severity));
        g_array_append_val(lines, line);
    }
    return worst;
}

static void
read_source(JsonObject *source, bool several, GPtrArray *list)
{
    const char *verdict = source ? member(source, "verdict") : NULL;
    g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(MoeFindingLine));
    if (!verdict)
        return;
    MoeVerdict worst = read_findings(array(source, "findings"), lines);
    const char *trace = member(source, "trace");
    g_autofree char *text =
        several && trace ? g_strdup_printf("%s: %s", trace, verdict) : g_strdup(verdict);
    add(list, worst, NULL, text, NULL, NULL);
    add_lines(list, lines);
}

static GPtrArray *
checks_read(const char *meta_json)
{
    g_autoptr(GPtrArray) list = list_new();
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!meta_json || !json_parser_load_from_data(parser, meta_json, -1, NULL) ||
        !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)))
        return NULL;
    JsonArray *sources = array(json_node_get_object(json_parser_get_root(parser)), "sources");
    guint n = sources ? json_array_get_length(sources) : 0;
    for (guint i = 0; i < n; i++)
        read_source(object_at(sources, i), n > 1, list);
    return list->len > 0 ? g_steal_pointer(&list) : NULL;
}

/* --- Of an input ------------------------------------------------------------------------------*/

/* What was checked when a summary was attached to the trace holds, as its content hasn't changed
 * since. */
static GPtrArray *
checks_attached(const MoeTrace *trace)
{
    MoeArray array;
    g_autoptr(GError) ignored = NULL;
    if (!moe_trace_attached(trace, "meta.json", &array, &ignored))
        return NULL;
    g_autofree char *json = g_strndup(array.data, (gsize)moe_array_count(&array));
    g_free((void *)array.data);
    return checks_read(json);
}

void
moe__report_checks_begin(MoeReport *report)
{
    GPtrArray *kept = checks_attached(report->trace);
    if (kept)
        g_ptr_array_unref(kept);
    else
        report->checking = g_thread_new("check", work, report);
}

static GPtrArray *
wait_for_checks(MoeReport *report, GError **error)
{
    Checked *checked = g_thread_join(report->checking);
    GPtrArray *list = checked->list;
    report->checking = NULL;
    if (checked->error)
        g_propagate_error(error, checked->error);
    g_free(checked);
    return list;
}

GPtrArray *
moe__report_checks(MoeReport *report, GError **error)
{
    if (report->checking)
        return wait_for_checks(report, error);
    if (report->trace && report->filter) /* what is kept is of all tokens */
        return checks_run(report, error);
    const char *meta = moe_figure_input_meta(report->input, 0);
    GPtrArray *kept = report->trace ? checks_attached(report->trace) : checks_read(meta);
    if (kept)
        return kept;
    return report->trace ? checks_run(report, error) : checks_summary(report->summary, error);
}

/* --- In a document ----------------------------------------------------------------------------*/

void
moe__checks_add(const GPtrArray *list, MoeDocument *document)
{
    for (guint i = 0; i < list->len; i++) {
        const Said *said = g_ptr_array_index(list, i);
        g_autofree char *text =
            said->check ? g_strdup_printf("%s: %s", said->check, said->text) : g_strdup(said->text);
        moe_document_verdict(document, said->verdict, text, said->why, said->remedy);
    }
}

char *
moe__checks_word(const GPtrArray *list)
{
    MoeVerdict worst = MOE_VERDICT_GOOD;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < list->len; i++) {
        const Said *said = g_ptr_array_index(list, i);
        if (said->verdict <= MOE_VERDICT_NOTE)
            continue;
        worst = MAX(worst, said->verdict);
        bool before =
            said->check && g_ptr_array_find_with_equal_func(names, said->check, g_str_equal, NULL);
        if (said->check && !before)
            g_ptr_array_add(names, said->check);
    }
    if (worst == MOE_VERDICT_GOOD)
        return g_strdup("clean");
    g_autofree char *all = moe__say_list((const char *const *)names->pdata, (int)names->len);
    return g_strdup_printf("%s: %s", moe__verdict_name(worst), all);
}
