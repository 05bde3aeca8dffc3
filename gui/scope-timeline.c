/* SPDX-License-Identifier: MIT
 *
 * The scale counts recorded steps, so that every one of them is a notch. At its end the step is
 * "the last", which moves on while a run does.
 */
#include "scope-timeline.h"

#include <glib/gi18n.h>

/* A run is played in so many frames, one every FRAME_MS. */
enum { FRAMES = 120, FRAME_MS = 80 };

struct _ScopeTimeline {
    GtkWidget parent_instance;
    ScopeDocument *document; /* or NULL */
    ScopeFocus *focus;       /* or NULL */
    gint64 *steps;           /* [n] */
    int n;
    bool following; /* the scale is being set */
    guint playing;  /* a timeout, or 0 */

    GtkWidget *box, *play;
    GtkScale *scale;
    GtkLabel *label;
};

G_DEFINE_FINAL_TYPE(ScopeTimeline, scope_timeline, GTK_TYPE_WIDGET)

/* --- Steps ------------------------------------------------------------------------------------*/

static void
read_steps(ScopeTimeline *self)
{
    const MoeTrace *trace = scope_document_trace(self->document);
    MoeArray steps = {0};
    g_clear_pointer(&self->steps, g_free);
    self->n = 0;
    if (!trace || !moe_trace_join(trace, "state/step", &steps, NULL))
        return;
    self->n = (int)MIN(moe_array_count(&steps), G_MAXINT32);
    self->steps = g_new(gint64, self->n);
    for (int i = 0; i < self->n; i++)
        self->steps[i] = (gint64)moe_array_value(&steps, i);
    g_free((gpointer)steps.data);
}

/* The notch of a step, the last one for none. */
static int
notch_of(ScopeTimeline *self, gint64 step)
{
    int notch = self->n - 1;
    while (notch > 0 && step >= 0 && self->steps[notch] > step)
        notch--;
    return notch;
}

static void
follow(ScopeTimeline *self)
{
    gint64 step = scope_focus_get(self->focus, SCOPE_FOCUS_STEP);
    int notch = notch_of(self, step);
    g_autofree char *text = self->n > 0
                                ? g_strdup_printf(_("step %d of %d"), (int)self->steps[notch],
                                                  (int)self->steps[self->n - 1])
                                : g_strdup(_("no steps"));
    self->following = true;
    gtk_range_set_range(GTK_RANGE(self->scale), 0, MAX(self->n - 1, 1));
    gtk_range_set_value(GTK_RANGE(self->scale), notch);
    self->following = false;
    gtk_label_set_label(self->label, text);
    gtk_widget_set_sensitive(self->box, self->n > 1);
}

static void
go_to(ScopeTimeline *self, int notch)
{
    if (notch >= 0 && notch < self->n)
        scope_focus_set(self->focus, SCOPE_FOCUS_STEP,
                        notch == self->n - 1 ? -1 : self->steps[notch]);
}

static void
on_scrubbed(ScopeTimeline *self)
{
    if (!self->following && self->focus)
        go_to(self, (int)(gtk_range_get_value(GTK_RANGE(self->scale)) + 0.5));
}

/* --- Playing ----------------------------------------------------------------------------------*/

static void
show_play(ScopeTimeline *self)
{
    const char *name = self->playing ? _("Pause") : _("Play");
    gtk_button_set_icon_name(GTK_BUTTON(self->play), self->playing
                                                         ? "media-playback-pause-symbolic"
                                                         : "media-playback-start-symbolic");
    gtk_widget_set_tooltip_text(self->play, name);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->play), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                   -1);
}

static gboolean
play_frame(gpointer user)
{
    ScopeTimeline *self = SCOPE_TIMELINE(user);
    int notch = (int)(gtk_range_get_value(GTK_RANGE(self->scale)) + 0.5);
    int next = MIN(notch + MAX(self->n / FRAMES, 1), self->n - 1);
    if (notch >= self->n - 1) {
        self->playing = 0;
        show_play(self);
        return G_SOURCE_REMOVE;
    }
    go_to(self, next);
    return G_SOURCE_CONTINUE;
}

static void
stop(ScopeTimeline *self)
{
    g_clear_handle_id(&self->playing, g_source_remove);
    if (self->play)
        show_play(self);
}

static void
on_play(ScopeTimeline *self)
{
    if (self->playing) {
        stop(self);
        return;
    }
    if (notch_of(self, scope_focus_get(self->focus, SCOPE_FOCUS_STEP)) == self->n - 1)
        go_to(self, 0);
    self->playing = g_timeout_add(FRAME_MS, play_frame, self);
    show_play(self);
}

/* --- The object -------------------------------------------------------------------------------*/

static void
on_grown(ScopeTimeline *self)
{
    read_steps(self);
    follow(self);
}

static void
on_focus_changed(ScopeTimeline *self, guint what)
{
    if (what & SCOPE_FOCUS_STEP)
        follow(self);
}

void
scope_timeline_show(ScopeTimeline *timeline, ScopeDocument *document, ScopeFocus *focus)
{
    stop(timeline);
    if (timeline->document)
        g_signal_handlers_disconnect_by_func(timeline->document, on_grown, timeline);
    if (timeline->focus)
        g_signal_handlers_disconnect_by_func(timeline->focus, on_focus_changed, timeline);
    g_set_object(&timeline->document, document);
    g_set_object(&timeline->focus, focus);
    g_signal_connect_object(document, "grown", G_CALLBACK(on_grown), timeline, G_CONNECT_SWAPPED);
    g_signal_connect_object(focus, "changed", G_CALLBACK(on_focus_changed), timeline,
                            G_CONNECT_SWAPPED);
    on_grown(timeline);
}

static void
scope_timeline_unmap(GtkWidget *widget)
{
    stop(SCOPE_TIMELINE(widget));
    GTK_WIDGET_CLASS(scope_timeline_parent_class)->unmap(widget);
}

static void
scope_timeline_dispose(GObject *object)
{
    ScopeTimeline *self = SCOPE_TIMELINE(object);
    g_clear_handle_id(&self->playing, g_source_remove);
    g_clear_pointer(&self->steps, g_free);
    g_clear_object(&self->document);
    g_clear_object(&self->focus);
    gtk_widget_dispose_template(GTK_WIDGET(object), SCOPE_TYPE_TIMELINE);
    G_OBJECT_CLASS(scope_timeline_parent_class)->dispose(object);
}

static void
scope_timeline_class_init(ScopeTimelineClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = scope_timeline_dispose;
    widget_class->unmap = scope_timeline_unmap;
    gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/moescope/Moescope/ui/timeline.ui");
    gtk_widget_class_bind_template_child(widget_class, ScopeTimeline, box);
    gtk_widget_class_bind_template_child(widget_class, ScopeTimeline, play);
    gtk_widget_class_bind_template_child(widget_class, ScopeTimeline, scale);
    gtk_widget_class_bind_template_child(widget_class, ScopeTimeline, label);
    gtk_widget_class_bind_template_callback(widget_class, on_play);
    gtk_widget_class_bind_template_callback(widget_class, on_scrubbed);
}

static void
scope_timeline_init(ScopeTimeline *self)
{
    gtk_widget_init_template(GTK_WIDGET(self));
    show_play(self);
}
