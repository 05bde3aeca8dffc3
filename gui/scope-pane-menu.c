/* SPDX-License-Identifier: MIT
 *
 * What one can do with a figure: see what stands behind a mark, copy it, its numbers, its command,
 * export it.
 */
#include "scope-pane-menu.h"

#include "scope-scene-view.h"

#include <glib/gi18n.h>

#define MENU "scope-pane-menu"

/* --- Actions ----------------------------------------------------------------------------------*/

static void
copy_image_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    g_autoptr(GdkContentProvider) picture = scope_pane_copy(SCOPE_PANE(widget));
    if (picture)
        gdk_clipboard_set_content(gtk_widget_get_clipboard(widget), picture);
}

static void
copy_data_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    g_autofree char *data = scope_pane_data(SCOPE_PANE(widget));
    if (data)
        gdk_clipboard_set_text(gtk_widget_get_clipboard(widget), data);
}

static void
copy_command_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    if (!scope_pane_has_figure(SCOPE_PANE(widget)))
        return;
    g_autofree char *command = scope_pane_get_command(SCOPE_PANE(widget));
    gdk_clipboard_set_text(gtk_widget_get_clipboard(widget), command);
}

void
scope_pane_menu_install(GtkWidgetClass *class)
{
    gtk_widget_class_install_action(class, "pane.copy-image", NULL, copy_image_action);
    gtk_widget_class_install_action(class, "pane.copy-data", NULL, copy_data_action);
    gtk_widget_class_install_action(class, "pane.copy-command", NULL, copy_command_action);
    gtk_widget_class_add_binding_action(class, GDK_KEY_c, GDK_CONTROL_MASK, "pane.copy-image",
                                        NULL);
}

/* --- The menu ---------------------------------------------------------------------------------*/

static GMenuModel *
model_new(void)
{
    GMenu *menu = g_menu_new();
    g_autoptr(GMenu) show = g_menu_new(), copy = g_menu_new(), export = g_menu_new();
    g_menu_append(show, _("Show the E_xpert"), "win.view::expert");
    g_menu_append(show, _("Show Its _Tokens"), "win.view::tokens");
    g_menu_append(copy, _("Copy _Image"), "pane.copy-image");
    g_menu_append(copy, _("Copy _Data (CSV)"), "pane.copy-data");
    g_menu_append(copy, _("Copy _Command"), "pane.copy-command");
    g_menu_append(export, _("_Export…"), "win.export");
    g_menu_append_section(menu, NULL, G_MENU_MODEL(show));
    g_menu_append_section(menu, NULL, G_MENU_MODEL(copy));
    g_menu_append_section(menu, NULL, G_MENU_MODEL(export));
    return G_MENU_MODEL(menu);
}

static void
open_at(ScopePane *pane, double x, double y)
{
    GtkWidget *menu = g_object_get_data(G_OBJECT(pane), MENU);
    if (!scope_pane_has_figure(pane))
        return;
    if (!menu) {
        g_autoptr(GMenuModel) model = model_new();
        menu = gtk_popover_menu_new_from_model(model);
        gtk_popover_set_has_arrow(GTK_POPOVER(menu), FALSE);
        gtk_widget_set_halign(menu, GTK_ALIGN_START);
        gtk_widget_set_parent(menu, GTK_WIDGET(pane));
        g_object_set_data(G_OBJECT(pane), MENU, menu);
    }
    const GdkRectangle at = {(int)x, (int)y, 1, 1};
    gtk_popover_set_pointing_to(GTK_POPOVER(menu), &at);
    gtk_popover_popup(GTK_POPOVER(menu));
}

/* Chooses the mark at a point of the pane, as a click does. Returns whether it stands for an
 * expert. */
static bool
choose(GtkWidget *pane, double x, double y)
{
    bool expert = false;
    GtkWidget *view = gtk_widget_pick(pane, x, y, GTK_PICK_DEFAULT);
    const MoeDatum *datum = view && SCOPE_IS_SCENE_VIEW(view)
                                ? scope_scene_view_get_datum(SCOPE_SCENE_VIEW(view))
                                : NULL;
    for (int i = 0; datum && i < datum->n_keys; i++)
        expert |= g_str_equal(datum->keys[i].name, "expert");
    if (datum)
        g_signal_emit_by_name(view, "activated", datum);
    return expert;
}

/* It is about the mark below the pointer. */
static void
on_pressed(GtkGestureClick *click, int n, double x, double y, gpointer pane)
{
    choose(pane, x, y);
    open_at(pane, x, y);
}

/* A finger has no second button. */
static void
on_held(GtkGestureLongPress *hold, double x, double y, gpointer pane)
{
    choose(pane, x, y);
    open_at(pane, x, y);
}

/* The first of two clicks has chosen it. */
static void
on_clicked(GtkGestureClick *click, int n, double x, double y, gpointer pane)
{
    if (n == 2 && choose(pane, x, y))
        gtk_widget_activate_action(pane, "win.view", "s", "expert");
}

static gboolean
on_menu_key(GtkWidget *widget, GVariant *parameters, gpointer data)
{
    open_at(SCOPE_PANE(widget), gtk_widget_get_width(widget) / 2.0,
            gtk_widget_get_height(widget) / 2.0);
    return TRUE;
}

void
scope_pane_menu_attach(ScopePane *pane)
{
    GtkGesture *click = gtk_gesture_click_new(), *twice = gtk_gesture_click_new(),
               *hold = gtk_gesture_long_press_new();
    GtkEventController *keys = gtk_shortcut_controller_new();
    gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(click), GDK_BUTTON_SECONDARY);
    g_signal_connect(click, "pressed", G_CALLBACK(on_pressed), pane);
    g_signal_connect(twice, "pressed", G_CALLBACK(on_clicked), pane);
    gtk_gesture_single_set_touch_only(GTK_GESTURE_SINGLE(hold), TRUE);
    g_signal_connect(hold, "pressed", G_CALLBACK(on_held), pane);
    gtk_widget_add_controller(GTK_WIDGET(pane), GTK_EVENT_CONTROLLER(click));
    gtk_widget_add_controller(GTK_WIDGET(pane), GTK_EVENT_CONTROLLER(twice));
    gtk_widget_add_controller(GTK_WIDGET(pane), GTK_EVENT_CONTROLLER(hold));
    gtk_shortcut_controller_add_shortcut(
        GTK_SHORTCUT_CONTROLLER(keys),
        gtk_shortcut_new(gtk_shortcut_trigger_parse_string("Menu|<Shift>F10"),
                         gtk_callback_action_new(on_menu_key, NULL, NULL)));
    gtk_widget_add_controller(GTK_WIDGET(pane), keys);
}

void
scope_pane_menu_drop(ScopePane *pane)
{
    GtkWidget *menu = g_object_steal_data(G_OBJECT(pane), MENU);
    if (menu)
        gtk_widget_unparent(menu);
}
