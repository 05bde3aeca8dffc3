/* SPDX-License-Identifier: MIT
 *
 * Weights are read in a thread, once for all figures; and again for what goes out, which has a
 * theme of its own.
 */
#include "scope-weights.h"

#include "scope-export-dialog.h"
#include "scope-scene-view.h"
#include "scope-text.h"

#include <glib/gi18n.h>
#include <moescope/figure.h>

static const char *const figures[] = {"similarity", "embeddings"};
enum { N_FIGURES = G_N_ELEMENTS(figures) };

struct _ScopeWeights {
    GtkBox parent_instance;
    GCancellable *running; /* or NULL */
    char *path;
    GtkWidget *view[N_FIGURES]; /* NULL: there is no such figure */
};

G_DEFINE_FINAL_TYPE(ScopeWeights, scope_weights, GTK_TYPE_BOX)

enum { DRAWN, N_SIGNALS };
static guint signals[N_SIGNALS];

/* --- Drawing, in a thread ---------------------------------------------------------------------*/

static MoeScene *
draw(MoeFigureInput *input, const char *name, GError **error)
{
    const MoeFigure *figure = moe_figures_find(name, NULL);
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    return moe_figure_build(figure, input, options, error);
}

static void
free_scenes(gpointer data)
{
    MoeScene **scenes = data;
    for (int i = 0; i < N_FIGURES; i++)
        moe_scene_free(scenes[i]);
    g_free(scenes);
}

static void
draw_in_thread(GTask *task, gpointer source, gpointer path, GCancellable *cancellable)
{
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    MoeScene **scenes = g_new0(MoeScene *, N_FIGURES);
    bool there =
        moe_figure_input_open(input, path, NULL, NULL) && moe_figure_input_weights(input, 0);
    for (int i = 0; there && i < N_FIGURES; i++)
        scenes[i] = draw(input, figures[i], NULL); /* what has none, has none */
    g_task_return_pointer(task, scenes, free_scenes);
}

/* --- Going out --------------------------------------------------------------------------------*/

typedef struct Order {
    char *path;
    const char *name;  /* of the figure */
    GtkWidget *dialog; /* that waits for it; NULL: it is copied */
} Order;

static void
order_free(gpointer data)
{
    Order *order = data;
    g_clear_object(&order->dialog);
    g_free(order->path);
    g_free(order);
}

static void
draw_one_in_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const Order *order = data;
    GError *error = NULL;
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    MoeScene *scene = moe_figure_input_open(input, order->path, NULL, &error)
                          ? draw(input, order->name, &error)
                          : NULL;
    if (scene)
        g_task_return_pointer(task, scene, (GDestroyNotify)moe_scene_free);
    else
        g_task_return_error(task, error);
}

static void
on_one_drawn(GObject *object, GAsyncResult *result, gpointer user)
{
    g_autoptr(ScopeWeights) self = SCOPE_WEIGHTS(user);
    Order *order = g_task_get_task_data(G_TASK(result));
    /* Let go of here: the thread may be the last to hold the order, and no place for widgets. */
    g_autoptr(GtkWidget) dialog = g_steal_pointer(&order->dialog);
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeScene) scene = g_task_propagate_pointer(G_TASK(result), &error);
    if (dialog)
        scope_export_dialog_take(SCOPE_EXPORT_DIALOG(dialog), g_steal_pointer(&scene), error);
    else if (scene)
        scope_export_copy_scene(GTK_WIDGET(self), scene);
}

static void
give_out(ScopeWeights *self, int i, GtkWidget *dialog)
{
    Order *order = g_new(Order, 1);
    *order = (Order){g_strdup(self->path), figures[i], dialog ? g_object_ref(dialog) : NULL};
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_one_drawn, g_object_ref(self));
    g_task_set_task_data(task, order, order_free);
    g_task_run_in_thread(task, draw_one_in_thread);
}

static char *
command_of(ScopeWeights *self, int i)
{
    g_autofree char *file = scope_text_path(self->path);
    return g_strdup_printf("moescope plot %s %s", figures[i], file);
}

/* The figure that has the keyboard, or the first that is there; -1: none. */
static int
chosen(ScopeWeights *self)
{
    int first = -1;
    for (int i = N_FIGURES - 1; i >= 0; i--) {
        if (self->view[i] && gtk_widget_has_focus(self->view[i]))
            return i;
        first = self->view[i] ? i : first;
    }
    return first;
}

static void
export_figure(ScopeWeights *self, int i)
{
    GtkWindow *window = GTK_WINDOW(gtk_widget_get_root(GTK_WIDGET(self)));
    g_autofree char *command = command_of(self, i), *name = scope_text_stem(self->path);
    g_autofree char *stem = g_strdup_printf("%s-%s", name, figures[i]);
    GtkWidget *dialog = scope_export_dialog_new_for(window, command, stem);
    give_out(self, i, dialog);
    gtk_window_present(GTK_WINDOW(dialog));
}

bool
scope_weights_has_figure(ScopeWeights *weights)
{
    return chosen(weights) >= 0;
}

void
scope_weights_export(ScopeWeights *weights)
{
    export_figure(weights, chosen(weights));
}

void
scope_weights_copy(ScopeWeights *weights)
{
    give_out(weights, chosen(weights), NULL);
}

char *
scope_weights_get_command(ScopeWeights *weights)
{
    return command_of(weights, chosen(weights));
}

/* --- Showing ----------------------------------------------------------------------------------*/

