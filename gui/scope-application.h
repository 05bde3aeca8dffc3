/* SPDX-License-Identifier: MIT
 *
 * scope-application.h: the program.
 */
#ifndef SCOPE_APPLICATION_H
#define SCOPE_APPLICATION_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_APPLICATION (scope_application_get_type())
G_DECLARE_FINAL_TYPE(ScopeApplication, scope_application, SCOPE, APPLICATION, GtkApplication)

ScopeApplication *scope_application_new(void);

G_END_DECLS

#endif
