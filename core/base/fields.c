/* SPDX-License-Identifier: MIT
 *
 * The registry of keys, presets and rules. It only grows, and lives as long as the process.
 */
#include "base/fields.h"

#include <string.h>

static GPtrArray *fields;   /* MoeField, in the order of registration */
static GHashTable *owned;   /* keys that matter only where one of their readers is chosen */
static GHashTable *readers; /* name -> GPtrArray of MoePreset */
static GHashTable *places;  /* name -> index in `fields` + 1 */
static GPtrArray *presets;  /* MoePreset */
static GPtrArray *rules;    /* Rule */

/* ISO C has no conversion of a function pointer to void *; a box does. */
typedef struct {
    MoeRecipeRule run;
} Rule;

static void
make_registry(void)
{
    if (fields)
        return;
    fields = g_ptr_array_new();
    owned = g_hash_table_new(g_str_hash, g_str_equal);
    readers = g_hash_table_new(g_str_hash, g_str_equal);
    places = g_hash_table_new(g_str_hash, g_str_equal);
    presets = g_ptr_array_new();
    rules = g_ptr_array_new();
}

static bool
name_is_well_formed(const char *name)
{
    const char *point = name ? strchr(name, '.') : NULL;
    return point && point > name && point[1] && !strchr(point + 1, '.') && !strpbrk(name, "= []");
}

/* The choices of a key that takes its presets may be registered after it. */
static bool
fallback_fits(const MoeField *field)
{
    bool chooses = field->type == MOE_FIELD_CHOICE || field->type == MOE_FIELD_CHOICES;
    if (chooses && !field->choices)
        return true;
    g_autofree char *canonical = moe__field_canonical(field, field->fallback);
    return canonical != NULL;
}

char *
moe__field_problem(const MoeField *field)
{
    make_registry();
    if (!name_is_well_formed(field->name))
        return g_strdup_printf("recipe key \"%s\" refused: expected \"group.key\"",
                               field->name ? field->name : "");
    if (!field->fallback || !field->help)
        return g_strdup_printf("recipe key \"%s\" refused: it has no default or no help",
                               field->name);
    if (moe__field_index(field->name) >= 0)
        return g_strdup_printf("recipe key \"%s\" refused: it is registered already", field->name);
    if (fallback_fits(field))
        return NULL;
    g_autofree char *expected = moe__field_expected(field);
    return g_strdup_printf("recipe key \"%s\" refused: its default is \"%s\", expected %s",
                           field->name, field->fallback, expected);
}

static void
add_field(const MoeField *field)
{
    g_autofree char *problem = moe__field_problem(field);
    if (problem) {
        g_warning("%s", problem);
        return;
    }
    g_ptr_array_add(fields, g_memdup2(field, sizeof *field));
    g_hash_table_insert(places, (char *)field->name, GINT_TO_POINTER(fields->len));
}

void
moe_fields_add(const MoeField *field, int n)
{
    make_registry();
    for (int i = 0; i < n; i++)
        add_field(&field[i]);
}

void
moe__fields_add_of(const MoePreset *owner, const MoeField *field, int n)
{
    moe_fields_add(field, n);
    for (int i = 0; i < n; i++) {
        g_hash_table_add(owned, (char *)field[i].name);
        moe__field_add_reader(field[i].name, owner);
    }
}

void
moe__field_add_reader(const char *name, const MoePreset *reader)
{
    make_registry();
    GPtrArray *list = g_hash_table_lookup(readers, name);
    if (!list) {
        list = g_ptr_array_new();
        g_hash_table_insert(readers, (char *)name, list);
    }
    g_ptr_array_add(list, g_memdup2(reader, sizeof *reader));
}

bool
moe__field_is_read(const MoeRecipe *recipe, const char *name)
{
    if (!g_hash_table_contains(owned, name))
        return true;
    const GPtrArray *list = g_hash_table_lookup(readers, name);
    for (guint i = 0; i < list->len; i++) {
        const MoePreset *reader = list->pdata[i];
        if (moe_recipe_has(recipe, reader->key, reader->name))
            return true;
    }
    return false;
}

void
moe_presets_add(const MoePreset *preset, int n)
{
    make_registry();
    for (int i = 0; i < n; i++) {
        if (moe__preset_find(preset[i].key, preset[i].name))
            g_warning("preset %s = %s refused: it is registered already", preset[i].key,
                      preset[i].name);
        else
            g_ptr_array_add(presets, g_memdup2(&preset[i], sizeof *preset));
    }
}

void
moe_rules_add(MoeRecipeRule rule)
{
    make_registry();
    Rule box = {rule};
    g_ptr_array_add(rules, g_memdup2(&box, sizeof box));
}

const MoeField *const *
moe_fields_list(int *n)
{
    make_registry();
    *n = (int)fields->len;
    return (const MoeField *const *)fields->pdata;
}

const MoePreset *const *
moe_presets_list(int *n)
{
    make_registry();
    *n = (int)presets->len;
    return (const MoePreset *const *)presets->pdata;
}

int
moe__field_index(const char *name)
{
    make_registry();
    return GPOINTER_TO_INT(g_hash_table_lookup(places, name)) - 1;
}

char *
moe__field_group(const MoeField *field)
{
    return g_strndup(field->name, (gsize)(strchr(field->name, '.') - field->name));
}

const char *
moe__field_key(const MoeField *field)
{
    return strchr(field->name, '.') + 1;
}

bool
moe__preset_key(const char *key)
{
    for (guint i = 0; i < presets->len; i++)
        if (strcmp(((const MoePreset *)presets->pdata[i])->key, key) == 0)
            return true;
    return false;
}

const MoePreset *
moe__preset_find(const char *key, const char *name)
{
    make_registry();
    for (guint i = 0; i < presets->len; i++) {
        const MoePreset *preset = presets->pdata[i];
        if (strcmp(preset->key, key) == 0 && strcmp(preset->name, name) == 0)
            return preset;
    }
    return NULL;
}

void
moe__rules_run(const MoeRecipe *recipe, GPtrArray *problems)
{
    make_registry();
    for (guint i = 0; i < rules->len; i++)
        ((const Rule *)rules->pdata[i])->run(recipe, problems);
}
