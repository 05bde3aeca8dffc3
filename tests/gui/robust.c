/* SPDX-License-Identifier: MIT
 *
 * What goes wrong around the app: files that are none, that go or break while they are open, many
 * at once, windows too small, type too large, settings that can't be kept, no display.
 */
#include "scope-scene-view.h"
#include "scope-state.h"
#include "stage.h"

#include <glib/gstdio.h>
#include <moescope/trace-tools.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

static bool
has_failed(gpointer stage)
{
    ScopeTab *tab = stage_tab(stage);
    return tab && scope_tab_get_state(tab) == SCOPE_TAB_FAILED;
}

/* A copy of the good trace. (transfer full) */
static char *
copy_of(Stage *stage, const char *name)
{
    char *path = stage_path(name), *contents = NULL;
    gsize length = 0;
    g_assert_true(g_file_get_contents(stage->path, &contents, &length, NULL));
    g_assert_true(g_file_set_contents(path, contents, (gssize)length, NULL));
    g_free(contents);
    return path;
}

/* --- What is no file --------------------------------------------------------------------------*/

static void
expect_problem(Stage *stage, const char *name, const char *words)
{
    g_autofree char *path = stage_path(name);
    stage_open(stage, path);
    wait_until(has_failed, stage);
    const char *problem = scope_tab_get_problem(stage_tab(stage));
    if (!strstr(problem, words))
        g_error("%s: expected \"%s\" in: %s", name, words, problem);
}

static void
write_bytes(const char *name, const char *bytes, gssize length)
{
    g_autofree char *path = stage_path(name);
    g_assert_true(g_file_set_contents(path, bytes, length, NULL));
}

static void
test_no_files(Stage *stage, gconstpointer data)
{
    g_autofree char *folder = stage_path("nothing-in-it"), *pipe = stage_path("pipe");
    g_autofree char *secret = copy_of(stage, "secret.npz"), *contents = NULL;
    g_assert_true(g_file_get_contents(stage->path, &contents, NULL, NULL));
    write_bytes("cut.npz", contents, 90);
    write_bytes("empty.npz", "", 0);
    write_bytes("noise.bin", "\x01\x02\xff\xfe noise", 10);
    write_bytes("strange.jsonl", "{\"a\": 1}\n", -1);
    g_mkdir(folder, 0777);
    mkfifo(pipe, 0666);
    g_chmod(secret, 0);
    expect_problem(stage, "cut.npz", "was cut off after 90 bytes");
    expect_problem(stage, "empty.npz", "is empty");
    expect_problem(stage, "noise.bin", "no importer knows this content");
    expect_problem(stage, "strange.jsonl", "no importer knows this content");
    expect_problem(stage, "nowhere.npz", "cannot read");
    expect_problem(stage, "nothing-in-it", "found no file in this folder");
    expect_problem(stage, "pipe", "found a pipe or a device");
    if (g_access(secret, R_OK) != 0) /* whom nothing is forbidden it opens for */
        expect_problem(stage, "secret.npz", "cannot read");
    g_assert_true(says(stage_widget(stage), "This file can"));
    g_rmdir(folder);
}

/* --- Files that change ------------------------------------------------------------------------*/

static void
filter(Stage *stage, const char *words)
{
    scope_focus_set_filter(scope_tab_get_focus(stage_tab(stage)), words);
    settle(stage_widget(stage));
}

/* What is open stays open. */
static void
test_deleted(Stage *stage, gconstpointer data)
{
    g_autofree char *path = copy_of(stage, "soon-gone.npz");
    stage_open(stage, path);
    wait_until(stage_shows_figure, stage->window);
    g_assert_cmpint(g_unlink(path), ==, 0);
    filter(stage, "domain=german");
    wait_until(stage_shows_figure, stage->window);
    g_assert_true(scope_pane_has_figure(stage_pane(stage)));
}

static bool
says_500(gpointer window)
{
    return says(window, "500 tokens");
}

/* Who opens a file again that was written anew sees what it is now. */
static void
test_replaced(Stage *stage, gconstpointer data)
{
    const MoeTraceSynth synth = {
        .tokens = 500, .routers = 5, .experts = 16, .k = 2, .domains = 2, .skew = 1};
    const MoeTraceOutput output = {.compression = 1};
    g_autofree char *path = copy_of(stage, "soon-another.npz");
    g_autoptr(GError) error = NULL;
    stage_open(stage, path);
    wait_until(stage_shows_figure, stage->window);
    g_assert_true(says(stage_widget(stage), "600 tokens"));
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_true(moe_trace_synth(path, &synth, &output, NULL, &error));
    g_assert_no_error(error);
    stage_open(stage, path);
    wait_until(says_500, stage->window);
    g_assert_cmpint(scope_tabs_count(stage_tabs(stage)), ==, 1);
    wait_until(stage_shows_figure, stage->window);
}