static void
show_words(ScopeSceneView *view, GParamSpec *spec, GtkLabel *words)
{
    const char *told = scope_scene_view_get_words(view);
    gtk_label_set_label(words, told ? told : _("Point to read, Ctrl+wheel to zoom"));
    if (told)
        gtk_widget_remove_css_class(GTK_WIDGET(words), "dim-label");
    else
        gtk_widget_add_css_class(GTK_WIDGET(words), "dim-label");
}

static void
on_export(ScopeWeights *self, GtkWidget *button)
{
    for (int i = 0; i < N_FIGURES; i++)
        if (g_str_equal(gtk_widget_get_name(button), figures[i]))
            export_figure(self, i);
}

/* The command that draws a figure, and a button to take it away. */
static GtkWidget *
bar_new(ScopeWeights *self, int i)
{
    GtkWidget *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    g_autofree char *text = command_of(self, i);
    GtkWidget *command = gtk_label_new(text);
    GtkWidget *export = gtk_button_new_with_label(_("Export…"));
    gtk_label_set_xalign(GTK_LABEL(command), 0);
    gtk_label_set_wrap(GTK_LABEL(command), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(command), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_selectable(GTK_LABEL(command), TRUE);
    gtk_widget_set_hexpand(command, TRUE);
    gtk_widget_add_css_class(command, "command");
    gtk_widget_set_name(export, figures[i]);
    gtk_widget_set_valign(export, GTK_ALIGN_CENTER);
    g_signal_connect_object(export, "clicked", G_CALLBACK(on_export), self, G_CONNECT_SWAPPED);
    gtk_box_append(GTK_BOX(bar), command);
    gtk_box_append(GTK_BOX(bar), export);
    return bar;
}

/* The picture, the words of what is pointed at, and what makes it. Takes the scene. */
static GtkWidget *
figure_new(ScopeWeights *self, int i, MoeScene *scene)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    GtkWidget *view = g_object_new(SCOPE_TYPE_SCENE_VIEW, NULL), *words = gtk_label_new(NULL);
    scope_scene_view_set_scene(SCOPE_SCENE_VIEW(view), scene,
                               moe_figures_find(figures[i], NULL)->title);
    g_signal_connect_object(view, "notify::words", G_CALLBACK(show_words), words, 0);
    gtk_label_set_xalign(GTK_LABEL(words), 0);
    gtk_label_set_ellipsize(GTK_LABEL(words), PANGO_ELLIPSIZE_END);
    gtk_widget_add_css_class(words, "status");
    show_words(SCOPE_SCENE_VIEW(view), NULL, GTK_LABEL(words));
    gtk_widget_add_css_class(box, "page");
    gtk_box_append(GTK_BOX(box), view);
    gtk_box_append(GTK_BOX(box), words);
    gtk_box_append(GTK_BOX(box), bar_new(self, i));
    self->view[i] = view;
    return box;
}

static void
on_drawn(GObject *object, GAsyncResult *result, gpointer data)
{
    g_autoptr(ScopeWeights) self = SCOPE_WEIGHTS(data);
    MoeScene **scenes = g_task_propagate_pointer(G_TASK(result), NULL);
    if (!scenes)
        return; /* given up */
    for (int i = 0; i < N_FIGURES; i++)
        if (scenes[i])
            gtk_box_append(GTK_BOX(self), figure_new(self, i, g_steal_pointer(&scenes[i])));
    free_scenes(scenes);
    g_signal_emit(self, signals[DRAWN], 0);
}

static void
give_up(ScopeWeights *self)
{
    g_cancellable_cancel(self->running);
    g_clear_object(&self->running);
}

void
scope_weights_show(ScopeWeights *weights, const char *path)
{
    GtkWidget *child;
    give_up(weights);
    for (int i = 0; i < N_FIGURES; i++)
        weights->view[i] = NULL;
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(weights))))
        gtk_box_remove(GTK_BOX(weights), child);
    g_free(weights->path);
    weights->path = g_strdup(path);
    weights->running = g_cancellable_new();
    g_autoptr(GTask) task = g_task_new(NULL, weights->running, on_drawn, g_object_ref(weights));
    g_task_set_task_data(task, g_strdup(path), g_free);
    g_task_set_return_on_cancel(task, TRUE);
    g_task_run_in_thread(task, draw_in_thread);
}

/* --- The object -------------------------------------------------------------------------------*/

/* Nobody waits for what is closed. */
static void
scope_weights_unroot(GtkWidget *widget)
{
    give_up(SCOPE_WEIGHTS(widget));
    GTK_WIDGET_CLASS(scope_weights_parent_class)->unroot(widget);
}

static void
scope_weights_finalize(GObject *object)
{
    g_clear_object(&SCOPE_WEIGHTS(object)->running);
    g_free(SCOPE_WEIGHTS(object)->path);
    G_OBJECT_CLASS(scope_weights_parent_class)->finalize(object);
}

static void
scope_weights_class_init(ScopeWeightsClass *class)
{
    GTK_WIDGET_CLASS(class)->unroot = scope_weights_unroot;
    G_OBJECT_CLASS(class)->finalize = scope_weights_finalize;
    signals[DRAWN] = g_signal_new("drawn", SCOPE_TYPE_WEIGHTS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 0);
}

static void
scope_weights_init(ScopeWeights *self)
{
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    gtk_box_set_spacing(GTK_BOX(self), 18);
}
