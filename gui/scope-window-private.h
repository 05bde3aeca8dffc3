/* SPDX-License-Identifier: MIT
 *
 * scope-window-private.h: what the files of ScopeWindow share.
 */
#ifndef SCOPE_WINDOW_PRIVATE_H
#define SCOPE_WINDOW_PRIVATE_H

#include "scope-tabs.h"
#include "scope-window.h"

G_BEGIN_DECLS

void scope_window_install_actions(GtkWidgetClass *class);
ScopeTabs *scope_window_get_tabs(ScopeWindow *window);
/* Says something in the banner: how things go; what went wrong. */
void scope_window_tell(ScopeWindow *window, const char *message);
void scope_window_complain(ScopeWindow *window, const char *message);
/* Opens the sample that is trained, when there is something of it. */
void scope_window_open_sample(ScopeWindow *window);
void scope_window_focus_filter(ScopeWindow *window);

G_END_DECLS

#endif
