/* SPDX-License-Identifier: MIT
 *
 * The frame around the tabs: what the header bar says and can do is about the tab that is shown.
 * scope-window-actions.c has what its actions do.
 */
#include "scope-window-private.h"

#include "scope-filter-bar.h"
#include "scope-recent.h"
#include "scope-state.h"
#include "scope-text.h"
#include "scope-together.h"
#include "scope-welcome.h"

#include <glib/gi18n.h>

struct _ScopeWindow {
    GtkApplicationWindow parent_instance;
    const char *view; /* that is remembered, or NULL */
    bool inspector;   /* whether it is wanted, in all tabs */
    GtkStack *stack;
    ScopeWelcome *welcome;
    ScopeTabs *tabs;
    GtkLabel *title, *subtitle;
    ScopeFilterBar *filter;
    GtkWidget *undo_box, *export_button, *inspector_button;
    ScopeRecent *recent;
    GtkPopover *recent_popover;
    GtkRevealer *banner;
    GtkImage *banner_icon;
    GtkLabel *banner_label;
};

G_DEFINE_FINAL_TYPE(ScopeWindow, scope_window, GTK_TYPE_APPLICATION_WINDOW)

enum { PROP_INSPECTOR = 1, N_PROPS };
static GParamSpec *props[N_PROPS];

/* --- What is shown ----------------------------------------------------------------------------*/

static void
set_banner(ScopeWindow *self, const char *message, const char *icon, bool wrong)
{
    GtkWidget *box = gtk_revealer_get_child(self->banner);
    gtk_label_set_label(self->banner_label, message);
    gtk_image_set_from_icon_name(self->banner_icon, icon);
    if (wrong)
        gtk_widget_add_css_class(box, "wrong");
    else
        gtk_widget_remove_css_class(box, "wrong");
    gtk_revealer_set_reveal_child(self->banner, TRUE);
}

static void
show_banner(ScopeWindow *self, const char *message)
{
    g_autofree char *sentence = scope_text_sentence(message);
    set_banner(self, sentence, "dialog-warning-symbolic", true);
}

void
scope_window_tell(ScopeWindow *window, const char *message)
{
    set_banner(window, message, "dialog-information-symbolic", false);
}

void
scope_window_complain(ScopeWindow *window, const char *message)
{
    show_banner(window, message);
}

static void
dismiss_banner(ScopeWindow *self)
{
    gtk_revealer_set_reveal_child(self->banner, FALSE);
}

ScopeTabs *
scope_window_get_tabs(ScopeWindow *window)
{
    return window->tabs;
}

ScopeTab *
scope_window_get_tab(ScopeWindow *window)
{
    return scope_tabs_get_current(window->tabs);
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
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->subtitle), summary);
    gtk_window_set_title(GTK_WINDOW(self), title);
}

static void
enable(ScopeWindow *self, const char *action, bool enabled)
{
    gtk_widget_action_set_enabled(GTK_WIDGET(self), action, enabled);
}

static void
enable_actions(ScopeWindow *self, ScopeTab *tab, bool open)
{
    ScopeFocus *focus = open ? scope_tab_get_focus(tab) : NULL;
    bool figure = tab && (scope_tab_get_pane(tab) || scope_tab_get_weights(tab));
    bool table = tab && scope_tab_get_table(tab);
    enable(self, "win.export", figure || table);
    enable(self, "win.copy", figure || table);
    enable(self, "win.copy-command", figure);
    enable(self, "win.report", open);
    enable(self, "win.find", open && scope_views_get_page(scope_tab_get_views(tab)));
    enable(self, "win.filter", open);
    enable(self, "win.undo", focus && scope_focus_can_undo(focus));
    enable(self, "win.redo", focus && scope_focus_can_redo(focus));
    enable(self, "win.view", open);
    enable(self, "win.turn-tab", scope_tabs_count(self->tabs) > 1);
}

/* Below this width, pixels, what has keys as well makes way for what has none. */
#define NARROW 720

