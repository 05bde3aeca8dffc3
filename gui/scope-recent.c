/* SPDX-License-Identifier: MIT */
#include "scope-recent.h"

#include "scope-state.h"

#include <glib/gi18n.h>

struct _ScopeRecent {
    GtkBox parent_instance;
};

G_DEFINE_FINAL_TYPE(ScopeRecent, scope_recent, GTK_TYPE_BOX)

/* "~/data", "/tmp". */
static char *
folder_of(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    const char *home = g_get_home_dir();
    if (g_str_has_prefix(folder, home) && (folder[strlen(home)] == '/' || !folder[strlen(home)]))
        return g_strconcat("~", folder + strlen(home), NULL);
    return g_steal_pointer(&folder);
}

static GtkWidget *
label_new(const char *text, const char *class)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_MIDDLE);
    gtk_label_set_width_chars(GTK_LABEL(label), 30);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 44);
    if (class)
        gtk_widget_add_css_class(label, class);
    return label;
}

static GtkWidget *
row_new(const char *path)
{
    GtkWidget *row = gtk_button_new(), *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    g_autofree char *name = g_path_get_basename(path), *folder = folder_of(path);
    gtk_box_append(GTK_BOX(box), label_new(name, NULL));
    gtk_box_append(GTK_BOX(box), label_new(folder, "note"));
    gtk_button_set_child(GTK_BUTTON(row), box);
    gtk_button_set_has_frame(GTK_BUTTON(row), FALSE);
    gtk_widget_set_name(row, name);
    gtk_widget_set_tooltip_text(row, path);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(row), "win.open-path");
    gtk_actionable_set_action_target(GTK_ACTIONABLE(row), "s", path);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, path, -1);
    return row;
}

static void
scope_recent_class_init(ScopeRecentClass *class)
{
    gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "recent");
}

static void
scope_recent_init(ScopeRecent *self)
{
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
}

void
scope_recent_refresh(ScopeRecent *recent)
{
    g_auto(GStrv) paths = scope_state_recent();
    GtkWidget *child, *heading = label_new(_("Opened before"), "heading");
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(recent))))
        gtk_box_remove(GTK_BOX(recent), child);
    gtk_box_append(GTK_BOX(recent), heading);
    for (char **path = paths; *path; path++)
        gtk_box_append(GTK_BOX(recent), row_new(*path));
    gtk_widget_set_visible(GTK_WIDGET(recent), *paths != NULL);
}
