/* SPDX-License-Identifier: MIT
 *
 * scope-search.h: looks for tokens by text, id or expert, forwards and back; what is found gets the
 * focus.
 */
#ifndef SCOPE_SEARCH_H
#define SCOPE_SEARCH_H

#include "scope-document.h"
#include "scope-focus.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_SEARCH (scope_search_get_type())
G_DECLARE_FINAL_TYPE(ScopeSearch, scope_search, SCOPE, SEARCH, GtkWidget)

void scope_search_show(ScopeSearch *search, ScopeDocument *document, ScopeFocus *focus);
/* Puts the caret there. */
void scope_search_grab(ScopeSearch *search);

G_END_DECLS

#endif
