/* SPDX-License-Identifier: MIT
 *
 * A figure in the window: looked at closely, walked through, chosen from, copied; and the pane
 * around it.
 */
#include "scope-scene-view.h"
#include "stage.h"

#include <glib/gstdio.h>
#include <string.h>

static bool
is_closer(GtkWidget *view)
{
    gboolean closer;
    g_object_get(view, "closer", &closer, NULL);
    return closer;
}

static bool
same_pictures(const Picture *a, const Picture *b)
{
    return a->width == b->width && a->height == b->height &&
           memcmp(a->pixels, b->pixels, 4 * (gsize)a->width * (gsize)a->height) == 0;
}

static gboolean
on_time(gpointer over)
{
    *(bool *)over = true;
    return G_SOURCE_REMOVE;
}

static bool
is_over(gpointer over)
{
    return *(bool *)over;
}

/* Until nothing moves, and what is seen closely has become sharp. */
static void
rest(GtkWidget *view)
{
    bool over = false;
    g_timeout_add(250, on_time, &over);
    wait_until(is_over, &over);
    settle(view);
}

/* A point of the first panel: the middle of a cell. */
static void
at_cell(GtkWidget *view, double *x, double *y)
{
    *x = gtk_widget_get_width(view) * 0.3;
    *y = gtk_widget_get_height(view) * 0.4;
}

static const char *
words_of(GtkWidget *view)
{
    return scope_scene_view_get_words(SCOPE_SCENE_VIEW(view));
}

/* --- Looking closely --------------------------------------------------------------------------*/

/* The cell under the pointer stays there; all that was seen is seen again. */
static void
test_wheel(Stage *stage, gconstpointer data)
{
    GtkWidget *view = stage_open_good(stage);
    GtkWidget *window = GTK_WIDGET(stage->window);
    double x, y;
    at_cell(view, &x, &y);
    point_at(view, x, y);
    settle(view);
    g_auto(Picture) before = look_at(view, "far-view");
    g_autofree char *words = g_strdup(words_of(view));
    g_assert_nonnull(words);
    do_by_hand(window, "keydown ctrl click 4 click 4 click 4 keyup ctrl");
    g_assert_true(is_closer(view));
    g_assert_cmpstr(words_of(view), ==, words);
    g_auto(Picture) moving G_GNUC_UNUSED = look_at(view, "near-moving-view");
    rest(view);
    g_auto(Picture) near = look_at(view, "near-view");
    assert_drawn(window, "near");
    g_assert_false(same_pictures(&before, &near));
    do_by_hand(window, "keydown shift click 5 click 5 keyup shift"); /* along the map */
    g_assert_cmpstr(words_of(view), !=, words);
    gtk_widget_grab_focus(view);
    press(window, "0");
    g_assert_false(is_closer(view));
    g_auto(Picture) after = look_at(view, "far-again-view");
    g_assert_true(same_pictures(&before, &after));
}

/* What is dragged isn't clicked. */
static void
test_drag(Stage *stage, gconstpointer data)
{
    GtkWidget *view = stage_open_good(stage);
    GtkWidget *window = GTK_WIDGET(stage->window);
    double x, y;
    at_cell(view, &x, &y);
    scope_scene_view_zoom(SCOPE_SCENE_VIEW(view), x, y, 2); /* cells become as high as wide */
    scope_scene_view_zoom(SCOPE_SCENE_VIEW(view), x, y, 2);
    point_at(view, x, y);
    settle(view);
    rest(view);
    g_autofree char *words = g_strdup(words_of(view));
    g_auto(Picture) before = look_at(view, "before-drag-view");
    do_by_hand(window, "mousedown 1 mousemove_relative 15 0 mousemove_relative 15 0 mouseup 1");
    g_assert_cmpint(scope_focus_get(stage_focus(stage), SCOPE_FOCUS_EXPERT), ==, -1);
    g_assert_cmpstr(words_of(view), ==, words); /* the cell came along */
    rest(view);
    g_auto(Picture) after = look_at(view, "after-drag-view");
    g_assert_false(same_pictures(&before, &after));
    press(window, "0"); /* a click gives the figure the keyboard */
    g_assert_false(is_closer(view));
    point_at(view, x, y);
    do_by_hand(window, "keydown shift mousedown 1 mousemove_relative 30 10 mousemove_relative 30 "
                       "10 mouseup 1 keyup shift");
    g_assert_true(is_closer(view));
    rest(view);
    assert_drawn(view, "banded-view");
}

