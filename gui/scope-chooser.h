/* SPDX-License-Identifier: MIT
 *
 * scope-chooser.h: chooses parts of a focus: layer, expert, slot; a control each, which follows the
 * focus as well.
 */
#ifndef SCOPE_CHOOSER_H
#define SCOPE_CHOOSER_H

#include "scope-document.h"
#include "scope-focus.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_CHOOSER (scope_chooser_get_type())
G_DECLARE_FINAL_TYPE(ScopeChooser, scope_chooser, SCOPE, CHOOSER, GtkBox)

/* `parts`: a sum of SCOPE_FOCUS_LAYER, _EXPERT, _SLOT. `all`: there is a row for all layers; else
 * the middle one stands for it, as it does in figures of one layer. */
void scope_chooser_set_parts(ScopeChooser *chooser, guint parts, gboolean all);
void scope_chooser_show(ScopeChooser *chooser, ScopeDocument *document, ScopeFocus *focus);

/* The router that a focus means: of its layer, or the middle one; -1 where there is none. */
int scope_focus_router(ScopeFocus *focus, ScopeDocument *document);

G_END_DECLS

#endif
