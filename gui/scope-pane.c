/* SPDX-License-Identifier: MIT
 *
 * Every change of document, figure, option or focus starts a drawing in a thread and gives up the
 * one before. The old figure stays until the new one is there; where that takes long to count, a
 * glimpse of it, of a few of the tokens, is drawn beside it and shown meanwhile.
 */
#include "scope-pane.h"

#include "scope-busy.h"
#include "scope-pane-focus.h"
#include "scope-pane-menu.h"
#include "scope-plot-command.h"
#include "scope-scene-view.h"
#include "scope-steps.h"
#include "scope-text.h"

#include <glib/gi18n.h>
#include <string.h>

typedef struct Binding {
    char *name; /* of an option */
    ScopeFocusPart part;
} Binding;

struct _ScopePane {
    GtkWidget parent_instance;
    const MoeFigure *figure;
    MoeFigureOptions *options; /* as they were set, without what is bound */
    GArray *bindings;          /* of Binding */
    ScopeDocument *document;   /* or NULL */
    ScopeFocus *focus;         /* or NULL */
    GCancellable *cancellable; /* of the drawing under way, or NULL */
    GCancellable *glimpsing;   /* of that of a glimpse, or NULL */
    bool glimpse;              /* what is shown is one */
    bool stale;                /* what is shown isn't what should be */

    GtkWidget *box;
    GtkStack *stack;
    ScopeSceneView *view;
    GtkLabel *problem, *status;
    GtkWidget *line; /* between the figure and its words */
    ScopeBusy *busy; /* over the figure that is about to be replaced */
};

G_DEFINE_FINAL_TYPE(ScopePane, scope_pane, GTK_TYPE_WIDGET)

enum { PROP_HAS_FIGURE = 1, N_PROPS };
static GParamSpec *props[N_PROPS];
enum { ACTIVATED, POINTED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* --- Showing ----------------------------------------------------------------------------------*/

static const char *
hint_of(ScopePane *self)
{
    gboolean closer = FALSE;
    if (!scope_scene_view_has_scene(self->view))
        return "";
    if (self->glimpse)
        return _("A first look, at a part of the tokens; all of them are being counted …");
    g_object_get(self->view, "closer", &closer, NULL);
    return closer ? _("Drag to move; 0 shows all of it again")
                  : _("Point to read, click to choose, double-click to see the expert, "
                      "Ctrl+wheel to zoom");
}

/* The line below the figure. */
static void
show_words(ScopePane *self)
{
    const char *words = scope_scene_view_get_words(self->view), *hint = hint_of(self);
    gtk_label_set_label(self->status, words ? words : hint);
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->status), words);
    if (words)
        gtk_widget_remove_css_class(GTK_WIDGET(self->status), "dim-label");
    else
        gtk_widget_add_css_class(GTK_WIDGET(self->status), "dim-label");
}

static void
show_selected(ScopePane *self)
{
    if (self->focus)
        scope_pane_focus_select(self->focus, self->view);
    else
        scope_scene_view_select(self->view, NULL, 0);
}

static void
show_scene(ScopePane *self, MoeScene *scene, bool glimpse)
{
    self->glimpse = glimpse;
    scope_scene_view_set_scene(self->view, scene, self->figure ? self->figure->title : NULL);
    show_selected(self);
    show_words(self);
    gtk_stack_set_visible_child_name(self->stack, "figure");
    gtk_widget_set_visible(self->line, scene != NULL);
    gtk_widget_set_visible(GTK_WIDGET(self->status), scene != NULL);
    g_object_notify_by_pspec(G_OBJECT(self), props[PROP_HAS_FIGURE]);
}

static void
show_problem(ScopePane *self, const char *message)
{
    g_autofree char *sentence = scope_text_sentence(message);
    show_scene(self, NULL, false);
    g_autoptr(PangoAttrList) whole = scope_text_breaks(sentence);
    gtk_label_set_label(self->problem, sentence);
    gtk_label_set_attributes(self->problem, whole);
    gtk_stack_set_visible_child_name(self->stack, "problem");
}

/* --- Drawing ----------------------------------------------------------------------------------*/

