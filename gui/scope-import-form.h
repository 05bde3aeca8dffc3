/* SPDX-License-Identifier: MIT
 *
 * scope-import-form.h: asks what an importer has to be told: only that, in its own words.
 *
 * Signal "answered": the user wants to go on with what is chosen.
 */
#ifndef SCOPE_IMPORT_FORM_H
#define SCOPE_IMPORT_FORM_H

#include "scope-document.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_IMPORT_FORM (scope_import_form_get_type())
G_DECLARE_FINAL_TYPE(ScopeImportForm, scope_import_form, SCOPE, IMPORT_FORM, GtkBox)

/* `message` is that of SCOPE_ERROR_ASKS for the file at `path`: a line a question, each with the
 * option that answers it. What was asked and answered before stays. */
void scope_import_form_ask(ScopeImportForm *form, GListModel *files, const char *message);
/* What scope_document_open_async() takes. (transfer full) */
char **scope_import_form_get_choices(ScopeImportForm *form);

G_END_DECLS

#endif
