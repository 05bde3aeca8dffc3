/* SPDX-License-Identifier: MIT
 *
 * scope-pane.h: one figure of a document: drawn in a thread, shown by a ScopeSceneView, with the
 * words about the datum under the pointer below it, and the reason where there can be no figure.
 * It follows a focus: options of the figure are bound to parts of it, and a click on a mark sets
 * the parts that the mark stands for (MoeDatum.keys). Figures of tokens follow its step as long as
 * their option "steps" says "last".
 *
 * Draws only while it is mapped, and again when the document grows. Property "has-figure": of what
 * was asked for, not of a first look at it.
 * Signal "activated" (const MoeDatum *): a mark was clicked, or Enter pressed on it. Signal
 * "pointed" (const MoeDatum *): the pointer or the caret is at another one, or NULL at none.
 */
#ifndef SCOPE_PANE_H
#define SCOPE_PANE_H

#include "scope-document.h"
#include "scope-focus.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_PANE (scope_pane_get_type())
G_DECLARE_FINAL_TYPE(ScopePane, scope_pane, SCOPE, PANE, GtkWidget)

/* `figure`: its name in the registry. */
ScopePane *scope_pane_new(const char *figure);
void scope_pane_set_figure(ScopePane *pane, const char *figure);
/* (transfer none) */
const MoeFigure *scope_pane_get_figure(ScopePane *pane);
/* What it shows and follows; NULL: nothing. */
void scope_pane_set_document(ScopePane *pane, ScopeDocument *document, ScopeFocus *focus);
/* An option of the figure, as "name=value". */
void scope_pane_set_option(ScopePane *pane, const char *assignment);
/* The option `name` follows a part of the focus; where that is -1, it is as it was set. */
void scope_pane_bind(ScopePane *pane, const char *name, ScopeFocusPart part);
bool scope_pane_is_bound(ScopePane *pane, const char *name);
/* Every option as "name=value", as the command line takes them. (transfer full) */
char **scope_pane_get_settings(ScopePane *pane);
/* The command that makes this very figure: "moescope plot load esft.npz --set layers=3 …".
 * (transfer full) */
char *scope_pane_get_command(ScopePane *pane);
bool scope_pane_has_figure(ScopePane *pane);
/* Writes what is shown as moe_scene_save() does, or its numbers where `path` ends in .csv: the same
 * bytes as the command's. */
bool scope_pane_export(ScopePane *pane, const char *path, const char *theme, GError **error);
/* What is shown as a picture and as SVG, or its numbers as CSV, for other programs; NULL: there is
 * no figure.
 * (transfer full) */
GdkContentProvider *scope_pane_copy(ScopePane *pane);
char *scope_pane_data(ScopePane *pane);

G_END_DECLS

#endif