static void
on_counting(ScopePane *self, double done)
{
    if (self->cancellable)
        scope_busy_set_done(self->busy, done);
}

static void
forget(GCancellable **drawing)
{
    g_cancellable_cancel(*drawing);
    g_clear_object(drawing);
}

/* What can't be told from a few tokens, all of them will tell. */
static void
on_glimpsed(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(ScopePane) self = SCOPE_PANE(user);
    g_autoptr(GError) error = NULL;
    MoeScene *scene = scope_document_draw_finish(SCOPE_DOCUMENT(source), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* all of it is there already */
    g_clear_object(&self->glimpsing);
    if (scene)
        show_scene(self, scene, true);
}

static void
on_drawn(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(ScopePane) self = SCOPE_PANE(user);
    g_autoptr(GError) error = NULL;
    MoeScene *scene = scope_document_draw_finish(SCOPE_DOCUMENT(source), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* another drawing is under way, or the window is gone */
    g_clear_object(&self->cancellable);
    forget(&self->glimpsing);
    scope_busy_set(self->busy, false);
    if (scene)
        show_scene(self, scene, false);
    else
        show_problem(self, error->message);
}

static void
give_up_drawing(ScopePane *self)
{
    forget(&self->cancellable);
    forget(&self->glimpsing);
    scope_busy_set(self->busy, false);
}

static void
start(ScopePane *self, bool glimpse, GCancellable **running, GAsyncReadyCallback ready)
{
    g_auto(GStrv) settings = scope_pane_get_settings(self);
    *running = g_cancellable_new();
    scope_document_draw_async(self->document, self->figure, (const char *const *)settings,
                              self->focus ? scope_focus_get_filter(self->focus) : NULL, glimpse,
                              *running, ready, g_object_ref(self));
}

static void
draw(ScopePane *self)
{
    self->stale = true;
    if (!self->document || !self->figure || !gtk_widget_get_mapped(GTK_WIDGET(self))) {
        give_up_drawing(self);
        return;
    }
    forget(&self->cancellable);
    forget(&self->glimpsing);
    self->stale = false;
    scope_busy_set(self->busy, true);
    if (!scope_scene_view_has_scene(self->view))
        gtk_stack_set_visible_child_name(self->stack, "figure");
    if (scope_document_glimpses(self->document, self->figure))
        start(self, true, &self->glimpsing, on_glimpsed);
    start(self, false, &self->cancellable, on_drawn);
}

static void
on_focus_changed(ScopePane *self, guint what)
{
    bool concerns = what & SCOPE_FOCUS_FILTER ||
                    (what & SCOPE_FOCUS_STEP && self->figure->common & MOE_FIGURE_STEPS);
    show_selected(self);
    for (guint i = 0; i < self->bindings->len; i++)
        concerns |= (g_array_index(self->bindings, Binding, i).part & what) != 0;
    if (concerns)
        draw(self);
}

static void
on_words(ScopePane *self)
{
    show_words(self);
    g_signal_emit(self, signals[POINTED], 0, scope_scene_view_get_datum(self->view));
}

static void
on_activated(ScopePane *self, const MoeDatum *datum)
{
    if (self->focus)
        scope_pane_focus_take(self->focus, datum);
    g_signal_emit(self, signals[ACTIVATED], 0, datum);
}

/* Nobody waits for what can't be seen. */
static void
scope_pane_unmap(GtkWidget *widget)
{
    ScopePane *self = SCOPE_PANE(widget);
    self->stale |= self->cancellable != NULL;
    give_up_drawing(self);
    GTK_WIDGET_CLASS(scope_pane_parent_class)->unmap(widget);
}

static void
scope_pane_map(GtkWidget *widget)
{
    GTK_WIDGET_CLASS(scope_pane_parent_class)->map(widget);
    if (SCOPE_PANE(widget)->stale)
        draw(SCOPE_PANE(widget));
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_pane_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    if (id == PROP_HAS_FIGURE)
        g_value_set_boolean(value, scope_pane_has_figure(SCOPE_PANE(object)));
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void
scope_pane_dispose(GObject *object)
{
    ScopePane *self = SCOPE_PANE(object);
    give_up_drawing(self);
    g_clear_object(&self->document);
    g_clear_object(&self->focus);
    scope_pane_menu_drop(self);
    g_clear_pointer(&self->box, gtk_widget_unparent);
    G_OBJECT_CLASS(scope_pane_parent_class)->dispose(object);
}

static void
scope_pane_finalize(GObject *object)
{
    ScopePane *self = SCOPE_PANE(object);
    g_array_unref(self->bindings);
    moe_figure_options_free(self->options);
    G_OBJECT_CLASS(scope_pane_parent_class)->finalize(object);
}

static void
scope_pane_class_init(ScopePaneClass *class)
{
    GObjectClass *object_class = G_OBJECT_CLASS(class);
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    object_class->get_property = scope_pane_get_property;
    object_class->dispose = scope_pane_dispose;
    object_class->finalize = scope_pane_finalize;
    widget_class->map = scope_pane_map;
    widget_class->unmap = scope_pane_unmap;
    props[PROP_HAS_FIGURE] = g_param_spec_boolean("has-figure", NULL, NULL, FALSE,
                                                  G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(object_class, N_PROPS, props);
    signals[ACTIVATED] = g_signal_new("activated", SCOPE_TYPE_PANE, G_SIGNAL_RUN_LAST, 0, NULL,
                                      NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
    signals[POINTED] = g_signal_new("pointed", SCOPE_TYPE_PANE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
    g_type_ensure(SCOPE_TYPE_BUSY);
    g_type_ensure(SCOPE_TYPE_SCENE_VIEW);
    gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_css_name(widget_class, "pane");
    gtk_widget_class_set_template_from_resource(widget_class, "/org/moescope/Moescope/ui/pane.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopePane, box);
    gtk_widget_class_bind_template_child(widget_class, ScopePane, stack);
    gtk_widget_class_bind_template_child(widget_class, ScopePane, view);
    gtk_widget_class_bind_template_child(widget_class, ScopePane, problem);
    gtk_widget_class_bind_template_child(widget_class, ScopePane, status);
    gtk_widget_class_bind_template_child(widget_class, ScopePane, line);
    gtk_widget_class_bind_template_child(widget_class, ScopePane, busy);
    gtk_widget_class_bind_template_callback(widget_class, on_words);
    gtk_widget_class_bind_template_callback(widget_class, show_words);
    gtk_widget_class_bind_template_callback(widget_class, on_activated);
    scope_pane_menu_install(widget_class);
}

static void
binding_clear(gpointer binding)
{
    g_free(((Binding *)binding)->name);
}

static void
scope_pane_init(ScopePane *self)
{
    self->bindings = g_array_new(FALSE, FALSE, sizeof(Binding));
    g_array_set_clear_func(self->bindings, binding_clear);
    gtk_widget_init_template(GTK_WIDGET(self));
    scope_pane_menu_attach(self);
    show_words(self);
}

ScopePane *
scope_pane_new(const char *figure)
{
    ScopePane *self = g_object_new(SCOPE_TYPE_PANE, NULL);
    scope_pane_set_figure(self, figure);
    return self;
}

/* --- What it shows ----------------------------------------------------------------------------*/

void
scope_pane_set_figure(ScopePane *pane, const char *figure)
{
    const MoeFigure *found = moe_figures_find(figure, NULL);
    g_return_if_fail(found);
    if (found == pane->figure)
        return;
    moe_figure_options_free(pane->options);
    pane->figure = found;
    pane->options = moe_figure_options_new(found);
    g_array_set_size(pane->bindings, 0);
    draw(pane);
}

const MoeFigure *
scope_pane_get_figure(ScopePane *pane)
{
    return pane->figure;
}

void
scope_pane_set_document(ScopePane *pane, ScopeDocument *document, ScopeFocus *focus)
{
    if (pane->document) {
        g_signal_handlers_disconnect_by_func(pane->document, draw, pane);
        g_signal_handlers_disconnect_by_func(pane->document, on_counting, pane);
    }
    if (pane->focus)
        g_signal_handlers_disconnect_by_func(pane->focus, on_focus_changed, pane);
    g_set_object(&pane->document, document);
    g_set_object(&pane->focus, focus);
    if (document) {
        g_signal_connect_object(document, "grown", G_CALLBACK(draw), pane, G_CONNECT_SWAPPED);
        g_signal_connect_object(document, "progress::counting", G_CALLBACK(on_counting), pane,
                                G_CONNECT_SWAPPED);
    }
    if (focus)
        g_signal_connect_object(focus, "changed", G_CALLBACK(on_focus_changed), pane,
                                G_CONNECT_SWAPPED);
    show_scene(pane, NULL, false);
    draw(pane);
}

void
scope_pane_set_option(ScopePane *pane, const char *assignment)
{
    g_autoptr(GError) error = NULL;
    if (moe_figure_options_set(pane->options, assignment, &error))
        draw(pane);
    else
        g_warning("%s", error->message);
}

void
scope_pane_bind(ScopePane *pane, const char *name, ScopeFocusPart part)
{
    Binding binding = {g_strdup(name), part};
    g_array_append_val(pane->bindings, binding);
    draw(pane);
}

bool
scope_pane_is_bound(ScopePane *pane, const char *name)
{
    for (guint i = 0; i < pane->bindings->len; i++)
        if (g_str_equal(g_array_index(pane->bindings, Binding, i).name, name))
            return true;
    return false;
}

/* The step in focus, where the figure is of tokens at the last step unless told otherwise; else
 * NULL. (transfer full) */
static char *
step_of(ScopePane *pane, const char *name)
{
    if (!pane->focus || !pane->document || !(pane->figure->common & MOE_FIGURE_STEPS) ||
        !g_str_equal(name, "steps") ||
        !g_str_equal(moe_figure_options_text(pane->options, name), "last"))
        return NULL;
    ScopeSteps steps = scope_steps_of(pane->focus, pane->document);
    return steps.steps == MOE_STEPS_ONE ? g_strdup_printf("%d", steps.step) : NULL;
}

/* As the option was set; what the focus has stands before it. (transfer full) */
static char *
value_of(ScopePane *pane, const char *name)
{
    char *step = step_of(pane, name);
    if (step)
        return step;
    for (guint i = 0; pane->focus && i < pane->bindings->len; i++) {
        const Binding *binding = &g_array_index(pane->bindings, Binding, i);
        gint64 value =
            g_str_equal(binding->name, name) ? scope_focus_get(pane->focus, binding->part) : -1;
        if (value >= 0)
            return g_strdup_printf("%" G_GINT64_FORMAT, value);
    }
    return g_strdup(moe_figure_options_text(pane->options, name));
}

char **
scope_pane_get_settings(ScopePane *pane)
{
    int n = moe_figure_n_fields(pane->figure);
    char **settings = g_new0(char *, n + 1);
    for (int i = 0; i < n; i++) {
        const char *name = moe_figure_field(pane->figure, i)->name;
        g_autofree char *value = value_of(pane, name);
        settings[i] = g_strdup_printf("%s=%s", name, value);
    }
    return settings;
}

char *
scope_pane_get_command(ScopePane *pane)
{
    g_return_val_if_fail(pane->document && pane->figure, NULL);
    g_auto(GStrv) settings = scope_pane_get_settings(pane);
    return scope_plot_command(pane->document, pane->figure, (const char *const *)settings,
                              pane->focus ? scope_focus_get_filter(pane->focus) : "");
}

bool
scope_pane_has_figure(ScopePane *pane)
{
    return pane->view && !pane->glimpse && scope_scene_view_has_scene(pane->view);
}

bool
scope_pane_export(ScopePane *pane, const char *path, const char *theme, GError **error)
{
    return scope_scene_view_save(pane->view, path, theme, error);
}

GdkContentProvider *
scope_pane_copy(ScopePane *pane)
{
    return scope_pane_has_figure(pane) ? scope_scene_view_copy(pane->view) : NULL;
}

char *
scope_pane_data(ScopePane *pane)
{
    return scope_pane_has_figure(pane) ? scope_scene_view_data(pane->view) : NULL;
}
