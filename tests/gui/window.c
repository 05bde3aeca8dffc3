/* SPDX-License-Identifier: MIT
 *
 * The app from the outside: what a user opens, sees, points at, changes and exports.
 */
#include "scope-application.h"
#include "scope-scene-view.h"
#include "scope-window.h"
#include "support.h"

#include <glib/gstdio.h>

static char *folder;
static ScopeApplication *application;

/* --- Fixture ----------------------------------------------------------------------------------*/

typedef struct Fixture {
    ScopeWindow *window;
    char *path; /* of a good trace */
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->path = g_build_filename(folder, "two-domains.npz", NULL);
    fixture->window = scope_window_new(GTK_APPLICATION(application));
    gtk_window_set_default_size(GTK_WINDOW(fixture->window), 1180, 760);
    gtk_window_present(GTK_WINDOW(fixture->window));
    settle(GTK_WIDGET(fixture->window));
}

static bool
is_gone(gpointer window)
{
    return !*(gpointer *)window;
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    gpointer window = fixture->window;
    g_object_add_weak_pointer(window, &window);
    gtk_window_destroy(GTK_WINDOW(window));
    wait_until(is_gone, &window); /* nothing keeps it alive */
    g_free(fixture->path);
}

static bool
shows_figure(gpointer window)
{
    GtkWidget *view = find(window, SCOPE_TYPE_SCENE_VIEW, NULL);
    return view && scope_scene_view_has_scene(SCOPE_SCENE_VIEW(view)) &&
           !find(window, GTK_TYPE_SPINNER, NULL);
}

static void
open_path(Fixture *fixture, const char *path)
{
    g_autoptr(GFile) file = g_file_new_for_path(path);
    scope_window_open(fixture->window, file);
}

static GtkWidget *
open_good(Fixture *fixture)
{
    open_path(fixture, fixture->path);
    wait_until(shows_figure, fixture->window);
    scope_views_turn(scope_tab_get_views(scope_window_get_tab(fixture->window)), "figures");
    wait_until(shows_figure, fixture->window);
    settle(GTK_WIDGET(fixture->window));
    return find(GTK_WIDGET(fixture->window), SCOPE_TYPE_SCENE_VIEW, NULL);
}

static ScopePane *
pane(Fixture *fixture)
{
    return SCOPE_PANE(find(GTK_WIDGET(fixture->window), SCOPE_TYPE_PANE, NULL));
}

static void
choose_figure(Fixture *fixture, const char *name)
{
    GtkWidget *figures = find(GTK_WIDGET(fixture->window), GTK_TYPE_DROP_DOWN, "figures");
    int n;
    const MoeFigure *const *list = moe_figures_list(&n);
    for (int i = 0; i < n; i++)
        if (g_str_equal(list[i]->name, name))
            gtk_drop_down_set_selected(GTK_DROP_DOWN(figures), (guint)i);
}

static bool
shows_error(gpointer window)
{
    return says(window, "This file can");
}

/* --- Cases ------------------------------------------------------------------------------------*/

static void
test_welcome(Fixture *fixture, gconstpointer data)
{
    GtkWidget *window = GTK_WIDGET(fixture->window);
    g_assert_true(scope_window_is_blank(fixture->window));
    g_assert_true(says(window, "moescope demo"));
    assert_drawn(window, "welcome");
}

static void
test_figure(Fixture *fixture, gconstpointer data)
{
    GtkWidget *view = open_good(fixture);
    g_assert_true(says(GTK_WIDGET(fixture->window), "two-domains.npz"));
    g_assert_true(says(GTK_WIDGET(fixture->window), "3 MoE layers"));
    g_assert_true(says(GTK_WIDGET(fixture->window), "2 domains"));
    assert_drawn(GTK_WIDGET(fixture->window), "figure");
    assert_drawn(view, "figure-view");
}

static void
test_small(Fixture *fixture, gconstpointer data)
{
    gtk_window_set_default_size(GTK_WINDOW(fixture->window), 640, 420);
    GtkWidget *view = open_good(fixture);
    g_assert_cmpint(gtk_widget_get_width(GTK_WIDGET(fixture->window)), <=, 700);
    assert_drawn(view, "small-view");
    assert_drawn(GTK_WIDGET(fixture->window), "small");
}

