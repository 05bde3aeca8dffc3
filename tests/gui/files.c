/* SPDX-License-Identifier: MIT
 *
 * Files on their way in and out: logs that have to be asked about, runs that grow, figures that are
 * the command line's to the byte.
 */
#include "exported.h"
#include "log.h"
#include "scope-report.h"
#include "scope-scene-view.h"
#include "scope-state.h"
#include "small-run.h"
#include "stage.h"

#include <glib/gstdio.h>
#include <moescope/trace.h>
#include <string.h>

/* --- Imports ----------------------------------------------------------------------------------*/

static bool
is_asking(gpointer tab)
{
    return scope_tab_get_state(tab) == SCOPE_TAB_ASKING;
}

static bool
is_open(gpointer tab)
{
    return scope_tab_get_state(tab) == SCOPE_TAB_OPEN;
}

static void
answer(Stage *stage, const char *name, const char *text)
{
    GtkWidget *entry = find(stage_widget(stage), GTK_TYPE_ENTRY, name);
    g_assert_nonnull(entry);
    gtk_editable_set_text(GTK_EDITABLE(entry), text);
}

static void
test_import(Stage *stage, gconstpointer data)
{
    g_autofree char *path = stage_path("log.jsonl");
    write_log(path, 0);
    stage_open(stage, path);
    wait_until(is_asking, stage_tab(stage));
    assert_drawn(stage_widget(stage), "questions");
    g_assert_nonnull(find(stage_widget(stage), GTK_TYPE_DROP_DOWN, "gates"));
    answer(stage, "experts", "8");
    answer(stage, "domain", "chat");
    gtk_expander_set_expanded(GTK_EXPANDER(find(stage_widget(stage), GTK_TYPE_EXPANDER, NULL)),
                              TRUE);
    settle(stage_widget(stage));
    answer(stage, "kinds", "ffn:7,zero:1");
    answer(stage, "shared", "1");
    assert_drawn(stage_widget(stage), "questions-more");
    g_assert_true(says(stage_widget(stage), "--experts 8"));
    g_signal_emit_by_name(find(stage_widget(stage), GTK_TYPE_ENTRY, "experts"), "activate");
    wait_until(is_open, stage_tab(stage));
    ScopeDocument *document = scope_tab_get_document(stage_tab(stage));
    g_autofree char *command = scope_document_import_command(document);
    g_assert_nonnull(strstr(command, "log.jsonl --experts 8"));
    g_assert_true(g_str_has_suffix(command, "-o log.npz"));
    int n;
    const MoeRouterInfo *router = scope_document_routers(document, &n);
    g_assert_cmpstr(router->kinds, ==, "ffn:7,zero:1");
    g_assert_cmpint(router->shared, ==, 1);
    g_assert_cmpstr(scope_document_domains(document)[0], ==, "chat");
    g_assert_cmpint(moe_trace_tokens(scope_document_trace(document), -1), ==, 200);
    wait_until(stage_shows_figure, stage->window);
}

/* What is answered wrongly is asked again, with the reason. */
static void
test_wrong_answer(Stage *stage, gconstpointer data)
{
    g_autofree char *path = stage_path("log.jsonl");
    write_log(path, 0);
    stage_open(stage, path);
    wait_until(is_asking, stage_tab(stage));
    answer(stage, "experts", "");
    GtkWidget *entry = find(stage_widget(stage), GTK_TYPE_ENTRY, "experts");
    g_signal_emit_by_name(entry, "activate"); /* an answer is missing: nothing happens */
    g_assert_true(is_asking(stage_tab(stage)));
    answer(stage, "experts", "3");
    g_signal_emit_by_name(entry, "activate");
    g_assert_false(is_asking(stage_tab(stage)));
    wait_until(is_asking, stage_tab(stage));
    g_assert_true(says(stage_widget(stage), "highest id"));
    gtk_expander_set_expanded(GTK_EXPANDER(find(stage_widget(stage), GTK_TYPE_EXPANDER, NULL)),
                              TRUE);
    settle(stage_widget(stage));
    answer(stage, "experts", "8");
    answer(stage, "shared", "-1");
    g_signal_emit_by_name(entry, "activate");
    wait_until(is_asking, stage_tab(stage));
    g_assert_true(says(stage_widget(stage), "Found -1 shared experts"));
    assert_drawn(stage_widget(stage), "wrong-answer");
}

