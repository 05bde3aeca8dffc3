/* SPDX-License-Identifier: MIT
 *
 * scope-recent.h: the files that were opened last, as a list to choose from.
 */
#ifndef SCOPE_RECENT_H
#define SCOPE_RECENT_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_RECENT (scope_recent_get_type())
G_DECLARE_FINAL_TYPE(ScopeRecent, scope_recent, SCOPE, RECENT, GtkBox)

/* Looks again what was opened; it is hidden where there is nothing. Rows activate "win.open-path".
 */
void scope_recent_refresh(ScopeRecent *recent);

G_END_DECLS

#endif
