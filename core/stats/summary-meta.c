/* SPDX-License-Identifier: MIT
 *
 * summary-meta.c: the meta.json of a summary: routers and domains as a trace has them, which
 * tallies there are and how finely they are kept.
 */
#include "stats/disk.h"

#define ANY_SCHEMA "moescope.summary/"

/* --- Making -----------------------------------------------------------------------------------*/

static bool
has_token_tables(const MoeSummary *summary)
{
    for (int r = 0; r < summary->n_routers; r++)
        if (!summary->token_tables[r])
            return false;
    return true;
}

static JsonArray *
list_tallies(const MoeSummary *summary)
{
    JsonArray *list = json_array_new();
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        if (!(summary->tallies & moe__tallies[i]->bit))
            continue;
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "name", moe__tallies[i]->name);
        json_object_set_boolean_member(object, "counted", summary->tables[i] != NULL);
        if (summary->tables[i]) {
            MoeTablesPlan plan = moe__tables_plan_of(summary->tables[i]);
            json_object_set_int_member(object, "groups", plan.groups);
            json_object_set_boolean_member(object, "by_domain", !plan.whole);
        }
        json_array_add_object_element(list, object);
    }
    if (summary->tallies & MOE_TALLY_TOKENS) {
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "name", moe__tally_tokens.name);
        json_object_set_boolean_member(object, "counted", TRUE);
        json_object_set_boolean_member(object, "tables", has_token_tables(summary));
        json_array_add_object_element(list, object);
    }
    return list;
}

static void
set_origin(JsonObject *meta, const MoeSummaryOrigin *origin)
{
    json_object_set_string_member(meta, "trace", origin->trace);
    JsonArray *steps = json_array_new();
    json_array_add_int_element(steps, origin->first_step);
    json_array_add_int_element(steps, origin->last_step);
    json_object_set_array_member(meta, "steps", steps);
}

char *
moe__summary_meta(const MoeSummary *summary, const char *extra_json, const MoeSummaryOrigin *origin,
                  GError **error)
{
    /* A trace's meta.json has routers and domains in the same words. */
    g_autofree char *like = moe_trace_meta(summary->routers, summary->n_routers,
                                           (const char *const *)summary->domains->pdata,
                                           (int)summary->domains->len, NULL);
    MoeTraceMeta routing; /* what can't be read back, as a name with a new line, isn't written */
    if (!moe__trace_meta_parse(like, &routing, error))
        return NULL;
    moe__trace_meta_clear(&routing);
    g_autoptr(JsonNode) root = json_from_string(like, NULL);
    JsonObject *meta = json_node_get_object(root);
    json_object_set_string_member(meta, "schema", MOE_SUMMARY_SCHEMA);
    json_object_set_array_member(meta, "tallies", list_tallies(summary));
    if (origin)
        set_origin(meta, origin);
    if (extra_json && !moe__json_object_add_missing(meta, extra_json, error))
        return NULL;
    return json_to_string(root, TRUE);
}

/* --- Parsing ----------------------------------------------------------------------------------*/

static int
find_tally(const char *name)
{
    for (int i = 0; i < MOE_N_TALLIES; i++)
        if (g_str_equal(moe__tallies[i]->name, name))
            return i;
    return -1;
}

static bool
read_plan(JsonObject *object, int n_domains, MoeTablesPlan *plan, GError **error)
{
    bool by_domain;
    if (!moe__json_get_small_int(object, "groups", 1, MOE_SUMMARY_GROUPS, &plan->groups, error) ||
        !moe__json_get_bool(object, "by_domain", &by_domain, error))
        return false;
    if ((plan->groups & (plan->groups - 1)) != 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "found %d groups, expected a power of two",
                    plan->groups);
        return false;
    }
    plan->whole = !by_domain;
    plan->domains = by_domain ? n_domains : 0;
    return true;
}

