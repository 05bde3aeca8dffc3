/* SPDX-License-Identifier: MIT
 *
 * A sitting with the app, by mouse and keyboard: every view, a filter, an expert, a search, a
 * figure for a paper. Of a trace that is made here, and of ESFT's recordings of DeepSeek-V2-Lite,
 * which don't come with the project: MOESCOPE_DATA names their folder (default: ../shared/data
 * beside the source tree). And traces that are closed while they are opened, or counted.
 */
#include "exported.h"
#include "log.h"
#include "scope-scene-view.h"
#include "small-run.h"

#include <glib/gstdio.h>
#include <moescope/trace-tools.h>
#include <string.h>

static GtkWidget *
named(Stage *stage, GType type, const char *name)
{
    GtkWidget *widget = find(stage_widget(stage), type, name);
    if (!widget)
        g_error("there is no %s %s to be seen", g_type_name(type), name);
    return widget;
}

/* --- A sitting --------------------------------------------------------------------------------*/

/* Nothing is under way. */
static bool
is_at_rest(gpointer window)
{
    return !find(window, GTK_TYPE_SPINNER, NULL) && !says(window, "Comparing …");
}

/* Where the app is busy it takes a while until a click is heard. */
typedef struct Turned {
    Stage *stage;
    const char *view;
} Turned;

static bool
has_turned(gpointer user)
{
    const Turned *turned = user;
    ScopeViews *views = scope_tab_get_views(stage_tab(turned->stage));
    return g_str_equal(scope_views_get_name(views), turned->view);
}

/* Clicks until it is turned to: a click may get lost between the X server and GTK. */
static void
turn_to(Stage *stage, const char *view)
{
    enum { TRIES = 3, SECONDS = 20 };
    Turned turned = {stage, view};
    for (int i = 0; i < TRIES && !has_turned(&turned); i++) {
        click(named(stage, GTK_TYPE_LIST_BOX_ROW, view));
        wait_a_while(has_turned, &turned, SECONDS);
    }
    g_assert_true(has_turned(&turned));
}

static void
see_views(Stage *stage, const char *name)
{
    for (const ScopePageInfo *info = scope_pages; info->name; info++) {
        g_autofree char *picture = g_strdup_printf("%s-%s", name, info->name);
        turn_to(stage, info->name);
        settle(stage_widget(stage));
        wait_until(is_at_rest, stage->window);
        assert_drawn(stage_widget(stage), picture);
        if (says(stage_widget(stage), "No figure"))
            g_error("view %s of %s has no figure", info->name, name);
    }
}

static void
filter_by_domain(Stage *stage, const char *domain)
{
    g_autofree char *words = g_strconcat("domain=", domain, NULL);
    press(stage_widget(stage), "ctrl+1");
    wait_until(stage_shows_figure, stage->window);
    stage_tick_filter(stage, domain, words);
    gtk_menu_button_popdown(GTK_MENU_BUTTON(named(stage, GTK_TYPE_MENU_BUTTON, "filter-menu")));
    wait_until(stage_shows_figure, stage->window);
    settle(stage_widget(stage));
}

static void
click_expert(Stage *stage)
{
    GtkWidget *view = named(stage, SCOPE_TYPE_SCENE_VIEW, NULL);
    click_at(view, gtk_widget_get_width(view) * 0.4, gtk_widget_get_height(view) * 0.4);
    g_assert_cmpint(scope_focus_get(stage_focus(stage), SCOPE_FOCUS_LAYER), >=, 0);
    g_assert_cmpint(scope_focus_get(stage_focus(stage), SCOPE_FOCUS_EXPERT), >=, 0);
}

static bool
has_token(gpointer stage)
{
    return scope_focus_get(stage_focus(stage), SCOPE_FOCUS_TOKEN) >= 0;
}

/* A token of the expert that was clicked. */
static void
search_expert(Stage *stage)
{
    gint64 expert = scope_focus_get(stage_focus(stage), SCOPE_FOCUS_EXPERT);
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, expert);
    press(stage_widget(stage), "ctrl+3");
    gtk_drop_down_set_selected(GTK_DROP_DOWN(named(stage, GTK_TYPE_DROP_DOWN, "search-kind")), 2);
    press(stage_widget(stage), "ctrl+f");
    type_text(stage_widget(stage), text);
    wait_until(has_token, stage);
}

/* Undone step by step, until the filter and the expert are gone. */
static void
undo_all(Stage *stage)
{
    while (scope_focus_can_undo(stage_focus(stage))) {
        gtk_widget_activate_action(GTK_WIDGET(stage_pane(stage)), "win.undo", NULL);
        settle(stage_widget(stage));
    }
    g_assert_cmpstr(scope_focus_get_filter(stage_focus(stage)), ==, "");
    g_assert_cmpint(scope_focus_get(stage_focus(stage), SCOPE_FOCUS_EXPERT), ==, -1);
    g_assert_false(has_token(stage));
}

/* --- A run beside it --------------------------------------------------------------------------*/