/* The import's file goes with the document. */
static void
test_import_goes(Stage *stage, gconstpointer data)
{
    test_import(stage, data);
    g_autofree char *file = g_strdup(scope_document_file(scope_tab_get_document(stage_tab(stage))));
    g_assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
    gtk_widget_activate_action(stage_widget(stage), "win.close-tab", NULL);
    for (int i = 0; i < 100 && g_file_test(file, G_FILE_TEST_EXISTS); i++)
        settle(stage_widget(stage));
    g_assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
}

/* --- Models -----------------------------------------------------------------------------------*/

static bool
is_described(gpointer tab)
{
    return scope_tab_get_state(tab) == SCOPE_TAB_DESCRIBED;
}

/* A recipe has nothing to draw yet; the program says what it is. */
static void
test_recipe(Stage *stage, gconstpointer data)
{
    static const char recipe[] = "[moe]\nvariant = smoe\nexperts = 16\n";
    g_autofree char *path = stage_path("small.ini");
    g_assert_true(g_file_set_contents(path, recipe, -1, NULL));
    stage_open(stage, path);
    wait_until(is_described, stage_tab(stage));
    g_assert_true(says(stage_widget(stage), "16 experts"));
    assert_drawn(stage_widget(stage), "recipe");
}

static bool
shows_weights(gpointer window)
{
    GtkWidget *view = find(window, SCOPE_TYPE_SCENE_VIEW, NULL);
    return view && says(window, "moescope plot embeddings");
}

/* A checkpoint has routers, which can be looked at before anything was recorded. */
static void
test_checkpoint(Stage *stage, gconstpointer data)
{
    g_autofree char *run = small_run();
    g_autofree char *path = g_build_filename(run, "checkpoints", "00000040", NULL);
    stage_open(stage, path);
    wait_until(is_described, stage_tab(stage));
    g_assert_true(says(stage_widget(stage), "4 experts"));
    wait_until(shows_weights, stage->window);
    assert_drawn(stage_widget(stage), "checkpoint");
}

/* As others keep models. */
static void
test_weights(Stage *stage, gconstpointer data)
{
    g_autofree char *run = small_run(), *contents = NULL;
    gsize length = 0;
    g_autofree char *model =
        g_build_filename(run, "checkpoints", "00000040", "model.safetensors", NULL);
    g_autofree char *path = stage_path("another.safetensors");
    g_assert_true(g_file_get_contents(model, &contents, &length, NULL));
    g_assert_true(g_file_set_contents(path, contents, (gssize)length, NULL));
    stage_open(stage, path);
    wait_until(is_described, stage_tab(stage));
    g_assert_true(says(stage_widget(stage), "the weights of a model"));
    wait_until(shows_weights, stage->window);
}

static bool
has_failed(gpointer tab)
{
    return scope_tab_get_state(tab) == SCOPE_TAB_FAILED;
}

static void
test_wrong_recipe(Stage *stage, gconstpointer data)
{
    g_autofree char *path = stage_path("wrong.ini");
    g_assert_true(g_file_set_contents(path, "[moe]\nexprts = 16\n", -1, NULL));
    stage_open(stage, path);
    wait_until(has_failed, stage_tab(stage));
    g_assert_true(says(stage_widget(stage), "exprts"));
}

/* --- Runs that grow ---------------------------------------------------------------------------*/

static MoeTraceWriter *
begin_trace(const char *path)
{
    const MoeRouterInfo router = {.experts = 4,
                                  .k = 1,
                                  .units_per_token = 1,
                                  .score = "linear",
                                  .select = "topk",
                                  .gate = "softmax"};
    const MoeTraceOptions options = {.compression = 1};
    g_autofree char *meta = moe_trace_meta(&router, 1, NULL, 0, NULL);
    g_autoptr(GError) error = NULL;
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, &router, 1, &options, &error);
    g_assert_no_error(error);
    return writer;
}

