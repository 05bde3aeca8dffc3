/* SPDX-License-Identifier: MIT
 *
 * bench-gui-open FILE
 *
 * What opening a file costs the app, in a window of 1280 × 800: seconds from the wish to open it to
 * the first frame that shows the load map (a glimpse of it, or all), to all of the overview, and to
 * the checker's word; the longest time for which the window answered nothing; and the most memory
 * that the process held. Under Xvfb, with a trace of 10^8 decisions:
 *
 *   moescope trace synth --tokens 781250 --routers 16 --experts 64 --k 8 --out big.npz
 *   GSK_RENDERER=cairo xvfb-run -a -s '-screen 0 1920x1200x24' bench-gui-open big.npz
 */
#include "scope-application.h"
#include "scope-scene-view.h"
#include "scope-window.h"

#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>

/* --- Looking ----------------------------------------------------------------------------------*/

static GtkWidget *
find(GtkWidget *root, GType type, bool (*test)(GtkWidget *widget))
{
    if (!gtk_widget_get_mapped(root))
        return NULL;
    if (g_type_is_a(G_OBJECT_TYPE(root), type) && test(root))
        return root;
    for (GtkWidget *i = gtk_widget_get_first_child(root); i; i = gtk_widget_get_next_sibling(i)) {
        GtkWidget *found = find(i, type, test);
        if (found)
            return found;
    }
    return NULL;
}

static bool
has_scene(GtkWidget *view)
{
    return scope_scene_view_has_scene(SCOPE_SCENE_VIEW(view));
}

static bool
is_unfinished(GtkWidget *pane)
{
    return !scope_pane_has_figure(SCOPE_PANE(pane));
}

static bool
is_checked(GtkWidget *label)
{
    return g_str_equal(gtk_widget_get_name(label), "verdict") &&
           !g_str_has_prefix(gtk_label_get_label(GTK_LABEL(label)), "Checking");
}

static bool
shows_picture(GtkWidget *window)
{
    return find(window, SCOPE_TYPE_SCENE_VIEW, has_scene) != NULL;
}

static bool
shows_all(GtkWidget *window)
{
    return shows_picture(window) && !find(window, SCOPE_TYPE_PANE, is_unfinished);
}

static bool
shows_verdict(GtkWidget *window)
{
    return find(window, GTK_TYPE_LABEL, is_checked) != NULL;
}

/* --- Waiting ----------------------------------------------------------------------------------*/

static gint64 longest; /* for which the main loop was away, microseconds */

static void
turn_once(void)
{
    /* Waiting for something to do doesn't count: only what is done then does. */
    if (!g_main_context_pending(NULL)) {
        g_usleep(200);
        return;
    }
    gint64 begun = g_get_monotonic_time();
    g_main_context_iteration(NULL, FALSE);
    longest = MAX(longest, g_get_monotonic_time() - begun);
}

static gboolean
count_frame(GtkWidget *widget, GdkFrameClock *clock, gpointer left)
{
    return --*(int *)left > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* Seconds from `begun` until it holds, and the frame that shows it is painted. */
static double
wait_for(GtkWidget *window, bool (*test)(GtkWidget *window), gint64 begun)
{
    int left = 2;
    while (!test(window))
        turn_once();
    gtk_widget_add_tick_callback(window, count_frame, &left, NULL);
    while (left > 0)
        turn_once();
    return (double)(g_get_monotonic_time() - begun) / G_USEC_PER_SEC;
}

/* Megabytes, of a line of /proc/self/status. */
static double
memory(const char *line)
{
    g_autofree char *status = NULL;
    if (!g_file_get_contents("/proc/self/status", &status, NULL, NULL))
        return 0;
    const char *at = strstr(status, line);
    return at ? (double)g_ascii_strtoll(at + strlen(line) + 1, NULL, 10) / 1024 : 0;
}

/* --- Program ----------------------------------------------------------------------------------*/

static void
measure(ScopeWindow *window, const char *path)
{
    GtkWidget *widget = GTK_WIDGET(window);
    g_autoptr(GFile) file = g_file_new_for_commandline_arg(path);
    double before = memory("VmHWM");
    longest = 0;
    gint64 begun = g_get_monotonic_time();
    scope_window_open(window, file);
    double first = wait_for(widget, shows_picture, begun);
    double all = wait_for(widget, shows_all, begun);
    gint64 blocked = longest;
    double held = memory("VmHWM");
    double checked = wait_for(widget, shows_verdict, begun);
    g_print("%s: first picture %.2f s, all figures %.2f s, checked %.2f s; longest without an "
            "answer %.0f ms\n",
            path, first, all, checked, (double)MAX(blocked, longest) / 1e3);
    g_print("  memory at most, of which the app with nothing open: %.0f MB when all is shown, "
            "%.0f MB when checked, of which %.0f MB\n",
            held, memory("VmHWM"), before);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *state = NULL;
    if (argc != 2 || !gtk_init_check()) {
        g_printerr("bench-gui-open: needs a file and a display; see its head\n");
        return 1;
    }
    state = g_dir_make_tmp("moescope-bench-XXXXXX", NULL);
    g_setenv("XDG_CONFIG_HOME", state, TRUE);
    g_autoptr(ScopeApplication) application = scope_application_new();
    g_application_set_flags(G_APPLICATION(application),
                            G_APPLICATION_HANDLES_OPEN | G_APPLICATION_NON_UNIQUE);
    if (!g_application_register(G_APPLICATION(application), NULL, &error)) {
        g_printerr("bench-gui-open: %s\n", error->message);
        return 1;
    }
    ScopeWindow *window = scope_window_new(GTK_APPLICATION(application));
    gtk_window_set_default_size(GTK_WINDOW(window), 1280, 800);
    gtk_window_present(GTK_WINDOW(window));
    for (gint64 end = g_get_monotonic_time() + 500000; g_get_monotonic_time() < end;)
        turn_once();
    measure(window, argv[1]);
    gtk_window_destroy(GTK_WINDOW(window));
    return 0;
}