static void
refresh(ScopeWindow *self)
{
    ScopeTab *tab = scope_window_get_tab(self);
    bool open = tab && scope_tab_get_state(tab) == SCOPE_TAB_OPEN;
    GtkWidget *of_open[] = {self->export_button, GTK_WIDGET(self->filter)};
    GtkWidget *of_wide[] = {self->undo_box, self->inspector_button};
    int width, height;
    show_title(self, tab);
    enable_actions(self, tab, open);
    for (gsize i = 0; i < G_N_ELEMENTS(of_open); i++)
        gtk_widget_set_visible(of_open[i], open);
    gtk_window_get_default_size(GTK_WINDOW(self), &width, &height);
    for (gsize i = 0; i < G_N_ELEMENTS(of_wide); i++)
        gtk_widget_set_visible(of_wide[i], open && width >= NARROW);
    scope_filter_bar_set_narrow(self->filter, width < NARROW);
    scope_filter_bar_show(self->filter, open ? scope_tab_get_document(tab) : NULL,
                          open ? scope_tab_get_focus(tab) : NULL);
    gtk_stack_set_visible_child_name(self->stack, tab ? "tabs" : "welcome");
}

static void
on_tabs_changed(ScopeWindow *self)
{
    bool emptied = scope_tabs_count(self->tabs) == 0;
    ScopeTab *tab = scope_window_get_tab(self);
    const char *view = tab ? scope_views_get_name(scope_tab_get_views(tab)) : self->view;
    if (view != self->view && scope_tab_get_state(tab) == SCOPE_TAB_OPEN) {
        scope_state_set_text("view", view);
        self->view = view;
    }
    if (emptied)
        scope_welcome_refresh(self->welcome);
    refresh(self);
}

/* --- Opening ----------------------------------------------------------------------------------*/

static void
list_recent(ScopeWindow *self)
{
    scope_recent_refresh(self->recent);
}

static void
open_as_one(ScopeWindow *self, GListModel *files)
{
    dismiss_banner(self);
    gtk_popover_popdown(self->recent_popover);
    scope_tabs_open(self->tabs, files);
    refresh(self);
}

void
scope_window_open(ScopeWindow *window, GFile *file)
{
    g_autoptr(GListModel) files = scope_together_one(file);
    open_as_one(window, files);
}

void
scope_window_open_all(ScopeWindow *window, GListModel *files, bool as_one)
{
    guint n = g_list_model_get_n_items(files);
    if (as_one && n > 0)
        open_as_one(window, files);
    for (guint i = 0; !as_one && i < n; i++) {
        g_autoptr(GFile) file = g_list_model_get_item(files, i);
        scope_window_open(window, file);
    }
}

static void
on_told(GtkWindow *window, GListModel *files, bool as_one)
{
    scope_window_open_all(SCOPE_WINDOW(window), files, as_one);
}

void
scope_window_offer(ScopeWindow *window, GListModel *files)
{
    if (scope_together_may(files))
        scope_together_ask(GTK_WINDOW(window), files, on_told);
    else
        scope_window_open_all(window, files, false);
}

bool
scope_window_is_blank(ScopeWindow *window)
{
    return scope_tabs_count(window->tabs) == 0;
}

static void
on_sample_made(ScopeWindow *self, GFile *file)
{
    scope_window_open(self, file);
}

void
scope_window_open_sample(ScopeWindow *window)
{
    scope_window_tell(window, _("A small model is trained as a sample. It opens when it has "
                                "recorded something."));
    scope_welcome_train(window->welcome);
}

static gboolean
on_drop(ScopeWindow *self, const GValue *value)
{
    g_autoptr(GListStore) files = g_list_store_new(G_TYPE_FILE);
    for (GSList *i = g_value_get_boxed(value); i; i = i->next)
        g_list_store_append(files, i->data);
    scope_window_offer(self, G_LIST_MODEL(files));
    return TRUE;
}

