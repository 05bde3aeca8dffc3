/* SPDX-License-Identifier: MIT
 *
 * scope-document.h: what is open: a trace, a summary, a run, or what another tool wrote, turned
 * into one of these; and the work on it that takes time. That runs in threads of their own; call
 * everything from the main thread.
 *
 * Signal "grown": a run that is still recorded has more to show. Property "live" (boolean): whether
 * it may grow. Signal "progress" (double, 0 … 1): how far work has come; its detail is "counting"
 * where tokens are counted for figures, "work" where a ScopeWork tells of it.
 */
#ifndef SCOPE_DOCUMENT_H
#define SCOPE_DOCUMENT_H

#include <gio/gio.h>
#include <moescope/check.h>
#include <moescope/figure.h>
#include <moescope/metrics.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_DOCUMENT (scope_document_get_type())
G_DECLARE_FINAL_TYPE(ScopeDocument, scope_document, SCOPE, DOCUMENT, GObject)

/* Called in the main thread while something is opened: `done` of `total` (0: unknown), of what. */
typedef void (*ScopeProgress)(const char *what, gint64 done, gint64 total, gpointer user);

/* What importers need to know that files don't say: `--experts 64`, … as the import command takes
 * them; NULL-terminated, or NULL. */
typedef char **ScopeImportChoices;

/* Opens anything: a trace, summary, run folder, or a file that an importer knows, which is imported
 * to a temporary file; several (of GFile) are imported as one. `progress` (may be NULL) and `ready`
 * get `user`. Once `cancellable` is cancelled, the result is dropped and G_IO_ERROR_CANCELLED
 * reported at once. */
void scope_document_open_async(GListModel *files, ScopeImportChoices choices,
                               ScopeProgress progress, GCancellable *cancellable,
                               GAsyncReadyCallback ready, gpointer user);
/* (transfer full); NULL with the errors of scope_open(). */
ScopeDocument *scope_document_open_finish(GAsyncResult *result, GError **error);

/* The name of the (first) file, without its folder. (transfer none) */
const char *scope_document_name(ScopeDocument *document);
/* What was opened (first), as the command line would name it. (transfer none) */
const char *scope_document_path(ScopeDocument *document);
/* The file that is read: that of a run's folder, or what was imported. (transfer none) */
const char *scope_document_file(ScopeDocument *document);
/* As a word of a command: "german.npz", quoted where needed; of what another program wrote, the
 * trace that scope_document_import_command() makes. (transfer full) */
char *scope_document_word(ScopeDocument *document);
/* Whether another program wrote it, so that commands have to import it first; and how, else NULL.
 * (transfer full) */
bool scope_document_imported(ScopeDocument *document);
char *scope_document_import_command(ScopeDocument *document);
/* What readers of an import have to know, a line each; or NULL. (transfer none) */
const char *scope_document_notes(ScopeDocument *document);
/* Whether the file has become another since it was opened; of one that is followed, no: it will be
 * read. Looks at the disk. */
bool scope_document_outdated(ScopeDocument *document);
/* "3 MoE layers · 12,345 tokens · 4 domains", and whether the trace was cut off. (transfer full) */
char *scope_document_summary(ScopeDocument *document);
/* NULL for a summary. It stays until "grown"; hold no pointer into it beyond the main loop's turn.
 * (transfer none) */
const MoeTrace *scope_document_trace(ScopeDocument *document);
/* The routers: layers, experts, k. (transfer none) */
const MoeRouterInfo *scope_document_routers(ScopeDocument *document, int *n);
/* The steps that tokens were recorded at, ascending; they stay until "grown". (transfer none) */
const int32_t *scope_document_steps(ScopeDocument *document, int *n);
/* Names of domains, NULL-terminated. (transfer none) */
const char *const *scope_document_domains(ScopeDocument *document);

/* Another document to compare with (the same tokens), for figures of two inputs; NULL: none.
 * Signal "grown" follows. */
void scope_document_set_other(ScopeDocument *document, ScopeDocument *other);
ScopeDocument *scope_document_get_other(ScopeDocument *document);

/* Whether a filter applies to a figure: it is of tokens, not of a run. */
bool scope_document_filters(const MoeFigure *figure);
/* Whether there is so much to count for it that a glimpse is worth showing first. */
bool scope_document_glimpses(ScopeDocument *document, const MoeFigure *figure);
/* Makes the scene of a figure. `settings`: "option=value" each, NULL at the end. `filter`: as
 * `--where` has it, "" or NULL for all tokens. `glimpse`: of a few of the tokens. */
void scope_document_draw_async(ScopeDocument *document, const MoeFigure *figure,
                               const char *const *settings, const char *filter, bool glimpse,
                               GCancellable *cancellable, GAsyncReadyCallback ready, gpointer user);
/* (transfer full); NULL with the errors of the figure's build(). */
MoeScene *scope_document_draw_finish(ScopeDocument *document, GAsyncResult *result, GError **error);

/* Runs any work that reads the document, in a thread: `work` gets the figure input of the filter
 * (its summaries are counted once and shared), and returns what `finish` hands on. */
typedef gpointer (*ScopeWork)(MoeFigureInput *input, gpointer data, GError **error);
void scope_document_run_async(ScopeDocument *document, const char *filter, ScopeWork work,
                              gpointer data, GDestroyNotify free_data, GDestroyNotify free_result,
                              GCancellable *cancellable, GAsyncReadyCallback ready, gpointer user);
gpointer scope_document_run_finish(ScopeDocument *document, GAsyncResult *result, GError **error);
/* For a ScopeWork: what it hands on to the library, which then stops when nobody waits any more.
 */
const MoeProgress *scope_document_progress(void);

G_END_DECLS

#endif
