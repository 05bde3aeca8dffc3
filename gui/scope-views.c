/* SPDX-License-Identifier: MIT
 *
 * Pages are made when they are first turned to.
 */
#include "scope-views.h"

#include "scope-options-form.h"
#include "scope-text.h"

#include <glib/gi18n.h>

/* Widths, in characters of the font, below which the inspector and the sidebar make way. */
#define INSPECTOR_FROM 125
#define SIDEBAR_FROM   70
/* The same for all views, so that nothing moves when one turns to another. */
#define INSPECTOR_WIDTH 38

struct _ScopeViews {
    GtkWidget parent_instance;
    ScopeDocument *document;   /* or NULL */
    ScopeFocus *focus;         /* or NULL */
    const ScopePageInfo *info; /* of the view that is shown */
    ScopePage *followed_page;  /* what is shown, and its pane; either may be NULL */
    ScopePane *followed_pane;
    guint filling; /* the inspector, once the view is drawn; 0: it is filled */

    GtkWidget *sidebar, *content, *inspector;
    GtkListBox *list;
    GtkStack *stack;
    GtkWidget *inspector_box; /* what it shows is its one child */
    GtkImage *empty_icon;
    GtkLabel *empty_title, *empty;
    GtkWidget *ways_on; /* below; what is on its way needs none */
    GtkWidget *sample;  /* one of them */
};

G_DEFINE_FINAL_TYPE(ScopeViews, scope_views, GTK_TYPE_WIDGET)

enum { PROP_INSPECTOR = 1, N_PROPS };
static GParamSpec *props[N_PROPS];
enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
tell(ScopeViews *self)
{
    g_signal_emit(self, signals[CHANGED], 0);
}

/* --- The inspector ----------------------------------------------------------------------------*/

static GtkWidget *
words_new(const char *text, const char *class)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 28);
    gtk_widget_add_css_class(label, class);
    return label;
}

/* What a pane shows, and its options. */
static GtkWidget *
options_new(ScopePane *pane)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    GtkWidget *form = g_object_new(SCOPE_TYPE_OPTIONS_FORM, NULL);
    const MoeFigure *figure = scope_pane_get_figure(pane);
    g_autofree char *help = scope_text_sentence(figure->help);
    scope_options_form_set_pane(SCOPE_OPTIONS_FORM(form), pane);
    gtk_widget_set_margin_top(form, 12);
    gtk_box_append(GTK_BOX(box), words_new(figure->title, "heading"));
    gtk_box_append(GTK_BOX(box), words_new(help, "note"));
    gtk_box_append(GTK_BOX(box), form);
    return box;
}

static gboolean
fill_inspector(gpointer views)
{
    ScopeViews *self = views;
    ScopePage *page = scope_views_get_page(self);
    GtkWidget *own = page ? scope_page_make_inspector(page) : NULL;
    ScopePane *pane = page ? scope_page_get_pane(page) : NULL;
    GtkWidget *child;
    while ((child = gtk_widget_get_first_child(self->inspector_box)))
        gtk_box_remove(GTK_BOX(self->inspector_box), child);
    if (own || pane)
        gtk_box_append(GTK_BOX(self->inspector_box), own ? own : options_new(pane));
    self->filling = 0;
    gtk_widget_queue_resize(GTK_WIDGET(self)); /* one without anything in it makes way */
    return G_SOURCE_REMOVE;
}

/* Its controls take as long to build and to measure as all of the view: the view goes first. What
 * it shows of another view stays until then, its place is kept where there is nothing yet. */
static void
fill_inspector_soon(ScopeViews *self)
{
    if (!self->filling)
        self->filling = g_idle_add_full(G_PRIORITY_DEFAULT_IDLE, fill_inspector, self, NULL);
}

static bool
has_inspector(ScopeViews *self)
{
    return self->filling || gtk_widget_get_first_child(self->inspector_box);
}

/* --- Following the page -----------------------------------------------------------------------*/

static void
follow_pane(ScopeViews *self)
{
    ScopePane *pane = self->followed_page ? scope_page_get_pane(self->followed_page) : NULL;
    if (self->followed_pane)
        g_signal_handlers_disconnect_by_func(self->followed_pane, tell, self);
    g_set_weak_pointer(&self->followed_pane, pane);
    if (pane)
        g_signal_connect_object(pane, "notify::has-figure", G_CALLBACK(tell), self,
                                G_CONNECT_SWAPPED);
}

