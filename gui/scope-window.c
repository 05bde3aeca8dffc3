/* SPDX-License-Identifier: MIT
 *
 * The window's pages: welcome, opening, error, figure. A trace that can't be opened leaves the one
 * that is open where it is; the banner then says why.
 */
#include "scope-window.h"

#include "scope-dialogs.h"

struct _ScopeWindow {
    GtkApplicationWindow parent_instance;
    ScopeDocument *document;   /* or NULL */
    GCancellable *cancellable; /* of the opening under way, or NULL */

    GtkStack *stack;
    GtkLabel *title, *subtitle;
    GtkLabel *opening; /* the name of what is being opened */
    GtkLabel *error;
    GtkWidget *another; /* opens another trace after an error */
    GtkRevealer *banner;
    GtkLabel *banner_label;
    ScopeFigurePage *figure_page;
};

G_DEFINE_FINAL_TYPE(ScopeWindow, scope_window, GTK_TYPE_APPLICATION_WINDOW)

/* --- What is shown ----------------------------------------------------------------------------*/

static void
show_banner(ScopeWindow *self, const char *message)
{
    gtk_label_set_label(self->banner_label, message);
    gtk_revealer_set_reveal_child(self->banner, TRUE);
}

static void
dismiss_banner(ScopeWindow *self)
{
    gtk_revealer_set_reveal_child(self->banner, FALSE);
}

static void
show_error(ScopeWindow *self, const char *message)
{
    if (self->document) {
        gtk_stack_set_visible_child_name(self->stack, "figure");
        show_banner(self, message);
    } else {
        gtk_label_set_label(self->error, message);
        gtk_stack_set_visible_child_name(self->stack, "error");
        /* The text got the focus, as the first that can have it, and is selected for that. */
        gtk_widget_grab_focus(self->another);
        gtk_label_select_region(self->error, 0, 0);
    }
}

static void
show_document(ScopeWindow *self, ScopeDocument *document)
{
    g_autofree char *summary = scope_document_summary(document);
    const char *name = scope_document_name(document);
    g_set_object(&self->document, document);
    gtk_label_set_label(self->title, name);
    gtk_label_set_label(self->subtitle, summary);
    gtk_widget_set_visible(GTK_WIDGET(self->subtitle), TRUE);
    gtk_window_set_title(GTK_WINDOW(self), name);
    scope_figure_page_set_document(self->figure_page, document);
    gtk_stack_set_visible_child_name(self->stack, "figure");
}

/* --- Opening ----------------------------------------------------------------------------------*/

static void
on_opened(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(ScopeWindow) self = SCOPE_WINDOW(user);
    g_autoptr(GError) error = NULL;
    g_autoptr(ScopeDocument) document = scope_document_open_finish(result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* another trace is being opened, or the user had enough */
    g_clear_object(&self->cancellable);
    if (document)
        show_document(self, document);
    else
        show_error(self, error->message);
}

static void
give_up_opening(ScopeWindow *self)
{
    g_cancellable_cancel(self->cancellable);
    g_clear_object(&self->cancellable);
}

void
scope_window_open(ScopeWindow *window, GFile *file)
{
    g_autofree char *name = g_file_get_basename(file);
    g_autofree char *text = g_strdup_printf("Opening %s", name);
    give_up_opening(window);
    dismiss_banner(window);
    gtk_label_set_label(window->opening, text);
    gtk_stack_set_visible_child_name(window->stack, "opening");
    window->cancellable = g_cancellable_new();
    scope_document_open_async(file, window->cancellable, on_opened, g_object_ref(window));
}

bool
scope_window_is_blank(ScopeWindow *window)
{
    return !window->document && !window->cancellable;
}

static void
cancel_opening(ScopeWindow *self)
{
    give_up_opening(self);
    gtk_stack_set_visible_child_name(self->stack, self->document ? "figure" : "welcome");
}

static gboolean
on_drop(ScopeWindow *self, const GValue *value)
{
    scope_window_open(self, g_value_get_object(value));
    return TRUE;
}

static void
accept_files(ScopeWindow *self)
{
    GtkDropTarget *target = gtk_drop_target_new(G_TYPE_FILE, GDK_ACTION_COPY);
    g_signal_connect_swapped(target, "drop", G_CALLBACK(on_drop), self);
    gtk_widget_add_controller(GTK_WIDGET(self), GTK_EVENT_CONTROLLER(target));
}

/* --- Actions ----------------------------------------------------------------------------------*/

static void
on_file_chosen(GtkWindow *window, GFile *file)
{
    scope_window_open(SCOPE_WINDOW(window), file);
}

static void
on_export_chosen(GtkWindow *window, GFile *file, const char *theme)
{
    ScopeWindow *self = SCOPE_WINDOW(window);
    g_autoptr(GError) error = NULL;
    const char *path = g_file_peek_path(file);
    dismiss_banner(self);
    if (!path)
        show_banner(self, "The figure can only be written to a folder of this machine.");
    else if (!scope_figure_page_export(self->figure_page, path, theme, &error))
        show_banner(self, error->message);
}

static void
open_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    scope_dialogs_open(GTK_WINDOW(widget), on_file_chosen);
}

static void
export_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    ScopeWindow *self = SCOPE_WINDOW(widget);
    g_autofree char *name = scope_figure_page_export_name(self->figure_page);
    scope_dialogs_export(GTK_WINDOW(self), name, on_export_chosen);
}

static void
about_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    scope_dialogs_about(GTK_WINDOW(widget));
}

static void
follow_figure(ScopeWindow *self)
{
    bool exportable = self->figure_page && scope_figure_page_has_figure(self->figure_page);
    gtk_widget_action_set_enabled(GTK_WIDGET(self), "win.export", exportable);
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_window_dispose(GObject *object)
{
    ScopeWindow *self = SCOPE_WINDOW(object);
    give_up_opening(self);
    g_clear_object(&self->document);
    G_OBJECT_CLASS(scope_window_parent_class)->dispose(object);
}

static void
scope_window_class_init(ScopeWindowClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_window_dispose;
    g_type_ensure(SCOPE_TYPE_FIGURE_PAGE);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/window.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopeWindow, stack);
    gtk_widget_class_bind_template_child(widget_class, ScopeWindow, title);
    gtk_widget_class_bind_template_child(widget_class, ScopeWindow, subtitle);
    gtk_widget_class_bind_template_child(widget_class, ScopeWindow, opening);
    gtk_widget_class_bind_template_child(widget_class, ScopeWindow, error);
    gtk_widget_class_bind_template_child(widget_class, ScopeWindow, another);
    gtk_widget_class_bind_template_child(widget_class, ScopeWindow, banner);
    gtk_widget_class_bind_template_child(widget_class, ScopeWindow, banner_label);
    gtk_widget_class_bind_template_child(widget_class, ScopeWindow, figure_page);
    gtk_widget_class_bind_template_callback(widget_class, cancel_opening);
    gtk_widget_class_bind_template_callback(widget_class, dismiss_banner);
    gtk_widget_class_bind_template_callback(widget_class, follow_figure);
    gtk_widget_class_install_action(widget_class, "win.open", NULL, open_action);
    gtk_widget_class_install_action(widget_class, "win.export", NULL, export_action);
    gtk_widget_class_install_action(widget_class, "win.about", NULL, about_action);
}

static void
scope_window_init(ScopeWindow *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    accept_files(self);
    follow_figure(self);
}

ScopeWindow *
scope_window_new(GtkApplication *application)
{
    return g_object_new(SCOPE_TYPE_WINDOW, "application", application, NULL);
}
