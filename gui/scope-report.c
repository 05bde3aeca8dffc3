/* SPDX-License-Identifier: MIT */
#include "scope-report.h"

#include "scope-dialogs.h"
#include "scope-program.h"
#include "scope-text.h"
#include "scope-window-private.h"

#include <glib/gi18n.h>

/* A report that is being written. */
typedef struct Writing {
    ScopeWindow *window;
    char *folder, *page;
} Writing;

static void
writing_free(Writing *writing)
{
    g_object_unref(writing->window);
    g_free(writing->folder);
    g_free(writing->page);
    g_free(writing);
}

static void
on_written(GObject *source, GAsyncResult *result, gpointer user)
{
    Writing *writing = user;
    g_autoptr(GError) error = NULL;
    g_autofree char *words = g_strdup_printf(_("The report is in %s."), writing->folder);
    g_autofree char *uri = g_filename_to_uri(writing->page, NULL, NULL);
    bool written = scope_program_run_finish(result, &error);
    if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        scope_window_tell(writing->window, written ? words : error->message);
    if (written && uri && g_file_test(writing->page, G_FILE_TEST_EXISTS))
        gtk_show_uri(GTK_WINDOW(writing->window), uri, GDK_CURRENT_TIME);
    writing_free(writing);
}

static void
on_folder_chosen(GtkWindow *window, GFile *folder)
{
    ScopeTab *tab = scope_window_get_tab(SCOPE_WINDOW(window));
    ScopeDocument *document = tab ? scope_tab_get_document(tab) : NULL;
    const char *path = g_file_peek_path(folder);
    if (!document || !path)
        return;
    Writing *writing = g_new0(Writing, 1);
    const char *file = scope_document_file(document);
    const char *const arguments[] = {"report", file, "-o", path, NULL};
    g_autofree char *stem = scope_text_stem(file), *name = g_strconcat(stem, ".html", NULL);
    writing->window = g_object_ref(SCOPE_WINDOW(window));
    writing->folder = g_strdup(path);
    writing->page = g_build_filename(path, name, NULL);
    scope_window_tell(writing->window, _("Writing the report …"));
    scope_program_run_async(arguments, NULL, on_written, writing);
}

void
scope_report_begin(ScopeWindow *window)
{
    scope_dialogs_save_folder(GTK_WINDOW(window), _("Write the Report Into"), on_folder_chosen);
}