static void
on_pane_changed(ScopeViews *self)
{
    follow_pane(self);
    if (!SCOPE_PAGE_GET_CLASS(self->followed_page)->make_inspector)
        fill_inspector_soon(self);
    tell(self);
}

static void
follow(ScopeViews *self, ScopePage *page)
{
    if (self->followed_page)
        g_signal_handlers_disconnect_by_func(self->followed_page, on_pane_changed, self);
    g_set_weak_pointer(&self->followed_page, page);
    if (page)
        g_signal_connect_object(page, "notify::pane", G_CALLBACK(on_pane_changed), self,
                                G_CONNECT_SWAPPED);
    follow_pane(self);
}

/* --- Views ------------------------------------------------------------------------------------*/

static ScopePage *
page_of(ScopeViews *self, const ScopePageInfo *info)
{
    GtkWidget *page = gtk_stack_get_child_by_name(self->stack, info->name);
    if (!page) {
        page = g_object_new(info->type(), NULL);
        gtk_accessible_update_property(GTK_ACCESSIBLE(page), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       info->title, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                       _(info->help), -1);
        gtk_stack_add_named(self->stack, page, info->name);
    }
    return SCOPE_PAGE(page);
}

static void
show_page(ScopeViews *self)
{
    ScopePage *page = page_of(self, self->info);
    if (scope_page_get_document(page) != self->document)
        scope_page_show(page, self->document, self->focus);
    gtk_stack_set_visible_child(self->stack, GTK_WIDGET(page));
    follow(self, page);
}

static void
show_empty(ScopeViews *self, const char *why)
{
    gtk_image_set_from_icon_name(self->empty_icon, self->info->icon);
    gtk_label_set_label(self->empty_title, _(self->info->title));
    gtk_label_set_label(self->empty, why);
    gboolean live = FALSE;
    g_object_get(self->document, "live", &live, NULL);
    gtk_widget_set_visible(self->ways_on, !live);
    gtk_widget_set_visible(self->sample, self->info->sample);
    gtk_stack_set_visible_child_name(self->stack, "empty");
    follow(self, NULL);
}

/* Whether there is something to see may change while a run goes on. */
static void
refresh(ScopeViews *self)
{
    g_autofree char *why = NULL;
    if (!self->document || !self->info)
        return;
    ScopePage *before = self->followed_page;
    if (!self->info->suits || self->info->suits(self->document, &why))
        show_page(self);
    else
        show_empty(self, why);
    if (self->followed_page != before)
        fill_inspector_soon(self);
    tell(self);
}

static void
on_row_selected(ScopeViews *self, GtkListBoxRow *row)
{
    if (!row)
        return;
    self->info = &scope_pages[gtk_list_box_row_get_index(row)];
    refresh(self);
}

/* What one sees there, and the keys that lead there. */
static void
set_tooltip(GtkWidget *row, const ScopePageInfo *info)
{
    guint key;
    GdkModifierType keys;
    g_autofree char *trigger = scope_page_key(info);
    gtk_accelerator_parse(trigger, &key, &keys);
    g_autofree char *label = gtk_accelerator_get_label(key, keys);
    g_autofree char *text = g_strdup_printf("%s (%s)", _(info->help), label);
    gtk_widget_set_tooltip_text(row, text);
}

static GtkWidget *
row_new(const ScopePageInfo *info)
{
    GtkWidget *row = gtk_list_box_row_new();
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10);
    GtkWidget *icon = gtk_image_new_from_icon_name(info->icon),
              *label = gtk_label_new(_(info->title));
    gtk_accessible_update_state(GTK_ACCESSIBLE(icon), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
    gtk_box_append(GTK_BOX(box), icon);
    gtk_box_append(GTK_BOX(box), label);
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
    set_tooltip(row, info);
    gtk_widget_set_name(row, info->name);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _(info->title), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                   _(info->help), -1);
    return row;
}

/* --- Layout -----------------------------------------------------------------------------------*/

