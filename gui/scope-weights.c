/* SPDX-License-Identifier: MIT
 *
 * Weights are read in a thread, once for all figures.
 */
#include "scope-weights.h"

#include "scope-scene-view.h"
#include "scope-text.h"

#include <moescope/figure.h>

struct _ScopeWeights {
    GtkBox parent_instance;
    GCancellable *running; /* or NULL */
};

G_DEFINE_FINAL_TYPE(ScopeWeights, scope_weights, GTK_TYPE_BOX)

static const char *const figures[] = {"similarity", "embeddings"};

/* --- Drawing, in a thread ---------------------------------------------------------------------*/

static void
free_scenes(gpointer data)
{
    MoeScene **scenes = data;
    for (gsize i = 0; i < G_N_ELEMENTS(figures); i++)
        moe_scene_free(scenes[i]);
    g_free(scenes);
}

static void
draw_in_thread(GTask *task, gpointer source, gpointer path, GCancellable *cancellable)
{
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    MoeScene **scenes = g_new0(MoeScene *, G_N_ELEMENTS(figures));
    bool there =
        moe_figure_input_open(input, path, NULL, NULL) && moe_figure_input_weights(input, 0);
    for (gsize i = 0; there && i < G_N_ELEMENTS(figures); i++) {
        const MoeFigure *figure = moe_figures_find(figures[i], NULL);
        g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
        scenes[i] = moe_figure_build(figure, input, options, NULL); /* what has none, has none */
    }
    g_task_return_pointer(task, scenes, free_scenes);
}

/* --- Showing ----------------------------------------------------------------------------------*/

static void
show_words(ScopeSceneView *view, GParamSpec *spec, GtkLabel *words)
{
    const char *told = scope_scene_view_get_words(view);
    gtk_label_set_label(words, told ? told : "");
}

/* The picture, the words of what is pointed at, and the command that makes it. Takes the scene. */
static GtkWidget *
figure_new(MoeScene *scene, const char *name, const char *path)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    GtkWidget *view = g_object_new(SCOPE_TYPE_SCENE_VIEW, NULL), *words = gtk_label_new(NULL);
    g_autofree char *file = scope_text_path(path);
    g_autofree char *text = g_strdup_printf("moescope plot %s %s", name, file);
    GtkWidget *command = gtk_label_new(text);
    scope_scene_view_set_scene(SCOPE_SCENE_VIEW(view), scene, moe_figures_find(name, NULL)->title);
    g_signal_connect_object(view, "notify::words", G_CALLBACK(show_words), words, 0);
    gtk_label_set_xalign(GTK_LABEL(words), 0);
    gtk_label_set_ellipsize(GTK_LABEL(words), PANGO_ELLIPSIZE_END);
    gtk_widget_add_css_class(words, "status");
    gtk_label_set_xalign(GTK_LABEL(command), 0);
    gtk_label_set_wrap(GTK_LABEL(command), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(command), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_selectable(GTK_LABEL(command), TRUE);
    gtk_widget_add_css_class(command, "command");
    gtk_widget_add_css_class(box, "page");
    gtk_box_append(GTK_BOX(box), view);
    gtk_box_append(GTK_BOX(box), words);
    gtk_box_append(GTK_BOX(box), command);
    return box;
}

static void
on_drawn(GObject *object, GAsyncResult *result, gpointer path)
{
    ScopeWeights *self = SCOPE_WEIGHTS(object);
    g_autofree char *own_path = path;
    MoeScene **scenes = g_task_propagate_pointer(G_TASK(result), NULL);
    if (!scenes)
        return; /* given up */
    for (gsize i = 0; i < G_N_ELEMENTS(figures); i++)
        if (scenes[i])
            gtk_box_append(GTK_BOX(self),
                           figure_new(g_steal_pointer(&scenes[i]), figures[i], own_path));
    free_scenes(scenes);
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
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(weights))))
        gtk_box_remove(GTK_BOX(weights), child);
    weights->running = g_cancellable_new();
    g_autoptr(GTask) task = g_task_new(weights, weights->running, on_drawn, g_strdup(path));
    g_task_set_task_data(task, g_strdup(path), g_free);
    g_task_set_return_on_cancel(task, TRUE);
    g_task_run_in_thread(task, draw_in_thread);
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_weights_dispose(GObject *object)
{
    give_up(SCOPE_WEIGHTS(object));
    G_OBJECT_CLASS(scope_weights_parent_class)->dispose(object);
}

static void
scope_weights_class_init(ScopeWeightsClass *class)
{
    G_OBJECT_CLASS(class)->dispose = scope_weights_dispose;
}

static void
scope_weights_init(ScopeWeights *self)
{
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    gtk_box_set_spacing(GTK_BOX(self), 18);
}
