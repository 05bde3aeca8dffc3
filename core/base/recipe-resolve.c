/* SPDX-License-Identifier: MIT
 *
 * Defaults, then presets, then what the recipe gives.
 */
#include "base/fields.h"
#include "base/recipe.h"

#include <string.h>

typedef struct {
    MoeRecipe *recipe;
    const MoePreset *preset;
    GPtrArray *problems;
    bool *applied; /* [n] the preset that this key chooses is in force: the key is settled */
} Resolver;

static void
complain(Resolver *resolver, const char *where, const char *what)
{
    if (resolver->problems)
        g_ptr_array_add(resolver->problems,
                        g_strdup_printf("preset %s = %s: %s: %s", resolver->preset->key,
                                        resolver->preset->name, where, what));
}

/* One "group.key=value" of the preset. */
static void
apply_line(Resolver *resolver, char *line)
{
    MoeRecipe *recipe = resolver->recipe;
    char *equals = strchr(line, '=');
    if (!equals) {
        complain(resolver, line, "expected \"group.key=value\"");
        return;
    }
    *equals = '\0';
    const char *name = g_strstrip(line);
    int index = moe__field_index(name);
    if (index < 0 || index >= recipe->n) {
        g_autofree char *problem = moe__recipe_unknown(name);
        complain(resolver, name, problem);
        return;
    }
    int n;
    const MoeField *field = moe_fields_list(&n)[index];
    g_autofree char *value = moe__field_canonical(field, equals + 1);
    if (!value) {
        g_autofree char *expected = moe__field_expected(field);
        complain(resolver, name, expected);
    } else if (recipe->source[index] == MOE_FROM_DEFAULT && !resolver->applied[index]) {
        recipe->value[index] = g_string_chunk_insert_const(recipe->text, value);
        recipe->source[index] = MOE_FROM_PRESET;
    }
}

static void
apply_preset(Resolver *resolver, int key)
{
    int n;
    const MoeField *field = moe_fields_list(&n)[key];
    resolver->applied[key] = true;
    resolver->preset = moe__preset_find(field->name, resolver->recipe->value[key]);
    if (!resolver->preset)
        return;
    g_auto(GStrv) lines = g_strsplit(resolver->preset->values, "\n", -1);
    for (char **line = lines; *line; line++)
        if (*g_strstrip(*line))
            apply_line(resolver, *line);
}

/* The next key whose preset is to be applied, those that the recipe gives first; -1 at the end. */
static int
next_preset_key(const Resolver *resolver)
{
    int n;
    const MoeField *const *field = moe_fields_list(&n);
    for (MoeValueSource source = MOE_FROM_RECIPE; source <= MOE_FROM_DEFAULT; source++)
        for (int i = 0; i < resolver->recipe->n; i++)
            if (!resolver->applied[i] && resolver->recipe->source[i] == source &&
                moe__preset_key(field[i]->name))
                return i;
    return -1;
}

void
moe__recipe_resolve(MoeRecipe *recipe, GPtrArray *problems)
{
    int n, key;
    const MoeField *const *field = moe_fields_list(&n);
    for (int i = 0; i < recipe->n; i++) {
        if (recipe->source[i] == MOE_FROM_RECIPE)
            continue;
        g_autofree char *fallback = moe__field_canonical(field[i], field[i]->fallback);
        recipe->source[i] = MOE_FROM_DEFAULT;
        recipe->value[i] =
            g_string_chunk_insert_const(recipe->text, fallback ? fallback : field[i]->fallback);
    }
    g_autofree bool *applied = g_new0(bool, recipe->n);
    Resolver resolver = {.recipe = recipe, .problems = problems, .applied = applied};
    while ((key = next_preset_key(&resolver)) >= 0)
        apply_preset(&resolver, key);
}
