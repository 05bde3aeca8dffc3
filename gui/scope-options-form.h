/* SPDX-License-Identifier: MIT
 *
 * scope-options-form.h: a form made from the table of a figure's options, which sets those of a
 * pane.
 */
#ifndef SCOPE_OPTIONS_FORM_H
#define SCOPE_OPTIONS_FORM_H

#include "scope-pane.h"

G_BEGIN_DECLS

#define SCOPE_TYPE_OPTIONS_FORM (scope_options_form_get_type())
G_DECLARE_FINAL_TYPE(ScopeOptionsForm, scope_options_form, SCOPE, OPTIONS_FORM, GtkBox)

/* Rows for the options of the pane's figure, as they stand, but for those that follow the focus;
 * NULL: none. Call it again when the pane has got another figure. */
void scope_options_form_set_pane(ScopeOptionsForm *form, ScopePane *pane);

G_END_DECLS

#endif
