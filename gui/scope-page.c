/* SPDX-License-Identifier: MIT
 *
 * What all pages share: a document, a focus, and a child that fills them.
 */
#include "scope-page.h"

typedef struct ScopePagePrivate {
    ScopeDocument *document; /* or NULL */
    ScopeFocus *focus;       /* or NULL */
    ScopePane *pointed;      /* at last, of the panes that are watched; or NULL */
    GPtrArray *watched;      /* of ScopePane, none of them owned */
} ScopePagePrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE(ScopePage, scope_page, GTK_TYPE_WIDGET)

enum { PROP_PANE = 1, N_PROPS };
static GParamSpec *props[N_PROPS];

static ScopePagePrivate *
private_of(ScopePage *page)
{
    return scope_page_get_instance_private(page);
}

static void
scope_page_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    if (id == PROP_PANE)
        g_value_set_object(value, scope_page_get_pane(SCOPE_PAGE(object)));
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void
scope_page_dispose(GObject *object)
{
    ScopePagePrivate *private = private_of(SCOPE_PAGE(object));
    GtkWidget *child;
    private->pointed = NULL;
    g_ptr_array_set_size(private->watched, 0);
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(object))))
        gtk_widget_unparent(child);
    g_clear_object(&private->document);
    g_clear_object(&private->focus);
    G_OBJECT_CLASS(scope_page_parent_class)->dispose(object);
}

static void
scope_page_finalize(GObject *object)
{
    g_ptr_array_unref(private_of(SCOPE_PAGE(object))->watched);
    G_OBJECT_CLASS(scope_page_parent_class)->finalize(object);
}

static void
scope_page_class_init(ScopePageClass *class)
{
    GObjectClass *object_class = G_OBJECT_CLASS(class);
    object_class->get_property = scope_page_get_property;
    object_class->dispose = scope_page_dispose;
    object_class->finalize = scope_page_finalize;
    props[PROP_PANE] = g_param_spec_object("pane", NULL, NULL, SCOPE_TYPE_PANE,
                                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(object_class, N_PROPS, props);
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(class), GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "page");
}

static void
scope_page_init(ScopePage *self)
{
    private_of(self)->watched = g_ptr_array_new();
    gtk_widget_set_hexpand(GTK_WIDGET(self), TRUE);
    gtk_widget_set_vexpand(GTK_WIDGET(self), TRUE);
}

ScopeDocument *
scope_page_get_document(ScopePage *page)
{
    return private_of(page)->document;
}

ScopeFocus *
scope_page_get_focus(ScopePage *page)
{
    return private_of(page)->focus;
}

void
scope_page_show(ScopePage *page, ScopeDocument *document, ScopeFocus *focus)
{
    ScopePagePrivate *private = private_of(page);
    ScopePageClass *class = SCOPE_PAGE_GET_CLASS(page);
    g_set_object(&private->document, document);
    g_set_object(&private->focus, focus);
    if (class->show)
        class->show(page, document, focus);
}

/* --- Panes ------------------------------------------------------------------------------------*/

static ScopePane *
watched_pane(ScopePagePrivate *private)
{
    const GPtrArray *watched = private->watched;
    if (private->pointed && gtk_widget_get_mapped(GTK_WIDGET(private->pointed)))
        return private->pointed;
    for (guint i = 0; i < watched->len; i++)
        if (gtk_widget_get_mapped(watched->pdata[i]))
            return watched->pdata[i];
    return watched->len > 0 ? watched->pdata[0] : NULL;
}

ScopePane *
scope_page_get_pane(ScopePage *page)
{
    ScopePageClass *class = SCOPE_PAGE_GET_CLASS(page);
    return class->get_pane ? class->get_pane(page) : watched_pane(private_of(page));
}

ScopeTable *
scope_page_get_table(ScopePage *page)
{
    ScopePageClass *class = SCOPE_PAGE_GET_CLASS(page);
    return class->get_table ? class->get_table(page) : NULL;
}

static void
on_pressed(GtkEventController *click, int presses, double x, double y, ScopePage *self)
{
    ScopePagePrivate *private = private_of(self);
    ScopePane *pane = SCOPE_PANE(gtk_event_controller_get_widget(click));
    bool same = pane == scope_page_get_pane(self);
    private->pointed = pane;
    if (!same)
        scope_page_pane_changed(self);
}

void
scope_page_watch(ScopePage *page, ScopePane *pane)
{
    GtkEventController *click = GTK_EVENT_CONTROLLER(gtk_gesture_click_new());
    gtk_event_controller_set_propagation_phase(click, GTK_PHASE_CAPTURE);
    g_signal_connect_object(click, "pressed", G_CALLBACK(on_pressed), page, 0);
    gtk_widget_add_controller(GTK_WIDGET(pane), click);
    g_ptr_array_add(private_of(page)->watched, pane);
}

void
scope_page_pane_changed(ScopePage *page)
{
    g_object_notify_by_pspec(G_OBJECT(page), props[PROP_PANE]);
}

/* A template knows lengths alone. Once it is allocated, the paned keeps its proportions. */
void
scope_page_divide(ScopePage *page, GtkPaned *halves, double share)
{
    GtkWidget *around = gtk_widget_get_parent(GTK_WIDGET(page));
    while (around && gtk_widget_get_height(around) == 0) /* in a tab that is new */
        around = gtk_widget_get_parent(around);
    int height = around ? (int)(share * gtk_widget_get_height(around)) : 0;
    if (!gtk_widget_get_mapped(GTK_WIDGET(page)))
        gtk_paned_set_position(halves, MAX(gtk_paned_get_position(halves), height));
}

GtkWidget *
scope_page_make_inspector(ScopePage *page)
{
    ScopePageClass *class = SCOPE_PAGE_GET_CLASS(page);
    return class->make_inspector ? class->make_inspector(page) : NULL;
}

bool
scope_page_find(ScopePage *page)
{
    ScopePageClass *class = SCOPE_PAGE_GET_CLASS(page);
    if (class->find)
        class->find(page);
    return class->find != NULL;
}
