/* SPDX-License-Identifier: MIT
 *
 * The app by mouse and keyboard: events that come through the X server.
 */
#include "scope-scene-view.h"
#include "stage.h"

#include <string.h>

static const char *
filter_of(Stage *stage)
{
    return scope_focus_get_filter(scope_tab_get_focus(stage_tab(stage)));
}

/* --- Views ------------------------------------------------------------------------------------*/

static void
test_views(Stage *stage, gconstpointer data)
{
    stage_open_good(stage);
    ScopeViews *views = scope_tab_get_views(stage_tab(stage));
    for (int i = 0; scope_pages[i].name; i++) {
        g_autofree char *keys =
            i < 10 ? g_strdup_printf("ctrl+%d", (i + 1) % 10) : g_strdup_printf("alt+%d", i - 9);
        g_autofree char *picture = g_strconcat("view-", scope_pages[i].name, NULL);
        press(stage_widget(stage), keys);
        g_assert_cmpstr(scope_views_get_name(views), ==, scope_pages[i].name);
        assert_drawn(stage_widget(stage), picture);
    }
}

static void
test_sidebar(Stage *stage, gconstpointer data)
{
    stage_open_good(stage);
    ScopeViews *views = scope_tab_get_views(stage_tab(stage));
    for (const ScopePageInfo *info = scope_pages; info->name; info++) {
        GtkWidget *row = find(stage_widget(stage), GTK_TYPE_LIST_BOX_ROW, info->name);
        g_assert_nonnull(row);
        click(row);
        g_assert_cmpstr(scope_views_get_name(views), ==, info->name);
    }
}

static void
test_inspector(Stage *stage, gconstpointer data)
{
    stage_open_good(stage);
    g_assert_nonnull(find(stage_widget(stage), GTK_TYPE_DROP_DOWN, "norm"));
    press(stage_widget(stage), "F9");
    g_assert_null(find(stage_widget(stage), GTK_TYPE_DROP_DOWN, "norm"));
    assert_drawn(stage_widget(stage), "no-inspector");
    press(stage_widget(stage), "F9");
    g_assert_nonnull(find(stage_widget(stage), GTK_TYPE_DROP_DOWN, "norm"));
}

/* A click on a cell of the heat map chooses its layer and expert, here and in all views. */
static void
test_click(Stage *stage, gconstpointer data)
{
    stage_open_good(stage);
    ScopeFocus *focus = scope_tab_get_focus(stage_tab(stage));
    press(stage_widget(stage), "ctrl+1");
    wait_until(stage_shows_figure, stage->window);
    GtkWidget *view = find(stage_widget(stage), SCOPE_TYPE_SCENE_VIEW, NULL);
    click_at(view, gtk_widget_get_width(view) * 0.3, gtk_widget_get_height(view) * 0.3);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_LAYER), >=, 0);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_EXPERT), >=, 0);
    assert_drawn(stage_widget(stage), "clicked");
    press(stage_widget(stage), "ctrl+z");
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_EXPERT), ==, -1);
}

/* A second click shows the expert that the first one chose. */
static void
test_double_click(Stage *stage, gconstpointer data)
{
    stage_open_good(stage);
    press(stage_widget(stage), "ctrl+1");
    wait_until(stage_shows_figure, stage->window);
    GtkWidget *view = find(stage_widget(stage), SCOPE_TYPE_SCENE_VIEW, NULL);
    point_at(view, gtk_widget_get_width(view) * 0.3, gtk_widget_get_height(view) * 0.3);
    settle(view);
    do_by_hand(stage_widget(stage), "click --repeat 2 --delay 40 1");
    ScopeViews *views = scope_tab_get_views(stage_tab(stage));
    g_assert_cmpstr(scope_views_get_name(views), ==, "expert");
    wait_until(stage_shows_figure, stage->window);
    g_assert_cmpint(scope_focus_get(scope_tab_get_focus(stage_tab(stage)), SCOPE_FOCUS_EXPERT), >=,
                    0);
}

