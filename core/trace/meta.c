/* SPDX-License-Identifier: MIT
 *
 * meta.c: meta.json, the description of a trace: schema, routers, domains, and whatever else the
 * program that wrote it has to say.
 */
#include "trace/meta.h"

#include "trace/plain.h"

#include <moescope/kinds.h>
#include <string.h>

enum {
    ROUTERS_MAX = 1 << 16,
    DOMAINS_MAX = 1 << 16,
    EXPERTS_MAX = UINT16_MAX, /* ids are u16 on disk, the top value means "no pick" */
};

/* --- Making -----------------------------------------------------------------------------------*/

static void
add_string(JsonObject *object, const char *key, const char *value)
{
    json_object_set_string_member(object, key, value ? value : "");
}

static JsonObject *
router_to_json(const MoeRouterInfo *router)
{
    JsonObject *object = json_object_new();
    json_object_set_int_member(object, "layer", router->layer);
    json_object_set_int_member(object, "experts", router->experts);
    json_object_set_int_member(object, "k", router->k);
    json_object_set_int_member(object, "units_per_token", router->units_per_token);
    json_object_set_int_member(object, "shared", router->shared);
    json_object_set_boolean_member(object, "gates_sum_to_one", router->gates_sum_to_one);
    json_object_set_boolean_member(object, "causal", router->causal);
    add_string(object, "score", router->score);
    add_string(object, "select", router->select);
    add_string(object, "gate", router->gate);
    if (router->kinds)
        add_string(object, "kinds", router->kinds);
    return object;
}

bool
moe__json_object_add_missing(JsonObject *object, const char *extra_json, GError **error)
{
    g_autoptr(JsonNode) extra = moe__json_object_parse(extra_json, NULL);
    if (!extra) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "what is to be added to meta.json is no JSON object");
        return false;
    }
    g_autoptr(GList) keys = json_object_get_members(json_node_get_object(extra));
    for (GList *i = keys; i; i = i->next)
        if (!json_object_has_member(object, i->data))
            json_object_set_member(object, i->data,
                                   json_object_dup_member(json_node_get_object(extra), i->data));
    return true;
}

char *
moe_trace_meta(const MoeRouterInfo *routers, int n_routers, const char *const *domains,
               int n_domains, const char *extra_json)
{
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
    g_autoptr(JsonObject) object = json_object_new();
    json_node_set_object(root, object);

    add_string(object, "schema", MOE_TRACE_SCHEMA);
    JsonArray *router_list = json_array_sized_new((guint)n_routers);
    for (int i = 0; i < n_routers; i++)
        json_array_add_object_element(router_list, router_to_json(&routers[i]));
    json_object_set_array_member(object, "routers", router_list);
    JsonArray *domain_list = json_array_sized_new((guint)n_domains);
    for (int i = 0; i < n_domains; i++)
        json_array_add_string_element(domain_list, domains[i]);
    json_object_set_array_member(object, "domains", domain_list);
    if (extra_json && !moe__json_object_add_missing(object, extra_json, NULL))
        return NULL;
    return moe__json_to_text(root);
}

/* --- Parsing ----------------------------------------------------------------------------------*/

/* Traces of experts that are all alike don't have it. */
static bool
read_kinds(JsonObject *object, MoeRouterInfo *out, GError **error)
{
    if (!json_object_has_member(object, "kinds"))
        return true;
    if (!moe__json_get_string(object, "kinds", &out->kinds, error))
        return false;
    g_autoptr(MoeKinds) kinds = moe_kinds_parse(out->kinds, out->experts, error);
    return kinds != NULL;
}