static void
append_tokens(MoeTraceWriter *writer)
{
    int32_t id[100], expert[100];
    const MoeTraceTokens tokens = {.n = 100, .id = id};
    const MoeTracePicks picks = {.expert = expert};
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < 100; i++) {
        id[i] = i;
        expert[i] = i % 3;
    }
    g_assert_true(moe_trace_writer_append(writer, &tokens, &picks, &error));
    g_assert_true(moe_trace_writer_flush(writer, NULL, &error));
    g_assert_no_error(error);
}

static bool
says_200(gpointer window)
{
    return says(window, "200 tokens");
}

static bool
says_300(gpointer window)
{
    return says(window, "300 tokens") && !says(window, "unfinished");
}

static void
test_live(Stage *stage, gconstpointer data)
{
    g_autofree char *path = stage_path("growing.npz");
    gboolean live = FALSE;
    MoeTraceWriter *writer = begin_trace(path);
    append_tokens(writer);
    stage_open(stage, path);
    wait_until(stage_shows_figure, stage->window);
    ScopeDocument *document = scope_tab_get_document(stage_tab(stage));
    g_object_get(document, "live", &live, NULL);
    g_assert_true(live);
    g_assert_true(says(stage_widget(stage), "100 tokens"));
    append_tokens(writer);
    wait_until(says_200, stage->window);
    wait_until(stage_shows_figure, stage->window);
    append_tokens(writer);
    g_assert_true(moe_trace_writer_close(writer, NULL));
    wait_until(says_300, stage->window);
    g_object_get(document, "live", &live, NULL);
    g_assert_false(live);
    wait_until(stage_shows_figure, stage->window);
}

static void
test_closed_while_live(Stage *stage, gconstpointer data)
{
    g_autofree char *path = stage_path("growing.npz");
    MoeTraceWriter *writer = begin_trace(path);
    append_tokens(writer);
    stage_open(stage, path);
    wait_until(stage_shows_figure, stage->window);
    append_tokens(writer);
    moe_trace_writer_abandon(writer);
}

/* --- Out --------------------------------------------------------------------------------------*/

static void
test_export(Stage *stage, gconstpointer data)
{
    static const char *const endings[] = {"pdf", "eps", "svg", "png", "csv"};
    stage_open_good(stage);
    scope_pane_set_option(stage_pane(stage), "norm=relative");
    scope_focus_set_filter(scope_tab_get_focus(stage_tab(stage)), "domain=german pos=0-199");
    wait_until(stage_shows_figure, stage->window);
    gtk_widget_activate_action(stage_widget(stage), "win.export", NULL);
    GtkWidget *dialog = exported_dialog();
    gtk_drop_down_set_selected(GTK_DROP_DOWN(find(dialog, GTK_TYPE_DROP_DOWN, "export-theme")), 2);
    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++)
        exported_compare(dialog, endings[i]);
    gtk_window_destroy(GTK_WINDOW(dialog));
}

static bool
has_picture(gpointer window)
{
    GdkContentFormats *formats =
        gdk_clipboard_get_formats(gtk_widget_get_clipboard(GTK_WIDGET(window)));
    return gdk_content_formats_contain_gtype(formats, GDK_TYPE_TEXTURE) &&
           gdk_content_formats_contain_mime_type(formats, "image/svg+xml");
}

static void
test_copy(Stage *stage, gconstpointer data)
{
    stage_open_good(stage);
    gtk_widget_activate_action(stage_widget(stage), "win.copy", NULL);
    wait_until(has_picture, stage->window);
    gtk_widget_activate_action(stage_widget(stage), "win.copy-command", NULL);
    g_assert_false(has_picture(stage->window));
}

