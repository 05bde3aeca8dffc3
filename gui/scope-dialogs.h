/* SPDX-License-Identifier: MIT
 *
 * scope-dialogs.h: the dialogs of a window. None blocks; the callbacks run if the user agrees.
 */
#ifndef SCOPE_DIALOGS_H
#define SCOPE_DIALOGS_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef void (*ScopeFileChosen)(GtkWindow *window, GFile *file);
typedef void (*ScopeExportChosen)(GtkWindow *window, GFile *file, const char *theme);

void scope_dialogs_open(GtkWindow *window, ScopeFileChosen chosen);
/* Asks for a file, `name` being proposed, and for one of moe_themes(). */
void scope_dialogs_export(GtkWindow *window, const char *name, ScopeExportChosen chosen);
void scope_dialogs_about(GtkWindow *window);

G_END_DECLS

#endif
