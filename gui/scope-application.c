/* SPDX-License-Identifier: MIT
 *
 * The program: one process, windows with a tab a file.
 */
#include "scope-application.h"

#include "scope-appearance.h"
#include "scope-window.h"

#include <glib/gi18n.h>
#include <moescope/plugin.h>
#include <scope-resources.h> /* made by the build */

#define APPLICATION_ID "org.moescope.Moescope"
#define RESOURCES      "/org/moescope/Moescope"

struct _ScopeApplication {
    GtkApplication parent_instance;
};

G_DEFINE_FINAL_TYPE(ScopeApplication, scope_application, GTK_TYPE_APPLICATION)

static void
quit_action(GSimpleAction *action, GVariant *parameter, gpointer application)
{
    GList *window;
    while ((window = gtk_application_get_windows(application)))
        gtk_window_destroy(window->data);
    g_application_quit(application);
}

static void
new_window_action(GSimpleAction *action, GVariant *parameter, gpointer application)
{
    gtk_window_present(GTK_WINDOW(scope_window_new(application)));
}

static void
set_keys(GtkApplication *application)
{
    static const struct {
        const char *action, *keys[3];
    } table[] = {
        {"win.open", {"<Control>o"}},
        {"win.export", {"<Control>s", "<Control>e"}},
        {"win.show-help-overlay", {"F1", "<Control>question"}},
        {"win.copy", {"<Shift><Control>c"}},
        {"win.copy-command", {"<Alt><Control>c"}},
        {"win.report", {"<Control>r"}},
        {"win.open-folder", {"<Shift><Control>o"}},
        {"win.find", {"<Control>f"}},
        {"win.filter", {"<Control>l"}},
        {"win.undo", {"<Control>z"}},
        {"win.redo", {"<Shift><Control>z"}},
        {"win.inspector", {"F9"}},
        {"win.close-tab", {"<Control>w"}},
        {"win.turn-tab(1)", {"<Control>Page_Down"}},
        {"win.turn-tab(-1)", {"<Control>Page_Up"}},
        {"window.close", {"<Shift><Control>w"}},
        {"app.new-window", {"<Control>n"}},
        {"app.quit", {"<Control>q"}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
        gtk_application_set_accels_for_action(application, table[i].action, table[i].keys);
    for (int i = 0; scope_pages[i].name; i++) {
        g_autofree char *action = g_strdup_printf("win.view('%s')", scope_pages[i].name);
        g_autofree char *key = scope_page_key(&scope_pages[i]);
        gtk_application_set_accels_for_action(application, action, (const char *[]){key, NULL});
    }
}

static void
load_style(void)
{
    GdkDisplay *display = gdk_display_get_default();
    g_autoptr(GtkCssProvider) style = gtk_css_provider_new();
    gtk_css_provider_load_from_resource(style, RESOURCES "/style.css");
    gtk_style_context_add_provider_for_display(display, GTK_STYLE_PROVIDER(style),
                                               GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

/* Where there's a terminal, it says what was left out; the window goes on without it. */
static void
load_plugins(void)
{
    int n;
    moe_plugins_load();
    const MoePluginStatus *const *status = moe_plugins_list(&n);
    for (int i = 0; i < n; i++)
        if (status[i]->problem)
            g_printerr("moescope-gui: plugin left out: %s\n", status[i]->problem);
}

static void
scope_application_startup(GApplication *application)
{
    static const GActionEntry actions[] = {
        {.name = "quit", .activate = quit_action},
        {.name = "new-window", .activate = new_window_action},
    };
    moe_init();
    load_plugins();
    scope_register_resource();
    G_APPLICATION_CLASS(scope_application_parent_class)->startup(application);
    g_action_map_add_action_entries(G_ACTION_MAP(application), actions, G_N_ELEMENTS(actions),
                                    application);
    set_keys(GTK_APPLICATION(application));
    load_style();
    /* Texts that can be copied aren't taken for chosen because the keyboard came by. */
    g_object_set(gtk_settings_get_default(), "gtk-label-select-on-focus", FALSE, NULL);
    scope_appearance_follow(g_application_get_dbus_connection(application));
}

static void
scope_application_activate(GApplication *application)
{
    GtkWindow *window = gtk_application_get_active_window(GTK_APPLICATION(application));
    if (!window)
        window = GTK_WINDOW(scope_window_new(GTK_APPLICATION(application)));
    gtk_window_present(window);
}

/* What is told with files that are one. */
#define AS_ONE "as-one"

static void
scope_application_open(GApplication *application, GFile **files, int n, const char *hint)
{
    GtkWindow *window = gtk_application_get_active_window(GTK_APPLICATION(application));
    g_autoptr(GListStore) list = g_list_store_new(G_TYPE_FILE);
    g_list_store_splice(list, 0, 0, (gpointer *)files, (guint)n);
    if (!window)
        window = GTK_WINDOW(scope_window_new(GTK_APPLICATION(application)));
    scope_window_open_all(SCOPE_WINDOW(window), G_LIST_MODEL(list), g_str_equal(hint, AS_ONE));
    gtk_window_present(window);
}

/* In the instance that runs already, or in this one. */
static int
open_names(GApplication *application, const char *const *names, const char *hint)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_object_unref);
    g_autoptr(GError) error = NULL;
    for (; *names; names++)
        g_ptr_array_add(files, g_file_new_for_commandline_arg(*names));
    if (!g_application_register(application, NULL, &error)) {
        g_printerr("moescope-gui: %s\n", error->message);
        return 1;
    }
    g_application_open(application, (GFile **)files->pdata, (int)files->len, hint);
    return -1; /* go on */
}

static void
complain_of_display(void)
{
    const char *display = g_getenv("DISPLAY"), *wayland = g_getenv("WAYLAND_DISPLAY");
    g_printerr("moescope-gui: found no display to open a window on (DISPLAY=%s, "
               "WAYLAND_DISPLAY=%s), expected one of X or Wayland; moescope plot and moescope "
               "report need none\n",
               display ? display : "", wayland ? wayland : "");
}

static int
scope_application_handle_local_options(GApplication *application, GVariantDict *options)
{
    g_autofree const char **names = NULL;
    if (g_variant_dict_contains(options, "version")) {
        g_print("moescope-gui %s\n", moe_version());
        return 0;
    }
    if (!gtk_init_check()) {
        complain_of_display();
        return 1;
    }
    if (g_variant_dict_lookup(options, G_OPTION_REMAINING, "^a&ay", &names))
        return open_names(application, names,
                          g_variant_dict_contains(options, AS_ONE) ? AS_ONE : "");
    return -1; /* go on */
}

static void
scope_application_class_init(ScopeApplicationClass *class)
{
    GApplicationClass *application_class = G_APPLICATION_CLASS(class);
    application_class->startup = scope_application_startup;
    application_class->activate = scope_application_activate;
    application_class->open = scope_application_open;
    application_class->handle_local_options = scope_application_handle_local_options;
}

static void
scope_application_init(ScopeApplication *self)
{
    static const GOptionEntry options[] = {
        {.long_name = AS_ONE,
         .description = N_("The files are parts of one recording: import them as one")},
        {.long_name = "version", .description = N_("Print the version and exit")},
        {.long_name = G_OPTION_REMAINING, .arg = G_OPTION_ARG_FILENAME_ARRAY},
        {0},
    };
    GApplication *application = G_APPLICATION(self);
    g_application_set_option_context_parameter_string(application, _("[FILE…]"));
    g_application_set_option_context_summary(application,
                                             _("Shows how a Mixture-of-Experts model routes."));
    g_application_add_main_option_entries(application, options);
}

ScopeApplication *
scope_application_new(void)
{
    return g_object_new(SCOPE_TYPE_APPLICATION, "application-id", APPLICATION_ID,
                        "resource-base-path", RESOURCES, "flags", G_APPLICATION_HANDLES_OPEN, NULL);
}