/* Another option draws the figure again, and what is seen closely stays so. */
static void
test_stays(Stage *stage, gconstpointer data)
{
    GtkWidget *view = stage_open_good(stage);
    double x, y;
    at_cell(view, &x, &y);
    scope_scene_view_zoom(SCOPE_SCENE_VIEW(view), x, y, 2);
    scope_pane_set_option(stage_pane(stage), "norm=relative");
    wait_until(stage_shows_figure, stage->window);
    rest(view);
    g_assert_true(is_closer(view));
}

/* --- Walking ----------------------------------------------------------------------------------*/

static GtkEventController *
controller_of(GtkWidget *view, GType type)
{
    g_autoptr(GListModel) all = gtk_widget_observe_controllers(view);
    for (guint i = 0; i < g_list_model_get_n_items(all); i++) {
        g_autoptr(GtkEventController) one = g_list_model_get_item(all, i);
        if (G_TYPE_CHECK_INSTANCE_TYPE(one, type))
            return one; /* the widget keeps it */
    }
    g_assert_not_reached();
}

/* The X server has no fingers: what the gesture tells is told in its place. The mark between the
 * fingers stays there. */
static void
test_pinch(Stage *stage, gconstpointer data)
{
    GtkWidget *view = stage_open_good(stage);
    GtkEventController *pinch = controller_of(view, GTK_TYPE_GESTURE_ZOOM);
    double x, y;
    at_cell(view, &x, &y);
    point_at(view, x, y);
    settle(view);
    g_autofree char *words = g_strdup(words_of(view));
    g_signal_emit_by_name(pinch, "begin", NULL);
    g_signal_emit_by_name(pinch, "scale-changed", 1.5);
    g_signal_emit_by_name(pinch, "scale-changed", 2.0);
    g_assert_true(is_closer(view));
    g_assert_cmpstr(words_of(view), ==, words);
    g_signal_emit_by_name(pinch, "scale-changed", 1.0);
    g_assert_false(is_closer(view));
}

static void
test_keys(Stage *stage, gconstpointer data)
{
    GtkWidget *view = stage_open_good(stage);
    GtkWidget *window = GTK_WIDGET(stage->window);
    point_at(view, 1, 1);
    settle(view);
    gtk_widget_grab_focus(view);
    press(window, "Right");
    g_assert_true(g_str_has_prefix(words_of(view), "layer 0, expert 0,"));
    press(window, "Right");
    press(window, "Down");
    g_assert_true(g_str_has_prefix(words_of(view), "layer 1, expert 1,"));
    assert_drawn(view, "walked-view");
    press(window, "plus");
    g_assert_true(is_closer(view));
    press(window, "ctrl+Right");
    for (int i = 0; i < 6; i++)
        press(window, "Right"); /* what isn't seen comes into sight */
    g_assert_true(g_str_has_prefix(words_of(view), "layer 1, expert 7,"));
    rest(view);
    assert_drawn(view, "walked-near-view");
    press(window, "Return");
    g_assert_cmpint(scope_focus_get(stage_focus(stage), SCOPE_FOCUS_LAYER), ==, 1);
    g_assert_cmpint(scope_focus_get(stage_focus(stage), SCOPE_FOCUS_EXPERT), ==, 7);
    press(window, "Escape");
    g_assert_null(words_of(view));
}

/* --- Choosing ---------------------------------------------------------------------------------*/

/* A click chooses, as one step to undo; what is chosen is outlined. */
static void
test_click(Stage *stage, gconstpointer data)
{
    GtkWidget *view = stage_open_good(stage);
    ScopeFocus *focus = stage_focus(stage);
    double x, y;
    at_cell(view, &x, &y);
    point_at(view, 1, 1);
    settle(view);
    g_auto(Picture) before = look_at(view, "unchosen-view");
    click_at(view, x, y);
    int layer, expert;
    g_assert_cmpint(sscanf(words_of(view), "layer %d, expert %d", &layer, &expert), ==, 2);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_LAYER), ==, layer);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_EXPERT), ==, expert);
    point_at(view, 1, 1);
    settle(view);
    g_auto(Picture) chosen = look_at(view, "chosen-view");
    g_assert_false(same_pictures(&before, &chosen));
    scope_focus_undo(focus);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_EXPERT), ==, -1);
    g_auto(Picture) after = look_at(view, "unchosen-again-view");
    g_assert_true(same_pictures(&before, &after));
}

