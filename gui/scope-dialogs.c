/* SPDX-License-Identifier: MIT
 *
 * File dialogs are the desktop's own (GtkFileChooserNative).
 */
#include "scope-dialogs.h"

#include <glib/gi18n.h>
#include <moescope/base.h>

#define DIALOG "scope-file-dialog"

/* What a dialog leads to. The window owns the dialog, and the dialog this. */
typedef struct Request {
    GtkWindow *window;
    ScopeFilesChosen opens; /* one of these */
    ScopeFileChosen saves;
} Request;

static void
destroy_dialog(gpointer dialog)
{
    gtk_native_dialog_destroy(dialog);
    g_object_unref(dialog);
}

static void
on_response(GtkNativeDialog *dialog, int response, gpointer user)
{
    const Request request = *(const Request *)user;
    g_autoptr(GListModel) files = gtk_file_chooser_get_files(GTK_FILE_CHOOSER(dialog));
    g_object_set_data(G_OBJECT(request.window), DIALOG, NULL); /* the dialog is gone, and `user` */
    if (response != GTK_RESPONSE_ACCEPT || g_list_model_get_n_items(files) == 0)
        return;
    g_autoptr(GFile) first = g_list_model_get_item(files, 0);
    if (request.opens)
        request.opens(request.window, files);
    else
        request.saves(request.window, first);
}

static void
free_request(gpointer request, GClosure *closure)
{
    g_free(request);
}

static GtkFileChooser *
dialog_new(GtkWindow *window, const char *title, GtkFileChooserAction action, const char *accept)
{
    GtkFileChooserNative *dialog =
        gtk_file_chooser_native_new(title, window, action, accept, _("_Cancel"));
    gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
    return GTK_FILE_CHOOSER(dialog);
}

/* Takes the dialog. */
static void
ask(GtkFileChooser *dialog, GtkWindow *window, ScopeFilesChosen opens, ScopeFileChosen saves)
{
    Request request = {window, opens, saves};
    g_object_set_data_full(G_OBJECT(window), DIALOG, dialog, destroy_dialog);
    g_signal_connect_data(dialog, "response", G_CALLBACK(on_response),
                          g_memdup2(&request, sizeof request), free_request, 0);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

static void
add_filter(GtkFileChooser *dialog, const char *name, const char *pattern)
{
    g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();
    gtk_file_filter_set_name(filter, name);
    gtk_file_filter_add_pattern(filter, pattern);
    gtk_file_chooser_add_filter(dialog, filter);
}

void
scope_dialogs_open(GtkWindow *window, ScopeFilesChosen chosen)
{
    GtkFileChooser *dialog =
        dialog_new(window, _("Open"), GTK_FILE_CHOOSER_ACTION_OPEN, _("_Open"));
    gtk_file_chooser_set_select_multiple(dialog, TRUE);
    add_filter(dialog, _("All files"), "*"); /* what a file is, its content says */
    add_filter(dialog, _("Traces and summaries (*.npz)"), "*.npz");
    ask(dialog, window, chosen, NULL);
}

void
scope_dialogs_open_folder(GtkWindow *window, ScopeFilesChosen chosen)
{
    GtkFileChooser *dialog = dialog_new(window, _("Open a Run, or Folders of Logs"),
                                        GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _("_Open"));
    gtk_file_chooser_set_select_multiple(dialog, TRUE);
    ask(dialog, window, chosen, NULL);
}

void
scope_dialogs_save(GtkWindow *window, const char *title, const char *name, ScopeFileChosen chosen)
{
    GtkFileChooser *dialog = dialog_new(window, title, GTK_FILE_CHOOSER_ACTION_SAVE, _("_Save"));
    gtk_file_chooser_set_current_name(dialog, name);
    ask(dialog, window, NULL, chosen);
}

void
scope_dialogs_save_folder(GtkWindow *window, const char *title, ScopeFileChosen chosen)
{
    ask(dialog_new(window, title, GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _("_Write")), window, NULL,
        chosen);
}

void
scope_dialogs_about(GtkWindow *window)
{
    g_autofree char *engine = moe_engine_description();
    gtk_show_about_dialog(window, "program-name", "moescope", "version", moe_version(),
                          "logo-icon-name", "org.moescope.Moescope", "comments",
                          _("Shows how Mixture-of-Experts models route."), "license-type",
                          GTK_LICENSE_MIT_X11, "system-information", engine, NULL);
}
