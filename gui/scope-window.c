/* SPDX-License-Identifier: MIT
 *
 * The frame around the tabs: what the header bar says and can do is about the tab that is shown. A
 * file that can't be opened leaves the others where they are; the banner then says why.
 */
#include "scope-window.h"

#include "scope-dialogs.h"

struct _ScopeWindow {
    GtkApplicationWindow parent_instance;
    bool inspector; /* whether it is wanted */

    GtkStack *stack;
    GtkNotebook *tabs;
    GtkLabel *title, *subtitle;
    GtkRevealer *banner;
    GtkLabel *banner_label;
};

G_DEFINE_FINAL_TYPE(ScopeWindow, scope_window, GTK_TYPE_APPLICATION_WINDOW)

enum { PROP_INSPECTOR = 1, N_PROPS };
static GParamSpec *props[N_PROPS];

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

ScopeTab *
scope_window_get_tab(ScopeWindow *window)
{
    int i = gtk_notebook_get_current_page(window->tabs);
    return i < 0 ? NULL : SCOPE_TAB(gtk_notebook_get_nth_page(window->tabs, i));
}

static void
show_title(ScopeWindow *self, ScopeTab *tab)
{
    ScopeDocument *document = tab ? scope_tab_get_document(tab) : NULL;
    g_autofree char *summary = document ? scope_document_summary(document) : NULL;
    const char *title = tab ? scope_tab_get_title(tab) : "moescope";
    gtk_label_set_label(self->title, title);
    gtk_label_set_label(self->subtitle, summary ? summary : "");
    gtk_widget_set_visible(GTK_WIDGET(self->subtitle), summary != NULL);
    gtk_window_set_title(GTK_WINDOW(self), title);
}

static void
enable(ScopeWindow *self, const char *action, bool enabled)
{
    gtk_widget_action_set_enabled(GTK_WIDGET(self), action, enabled);
}

static void
enable_actions(ScopeWindow *self, ScopeTab *tab)
{
    bool open = tab && scope_tab_get_state(tab) == SCOPE_TAB_OPEN;
    ScopeFocus *focus = open ? scope_tab_get_focus(tab) : NULL;
    enable(self, "win.export", open && scope_tab_get_pane(tab));
    enable(self, "win.find", open && scope_views_get_page(scope_tab_get_views(tab)));
    enable(self, "win.undo", focus && scope_focus_can_undo(focus));
    enable(self, "win.redo", focus && scope_focus_can_redo(focus));
    enable(self, "win.view", open);
    enable(self, "win.close-tab", tab != NULL);
    enable(self, "win.turn-tab", gtk_notebook_get_n_pages(self->tabs) > 1);
}

static void
refresh(ScopeWindow *self)
{
    ScopeTab *tab = scope_window_get_tab(self);
    int n = gtk_notebook_get_n_pages(self->tabs);
    show_title(self, tab);
    enable_actions(self, tab);
    gtk_notebook_set_show_tabs(self->tabs, n > 1);
    gtk_stack_set_visible_child_name(self->stack, n > 0 ? "tabs" : "welcome");
}

/* --- Tabs -------------------------------------------------------------------------------------*/

static void
close_tab(ScopeWindow *self, ScopeTab *tab)
{
    gtk_notebook_remove_page(self->tabs, gtk_notebook_page_num(self->tabs, GTK_WIDGET(tab)));
    refresh(self);
}

/* What failed is said where it is the only tab there; else in the banner, above the others. */
static void
on_tab_changed(ScopeTab *tab, ScopeWindow *self)
{
    ScopeTabState state = scope_tab_get_state(tab);
    bool alone = gtk_notebook_get_n_pages(self->tabs) == 1;
    if (state == SCOPE_TAB_FAILED && !alone)
        show_banner(self, scope_tab_get_problem(tab));
    if (state == SCOPE_TAB_CANCELLED || (state == SCOPE_TAB_FAILED && !alone))
        close_tab(self, tab);
    else
        refresh(self);
}

