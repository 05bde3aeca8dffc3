/* SPDX-License-Identifier: MIT
 *
 * scope-pane-menu.h: the context menu of a pane.
 */
#ifndef SCOPE_PANE_MENU_H
#define SCOPE_PANE_MENU_H

#include "scope-pane.h"

G_BEGIN_DECLS

/* Actions of the class, keys included. */
void scope_pane_menu_install(GtkWidgetClass *class);
/* Opens at a secondary click and the Menu key. */
void scope_pane_menu_attach(ScopePane *pane);
/* Before the pane goes. */
void scope_pane_menu_drop(ScopePane *pane);

G_END_DECLS

#endif
