/* SPDX-License-Identifier: MIT
 *
 * Several files at once: parts of one recording, or recordings of their own; dropped on the window.
 */
#include "log.h"
#include "stage.h"

#include <moescope/trace.h>
#include <string.h>

static GListModel *
files_of(const char *first, const char *second)
{
    const char *const names[] = {first, second};
    GListStore *files = g_list_store_new(G_TYPE_FILE);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = stage_path(names[i]);
        g_autoptr(GFile) file = g_file_new_for_path(path);
        if (g_str_has_suffix(path, ".npz"))
            write_trace(path);
        else
            write_log(path, 50 * (int)i);
        g_list_store_append(files, file);
    }
    return G_LIST_MODEL(files);
}

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

/* --- As one -----------------------------------------------------------------------------------*/

/* What one importer makes of both. */
static void
expect_one(Stage *stage)
{
    wait_until(is_asking, stage_tab(stage));
    GtkWidget *entry = find(stage_widget(stage), GTK_TYPE_ENTRY, "experts");
    g_assert_nonnull(entry);
    gtk_editable_set_text(GTK_EDITABLE(entry), "8");
    gtk_editable_set_text(GTK_EDITABLE(find(stage_widget(stage), GTK_TYPE_ENTRY, "domain")),
                          "{file}");
    g_signal_emit_by_name(entry, "activate");
    wait_until(is_open, stage_tab(stage));
    ScopeDocument *document = scope_tab_get_document(stage_tab(stage));
    g_autofree char *command = scope_document_import_command(document);
    g_assert_nonnull(strstr(command, "rank-0.jsonl "));
    g_assert_nonnull(strstr(command, "rank-1.jsonl --experts 8"));
    g_assert_cmpint(moe_trace_tokens(scope_document_trace(document), -1), ==, 2 * LOG_TOKENS);
    g_assert_cmpstr(scope_document_domains(document)[1], ==, "rank-1");
    g_assert_cmpstr(scope_tab_get_title(stage_tab(stage)), ==, "rank-0.jsonl and 1 more");
    wait_until(stage_shows_figure, stage->window);
}

static void
test_as_one(Stage *stage, gconstpointer data)
{
    g_autoptr(GListModel) files = files_of("rank-0.jsonl", "rank-1.jsonl");
    scope_window_open_all(stage->window, files, true);
    expect_one(stage);
    ScopeTab *tab = stage_tab(stage);
    scope_window_open_all(stage->window, files, true); /* is open already */
    g_assert_true(stage_tab(stage) == tab);
    g_assert_null(scope_tabs_get(stage_tabs(stage), 1));
}

/* As `moescope-gui --as-one` hands them over, and without. */
static void
test_command_line(Stage *stage, gconstpointer data)
{
    g_autoptr(GListModel) files = files_of("rank-0.jsonl", "rank-1.jsonl");
    g_autoptr(GFile) first = g_list_model_get_item(files, 0);
    g_autoptr(GFile) second = g_list_model_get_item(files, 1);
    GFile *both[] = {first, second};
    GApplication *application =
        G_APPLICATION(gtk_window_get_application(GTK_WINDOW(stage->window)));
    g_application_open(application, both, 2, "as-one");
    expect_one(stage);
    g_application_open(application, both, 2, "");
    g_assert_cmpint(scope_tabs_count(stage_tabs(stage)), ==, 3);
}

/* --- Asking -----------------------------------------------------------------------------------*/

static GtkWidget *
dialog_of(Stage *stage)
{
    GListModel *windows = gtk_window_get_toplevels();
    for (guint i = 0; i < g_list_model_get_n_items(windows); i++) {
        g_autoptr(GtkWidget) window = g_list_model_get_item(windows, i);
        if (GTK_IS_MESSAGE_DIALOG(window) && gtk_widget_get_mapped(window))
            return window;
    }
    return NULL;
}

static bool
has_dialog(gpointer stage)
{
    return dialog_of(stage) != NULL;
}

