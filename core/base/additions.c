/* SPDX-License-Identifier: MIT
 *
 * What an extension brings to the registry, checked before any of it is taken in: the registry only
 * grows, so nothing could be taken back.
 */
#include "base/fields.h"

#include <string.h>

/* A key that is registered or comes with these, or NULL. */
static const MoeField *
find_field(const MoeAdditions *additions, const char *name)
{
    int n, at = moe__field_index(name);
    if (at >= 0)
        return moe_fields_list(&n)[at];
    for (guint i = 0; i < additions->fields->len; i++) {
        const MoeField *field = additions->fields->pdata[i];
        if (strcmp(field->name, name) == 0)
            return field;
    }
    return NULL;
}

/* Whether one of the first `n` presets is called so. */
static bool
is_among(const MoeAdditions *additions, guint n, const char *key, const char *name)
{
    for (guint i = 0; i < n; i++) {
        const MoePreset *preset = additions->presets->pdata[i];
        if (strcmp(preset->key, key) == 0 && strcmp(preset->name, name) == 0)
            return true;
    }
    return false;
}

/* Whether the choices of the key are its presets. */
static bool
takes_presets(const MoeField *field)
{
    bool chooses = field->type == MOE_FIELD_CHOICE || field->type == MOE_FIELD_CHOICES;
    return chooses && !field->choices;
}

static bool
value_fits(const MoeAdditions *additions, const MoeField *field, const char *text)
{
    if (!takes_presets(field)) {
        g_autofree char *canonical = moe__field_canonical(field, text);
        return canonical != NULL;
    }
    bool several = field->type == MOE_FIELD_CHOICES;
    g_auto(GStrv) names =
        several ? g_strsplit(text, ",", -1) : g_strdupv((char *[]){(char *)text, NULL});
    for (char **name = names; *name; name++) {
        const char *bare = g_strstrip(*name);
        bool none = several && strcmp(bare, "none") == 0;
        if (!none && !moe__preset_find(field->name, bare) &&
            !is_among(additions, additions->presets->len, field->name, bare))
            return false;
    }
    return true;
}

/* One "group.key=value" of a preset. */
static char *
line_problem(const MoeAdditions *additions, const char *line)
{
    const char *equals = strchr(line, '=');
    if (!equals)
        return g_strdup_printf("found \"%s\", expected \"group.key=value\"", line);
    g_autofree char *name = g_strstrip(g_strndup(line, (gsize)(equals - line)));
    const MoeField *field = find_field(additions, name);
    if (!field)
        return g_strdup_printf("it sets %s, which is no key", name);
    if (!value_fits(additions, field, equals + 1))
        return g_strdup_printf("it sets %s to \"%s\", which that doesn't take", name, equals + 1);
    return NULL;
}

static char *
preset_problem(const MoeAdditions *additions, guint at)
{
    const MoePreset *preset = additions->presets->pdata[at];
    if (!preset->key || !preset->name || !preset->values || !preset->help)
        return g_strdup_printf("preset %s: its description isn't whole",
                               preset->name ? preset->name : "(no name)");
    const MoeField *field = find_field(additions, preset->key);
    if (!field || !takes_presets(field))
        return g_strdup_printf("preset %s: %s is no key that takes presets", preset->name,
                               preset->key);
    if (moe__preset_find(preset->key, preset->name) ||
        is_among(additions, at, preset->key, preset->name))
        return g_strdup_printf("preset %s = %s: the name is taken", preset->key, preset->name);
    g_auto(GStrv) lines = g_strsplit(preset->values, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autofree char *problem = *g_strstrip(*line) ? line_problem(additions, *line) : NULL;
        if (problem)
            return g_strdup_printf("preset %s = %s: %s", preset->key, preset->name, problem);
    }
    return NULL;
}

static char *
field_problem(const MoeAdditions *additions, guint at)
{
    const MoeField *field = additions->fields->pdata[at];
    char *problem = moe__field_problem(field);
    for (guint i = 0; !problem && i < at; i++) {
        const MoeField *other = additions->fields->pdata[i];
        if (strcmp(field->name, other->name) == 0)
            problem = g_strdup_printf("recipe key \"%s\" refused: it comes twice", field->name);
    }
    return problem;
}

char *
moe__additions_problem(const MoeAdditions *additions)
{
    char *problem = NULL;
    for (guint i = 0; !problem && i < additions->fields->len; i++)
        problem = field_problem(additions, i);
    for (guint i = 0; !problem && i < additions->presets->len; i++)
        problem = preset_problem(additions, i);
    return problem;
}
