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
    Said *last = list->len > 0 ? g_ptr_array_index(list, list->len - 1) : NULL;
    if (last && check && g_strcmp0(last->check, check) == 0 && last->verdict == verdict) {
        last->more++; /* the same of another router */
        return;
    }
    Said *said = g_new(Said, 1);
    *said = (Said){verdict, g_strdup(check), g_strdup(text), g_strdup(why), g_strdup(remedy), 0};
    g_ptr_array_add(list, said);
}

/* --- Found now --------------------------------------------------------------------------------*/

static MoeVerdict
verdict_of(MoeSeverity severity)
{
    return severity == MOE_FINDING_ERROR     ? MOE_VERDICT_ERROR
           : severity == MOE_FINDING_WARNING ? MOE_VERDICT_WARNING
                                             : MOE_VERDICT_NOTE;
}

static GPtrArray *
of_findings(const MoeFindings *findings)
{
    GPtrArray *list = list_new();
    g_autofree char *verdict = moe_findings_verdict(findings);
    MoeVerdict worst = moe_findings_of(findings, MOE_FINDING_ERROR) > 0     ? MOE_VERDICT_ERROR
                       : moe_findings_of(findings, MOE_FINDING_WARNING) > 0 ? MOE_VERDICT_WARNING
                                                                            : MOE_VERDICT_GOOD;
    add(list, worst, NULL, verdict, NULL, NULL);
    for (int i = 0; i < moe_findings_count(findings); i++) {
        const MoeFinding *finding = moe_findings_get(findings, i);
        add(list, verdict_of(finding->severity), finding->check, finding->text, finding->why,
            finding->remedy);
    }
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
    return findings ? of_findings(findings) : NULL;
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
    return findings ? of_findings(findings) : NULL;
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

static MoeVerdict
verdict_named(const char *severity)
{
    return g_strcmp0(severity, "error") == 0     ? MOE_VERDICT_ERROR
           : g_strcmp0(severity, "warning") == 0 ? MOE_VERDICT_WARNING
                                                 : MOE_VERDICT_NOTE;
}

/* What a check says of itself, which summaries don't repeat. */
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

static void
read_source(JsonObject *source, bool several, GPtrArray *list)
{
    const char *verdict = source ? member(source, "verdict") : NULL;
    JsonArray *findings = array(source, "findings");
    MoeVerdict worst = MOE_VERDICT_GOOD;
    if (!verdict)
        return;
    guint n = findings ? json_array_get_length(findings) : 0;
    for (guint i = 0; i < n; i++) {
        JsonObject *finding = object_at(findings, i);
        MoeVerdict own = verdict_named(finding ? member(finding, "severity") : NULL);
        worst = own > MOE_VERDICT_NOTE ? MAX(worst, own) : worst;
    }
    const char *trace = member(source, "trace");
    g_autofree char *text =
        several && trace ? g_strdup_printf("%s: %s", trace, verdict) : g_strdup(verdict);
    add(list, worst, NULL, text, NULL, NULL);
    for (guint i = 0; i < n; i++) {
        JsonObject *finding = object_at(findings, i);
        const char *name = finding ? member(finding, "check") : NULL;
        const char *what = finding ? member(finding, "text") : NULL;
        const MoeCheck *check = check_named(name);
        if (what)
            add(list, verdict_named(member(finding, "severity")), name, what,
                check ? check->why : NULL, check ? check->remedy : NULL);
    }
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
        g_autofree char *text = said->more > 0
                                    ? g_strdup_printf("%s: %s (and %d more like it)", said->check,
                                                      said->text, said->more)
                                : said->check ? g_strdup_printf("%s: %s", said->check, said->text)
                                              : g_strdup(said->text);
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
        if (said->check)
            g_ptr_array_add(names, said->check);
    }
    if (worst == MOE_VERDICT_GOOD)
        return g_strdup("clean");
    g_autofree char *all = moe__say_list((const char *const *)names->pdata, (int)names->len);
    return g_strdup_printf("%s: %s", moe__verdict_name(worst), all);
}
