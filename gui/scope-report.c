/* SPDX-License-Identifier: MIT */
#include "scope-report.h"

#include "scope-dialogs.h"
#include "scope-program.h"
#include "scope-window-private.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

/* A report that is being written. */
typedef struct Writing {
    ScopeWindow *window;
    ScopeDocument *document; /* whose file may be a temporary one */
    char *folder;
} Writing;

static void
writing_free(Writing *writing)
{
    g_object_unref(writing->window);
    g_object_unref(writing->document);
    g_free(writing->folder);
    g_free(writing);
}

/* The page that was written last. (transfer full) */
static char *
page_in(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    char *latest = NULL;
    time_t when = 0;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        GStatBuf found;
        if (g_str_has_suffix(name, ".html") && g_stat(path, &found) == 0 &&
            found.st_mtime >= when) {
            when = found.st_mtime;
            g_free(latest);
            latest = g_steal_pointer(&path);
        }
    }
    return latest;
}

static void
on_written(GObject *source, GAsyncResult *result, gpointer user)
{
    Writing *writing = user;
    g_autoptr(GError) error = NULL;
    bool written = scope_program_run_finish(result, &error);
    if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_autofree char *words = g_strdup_printf(_("The report is in %s."), writing->folder);
        g_autofree char *page = written ? page_in(writing->folder) : NULL;
        g_autofree char *uri = page ? g_filename_to_uri(page, NULL, NULL) : NULL;
        if (written)
            scope_window_tell(writing->window, words);
        else
            scope_window_complain(writing->window, error->message);
        if (uri)
            gtk_show_uri(GTK_WINDOW(writing->window), uri, GDK_CURRENT_TIME);
    }
    writing_free(writing);
}

void
scope_report_write(ScopeWindow *window, const char *folder)
{
    ScopeTab *tab = scope_window_get_tab(window);
    ScopeDocument *document = tab ? scope_tab_get_document(tab) : NULL;
    if (!document)
        return;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    const char *const arguments[] = {"report", scope_document_file(document), "-o", folder, NULL};
    Writing *writing = g_new0(Writing, 1);
    *writing = (Writing){g_object_ref(window), g_object_ref(document), g_strdup(folder)};
    g_signal_connect_object(window, "destroy", G_CALLBACK(g_cancellable_cancel), cancellable,
                            G_CONNECT_SWAPPED);
    scope_window_tell(window, _("Writing the report …"));
    scope_program_run_async(arguments, cancellable, on_written, writing);
}

static void
on_folder_chosen(GtkWindow *window, GFile *folder)
{
    const char *path = g_file_peek_path(folder);
    if (path)
        scope_report_write(SCOPE_WINDOW(window), path);
}

void
scope_report_begin(ScopeWindow *window)
{
    scope_dialogs_save_folder(GTK_WINDOW(window), _("Write the Report Into"), on_folder_chosen);
}
