/* SPDX-License-Identifier: MIT
 *
 * The value of one key: what its type takes, and the one way in which it is written down, so that
 * equal values are equal texts.
 */
#include "base/fields.h"
#include "base/json-out.h"

#include <math.h>
#include <string.h>

static bool
in_range(const MoeField *field, double value)
{
    return field->min == field->max || (value >= field->min && value <= field->max);
}

static bool
parse_int(const MoeField *field, const char *text, int64_t *value)
{
    GError *error = NULL;
    if (!g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, value, &error)) {
        g_error_free(error);
        return false;
    }
    return in_range(field, (double)*value);
}

/* strtod() alone would also take "inf", "nan" and hexadecimal. */
static bool
parse_real(const MoeField *field, const char *text)
{
    char *end = NULL;
    if (!*text || text[strspn(text, "+-.0123456789eE")])
        return false;
    double value = g_ascii_strtod(text, &end);
    return end != text && !*end && isfinite(value) && in_range(field, value);
}

static char *
canonical_int(const MoeField *field, const char *text)
{
    int64_t value;
    return parse_int(field, text, &value) ? g_strdup_printf("%" G_GINT64_FORMAT, value) : NULL;
}

/* Applies `canonical` to each item of a list separated by commas. */
static char *
canonical_list(const MoeField *field, const char *text,
               char *(*canonical)(const MoeField *field, const char *item))
{
    if (!*text || strcmp(text, "none") == 0)
        return g_strdup("none");
    g_auto(GStrv) items = g_strsplit(text, ",", -1);
    for (char **item = items; *item; item++) {
        char *good = canonical(field, g_strstrip(*item));
        if (!good)
            return NULL;
        g_free(*item);
        *item = good;
    }
    return g_strjoinv(", ", items);
}

static char *
canonical_choice(const MoeField *field, const char *text)
{
    g_auto(GStrv) choices = moe__field_choices(field);
    return g_strv_contains((const char *const *)choices, text) ? g_strdup(text) : NULL;
}

static char *
canonical_bool(const char *text)
{
    bool good = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    return good ? g_strdup(text) : NULL;
}

char *
moe__field_canonical(const MoeField *field, const char *text)
{
    if (field->type == MOE_FIELD_STRING)
        return g_strdup(text);
    g_autofree char *bare = g_strstrip(g_strdup(text));
    switch (field->type) {
    case MOE_FIELD_INT:
        return canonical_int(field, bare);
    case MOE_FIELD_REAL:
        return parse_real(field, bare) ? g_steal_pointer(&bare) : NULL;
    case MOE_FIELD_BOOL:
        return canonical_bool(bare);
    case MOE_FIELD_CHOICE:
        return canonical_choice(field, bare);
    case MOE_FIELD_CHOICES:
        return canonical_list(field, bare, canonical_choice);
    case MOE_FIELD_INTS:
        return canonical_list(field, bare, canonical_int);
    case MOE_FIELD_STRING:
        break;
    }
    return NULL;
}

char **
moe__field_choices(const MoeField *field)
{
    if (field->choices)
        return g_strsplit(field->choices, " | ", -1);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    int n;
    const MoePreset *const *preset = moe_presets_list(&n);
    for (int i = 0; i < n; i++)
        if (strcmp(preset[i]->key, field->name) == 0)
            g_ptr_array_add(names, g_strdup(preset[i]->name));
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_steal(names, NULL);
}

/* `noun` with the range of the field. */
static char *
expected_number(const MoeField *field, const char *noun)
{
    g_autoptr(GString) min = g_string_new(NULL), max = g_string_new(NULL);
    moe__json_append_real(min, field->min);
    moe__json_append_real(max, field->max);
    if (field->min == field->max)
        return g_strdup(noun);
    if (isinf(field->max))
        return g_strdup_printf("%s >= %s", noun, min->str);
    return g_strdup_printf("%s in %s … %s", noun, min->str, max->str);
}

static char *
expected_type(const MoeField *field)
{
    g_auto(GStrv) choices = NULL;
    g_autofree char *list = NULL;
    switch (field->type) {
    case MOE_FIELD_INT:
        return expected_number(field, "a whole number");
    case MOE_FIELD_REAL:
        return expected_number(field, "a number");
    case MOE_FIELD_BOOL:
        return g_strdup("true or false");
    case MOE_FIELD_CHOICE:
        choices = moe__field_choices(field);
        list = g_strjoinv(" | ", choices);
        return g_strdup_printf("one of %s", list);
    case MOE_FIELD_CHOICES:
        choices = moe__field_choices(field);
        list = g_strjoinv(" | ", choices);
        return g_strdup_printf("any of %s, separated by commas, or none", list);
    case MOE_FIELD_INTS:
        list = expected_number(field, "whole numbers");
        return g_strdup_printf("%s, separated by commas, or none", list);
    case MOE_FIELD_STRING:
        break;
    }
    return g_strdup("text");
}

char *
moe__field_expected(const MoeField *field)
{
    g_autofree char *type = expected_type(field);
    return field->unit ? g_strdup_printf("%s (%s)", type, field->unit) : g_steal_pointer(&type);
}