static bool
says_no_figure(gpointer window)
{
    return says(window, "No figure");
}

/* What is cut off below us is told, and what else is open isn't touched by it. */
static void
test_cut_while_open(Stage *stage, gconstpointer data)
{
    g_autofree char *path = copy_of(stage, "soon-cut.npz");
    stage_open(stage, path);
    scope_views_turn(scope_tab_get_views(stage_tab(stage)), "figures");
    wait_until(stage_shows_figure, stage->window);
    g_assert_cmpint(truncate(path, 300), ==, 0);
    filter(stage, "domain=german");
    wait_until(says_no_figure, stage->window);
    g_assert_false(scope_pane_has_figure(stage_pane(stage)));
    stage_open_good(stage);
    g_assert_true(scope_pane_has_figure(stage_pane(stage)));
}

/* A run that died left a trace without an end, and nothing is added to it. */
static void
test_dead_run(Stage *stage, gconstpointer data)
{
    g_autofree char *path = stage_path("dead.npz");
    const MoeRouterInfo router = {.experts = 4,
                                  .k = 1,
                                  .units_per_token = 1,
                                  .score = "linear",
                                  .select = "topk",
                                  .gate = "softmax"};
    const MoeTraceOptions options = {.compression = 1};
    const int32_t expert[] = {0, 1, 2, 3}, id[] = {1, 2, 3, 4};
    const MoeTraceTokens tokens = {.n = 4, .id = id};
    const MoeTracePicks picks = {.expert = expert};
    g_autofree char *meta = moe_trace_meta(&router, 1, NULL, 0, NULL);
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, &router, 1, &options, NULL);
    g_assert_true(moe_trace_writer_append(writer, &tokens, &picks, NULL));
    g_assert_true(moe_trace_writer_flush(writer, NULL, NULL));
    moe_trace_writer_abandon(writer);
    gint64 then = g_get_real_time() / G_USEC_PER_SEC - 3 * 3600 - 60;
    const struct utimbuf times = {(time_t)then, (time_t)then};
    g_assert_cmpint(utime(path, &times), ==, 0);
    stage_open(stage, path);
    wait_until(stage_shows_figure, stage->window);
    g_assert_true(says(stage_widget(stage), "unfinished, nothing added for 3 h"));
}

/* --- Many -------------------------------------------------------------------------------------*/

static bool
are_open(gpointer tabs)
{
    for (int i = 0; i < scope_tabs_count(tabs); i++)
        if (scope_tab_get_state(scope_tabs_get(tabs, i)) != SCOPE_TAB_OPEN)
            return false;
    return true;
}

/* Some are closed before they are there. */
static void
test_five(Stage *stage, gconstpointer data)
{
    g_autoptr(GListStore) files = g_list_store_new(G_TYPE_FILE);
    for (int i = 0; i < 5; i++) {
        g_autofree char *name = g_strdup_printf("copy-%d.npz", i), *path = copy_of(stage, name);
        g_autoptr(GFile) file = g_file_new_for_path(path);
        g_list_store_append(files, file);
    }
    scope_window_open_all(stage->window, G_LIST_MODEL(files), false);
    ScopeTabs *tabs = stage_tabs(stage);
    g_assert_cmpint(scope_tabs_count(tabs), ==, 5);
    scope_tabs_close(tabs, scope_tabs_get(tabs, 4));
    scope_tabs_close(tabs, scope_tabs_get(tabs, 1));
    wait_until(are_open, tabs);
    g_assert_cmpint(scope_tabs_count(tabs), ==, 3);
    for (int i = 0; i < 3; i++) {
        scope_tabs_turn(tabs, 1);
        wait_until(stage_shows_figure, stage->window);
    }
    assert_drawn(stage_widget(stage), "five");
}

/* --- Screens and settings ---------------------------------------------------------------------*/

static void
see_views(Stage *stage, const char *name)
{
    for (const ScopePageInfo *info = scope_pages; info->name; info++) {
        g_autofree char *picture = g_strdup_printf("%s-%s", name, info->name);
        scope_views_turn(scope_tab_get_views(stage_tab(stage)), info->name);
        settle(stage_widget(stage));
        assert_drawn(stage_widget(stage), picture);
    }
}

static void
test_small_screen(Stage *stage, gconstpointer data)
{
    gtk_window_set_default_size(GTK_WINDOW(stage->window), 640, 480);
    stage_open_good(stage);
    see_views(stage, "vga");
    g_assert_cmpint(gtk_widget_get_width(stage_widget(stage)), <=, 640);
    g_assert_cmpint(gtk_widget_get_height(stage_widget(stage)), <=, 480);
}