static int
characters(GtkWidget *widget, int n)
{
    PangoFontMetrics *metrics =
        pango_context_get_metrics(gtk_widget_get_pango_context(widget), NULL, NULL);
    int width = pango_font_metrics_get_approximate_char_width(metrics);
    pango_font_metrics_unref(metrics);
    return PANGO_PIXELS(width * n);
}

static void
measure_width(GtkWidget *widget, int *minimum, int *natural)
{
    *minimum = *natural = 0;
    if (gtk_widget_get_visible(widget))
        gtk_widget_measure(widget, GTK_ORIENTATION_HORIZONTAL, -1, minimum, natural, NULL, NULL);
}

/* Of the inspector, which an empty view has none of: 0. */
static int
inspector_width(ScopeViews *self)
{
    int minimum, natural;
    measure_width(self->inspector, &minimum, &natural);
    return has_inspector(self) && natural > 0
               ? MAX(minimum, characters(GTK_WIDGET(self), INSPECTOR_WIDTH))
               : 0;
}

static void
scope_views_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                    int *natural, int *minimum_baseline, int *natural_baseline)
{
    ScopeViews *self = SCOPE_VIEWS(widget);
    GtkWidget *sides[] = {self->sidebar, self->inspector};
    *minimum_baseline = *natural_baseline = -1;
    gtk_widget_measure(self->content, orientation, -1, minimum, natural, NULL, NULL);
    for (int i = 0; i < 2; i++) {
        int side_minimum = 0, side_natural = 0;
        if (gtk_widget_get_visible(sides[i]))
            gtk_widget_measure(sides[i], orientation, -1, &side_minimum, &side_natural, NULL, NULL);
        if (orientation == GTK_ORIENTATION_HORIZONTAL)
            *natural += side_natural;
        else
            *minimum = MAX(*minimum, side_minimum);
    }
    *natural = MAX(*natural, *minimum);
}

/* Gives a side its width where there is enough of it; says how much it took. */
static int
place(GtkWidget *side, int x, int width, int height, bool shown)
{
    shown = shown && gtk_widget_get_visible(side);
    gtk_widget_set_child_visible(side, shown);
    if (shown)
        gtk_widget_size_allocate(side, &(GtkAllocation){x, 0, width, height}, -1);
    return shown ? width : 0;
}

static void
scope_views_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
    ScopeViews *self = SCOPE_VIEWS(widget);
    int side, narrowest, least, inspector = inspector_width(self);
    measure_width(self->sidebar, &narrowest, &side);
    gtk_widget_measure(GTK_WIDGET(self->stack), GTK_ORIENTATION_HORIZONTAL, -1, &least, NULL, NULL,
                       NULL); /* what is narrower scrolls */
    bool sidebar_fits = width >= characters(widget, SIDEBAR_FROM) && width >= side + least;
    bool inspector_fits =
        width >= characters(widget, INSPECTOR_FROM) && width >= side + inspector + least;
    bool mirrored = gtk_widget_get_direction(widget) == GTK_TEXT_DIR_RTL;
    int first = place(self->sidebar, mirrored ? width - side : 0, side, height, sidebar_fits);
    int last = place(self->inspector, mirrored ? 0 : width - inspector, inspector, height,
                     inspector > 0 && inspector_fits);
    gtk_widget_size_allocate(
        self->content, &(GtkAllocation){mirrored ? last : first, 0, width - first - last, height},
        -1);
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_views_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    if (id == PROP_INSPECTOR)
        g_value_set_boolean(value, gtk_widget_get_visible(SCOPE_VIEWS(object)->inspector));
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void
scope_views_set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    if (id == PROP_INSPECTOR)
        gtk_widget_set_visible(SCOPE_VIEWS(object)->inspector, g_value_get_boolean(value));
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void
scope_views_dispose(GObject *object)
{
    ScopeViews *self = SCOPE_VIEWS(object);
    follow(self, NULL);
    g_clear_handle_id(&self->filling, g_source_remove);
    if (self->document)
        g_signal_handlers_disconnect_by_func(self->document, refresh, self);
    g_clear_object(&self->document);
    g_clear_object(&self->focus);
    gtk_widget_dispose_template(GTK_WIDGET(object), SCOPE_TYPE_VIEWS);
    G_OBJECT_CLASS(scope_views_parent_class)->dispose(object);
}

