/* SPDX-License-Identifier: MIT
 *
 * Work in threads whose results are wanted by one widget.
 */
#include "scope-job.h"

typedef struct Started {
    GObject *owner;
    GCancellable **running; /* in the owner, which is held */
    GDestroyNotify free_result;
    ScopeJobDone done;
} Started;

static void
on_done(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autofree Started *started = user;
    g_autoptr(GObject) owner = started->owner;
    g_autoptr(GError) error = NULL;
    gpointer found = scope_document_run_finish(SCOPE_DOCUMENT(source), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* other work took its place, or the widget is gone */
    g_clear_object(started->running);
    started->done(owner, found, error);
    if (found && started->free_result)
        started->free_result(found);
}

void
scope_job_start(GCancellable **running, gpointer owner, ScopeDocument *document, const char *filter,
                const ScopeJob *job)
{
    Started *started = g_new(Started, 1);
    *started = (Started){g_object_ref(owner), running, job->free_result, job->done};
    scope_job_give_up(running);
    *running = g_cancellable_new();
    scope_document_run_async(document, filter, job->work, job->data, job->free_data,
                             job->free_result, *running, on_done, started);
}

void
scope_job_give_up(GCancellable **running)
{
    g_cancellable_cancel(*running);
    g_clear_object(running);
}
