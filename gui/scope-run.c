/* SPDX-License-Identifier: MIT
 *
 * What the child says is read line by line; how far it is stands in the last line of its
 * metrics.jsonl.
 */
#include "scope-run.h"

#include "scope-program.h"

#include <glib/gi18n.h>
#include <moescope/trace.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* How often the folder is looked at, and how much of the end of metrics.jsonl. */
enum { LOOK_EVERY_MS = 500, TAIL = 4096 };

struct _ScopeRun {
    GObject parent_instance;
    GSubprocess *child; /* or NULL */
    GCancellable *cancellable;
    char *folder;
    gint64 steps;
    guint look;
    gboolean recorded, stopped;
    char *complaint; /* the last line that it said */
};

G_DEFINE_FINAL_TYPE(ScopeRun, scope_run, G_TYPE_OBJECT)

enum { LINE, PROGRESS, RECORDED, ENDED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* --- How far it is ----------------------------------------------------------------------------*/

/* The end of a text file. (transfer full) */
static char *
read_tail(const char *path)
{
    char tail[TAIL + 1];
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    if (fseek(file, -TAIL, SEEK_END) != 0)
        rewind(file);
    size_t n = fread(tail, 1, TAIL, file);
    fclose(file);
    tail[n] = '\0';
    return g_strdup(tail);
}

/* The number behind `key` in a line of JSON. */
static gboolean
number_of(const char *line, const char *key, double *value)
{
    const char *at = strstr(line, key);
    if (!at)
        return FALSE;
    *value = g_ascii_strtod(at + strlen(key), NULL);
    return TRUE;
}

static void
look_at_metrics(ScopeRun *self)
{
    g_autofree char *path = g_build_filename(self->folder, "metrics.jsonl", NULL);
    g_autofree char *tail = read_tail(path);
    double step, loss;
    g_auto(GStrv) lines = g_strsplit(tail ? tail : "", "\n", -1);
    for (int i = (int)g_strv_length(lines) - 1; i >= 0; i--) {
        if (!number_of(lines[i], "{\"step\": ", &step) || !number_of(lines[i], "\"loss\": ", &loss))
            continue;
        g_autofree char *words = g_strdup_printf("step %.0f · loss %.3f", step, loss);
        g_signal_emit(self, signals[PROGRESS], 0,
                      self->steps > 0 ? step / (double)self->steps : -1.0, words);
        return;
    }
}

static gboolean
look(gpointer user)
{
    ScopeRun *self = SCOPE_RUN(user);
    g_autofree char *path = g_build_filename(self->folder, "trace.npz", NULL);
    look_at_metrics(self);
    if (self->recorded)
        return G_SOURCE_CONTINUE;
    g_autoptr(MoeTrace) trace = moe_trace_open(path, NULL);
    if (trace && moe_trace_chunks(trace) > 0) {
        self->recorded = TRUE;
        g_signal_emit(self, signals[RECORDED], 0);
    }
    return G_SOURCE_CONTINUE;
}

/* --- The child --------------------------------------------------------------------------------*/

static void
on_line(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(ScopeRun) self = SCOPE_RUN(user);
    GDataInputStream *stream = G_DATA_INPUT_STREAM(source);
    g_autofree char *line = g_data_input_stream_read_line_finish_utf8(stream, result, NULL, NULL);
    if (!line)
        return;
    const char *words = g_str_has_prefix(line, "moescope: ") ? line + strlen("moescope: ") : line;
    g_free(self->complaint);
    self->complaint = g_strdup(words);
    g_signal_emit(self, signals[LINE], 0, line);
    g_data_input_stream_read_line_async(stream, G_PRIORITY_DEFAULT, self->cancellable, on_line,
                                        g_object_ref(self));
}

static void
read_lines(ScopeRun *self, GInputStream *pipe)
{
    g_autoptr(GDataInputStream) stream = g_data_input_stream_new(pipe);
    g_data_input_stream_read_line_async(stream, G_PRIORITY_DEFAULT, self->cancellable, on_line,
                                        g_object_ref(self));
}

static void
on_ended(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(ScopeRun) self = SCOPE_RUN(user);
    GSubprocess *child = G_SUBPROCESS(source);
    if (!g_subprocess_wait_finish(child, result, NULL))
        return; /* nobody waits any more */
    bool good = g_subprocess_get_if_exited(child) && g_subprocess_get_exit_status(child) == 0;
    g_autofree char *words =
        good            ? g_strdup(_("Finished."))
        : self->stopped ? g_strdup(_("Stopped and saved; it can go on from here."))
        : g_subprocess_get_if_signaled(child)
            ? g_strdup_printf(_("The program crashed (signal %d). What it saved is kept."),
                              g_subprocess_get_term_sig(child))
            : g_strdup(self->complaint ? self->complaint : _("The program ended early."));
    look(self);
    g_clear_handle_id(&self->look, g_source_remove);
    g_clear_object(&self->child);
    g_signal_emit(self, signals[ENDED], 0, words);
}

gboolean
scope_run_start(ScopeRun *run, const char *const *arguments, const char *folder, gint64 steps,
                GError **error)
{
    g_return_val_if_fail(!run->child, FALSE);
    run->child = scope_program_start(arguments, error);
    if (!run->child)
        return FALSE;
    g_free(run->folder);
    run->folder = g_strdup(folder);
    run->steps = steps;
    run->recorded = run->stopped = FALSE;
    g_clear_pointer(&run->complaint, g_free);
    g_clear_object(&run->cancellable);
    run->cancellable = g_cancellable_new();
    read_lines(run, g_subprocess_get_stdout_pipe(run->child));
    read_lines(run, g_subprocess_get_stderr_pipe(run->child));
    g_subprocess_wait_async(run->child, run->cancellable, on_ended, g_object_ref(run));
    run->look = g_timeout_add(LOOK_EVERY_MS, look, run);
    return TRUE;
}

void
scope_run_stop(ScopeRun *run)
{
    run->stopped = TRUE;
    if (run->child)
        g_subprocess_send_signal(run->child, SIGINT);
}

gboolean
scope_run_is_running(ScopeRun *run)
{
    return run->child != NULL;
}

const char *
scope_run_get_folder(ScopeRun *run)
{
    return run->folder;
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_run_dispose(GObject *object)
{
    ScopeRun *self = SCOPE_RUN(object);
    if (self->child)
        g_subprocess_send_signal(self->child, SIGINT);
    g_cancellable_cancel(self->cancellable);
    g_clear_handle_id(&self->look, g_source_remove);
    g_clear_object(&self->cancellable);
    g_clear_object(&self->child);
    G_OBJECT_CLASS(scope_run_parent_class)->dispose(object);
}

static void
scope_run_finalize(GObject *object)
{
    g_free(SCOPE_RUN(object)->folder);
    g_free(SCOPE_RUN(object)->complaint);
    G_OBJECT_CLASS(scope_run_parent_class)->finalize(object);
}

static void
scope_run_class_init(ScopeRunClass *class)
{
    G_OBJECT_CLASS(class)->dispose = scope_run_dispose;
    G_OBJECT_CLASS(class)->finalize = scope_run_finalize;
    signals[LINE] = g_signal_new("line", SCOPE_TYPE_RUN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, G_TYPE_STRING);
    signals[PROGRESS] = g_signal_new("progress", SCOPE_TYPE_RUN, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                     NULL, G_TYPE_NONE, 2, G_TYPE_DOUBLE, G_TYPE_STRING);
    signals[RECORDED] = g_signal_new("recorded", SCOPE_TYPE_RUN, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                     NULL, G_TYPE_NONE, 0);
    signals[ENDED] = g_signal_new("ended", SCOPE_TYPE_RUN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
scope_run_init(ScopeRun *self)
{
}

ScopeRun *
scope_run_new(void)
{
    return g_object_new(SCOPE_TYPE_RUN, NULL);
}
