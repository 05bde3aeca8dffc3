/* SPDX-License-Identifier: MIT
 *
 * The app from the outside: what a user opens, sees, points at, changes and exports.
 */
#include "scope-scene-view.h"
#include "stage.h"

#include <string.h>

static bool
shows_error(gpointer window)
{
    return says(window, "This file can");
}

/* --- Cases ------------------------------------------------------------------------------------*/

static void
test_welcome(Stage *stage, gconstpointer data)
{
    GtkWidget *window = GTK_WIDGET(stage->window);
    g_assert_true(scope_window_is_blank(stage->window));
    g_assert_true(says(window, "A made-up trace"));
    assert_drawn(window, "welcome");
}

static void
test_figure(Stage *stage, gconstpointer data)
{
    GtkWidget *view = stage_open_good(stage);
    g_assert_true(says(GTK_WIDGET(stage->window), "two-domains.npz"));
    g_assert_true(says(GTK_WIDGET(stage->window), "3 MoE layers"));
    g_assert_true(says(GTK_WIDGET(stage->window), "2 domains"));
    assert_drawn(GTK_WIDGET(stage->window), "figure");
    assert_drawn(view, "figure-view");
}

static void
test_small(Stage *stage, gconstpointer data)
{
    gtk_window_set_default_size(GTK_WINDOW(stage->window), 640, 420);
    GtkWidget *view = stage_open_good(stage);
    g_assert_cmpint(gtk_widget_get_width(GTK_WIDGET(stage->window)), <=, 700);
    assert_drawn(view, "small-view");
    assert_drawn(GTK_WIDGET(stage->window), "small");
}

static void
test_dark(Stage *stage, gconstpointer data)
{
    GtkSettings *settings = gtk_settings_get_default();
    GtkWidget *view = stage_open_good(stage);
    g_auto(Picture) light = look_at(view, "light-view");
    g_object_set(settings, "gtk-application-prefer-dark-theme", TRUE, NULL);
    g_auto(Picture) dark = look_at(view, "dark-view");
    g_auto(Picture) window = look_at(GTK_WIDGET(stage->window), "dark");
    g_object_set(settings, "gtk-application-prefer-dark-theme", FALSE, NULL);
    g_assert_cmphex(light.pixels[0] & 0xffffff, ==, 0xffffff);
    g_assert_cmphex(dark.pixels[0] & 0xff, <, 0x40);
    g_assert_cmpfloat(picture_brightness(&window), <, 0.4); /* not the figure alone */
}

static bool
has_words(gpointer view)
{
    return scope_scene_view_get_words(view) != NULL;
}

static bool
has_no_words(gpointer view)
{
    return !has_words(view);
}

static void
test_hover(Stage *stage, gconstpointer data)
{
    GtkWidget *view = stage_open_good(stage);
    point_at(view, 1, 1);
    wait_until(has_no_words, view);
    g_auto(Picture) before = look_at(view, "unhovered-view");
    point_at(view, gtk_widget_get_width(view) * 0.3, gtk_widget_get_height(view) * 0.4);
    wait_until(has_words, view);
    const char *words = scope_scene_view_get_words(SCOPE_SCENE_VIEW(view));
    g_assert_nonnull(strstr(words, "expert"));
    g_assert_true(says(GTK_WIDGET(stage->window), words));
    g_auto(Picture) after = look_at(view, "hovered-view");
    assert_drawn(GTK_WIDGET(stage->window), "hovered");
    g_assert_cmpint(memcmp(before.pixels, after.pixels, (gsize)(4 * after.width * after.height)),
                    !=, 0);
    point_at(view, 1, 1);
    wait_until(has_no_words, view);
}

static void
test_options(Stage *stage, gconstpointer data)
{
    GtkWidget *view = stage_open_good(stage);
    g_auto(Picture) before = look_at(view, "option-before-view");
    GtkWidget *norm = find(GTK_WIDGET(stage->window), GTK_TYPE_DROP_DOWN, "norm");
    g_assert_nonnull(norm);
    gtk_drop_down_set_selected(GTK_DROP_DOWN(norm), 2);
    wait_until(stage_shows_figure, stage->window);
    g_auto(Picture) after = look_at(view, "option-after-view");
    g_assert_cmpint(before.width * before.height, ==, after.width * after.height);
    g_assert_cmpint(memcmp(before.pixels, after.pixels, (gsize)(4 * after.width * after.height)),
                    !=, 0);
}

