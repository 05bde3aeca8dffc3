/* SPDX-License-Identifier: MIT
 *
 * The threads of a document: opening it, drawing figures of it, any work that reads it.
 */
#include "scope-document-private.h"

#include <glib/gi18n.h>

/* --- Progress ---------------------------------------------------------------------------------*/

/* A bar moves no faster than the eye follows. */
#define TELL_EVERY_US (50 * 1000)

typedef struct Opening {
    GListModel *files;
    char **choices;
    ScopeProgress progress; /* or NULL */
    gpointer user;
    GTask *task; /* none of its own: the opening lives in it */
    gint64 told; /* when progress was told last */
} Opening;

typedef struct News {
    GTask *task;
    char *what;
    gint64 done, total;
} News;

static void
opening_free(gpointer data)
{
    Opening *opening = data;
    g_object_unref(opening->files);
    g_strfreev(opening->choices);
    g_free(opening);
}

static void
news_free(gpointer data)
{
    News *news = data;
    g_object_unref(news->task);
    g_free(news->what);
    g_free(news);
}

static gboolean
tell(gpointer data)
{
    News *news = data;
    Opening *opening = g_task_get_task_data(news->task);
    if (!g_task_get_completed(news->task) &&
        !g_cancellable_is_cancelled(g_task_get_cancellable(news->task)))
        opening->progress(news->what, news->done, news->total, opening->user);
    return G_SOURCE_REMOVE;
}

static bool
on_progress(int64_t done, int64_t total, const char *what, void *user)
{
    Opening *opening = user;
    gint64 now = g_get_monotonic_time();
    if (opening->progress && now - opening->told >= TELL_EVERY_US) {
        News *news = g_new0(News, 1);
        *news = (News){g_object_ref(opening->task), g_strdup(what), done, total};
        opening->told = now;
        g_main_context_invoke_full(NULL, G_PRIORITY_DEFAULT, tell, news, news_free);
    }
    return !g_cancellable_is_cancelled(g_task_get_cancellable(opening->task));
}

/* --- Opening ----------------------------------------------------------------------------------*/

/* (transfer full); NULL with an error where one isn't of this machine. */
static char **
paths_of(GListModel *files, GError **error)
{
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    for (guint i = 0; i < g_list_model_get_n_items(files); i++) {
        g_autoptr(GFile) file = g_list_model_get_item(files, i);
        g_autofree char *uri = g_file_get_uri(file);
        if (!g_file_peek_path(file)) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                        _("%s: found an address that is no local file, expected a file of this "
                          "machine"),
                        uri);
            return NULL;
        }
        g_strv_builder_add(paths, g_file_peek_path(file));
    }
    return g_strv_builder_end(paths);
}

static void
open_in_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    Opening *opening = data;
    GError *error = NULL;
    g_auto(ScopeOpened) opened = {0};
    g_auto(GStrv) paths = paths_of(opening->files, &error);
    const MoeProgress progress = {on_progress, opening};
    if (paths && scope_open((const char *const *)paths, (const char *const *)opening->choices,
                            &progress, &opened, &error))
        g_task_return_pointer(task, scope_document_new(paths, opening->choices, &opened),
                              g_object_unref);
    else
        g_task_return_error(task, error);
}

void
scope_document_open_async(GListModel *files, ScopeImportChoices choices, ScopeProgress progress,
                          GCancellable *cancellable, GAsyncReadyCallback ready, gpointer user)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, ready, user);
    Opening *opening = g_new0(Opening, 1);
    opening->files = g_object_ref(files);
    opening->choices = g_strdupv(choices);
    opening->progress = progress;
    opening->user = user;
    opening->task = task;
    g_task_set_source_tag(task, scope_document_open_async);
    g_task_set_task_data(task, opening, opening_free);
    g_task_set_return_on_cancel(task, TRUE);
    g_task_run_in_thread(task, open_in_thread);
}

ScopeDocument *
scope_document_open_finish(GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_async_result_is_tagged(result, scope_document_open_async), NULL);
    ScopeDocument *document = g_task_propagate_pointer(G_TASK(result), error);
    if (document)
        scope_document_follow(document);
    return document;
}

/* --- Any work ---------------------------------------------------------------------------------*/

typedef struct Job {
    GTask *task; /* none of its own: the job lives in it */
    gint64 told; /* when progress was told last */
    ScopeInput *input;
    ScopeWork work;
    gpointer data;
    GDestroyNotify free_data, free_result;
} Job;

static void
job_free(gpointer data)
{
    Job *job = data;
    if (job->free_data)
        job->free_data(job->data);
    g_clear_pointer(&job->input, scope_input_unref);
    g_free(job);
}

/* The job of this thread. */
static GPrivate at_work;

typedef struct Step {
    ScopeDocument *document;
    GQuark of;
    double done;
} Step;

