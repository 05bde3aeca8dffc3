/* SPDX-License-Identifier: MIT
 *
 * scope-table.h: a table of ScopeRow that sorts by its heads and can be searched.
 *
 * Its context menu copies or saves what is shown. Signal "activated" (ScopeRow *): a row was
 * clicked, or Enter pressed on it.
 */
#ifndef SCOPE_TABLE_H
#define SCOPE_TABLE_H

#include "scope-row.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef struct ScopeColumn {
    const char *title;            /* in English, marked with N_() */
    gboolean number;              /* to the right, with digits of one width */
    gboolean expand;              /* takes what room is left */
    PangoEllipsizeMode ellipsize; /* of texts; start: the end of it is what matters */
    gboolean formula;             /* indices and powers are set as such */
} ScopeColumn;

#define SCOPE_TYPE_TABLE (scope_table_get_type())
G_DECLARE_FINAL_TYPE(ScopeTable, scope_table, SCOPE, TABLE, GtkWidget)

/* The columns in their order, of a table that is empty. `name`: what it is of, for those who can't
 * see it. */
void scope_table_set_columns(ScopeTable *table, const ScopeColumn *columns, int n,
                             const char *name);
/* Shows or hides column i. */
void scope_table_show_column(ScopeTable *table, int i, gboolean shown);
/* Replaces the rows, of ScopeRow; NULL: none. */
void scope_table_set_rows(ScopeTable *table, GListModel *rows);
/* What stands in place of the rows where there are none, as a sentence. */
void scope_table_set_empty(ScopeTable *table, const char *text);
/* Shows rows alone of which some text contains this, in either case; "" or NULL: all. */
void scope_table_search(ScopeTable *table, const char *text);
/* What is shown, in the order it is shown, as CSV. (transfer full) */
char *scope_table_to_csv(ScopeTable *table);
/* The same into a file, which appears whole or not at all. */
gboolean scope_table_save(ScopeTable *table, const char *path, GError **error);

G_END_DECLS

#endif
