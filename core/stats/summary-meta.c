/* SPDX-License-Identifier: MIT
 *
 * summary-meta.c: the meta.json of a summary: routers and domains as a trace has them, which
 * tallies there are and how finely they are kept.
 */
#include "stats/disk.h"

#include <json-glib/json-glib.h>

enum {
    ROUTERS_MAX = 1 << 16,
    DOMAINS_MAX = 1 << 16,
    EXPERTS_MAX = UINT16_MAX,
};

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

/* Members that the library fills in itself are kept from `extra`. */
static bool
add_extra(JsonObject *meta, const char *extra_json, GError **error)
{
    g_autoptr(JsonNode) extra = json_from_string(extra_json, NULL);
    if (!extra || !JSON_NODE_HOLDS_OBJECT(extra)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "what is to be added to meta.json is no JSON object");
        return false;
    }
    JsonObject *from = json_node_get_object(extra);
    g_autoptr(GList) keys = json_object_get_members(from);
    for (GList *i = keys; i; i = i->next)
        if (!json_object_has_member(meta, i->data))
            json_object_set_member(meta, i->data, json_object_dup_member(from, i->data));
    return true;
}

char *
moe__summary_meta(const MoeSummary *summary, const char *extra_json, const MoeSummaryOrigin *origin,
                  GError **error)
{
    /* A trace's meta.json has routers and domains in the same words. */
    g_autofree char *like = moe_trace_meta(summary->routers, summary->n_routers,
                                           (const char *const *)summary->domains->pdata,
                                           (int)summary->domains->len, NULL);
    g_autoptr(JsonNode) root = json_from_string(like, NULL);
    JsonObject *meta = json_node_get_object(root);
    json_object_set_string_member(meta, "schema", MOE_SUMMARY_SCHEMA);
    json_object_set_array_member(meta, "tallies", list_tallies(summary));
    if (origin)
        set_origin(meta, origin);
    if (extra_json && !add_extra(meta, extra_json, error))
        return NULL;
    return json_to_string(root, TRUE);
}

/* --- Parsing ----------------------------------------------------------------------------------*/

static JsonNode *
find_value(JsonObject *object, const char *key, GType type)
{
    JsonNode *node = json_object_get_member(object, key);
    bool fits = node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
    return fits ? node : NULL;
}

static bool
read_int(JsonObject *object, const char *key, int low, int high, int *out, GError **error)
{
    JsonNode *node = find_value(object, key, G_TYPE_INT64);
    int64_t value = node ? json_node_get_int(node) : 0;
    if (!node || value < low || value > high) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "\"%s\" is missing or not a whole number in %d … %d", key, low, high);
        return false;
    }
    *out = (int)value;
    return true;
}

static bool
read_bool(JsonObject *object, const char *key, bool *out, GError **error)
{
    JsonNode *node = find_value(object, key, G_TYPE_BOOLEAN);
    if (!node) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "\"%s\" is missing or not true or false",
                    key);
        return false;
    }
    *out = json_node_get_boolean(node);
    return true;
}

static bool
read_text(JsonObject *object, const char *key, char **out, GError **error)
{
    JsonNode *node = find_value(object, key, G_TYPE_STRING);
    if (!node) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "\"%s\" is missing or not a string", key);
        return false;
    }
    *out = json_node_dup_string(node);
    return true;
}

static JsonArray *
find_list(JsonObject *object, const char *key, guint most, GError **error)
{
    JsonNode *node = json_object_get_member(object, key);
    JsonArray *list = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    if (list && json_array_get_length(list) <= most)
        return list;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "\"%s\" is missing or not a list of at most %u elements", key, most);
    return NULL;
}

static JsonObject *
object_at(JsonArray *list, int i, const char *what, GError **error)
{
    JsonNode *node = json_array_get_element(list, (guint)i);
    if (JSON_NODE_HOLDS_OBJECT(node))
        return json_node_get_object(node);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s %d is no object", what, i);
    return NULL;
}

static bool
read_router(JsonObject *object, MoeRouterInfo *out, GError **error)
{
    return read_int(object, "layer", 0, INT32_MAX, &out->layer, error) &&
           read_int(object, "experts", 1, EXPERTS_MAX, &out->experts, error) &&
           read_int(object, "k", 0, out->experts, &out->k, error) &&
           read_int(object, "units_per_token", 1, UINT16_MAX, &out->units_per_token, error) &&
           read_int(object, "shared", 0, INT32_MAX, &out->shared, error) &&
           read_bool(object, "gates_sum_to_one", &out->gates_sum_to_one, error) &&
           read_bool(object, "causal", &out->causal, error) &&
           read_text(object, "score", &out->score, error) &&
           read_text(object, "select", &out->select, error) &&
           read_text(object, "gate", &out->gate, error);
}

