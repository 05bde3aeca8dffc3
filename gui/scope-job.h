/* SPDX-License-Identifier: MIT
 *
 * scope-job.h: work on a document for a widget: one piece at a time, the latest counts.
 */
#ifndef SCOPE_JOB_H
#define SCOPE_JOB_H

#include "scope-document.h"

G_BEGIN_DECLS

/* In the main thread: `result` (borrowed) is there, or `error` says why not. */
typedef void (*ScopeJobDone)(gpointer owner, gpointer result, const GError *error);

typedef struct ScopeJob {
    ScopeWork work; /* as of scope_document_run_async() */
    gpointer data;
    GDestroyNotify free_data, free_result;
    ScopeJobDone done;
} ScopeJob;

/* Gives up what *running does, and starts this in its place. *running is the owner's, NULL at
 * first; the owner calls scope_job_give_up() when it is disposed of. Nothing is said of work that
 * was given up. */
void scope_job_start(GCancellable **running, gpointer owner, ScopeDocument *document,
                     const char *filter, const ScopeJob *job);
void scope_job_give_up(GCancellable **running);

G_END_DECLS

#endif
