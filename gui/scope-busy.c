/* SPDX-License-Identifier: MIT
 *
 * A spinner in the middle, a bar at the foot.
 */
#include "scope-busy.h"

#include <glib/gi18n.h>

/* The spinner appears when work takes longer. */
#define LATER_MS 150

struct _ScopeBusy {
    GtkBox parent_instance;
    guint later; /* a timeout; 0: none */
    GtkWidget *spinner, *done;
};

G_DEFINE_FINAL_TYPE(ScopeBusy, scope_busy, GTK_TYPE_BOX)

static gboolean
on_later(gpointer user)
{
    ScopeBusy *self = SCOPE_BUSY(user);
    self->later = 0;
    gtk_widget_set_visible(GTK_WIDGET(self), TRUE);
    return G_SOURCE_REMOVE;
}

void
scope_busy_set(ScopeBusy *busy, bool on)
{
    if (!on) {
        g_clear_handle_id(&busy->later, g_source_remove);
        gtk_widget_set_visible(GTK_WIDGET(busy), FALSE);
        gtk_widget_set_visible(busy->done, FALSE);
    } else if (!busy->later && !gtk_widget_get_visible(GTK_WIDGET(busy))) {
        busy->later = g_timeout_add(LATER_MS, on_later, busy);
    }
}

void
scope_busy_set_done(ScopeBusy *busy, double done)
{
    gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(busy->done), done);
    gtk_widget_set_visible(busy->done, TRUE);
}

static void
scope_busy_dispose(GObject *object)
{
    g_clear_handle_id(&SCOPE_BUSY(object)->later, g_source_remove);
    G_OBJECT_CLASS(scope_busy_parent_class)->dispose(object);
}

static void
scope_busy_class_init(ScopeBusyClass *class)
{
    G_OBJECT_CLASS(class)->dispose = scope_busy_dispose;
}

static void
scope_busy_init(ScopeBusy *self)
{
    self->spinner = gtk_spinner_new();
    self->done = gtk_progress_bar_new();
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    gtk_widget_set_visible(GTK_WIDGET(self), FALSE);
    gtk_widget_set_can_target(GTK_WIDGET(self), FALSE);
    gtk_spinner_start(GTK_SPINNER(self->spinner));
    gtk_widget_set_size_request(self->spinner, 32, 32);
    gtk_widget_set_halign(self->spinner, GTK_ALIGN_CENTER);
    gtk_widget_set_valign(self->spinner, GTK_ALIGN_CENTER);
    gtk_widget_set_vexpand(self->spinner, TRUE);
    gtk_widget_set_visible(self->done, FALSE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->done), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Tokens that were counted"), -1);
    gtk_box_append(GTK_BOX(self), self->spinner);
    gtk_box_append(GTK_BOX(self), self->done);
}