static void
test_dark(Fixture *fixture, gconstpointer data)
{
    GtkSettings *settings = gtk_settings_get_default();
    GtkWidget *view = open_good(fixture);
    g_auto(Picture) light = look_at(view, "light-view");
    g_object_set(settings, "gtk-application-prefer-dark-theme", TRUE, NULL);
    g_auto(Picture) dark = look_at(view, "dark-view");
    g_auto(Picture) window = look_at(GTK_WIDGET(fixture->window), "dark");
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
test_hover(Fixture *fixture, gconstpointer data)
{
    GtkWidget *view = open_good(fixture);
    point_at(view, 1, 1);
    wait_until(has_no_words, view);
    g_auto(Picture) before = look_at(view, "unhovered-view");
    point_at(view, gtk_widget_get_width(view) * 0.3, gtk_widget_get_height(view) * 0.4);
    wait_until(has_words, view);
    const char *words = scope_scene_view_get_words(SCOPE_SCENE_VIEW(view));
    g_assert_nonnull(strstr(words, "expert"));
    g_assert_true(says(GTK_WIDGET(fixture->window), words));
    g_auto(Picture) after = look_at(view, "hovered-view");
    assert_drawn(GTK_WIDGET(fixture->window), "hovered");
    g_assert_cmpint(memcmp(before.pixels, after.pixels, (gsize)(4 * after.width * after.height)),
                    !=, 0);
    point_at(view, 1, 1);
    wait_until(has_no_words, view);
}

static void
test_options(Fixture *fixture, gconstpointer data)
{
    GtkWidget *view = open_good(fixture);
    g_auto(Picture) before = look_at(view, "option-before-view");
    GtkWidget *norm = find(GTK_WIDGET(fixture->window), GTK_TYPE_DROP_DOWN, "norm");
    g_assert_nonnull(norm);
    gtk_drop_down_set_selected(GTK_DROP_DOWN(norm), 2);
    wait_until(shows_figure, fixture->window);
    g_auto(Picture) after = look_at(view, "option-after-view");
    g_assert_cmpint(before.width * before.height, ==, after.width * after.height);
    g_assert_cmpint(memcmp(before.pixels, after.pixels, (gsize)(4 * after.width * after.height)),
                    !=, 0);
}

/* What isn't valid is said at the option, and the figure that is there stays. */
static void
test_wrong_option(Fixture *fixture, gconstpointer data)
{
    GtkWidget *window = GTK_WIDGET(fixture->window);
    open_good(fixture);
    choose_figure(fixture, "load-over-training");
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
test_unsupported(Fixture *fixture, gconstpointer data)
{
    GtkWidget *window = GTK_WIDGET(fixture->window);
    open_good(fixture);
    g_assert_true(scope_pane_has_figure(pane(fixture)));
    choose_figure(fixture, "load-over-training");
    wait_until(shows_problem, window);
    g_assert_false(scope_pane_has_figure(pane(fixture)));
    assert_drawn(window, "unsupported");
    choose_figure(fixture, "load");
    wait_until(shows_figure, window);
}

static void
test_unreadable(Fixture *fixture, gconstpointer data)
{
    GtkWidget *window = GTK_WIDGET(fixture->window);
    g_autofree char *broken = g_build_filename(folder, "broken.npz", NULL);
    g_assert_true(g_file_set_contents(broken, "not a trace", -1, NULL));
    open_path(fixture, broken);
    wait_until(shows_error, window);
    g_assert_true(says(window, "broken.npz"));
    assert_drawn(window, "error");
    open_good(fixture);
    g_assert_false(shows_error(window));
}

static bool
banner_names_absent(gpointer window)
{
    return says(window, "absent.npz") && shows_figure(window);
}

/* The trace that is open stays open. */
static void
test_second_unreadable(Fixture *fixture, gconstpointer data)
{
    g_autofree char *absent = g_build_filename(folder, "absent.npz", NULL);
    open_good(fixture);
    open_path(fixture, absent);
    wait_until(banner_names_absent, fixture->window);
    assert_drawn(GTK_WIDGET(fixture->window), "banner");
}

static void
test_closed_while_opening(Fixture *fixture, gconstpointer data)
{
    open_path(fixture, fixture->path);
    open_path(fixture, fixture->path);
    g_assert_false(scope_window_is_blank(fixture->window));
}

static void
test_export(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *name, *magic;
    } files[] = {{"a.png", "\x89PNG"}, {"a.svg", "<?xml"}, {"a.pdf", "%PDF"}};
    open_good(fixture);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(folder, files[i].name, NULL);
        g_autofree char *contents = NULL;
        g_autoptr(GError) error = NULL;
        scope_pane_export(pane(fixture), path, "paper-full", &error);
        g_assert_no_error(error);
        g_assert_true(g_file_get_contents(path, &contents, NULL, NULL));
        g_assert_true(g_str_has_prefix(contents, files[i].magic));
    }
}

static void
test_export_refused(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "a.bmp", NULL);
    open_good(fixture);
    g_assert_false(scope_pane_export(pane(fixture), path, "paper-full", &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* --- Program ----------------------------------------------------------------------------------*/

static void
remove_folder(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
}

static void
add(const char *path, void (*test)(Fixture *, gconstpointer))
{
    g_test_add(path, Fixture, NULL, set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!gtk_init_check()) {
        g_print("1..0 # SKIP no display (install xvfb)\n");
        return 0;
    }
    g_autoptr(GError) error = NULL;
    folder = g_dir_make_tmp("moescope-gui-XXXXXX", &error);
    g_assert_no_error(error);
    g_autofree char *path = g_build_filename(folder, "two-domains.npz", NULL);
    write_trace(path);
    application = scope_application_new();
    g_application_set_flags(G_APPLICATION(application),
                            G_APPLICATION_HANDLES_OPEN | G_APPLICATION_NON_UNIQUE);
    g_application_register(G_APPLICATION(application), NULL, &error);
    g_assert_no_error(error);
    add("/gui/welcome", test_welcome);
    add("/gui/figure", test_figure);
    add("/gui/small", test_small);
    add("/gui/dark", test_dark);
    add("/gui/hover", test_hover);
    add("/gui/options", test_options);
    add("/gui/wrong-option", test_wrong_option);
    add("/gui/unsupported", test_unsupported);
    add("/gui/unreadable", test_unreadable);
    add("/gui/second-unreadable", test_second_unreadable);
    add("/gui/closed-while-opening", test_closed_while_opening);
    add("/gui/export", test_export);
    add("/gui/export-refused", test_export_refused);
    int status = g_test_run();
    g_object_unref(application);
    remove_folder();
    return status;
}
