/* SPDX-License-Identifier: MIT
 *
 * The registry of figures as a list to choose from; figures of plugins are in it.
 */
#include "scope-page-figures.h"

#include "scope-options-form.h"
#include "scope-text.h"

#include <glib/gi18n.h>

struct _ScopePageFigures {
    ScopePage parent_instance;
    ScopePane *pane;
    ScopeOptionsForm *form; /* of the inspector; NULL before and after */
    GtkLabel *help;         /* likewise */
};

G_DEFINE_FINAL_TYPE(ScopePageFigures, scope_page_figures, SCOPE_TYPE_PAGE)

static const MoeFigure *
figure_at(guint i)
{
    int n;
    const MoeFigure *const *figures = moe_figures_list(&n);
    return i < (guint)n ? figures[i] : NULL;
}

static void
on_chosen(ScopePageFigures *self, GParamSpec *spec, GtkDropDown *figures)
{
    const MoeFigure *figure = figure_at(gtk_drop_down_get_selected(figures));
    if (!figure)
        return;
    scope_pane_set_figure(self->pane, figure->name);
    g_autofree char *help = scope_text_sentence(figure->help);
    gtk_label_set_label(self->help, help);
    scope_options_form_set_pane(self->form, self->pane);
    scope_page_pane_changed(SCOPE_PAGE(self));
}

/* --- The inspector ----------------------------------------------------------------------------*/

static GtkWidget *
figures_new(ScopePageFigures *self)
{
    int n;
    const MoeFigure *const *figures = moe_figures_list(&n);
    const MoeFigure *shown = scope_pane_get_figure(self->pane);
    g_autoptr(GtkStringList) titles = gtk_string_list_new(NULL);
    GtkWidget *choice = gtk_drop_down_new(
        NULL, gtk_property_expression_new(GTK_TYPE_STRING_OBJECT, NULL, "string"));
    for (int i = 0; i < n; i++)
        gtk_string_list_append(titles, figures[i]->title);
    gtk_drop_down_set_model(GTK_DROP_DOWN(choice), G_LIST_MODEL(titles));
    gtk_drop_down_set_enable_search(GTK_DROP_DOWN(choice), TRUE);
    for (int i = 0; i < n; i++)
        if (figures[i] == shown)
            gtk_drop_down_set_selected(GTK_DROP_DOWN(choice), (guint)i);
    gtk_widget_set_name(choice, "figures");
    return choice;
}

static GtkWidget *
heading_new(const char *text, GtkWidget *of)
{
    GtkWidget *heading = gtk_label_new_with_mnemonic(text);
    gtk_label_set_xalign(GTK_LABEL(heading), 0);
    gtk_label_set_mnemonic_widget(GTK_LABEL(heading), of);
    gtk_widget_add_css_class(heading, "heading");
    return heading;
}

static GtkWidget *
scope_page_figures_make_inspector(ScopePage *page)
{
    ScopePageFigures *self = SCOPE_PAGE_FIGURES(page);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    GtkWidget *figures = figures_new(self), *help = gtk_label_new(NULL);
    GtkWidget *form = g_object_new(SCOPE_TYPE_OPTIONS_FORM, NULL);
    gtk_label_set_xalign(GTK_LABEL(help), 0);
    gtk_label_set_wrap(GTK_LABEL(help), TRUE);
    gtk_label_set_max_width_chars(GTK_LABEL(help), 28);
    gtk_widget_add_css_class(help, "note");
    gtk_widget_set_margin_bottom(help, 12);
    gtk_box_append(GTK_BOX(box), heading_new(_("_Figure"), figures));
    gtk_box_append(GTK_BOX(box), figures);
    gtk_box_append(GTK_BOX(box), help);
    gtk_box_append(GTK_BOX(box), heading_new(_("Options"), form));
    gtk_box_append(GTK_BOX(box), form);
    g_set_weak_pointer(&self->form, SCOPE_OPTIONS_FORM(form));
    g_set_weak_pointer(&self->help, GTK_LABEL(help));
    g_signal_connect_object(figures, "notify::selected-item", G_CALLBACK(on_chosen), self,
                            G_CONNECT_SWAPPED);
    on_chosen(self, NULL, GTK_DROP_DOWN(figures));
    return box;
}

/* --- The page ---------------------------------------------------------------------------------*/

static void
scope_page_figures_show(ScopePage *page, ScopeDocument *document, ScopeFocus *focus)
{
    scope_pane_set_document(SCOPE_PAGE_FIGURES(page)->pane, document, focus);
}

static ScopePane *
scope_page_figures_get_pane(ScopePage *page)
{
    return SCOPE_PAGE_FIGURES(page)->pane;
}

static void
scope_page_figures_dispose(GObject *object)
{
    ScopePageFigures *self = SCOPE_PAGE_FIGURES(object);
    g_clear_weak_pointer(&self->form);
    g_clear_weak_pointer(&self->help);
    self->pane = NULL;
    G_OBJECT_CLASS(scope_page_figures_parent_class)->dispose(object);
}

static void
scope_page_figures_class_init(ScopePageFiguresClass *class)
{
    ScopePageClass *page_class = SCOPE_PAGE_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_page_figures_dispose;
    page_class->show = scope_page_figures_show;
    page_class->get_pane = scope_page_figures_get_pane;
    page_class->make_inspector = scope_page_figures_make_inspector;
}

static void
scope_page_figures_init(ScopePageFigures *self)
{
    self->pane = scope_pane_new("load");
    gtk_widget_set_parent(GTK_WIDGET(self->pane), GTK_WIDGET(self));
}
