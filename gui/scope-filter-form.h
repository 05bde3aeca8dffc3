/* SPDX-License-Identifier: MIT
 *
 * scope-filter-form.h: which tokens count, to choose instead of to write: domains, documents,
 * places, texts. It writes the focus's filter in the words of `--where`, and its step.
 */
#ifndef SCOPE_FILTER_FORM_H
#define SCOPE_FILTER_FORM_H

#include "scope-document.h"
#include "scope-focus.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_FILTER_FORM (scope_filter_form_get_type())
G_DECLARE_FINAL_TYPE(ScopeFilterForm, scope_filter_form, SCOPE, FILTER_FORM, GtkPopover)

/* Both NULL: nothing to choose from. */
void scope_filter_form_show(ScopeFilterForm *form, ScopeDocument *document, ScopeFocus *focus);

G_END_DECLS

#endif
