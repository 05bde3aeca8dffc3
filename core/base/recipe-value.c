/* SPDX-License-Identifier: MIT
 *
 * The values of a recipe, typed. The texts were checked when they were set.
 */
#include "base/fields.h"
#include "base/recipe.h"

#include <string.h>

/* The place of a key that code asks for: a wrong name or type is a mistake of the programmer. */
static int
place(const MoeRecipe *recipe, const char *name, const MoeField **field)
{
    int n, index = moe__field_index(name);
    if (index < 0 || index >= recipe->n)
        g_error("recipe key \"%s\" isn't registered, or was after the recipe was made", name);
    *field = moe_fields_list(&n)[index];
    return index;
}

static const char *
value_of(const MoeRecipe *recipe, const char *name, MoeFieldType type)
{
    const MoeField *field;
    int index = place(recipe, name, &field);
    if (field->type != type)
        g_error("recipe key \"%s\" is asked for as another type than it was registered with", name);
    return recipe->value[index];
}

int64_t
moe_recipe_int(const MoeRecipe *recipe, const char *name)
{
    return g_ascii_strtoll(value_of(recipe, name, MOE_FIELD_INT), NULL, 10);
}

double
moe_recipe_real(const MoeRecipe *recipe, const char *name)
{
    return g_ascii_strtod(value_of(recipe, name, MOE_FIELD_REAL), NULL);
}

bool
moe_recipe_bool(const MoeRecipe *recipe, const char *name)
{
    return strcmp(value_of(recipe, name, MOE_FIELD_BOOL), "true") == 0;
}

const char *
moe_recipe_text(const MoeRecipe *recipe, const char *name)
{
    const MoeField *field;
    return recipe->value[place(recipe, name, &field)];
}

bool
moe_recipe_has(const MoeRecipe *recipe, const char *name, const char *value)
{
    g_auto(GStrv) items = g_strsplit(moe_recipe_text(recipe, name), ", ", -1);
    return g_strv_contains((const char *const *)items, value);
}

int
moe_recipe_choice(const MoeRecipe *recipe, const char *name)
{
    const MoeField *field;
    const char *value = recipe->value[place(recipe, name, &field)];
    g_auto(GStrv) choices = moe__field_choices(field);
    for (int i = 0; choices[i]; i++)
        if (strcmp(choices[i], value) == 0)
            return i;
    g_error("recipe key \"%s\" has no choice \"%s\"", name, value);
}

int64_t *
moe_recipe_ints(const MoeRecipe *recipe, const char *name, int *n)
{
    const char *value = value_of(recipe, name, MOE_FIELD_INTS);
    *n = 0;
    if (strcmp(value, "none") == 0)
        return NULL;
    g_auto(GStrv) items = g_strsplit(value, ", ", -1);
    int64_t *numbers = g_new(int64_t, g_strv_length(items));
    for (; items[*n]; (*n)++)
        numbers[*n] = g_ascii_strtoll(items[*n], NULL, 10);
    return numbers;
}

bool
moe_recipe_given(const MoeRecipe *recipe, const char *name)
{
    const MoeField *field;
    return recipe->source[place(recipe, name, &field)] == MOE_FROM_RECIPE;
}
