/* SPDX-License-Identifier: MIT
 *
 * scope-figure-page.h: a figure of the open trace, with its options beside it and the datum under
 * the pointer below.
 */
#ifndef SCOPE_FIGURE_PAGE_H
#define SCOPE_FIGURE_PAGE_H

#include "scope-document.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_FIGURE_PAGE (scope_figure_page_get_type())
G_DECLARE_FINAL_TYPE(ScopeFigurePage, scope_figure_page, SCOPE, FIGURE_PAGE, GtkBox)

/* Shows the chosen figure of `document`. */
void scope_figure_page_set_document(ScopeFigurePage *page, ScopeDocument *document);
/* Whether a figure is there to export. Property "has-figure" (boolean, readable) tells of changes.
 */
bool scope_figure_page_has_figure(ScopeFigurePage *page);
/* "german-load.pdf": what to call an export. (transfer full) */
char *scope_figure_page_export_name(ScopeFigurePage *page);
/* Writes the figure, as moe_scene_save() does. */
bool scope_figure_page_export(ScopeFigurePage *page, const char *path, const char *theme,
                              GError **error);

G_END_DECLS

#endif
