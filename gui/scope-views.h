/* SPDX-License-Identifier: MIT
 *
 * scope-views.h: an open document: the sidebar of its views, the view that is chosen, and the
 * inspector beside it. Where it is narrow, the inspector and then the sidebar make way.
 *
 * Property "inspector" (boolean): whether it is shown, where there is room. Signal "changed":
 * another view, another figure in it, or another state of what it shows.
 */
#ifndef SCOPE_VIEWS_H
#define SCOPE_VIEWS_H

#include "scope-page.h"

G_BEGIN_DECLS

#define SCOPE_TYPE_VIEWS (scope_views_get_type())
G_DECLARE_FINAL_TYPE(ScopeViews, scope_views, SCOPE, VIEWS, GtkWidget)

/* Shows `document`, as it did the one before: the view stays. */
void scope_views_show(ScopeViews *views, ScopeDocument *document, ScopeFocus *focus);
/* Turns to a view by its name and gives it the keyboard; one that isn't there is left alone. */
void scope_views_turn(ScopeViews *views, const char *name);
const char *scope_views_get_name(ScopeViews *views);
/* The view that is shown, or NULL where there is nothing to see. (transfer none) */
ScopePage *scope_views_get_page(ScopeViews *views);

G_END_DECLS

#endif