/* What isn't valid is said at the option, and the figure that is there stays. */
static void
test_wrong_option(Stage *stage, gconstpointer data)
{
    GtkWidget *window = GTK_WIDGET(stage->window);
    stage_open_good(stage);
    stage_choose_figure(stage, "load-over-training");
    GtkWidget *columns = find(window, GTK_TYPE_ENTRY, "columns");
    g_assert_nonnull(columns);
    gtk_editable_set_text(GTK_EDITABLE(columns), "many");
    g_assert_true(says(window, "found \"many\""));
    g_assert_true(gtk_widget_has_css_class(columns, "error"));
    assert_drawn(window, "wrong-option");
    gtk_editable_set_text(GTK_EDITABLE(columns), "50");
    g_assert_false(says(window, "found \"many\""));
    g_assert_false(gtk_widget_has_css_class(columns, "error"));
}

static bool
shows_problem(gpointer window)
{
    return says(window, "No figure") && !find(window, GTK_TYPE_SPINNER, NULL);
}

/* The trace has no training to show: the page says so, and the next choice works again. */
static void
test_unsupported(Stage *stage, gconstpointer data)
{
    GtkWidget *window = GTK_WIDGET(stage->window);
    stage_open_good(stage);
    g_assert_true(scope_pane_has_figure(stage_pane(stage)));
    stage_choose_figure(stage, "load-over-training");
    wait_until(shows_problem, window);
    g_assert_false(scope_pane_has_figure(stage_pane(stage)));
    assert_drawn(window, "unsupported");
    stage_choose_figure(stage, "load");
    wait_until(stage_shows_figure, window);
}

static void
test_unreadable(Stage *stage, gconstpointer data)
{
    GtkWidget *window = GTK_WIDGET(stage->window);
    g_autofree char *broken = stage_path("broken.npz");
    g_assert_true(g_file_set_contents(broken, "not a trace", -1, NULL));
    stage_open(stage, broken);
    wait_until(shows_error, window);
    g_assert_true(says(window, "broken.npz"));
    assert_drawn(window, "error");
    stage_open_good(stage);
    g_assert_false(shows_error(window));
}

static bool
banner_names_absent(gpointer window)
{
    return says(window, "absent.npz") && stage_shows_figure(window);
}

/* The trace that is open stays open. */
static void
test_second_unreadable(Stage *stage, gconstpointer data)
{
    g_autofree char *absent = stage_path("absent.npz");
    stage_open_good(stage);
    stage_open(stage, absent);
    wait_until(banner_names_absent, stage->window);
    assert_drawn(GTK_WIDGET(stage->window), "banner");
}

static void
test_closed_while_opening(Stage *stage, gconstpointer data)
{
    stage_open(stage, stage->path);
    stage_open(stage, stage->path);
    g_assert_false(scope_window_is_blank(stage->window));
}

static void
test_export(Stage *stage, gconstpointer data)
{
    static const struct {
        const char *name, *magic;
    } files[] = {{"a.png", "\x89PNG"}, {"a.svg", "<?xml"}, {"a.pdf", "%PDF"}};
    stage_open_good(stage);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = stage_path(files[i].name);
        g_autofree char *contents = NULL;
        g_autoptr(GError) error = NULL;
        scope_pane_export(stage_pane(stage), path, "paper-full", &error);
        g_assert_no_error(error);
        g_assert_true(g_file_get_contents(path, &contents, NULL, NULL));
        g_assert_true(g_str_has_prefix(contents, files[i].magic));
    }
}

static void
test_export_refused(Stage *stage, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = stage_path("a.bmp");
    stage_open_good(stage);
    g_assert_false(scope_pane_export(stage_pane(stage), path, "paper-full", &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* --- Program ----------------------------------------------------------------------------------*/

static void
add(void)
{
    stage_add("/gui/welcome", test_welcome);
    stage_add("/gui/figure", test_figure);
    stage_add("/gui/small", test_small);
    stage_add("/gui/dark", test_dark);
    stage_add("/gui/hover", test_hover);
    stage_add("/gui/options", test_options);
    stage_add("/gui/wrong-option", test_wrong_option);
    stage_add("/gui/unsupported", test_unsupported);
    stage_add("/gui/unreadable", test_unreadable);
    stage_add("/gui/second-unreadable", test_second_unreadable);
    stage_add("/gui/closed-while-opening", test_closed_while_opening);
    stage_add("/gui/export", test_export);
    stage_add("/gui/export-refused", test_export_refused);
}

int
main(int argc, char **argv)
{
    return stage_run(argc, argv, add);
}