static bool
has_words(gpointer view)
{
    return words_of(view) != NULL;
}

/* The label of a row chooses the row, that of a column the column; so do keys, from a mark. */
static void
test_lines(Stage *stage, gconstpointer data)
{
    GtkWidget *view = stage_open_good(stage), *window = GTK_WIDGET(stage->window);
    ScopeFocus *focus = stage_focus(stage);
    double x, y, edge;
    int layer, expert;
    at_cell(view, &x, &y);
    click_at(view, x, y);
    wait_until(has_words, view);
    g_assert_cmpint(sscanf(words_of(view), "layer %d, expert %d", &layer, &expert), ==, 2);
    for (edge = x; words_of(view); edge -= 4) {
        point_at(view, edge, y);
        settle(view);
    }
    click_at(view, edge - 4, y);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_LAYER), ==, layer);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_EXPERT), ==, -1);
    assert_drawn(view, "row-view");
    click_at(view, x, y);
    press(window, "ctrl+Return");
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_LAYER), ==, -1);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_EXPERT), ==, expert);
    assert_drawn(view, "column-view");
    press(window, "shift+Return");
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_LAYER), ==, layer);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_EXPERT), ==, -1);
}

static bool
has_setting(ScopePane *pane, const char *setting)
{
    g_auto(GStrv) settings = scope_pane_get_settings(pane);
    return g_strv_contains((const char *const *)settings, setting);
}

static void
test_bound(Stage *stage, gconstpointer data)
{
    stage_open_good(stage);
    ScopePane *pane = stage_pane(stage);
    scope_pane_set_option(pane, "layers=0-1");
    scope_pane_bind(pane, "layers", SCOPE_FOCUS_LAYER);
    g_assert_true(has_setting(pane, "layers=0-1"));
    scope_focus_set(stage_focus(stage), SCOPE_FOCUS_LAYER, 2);
    g_assert_true(has_setting(pane, "layers=2"));
    g_autofree char *command = scope_pane_get_command(pane);
    g_assert_true(g_str_has_suffix(command, "two-domains.npz --set layers=2"));
    scope_focus_undo(stage_focus(stage));
    g_assert_true(has_setting(pane, "layers=0-1"));
    wait_until(stage_shows_figure, stage->window);
}

/* --- The pane ---------------------------------------------------------------------------------*/

static bool
spins(GtkWidget *window)
{
    return find(window, GTK_TYPE_SPINNER, NULL) != NULL;
}

/* What can't be seen isn't drawn; what is drawn at once has no spinner before it. */
static void
test_hidden(Stage *stage, gconstpointer data)
{
    GtkWidget *view = stage_open_good(stage);
    GtkWidget *pane = GTK_WIDGET(stage_pane(stage));
    g_auto(Picture) before = look_at(view, "shown-view");
    gtk_widget_set_visible(pane, FALSE);
    scope_pane_set_option(SCOPE_PANE(pane), "norm=log2");
    rest(GTK_WIDGET(stage->window));
    gtk_widget_set_visible(pane, TRUE);
    g_assert_false(spins(GTK_WIDGET(stage->window)));
    rest(GTK_WIDGET(stage->window));
    wait_until(stage_shows_figure, stage->window);
    g_auto(Picture) after = look_at(view, "shown-again-view");
    g_assert_false(same_pictures(&before, &after));
}

static bool
has_text(gpointer window)
{
    GdkClipboard *clipboard = gtk_widget_get_clipboard(GTK_WIDGET(window));
    return gdk_content_formats_contain_gtype(gdk_clipboard_get_formats(clipboard), G_TYPE_STRING);
}

