/* SPDX-License-Identifier: MIT
 *
 * What fails is said where it is the only tab there; else the tab goes, and the others stay as they
 * are.
 */
#include "scope-tabs.h"

#include "scope-state.h"

#include <glib/gi18n.h>

struct _ScopeTabs {
    GtkWidget parent_instance;
    GtkNotebook *notebook;
    bool inspector;
};

G_DEFINE_FINAL_TYPE(ScopeTabs, scope_tabs, GTK_TYPE_WIDGET)

enum { PROP_INSPECTOR = 1, N_PROPS };
static GParamSpec *props[N_PROPS];
enum { CHANGED, FAILED, N_SIGNALS };
static guint signals[N_SIGNALS];

int
scope_tabs_count(ScopeTabs *tabs)
{
    return tabs->notebook ? gtk_notebook_get_n_pages(tabs->notebook) : 0;
}

ScopeTab *
scope_tabs_get(ScopeTabs *tabs, int i)
{
    return i >= 0 && i < scope_tabs_count(tabs)
               ? SCOPE_TAB(gtk_notebook_get_nth_page(tabs->notebook, i))
               : NULL;
}

ScopeTab *
scope_tabs_get_current(ScopeTabs *tabs)
{
    return tabs->notebook ? scope_tabs_get(tabs, gtk_notebook_get_current_page(tabs->notebook))
                          : NULL;
}

static void
tell(ScopeTabs *self)
{
    if (!self->notebook)
        return;
    gtk_notebook_set_show_tabs(self->notebook, scope_tabs_count(self) > 1);
    g_signal_emit(self, signals[CHANGED], 0);
}

/* --- Closing ----------------------------------------------------------------------------------*/

void
scope_tabs_close(ScopeTabs *tabs, ScopeTab *tab)
{
    gtk_notebook_remove_page(tabs->notebook,
                             gtk_notebook_page_num(tabs->notebook, GTK_WIDGET(tab)));
    tell(tabs);
}

/* A tab that says why nothing is there has had its time. */
static void
drop_failed(ScopeTabs *self)
{
    for (int i = scope_tabs_count(self) - 1; i >= 0; i--)
        if (scope_tab_get_state(scope_tabs_get(self, i)) == SCOPE_TAB_FAILED)
            gtk_notebook_remove_page(self->notebook, i);
}

static void
on_tab_changed(ScopeTab *tab, ScopeTabs *self)
{
    ScopeTabState state = scope_tab_get_state(tab);
    bool failed = state == SCOPE_TAB_FAILED && scope_tabs_count(self) > 1;
    if (failed)
        g_signal_emit(self, signals[FAILED], 0, scope_tab_get_problem(tab));
    if (failed || state == SCOPE_TAB_CANCELLED)
        scope_tabs_close(self, tab);
    else
        tell(self);
}

/* --- Opening ----------------------------------------------------------------------------------*/

static void
on_close_clicked(GtkButton *button, ScopeTab *tab)
{
    GtkWidget *tabs = gtk_widget_get_ancestor(GTK_WIDGET(tab), SCOPE_TYPE_TABS);
    scope_tabs_close(SCOPE_TABS(tabs), tab);
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
    gtk_widget_set_hexpand(label, TRUE);
    gtk_button_set_has_frame(GTK_BUTTON(close), FALSE);
    gtk_widget_set_tooltip_text(close, _("Close (Ctrl+W)"));
    gtk_accessible_update_property(GTK_ACCESSIBLE(close), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Close"),
                                   -1);
    g_signal_connect_object(close, "clicked", G_CALLBACK(on_close_clicked), tab, 0);
    gtk_box_append(GTK_BOX(box), label);
    gtk_box_append(GTK_BOX(box), close);
    return box;
}

static bool
are_same(GListModel *a, GListModel *b)
{
    guint n = g_list_model_get_n_items(a);
    for (guint i = 0; i < n && n == g_list_model_get_n_items(b); i++) {
        g_autoptr(GFile) x = g_list_model_get_item(a, i), y = g_list_model_get_item(b, i);
        if (!g_file_equal(x, y))
            return false;
    }
    return n == g_list_model_get_n_items(b);
}

/* Whether it shows what was there before something else was written in its place. */
static bool
is_outdated(ScopeTab *tab)
{
    ScopeDocument *document = scope_tab_get_document(tab);
    return document && scope_document_outdated(document);
}

