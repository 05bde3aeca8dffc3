/* SPDX-License-Identifier: MIT
 *
 * scope-row.h: a row of a ScopeTable: a text a column, what it sorts by, and what it stands for.
 */
#ifndef SCOPE_ROW_H
#define SCOPE_ROW_H

#include <gio/gio.h>

G_BEGIN_DECLS

/* Columns of any table, at most. */
#define SCOPE_ROW_COLUMNS 12

#define SCOPE_TYPE_ROW (scope_row_get_type())
G_DECLARE_FINAL_TYPE(ScopeRow, scope_row, SCOPE, ROW, GObject)

ScopeRow *scope_row_new(void);
/* `text` is taken; it sorts by its letters. */
void scope_row_take(ScopeRow *row, int column, char *text);
/* The number in short, sorted by its value; NaN is "–" and sorts last. */
void scope_row_set_number(ScopeRow *row, int column, double value);
/* The text for a number of one's own making; `text` is taken. */
void scope_row_take_number(ScopeRow *row, int column, char *text, double value);
/* (transfer none) */
const char *scope_row_text(ScopeRow *row, int column);
double scope_row_key(ScopeRow *row, int column);
gboolean scope_row_is_number(ScopeRow *row, int column);

/* What the row is of, for whoever is told that it was activated; -1: nothing. */
typedef struct ScopeRowTarget {
    gint64 layer, expert, token;
} ScopeRowTarget;
void scope_row_set_target(ScopeRow *row, ScopeRowTarget target);
ScopeRowTarget scope_row_get_target(ScopeRow *row);

G_END_DECLS

#endif
