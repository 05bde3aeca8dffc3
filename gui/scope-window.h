/* SPDX-License-Identifier: MIT
 *
 * scope-window.h: a window with a tab for each file that is open, or with none yet.
 */
#ifndef SCOPE_WINDOW_H
#define SCOPE_WINDOW_H

#include "scope-tab.h"

G_BEGIN_DECLS

#define SCOPE_TYPE_WINDOW (scope_window_get_type())
G_DECLARE_FINAL_TYPE(ScopeWindow, scope_window, SCOPE, WINDOW, GtkApplicationWindow)

ScopeWindow *scope_window_new(GtkApplication *application);
/* Opens a file in a new tab. What goes wrong is said in the window. */
void scope_window_open(ScopeWindow *window, GFile *file);
/* Several: as the parts of one recording, or each in a tab. */
void scope_window_open_all(ScopeWindow *window, GListModel *files, bool as_one);
/* The same, as the user says, who is asked where they may be one. */
void scope_window_offer(ScopeWindow *window, GListModel *files);
/* Whether nothing is open and nothing is being opened. */
bool scope_window_is_blank(ScopeWindow *window);
/* The tab that is shown, or NULL. (transfer none) */
ScopeTab *scope_window_get_tab(ScopeWindow *window);

G_END_DECLS

#endif