/* --- The filter -------------------------------------------------------------------------------*/

static GtkWidget *
type_filter(Stage *stage, const char *words)
{
    press(stage_widget(stage), "ctrl+l");
    press(stage_widget(stage), "ctrl+a");
    type_text(stage_widget(stage), words);
    return find(stage_widget(stage), GTK_TYPE_ENTRY, "filter");
}

static void
test_filter(Stage *stage, gconstpointer data)
{
    GtkWidget *view = stage_open_good(stage);
    g_auto(Picture) all = look_at(view, "unfiltered-view");
    type_filter(stage, "domain=german");
    g_assert_cmpstr(filter_of(stage), ==, ""); /* not before Enter */
    press(stage_widget(stage), "Return");
    g_assert_cmpstr(filter_of(stage), ==, "domain=german");
    wait_until(stage_shows_figure, stage->window);
    assert_drawn(stage_widget(stage), "filtered");
    g_auto(Picture) some = look_at(view, "filtered-view");
    g_assert_true(some.width != all.width || some.height != all.height ||
                  memcmp(all.pixels, some.pixels, (gsize)(4 * all.width * all.height)) != 0);
    press(stage_widget(stage), "ctrl+a");
    press(stage_widget(stage), "Delete");
    press(stage_widget(stage), "Return");
    g_assert_cmpstr(filter_of(stage), ==, "");
    GtkWidget *entry = find(stage_widget(stage), GTK_TYPE_ENTRY, "filter");
    g_assert_false(gtk_widget_has_css_class(entry, "error"));
}

/* Undo belongs to the entry while it has the keyboard, to the choices elsewhere. */
static void
test_undo(Stage *stage, gconstpointer data)
{
    GtkWidget *view = stage_open_good(stage);
    type_filter(stage, "pos=0-9");
    press(stage_widget(stage), "Return");
    g_assert_cmpstr(filter_of(stage), ==, "pos=0-9");
    gtk_widget_activate_action(view, "win.undo", NULL);
    g_assert_cmpstr(filter_of(stage), ==, "");
    gtk_widget_activate_action(view, "win.redo", NULL);
    g_assert_cmpstr(filter_of(stage), ==, "pos=0-9");
}

static void
test_wrong_filter(Stage *stage, gconstpointer data)
{
    stage_open_good(stage);
    GtkWidget *entry = type_filter(stage, "domane=german");
    g_assert_true(gtk_widget_has_css_class(entry, "error"));
    g_assert_nonnull(strstr(gtk_widget_get_tooltip_text(entry), "domane"));
    press(stage_widget(stage), "Return");
    g_assert_cmpstr(filter_of(stage), ==, "");
    assert_drawn(stage_widget(stage), "wrong-filter");
}

static void
test_filter_form(Stage *stage, gconstpointer data)
{
    stage_open_good(stage);
    GtkWidget *menu = find(stage_widget(stage), GTK_TYPE_MENU_BUTTON, "filter-menu");
    stage_tick_filter(stage, "english", "domain=english");
    assert_drawn(GTK_WIDGET(gtk_menu_button_get_popover(GTK_MENU_BUTTON(menu))), "filter-form");
    GtkWidget *positions = find(stage_widget(stage), GTK_TYPE_ENTRY, "filter-positions");
    gtk_editable_set_text(GTK_EDITABLE(positions), "0-99");
    g_signal_emit_by_name(positions, "activate");
    stage_wait_filter(stage, "domain=english pos=0-99");
    gtk_editable_set_text(GTK_EDITABLE(positions), "");
    g_signal_emit_by_name(positions, "activate");
    stage_tick_filter(stage, "english", "");
    gtk_menu_button_popdown(GTK_MENU_BUTTON(menu));
    wait_until(stage_shows_figure, stage->window);
    settle(stage_widget(stage));
}

/* --- Tabs and windows -------------------------------------------------------------------------*/