static void
choose(Stage *stage, const char *answer)
{
    wait_until(has_dialog, stage);
    GtkWidget *dialog = dialog_of(stage);
    assert_drawn(dialog, "together");
    g_signal_emit_by_name(find(dialog, GTK_TYPE_BUTTON, answer), "clicked");
    settle(stage_widget(stage));
    g_assert_false(has_dialog(stage));
}

static void
test_asked(Stage *stage, gconstpointer data)
{
    g_autoptr(GListModel) files = files_of("rank-0.jsonl", "rank-1.jsonl");
    scope_window_offer(stage->window, files);
    choose(stage, "as-one");
    expect_one(stage);
}

static void
test_each(Stage *stage, gconstpointer data)
{
    g_autoptr(GListModel) files = files_of("rank-0.jsonl", "rank-1.jsonl");
    scope_window_offer(stage->window, files);
    choose(stage, "each");
    g_assert_cmpint(scope_tabs_count(stage_tabs(stage)), ==, 2);
    g_assert_cmpstr(scope_tab_get_title(stage_tab(stage)), ==, "rank-1.jsonl");
}

/* Traces of our own are what they are. */
static void
test_traces(Stage *stage, gconstpointer data)
{
    g_autoptr(GListModel) files = files_of("left.npz", "right.npz");
    scope_window_offer(stage->window, files);
    g_assert_false(has_dialog(stage));
    g_assert_cmpint(scope_tabs_count(stage_tabs(stage)), ==, 2);
    wait_until(stage_shows_figure, stage->window);
}

/* --- Dropping ---------------------------------------------------------------------------------*/

static GtkDropTarget *
drop_target_of(GtkWidget *window)
{
    g_autoptr(GListModel) controllers = gtk_widget_observe_controllers(window);
    for (guint i = 0; i < g_list_model_get_n_items(controllers); i++) {
        g_autoptr(GtkEventController) controller = g_list_model_get_item(controllers, i);
        if (GTK_IS_DROP_TARGET(controller))
            return GTK_DROP_TARGET(controller);
    }
    g_error("the window takes no files");
}

static void
drop(Stage *stage, GListModel *files)
{
    GtkDropTarget *target = drop_target_of(stage_widget(stage));
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_object_unref);
    g_auto(GValue) value = G_VALUE_INIT;
    gboolean taken = FALSE;
    for (guint i = 0; i < g_list_model_get_n_items(files); i++)
        g_ptr_array_add(all, g_list_model_get_item(files, i));
    g_value_init(&value, GDK_TYPE_FILE_LIST);
    g_value_take_boxed(&value, gdk_file_list_new_from_array((GFile **)all->pdata, all->len));
    g_assert_true(
        gdk_content_formats_contain_gtype(gtk_drop_target_get_formats(target), GDK_TYPE_FILE_LIST));
    g_signal_emit_by_name(target, "drop", &value, 100.0, 100.0, &taken);
    g_assert_true(taken);
}

static void
test_dropped(Stage *stage, gconstpointer data)
{
    g_autoptr(GListModel) traces = files_of("left.npz", "right.npz");
    g_autoptr(GListModel) logs = files_of("rank-0.jsonl", "rank-1.jsonl");
    drop(stage, traces);
    g_assert_cmpint(scope_tabs_count(stage_tabs(stage)), ==, 2);
    drop(stage, logs);
    choose(stage, "as-one");
    g_assert_cmpint(scope_tabs_count(stage_tabs(stage)), ==, 3);
    expect_one(stage);
}

static void
add(void)
{
    stage_add("/together/as-one", test_as_one);
    stage_add("/together/command-line", test_command_line);
    stage_add("/together/asked", test_asked);
    stage_add("/together/each", test_each);
    stage_add("/together/traces", test_traces);
    stage_add("/together/dropped", test_dropped);
}

int
main(int argc, char **argv)
{
    return stage_run(argc, argv, add);
}
