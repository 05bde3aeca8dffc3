/* SPDX-License-Identifier: MIT
 *
 * Nothing in files says whether they belong together, so the user is asked.
 */
#include "scope-together.h"

#include "scope-open.h"

#include <glib/gi18n.h>

GListModel *
scope_together_one(GFile *file)
{
    GListStore *files = g_list_store_new(G_TYPE_FILE);
    g_list_store_append(files, file);
    return G_LIST_MODEL(files);
}

bool
scope_together_may(GListModel *files)
{
    guint n = g_list_model_get_n_items(files);
    for (guint i = 0; i < n; i++) {
        g_autoptr(GFile) file = g_list_model_get_item(files, i);
        const char *path = g_file_peek_path(file);
        if (!path || !scope_open_imports(path))
            return false;
    }
    return n > 1;
}

/* --- Asking -----------------------------------------------------------------------------------*/

enum { EACH = 1, AS_ONE };

typedef struct Request {
    GListModel *files;
    ScopeTogetherAnswer answer;
} Request;

static void
free_request(gpointer data, GClosure *closure)
{
    Request *request = data;
    g_object_unref(request->files);
    g_free(request);
}

static void
on_response(GtkDialog *dialog, int response, gpointer data)
{
    const Request *request = data;
    GtkWindow *window = gtk_window_get_transient_for(GTK_WINDOW(dialog));
    if (window && (response == EACH || response == AS_ONE))
        request->answer(window, request->files, response == AS_ONE);
    gtk_window_destroy(GTK_WINDOW(dialog));
}

void
scope_together_ask(GtkWindow *window, GListModel *files, ScopeTogetherAnswer answer)
{
    guint n = g_list_model_get_n_items(files);
    Request request = {g_object_ref(files), answer};
    GtkWidget *dialog = gtk_message_dialog_new(
        window, GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT, GTK_MESSAGE_QUESTION,
        GTK_BUTTONS_NONE, g_dngettext(NULL, "Open %u file", "Open %u files", n), n);
    gtk_message_dialog_format_secondary_text(
        GTK_MESSAGE_DIALOG(dialog), "%s",
        _("Parts of one recording, such as the files of its ranks or a file for each text, are "
          "read as one trace. Recordings of their own get a tab each."));
    gtk_dialog_add_buttons(GTK_DIALOG(dialog), _("_Cancel"), GTK_RESPONSE_CANCEL, _("A _Tab Each"),
                           EACH, _("As _One Trace"), AS_ONE, NULL);
    gtk_dialog_set_default_response(GTK_DIALOG(dialog), AS_ONE);
    gtk_widget_set_name(gtk_dialog_get_widget_for_response(GTK_DIALOG(dialog), AS_ONE), "as-one");
    gtk_widget_set_name(gtk_dialog_get_widget_for_response(GTK_DIALOG(dialog), EACH), "each");
    g_signal_connect_data(dialog, "response", G_CALLBACK(on_response),
                          g_memdup2(&request, sizeof request), free_request, 0);
    gtk_window_present(GTK_WINDOW(dialog));
}