static void
test_tabs(Stage *stage, gconstpointer data)
{
    g_autofree char *second = stage_path("second.npz");
    write_trace(second);
    stage_open_good(stage);
    stage_open(stage, second);
    wait_until(stage_shows_figure, stage->window);
    assert_drawn(stage_widget(stage), "tabs");
    g_assert_cmpstr(scope_tab_get_title(stage_tab(stage)), ==, "second.npz");
    press(stage_widget(stage), "ctrl+Page_Up");
    g_assert_cmpstr(scope_tab_get_title(stage_tab(stage)), ==, "two-domains.npz");
    press(stage_widget(stage), "ctrl+Page_Up"); /* round */
    g_assert_cmpstr(scope_tab_get_title(stage_tab(stage)), ==, "second.npz");
    press(stage_widget(stage), "ctrl+w");
    g_assert_cmpstr(scope_tab_get_title(stage_tab(stage)), ==, "two-domains.npz");
    press(stage_widget(stage), "ctrl+w");
    g_assert_true(scope_window_is_blank(stage->window));
}

/* What is open is turned to instead of opened again. */
static void
test_same_file(Stage *stage, gconstpointer data)
{
    stage_open_good(stage);
    ScopeTab *tab = stage_tab(stage);
    stage_open_good(stage);
    g_assert_true(stage_tab(stage) == tab);
}

static bool
has_shortcuts(gpointer window)
{
    GtkWidget *help = GTK_WIDGET(gtk_application_window_get_help_overlay(window));
    return help && gtk_widget_get_mapped(help);
}

static void
test_shortcuts(Stage *stage, gconstpointer data)
{
    press(stage_widget(stage), "F1");
    wait_until(has_shortcuts, stage->window);
    GtkWidget *help =
        GTK_WIDGET(gtk_application_window_get_help_overlay(GTK_APPLICATION_WINDOW(stage->window)));
    assert_drawn(help, "shortcuts");
    gtk_window_close(GTK_WINDOW(help));
    settle(stage_widget(stage));
}

static void
test_recent(Stage *stage, gconstpointer data)
{
    stage_open_good(stage);
    press(stage_widget(stage), "ctrl+w");
    assert_drawn(stage_widget(stage), "recent");
    GtkWidget *row = find(stage_widget(stage), GTK_TYPE_BUTTON, "two-domains.npz");
    g_assert_nonnull(row);
    click(row);
    g_assert_false(scope_window_is_blank(stage->window));
    wait_until(stage_shows_figure, stage->window);
}

static void
test_sample(Stage *stage, gconstpointer data)
{
    click(find(stage_widget(stage), GTK_TYPE_BUTTON, "sample-made-up"));
    wait_until(stage_shows_figure, stage->window);
    g_assert_true(says(stage_widget(stage), "made-up.npz"));
    assert_drawn(stage_widget(stage), "sample");
}

/* --- Program ----------------------------------------------------------------------------------*/

static void
add(void)
{
    stage_add("/hands/views", test_views);
    stage_add("/hands/sidebar", test_sidebar);
    stage_add("/hands/inspector", test_inspector);
    stage_add("/hands/click", test_click);
    stage_add("/hands/double-click", test_double_click);
    stage_add("/hands/filter", test_filter);
    stage_add("/hands/undo", test_undo);
    stage_add("/hands/wrong-filter", test_wrong_filter);
    stage_add("/hands/filter-form", test_filter_form);
    stage_add("/hands/tabs", test_tabs);
    stage_add("/hands/same-file", test_same_file);
    stage_add("/hands/shortcuts", test_shortcuts);
    stage_add("/hands/recent", test_recent);
    stage_add("/hands/sample", test_sample);
}

int
main(int argc, char **argv)
{
    if (!have_hands()) {
        g_print("1..0 # SKIP no xdotool\n");
        return 0;
    }
    return stage_run(argc, argv, add);
}
