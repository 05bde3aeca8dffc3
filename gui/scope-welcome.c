/* SPDX-License-Identifier: MIT
 *
 * Samples are made by the moescope program, into the user's folder of data, and stay there. The one
 * that is trained is shown as soon as it has recorded something.
 */
#include "scope-welcome.h"

#include "scope-program.h"
#include "scope-recent.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <moescope/trace.h>

/* How often it is looked whether training has recorded something. */
#define LOOK_EVERY_MS 250

struct _ScopeWelcome {
    GtkWidget parent_instance;
    GCancellable *cancellable; /* of the sample that is being made; NULL: none is */
    char *path;                /* to open when it is there; NULL: it is open */
    guint look;                /* for that, while it is made; or 0 */

    GtkWidget *content, *samples;
    GtkWidget *busy;
    GtkLabel *doing;
    ScopeRecent *recent;
};

G_DEFINE_FINAL_TYPE(ScopeWelcome, scope_welcome, GTK_TYPE_WIDGET)

enum { MADE, FAILED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* `name` in the folder of samples, which is made. (transfer full) */
static char *
sample_path(const char *name)
{
    g_autofree char *folder = g_build_filename(g_get_user_data_dir(), "moescope", "samples", NULL);
    g_mkdir_with_parents(folder, 0700);
    return g_build_filename(folder, name, NULL);
}

/* --- Making -----------------------------------------------------------------------------------*/

static void
show_making(ScopeWelcome *self, const char *what)
{
    gtk_widget_set_sensitive(self->samples, what == NULL);
    gtk_widget_set_visible(self->busy, what != NULL);
    gtk_label_set_label(self->doing, what ? what : "");
}

static void
stop(ScopeWelcome *self)
{
    g_clear_handle_id(&self->look, g_source_remove);
    g_clear_object(&self->cancellable);
    g_clear_pointer(&self->path, g_free);
    show_making(self, NULL);
}

static void
tell_made(ScopeWelcome *self)
{
    g_autofree char *path = g_steal_pointer(&self->path);
    g_autoptr(GFile) file = g_file_new_for_path(path);
    g_clear_handle_id(&self->look, g_source_remove);
    g_signal_emit(self, signals[MADE], 0, file);
}

static void
on_made(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(ScopeWelcome) self = SCOPE_WELCOME(user);
    g_autoptr(GError) error = NULL;
    bool made = scope_program_run_finish(result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    if (made && self->path)
        tell_made(self);
    stop(self);
    if (!made)
        g_signal_emit(self, signals[FAILED], 0, error->message);
}

/* Takes `path`. */
static void
make(ScopeWelcome *self, const char *const *arguments, char *path, const char *what)
{
    self->path = path;
    self->cancellable = g_cancellable_new();
    show_making(self, what);
    scope_program_run_async(arguments, self->cancellable, on_made, g_object_ref(self));
}

static void
make_up(ScopeWelcome *self)
{
    char *path = sample_path("made-up.npz");
    const char *const arguments[] = {"trace", "synth", "--tokens", "40000", "--document-tokens",
                                     "200",   "--out", path,       NULL};
    make(self, arguments, path, _("Making up a trace …"));
}

/* --- Training ---------------------------------------------------------------------------------*/

static gboolean
look(gpointer welcome)
{
    ScopeWelcome *self = welcome;
    g_autofree char *file = g_build_filename(self->path, "trace.npz", NULL);
    g_autoptr(MoeTrace) trace = moe_trace_open(file, NULL);
    if (!trace || moe_trace_chunks(trace) == 0)
        return G_SOURCE_CONTINUE;
    tell_made(self); /* removes this source */
    return G_SOURCE_REMOVE;
}

/* A demo that was made before is shown as it is. */
static void
train(ScopeWelcome *self)
{
    if (self->cancellable)
        return; /* one is on its way */
    g_autofree char *folder = sample_path("demo");
    const char *const arguments[] = {"demo", "--out", folder, NULL};
    make(self, arguments, g_build_filename(folder, "smoe", NULL),
         _("Training a small model; it opens when it has recorded something …"));
    if (self->cancellable)
        self->look = g_timeout_add(LOOK_EVERY_MS, look, self);
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_welcome_dispose(GObject *object)
{
    ScopeWelcome *self = SCOPE_WELCOME(object);
    g_cancellable_cancel(self->cancellable);
    g_clear_object(&self->cancellable);
    g_clear_handle_id(&self->look, g_source_remove);
    gtk_widget_dispose_template(GTK_WIDGET(object), SCOPE_TYPE_WELCOME);
    G_OBJECT_CLASS(scope_welcome_parent_class)->dispose(object);
}

static void
scope_welcome_finalize(GObject *object)
{
    g_free(SCOPE_WELCOME(object)->path);
    G_OBJECT_CLASS(scope_welcome_parent_class)->finalize(object);
}

static void
scope_welcome_class_init(ScopeWelcomeClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_welcome_dispose;
    G_OBJECT_CLASS(class)->finalize = scope_welcome_finalize;
    signals[MADE] = g_signal_new("made", SCOPE_TYPE_WELCOME, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, G_TYPE_FILE);
    signals[FAILED] = g_signal_new("failed", SCOPE_TYPE_WELCOME, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
    g_type_ensure(SCOPE_TYPE_RECENT);
    gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/welcome.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopeWelcome, content);
    gtk_widget_class_bind_template_child(widget_class, ScopeWelcome, samples);
    gtk_widget_class_bind_template_child(widget_class, ScopeWelcome, busy);
    gtk_widget_class_bind_template_child(widget_class, ScopeWelcome, doing);
    gtk_widget_class_bind_template_child(widget_class, ScopeWelcome, recent);
    gtk_widget_class_bind_template_callback(widget_class, make_up);
    gtk_widget_class_bind_template_callback(widget_class, train);
}

static void
scope_welcome_init(ScopeWelcome *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    scope_recent_refresh(self->recent);
}

void
scope_welcome_refresh(ScopeWelcome *welcome)
{
    scope_recent_refresh(welcome->recent);
}

void
scope_welcome_train(ScopeWelcome *welcome)
{
    train(welcome);
}