/* One tally; one that this library doesn't know is left out. */
static bool
read_tally(JsonObject *object, MoeSummaryMeta *out, GError **error)
{
    g_autofree char *name = NULL;
    bool counted;
    if (!moe__json_get_string(object, "name", &name, error) ||
        !moe__json_get_bool(object, "counted", &counted, error))
        return false;
    int i = find_tally(name);
    if (g_str_equal(name, moe__tally_tokens.name)) {
        out->tallies |= MOE_TALLY_TOKENS;
        return moe__json_get_bool(object, "tables", &out->token_tables, error);
    }
    if (i < 0)
        return true;
    out->tallies |= moe__tallies[i]->bit;
    out->tables[i].counted = counted;
    if (!counted || read_plan(object, out->routing.n_domains, &out->tables[i].plan, error))
        return true;
    g_prefix_error(error, "tally %s: ", name);
    return false;
}

static bool
read_tallies(JsonObject *object, MoeSummaryMeta *out, GError **error)
{
    JsonArray *list = moe__json_get_list(object, "tallies", 64, error);
    for (int i = 0; list && i < (int)json_array_get_length(list); i++) {
        JsonObject *tally = moe__json_object_at(list, i, "tally", error);
        if (!tally || !read_tally(tally, out, error))
            return false;
    }
    bool load = out->tables[0].counted && !out->tables[0].plan.whole;
    if (list && !load)
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "the tally \"load\" is missing, or not by domain");
    return list && load;
}

static bool
read_origin(JsonObject *object, MoeSummaryMeta *out, GError **error)
{
    if (!json_object_has_member(object, "trace") || !json_object_has_member(object, "steps"))
        return true;
    JsonArray *steps = moe__json_get_list(object, "steps", 2, error);
    if (!steps || !moe__json_get_string(object, "trace", &out->trace, error))
        return false;
    JsonNode *ends[2] = {NULL, NULL};
    for (guint i = 0; i < json_array_get_length(steps); i++)
        ends[i] = json_array_get_element(steps, i);
    for (int i = 0; i < 2; i++)
        if (!ends[i] || !JSON_NODE_HOLDS_VALUE(ends[i]) ||
            json_node_get_value_type(ends[i]) != G_TYPE_INT64) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "\"steps\" isn't two whole numbers");
            return false;
        }
    out->first_step = (int32_t)CLAMP(json_node_get_int(ends[0]), INT32_MIN, INT32_MAX);
    out->last_step = (int32_t)CLAMP(json_node_get_int(ends[1]), INT32_MIN, INT32_MAX);
    return true;
}

bool
moe__summary_meta_claims(const char *json)
{
    static const char *const keys[] = {"schema", NULL};
    g_autofree char *schema = NULL;
    g_autoptr(JsonNode) root = json ? moe__json_object_shared(json, keys, NULL) : NULL;
    return root && moe__json_get_string(json_node_get_object(root), "schema", &schema, NULL) &&
           g_str_has_prefix(schema, ANY_SCHEMA);
}

static bool
check_schema(JsonObject *object, GError **error)
{
    g_autofree char *schema = NULL;
    if (!moe__json_get_string(object, "schema", &schema, error))
        return false;
    if (g_str_equal(schema, MOE_SUMMARY_SCHEMA))
        return true;
    bool summary = g_str_has_prefix(schema, ANY_SCHEMA);
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "the schema is \"%.60s\"; this version reads \"%s\"%s", schema, MOE_SUMMARY_SCHEMA,
                summary ? ": make the summary again, of its trace or counts" : "");
    return false;
}

bool
moe__summary_meta_parse(const char *json, MoeSummaryMeta *out, GError **error)
{
    *out = (MoeSummaryMeta){0};
    g_autoptr(JsonNode) root = moe__json_object_shared(json, NULL, error);
    JsonObject *object = root ? json_node_get_object(root) : NULL;
    if (object && check_schema(object, error) &&
        moe__trace_meta_read(object, &out->routing, error) && read_tallies(object, out, error) &&
        read_origin(object, out, error))
        return true;
    g_prefix_error(error, "meta.json: ");
    moe__summary_meta_clear(out);
    return false;
}

void
moe__summary_meta_clear(MoeSummaryMeta *meta)
{
    moe__trace_meta_clear(&meta->routing);
    g_free(meta->trace);
    *meta = (MoeSummaryMeta){0};
}
