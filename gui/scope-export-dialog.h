/* SPDX-License-Identifier: MIT
 *
 * scope-export-dialog.h: a figure on its way to a paper: theme, format and resolution, with a
 * preview of the very scene that is written, and the command that writes the same bytes.
 */
#ifndef SCOPE_EXPORT_DIALOG_H
#define SCOPE_EXPORT_DIALOG_H

#include "scope-pane.h"

G_BEGIN_DECLS

#define SCOPE_TYPE_EXPORT_DIALOG (scope_export_dialog_get_type())
G_DECLARE_FINAL_TYPE(ScopeExportDialog, scope_export_dialog, SCOPE, EXPORT_DIALOG, GtkWindow)

/* For what `pane` shows of the document and its focus at this moment. */
GtkWidget *scope_export_dialog_new(GtkWindow *parent, ScopeDocument *document, ScopeFocus *focus,
                                   ScopePane *pane);
/* For a figure that is no document's: `command` draws it, files are called after `stem`. What is
 * drawn is still to come. */
GtkWidget *scope_export_dialog_new_for(GtkWindow *parent, const char *command, const char *stem);
/* What is drawn (transfer full); NULL where it can't be, for the reason that `error` tells. */
void scope_export_dialog_take(ScopeExportDialog *dialog, MoeScene *scene, const GError *error);
/* Writes the figure to a file, as its ending says: a picture, or the numbers as .csv. */
bool scope_export_dialog_save(ScopeExportDialog *dialog, const char *path, GError **error);

/* Puts the figure on the clipboard of `widget`, as picture and as SVG, in the theme that was
 * exported in last. */
void scope_export_copy(GtkWidget *widget, ScopeDocument *document, ScopeFocus *focus,
                       ScopePane *pane);
/* The same of a scene, whose theme it sets. */
void scope_export_copy_scene(GtkWidget *widget, MoeScene *scene);

G_END_DECLS

#endif
