/* SPDX-License-Identifier: MIT */
#include "exported.h"

#include "scope-export-dialog.h"

static bool
can_save(gpointer dialog)
{
    GtkWidget *save = find(dialog, GTK_TYPE_BUTTON, "export-save");
    return save && gtk_widget_get_sensitive(save);
}

static GtkWidget *
dialog_now(void)
{
    GListModel *windows = gtk_window_get_toplevels();
    for (guint i = 0; i < g_list_model_get_n_items(windows); i++) {
        g_autoptr(GtkWidget) window = g_list_model_get_item(windows, i);
        if (SCOPE_IS_EXPORT_DIALOG(window) && gtk_widget_get_mapped(window))
            return window;
    }
    return NULL;
}

static bool
has_dialog(gpointer unused)
{
    return dialog_now() != NULL;
}

GtkWidget *
exported_dialog(void)
{
    wait_until(has_dialog, NULL);
    GtkWidget *dialog = dialog_now();
    wait_until(can_save, dialog);
    settle(dialog);
    return dialog;
}

/* Runs it where the tests keep their files. Returns what it wrote. (transfer full) */
static char *
run_command(const char *command, const char *ending)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) words = NULL;
    int status;
    char *out = NULL;
    g_assert_true(g_shell_parse_argv(command, NULL, &words, &error));
    g_free(words[0]);
    words[0] = g_strdup(g_getenv("MOESCOPE_PROGRAM"));
    g_autofree char *folder = stage_path("");
    g_spawn_sync(folder, words, NULL, 0, NULL, NULL, NULL, NULL, &status, &error);
    g_assert_no_error(error);
    g_assert_true(g_spawn_check_wait_status(status, NULL));
    for (char **word = words; *word && !out; word++)
        if (g_str_has_suffix(*word, ending))
            out = stage_path(*word);
    return out;
}

static void
assert_same_file(const char *a, const char *b)
{
    g_autofree char *contents_a = NULL, *contents_b = NULL;
    gsize length_a = 0, length_b = 0;
    g_assert_true(g_file_get_contents(a, &contents_a, &length_a, NULL));
    g_assert_true(g_file_get_contents(b, &contents_b, &length_b, NULL));
    g_assert_cmpmem(contents_a, length_a, contents_b, length_b);
}

static guint
row_of(const char *ending)
{
    static const char *const endings[] = {"pdf", "eps", "svg", "png", "csv"};
    guint i = 0;
    while (!g_str_equal(endings[i], ending))
        i++;
    return i;
}

void
exported_compare(GtkWidget *dialog, const char *ending)
{
    g_autoptr(GError) error = NULL;
    GtkWidget *formats = find(dialog, GTK_TYPE_DROP_DOWN, "export-format");
    gtk_drop_down_set_selected(GTK_DROP_DOWN(formats), row_of(ending));
    settle(dialog);
    g_autofree char *picture = g_strconcat("export-", ending, NULL);
    assert_drawn(dialog, picture);
    GtkWidget *command = find(dialog, GTK_TYPE_LABEL, "export-command");
    g_autofree char *dotted = g_strconcat(".", ending, NULL),
                    *name = g_strconcat("ours", dotted, NULL);
    g_autofree char *ours = stage_path(name);
    g_autofree char *theirs = run_command(gtk_label_get_text(GTK_LABEL(command)), dotted);
    g_assert_true(scope_export_dialog_save(SCOPE_EXPORT_DIALOG(dialog), ours, &error));
    g_assert_no_error(error);
    assert_same_file(ours, theirs);
}