static void
on_switched(ScopeWindow *self)
{
    refresh(self);
}

static void
on_close_clicked(GtkButton *button, ScopeTab *tab)
{
    GtkRoot *window = gtk_widget_get_root(GTK_WIDGET(tab));
    close_tab(SCOPE_WINDOW(window), tab);
}

static GtkWidget *
label_new(ScopeTab *tab)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *label = gtk_label_new(scope_tab_get_title(tab));
    GtkWidget *close = gtk_button_new_from_icon_name("window-close-symbolic");
    gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_MIDDLE);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 24);
    gtk_label_set_width_chars(GTK_LABEL(label), 8);
    gtk_button_set_has_frame(GTK_BUTTON(close), FALSE);
    gtk_widget_set_tooltip_text(close, "Close (Ctrl+W)");
    g_signal_connect_object(close, "clicked", G_CALLBACK(on_close_clicked), tab, 0);
    gtk_box_append(GTK_BOX(box), label);
    gtk_box_append(GTK_BOX(box), close);
    return box;
}

static ScopeTab *
add_tab(ScopeWindow *self, GFile *file)
{
    ScopeTab *tab = scope_tab_new();
    scope_tab_open(tab, file);
    int i = gtk_notebook_append_page(self->tabs, GTK_WIDGET(tab), label_new(tab));
    g_object_bind_property(self, "inspector", scope_tab_get_views(tab), "inspector",
                           G_BINDING_SYNC_CREATE);
    gtk_notebook_set_tab_reorderable(self->tabs, GTK_WIDGET(tab), TRUE);
    g_signal_connect_object(tab, "changed", G_CALLBACK(on_tab_changed), self, 0);
    gtk_notebook_set_current_page(self->tabs, i);
    return tab;
}

/* A tab that shows why nothing is there has had its time. */
static void
drop_failed(ScopeWindow *self)
{
    for (int i = gtk_notebook_get_n_pages(self->tabs) - 1; i >= 0; i--) {
        GtkWidget *tab = gtk_notebook_get_nth_page(self->tabs, i);
        if (scope_tab_get_state(SCOPE_TAB(tab)) == SCOPE_TAB_FAILED)
            gtk_notebook_remove_page(self->tabs, i);
    }
}

void
scope_window_open(ScopeWindow *window, GFile *file)
{
    dismiss_banner(window);
    drop_failed(window);
    add_tab(window, file);
    refresh(window);
}

bool
scope_window_is_blank(ScopeWindow *window)
{
    return gtk_notebook_get_n_pages(window->tabs) == 0;
}

static gboolean
on_drop(ScopeWindow *self, const GValue *value)
{
    for (GSList *i = g_value_get_boxed(value); i; i = i->next)
        scope_window_open(self, i->data);
    return TRUE;
}

static void
accept_files(ScopeWindow *self)
{
    GtkDropTarget *target = gtk_drop_target_new(GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
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
    ScopeTab *tab = scope_window_get_tab(self);
    ScopePane *pane = tab ? scope_tab_get_pane(tab) : NULL;
    g_autoptr(GError) error = NULL;
    const char *path = g_file_peek_path(file);
    dismiss_banner(self);
    if (!path)
        show_banner(self, "The figure can only be written to a folder of this machine.");
    else if (pane && !scope_pane_export(pane, path, theme, &error))
        show_banner(self, error->message);
}

static void
open_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    scope_dialogs_open(GTK_WINDOW(widget), on_file_chosen);
}

/* "german-load.pdf". */
static char *
export_name(ScopeTab *tab)
{
    g_autofree char *stem = g_strdup(scope_tab_get_title(tab));
    char *dot = strrchr(stem, '.');
    if (dot && dot > stem)
        *dot = '\0';
    return g_strdup_printf("%s-%s.pdf", stem, scope_pane_get_figure(scope_tab_get_pane(tab))->name);
}

