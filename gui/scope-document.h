/* SPDX-License-Identifier: MIT
 *
 * scope-document.h: a trace that is open, and the work on it that takes time: reading it and making
 * scenes of it. Both run in threads of their own; call everything from the main thread.
 */
#ifndef SCOPE_DOCUMENT_H
#define SCOPE_DOCUMENT_H

#include <gio/gio.h>
#include <moescope/figure.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_DOCUMENT (scope_document_get_type())
G_DECLARE_FINAL_TYPE(ScopeDocument, scope_document, SCOPE, DOCUMENT, GObject)

/* Opens a trace. Once `cancellable` is cancelled, the result is dropped and G_IO_ERROR_CANCELLED
 * reported at once. */
void scope_document_open_async(GFile *file, GCancellable *cancellable, GAsyncReadyCallback ready,
                               gpointer user);
/* (transfer full); NULL with the errors of moe_trace_open(). */
ScopeDocument *scope_document_open_finish(GAsyncResult *result, GError **error);

/* The name of the file, without its folder. (transfer none) */
const char *scope_document_name(ScopeDocument *document);
/* "3 MoE layers · 12,345 tokens · 4 domains", and whether the trace was cut off. (transfer full) */
char *scope_document_summary(ScopeDocument *document);

/* Makes the scene of a figure. `settings`: "option=value" each, NULL at the end. */
void scope_document_draw_async(ScopeDocument *document, const MoeFigure *figure,
                               const char *const *settings, GCancellable *cancellable,
                               GAsyncReadyCallback ready, gpointer user);
/* (transfer full); NULL with the errors of the figure's build(). */
MoeScene *scope_document_draw_finish(ScopeDocument *document, GAsyncResult *result, GError **error);

G_END_DECLS

#endif