static gboolean
tell_step(gpointer data)
{
    const Step *step = data;
    scope_document_tell(step->document, step->of, step->done);
    return G_SOURCE_REMOVE;
}

static void
step_free(gpointer data)
{
    g_object_unref(((Step *)data)->document);
    g_free(data);
}

/* `user`: what the progress is of. */
static bool
on_step(int64_t done, int64_t total, const char *what, void *user)
{
    Job *job = g_private_get(&at_work);
    gint64 now = g_get_monotonic_time();
    if (!job)
        return true;
    if (now - job->told >= TELL_EVERY_US) {
        Step *step = g_new(Step, 1);
        *step =
            (Step){g_object_ref(g_task_get_source_object(job->task)),
                   g_quark_from_static_string(user), total > 0 ? (double)done / (double)total : 0};
        job->told = now;
        g_main_context_invoke_full(NULL, G_PRIORITY_DEFAULT, tell_step, step, step_free);
    }
    return !g_cancellable_is_cancelled(g_task_get_cancellable(job->task));
}

const MoeProgress *
scope_document_counting(void)
{
    static const MoeProgress progress = {on_step, (gpointer) "counting"};
    return &progress;
}

const MoeProgress *
scope_document_progress(void)
{
    static const MoeProgress progress = {on_step, (gpointer) "work"};
    return &progress;
}

static void
work_in_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    Job *job = data;
    GError *error = NULL;
    g_private_set(&at_work, job);
    gpointer found = job->work(scope_input_get(job->input), job->data, &error);
    g_private_set(&at_work, NULL);
    if (error)
        g_task_return_error(task, error);
    else
        g_task_return_pointer(task, found, job->free_result);
}

/* Takes `job`, and the error for which it has no input. */
static void
start(ScopeDocument *document, Job job, GError *error, gpointer tag, GCancellable *cancellable,
      GAsyncReadyCallback ready, gpointer user)
{
    g_autoptr(GTask) task = g_task_new(document, cancellable, ready, user);
    Job *own = g_memdup2(&job, sizeof job);
    own->task = task;
    g_task_set_source_tag(task, tag);
    g_task_set_task_data(task, own, job_free);
    if (!own->input) {
        g_task_return_error(task, error);
        return;
    }
    g_task_set_return_on_cancel(task, TRUE);
    g_task_run_in_thread(task, work_in_thread);
}

void
scope_document_run_async(ScopeDocument *document, const char *filter, ScopeWork work, gpointer data,
                         GDestroyNotify free_data, GDestroyNotify free_result,
                         GCancellable *cancellable, GAsyncReadyCallback ready, gpointer user)
{
    GError *error = NULL;
    Job job = {.work = work, .data = data, .free_data = free_data, .free_result = free_result};
    job.input = scope_document_input(document, filter ? filter : "", true, false, &error);
    start(document, job, error, scope_document_run_async, cancellable, ready, user);
}

gpointer
scope_document_run_finish(ScopeDocument *document, GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_async_result_is_tagged(result, scope_document_run_async), NULL);
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* --- Drawing ----------------------------------------------------------------------------------*/

typedef struct Drawing {
    const MoeFigure *figure;
    char **settings;
} Drawing;

static void
drawing_free(gpointer data)
{
    Drawing *drawing = data;
    g_strfreev(drawing->settings);
    g_free(drawing);
}

static void
scene_free(gpointer scene)
{
    moe_scene_free(scene);
}

static gpointer
make_scene(MoeFigureInput *input, gpointer data, GError **error)
{
    const Drawing *drawing = data;
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(drawing->figure);
    for (char **setting = drawing->settings; *setting; setting++)
        if (!moe_figure_options_set(options, *setting, error))
            return NULL;
    return moe_figure_build(drawing->figure, input, options, error);
}

bool
scope_document_filters(const MoeFigure *figure)
{
    return figure->common & MOE_FIGURE_STEPS;
}

void
scope_document_draw_async(ScopeDocument *document, const MoeFigure *figure,
                          const char *const *settings, const char *filter, bool glimpse,
                          GCancellable *cancellable, GAsyncReadyCallback ready, gpointer user)
{
    GError *error = NULL;
    Drawing *drawing = g_new0(Drawing, 1);
    Job job = {
        .work = make_scene, .data = drawing, .free_data = drawing_free, .free_result = scene_free};
    drawing->figure = figure;
    drawing->settings = g_strdupv((char **)settings);
    if (!filter || !scope_document_filters(figure))
        filter = "";
    job.input = scope_document_input(document, filter, figure->most_inputs > 1, glimpse, &error);
    start(document, job, error, scope_document_draw_async, cancellable, ready, user);
}

MoeScene *
scope_document_draw_finish(ScopeDocument *document, GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_async_result_is_tagged(result, scope_document_draw_async), NULL);
    return g_task_propagate_pointer(G_TASK(result), error);
}
