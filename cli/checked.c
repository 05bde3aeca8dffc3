/* SPDX-License-Identifier: MIT */
#include "checked.h"

#include "json.h"
#include "progress.h"

#include <json-glib/json-glib.h>
#include <moescope/check.h>
#include <string.h>

static void
finding_free(gpointer data)
{
    CmdFinding *finding = data;
    g_free(finding->check);
    g_free(finding->severity);
    g_free(finding->text);
    g_free(finding->what);
    g_free(finding);
}

static void
checked_free(gpointer data)
{
    CmdChecked *checked = data;
    g_free(checked->trace);
    g_free(checked->verdict);
    g_ptr_array_unref(checked->findings);
    g_free(checked);
}

GPtrArray *
cmd_checked_new(void)
{
    return g_ptr_array_new_with_free_func(checked_free);
}

/* --- From a trace, or a summary of none -------------------------------------------------------*/

/* What was checked: one of them is there. */
typedef struct Subject {
    const MoeTrace *trace;
    const MoeSummary *summary;
} Subject;

static gint64
layer_of(const Subject *subject, int router)
{
    if (router < 0)
        return -1;
    return (subject->trace ? moe_trace_router(subject->trace, router)
                           : moe_summary_router(subject->summary, router))
        ->layer;
}

static void
take(GPtrArray *list, const char *path, const Subject *subject, gint64 tokens,
     const MoeFindings *found)
{
    CmdChecked *checked = g_new(CmdChecked, 1);
    *checked = (CmdChecked){g_path_get_basename(path), tokens, moe_findings_verdict(found),
                            g_ptr_array_new_with_free_func(finding_free)};
    for (int i = 0; i < moe_findings_count(found); i++) {
        const MoeFinding *from = moe_findings_get(found, i);
        CmdFinding *finding = g_new(CmdFinding, 1);
        *finding = (CmdFinding){g_strdup(from->check),
                                g_strdup(moe_severity_name(from->severity)),
                                g_strdup(from->text),
                                from->count,
                                from->all,
                                g_strdup(from->all > 0 ? from->what : ""),
                                from->router,
                                layer_of(subject, from->router)};
        g_ptr_array_add(checked->findings, finding);
    }
    g_ptr_array_add(list, checked);
}

bool
cmd_checked_add(GPtrArray *list, const char *path, const MoeTrace *trace,
                const MoeTokenFilter *filter, GError **error)
{
    const MoeCheckOptions options = {.progress = cmd_progress_begin(), .filter = filter};
    g_autoptr(MoeFindings) found = moe_check(trace, &options, error);
    cmd_progress_end();
    if (found)
        take(list, path, &(Subject){.trace = trace}, moe_findings_tokens(found), found);
    return found != NULL;
}

bool
cmd_checked_add_compared(GPtrArray *list, const char *path, const MoeTrace *trace,
                         const MoeTokenFilter *filter, GError **error)
{
    g_autoptr(GError) complaint = NULL;
    if (cmd_checked_add(list, path, trace, filter, &complaint))
        return true;
    if (filter && g_error_matches(complaint, MOE_ERROR, MOE_ERROR_DATA))
        return cmd_checked_add(list, path, trace, NULL, error);
    g_propagate_error(error, g_steal_pointer(&complaint));
    return false;
}

bool
cmd_checked_add_summary(GPtrArray *list, const char *path, const MoeSummary *summary,
                        GError **error)
{
    g_autoptr(MoeFindings) found = moe_check_summary(summary, NULL, error);
    if (found)
        take(list, path, &(Subject){.summary = summary}, moe_summary_tokens_counted(summary),
             found);
    return found != NULL;
}

/* --- From meta.json ---------------------------------------------------------------------------*/

/* NULL where there is no such text. (transfer full) */
static char *
text_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    bool text = node && json_node_get_value_type(node) == G_TYPE_STRING;
    return text ? json_node_dup_string(node) : NULL;
}

static gint64
int_member(JsonObject *object, const char *name, gint64 otherwise)
{
    JsonNode *node = json_object_get_member(object, name);
    bool number = node && json_node_get_value_type(node) == G_TYPE_INT64;
    return number ? json_node_get_int(node) : otherwise;
}

static JsonArray *
array_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static JsonObject *
object_at(JsonArray *array, guint i)
{
    JsonNode *node = json_array_get_element(array, i);
    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static void
read_finding(GPtrArray *findings, JsonObject *object)
{
    CmdFinding *finding = g_new0(CmdFinding, 1);
    finding->check = text_member(object, "check");
    finding->severity = text_member(object, "severity");
    finding->text = text_member(object, "text");
    finding->what = text_member(object, "what");
    finding->count = int_member(object, "count", 0);
    finding->all = int_member(object, "of", 0);
    finding->router = int_member(object, "router", -1);
    finding->layer = int_member(object, "layer", -1);
    if (!finding->what)
        finding->what = g_strdup("");
    if (finding->check && finding->severity && finding->text)
        g_ptr_array_add(findings, finding);
    else
        finding_free(finding);
}

static void
read_source(GPtrArray *list, JsonObject *object)
{
    char *trace = text_member(object, "trace"), *verdict = text_member(object, "verdict");
    if (!trace || !verdict) {
        g_free(trace);
        g_free(verdict);
        return;
    }
    CmdChecked *checked = g_new(CmdChecked, 1);
    *checked = (CmdChecked){trace, int_member(object, "tokens", 0), verdict,
                            g_ptr_array_new_with_free_func(finding_free)};
    JsonArray *findings = array_member(object, "findings");
    for (guint i = 0; findings && i < json_array_get_length(findings); i++)
        if (object_at(findings, i))
            read_finding(checked->findings, object_at(findings, i));
    g_ptr_array_add(list, checked);
}

void
cmd_checked_read(GPtrArray *list, const char *meta_json)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!meta_json || !json_parser_load_from_data(parser, meta_json, -1, NULL))
        return;
    JsonNode *root = json_parser_get_root(parser);
    JsonArray *sources = root && JSON_NODE_HOLDS_OBJECT(root)
                             ? array_member(json_node_get_object(root), "sources")
                             : NULL;
    for (guint i = 0; sources && i < json_array_get_length(sources); i++)
        if (object_at(sources, i))
            read_source(list, object_at(sources, i));
}

