/* SPDX-License-Identifier: MIT
 *
 * The keys as a table of text, for --help.
 */
#include "base/fields.h"

#include <string.h>

enum { NAME, TAKES, DEFAULT, UNIT, COLUMNS };

/* A list of choices wider than this stands on a line of its own, so that the table stays narrow. */
#define WIDEST 36

typedef struct {
    const MoeField *field;
    char *cell[COLUMNS];
    char *below; /* or NULL */
} Row;

static void
row_free(gpointer data)
{
    Row *row = data;
    for (int i = 0; i < COLUMNS; i++)
        g_free(row->cell[i]);
    g_free(row->below);
    g_free(row);
}

static Row *
row_new(const MoeField *field)
{
    Row *row = g_new0(Row, 1);
    MoeField bare = *field;
    bare.unit = NULL; /* has a column of its own */
    row->field = field;
    row->cell[NAME] = g_strdup(field->name);
    row->cell[TAKES] = moe__field_expected(&bare);
    row->cell[DEFAULT] = g_strdup(*field->fallback ? field->fallback : "\"\"");
    row->cell[UNIT] = g_strdup(field->unit ? field->unit : "");
    if (g_utf8_strlen(row->cell[TAKES], -1) > WIDEST) {
        bool one = field->type == MOE_FIELD_CHOICE;
        row->below = row->cell[TAKES];
        row->cell[TAKES] = g_strdup(one ? "one of those below" : "see below");
    }
    return row;
}

static GPtrArray *
collect(const char *group)
{
    int n;
    const MoeField *const *field = moe_fields_list(&n);
    GPtrArray *rows = g_ptr_array_new_with_free_func(row_free);
    for (int i = 0; i < n; i++) {
        g_autofree char *its = moe__field_group(field[i]);
        if (!group || strcmp(group, its) == 0)
            g_ptr_array_add(rows, row_new(field[i]));
    }
    return rows;
}

/* printf() pads by bytes; columns are letters. */
static void
append_padded(GString *text, const char *cell, glong width)
{
    g_string_append(text, cell);
    for (glong i = g_utf8_strlen(cell, -1); i < width + 2; i++)
        g_string_append_c(text, ' ');
}

char *
moe_recipe_help(const char *group)
{
    g_autoptr(GPtrArray) rows = collect(group);
    glong width[COLUMNS] = {0};
    if (rows->len == 0)
        return NULL;
    for (guint i = 0; i < rows->len; i++)
        for (int c = 0; c < COLUMNS; c++)
            width[c] = MAX(width[c], g_utf8_strlen(((Row *)rows->pdata[i])->cell[c], -1));
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < rows->len; i++) {
        const Row *row = rows->pdata[i];
        for (int c = 0; c < COLUMNS; c++)
            append_padded(text, row->cell[c], width[c]);
        g_string_append_printf(text, "%s\n", row->field->help);
        if (row->below)
            g_string_append_printf(text, "%*s%s\n", (int)width[NAME] + 2, "", row->below);
    }
    return g_string_free(text, FALSE);
}
