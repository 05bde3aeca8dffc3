/* SPDX-License-Identifier: MIT
 *
 * scope-filter-bar.h: the filter of the tab that is shown, as words and, in a popover, as a form.
 */
#ifndef SCOPE_FILTER_BAR_H
#define SCOPE_FILTER_BAR_H

#include "scope-document.h"
#include "scope-focus.h"

#include <gtk/gtk.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_FILTER_BAR (scope_filter_bar_get_type())
G_DECLARE_FINAL_TYPE(ScopeFilterBar, scope_filter_bar, SCOPE, FILTER_BAR, GtkBox)

/* Whether the window has little room for it. */
void scope_filter_bar_set_narrow(ScopeFilterBar *bar, bool narrow);
/* Both NULL: nothing is open. */
void scope_filter_bar_show(ScopeFilterBar *bar, ScopeDocument *document, ScopeFocus *focus);

G_END_DECLS

#endif
