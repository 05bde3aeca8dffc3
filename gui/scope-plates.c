/* SPDX-License-Identifier: MIT
 *
 * Panes in a stack. They draw when they are turned to, and not before.
 */
#include "scope-plates.h"

#include "scope-chooser.h"

#include <glib/gi18n.h>
#include <string.h>

typedef struct ScopePlatesPrivate {
    GtkStack *stack; /* of ScopePane */
    GtkBox *bars;    /* above it */
    ScopeChooser *chooser;
} ScopePlatesPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE(ScopePlates, scope_plates, SCOPE_TYPE_PAGE)

static ScopePlatesPrivate *
private_of(ScopePlates *self)
{
    return scope_plates_get_instance_private(self);
}

/* --- Panes ------------------------------------------------------------------------------------*/

static bool
has_option(const MoeFigure *figure, const char *name)
{
    for (int i = 0; i < moe_figure_n_fields(figure); i++)
        if (g_str_equal(moe_figure_field(figure, i)->name, name))
            return true;
    return false;
}

static void
set_options(ScopePane *pane, const ScopePlate *plate)
{
    const MoeFigure *figure = scope_pane_get_figure(pane);
    g_auto(GStrv) settings = g_strsplit(plate->settings ? plate->settings : "", " ", -1);
    for (char **setting = settings; *setting; setting++) {
        g_autofree char *name = g_strndup(*setting, strcspn(*setting, "="));
        if (has_option(figure, name))
            scope_pane_set_option(pane, *setting);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(plate->bound) && plate->bound[i].option; i++)
        if (has_option(figure, plate->bound[i].option))
            scope_pane_bind(pane, plate->bound[i].option, plate->bound[i].part);
}

static void
add_plate(ScopePlates *self, const ScopePlate *plate)
{
    ScopePlatesPrivate *private = private_of(self);
    const MoeFigure *figure = moe_figures_find(plate->figure, NULL);
    if (!figure)
        return;
    ScopePane *pane = scope_pane_new(plate->figure);
    const char *title = plate->title ? _(plate->title) : figure->title;
    set_options(pane, plate);
    gtk_stack_add_titled(private->stack, GTK_WIDGET(pane), title, title);
}

ScopePane *
scope_plates_get_pane(ScopePlates *page)
{
    GtkStack *stack = private_of(page)->stack;
    GtkWidget *pane = stack ? gtk_stack_get_visible_child(stack) : NULL;
    return pane ? SCOPE_PANE(pane) : NULL;
}

/* --- The page ---------------------------------------------------------------------------------*/

static void
scope_plates_show(ScopePage *page, ScopeDocument *document, ScopeFocus *focus)
{
    ScopePlatesPrivate *private = private_of(SCOPE_PLATES(page));
    GtkWidget *pane = gtk_widget_get_first_child(GTK_WIDGET(private->stack));
    scope_chooser_show(private->chooser, document, focus);
    for (; pane; pane = gtk_widget_get_next_sibling(pane))
        scope_pane_set_document(SCOPE_PANE(pane), document, focus);
}

static ScopePane *
scope_plates_page_get_pane(ScopePage *page)
{
    return scope_plates_get_pane(SCOPE_PLATES(page));
}

static void
on_turned(ScopePlates *self)
{
    scope_page_pane_changed(SCOPE_PAGE(self));
}

static GtkWidget *
bar_new(ScopePlates *self)
{
    ScopePlatesPrivate *private = private_of(self);
    GtkWidget *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    GtkWidget *switcher = gtk_stack_switcher_new(), *scroll = gtk_scrolled_window_new();
    gtk_stack_switcher_set_stack(GTK_STACK_SWITCHER(switcher), private->stack);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_AUTOMATIC,
                                   GTK_POLICY_NEVER);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroll), switcher);
    gtk_scrolled_window_set_propagate_natural_width(GTK_SCROLLED_WINDOW(scroll), TRUE);
    gtk_widget_set_hexpand(scroll, TRUE);
    gtk_widget_set_halign(scroll, GTK_ALIGN_START);
    gtk_widget_add_css_class(bar, "page-bar");
    gtk_box_append(GTK_BOX(bar), scroll);
    gtk_box_append(GTK_BOX(bar), GTK_WIDGET(private->chooser));
    return bar;
}

static void
scope_plates_constructed(GObject *object)
{
    ScopePlates *self = SCOPE_PLATES(object);
    ScopePlatesPrivate *private = private_of(self);
    ScopePlatesClass *class = SCOPE_PLATES_GET_CLASS(self);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    G_OBJECT_CLASS(scope_plates_parent_class)->constructed(object);
    private->stack = GTK_STACK(gtk_stack_new());
    private->chooser = g_object_new(SCOPE_TYPE_CHOOSER, NULL);
    scope_chooser_set_parts(private->chooser, class->parts, TRUE);
    for (const ScopePlate *plate = class->plates; plate->figure; plate++)
        add_plate(self, plate);
    gtk_stack_set_hhomogeneous(private->stack, FALSE);
    gtk_widget_set_vexpand(GTK_WIDGET(private->stack), TRUE);
    gtk_box_prepend(private->bars, bar_new(self));
    gtk_box_append(GTK_BOX(box), GTK_WIDGET(private->bars));
    gtk_box_append(GTK_BOX(box), gtk_separator_new(GTK_ORIENTATION_HORIZONTAL));
    gtk_box_append(GTK_BOX(box), GTK_WIDGET(private->stack));
    gtk_widget_set_parent(box, GTK_WIDGET(self));
    g_signal_connect_object(private->stack, "notify::visible-child", G_CALLBACK(on_turned), self,
                            G_CONNECT_SWAPPED);
}

static void
scope_plates_dispose(GObject *object)
{
    ScopePlatesPrivate *private = private_of(SCOPE_PLATES(object));
    private->stack = NULL; /* goes with the children */
    private->chooser = NULL;
    G_OBJECT_CLASS(scope_plates_parent_class)->dispose(object);
}

static void
scope_plates_class_init(ScopePlatesClass *class)
{
    ScopePageClass *page_class = SCOPE_PAGE_CLASS(class);
    G_OBJECT_CLASS(class)->constructed = scope_plates_constructed;
    G_OBJECT_CLASS(class)->dispose = scope_plates_dispose;
    page_class->show = scope_plates_show;
    page_class->get_pane = scope_plates_page_get_pane;
}

static void
scope_plates_init(ScopePlates *self)
{
    private_of(self)->bars = GTK_BOX(gtk_box_new(GTK_ORIENTATION_VERTICAL, 0));
}

void
scope_plates_add_bar(ScopePlates *page, GtkWidget *bar)
{
    gtk_box_append(private_of(page)->bars, bar);
}
