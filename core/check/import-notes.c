/* SPDX-License-Identifier: MIT
 *
 * What an import noted of the files it made a summary of (counts that were rounded, tensors that
 * disagree, picks that aren't k a token): kept in meta.json, and told again to every reader.
 */
#include "check/check.h"

#include <json-glib/json-glib.h>

static JsonArray *
find_notes(JsonNode *root)
{
    JsonObject *object = root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
    JsonNode *import = object ? json_object_get_member(object, "import") : NULL;
    object = import && JSON_NODE_HOLDS_OBJECT(import) ? json_node_get_object(import) : NULL;
    JsonNode *notes = object ? json_object_get_member(object, "notes") : NULL;
    return notes && JSON_NODE_HOLDS_ARRAY(notes) ? json_node_get_array(notes) : NULL;
}

static void
see_summary(MoeCheckRun *run, const MoeSummary *summary)
{
    const char *meta = moe_summary_meta_json(summary);
    g_autoptr(JsonNode) root = meta ? json_from_string(meta, NULL) : NULL;
    JsonArray *notes = find_notes(root);
    for (guint i = 0; notes && i < json_array_get_length(notes); i++) {
        JsonNode *node = json_array_get_element(notes, i);
        if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
            continue;
        MoeFinding finding =
            moe__summary_finding(MOE_FINDING_WARNING, -1, g_strdup(json_node_get_string(node)));
        moe_check_run_add(run, &finding);
    }
}

const MoeCheck moe__check_import_notes = {
    .struct_size = sizeof(MoeCheck),
    .name = "import-notes",
    .help = "what an import noted of the files that it counted",
    .why = "the sums aren't quite what they look like",
    .remedy = "say so beside the figures, or get the per-token records",
    .summary = see_summary,
};
