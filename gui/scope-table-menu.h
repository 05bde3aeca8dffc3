/* SPDX-License-Identifier: MIT
 *
 * scope-table-menu.h: the context menu of a table: its numbers, to the clipboard or to a file.
 */
#ifndef SCOPE_TABLE_MENU_H
#define SCOPE_TABLE_MENU_H

#include "scope-table.h"

G_BEGIN_DECLS

/* Actions "table.copy" and "table.save" of the class, and Ctrl+C. */
void scope_table_menu_install(GtkWidgetClass *class);
/* Opens the menu of a table on the secondary button, the Menu key and a finger that rests. */
void scope_table_menu_attach(ScopeTable *table);
/* To be called when the table is disposed of. */
void scope_table_menu_drop(ScopeTable *table);

G_END_DECLS

#endif