/* Figures of weights go out like any other: the first by the window's keys, each by its button. */
static void
test_weights_export(Stage *stage, gconstpointer data)
{
    g_autofree char *run = small_run();
    g_autofree char *path = g_build_filename(run, "checkpoints", "00000040", NULL);
    stage_open(stage, path);
    wait_until(shows_weights, stage->window);
    gtk_widget_activate_action(stage_widget(stage), "win.export", NULL);
    GtkWidget *dialog = exported_dialog();
    exported_compare(dialog, "svg");
    gtk_window_destroy(GTK_WINDOW(dialog));
    g_signal_emit_by_name(find(stage_widget(stage), GTK_TYPE_BUTTON, "embeddings"), "clicked");
    dialog = exported_dialog();
    g_assert_true(says(dialog, "moescope plot embeddings"));
    exported_compare(dialog, "csv");
    gtk_window_destroy(GTK_WINDOW(dialog));
    gtk_widget_activate_action(stage_widget(stage), "win.copy", NULL);
    wait_until(has_picture, stage->window);
    gtk_widget_activate_action(stage_widget(stage), "win.copy-command", NULL);
    g_assert_false(has_picture(stage->window));
}

static bool
says_report(gpointer window)
{
    return says(window, "The report is in");
}

static void
test_report(Stage *stage, gconstpointer data)
{
    g_autofree char *folder = stage_path("report"), *page = stage_path("report/two-domains.html");
    stage_open_good(stage);
    scope_report_write(stage->window, folder);
    wait_until(says_report, stage->window);
    g_assert_true(g_file_test(page, G_FILE_TEST_EXISTS));
}

/* What the program complains of is said. */
static bool
says_why(gpointer window)
{
    return says(window, "no-folder");
}

static void
test_report_refused(Stage *stage, gconstpointer data)
{
    g_autofree char *file = stage_path("no-folder"), *folder = stage_path("no-folder/report");
    g_assert_true(g_file_set_contents(file, "", 0, NULL));
    stage_open_good(stage);
    scope_report_write(stage->window, folder);
    wait_until(says_why, stage->window);
}

/* --- State ------------------------------------------------------------------------------------*/

static void
test_state(Stage *stage, gconstpointer data)
{
    scope_state_set_int("width", 900);
    scope_state_set_text("theme", "slide");
    g_autofree char *theme = scope_state_get_text("theme", "paper-full");
    g_assert_cmpint(scope_state_get_int("width", 1), ==, 900);
    g_assert_cmpint(scope_state_get_int("no-such", 7), ==, 7);
    g_assert_cmpstr(theme, ==, "slide");
    scope_state_set_text("theme", "paper-full");
}

static void
test_recent_files(Stage *stage, gconstpointer data)
{
    for (int i = 0; i < 20; i++) {
        g_autofree char *name = g_strdup_printf("recent-%d", i), *path = stage_path(name);
        g_assert_true(g_file_set_contents(path, "", 0, NULL));
        scope_state_add_recent(path);
        scope_state_add_recent(path);
    }
    g_autofree char *last = stage_path("recent-19"), *before = stage_path("recent-18");
    g_unlink(before);
    g_auto(GStrv) recent = scope_state_recent();
    g_assert_cmpuint(g_strv_length(recent), ==, 9); /* ten, one of which is gone */
    g_assert_cmpstr(recent[0], ==, last);
}

/* --- Program ----------------------------------------------------------------------------------*/

static void
add(void)
{
    stage_add("/files/import", test_import);
    stage_add("/files/wrong-answer", test_wrong_answer);
    stage_add("/files/import-goes", test_import_goes);
    stage_add("/files/recipe", test_recipe);
    stage_add("/files/checkpoint", test_checkpoint);
    stage_add("/files/weights", test_weights);
    stage_add("/files/weights-export", test_weights_export);
    stage_add("/files/wrong-recipe", test_wrong_recipe);
    stage_add("/files/live", test_live);
    stage_add("/files/closed-while-live", test_closed_while_live);
    stage_add("/files/export", test_export);
    stage_add("/files/copy", test_copy);
    stage_add("/files/report", test_report);
    stage_add("/files/report-refused", test_report_refused);
    stage_add("/files/state", test_state);
    stage_add("/files/recent", test_recent_files);
}

int
main(int argc, char **argv)
{
    return stage_run(argc, argv, add);
}