/* --- Telling ----------------------------------------------------------------------------------*/

void
cmd_checked_json(GString *json, const char *key, const GPtrArray *list)
{
    json_open(json, key, '[');
    for (guint i = 0; i < list->len; i++) {
        const CmdChecked *checked = list->pdata[i];
        json_open(json, NULL, '{');
        json_text(json, "trace", checked->trace);
        json_int(json, "tokens", checked->tokens);
        json_text(json, "verdict", checked->verdict);
        json_open(json, "findings", '[');
        for (guint f = 0; f < checked->findings->len; f++) {
            const CmdFinding *finding = checked->findings->pdata[f];
            json_open(json, NULL, '{');
            json_text(json, "check", finding->check);
            json_text(json, "severity", finding->severity);
            if (finding->router >= 0) {
                json_int(json, "router", finding->router);
                json_int(json, "layer", finding->layer);
            }
            json_text(json, "text", finding->text);
            if (finding->all > 0) {
                json_int(json, "count", finding->count);
                json_int(json, "of", finding->all);
                json_text(json, "what", finding->what);
            }
            json_close(json, '}');
        }
        json_close(json, ']');
        json_close(json, '}');
    }
    json_close(json, ']');
}

static bool
is_note(const CmdFinding *finding)
{
    return g_str_equal(finding->severity, "note");
}

char *
cmd_checked_word(const GPtrArray *list)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < list->len; i++) {
        const CmdChecked *checked = list->pdata[i];
        for (guint f = 0; f < checked->findings->len; f++) {
            const CmdFinding *finding = checked->findings->pdata[f];
            g_autofree char *word = g_strdup_printf("%s:%s", finding->severity, finding->check);
            if (!is_note(finding) &&
                !g_ptr_array_find_with_equal_func(words, word, g_str_equal, NULL))
                g_ptr_array_add(words, g_steal_pointer(&word));
        }
    }
    if (words->len == 0)
        return g_strdup(list->len > 0 ? "clean" : "unchecked");
    g_ptr_array_add(words, NULL);
    return g_strjoinv(";", (char **)words->pdata);
}

static MoeSeverity
severity_of(const CmdFinding *finding)
{
    return g_str_equal(finding->severity, "error")     ? MOE_FINDING_ERROR
           : g_str_equal(finding->severity, "warning") ? MOE_FINDING_WARNING
                                                       : MOE_FINDING_NOTE;
}

/* Findings of one kind are told together. */
static void
add_findings(GString *lines, const CmdChecked *checked, const char *lead)
{
    int n_groups;
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(MoeFindingLine));
    for (guint f = 0; f < checked->findings->len; f++) {
        const CmdFinding *finding = checked->findings->pdata[f];
        MoeFindingLine line = {finding->check,      finding->text,  severity_of(finding),
                               (int)finding->layer, finding->count, finding->all};
        if (!is_note(finding))
            g_array_append_val(all, line);
    }
    const MoeFindingLine *told = (const MoeFindingLine *)(void *)all->data;
    MoeFindingGroup *groups = moe_findings_together(told, (int)all->len, &n_groups);
    for (int g = 0; g < n_groups; g++)
        g_string_append_printf(lines, "%s  %s: %s: %s\n", lead,
                               moe_severity_name(told[groups[g].worst].severity),
                               told[groups[g].worst].check, groups[g].text);
    moe_finding_groups_free(groups, n_groups);
}

char *
cmd_checked_lines(const GPtrArray *list, const char *path, const char *lead)
{
    GString *lines = g_string_new(NULL);
    if (list->len == 0)
        g_string_append_printf(lines, "%s%s: not checked\n", lead, path);
    for (guint i = 0; i < list->len; i++) {
        const CmdChecked *checked = list->pdata[i];
        g_autofree char *base = g_path_get_basename(path);
        g_string_append_printf(lines, "%s%s: checked", lead, path);
        if (!g_str_equal(base, checked->trace))
            g_string_append_printf(lines, " (%s)", checked->trace);
        g_string_append_printf(lines, ": %s\n", checked->verdict);
        gsize told = lines->len;
        add_findings(lines, checked, lead);
        if (lines->len > told) {
            bool here = g_str_equal(base, checked->trace);
            g_autofree char *more = g_strdup_printf("; moescope check%s%s tells more",
                                                    here ? "" : " ", here ? "" : checked->trace);
            g_string_insert(lines, (gssize)told - 1, more);
        }
    }
    return g_string_free(lines, FALSE);
}