static void
scope_views_class_init(ScopeViewsClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    GObjectClass *object_class = G_OBJECT_CLASS(class);
    object_class->get_property = scope_views_get_property;
    object_class->set_property = scope_views_set_property;
    object_class->dispose = scope_views_dispose;
    props[PROP_INSPECTOR] = g_param_spec_boolean("inspector", NULL, NULL, TRUE,
                                                 G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(object_class, N_PROPS, props);
    widget_class->measure = scope_views_measure;
    widget_class->size_allocate = scope_views_size_allocate;
    signals[CHANGED] = g_signal_new("changed", SCOPE_TYPE_VIEWS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 0);
    gtk_widget_class_set_template_from_resource(widget_class, "/org/moescope/Moescope/ui/views.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopeViews, sidebar);
    gtk_widget_class_bind_template_child(widget_class, ScopeViews, content);
    gtk_widget_class_bind_template_child(widget_class, ScopeViews, inspector);
    gtk_widget_class_bind_template_child(widget_class, ScopeViews, list);
    gtk_widget_class_bind_template_child(widget_class, ScopeViews, stack);
    gtk_widget_class_bind_template_child(widget_class, ScopeViews, inspector_box);
    gtk_widget_class_bind_template_child(widget_class, ScopeViews, empty_icon);
    gtk_widget_class_bind_template_child(widget_class, ScopeViews, empty_title);
    gtk_widget_class_bind_template_child(widget_class, ScopeViews, empty);
    gtk_widget_class_bind_template_child(widget_class, ScopeViews, ways_on);
    gtk_widget_class_bind_template_child(widget_class, ScopeViews, sample);
    gtk_widget_class_bind_template_callback(widget_class, on_row_selected);
}

static void
scope_views_init(ScopeViews *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    for (const ScopePageInfo *info = scope_pages; info->name; info++)
        gtk_list_box_append(self->list, row_new(info));
    gtk_list_box_select_row(self->list, gtk_list_box_get_row_at_index(self->list, 0));
}

/* A view that was remembered, but has nothing to show of this document, is no place to begin at;
 * what is still on its way may be waited for. */
static void
begin_where_something_is(ScopeViews *self)
{
    g_autofree char *why = NULL;
    gboolean live = FALSE;
    g_object_get(self->document, "live", &live, NULL);
    if (!live && self->info && self->info->suits && !self->info->suits(self->document, &why))
        gtk_list_box_select_row(self->list, gtk_list_box_get_row_at_index(self->list, 0));
}

void
scope_views_show(ScopeViews *views, ScopeDocument *document, ScopeFocus *focus)
{
    bool first = !views->document;
    if (!first)
        g_signal_handlers_disconnect_by_func(views->document, refresh, views);
    g_set_object(&views->document, document);
    g_set_object(&views->focus, focus);
    if (first)
        begin_where_something_is(views);
    g_signal_connect_object(document, "grown", G_CALLBACK(refresh), views, G_CONNECT_SWAPPED);
    refresh(views);
}

/* Where it was in that page, or else at its first control. */
static void
take_keyboard(GtkWidget *page)
{
    GtkWidget *at = page, *inner;
    while ((inner = gtk_widget_get_focus_child(at)))
        at = inner;
    if (at == page || !gtk_widget_get_mapped(at) || !gtk_widget_grab_focus(at))
        gtk_widget_child_focus(page, GTK_DIR_TAB_FORWARD);
}

void
scope_views_turn(ScopeViews *views, const char *name)
{
    for (int i = 0; scope_pages[i].name; i++)
        if (g_str_equal(scope_pages[i].name, name))
            gtk_list_box_select_row(views->list, gtk_list_box_get_row_at_index(views->list, i));
    if (views->followed_page && gtk_widget_get_mapped(GTK_WIDGET(views)))
        take_keyboard(GTK_WIDGET(views->followed_page));
}

const char *
scope_views_get_name(ScopeViews *views)
{
    return views->info->name;
}

ScopePage *
scope_views_get_page(ScopeViews *views)
{
    return views->followed_page;
}
