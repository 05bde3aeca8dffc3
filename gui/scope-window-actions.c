/* SPDX-License-Identifier: MIT
 *
 * What buttons, menus and keys of a window do.
 */
#include "scope-window-private.h"

#include "scope-dialogs.h"
#include "scope-export-dialog.h"
#include "scope-report.h"

static ScopeTab *
tab_of(GtkWidget *window)
{
    return scope_window_get_tab(SCOPE_WINDOW(window));
}

static ScopeViews *
views_of(GtkWidget *window)
{
    return scope_tab_get_views(tab_of(window));
}

/* --- Files ------------------------------------------------------------------------------------*/

static void
on_files_chosen(GtkWindow *window, GListModel *files)
{
    scope_window_offer(SCOPE_WINDOW(window), files);
}

static void
open_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    scope_dialogs_open(GTK_WINDOW(widget), on_files_chosen);
}

static void
open_folder_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    scope_dialogs_open_folder(GTK_WINDOW(widget), on_files_chosen);
}

static void
open_path_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    g_autoptr(GFile) file = g_file_new_for_path(g_variant_get_string(parameter, NULL));
    scope_window_open(SCOPE_WINDOW(widget), file);
}

static void
sample_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    scope_window_open_sample(SCOPE_WINDOW(widget));
}

/* --- Out --------------------------------------------------------------------------------------*/

static void
export_figure(GtkWindow *window, ScopeTab *tab)
{
    GtkWidget *dialog = scope_export_dialog_new(window, scope_tab_get_document(tab),
                                                scope_tab_get_focus(tab), scope_tab_get_pane(tab));
    gtk_window_present(GTK_WINDOW(dialog));
}

/* Of a view without figures the table is meant; of a model, figures of its weights. */
static void
export_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    ScopeTab *tab = tab_of(widget);
    ScopeWeights *weights = scope_tab_get_weights(tab);
    if (weights)
        scope_weights_export(weights);
    else if (scope_tab_get_pane(tab))
        export_figure(GTK_WINDOW(widget), tab);
    else
        gtk_widget_activate_action(GTK_WIDGET(scope_tab_get_table(tab)), "table.save", NULL);
}

static void
copy_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    ScopeTab *tab = tab_of(widget);
    ScopeWeights *weights = scope_tab_get_weights(tab);
    if (weights)
        scope_weights_copy(weights);
    else if (!scope_tab_get_pane(tab))
        gtk_widget_activate_action(GTK_WIDGET(scope_tab_get_table(tab)), "table.copy", NULL);
    else
        scope_export_copy(widget, scope_tab_get_document(tab), scope_tab_get_focus(tab),
                          scope_tab_get_pane(tab));
}

static void
copy_command_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    ScopeWeights *weights = scope_tab_get_weights(tab_of(widget));
    g_autofree char *command = weights ? scope_weights_get_command(weights)
                                       : scope_pane_get_command(scope_tab_get_pane(tab_of(widget)));
    gdk_clipboard_set_text(gtk_widget_get_clipboard(widget), command);
}

static void
report_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    scope_report_begin(SCOPE_WINDOW(widget));
}

/* --- Views ------------------------------------------------------------------------------------*/

static void
undo_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    scope_focus_undo(scope_tab_get_focus(tab_of(widget)));
}

static void
redo_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    scope_focus_redo(scope_tab_get_focus(tab_of(widget)));
}

/* Where a view has nothing to search, the tokens can be chosen. */
static void
find_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    if (!scope_page_find(scope_views_get_page(views_of(widget))))
        scope_window_focus_filter(SCOPE_WINDOW(widget));
}

static void
filter_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    scope_window_focus_filter(SCOPE_WINDOW(widget));
}

static void
view_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    scope_views_turn(views_of(widget), g_variant_get_string(parameter, NULL));
}

/* --- Tabs and the window ----------------------------------------------------------------------*/

static void
close_tab_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    ScopeTab *tab = tab_of(widget);
    if (tab)
        scope_tabs_close(scope_window_get_tabs(SCOPE_WINDOW(widget)), tab);
    else
        gtk_window_close(GTK_WINDOW(widget));
}

static void
turn_tab_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    scope_tabs_turn(scope_window_get_tabs(SCOPE_WINDOW(widget)), g_variant_get_int32(parameter));
}

static void
about_action(GtkWidget *widget, const char *action, GVariant *parameter)
{
    scope_dialogs_about(GTK_WINDOW(widget));
}

void
scope_window_install_actions(GtkWidgetClass *class)
{
    static const struct {
        const char *name, *parameter;
        GtkWidgetActionActivateFunc activate;
    } actions[] = {
        {"win.open", NULL, open_action},
        {"win.open-folder", NULL, open_folder_action},
        {"win.open-path", "s", open_path_action},
        {"win.sample", NULL, sample_action},
        {"win.export", NULL, export_action},
        {"win.copy", NULL, copy_action},
        {"win.copy-command", NULL, copy_command_action},
        {"win.report", NULL, report_action},
        {"win.undo", NULL, undo_action},
        {"win.redo", NULL, redo_action},
        {"win.find", NULL, find_action},
        {"win.filter", NULL, filter_action},
        {"win.view", "s", view_action},
        {"win.close-tab", NULL, close_tab_action},
        {"win.turn-tab", "i", turn_tab_action},
        {"win.about", NULL, about_action},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(actions); i++)
        gtk_widget_class_install_action(class, actions[i].name, actions[i].parameter,
                                        actions[i].activate);
    gtk_widget_class_install_property_action(class, "win.inspector", "inspector");
}
