/* SPDX-License-Identifier: MIT
 *
 * From a recipe to text: INI, JSON.
 */
#include "base/fields.h"
#include "base/json-out.h"
#include "base/recipe.h"

#include <string.h>

/* Whether the key is to be written. A key of what the recipe doesn't choose says nothing, and would
 * keep the text from being read where the extension that brought it isn't there. */
static bool
matters(const MoeRecipe *recipe, int index, const char *name)
{
    return recipe->source[index] != MOE_FROM_DEFAULT || moe__field_is_read(recipe, name);
}

/* Keys of one group may have been registered at different times; here they come together. */
static GKeyFile *
to_key_file(const MoeRecipe *recipe)
{
    int n;
    const MoeField *const *field = moe_fields_list(&n);
    GKeyFile *file = g_key_file_new();
    for (int i = 0; i < recipe->n; i++) {
        g_autofree char *group = moe__field_group(field[i]);
        const char *key = moe__field_key(field[i]);
        if (!matters(recipe, i, field[i]->name))
            continue;
        if (field[i]->type == MOE_FIELD_STRING)
            g_key_file_set_string(file, group, key, recipe->value[i]);
        else
            g_key_file_set_value(file, group, key, recipe->value[i]);
    }
    return file;
}

char *
moe_recipe_to_text(const MoeRecipe *recipe)
{
    g_autoptr(GKeyFile) file = to_key_file(recipe);
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    GString *text = g_string_new(NULL);
    for (char **group = groups; *group; group++) {
        g_string_append_printf(text, "%s[%s]\n", text->len ? "\n" : "", *group);
        g_auto(GStrv) keys = g_key_file_get_keys(file, *group, NULL, NULL);
        for (char **key = keys; *key; key++) {
            g_autofree char *value = g_key_file_get_value(file, *group, *key, NULL);
            g_string_append_printf(text, "%s = %s\n", *key, value);
        }
    }
    return g_string_free(text, FALSE);
}

/* Items of a canonical list as a JSON array, of strings or of numbers. */
static void
append_list(GString *json, const char *value, bool quoted)
{
    g_auto(GStrv) items = g_strsplit(strcmp(value, "none") == 0 ? "" : value, ", ", -1);
    g_string_append_c(json, '[');
    for (char **item = items; *item; item++) {
        if (item != items)
            g_string_append(json, ", ");
        if (quoted)
            moe__json_append_string(json, *item);
        else
            g_string_append(json, *item);
    }
    g_string_append_c(json, ']');
}

static void
append_value(GString *json, const MoeField *field, const char *value)
{
    switch (field->type) {
    case MOE_FIELD_INT:
    case MOE_FIELD_BOOL:
        g_string_append(json, value);
        break;
    case MOE_FIELD_REAL:
        /* Not as written: ".5" and "+5" are numbers, but not to JSON. */
        moe__json_append_real(json, g_ascii_strtod(value, NULL));
        break;
    case MOE_FIELD_INTS:
    case MOE_FIELD_CHOICES:
        append_list(json, value, field->type == MOE_FIELD_CHOICES);
        break;
    case MOE_FIELD_CHOICE:
    case MOE_FIELD_STRING:
        moe__json_append_string(json, value);
        break;
    }
}

static void
append_group(GString *json, const MoeRecipe *recipe, GKeyFile *file, const char *group)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);
    moe__json_append_string(json, group);
    g_string_append(json, ": {");
    for (char **key = keys; *key; key++) {
        g_autofree char *name = g_strconcat(group, ".", *key, NULL);
        int n, index = moe__field_index(name);
        if (key != keys)
            g_string_append(json, ", ");
        moe__json_append_string(json, *key);
        g_string_append(json, ": ");
        append_value(json, moe_fields_list(&n)[index], recipe->value[index]);
    }
    g_string_append_c(json, '}');
}

char *
moe_recipe_to_json(const MoeRecipe *recipe)
{
    g_autoptr(GKeyFile) file = to_key_file(recipe);
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    GString *json = g_string_new("{");
    for (char **group = groups; *group; group++) {
        if (group != groups)
            g_string_append(json, ", ");
        append_group(json, recipe, file, *group);
    }
    g_string_append_c(json, '}');
    return g_string_free(json, FALSE);
}