/* What was written anew is read anew. */
static bool
turn_to_open(ScopeTabs *self, GListModel *files)
{
    for (int i = 0; i < scope_tabs_count(self); i++) {
        ScopeTab *tab = scope_tabs_get(self, i);
        if (!are_same(scope_tab_get_files(tab), files))
            continue;
        gtk_notebook_set_current_page(self->notebook, i);
        if (!is_outdated(tab))
            return true;
        scope_tabs_close(self, tab);
        return false;
    }
    return false;
}

void
scope_tabs_open(ScopeTabs *tabs, GListModel *files)
{
    g_autofree char *view = scope_state_get_text("view", "");
    drop_failed(tabs);
    if (turn_to_open(tabs, files))
        return;
    ScopeTab *tab = scope_tab_new();
    scope_tab_open(tab, files);
    scope_views_turn(scope_tab_get_views(tab), view);
    int i = gtk_notebook_append_page(tabs->notebook, GTK_WIDGET(tab), label_new(tab));
    g_object_bind_property(tabs, "inspector", scope_tab_get_views(tab), "inspector",
                           G_BINDING_SYNC_CREATE);
    gtk_notebook_set_tab_reorderable(tabs->notebook, GTK_WIDGET(tab), TRUE);
    g_signal_connect_object(tab, "changed", G_CALLBACK(on_tab_changed), tabs, 0);
    gtk_notebook_set_current_page(tabs->notebook, i);
    tell(tabs);
}

void
scope_tabs_turn(ScopeTabs *tabs, int by)
{
    int n = scope_tabs_count(tabs);
    if (n > 0)
        gtk_notebook_set_current_page(tabs->notebook,
                                      (gtk_notebook_get_current_page(tabs->notebook) + n + by) % n);
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_tabs_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    if (id == PROP_INSPECTOR)
        g_value_set_boolean(value, SCOPE_TABS(object)->inspector);
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void
scope_tabs_set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    if (id == PROP_INSPECTOR)
        SCOPE_TABS(object)->inspector = g_value_get_boolean(value);
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

/* The page that is shown last: a notebook that turns to another page asks its window for the focus,
 * and may no longer have a window. */
static void
close_all(GtkNotebook *notebook)
{
    int n = gtk_notebook_get_n_pages(notebook), shown = gtk_notebook_get_current_page(notebook);
    for (int i = n - 1; i > shown; i--)
        gtk_notebook_remove_page(notebook, i);
    for (int i = shown - 1; i >= 0; i--)
        gtk_notebook_remove_page(notebook, i);
    if (n > 0)
        gtk_notebook_remove_page(notebook, 0);
}

static void
scope_tabs_dispose(GObject *object)
{
    GtkNotebook *notebook = g_steal_pointer(&SCOPE_TABS(object)->notebook);
    if (notebook) {
        close_all(notebook);
        gtk_widget_unparent(GTK_WIDGET(notebook));
    }
    G_OBJECT_CLASS(scope_tabs_parent_class)->dispose(object);
}

static void
scope_tabs_class_init(ScopeTabsClass *class)
{
    GObjectClass *object_class = G_OBJECT_CLASS(class);
    object_class->get_property = scope_tabs_get_property;
    object_class->set_property = scope_tabs_set_property;
    object_class->dispose = scope_tabs_dispose;
    props[PROP_INSPECTOR] =
        g_param_spec_boolean("inspector", NULL, NULL, TRUE,
                             G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(object_class, N_PROPS, props);
    signals[CHANGED] = g_signal_new("changed", SCOPE_TYPE_TABS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 0);
    signals[FAILED] = g_signal_new("failed", SCOPE_TYPE_TABS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(class), GTK_TYPE_BIN_LAYOUT);
}

static void
scope_tabs_init(ScopeTabs *self)
{
    GtkWidget *notebook = gtk_notebook_new();
    self->notebook = GTK_NOTEBOOK(notebook);
    gtk_notebook_set_scrollable(self->notebook, TRUE);
    gtk_notebook_set_show_border(self->notebook, FALSE);
    gtk_notebook_set_show_tabs(self->notebook, FALSE);
    g_signal_connect_object(notebook, "notify::page", G_CALLBACK(tell), self, G_CONNECT_SWAPPED);
    gtk_widget_set_parent(notebook, GTK_WIDGET(self));
}
