/* SPDX-License-Identifier: MIT
 *
 * Rows are made in threads and shown in the main one; they don't change in between.
 */
#include "scope-row.h"

#include "scope-text.h"

#include <math.h>
#include <stdbool.h>

struct _ScopeRow {
    GObject parent_instance;
    char *texts[SCOPE_ROW_COLUMNS];
    double keys[SCOPE_ROW_COLUMNS];
    gboolean numbers[SCOPE_ROW_COLUMNS];
    ScopeRowTarget target;
};

G_DEFINE_FINAL_TYPE(ScopeRow, scope_row, G_TYPE_OBJECT)

static void
scope_row_finalize(GObject *object)
{
    for (int i = 0; i < SCOPE_ROW_COLUMNS; i++)
        g_free(SCOPE_ROW(object)->texts[i]);
    G_OBJECT_CLASS(scope_row_parent_class)->finalize(object);
}

static void
scope_row_class_init(ScopeRowClass *class)
{
    G_OBJECT_CLASS(class)->finalize = scope_row_finalize;
}

static void
scope_row_init(ScopeRow *self)
{
    self->target = (ScopeRowTarget){-1, -1, -1};
}

ScopeRow *
scope_row_new(void)
{
    return g_object_new(SCOPE_TYPE_ROW, NULL);
}

void
scope_row_take(ScopeRow *row, int column, char *text)
{
    g_free(row->texts[column]);
    row->texts[column] = text;
}

void
scope_row_take_number(ScopeRow *row, int column, char *text, double value)
{
    scope_row_take(row, column, text);
    row->keys[column] = value;
    row->numbers[column] = TRUE;
}

/* Four significant digits, zeros at the end too, so that a column is even; whole numbers have all
 * of theirs. */
static char *
number_text(double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (isnan(value))
        return g_strdup("\xe2\x80\x93");
    if (value == floor(value) && fabs(value) < 1e15)
        return scope_text_count((gint64)value);
    int left = (int)floor(log10(fabs(value))) + 1; /* digits before the point */
    if (left < -3 || left > 15)
        return g_strdup(g_ascii_formatd(text, sizeof text, "%.3e", value));
    g_autofree char *format = g_strdup_printf("%%.%df", MAX(4 - left, 0));
    return g_strdup(g_ascii_formatd(text, sizeof text, format, value));
}

void
scope_row_set_number(ScopeRow *row, int column, double value)
{
    scope_row_take_number(row, column, number_text(value), value);
}

const char *
scope_row_text(ScopeRow *row, int column)
{
    return row->texts[column] ? row->texts[column] : "";
}

double
scope_row_key(ScopeRow *row, int column)
{
    return row->keys[column];
}

gboolean
scope_row_is_number(ScopeRow *row, int column)
{
    return row->numbers[column];
}

void
scope_row_set_target(ScopeRow *row, ScopeRowTarget target)
{
    row->target = target;
}

ScopeRowTarget
scope_row_get_target(ScopeRow *row)
{
    return row->target;
}
