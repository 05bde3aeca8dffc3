/* SPDX-License-Identifier: MIT
 *
 * From an INI file to a recipe. Every problem is collected, so that one look at the message is
 * enough to mend the file.
 */
#include "base/fields.h"
#include "base/file.h"
#include "base/recipe.h"

#include <string.h>

#define LONGEST         ((size_t)1 << 20) /* bytes of a recipe; real ones have a few thousand */
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

static bool
group_exists(const char *group)
{
    int n;
    size_t length = strlen(group);
    const MoeField *const *field = moe_fields_list(&n);
    for (int i = 0; i < n; i++)
        if (strncmp(field[i]->name, group, length) == 0 && field[i]->name[length] == '.')
            return true;
    return false;
}

/* What to say of a group that doesn't exist. (transfer full) */
static char *
unknown_group(const char *group)
{
    int n;
    const MoeField *const *field = moe_fields_list(&n);
    g_auto(GStrv) groups = g_new0(char *, n + 1);
    for (int i = 0; i < n; i++)
        groups[i] = moe__field_group(field[i]);
    const char *nearest = moe_nearest(group, (const char *const *)groups);
    return nearest ? g_strdup_printf("unknown group; did you mean [%s]?", nearest)
                   : g_strdup("unknown group");
}

/* The value of a key as its type wants it: only free text knows escapes. */
static char *
raw_value(GKeyFile *file, const char *group, const char *key, const MoeField *field, GError **error)
{
    return field->type == MOE_FIELD_STRING ? g_key_file_get_string(file, group, key, error)
                                           : g_key_file_get_value(file, group, key, error);
}

/* Reads one key. Returns what is wrong with it, or NULL. (transfer full) */
static char *
read_key(MoeRecipe *recipe, GKeyFile *file, const char *group, const char *key)
{
    g_autofree char *name = g_strconcat(group, ".", key, NULL);
    int index = moe__field_index(name);
    if (index < 0)
        return moe__recipe_unknown(name);
    int n;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = raw_value(file, group, key, moe_fields_list(&n)[index], &error);
    if (!text)
        return g_strdup(error->message);
    char *problem = NULL;
    moe__recipe_give(recipe, index, text, &problem);
    return problem;
}

static void
read_group(MoeRecipe *recipe, GKeyFile *file, const char *group, const char *origin,
           GPtrArray *problems)
{
    if (!group_exists(group)) {
        g_autofree char *problem = unknown_group(group);
        g_ptr_array_add(problems, g_strdup_printf("%s: [%s]: %s", origin, group, problem));
        return;
    }
    g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);
    for (char **key = keys; *key; key++) {
        g_autofree char *problem = read_key(recipe, file, group, *key);
        if (problem)
            g_ptr_array_add(problems,
                            g_strdup_printf("%s: [%s] %s: %s", origin, group, *key, problem));
    }
}

/* Keys that can't be read are no reason to keep back what is wrong with the others. */
static void
add_breaches(const MoeRecipe *recipe, const char *origin, GPtrArray *problems)
{
    g_autoptr(GPtrArray) breaches = g_ptr_array_new_with_free_func(g_free);
    moe__rules_run(recipe, breaches);
    for (guint i = 0; i < breaches->len; i++)
        g_ptr_array_add(problems, g_strdup_printf("%s: %s", origin, (char *)breaches->pdata[i]));
}

static MoeRecipe *
parse(const char *text, size_t length, const char *origin, GError **error)
{
    const char *bad;
    g_autoptr(GError) format = NULL;
    if (!g_utf8_validate_len(text, length, &bad)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_RECIPE,
                    "%s: byte %td isn't UTF-8 text, expected [group] and key = value lines", origin,
                    bad - text);
        return NULL;
    }
    if (g_str_has_prefix(text, BYTE_ORDER_MARK)) {
        text += strlen(BYTE_ORDER_MARK);
        length -= strlen(BYTE_ORDER_MARK);
    }
    g_autoptr(GKeyFile) file = g_key_file_new();
    if (length > 0 && !g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, &format)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_RECIPE, "%s: %s", origin, format->message);
        return NULL;
    }
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    for (char **group = groups; *group; group++)
        read_group(recipe, file, *group, origin, problems);
    moe__recipe_resolve(recipe, problems);
    if (problems->len > 0)
        add_breaches(recipe, origin, problems);
    return moe__problems_report(problems, error) ? g_steal_pointer(&recipe) : NULL;
}

MoeRecipe *
moe_recipe_parse(const char *text, const char *origin, GError **error)
{
    return parse(text, strlen(text), origin, error);
}

MoeRecipe *
moe_recipe_load(const char *path, GError **error)
{
    g_autofree char *text = NULL, *name = g_filename_display_name(path);
    size_t length;
    text = moe__file_read(path, LONGEST, &length, error);
    return text ? parse(text, length, name, error) : NULL;
}
