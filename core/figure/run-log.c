/* SPDX-License-Identifier: MIT
 *
 * Series out of a run's metrics.jsonl: an object a line, of numbers by name, among them "step".
 */
#include "figure/run-log.h"
#include "base/file.h"
#include "base/json-in.h"

#include <math.h>
#include <string.h>

#define LOG "metrics.jsonl"
/* A gigabyte would be some five million steps. */
#define LARGEST ((size_t)1 << 30)

bool
moe__run_log_is(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, LOG, NULL);
    return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static double
number_of(JsonNode *node)
{
    bool number = node && JSON_NODE_HOLDS_VALUE(node) &&
                  (json_node_get_value_type(node) == G_TYPE_DOUBLE ||
                   json_node_get_value_type(node) == G_TYPE_INT64);
    return number ? json_node_get_double(node) : NAN;
}

/* A run that went on from a checkpoint makes steps again that were written down already. */
static void
add_pair(GArray *pairs, double step, double value)
{
    while (pairs->len >= 2 && g_array_index(pairs, double, pairs->len - 2) >= step)
        g_array_set_size(pairs, pairs->len - 2);
    g_array_append_val(pairs, step);
    g_array_append_val(pairs, value);
}

typedef struct Log {
    const char *name;
    GArray *pairs;
    GPtrArray *known; /* names that it has, in the order they came */
} Log;

static void
take_line(Log *log, JsonObject *line)
{
    double step = number_of(json_object_get_member(line, "step"));
    g_autoptr(GList) keys = json_object_get_members(line);
    for (GList *key = keys; key; key = key->next)
        if (!g_ptr_array_find_with_equal_func(log->known, key->data, g_str_equal, NULL) &&
            strcmp(key->data, "step") != 0)
            g_ptr_array_add(log->known, g_strdup(key->data));
    if (isfinite(step) && json_object_has_member(line, log->name))
        add_pair(log->pairs, step, number_of(json_object_get_member(line, log->name)));
}

/* The last line may be cut off, by a run that still writes or that was killed. */
static bool
take_lines(Log *log, char *text, const char *path, GError **error)
{
    for (int number = 1; *text; number++) {
        char *end = strchr(text, '\n');
        if (!end)
            return true;
        *end = 0;
        g_autoptr(JsonNode) line = *text ? moe__json_object_parse(text, error) : NULL;
        if (*text && !line) {
            g_prefix_error(error, "%s: line %d: ", path, number);
            return false;
        }
        if (line)
            take_line(log, json_node_get_object(line));
        text = end + 1;
    }
    return true;
}

static void
set_unknown(Log *log, const char *path, GError **error)
{
    g_ptr_array_add(log->known, NULL);
    g_autofree char *known = g_strjoinv(", ", (char **)log->known->pdata);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s has no series \"%s\"; it has: %s", path,
                log->name, *known ? known : "none");
}

double *
moe__run_log_read(const char *folder, const char *name, int64_t *n, GError **error)
{
    g_autofree char *path = g_build_filename(folder, LOG, NULL);
    size_t length;
    g_autofree char *text = moe__file_read(path, LARGEST, &length, error);
    if (!text)
        return NULL;
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(double));
    g_autoptr(GPtrArray) known = g_ptr_array_new_with_free_func(g_free);
    Log log = {name, pairs, known};
    if (!take_lines(&log, text, path, error))
        return NULL;
    *n = pairs->len / 2;
    if (*n == 0)
        set_unknown(&log, path, error);
    return *n > 0 ? (double *)(void *)g_array_steal(pairs, NULL) : NULL;
}

char *
moe__run_log_model(const char *folder, double *tokens)
{
    g_autofree char *path = g_build_filename(folder, "recipe.ini", NULL);
    g_autoptr(MoeRecipe) recipe = moe_recipe_load(path, NULL);
    *tokens = 0;
    if (!recipe)
        return NULL;
    *tokens = (double)moe_recipe_int(recipe, "train.batch") *
              (double)moe_recipe_int(recipe, "train.length") *
              (double)MAX(moe_recipe_int(recipe, "train.accumulate"), 1);
    return g_strdup(moe_recipe_text(recipe, "moe.variant"));
}
