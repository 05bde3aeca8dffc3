/* SPDX-License-Identifier: MIT
 *
 * Scores that say nothing, told by their sums: a mean entropy of exactly ln E, which logits that
 * are all equal have; and numbers that a tool worked out of logits for each layer and that aren't
 * finite, or denormal, where they were kept with a summary ("reported" of its import). A published
 * comparison plots the load of layers with an entropy of ln 64 and a spread of 6e-44 as routing.
 */
#include "check/check.h"

#include <float.h>
#include <json-glib/json-glib.h>
#include <math.h>

/* Two units in the last place of a float near ln E. */
#define CLOSE 1e-6

static void
add(MoeCheckRun *run, int router, char *text)
{
    MoeFinding finding = moe__summary_finding(MOE_FINDING_ERROR, router, text);
    moe_check_run_add(run, &finding);
}

/* --- Recorded entropies -----------------------------------------------------------------------*/

static void
see_entropy(MoeCheckRun *run, const MoeSummary *summary, int router)
{
    const MoeScoreCell *scores = moe_summary_scores(summary, router, MOE_DOMAIN_ALL);
    double even = log(moe_summary_router(summary, router)->experts);
    if (scores && scores->entropies > 0 && even > 0 &&
        fabs(scores->entropy / (double)scores->entropies - even) <= CLOSE)
        add(run, router,
            g_strdup_printf("the mean entropy of the scores is exactly ln %d: all logits were "
                            "equal",
                            moe_summary_router(summary, router)->experts));
}

/* --- Reported numbers -------------------------------------------------------------------------*/

/* What is wrong with a number; NULL: nothing. (transfer full) */
static char *
judge(const char *name, double value, int experts)
{
    if (!isfinite(value))
        return g_strdup_printf("%s is %g, expected a finite number", name, value);
    if (value != 0 && fabs(value) < (double)FLT_MIN)
        return g_strdup_printf("%s is %.3g, too small for a normal float: what it was made of was "
                               "0 but for rounding",
                               name, value);
    if (experts > 1 && fabs(value - log(experts)) <= CLOSE)
        return g_strdup_printf("%s is %.7g, exactly ln %d: all logits were equal", name, value,
                               experts);
    return NULL;
}

/* A number, or the text of one that JSON can't have. */
static double
read_number(JsonNode *node)
{
    if (!JSON_NODE_HOLDS_VALUE(node))
        return 0;
    if (json_node_get_value_type(node) == G_TYPE_STRING)
        return g_ascii_strtod(json_node_get_string(node), NULL);
    return json_node_get_double(node);
}

static void
see_list(MoeCheckRun *run, const MoeSummary *summary, const char *name, JsonArray *list)
{
    int n = MIN(moe_summary_routers(summary), (int)json_array_get_length(list));
    for (int r = 0; r < n; r++) {
        double value = read_number(json_array_get_element(list, (guint)r));
        char *text = judge(name, value, moe_summary_router(summary, r)->experts);
        if (text)
            add(run, r, text);
    }
}

/* The member "reported" of "import". */
static JsonObject *
find_reported(JsonNode *root)
{
    JsonObject *object = root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
    static const char *const path[] = {"import", "reported"};
    for (gsize i = 0; object && i < G_N_ELEMENTS(path); i++) {
        JsonNode *node = json_object_get_member(object, path[i]);
        object = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    }
    return object;
}

static void
see_reported(MoeCheckRun *run, const MoeSummary *summary)
{
    const char *meta = moe_summary_meta_json(summary);
    g_autoptr(JsonNode) root = meta ? json_from_string(meta, NULL) : NULL;
    JsonObject *reported = find_reported(root);
    g_autoptr(GList) names = reported ? json_object_get_members(reported) : NULL;
    for (const GList *name = names; name; name = name->next) {
        JsonNode *node = json_object_get_member(reported, name->data);
        if (JSON_NODE_HOLDS_ARRAY(node))
            see_list(run, summary, name->data, json_node_get_array(node));
    }
}

static void
see_summary(MoeCheckRun *run, const MoeSummary *summary)
{
    for (int r = 0; r < moe_summary_routers(summary); r++)
        see_entropy(run, summary, r);
    see_reported(run, summary);
}

const MoeCheck moe__check_flat_scores = {
    .struct_size = sizeof(MoeCheck),
    .name = "flat-scores",
    .help = "sums of scores that say nothing: entropies of exactly ln E, infinite or denormal ones",
    .why = "such a layer's logits weren't captured, and its load is that of ties, not of routing",
    .remedy = "leave these layers out, and record the router's input again",
    .summary = see_summary,
};