static void
export_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    g_autofree char *name = export_name(scope_window_get_tab(SCOPE_WINDOW(widget)));
    scope_dialogs_export(GTK_WINDOW(widget), name, on_export_chosen);
}

static void
about_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    scope_dialogs_about(GTK_WINDOW(widget));
}

static void
undo_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    ScopeFocus *focus = scope_tab_get_focus(scope_window_get_tab(SCOPE_WINDOW(widget)));
    if (g_str_equal(action, "win.undo"))
        scope_focus_undo(focus);
    else
        scope_focus_redo(focus);
}

static void
find_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    ScopeTab *tab = scope_window_get_tab(SCOPE_WINDOW(widget));
    if (!scope_page_find(scope_views_get_page(scope_tab_get_views(tab))))
        gtk_widget_error_bell(widget);
}

static void
view_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    ScopeTab *tab = scope_window_get_tab(SCOPE_WINDOW(widget));
    scope_views_turn(scope_tab_get_views(tab), g_variant_get_string(parameter, NULL));
}

static void
close_tab_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    close_tab(SCOPE_WINDOW(widget), scope_window_get_tab(SCOPE_WINDOW(widget)));
}

static void
turn_tab_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    ScopeWindow *self = SCOPE_WINDOW(widget);
    int n = gtk_notebook_get_n_pages(self->tabs), i = gtk_notebook_get_current_page(self->tabs);
    gtk_notebook_set_current_page(self->tabs, (i + n + g_variant_get_int32(parameter)) % n);
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_window_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    if (id == PROP_INSPECTOR)
        g_value_set_boolean(value, SCOPE_WINDOW(object)->inspector);
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void
scope_window_set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    if (id == PROP_INSPECTOR)
        SCOPE_WINDOW(object)->inspector = g_value_get_boolean(value);
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void
install_actions(GtkWidgetClass *class)
{
    static const struct {
        const char *name, *parameter;
        GtkWidgetActionActivateFunc activate;
    } actions[] = {
        {"win.open", NULL, open_action},           {"win.export", NULL, export_action},
        {"win.undo", NULL, undo_action},           {"win.redo", NULL, undo_action},
        {"win.find", NULL, find_action},           {"win.view", "s", view_action},
        {"win.close-tab", NULL, close_tab_action}, {"win.turn-tab", "i", turn_tab_action},
        {"win.about", NULL, about_action},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(actions); i++)
        gtk_widget_class_install_action(class, actions[i].name, actions[i].parameter,
                                        actions[i].activate);
    gtk_widget_class_install_property_action(class, "win.inspector", "inspector");
}

static void
scope_window_class_init(ScopeWindowClass *class)
{
    GObjectClass *object_class = G_OBJECT_CLASS(class);
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    object_class->get_property = scope_window_get_property;
    object_class->set_property = scope_window_set_property;
    props[PROP_INSPECTOR] =
        g_param_spec_boolean("inspector", NULL, NULL, TRUE,
                             G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(object_class, N_PROPS, props);
    g_type_ensure(SCOPE_TYPE_TAB);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/window.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopeWindow, stack);
    gtk_widget_class_bind_template_child(widget_class, ScopeWindow, tabs);
    gtk_widget_class_bind_template_child(widget_class, ScopeWindow, title);
    gtk_widget_class_bind_template_child(widget_class, ScopeWindow, subtitle);
    gtk_widget_class_bind_template_child(widget_class, ScopeWindow, banner);
    gtk_widget_class_bind_template_child(widget_class, ScopeWindow, banner_label);
    gtk_widget_class_bind_template_callback(widget_class, dismiss_banner);
    gtk_widget_class_bind_template_callback(widget_class, on_switched);
    install_actions(widget_class);
}

static void
scope_window_init(ScopeWindow *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    accept_files(self);
    refresh(self);
}

ScopeWindow *
scope_window_new(GtkApplication *application)
{
    return g_object_new(SCOPE_TYPE_WINDOW, "application", application, NULL);
}
