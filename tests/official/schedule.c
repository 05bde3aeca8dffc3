/* SPDX-License-Identifier: MIT
 *
 * The schedules of k: JSON, {"mode:low:high:steps": [[step, k], ...], ...}.
 */
#include "parity.h"

#include <json-glib/json-glib.h>

#include <stdio.h>
#include <string.h>

typedef struct {
    int64_t low, high, steps;
    MoeKSchedule mode;
} Schedule;

static bool
parse_name(const char *name, Schedule *schedule)
{
    static const struct {
        const char *name;
        MoeKSchedule mode;
    } modes[] = {{"linear_increase", MOE_K_LINEAR_INCREASE},
                 {"linear_decrease", MOE_K_LINEAR_DECREASE},
                 {"cosine_increase", MOE_K_COSINE_INCREASE},
                 {"cosine_decrease", MOE_K_COSINE_DECREASE},
                 {"exp_increase", MOE_K_EXP_INCREASE}};
    g_auto(GStrv) parts = g_strsplit(name, ":", -1);
    if (g_strv_length(parts) != 4 ||
        !g_ascii_string_to_signed(parts[1], 10, 0, 4096, &schedule->low, NULL) ||
        !g_ascii_string_to_signed(parts[2], 10, schedule->low, 4096, &schedule->high, NULL) ||
        !g_ascii_string_to_signed(parts[3], 10, 1, INT32_MAX, &schedule->steps, NULL))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++)
        if (g_str_equal(modes[i].name, parts[0])) {
            schedule->mode = modes[i].mode;
            return true;
        }
    return false;
}

/* [step, k], both whole. */
static bool
parse_pair(JsonNode *node, int64_t *step, int64_t *k)
{
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return false;
    JsonArray *pair = json_node_get_array(node);
    if (json_array_get_length(pair) != 2)
        return false;
    JsonNode *first = json_array_get_element(pair, 0), *second = json_array_get_element(pair, 1);
    if (json_node_get_value_type(first) != G_TYPE_INT64 ||
        json_node_get_value_type(second) != G_TYPE_INT64)
        return false;
    *step = json_node_get_int(first);
    *k = json_node_get_int(second);
    return *step >= 0;
}

/* The number of pairs, all right; -1, and a problem, at the first that isn't. */
static int64_t
check_schedule(const char *name, JsonNode *pairs, GString *problems)
{
    Schedule s;
    if (!parse_name(name, &s) || !JSON_NODE_HOLDS_ARRAY(pairs)) {
        g_string_append_printf(problems, "\n    \"%s\": not \"mode:low:high:steps\" and a list",
                               name);
        return -1;
    }
    JsonArray *list = json_node_get_array(pairs);
    for (guint i = 0; i < json_array_get_length(list); i++) {
        int64_t step, recorded;
        if (!parse_pair(json_array_get_element(list, i), &step, &recorded)) {
            g_string_append_printf(problems, "\n    %s[%u]: not a [step, k]", name, i);
            return -1;
        }
        int k = moe_k_schedule(s.mode, (int)s.low, (int)s.high, step, s.steps);
        if (k == recorded)
            continue;
        g_string_append_printf(
            problems, "\n    %s, step %" G_GINT64_FORMAT ": found %d, expected %" G_GINT64_FORMAT,
            name, step, k, recorded);
        return -1;
    }
    return json_array_get_length(list);
}

bool
parity_check_schedules(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autofree char *base = g_path_get_basename(path);
    if (!json_parser_load_from_file(parser, path, &error)) {
        printf("FAIL  %s: %s\n", base, error->message);
        return false;
    }
    JsonNode *root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        printf("FAIL  %s: found no JSON object, expected schedules of k\n", base);
        return false;
    }
    JsonObject *schedules = json_node_get_object(root);
    g_autoptr(GString) problems = g_string_new(NULL);
    g_autoptr(GList) names = json_object_get_members(schedules);
    int64_t pairs = 0;
    for (GList *name = names; name; name = name->next)
        pairs += MAX(
            check_schedule(name->data, json_object_get_member(schedules, name->data), problems), 0);
    bool fine = problems->len == 0 && pairs > 0;
    printf("%s  %s (k schedules): %d schedules, %" G_GINT64_FORMAT " pairs exact%s\n",
           fine ? "ok  " : "FAIL", base, (int)g_list_length(names), pairs, problems->str);
    return fine;
}
