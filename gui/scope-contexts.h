/* SPDX-License-Identifier: MIT
 *
 * scope-contexts.h: the tokens that excite the expert in focus, in their text; a click goes there.
 */
#ifndef SCOPE_CONTEXTS_H
#define SCOPE_CONTEXTS_H

#include "scope-document.h"
#include "scope-focus.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_CONTEXTS (scope_contexts_get_type())
G_DECLARE_FINAL_TYPE(ScopeContexts, scope_contexts, SCOPE, CONTEXTS, GtkWidget)

/* It looks for them only while it is mapped. */
void scope_contexts_show(ScopeContexts *contexts, ScopeDocument *document, ScopeFocus *focus);

G_END_DECLS

#endif
