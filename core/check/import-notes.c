/* SPDX-License-Identifier: MIT
 *
 * What an import noted of its files (counts that were rounded, tensors that disagree, ids that may
 * be told by the wrong map): kept in meta.json, and told again to every reader. Of a trace that is
 * mostly how its files were read; what makes numbers wrong the import says apart.
 */
#include "check/meta.h"

static bool
has_text(JsonArray *list, const char *text)
{
    for (guint i = 0; list && i < json_array_get_length(list); i++)
        if (g_strcmp0(moe__check_text_at(list, i), text) == 0)
            return true;
    return false;
}

static JsonArray *
find_list(JsonObject *import, const char *name)
{
    JsonNode *node = import ? json_object_get_member(import, name) : NULL;
    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

/* The texts of a list that aren't in `but` (NULL: none are). */
static void
tell_list(MoeCheckRun *run, JsonArray *list, JsonArray *but, MoeSeverity severity)
{
    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        const char *text = moe__check_text_at(list, i);
        if (!text || has_text(but, text))
            continue;
        MoeFinding finding = moe__summary_finding(severity, -1, g_strdup(text));
        moe_check_run_add(run, &finding);
    }
}

/* `severity`: of notes that aren't warnings. */
static void
tell(MoeCheckRun *run, const char *meta_json, MoeSeverity severity)
{
    g_autoptr(JsonNode) root = NULL;
    JsonObject *import = moe__check_import(meta_json, &root);
    JsonArray *warnings = find_list(import, "warnings");
    tell_list(run, warnings, NULL, MOE_FINDING_WARNING);
    tell_list(run, find_list(import, "notes"), warnings, severity);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    (void)state;
    if (!cancelled)
        tell(run, moe_trace_meta_json(moe_check_run_trace(run)), MOE_FINDING_NOTE);
}

static void
see_summary(MoeCheckRun *run, const MoeSummary *summary)
{
    tell(run, moe_summary_meta_json(summary), MOE_FINDING_WARNING);
}

const MoeCheck moe__check_import_notes = {
    .struct_size = sizeof(MoeCheck),
    .name = "import-notes",
    .help = "what an import noted of its files",
    .why = "the numbers depend on how the files were read",
    .remedy = "say so beside the figures; where the note names an option, or better files, import "
              "again with them",
    .end = end,
    .summary = see_summary,
};
