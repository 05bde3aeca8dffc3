/* SPDX-License-Identifier: MIT
 *
 * Every change of trace, figure or option starts a drawing in a thread and gives up the one before.
 * The old figure stays until the new one is there.
 */
#include "scope-figure-page.h"

#include "scope-options-form.h"
#include "scope-scene-view.h"

struct _ScopeFigurePage {
    GtkBox parent_instance;
    ScopeDocument *document;   /* or NULL */
    GCancellable *cancellable; /* of the drawing under way, or NULL */

    GtkStack *stack;
    ScopeSceneView *view;
    GtkLabel *problem;
    GtkWidget *busy; /* over the figure that is about to be replaced */
    GtkLabel *status;
    GtkDropDown *figures;
    GtkLabel *help;
    ScopeOptionsForm *form;
};

G_DEFINE_FINAL_TYPE(ScopeFigurePage, scope_figure_page, GTK_TYPE_BOX)

enum { PROP_HAS_FIGURE = 1, N_PROPS };
static GParamSpec *props[N_PROPS];

static const MoeFigure *
chosen_figure(ScopeFigurePage *self)
{
    int n;
    const MoeFigure *const *figures = moe_figures_list(&n);
    guint chosen = gtk_drop_down_get_selected(self->figures);
    return chosen < (guint)n ? figures[chosen] : NULL;
}

/* --- Drawing ----------------------------------------------------------------------------------*/

/* The line below the figure. */
static void
show_words(ScopeFigurePage *self)
{
    const char *words = scope_scene_view_get_words(self->view);
    const char *hint =
        scope_scene_view_has_scene(self->view) ? "Point at the figure to read its numbers" : "";
    gtk_label_set_label(self->status, words ? words : hint);
    if (words)
        gtk_widget_remove_css_class(GTK_WIDGET(self->status), "dim-label");
    else
        gtk_widget_add_css_class(GTK_WIDGET(self->status), "dim-label");
}

static void
set_scene(ScopeFigurePage *self, MoeScene *scene, const char *name)
{
    scope_scene_view_set_scene(self->view, scene, name);
    show_words(self);
    g_object_notify_by_pspec(G_OBJECT(self), props[PROP_HAS_FIGURE]);
}

static void
show_scene(ScopeFigurePage *self, MoeScene *scene)
{
    set_scene(self, scene, chosen_figure(self)->title);
    gtk_stack_set_visible_child_name(self->stack, "figure");
}

static void
show_problem(ScopeFigurePage *self, const char *message)
{
    set_scene(self, NULL, NULL);
    gtk_label_set_label(self->problem, message);
    gtk_stack_set_visible_child_name(self->stack, "problem");
}

static void
on_drawn(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(ScopeFigurePage) self = SCOPE_FIGURE_PAGE(user);
    g_autoptr(GError) error = NULL;
    MoeScene *scene = scope_document_draw_finish(SCOPE_DOCUMENT(source), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* another drawing is under way, or the window is gone */
    g_clear_object(&self->cancellable);
    gtk_widget_set_visible(self->busy, FALSE);
    if (scene)
        show_scene(self, scene);
    else
        show_problem(self, error->message);
}

static void
give_up_drawing(ScopeFigurePage *self)
{
    g_cancellable_cancel(self->cancellable);
    g_clear_object(&self->cancellable);
}

static void
draw(ScopeFigurePage *self)
{
    const MoeFigure *figure = chosen_figure(self);
    give_up_drawing(self);
    if (!self->document || !figure)
        return;
    g_auto(GStrv) settings = scope_options_form_get_settings(self->form);
    self->cancellable = g_cancellable_new();
    gtk_widget_set_visible(self->busy, TRUE);
    if (!scope_scene_view_has_scene(self->view))
        gtk_stack_set_visible_child_name(self->stack, "figure");
    scope_document_draw_async(self->document, figure, (const char *const *)settings,
                              self->cancellable, on_drawn, g_object_ref(self));
}

/* --- Choosing ---------------------------------------------------------------------------------*/

static void
on_figure_chosen(ScopeFigurePage *self)
{
    const MoeFigure *figure = chosen_figure(self);
    if (!figure)
        return;
    gtk_label_set_label(self->help, figure->help);
    scope_options_form_set_figure(self->form, figure);
    draw(self);
}

static void
list_figures(ScopeFigurePage *self)
{
    int n;
    const MoeFigure *const *figures = moe_figures_list(&n);
    g_autoptr(GtkStringList) titles = gtk_string_list_new(NULL);
    for (int i = 0; i < n; i++)
        gtk_string_list_append(titles, figures[i]->title);
    gtk_drop_down_set_model(self->figures, G_LIST_MODEL(titles));
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_figure_page_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    if (id == PROP_HAS_FIGURE)
        g_value_set_boolean(value, scope_figure_page_has_figure(SCOPE_FIGURE_PAGE(object)));
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void
scope_figure_page_dispose(GObject *object)
{
    ScopeFigurePage *self = SCOPE_FIGURE_PAGE(object);
    give_up_drawing(self);
    g_clear_object(&self->document);
    G_OBJECT_CLASS(scope_figure_page_parent_class)->dispose(object);
}

static void
scope_figure_page_class_init(ScopeFigurePageClass *class)
{
    GObjectClass *object_class = G_OBJECT_CLASS(class);
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    object_class->get_property = scope_figure_page_get_property;
    object_class->dispose = scope_figure_page_dispose;
    props[PROP_HAS_FIGURE] = g_param_spec_boolean("has-figure", NULL, NULL, FALSE,
                                                  G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(object_class, N_PROPS, props);
    g_type_ensure(SCOPE_TYPE_SCENE_VIEW);
    g_type_ensure(SCOPE_TYPE_OPTIONS_FORM);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/figure-page.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopeFigurePage, stack);
    gtk_widget_class_bind_template_child(widget_class, ScopeFigurePage, view);
    gtk_widget_class_bind_template_child(widget_class, ScopeFigurePage, problem);
    gtk_widget_class_bind_template_child(widget_class, ScopeFigurePage, busy);
    gtk_widget_class_bind_template_child(widget_class, ScopeFigurePage, status);
    gtk_widget_class_bind_template_child(widget_class, ScopeFigurePage, figures);
    gtk_widget_class_bind_template_child(widget_class, ScopeFigurePage, help);
    gtk_widget_class_bind_template_child(widget_class, ScopeFigurePage, form);
    gtk_widget_class_bind_template_callback(widget_class, on_figure_chosen);
    gtk_widget_class_bind_template_callback(widget_class, show_words);
    gtk_widget_class_bind_template_callback_full(widget_class, "on_option_changed",
                                                 G_CALLBACK(draw));
}

static void
scope_figure_page_init(ScopeFigurePage *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    list_figures(self);
    show_words(self);
}

void
scope_figure_page_set_document(ScopeFigurePage *page, ScopeDocument *document)
{
    g_set_object(&page->document, document);
    set_scene(page, NULL, NULL);
    draw(page);
}

bool
scope_figure_page_has_figure(ScopeFigurePage *page)
{
    return scope_scene_view_has_scene(page->view);
}

char *
scope_figure_page_export_name(ScopeFigurePage *page)
{
    g_autofree char *stem = g_strdup(scope_document_name(page->document));
    char *dot = strrchr(stem, '.');
    if (dot && dot > stem)
        *dot = '\0';
    return g_strdup_printf("%s-%s.pdf", stem, chosen_figure(page)->name);
}

bool
scope_figure_page_export(ScopeFigurePage *page, const char *path, const char *theme, GError **error)
{
    return scope_scene_view_save(page->view, path, theme, error);
}
