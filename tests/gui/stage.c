/* SPDX-License-Identifier: MIT */
#include "stage.h"

#include "scope-application.h"
#include "scope-scene-view.h"

static char *folder;
static ScopeApplication *application;

char *
stage_path(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* --- A case -----------------------------------------------------------------------------------*/

ScopeWindow *
stage_window_new(void)
{
    ScopeWindow *window = scope_window_new(GTK_APPLICATION(application));
    gtk_window_set_default_size(GTK_WINDOW(window), 1180, 760);
    gtk_window_present(GTK_WINDOW(window));
    settle(GTK_WIDGET(window));
    return window;
}

static void
set_up(Stage *stage, gconstpointer data)
{
    stage->path = stage_path("two-domains.npz");
    stage->window = stage_window_new();
}

static bool
is_gone(gpointer window)
{
    return !*(gpointer *)window;
}

static void
tear_down(Stage *stage, gconstpointer data)
{
    gpointer window = stage->window;
    g_object_add_weak_pointer(window, &window);
    gtk_window_destroy(GTK_WINDOW(window));
    wait_until(is_gone, &window); /* nothing keeps it alive */
    g_free(stage->path);
}

/* --- What is done -----------------------------------------------------------------------------*/

bool
stage_shows_figure(gpointer window)
{
    GtkWidget *view = find(window, SCOPE_TYPE_SCENE_VIEW, NULL);
    return view && scope_scene_view_has_scene(SCOPE_SCENE_VIEW(view)) &&
           !find(window, GTK_TYPE_SPINNER, NULL);
}

void
stage_open(Stage *stage, const char *path)
{
    g_autoptr(GFile) file = g_file_new_for_path(path);
    scope_window_open(stage->window, file);
}

GtkWidget *
stage_open_good(Stage *stage)
{
    stage_open(stage, stage->path);
    scope_views_turn(scope_tab_get_views(stage_tab(stage)), "figures");
    wait_until(stage_shows_figure, stage->window);
    settle(GTK_WIDGET(stage->window));
    return find(GTK_WIDGET(stage->window), SCOPE_TYPE_SCENE_VIEW, NULL);
}

ScopePane *
stage_pane(Stage *stage)
{
    return SCOPE_PANE(find(GTK_WIDGET(stage->window), SCOPE_TYPE_PANE, NULL));
}

ScopeTab *
stage_tab(Stage *stage)
{
    return scope_window_get_tab(stage->window);
}

void
stage_choose_figure(Stage *stage, const char *name)
{
    GtkWidget *figures = find(GTK_WIDGET(stage->window), GTK_TYPE_DROP_DOWN, "figures");
    int n;
    const MoeFigure *const *list = moe_figures_list(&n);
    for (int i = 0; i < n; i++)
        if (g_str_equal(list[i]->name, name))
            gtk_drop_down_set_selected(GTK_DROP_DOWN(figures), (guint)i);
}

ScopeTabs *
stage_tabs(Stage *stage)
{
    return SCOPE_TABS(find(GTK_WIDGET(stage->window), SCOPE_TYPE_TABS, NULL));
}

GtkWidget *
stage_widget(Stage *stage)
{
    return GTK_WIDGET(stage->window);
}

ScopeFocus *
stage_focus(Stage *stage)
{
    return scope_tab_get_focus(stage_tab(stage));
}

typedef struct Filtered {
    Stage *stage;
    const char *words;
} Filtered;

static bool
is_filtered(gpointer user)
{
    const Filtered *filtered = user;
    return g_str_equal(scope_focus_get_filter(stage_focus(filtered->stage)), filtered->words);
}

void
stage_wait_filter(Stage *stage, const char *words)
{
    wait_until(is_filtered, &(Filtered){stage, words});
}

void
stage_tick_filter(Stage *stage, const char *name, const char *words)
{
    enum { TRIES = 10, SECONDS = 5 };
    Filtered filtered = {stage, words};
    for (int i = 0; i < TRIES && !is_filtered(&filtered); i++) {
        GtkWidget *box = find(stage_widget(stage), GTK_TYPE_CHECK_BUTTON, name);
        if (!box)
            click(find(stage_widget(stage), GTK_TYPE_MENU_BUTTON, "filter-menu"));
        else if (click_if_seen(box))
            wait_a_while(is_filtered, &filtered, SECONDS);
    }
    g_assert_true(is_filtered(&filtered));
}

bool
stage_is_open(gpointer stage)
{
    return scope_tab_get_state(stage_tab(stage)) == SCOPE_TAB_OPEN;
}

/* --- Program ----------------------------------------------------------------------------------*/

void
stage_add(const char *path, void (*test)(Stage *, gconstpointer))
{
    g_test_add(path, Stage, NULL, set_up, test, tear_down);
}

int
stage_run(int argc, char **argv, void (*add)(void))
{
    g_autoptr(GError) error = NULL;
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-gui-XXXXXX", &error);
    g_assert_no_error(error);
    keep_state_in(folder);
    if (!gtk_init_check()) {
        g_print("1..0 # SKIP no display (install xvfb)\n");
        return 0;
    }
    g_autofree char *path = stage_path("two-domains.npz");
    write_trace(path);
    application = scope_application_new();
    g_application_set_flags(G_APPLICATION(application),
                            G_APPLICATION_HANDLES_OPEN | G_APPLICATION_NON_UNIQUE);
    g_application_register(G_APPLICATION(application), NULL, &error);
    g_assert_no_error(error);
    add();
    int status = g_test_run();
    g_object_unref(application);
    remove_tree(folder);
    g_free(folder);
    return status;
}
