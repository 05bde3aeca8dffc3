/* SPDX-License-Identifier: MIT
 *
 * scope-dialogs.h: the desktop's dialogs for files, and About.
 */
#ifndef SCOPE_DIALOGS_H
#define SCOPE_DIALOGS_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Called with what the user chose, of GFile, and not at all where that is nothing. */
typedef void (*ScopeFilesChosen)(GtkWindow *window, GListModel *files);
typedef void (*ScopeFileChosen)(GtkWindow *window, GFile *file);

void scope_dialogs_open(GtkWindow *window, ScopeFilesChosen chosen);
void scope_dialogs_open_folder(GtkWindow *window, ScopeFilesChosen chosen);
void scope_dialogs_save(GtkWindow *window, const char *title, const char *name,
                        ScopeFileChosen chosen);
/* A folder to write into. */
void scope_dialogs_save_folder(GtkWindow *window, const char *title, ScopeFileChosen chosen);
void scope_dialogs_about(GtkWindow *window);

G_END_DECLS

#endif
