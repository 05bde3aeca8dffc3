/* SPDX-License-Identifier: MIT
 *
 * What one can do with the numbers of a table.
 */
#include "scope-table-menu.h"

#include "scope-dialogs.h"
#include "scope-window-private.h"

#include <glib/gi18n.h>

#define MENU  "scope-table-menu"
#define TABLE "scope-table" /* that a window asks a file for */

/* --- Actions ----------------------------------------------------------------------------------*/

static void
copy_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    g_autofree char *csv = scope_table_to_csv(SCOPE_TABLE(widget));
    gdk_clipboard_set_text(gtk_widget_get_clipboard(widget), csv);
}

static void
on_file_chosen(GtkWindow *window, GFile *file)
{
    g_autoptr(GError) error = NULL;
    ScopeTable *table = g_object_get_data(G_OBJECT(window), TABLE);
    const char *path = g_file_peek_path(file);
    if (!path)
        scope_window_complain(SCOPE_WINDOW(window),
                              _("the table can only be written to a folder of this machine"));
    else if (!scope_table_save(table, path, &error))
        scope_window_complain(SCOPE_WINDOW(window), error->message);
    g_object_set_data(G_OBJECT(window), TABLE, NULL);
}

static void
save_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    GtkRoot *window = gtk_widget_get_root(widget);
    g_autofree char *name = g_strconcat(gtk_widget_get_name(widget), ".csv", NULL);
    if (!SCOPE_IS_WINDOW(window))
        return;
    g_object_set_data_full(G_OBJECT(window), TABLE, g_object_ref(widget), g_object_unref);
    scope_dialogs_save(GTK_WINDOW(window), _("Save the Table"), name, on_file_chosen);
}

void
scope_table_menu_install(GtkWidgetClass *class)
{
    gtk_widget_class_install_action(class, "table.copy", NULL, copy_action);
    gtk_widget_class_install_action(class, "table.save", NULL, save_action);
    gtk_widget_class_add_binding_action(class, GDK_KEY_c, GDK_CONTROL_MASK, "table.copy", NULL);
}

/* --- The menu ---------------------------------------------------------------------------------*/

static GMenuModel *
model_new(void)
{
    GMenu *menu = g_menu_new();
    g_menu_append(menu, _("_Copy as CSV"), "table.copy");
    g_menu_append(menu, _("_Save as CSV…"), "table.save");
    return G_MENU_MODEL(menu);
}

static void
open_at(GtkWidget *table, double x, double y)
{
    GtkWidget *menu = g_object_get_data(G_OBJECT(table), MENU);
    if (!menu) {
        g_autoptr(GMenuModel) model = model_new();
        menu = gtk_popover_menu_new_from_model(model);
        gtk_popover_set_has_arrow(GTK_POPOVER(menu), FALSE);
        gtk_widget_set_halign(menu, GTK_ALIGN_START);
        gtk_widget_set_parent(menu, table);
        g_object_set_data(G_OBJECT(table), MENU, menu);
    }
    const GdkRectangle at = {(int)x, (int)y, 1, 1};
    gtk_popover_set_pointing_to(GTK_POPOVER(menu), &at);
    gtk_popover_popup(GTK_POPOVER(menu));
}

static void
on_pressed(GtkGestureClick *click, int n, double x, double y, gpointer table)
{
    open_at(table, x, y);
}

static void
on_held(GtkGestureLongPress *hold, double x, double y, gpointer table)
{
    open_at(table, x, y);
}

static gboolean
on_menu_key(GtkWidget *table, GVariant *parameters, gpointer data)
{
    open_at(table, gtk_widget_get_width(table) / 2.0, gtk_widget_get_height(table) / 2.0);
    return TRUE;
}

void
scope_table_menu_attach(ScopeTable *table)
{
    GtkGesture *click = gtk_gesture_click_new(), *hold = gtk_gesture_long_press_new();
    GtkEventController *keys = gtk_shortcut_controller_new();
    gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(click), GDK_BUTTON_SECONDARY);
    gtk_gesture_single_set_touch_only(GTK_GESTURE_SINGLE(hold), TRUE);
    g_signal_connect(click, "pressed", G_CALLBACK(on_pressed), table);
    g_signal_connect(hold, "pressed", G_CALLBACK(on_held), table);
    gtk_shortcut_controller_add_shortcut(
        GTK_SHORTCUT_CONTROLLER(keys),
        gtk_shortcut_new(gtk_shortcut_trigger_parse_string("Menu|<Shift>F10"),
                         gtk_callback_action_new(on_menu_key, NULL, NULL)));
    gtk_widget_add_controller(GTK_WIDGET(table), GTK_EVENT_CONTROLLER(click));
    gtk_widget_add_controller(GTK_WIDGET(table), GTK_EVENT_CONTROLLER(hold));
    gtk_widget_add_controller(GTK_WIDGET(table), keys);
}

void
scope_table_menu_drop(ScopeTable *table)
{
    GtkWidget *menu = g_object_steal_data(G_OBJECT(table), MENU);
    if (menu)
        gtk_widget_unparent(menu);
}