/* The run has a tab of its own, which is turned to. */
static bool
has_run(gpointer stage)
{
    return scope_tabs_get_current(stage_tabs(stage)) == scope_tabs_get(stage_tabs(stage), 1) &&
           stage_is_open(stage);
}

typedef struct Growth {
    ScopeDocument *document;
    int grown;
} Growth;

static void
on_grown(Growth *growth)
{
    growth->grown++;
}

static bool
has_grown(gpointer growth)
{
    return ((Growth *)growth)->grown >= 2;
}

/* What is recorded meanwhile comes by itself. */
static void
follow_run(Stage *stage)
{
    gboolean live = FALSE;
    Growth growth = {.document = scope_tab_get_document(stage_tab(stage))};
    g_object_get(growth.document, "live", &live, NULL);
    g_assert_true(live);
    gulong handler =
        g_signal_connect_swapped(growth.document, "grown", G_CALLBACK(on_grown), &growth);
    wait_until(has_grown, &growth);
    g_signal_handler_disconnect(growth.document, handler);
    wait_until(stage_shows_figure, stage->window);
    assert_drawn(stage_widget(stage), "scenario-live");
}

static bool
can_start(gpointer stage)
{
    GtkWidget *start = find(stage_widget(stage), GTK_TYPE_BUTTON, "start");
    return start && gtk_widget_get_sensitive(start);
}

/* A small model is trained, watched while it is, and stopped. */
static void
train(Stage *stage, const char *name)
{
    g_autofree char *folder = stage_path(name);
    press(stage_widget(stage), "alt+2");
    small_fill_form(stage_widget(stage), folder, "100000");
    settle(stage_widget(stage));
    click(named(stage, GTK_TYPE_BUTTON, "start"));
    wait_until(has_run, stage);
    press(stage_widget(stage), "ctrl+2");
    follow_run(stage);
    press(stage_widget(stage), "ctrl+Page_Up");
    click(named(stage, GTK_TYPE_BUTTON, "stop"));
    wait_until(can_start, stage);
}

/* --- Files that don't open --------------------------------------------------------------------*/

static bool
says_cut(gpointer window)
{
    return says(window, "was cut off after 90 bytes");
}

/* A broken file is told of in the banner, and one that is closed while it is opened just goes. */
static void
open_badly(Stage *stage, const char *path)
{
    g_autofree char *cut = stage_path("scenario-cut.npz"), *contents = NULL;
    g_autofree char *again = stage_path("again.npz");
    gsize length = 0;
    int n = scope_tabs_count(stage_tabs(stage));
    g_assert_true(g_file_get_contents(path, &contents, &length, NULL));
    g_assert_true(g_file_set_contents(cut, contents, 90, NULL));
    g_assert_true(g_file_set_contents(again, contents, (gssize)length, NULL));
    stage_open(stage, cut);
    wait_until(says_cut, stage->window);
    stage_open(stage, again);
    g_assert_cmpint(scope_tab_get_state(stage_tab(stage)), ==, SCOPE_TAB_OPENING);
    press(stage_widget(stage), "ctrl+w");
    settle(stage_widget(stage));
    g_assert_cmpint(scope_tabs_count(stage_tabs(stage)), ==, n);
}

static void
sit(Stage *stage, const char *path, const char *name, const char *domain)
{
    stage_open(stage, path);
    wait_until(stage_is_open, stage);
    wait_until(is_at_rest, stage->window);
    settle(stage_widget(stage));
    see_views(stage, name);
    filter_by_domain(stage, domain);
    click_expert(stage);
    press(stage_widget(stage), "ctrl+s");
    GtkWidget *dialog = exported_dialog();
    exported_compare(dialog, "svg");
    gtk_window_destroy(GTK_WINDOW(dialog));
    search_expert(stage);
    undo_all(stage);
    train(stage, name);
    open_badly(stage, path);
}

static void
test_made_up(Stage *stage, gconstpointer data)
{
    sit(stage, stage->path, "made-up", "german");
}

/* The folder of one of ESFT's texts; NULL where the data are absent. (transfer full) */
static char *
esft(const char *text)
{
    const char *named = g_getenv("MOESCOPE_DATA"), *root = g_getenv("MOESCOPE_SOURCE_ROOT");
    g_autofree char *beside = g_build_filename(root ? root : ".", "..", "shared", "data", NULL);
    char *path = g_build_filename(named ? named : beside, "real", "esft-dsv2lite", text, NULL);
    return g_file_test(path, G_FILE_TEST_IS_DIR) ? path : (g_free(path), NULL);
}

static void
test_esft(Stage *stage, gconstpointer data)
{
    g_autofree char *intent = esft("intent"), *law = esft("law"), *trace = stage_path("esft.npz");
    g_autoptr(GError) error = NULL;
    g_autofree char *complaints = NULL;
    int status = 1;
    if (!intent || !law) {
        g_test_skip("ESFT's recordings are absent (MOESCOPE_DATA)");
        return;
    }
    const char *const words[] = {g_getenv("MOESCOPE_PROGRAM"),
                                 "import",
                                 intent,
                                 law,
                                 "-o",
                                 trace,
                                 "-d",
                                 "intent",
                                 "-d",
                                 "law",
                                 "--experts",
                                 "64",
                                 "-k",
                                 "6",
                                 "--score",
                                 "softmax",
                                 "--select",
                                 "topk",
                                 "--gates",
                                 "as-scored",
                                 NULL};
    g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                 &complaints, &status, &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
    sit(stage, trace, "esft", "law");
}