static void
accept_files(ScopeWindow *self)
{
    GtkDropTarget *target = gtk_drop_target_new(GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
    g_signal_connect_swapped(target, "drop", G_CALLBACK(on_drop), self);
    gtk_widget_add_controller(GTK_WIDGET(self), GTK_EVENT_CONTROLLER(target));
}

void
scope_window_focus_filter(ScopeWindow *window)
{
    gtk_widget_grab_focus(GTK_WIDGET(window->filter));
}

/* --- Size -------------------------------------------------------------------------------------*/

static void
restore_size(ScopeWindow *self)
{
    int width = scope_state_get_int("width", 1280), height = scope_state_get_int("height", 800);
    gtk_window_set_default_size(GTK_WINDOW(self), MAX(width, 320), MAX(height, 240));
    if (scope_state_get_int("maximized", 0))
        gtk_window_maximize(GTK_WINDOW(self));
}

static void
remember_size(ScopeWindow *self)
{
    int width, height;
    bool maximized = gtk_window_is_maximized(GTK_WINDOW(self));
    gtk_window_get_default_size(GTK_WINDOW(self), &width, &height);
    scope_state_set_int("maximized", maximized);
    if (!maximized && width > 0 && height > 0) {
        scope_state_set_int("width", width);
        scope_state_set_int("height", height);
    }
}

static void
scope_window_unmap(GtkWidget *widget)
{
    remember_size(SCOPE_WINDOW(widget));
    GTK_WIDGET_CLASS(scope_window_parent_class)->unmap(widget);
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
    ScopeWindow *self = SCOPE_WINDOW(object);
    if (id == PROP_INSPECTOR) {
        self->inspector = g_value_get_boolean(value);
        scope_state_set_int("inspector", self->inspector);
    } else {
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
}

static void
bind_template(GtkWidgetClass *class)
{
    gtk_widget_class_set_template_from_resource(class, "/org/moescope/Moescope/ui/window.ui");
    gtk_widget_class_bind_template_child(class, ScopeWindow, stack);
    gtk_widget_class_bind_template_child(class, ScopeWindow, welcome);
    gtk_widget_class_bind_template_child(class, ScopeWindow, tabs);
    gtk_widget_class_bind_template_child(class, ScopeWindow, title);
    gtk_widget_class_bind_template_child(class, ScopeWindow, subtitle);
    gtk_widget_class_bind_template_child(class, ScopeWindow, filter);
    gtk_widget_class_bind_template_child(class, ScopeWindow, undo_box);
    gtk_widget_class_bind_template_child(class, ScopeWindow, export_button);
    gtk_widget_class_bind_template_child(class, ScopeWindow, inspector_button);
    gtk_widget_class_bind_template_child(class, ScopeWindow, recent);
    gtk_widget_class_bind_template_child(class, ScopeWindow, recent_popover);
    gtk_widget_class_bind_template_child(class, ScopeWindow, banner);
    gtk_widget_class_bind_template_child(class, ScopeWindow, banner_icon);
    gtk_widget_class_bind_template_child(class, ScopeWindow, banner_label);
    gtk_widget_class_bind_template_callback(class, show_banner);
    gtk_widget_class_bind_template_callback(class, dismiss_banner);
    gtk_widget_class_bind_template_callback(class, list_recent);
    gtk_widget_class_bind_template_callback(class, on_sample_made);
    gtk_widget_class_bind_template_callback(class, on_tabs_changed);
}

static void
scope_window_class_init(ScopeWindowClass *class)
{
    GObjectClass *object_class = G_OBJECT_CLASS(class);
    object_class->get_property = scope_window_get_property;
    object_class->set_property = scope_window_set_property;
    GTK_WIDGET_CLASS(class)->unmap = scope_window_unmap;
    props[PROP_INSPECTOR] = g_param_spec_boolean("inspector", NULL, NULL, TRUE,
                                                 G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(object_class, N_PROPS, props);
    g_type_ensure(SCOPE_TYPE_FILTER_BAR);
    g_type_ensure(SCOPE_TYPE_RECENT);
    g_type_ensure(SCOPE_TYPE_TABS);
    g_type_ensure(SCOPE_TYPE_WELCOME);
    bind_template(GTK_WIDGET_CLASS(class));
    scope_window_install_actions(GTK_WIDGET_CLASS(class));
}

static void
scope_window_init(ScopeWindow *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    accept_files(self);
    restore_size(self);
    g_signal_connect(self, "notify::default-width", G_CALLBACK(refresh), NULL);
    g_object_bind_property(self, "inspector", self->tabs, "inspector", G_BINDING_SYNC_CREATE);
    self->inspector = scope_state_get_int("inspector", 1) != 0;
    g_object_notify_by_pspec(G_OBJECT(self), props[PROP_INSPECTOR]);
    refresh(self);
}

ScopeWindow *
scope_window_new(GtkApplication *application)
{
    return g_object_new(SCOPE_TYPE_WINDOW, "application", application, NULL);
}