/* By the secondary button, by the Menu key, by a finger that rests. */
static void
test_menu(Stage *stage, gconstpointer data)
{
    GtkWidget *view = stage_open_good(stage);
    GtkWidget *window = GTK_WIDGET(stage->window), *pane = GTK_WIDGET(stage_pane(stage));
    double x, y;
    at_cell(view, &x, &y);
    point_at(view, x, y);
    do_by_hand(window, "click 3");
    GtkWidget *menu = find(pane, GTK_TYPE_POPOVER_MENU, NULL);
    g_assert_nonnull(menu);
    assert_drawn(menu, "pane-menu");
    gtk_popover_popdown(GTK_POPOVER(menu));
    settle(window);
    gtk_widget_activate_action(pane, "pane.copy-data", NULL);
    wait_until(has_text, window);
    gtk_widget_activate_action(pane, "pane.copy-image", NULL);
    GdkContentFormats *formats = gdk_clipboard_get_formats(gtk_widget_get_clipboard(window));
    g_assert_true(gdk_content_formats_contain_gtype(formats, GDK_TYPE_TEXTURE));
    g_assert_true(gdk_content_formats_contain_mime_type(formats, "image/svg+xml"));
    g_assert_false(has_text(window));
    gtk_widget_activate_action(pane, "pane.copy-command", NULL);
    wait_until(has_text, window);
    gtk_widget_grab_focus(view);
    press(window, "shift+F10");
    menu = find(pane, GTK_TYPE_POPOVER_MENU, NULL);
    g_assert_nonnull(menu);
    gtk_popover_popdown(GTK_POPOVER(menu));
    settle(window);
    g_assert_null(find(pane, GTK_TYPE_POPOVER_MENU, NULL));
    g_signal_emit_by_name(controller_of(pane, GTK_TYPE_GESTURE_LONG_PRESS), "pressed", x, y);
    g_assert_nonnull(find(pane, GTK_TYPE_POPOVER_MENU, NULL)); /* as a finger opens it */
    gtk_popover_popdown(GTK_POPOVER(menu));
    settle(window);
}

/* --- Commands ---------------------------------------------------------------------------------*/

static void
run_in_shell(const char *command, const char *out)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_path_get_dirname(g_getenv("MOESCOPE_PROGRAM"));
    g_autofree char *here = stage_path("");
    g_autofree char *line =
        g_strdup_printf("cd '%s' && PATH='%s':\"$PATH\" && %s -o '%s'", here, folder, command, out);
    const char *words[] = {"sh", "-c", line, NULL};
    int status;
    g_assert_true(g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, &status, &error));
    g_assert_no_error(error);
    g_assert_true(g_spawn_check_wait_status(status, NULL));
}

/* Seen closely, of a file with a name that shells misread, with a filter: the command that is told
 * writes the same bytes. */
static void
test_command(Stage *stage, gconstpointer data)
{
    g_autofree char *odd = stage_path("it's $odd.npz"), *ours = stage_path("ours.svg");
    g_autofree char *theirs = stage_path("theirs.svg"), *a = NULL, *b = NULL;
    g_autoptr(GError) error = NULL;
    stage_open_good(stage);
    write_trace(odd);
    stage_open(stage, odd);
    wait_until(stage_shows_figure, stage->window);
    ScopePane *pane = stage_pane(stage);
    scope_focus_set_filter(stage_focus(stage), "domain=german");
    scope_pane_set_option(pane, "norm=relative");
    rest(GTK_WIDGET(stage->window));
    wait_until(stage_shows_figure, stage->window);
    GtkWidget *view = find(GTK_WIDGET(pane), SCOPE_TYPE_SCENE_VIEW, NULL);
    scope_scene_view_zoom(SCOPE_SCENE_VIEW(view), 200, 200, 2);
    g_assert_true(scope_pane_export(pane, ours, "paper-full", &error));
    g_assert_no_error(error);
    g_assert_true(is_closer(view));
    g_autofree char *command = scope_pane_get_command(pane);
    run_in_shell(command, theirs);
    g_assert_true(g_file_get_contents(ours, &a, NULL, NULL));
    g_assert_true(g_file_get_contents(theirs, &b, NULL, NULL));
    g_assert_cmpstr(a, ==, b);
}

static void
add(void)
{
    stage_add("/view/stays", test_stays);
    stage_add("/view/bound", test_bound);
    stage_add("/view/hidden", test_hidden);
    stage_add("/view/command", test_command);
    if (!have_hands())
        return;
    stage_add("/view/wheel", test_wheel);
    stage_add("/view/drag", test_drag);
    stage_add("/view/keys", test_keys);
    stage_add("/view/pinch", test_pinch);
    stage_add("/view/click", test_click);
    stage_add("/view/lines", test_lines);
    stage_add("/view/menu", test_menu);
}

int
main(int argc, char **argv)
{
    return stage_run(argc, argv, add);
}