/* --- Closed too early -------------------------------------------------------------------------*/

static int
count_imports(void)
{
    int n = 0;
    const char *name;
    g_autoptr(GDir) dir = g_dir_open(g_get_tmp_dir(), 0, NULL);
    while (dir && (name = g_dir_read_name(dir)))
        n += g_str_has_prefix(name, "moescope-") && strlen(name) == strlen("moescope-XXXXXX");
    return n;
}

/* The tab goes at once; what was imported so far goes when the thread is done. */
static void
test_closed_while_importing(Stage *stage, gconstpointer data)
{
    g_autofree char *path = stage_path("long.jsonl");
    g_autoptr(GString) all = g_string_new(NULL);
    for (int i = 0; i < 200; i++) {
        g_autofree char *part = NULL;
        write_log(path, 4 * i);
        g_assert_true(g_file_get_contents(path, &part, NULL, NULL));
        g_string_append(all, part);
    }
    g_assert_true(g_file_set_contents(path, all->str, (gssize)all->len, NULL));
    int before = count_imports();
    stage_open(stage, path);
    g_main_context_iteration(NULL, FALSE);
    g_assert_cmpint(scope_tab_get_state(stage_tab(stage)), ==, SCOPE_TAB_OPENING);
    gtk_widget_activate_action(stage_widget(stage), "win.close-tab", NULL);
    g_assert_true(scope_window_is_blank(stage->window));
    for (int i = 0; i < 100 && count_imports() > before; i++)
        settle(stage_widget(stage));
    g_assert_cmpint(count_imports(), <=, before);
}

static char *
write_long_trace(void)
{
    const MoeTraceSynth synth = {
        .tokens = 42000, .routers = 32, .experts = 64, .k = 16, .domains = 2, .skew = 1};
    const MoeTraceOutput output = {.chunk_tokens = 2048};
    g_autoptr(GError) error = NULL;
    char *path = stage_path("long.npz");
    moe_trace_synth(path, &synth, &output, NULL, &error);
    g_assert_no_error(error);
    return path;
}

typedef struct Drawn {
    char *numbers; /* CSV */
} Drawn;

static void
on_drawn(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeScene) scene = scope_document_draw_finish(SCOPE_DOCUMENT(source), result, &error);
    g_assert_no_error(error);
    ((Drawn *)user)->numbers = moe_scene_to_csv(scene);
}

static bool
is_drawn(gpointer drawn)
{
    return ((Drawn *)drawn)->numbers != NULL;
}

/* The numbers of the load, of a part of the tokens or of all. (transfer full) */
static char *
numbers_of(ScopeDocument *document, bool glimpse)
{
    static const char *const settings[] = {"by=all", NULL};
    Drawn drawn = {NULL};
    scope_document_draw_async(document, moe_figures_find("load", NULL), settings, "", glimpse, NULL,
                              on_drawn, &drawn);
    wait_until(is_drawn, &drawn);
    return drawn.numbers;
}

static bool
has_figure(gpointer stage)
{
    return scope_pane_has_figure(stage_pane(stage));
}

/* A long trace is glimpsed at before it is counted, and closed before it is checked. */
static void
test_long(Stage *stage, gconstpointer data)
{
    const MoeFigure *load = moe_figures_find("load", NULL);
    g_autofree char *path = write_long_trace();
    stage_open(stage, path);
    wait_until(stage_is_open, stage);
    ScopeDocument *document = scope_tab_get_document(stage_tab(stage));
    g_assert_true(scope_document_glimpses(document, load));
    g_assert_false(scope_document_glimpses(document, moe_figures_find("text", NULL)));
    g_autofree char *some = numbers_of(document, true), *all = numbers_of(document, false);
    g_assert_cmpstr(some, !=, all);
    wait_until(has_figure, stage); /* not the glimpse, which may be there without a spinner */
    scope_focus_set_filter(stage_focus(stage), "domain=domain-1");
    settle(stage_widget(stage));
}

static void
test_short(Stage *stage, gconstpointer data)
{
    stage_open_good(stage);
    g_assert_false(scope_document_glimpses(scope_tab_get_document(stage_tab(stage)),
                                           moe_figures_find("load", NULL)));
}

static void
add(void)
{
    if (have_hands()) {
        stage_add("/scenario/made-up", test_made_up);
        stage_add("/scenario/esft", test_esft);
        stage_add("/scenario/closed-while-importing", test_closed_while_importing);
    }
    stage_add("/scenario/long", test_long);
    stage_add("/scenario/short", test_short);
}

int
main(int argc, char **argv)
{
    return stage_run(argc, argv, add);
}