static bool
read_routers(JsonObject *object, MoeSummaryMeta *out, GError **error)
{
    JsonArray *list = find_list(object, "routers", ROUTERS_MAX, error);
    if (!list)
        return false;
    int n = (int)json_array_get_length(list);
    out->routers = g_new0(MoeRouterInfo, (gsize)n);
    while (out->n_routers < n) {
        int r = out->n_routers++; /* what was read of a broken one is freed with it */
        JsonObject *router = object_at(list, r, "router", error);
        if (!router)
            return false;
        if (!read_router(router, &out->routers[r], error)) {
            g_prefix_error(error, "router %d: ", r);
            return false;
        }
    }
    return true;
}

static bool
read_domains(JsonObject *object, MoeSummaryMeta *out, GError **error)
{
    JsonArray *list = find_list(object, "domains", DOMAINS_MAX, error);
    if (!list)
        return false;
    int n = (int)json_array_get_length(list);
    out->domains = g_new0(char *, (gsize)n + 1);
    for (; out->n_domains < n; out->n_domains++) {
        JsonNode *node = json_array_get_element(list, (guint)out->n_domains);
        if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "domain %d is not a string",
                        out->n_domains);
            return false;
        }
        out->domains[out->n_domains] = json_node_dup_string(node);
    }
    return true;
}

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
    if (!read_int(object, "groups", 1, MOE_SUMMARY_GROUPS, &plan->groups, error) ||
        !read_bool(object, "by_domain", &by_domain, error))
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
    if (!read_text(object, "name", &name, error) || !read_bool(object, "counted", &counted, error))
        return false;
    int i = find_tally(name);
    if (g_str_equal(name, moe__tally_tokens.name)) {
        out->tallies |= MOE_TALLY_TOKENS;
        return read_bool(object, "tables", &out->token_tables, error);
    }
    if (i < 0)
        return true;
    out->tallies |= moe__tallies[i]->bit;
    out->tables[i].counted = counted;
    if (!counted || read_plan(object, out->n_domains, &out->tables[i].plan, error))
        return true;
    g_prefix_error(error, "tally %s: ", name);
    return false;
}

static bool
read_tallies(JsonObject *object, MoeSummaryMeta *out, GError **error)
{
    JsonArray *list = find_list(object, "tallies", 64, error);
    for (int i = 0; list && i < (int)json_array_get_length(list); i++) {
        JsonObject *tally = object_at(list, i, "tally", error);
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
    JsonArray *steps = find_list(object, "steps", 2, error);
    if (!steps || !read_text(object, "trace", &out->trace, error))
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

static bool
check_schema(JsonObject *object, GError **error)
{
    g_autofree char *schema = NULL;
    if (!read_text(object, "schema", &schema, error))
        return false;
    if (g_str_equal(schema, MOE_SUMMARY_SCHEMA))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "the schema is \"%.60s\"; this version reads \"%s\"", schema, MOE_SUMMARY_SCHEMA);
    return false;
}

/* json-glib goes as deep as brackets do; no summary nests deeper than this, in strings or not. */
static bool
is_shallow(const char *json)
{
    int depth = 0;
    for (; *json && depth < 64; json++)
        depth += (*json == '[' || *json == '{') - (*json == ']' || *json == '}');
    return depth < 64;
}

bool
moe__summary_meta_parse(const char *json, MoeSummaryMeta *out, GError **error)
{
    *out = (MoeSummaryMeta){0};
    g_autoptr(JsonNode) root = is_shallow(json) ? json_from_string(json, NULL) : NULL;
    bool is_object = root && JSON_NODE_HOLDS_OBJECT(root);
    JsonObject *object = is_object ? json_node_get_object(root) : NULL;
    if (!object)
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "no JSON object");
    if (object && check_schema(object, error) && read_routers(object, out, error) &&
        read_domains(object, out, error) && read_tallies(object, out, error) &&
        read_origin(object, out, error))
        return true;
    g_prefix_error(error, "meta.json: ");
    moe__summary_meta_clear(out);
    return false;
}

void
moe__summary_meta_clear(MoeSummaryMeta *meta)
{
    for (int r = 0; r < meta->n_routers; r++) {
        g_free(meta->routers[r].score);
        g_free(meta->routers[r].select);
        g_free(meta->routers[r].gate);
    }
    g_free(meta->routers);
    g_strfreev(meta->domains);
    g_free(meta->trace);
    *meta = (MoeSummaryMeta){0};
}
