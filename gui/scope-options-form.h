/* SPDX-License-Identifier: MIT
 *
 * scope-options-form.h: a form made from the table of a figure's options.
 *
 * Signal "changed": an option has a new value, which is valid.
 */
#ifndef SCOPE_OPTIONS_FORM_H
#define SCOPE_OPTIONS_FORM_H

#include <gtk/gtk.h>
#include <moescope/figure.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_OPTIONS_FORM (scope_options_form_get_type())
G_DECLARE_FINAL_TYPE(ScopeOptionsForm, scope_options_form, SCOPE, OPTIONS_FORM, GtkBox)

/* Shows the options of `figure` at their defaults. The control of an option bears its name as the
 * name of the widget. */
void scope_options_form_set_figure(ScopeOptionsForm *form, const MoeFigure *figure);
/* Every option as "name=value", as the command line takes them. (transfer full) */
char **scope_options_form_get_settings(ScopeOptionsForm *form);

G_END_DECLS

#endif
