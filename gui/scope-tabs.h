/* SPDX-License-Identifier: MIT
 *
 * scope-tabs.h: the files that a window has open.
 *
 * Property "inspector" (boolean): of all of them. Signal "changed": another tab, or another state
 * of the one that is shown. Signal "failed" (const char *): why a file couldn't be opened, where
 * others are open.
 */
#ifndef SCOPE_TABS_H
#define SCOPE_TABS_H

#include "scope-tab.h"

G_BEGIN_DECLS

#define SCOPE_TYPE_TABS (scope_tabs_get_type())
G_DECLARE_FINAL_TYPE(ScopeTabs, scope_tabs, SCOPE, TABS, GtkWidget)

/* Opens a file, or several that are parts of one recording, in a tab and turns to it. What is open
 * already is turned to, unless it was written anew. */
void scope_tabs_open(ScopeTabs *tabs, GListModel *files);
int scope_tabs_count(ScopeTabs *tabs);
/* NULL where nothing is open. (transfer none) */
ScopeTab *scope_tabs_get(ScopeTabs *tabs, int i);
ScopeTab *scope_tabs_get_current(ScopeTabs *tabs);
void scope_tabs_close(ScopeTabs *tabs, ScopeTab *tab);
/* To the next (1) or the one before (-1), round and round. */
void scope_tabs_turn(ScopeTabs *tabs, int by);

G_END_DECLS

#endif
