/* SPDX-License-Identifier: MIT
 *
 * A trace and the threads that read it. A MoeTrace never changes, so that any number of figures
 * can be drawn from it at once.
 */
#include "scope-document.h"

struct _ScopeDocument {
    GObject parent_instance;
    MoeTrace *trace;
    char *name;
};

G_DEFINE_FINAL_TYPE(ScopeDocument, scope_document, G_TYPE_OBJECT)

static void
scope_document_finalize(GObject *object)
{
    ScopeDocument *self = SCOPE_DOCUMENT(object);
    moe_trace_free(self->trace);
    g_free(self->name);
    G_OBJECT_CLASS(scope_document_parent_class)->finalize(object);
}

static void
scope_document_class_init(ScopeDocumentClass *class)
{
    G_OBJECT_CLASS(class)->finalize = scope_document_finalize;
}

static void
scope_document_init(ScopeDocument *self)
{
}

/* --- Opening ----------------------------------------------------------------------------------*/

static void
open_in_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    GFile *file = data;
    GError *error = NULL;
    const char *path = g_file_peek_path(file);
    if (!path) {
        g_autofree char *uri = g_file_get_uri(file);
        g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                                "%s: found an address that is no local file, expected a trace "
                                "on this machine",
                                uri);
        return;
    }
    MoeTrace *trace = moe_trace_open(path, &error);
    if (!trace) {
        g_task_return_error(task, error);
        return;
    }
    ScopeDocument *document = g_object_new(SCOPE_TYPE_DOCUMENT, NULL);
    document->trace = trace;
    document->name = g_file_get_basename(file);
    g_task_return_pointer(task, document, g_object_unref);
}

void
scope_document_open_async(GFile *file, GCancellable *cancellable, GAsyncReadyCallback ready,
                          gpointer user)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, ready, user);
    g_task_set_source_tag(task, scope_document_open_async);
    g_task_set_task_data(task, g_object_ref(file), g_object_unref);
    g_task_set_return_on_cancel(task, TRUE);
    g_task_run_in_thread(task, open_in_thread);
}

ScopeDocument *
scope_document_open_finish(GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_async_result_is_tagged(result, scope_document_open_async), NULL);
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* --- What it is -------------------------------------------------------------------------------*/

const char *
scope_document_name(ScopeDocument *document)
{
    return document->name;
}

/* "12,345 tokens", as the figures write counts. */
static void
append_count(GString *text, int64_t n, const char *one, const char *many)
{
    g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, n);
    size_t length = strlen(digits);
    if (text->len)
        g_string_append(text, " · ");
    for (size_t i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            g_string_append_c(text, ',');
        g_string_append_c(text, digits[i]);
    }
    g_string_append_printf(text, " %s", n == 1 ? one : many);
}

char *
scope_document_summary(ScopeDocument *document)
{
    const MoeTrace *trace = document->trace;
    GString *text = g_string_new(NULL);
    append_count(text, moe_trace_routers(trace), "MoE layer", "MoE layers");
    append_count(text, moe_trace_tokens(trace, -1), "token", "tokens");
    if (moe_trace_domains(trace) > 0)
        append_count(text, moe_trace_domains(trace), "domain", "domains");
    if (!moe_trace_complete(trace))
        g_string_append(text, " · unfinished, read up to its last whole chunk");
    return g_string_free(text, FALSE);
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

static MoeScene *
make_scene(const MoeTrace *trace, const Drawing *drawing, GError **error)
{
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(drawing->figure);
    for (char **setting = drawing->settings; *setting; setting++)
        if (!moe_figure_options_set(options, *setting, error))
            return NULL;
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    moe_figure_input_add(input, trace, NULL, NULL);
    return moe_figure_build(drawing->figure, input, options, error);
}

static void
draw_in_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    ScopeDocument *self = source;
    GError *error = NULL;
    MoeScene *scene = make_scene(self->trace, data, &error);
    if (scene)
        g_task_return_pointer(task, scene, scene_free);
    else
        g_task_return_error(task, error);
}

void
scope_document_draw_async(ScopeDocument *document, const MoeFigure *figure,
                          const char *const *settings, GCancellable *cancellable,
                          GAsyncReadyCallback ready, gpointer user)
{
    g_autoptr(GTask) task = g_task_new(document, cancellable, ready, user);
    Drawing *drawing = g_new0(Drawing, 1);
    drawing->figure = figure;
    drawing->settings = g_strdupv((char **)settings);
    g_task_set_source_tag(task, scope_document_draw_async);
    g_task_set_task_data(task, drawing, drawing_free);
    g_task_set_return_on_cancel(task, TRUE);
    g_task_run_in_thread(task, draw_in_thread);
}

MoeScene *
scope_document_draw_finish(ScopeDocument *document, GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, document), NULL);
    return g_task_propagate_pointer(G_TASK(result), error);
}
