/* SPDX-License-Identifier: MIT
 *
 * File dialogs are the desktop's own (GtkFileChooserNative).
 */
#include "scope-dialogs.h"

#include <moescope/figure.h>

#define DIALOG "scope-file-dialog"

/* What a dialog leads to. The window owns the dialog, and the dialog this. */
typedef struct Request {
    GtkWindow *window;
    ScopeFileChosen open;
    ScopeExportChosen export;
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
    const Request *request = user;
    GtkFileChooser *chooser = GTK_FILE_CHOOSER(dialog);
    g_autoptr(GFile) file = gtk_file_chooser_get_file(chooser);
    if (response == GTK_RESPONSE_ACCEPT && file && request->open)
        request->open(request->window, file);
    else if (response == GTK_RESPONSE_ACCEPT && file)
        request->export(request->window, file, gtk_file_chooser_get_choice(chooser, "theme"));
    g_object_set_data(G_OBJECT(request->window), DIALOG, NULL);
}

static void
free_request(gpointer request, GClosure *closure)
{
    g_free(request);
}

static void
ask(GtkFileChooserNative *dialog, Request request)
{
    g_object_set_data_full(G_OBJECT(request.window), DIALOG, dialog, destroy_dialog);
    gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
    g_signal_connect_data(dialog, "response", G_CALLBACK(on_response),
                          g_memdup2(&request, sizeof request), free_request, 0);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

static void
add_filter(GtkFileChooserNative *dialog, const char *name, const char *const *endings)
{
    g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();
    gtk_file_filter_set_name(filter, name);
    for (; *endings; endings++)
        gtk_file_filter_add_suffix(filter, *endings);
    gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), filter);
}

static void
add_filter_of_all(GtkFileChooserNative *dialog)
{
    g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();
    gtk_file_filter_set_name(filter, "All files");
    gtk_file_filter_add_pattern(filter, "*");
    gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), filter);
}

void
scope_dialogs_open(GtkWindow *window, ScopeFileChosen chosen)
{
    static const char *const traces[] = {"npz", NULL};
    GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
        "Open a Trace", window, GTK_FILE_CHOOSER_ACTION_OPEN, "_Open", "_Cancel");
    add_filter(dialog, "Traces (*.npz)", traces);
    add_filter_of_all(dialog);
    ask(dialog, (Request){.window = window, .open = chosen});
}

/* The themes, the default one first: GTK's own dialog shows the first, whatever is set. */
static const char **
themes_best_first(void)
{
    const char *const *themes = moe_themes();
    guint n = g_strv_length((char **)themes);
    const char **sorted = g_new0(const char *, n + 1);
    guint next = 0;
    sorted[next++] = "paper-full";
    for (guint i = 0; i < n; i++)
        if (!g_str_equal(themes[i], "paper-full"))
            sorted[next++] = themes[i];
    return sorted;
}

void
scope_dialogs_export(GtkWindow *window, const char *name, ScopeExportChosen chosen)
{
    static const char *const endings[] = {"pdf", "svg", "png", NULL};
    g_autofree const char **themes = themes_best_first();
    GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
        "Export the Figure", window, GTK_FILE_CHOOSER_ACTION_SAVE, "_Export", "_Cancel");
    GtkFileChooser *chooser = GTK_FILE_CHOOSER(dialog);
    add_filter(dialog, "PDF, SVG or PNG, by the ending of the name", endings);
    gtk_file_chooser_set_current_name(chooser, name);
    gtk_file_chooser_add_choice(chooser, "theme", "Theme", themes, themes);
    gtk_file_chooser_set_choice(chooser, "theme", themes[0]);
    ask(dialog, (Request){.window = window, .export = chosen});
}

void
scope_dialogs_about(GtkWindow *window)
{
    g_autofree char *engine = moe_engine_description();
    gtk_show_about_dialog(window, "program-name", "moescope", "version", moe_version(),
                          "logo-icon-name", "org.moescope.Moescope", "comments",
                          "Shows how Mixture-of-Experts models route.", "license-type",
                          GTK_LICENSE_MIT_X11, "system-information", engine, NULL);
}
