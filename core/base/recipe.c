/* SPDX-License-Identifier: MIT
 *
 * A recipe: one text per key, and who set it. Values that the recipe gives stay; all others are
 * worked out anew whenever one changes, so that the order of keys never matters.
 */
#include "base/recipe.h"

#include "base/fields.h"
#include "base/quote.h"

#include <string.h>

static const MoeField *
field_at(int index)
{
    int n;
    return moe_fields_list(&n)[index];
}

static MoeRecipe *
recipe_empty(void)
{
    MoeRecipe *recipe = g_new0(MoeRecipe, 1);
    moe_fields_list(&recipe->n);
    recipe->value = g_new0(const char *, recipe->n);
    recipe->source = g_new(MoeValueSource, recipe->n);
    recipe->text = g_string_chunk_new(1024);
    for (int i = 0; i < recipe->n; i++)
        recipe->source[i] = MOE_FROM_DEFAULT;
    return recipe;
}

MoeRecipe *
moe_recipe_new(void)
{
    MoeRecipe *recipe = recipe_empty();
    moe__recipe_resolve(recipe, NULL);
    return recipe;
}

void
moe_recipe_free(MoeRecipe *recipe)
{
    if (!recipe)
        return;
    g_string_chunk_free(recipe->text);
    g_free(recipe->value);
    g_free(recipe->source);
    g_free(recipe);
}

MoeRecipe *
moe_recipe_copy(const MoeRecipe *recipe)
{
    MoeRecipe *copy = recipe_empty();
    for (int i = 0; i < recipe->n; i++) {
        if (recipe->source[i] == MOE_FROM_RECIPE) {
            copy->value[i] = g_string_chunk_insert_const(copy->text, recipe->value[i]);
            copy->source[i] = MOE_FROM_RECIPE;
        }
    }
    copy->recorded = recipe->recorded;
    moe__recipe_resolve(copy, NULL);
    return copy;
}

void
moe_recipe_set_recorded(MoeRecipe *recipe)
{
    recipe->recorded = true;
}

bool
moe__recipe_give(MoeRecipe *recipe, int index, const char *text, char **problem)
{
    const MoeField *field = field_at(index);
    g_autofree char *canonical = moe__field_canonical(field, text);
    if (!canonical) {
        g_autofree char *expected = moe__field_expected(field), *found = moe__quote(text);
        *problem = g_strdup_printf("found %s, expected %s", found, expected);
        return false;
    }
    recipe->value[index] = g_string_chunk_insert_const(recipe->text, canonical);
    recipe->source[index] = MOE_FROM_RECIPE;
    return true;
}

char *
moe__recipe_unknown(const char *name)
{
    int n;
    const MoeField *const *field = moe_fields_list(&n);
    g_autofree const char **names = g_new0(const char *, n + 1);
    for (int i = 0; i < n; i++)
        names[i] = field[i]->name;
    const char *nearest = moe_nearest(name, names);
    if (!nearest) {
        /* The right key under the wrong group is far away by letters, yet what is meant. */
        const char *point = strchr(name, '.');
        for (int i = 0; i < n && point && !nearest; i++)
            if (strcmp(moe__field_key(field[i]), point + 1) == 0)
                nearest = names[i];
    }
    return nearest ? g_strdup_printf("unknown key; did you mean %s?", nearest)
                   : g_strdup("unknown key");
}

bool
moe__problems_report(GPtrArray *problems, GError **error)
{
    if (problems->len == 0)
        return true;
    g_autoptr(GString) lines = g_string_new(NULL);
    for (guint i = 0; i < problems->len; i++)
        g_string_append_printf(lines, "%s%s", i ? "\n" : "", (char *)problems->pdata[i]);
    g_set_error_literal(error, MOE_ERROR, MOE_ERROR_RECIPE, lines->str);
    return false;
}

bool
moe_recipe_changed(const MoeRecipe *recipe, const char *name)
{
    int index = moe__field_index(name);
    if (!moe_recipe_given(recipe, name))
        return false;
    if (recipe->recorded)
        return false;
    g_autoptr(MoeRecipe) without = moe_recipe_copy(recipe);
    without->source[index] = MOE_FROM_DEFAULT;
    moe__recipe_resolve(without, NULL);
    return strcmp(recipe->value[index], without->value[index]) != 0;
}

bool
moe_recipe_set(MoeRecipe *recipe, const char *assignment, GError **error)
{
    const char *equals = strchr(assignment, '=');
    if (!equals) {
        g_autofree char *found = moe__quote(assignment);
        g_set_error(error, MOE_ERROR, MOE_ERROR_RECIPE, "found %s, expected \"group.key=value\"",
                    found);
        return false;
    }
    g_autofree char *name = g_strstrip(g_strndup(assignment, (gsize)(equals - assignment)));
    g_autofree char *problem = NULL;
    int index = moe__field_index(name);
    if (index < 0 || index >= recipe->n)
        problem = moe__recipe_unknown(name);
    else if (moe__recipe_give(recipe, index, equals + 1, &problem))
        moe__recipe_resolve(recipe, NULL);
    if (problem)
        g_set_error(error, MOE_ERROR, MOE_ERROR_RECIPE, "%s: %s", name, problem);
    return !problem;
}

bool
moe_recipe_check(const MoeRecipe *recipe, GError **error)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MoeRecipe) copy = moe_recipe_copy(recipe);
    moe__recipe_resolve(copy, problems);
    moe__rules_run(recipe, problems);
    return moe__problems_report(problems, error);
}