static bool
read_router(JsonObject *object, MoeRouterInfo *out, GError **error)
{
    return moe__json_get_small_int(object, "layer", 0, INT32_MAX, &out->layer, error) &&
           moe__json_get_small_int(object, "experts", 1, EXPERTS_MAX, &out->experts, error) &&
           moe__json_get_small_int(object, "k", 0, out->experts, &out->k, error) &&
           moe__json_get_small_int(object, "units_per_token", 1, UINT16_MAX, &out->units_per_token,
                                   error) &&
           moe__json_get_small_int(object, "shared", 0, INT32_MAX, &out->shared, error) &&
           moe__json_get_bool(object, "gates_sum_to_one", &out->gates_sum_to_one, error) &&
           moe__json_get_bool(object, "causal", &out->causal, error) &&
           moe__json_get_string(object, "score", &out->score, error) &&
           moe__json_get_string(object, "select", &out->select, error) &&
           moe__json_get_string(object, "gate", &out->gate, error) &&
           read_kinds(object, out, error);
}

static bool
read_routers(JsonObject *object, MoeTraceMeta *out, GError **error)
{
    JsonArray *list = moe__json_get_list(object, "routers", ROUTERS_MAX, error);
    if (!list)
        return false;
    int n = (int)json_array_get_length(list);
    out->routers = g_new0(MoeRouterInfo, (gsize)n);
    while (out->n_routers < n) {
        int r = out->n_routers++; /* what was read of a broken one is freed with it */
        JsonObject *router = moe__json_object_at(list, r, "router", error);
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
read_domains(JsonObject *object, MoeTraceMeta *out, GError **error)
{
    JsonArray *list = moe__json_get_list(object, "domains", DOMAINS_MAX, error);
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
        const char *name = json_node_get_string(node);
        if (!moe__is_plain(name, strlen(name))) {
            g_autofree char *escaped = g_strescape(name, NULL);
            g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                        "the name \"%s\" of domain %d has control characters", escaped,
                        out->n_domains);
            return false;
        }
        out->domains[out->n_domains] = g_strdup(name);
    }
    return true;
}

bool
moe__trace_meta_read(JsonObject *object, MoeTraceMeta *out, GError **error)
{
    return read_routers(object, out, error) && read_domains(object, out, error);
}

static bool
check_schema(JsonObject *object, GError **error)
{
    g_autofree char *schema = NULL;
    if (!moe__json_get_string(object, "schema", &schema, error))
        return false;
    if (g_str_equal(schema, MOE_TRACE_SCHEMA))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "the schema is \"%.60s\"; this version reads \"%s\"", schema, MOE_TRACE_SCHEMA);
    return false;
}

bool
moe__trace_meta_parse(const char *json, MoeTraceMeta *out, GError **error)
{
    static const char *const keys[] = {"schema", "routers", "domains", NULL};
    *out = (MoeTraceMeta){0};
    g_autoptr(JsonNode) root = moe__json_object_some(json, keys, error);
    JsonObject *object = root ? json_node_get_object(root) : NULL;
    if (object && check_schema(object, error) && moe__trace_meta_read(object, out, error))
        return true;
    g_prefix_error(error, "meta.json: ");
    moe__trace_meta_clear(out);
    return false;
}

void
moe__trace_meta_clear(MoeTraceMeta *meta)
{
    for (int i = 0; i < meta->n_routers; i++) {
        g_free(meta->routers[i].score);
        g_free(meta->routers[i].select);
        g_free(meta->routers[i].gate);
        g_free(meta->routers[i].kinds);
    }
    g_free(meta->routers);
    g_strfreev(meta->domains);
    *meta = (MoeTraceMeta){0};
}

bool
moe__trace_meta_match(const MoeTraceMeta *meta, const MoeRouterInfo *routers, int n_routers,
                      GError **error)
{
    if (meta->n_routers != n_routers) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "meta.json describes %d routers, the caller brings %d", meta->n_routers,
                    n_routers);
        return false;
    }
    for (int i = 0; i < n_routers; i++) {
        const MoeRouterInfo *a = &meta->routers[i], *b = &routers[i];
        if (a->experts == b->experts && a->k == b->k && a->units_per_token == b->units_per_token)
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "router %d: meta.json says %d experts, k %d, %d units a token; the caller "
                    "brings %d, %d, %d",
                    i, a->experts, a->k, a->units_per_token, b->experts, b->k, b->units_per_token);
        return false;
    }
    return true;
}