static void
test_huge_font(Stage *stage, gconstpointer data)
{
    GtkSettings *settings = gtk_settings_get_default();
    g_autofree char *font = NULL;
    g_object_get(settings, "gtk-font-name", &font, NULL);
    g_object_set(settings, "gtk-font-name", "Sans 30", NULL);
    stage_open_good(stage);
    see_views(stage, "huge");
    g_object_set(settings, "gtk-font-name", font, NULL);
    settle(stage_widget(stage));
}

static void
test_high_contrast(Stage *stage, gconstpointer data)
{
    GtkSettings *settings = gtk_settings_get_default();
    g_autofree char *theme = NULL;
    stage_open_good(stage);
    g_auto(Picture) before = look_at(stage_widget(stage), "contrast-usual");
    g_object_get(settings, "gtk-theme-name", &theme, NULL);
    g_object_set(settings, "gtk-theme-name", "HighContrast", NULL);
    settle(stage_widget(stage));
    g_auto(Picture) after = look_at(stage_widget(stage), "contrast-high");
    g_object_set(settings, "gtk-theme-name", theme, NULL);
    settle(stage_widget(stage));
    g_assert_cmpint(before.width * before.height, ==, after.width * after.height);
    g_assert_cmpint(memcmp(before.pixels, after.pixels,
                           sizeof *before.pixels * (gsize)(before.width * before.height)),
                    !=, 0);
}

/* Where nothing can be remembered, everything is as on the first day. */
static void
test_no_settings(Stage *stage, gconstpointer data)
{
    g_autofree char *folder = g_build_filename(g_get_user_config_dir(), "moescope", NULL);
    g_autofree char *aside = g_strconcat(folder, ".aside", NULL);
    g_rename(folder, aside);
    g_assert_true(g_file_set_contents(folder, "no folder", -1, NULL));
    stage_open_good(stage);
    scope_state_set_int("width", 77);
    g_assert_cmpint(scope_state_get_int("width", 5), ==, 5);
    g_auto(GStrv) recent = scope_state_recent();
    g_assert_null(recent[0]);
    g_unlink(folder);
    g_rename(aside, folder);
}

/* --- The program ------------------------------------------------------------------------------*/

/* `moescope gui …` as a process of its own. */
static GSubprocess *
run_program(const char *argument, bool display)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDERR_PIPE);
    if (!display)
        g_subprocess_launcher_unsetenv(launcher, "DISPLAY");
    GSubprocess *child = g_subprocess_launcher_spawn(launcher, &error, g_getenv("MOESCOPE_PROGRAM"),
                                                     "gui", argument, NULL);
    g_assert_no_error(error);
    return child;
}

static void
test_no_display(Stage *stage, gconstpointer data)
{
    g_autofree char *complaints = NULL;
    g_autoptr(GSubprocess) child = run_program(stage->path, false);
    g_assert_true(g_subprocess_communicate_utf8(child, NULL, NULL, NULL, &complaints, NULL));
    g_assert_cmpint(g_subprocess_get_exit_status(child), ==, 1);
    g_assert_true(g_str_has_prefix(complaints, "moescope-gui: found no display"));
}

/* Whether a window of that name is on the screen. */
static bool
is_on_screen(gpointer name)
{
    g_autoptr(GSubprocess) child = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE, NULL,
                                                    "xdotool", "search", "--name", name, NULL);
    return g_subprocess_wait_check(child, NULL, NULL);
}

static void
test_command_line(Stage *stage, gconstpointer data)
{
    g_autofree char *path = copy_of(stage, "by-command.npz");
    g_autoptr(GSubprocess) child = run_program(path, true);
    for (int i = 0; i < 100 && !is_on_screen((gpointer) "by-command.npz"); i++)
        g_usleep(100000);
    g_assert_true(is_on_screen((gpointer) "by-command.npz"));
    g_subprocess_force_exit(child);
}

static void
add(void)
{
    stage_add("/robust/no-files", test_no_files);
    stage_add("/robust/deleted", test_deleted);
    stage_add("/robust/replaced", test_replaced);
    stage_add("/robust/cut-while-open", test_cut_while_open);
    stage_add("/robust/dead-run", test_dead_run);
    stage_add("/robust/five", test_five);
    stage_add("/robust/small-screen", test_small_screen);
    stage_add("/robust/huge-font", test_huge_font);
    stage_add("/robust/high-contrast", test_high_contrast);
    stage_add("/robust/no-settings", test_no_settings);
    stage_add("/robust/no-display", test_no_display);
    if (have_hands())
        stage_add("/robust/command-line", test_command_line);
}

int
main(int argc, char **argv)
{
    return stage_run(argc, argv, add);
}
