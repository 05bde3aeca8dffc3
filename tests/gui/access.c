/* SPDX-License-Identifier: MIT
 *
 * What assistive technology is told: everything that can be worked with has a name, in every view
 * and dialog, and so have figures, tables and lists; pictures have one or say that they only adorn.
 * And what the keyboard alone comes to.
 */
#include "scope-export-dialog.h"
#include "scope-scene-view.h"
#include "stage.h"

/* Parts of a control that has a name as a whole, and what GTK draws around a window. */
static bool
is_inner(GtkWidget *widget)
{
    const GType wholes[] = {
        GTK_TYPE_MENU_BUTTON, GTK_TYPE_DROP_DOWN,       GTK_TYPE_SPIN_BUTTON,
        GTK_TYPE_ENTRY,       GTK_TYPE_SEARCH_ENTRY,    GTK_TYPE_COLUMN_VIEW,
        GTK_TYPE_LIST_VIEW,   GTK_TYPE_WINDOW_CONTROLS, GTK_TYPE_STACK_SWITCHER,
        GTK_TYPE_SWITCH,
    };
    for (gsize i = 0; i < G_N_ELEMENTS(wholes); i++) {
        GtkWidget *whole = gtk_widget_get_ancestor(widget, wholes[i]);
        if (whole && whole != widget)
            return true;
    }
    return false;
}

static bool
is_control(GtkWidget *widget)
{
    return GTK_IS_BUTTON(widget) || GTK_IS_MENU_BUTTON(widget) || GTK_IS_ENTRY(widget) ||
           GTK_IS_SEARCH_ENTRY(widget) || GTK_IS_DROP_DOWN(widget) || GTK_IS_SWITCH(widget) ||
           GTK_IS_SPIN_BUTTON(widget) || GTK_IS_SCALE(widget) || GTK_IS_CHECK_BUTTON(widget) ||
           GTK_IS_COLUMN_VIEW(widget) || GTK_IS_LIST_BOX(widget) || GTK_IS_TEXT_VIEW(widget) ||
           GTK_IS_PROGRESS_BAR(widget) || SCOPE_IS_SCENE_VIEW(widget);
}

/* An image beside its word, or one that adorns, isn't read out. */
static bool
is_told_image(GtkWidget *widget)
{
    GtkAccessible *accessible = GTK_ACCESSIBLE(widget);
    return GTK_IS_IMAGE(widget) && !gtk_widget_get_ancestor(widget, GTK_TYPE_BUTTON) &&
           gtk_accessible_get_accessible_role(accessible) != GTK_ACCESSIBLE_ROLE_PRESENTATION &&
           !gtk_test_accessible_has_state(accessible, GTK_ACCESSIBLE_STATE_HIDDEN);
}

static bool
has_name(GtkWidget *widget)
{
    GtkAccessible *accessible = GTK_ACCESSIBLE(widget);
    return gtk_test_accessible_has_property(accessible, GTK_ACCESSIBLE_PROPERTY_LABEL) ||
           gtk_test_accessible_has_relation(accessible, GTK_ACCESSIBLE_RELATION_LABELLED_BY) ||
           ((GTK_IS_BUTTON(widget) || GTK_IS_CHECK_BUTTON(widget)) &&
            find(widget, GTK_TYPE_LABEL, NULL));
}

static void
check(GtkWidget *root, const char *view, int *nameless)
{
    if (!gtk_widget_get_mapped(root))
        return;
    if ((is_control(root) || is_told_image(root)) && !is_inner(root) && !has_name(root)) {
        g_test_message("%s: a %s (%s) has no name", view, G_OBJECT_TYPE_NAME(root),
                       gtk_widget_get_name(root));
        ++*nameless;
    }
    for (GtkWidget *i = gtk_widget_get_first_child(root); i; i = gtk_widget_get_next_sibling(i))
        check(i, view, nameless);
}

/* --- Letters ----------------------------------------------------------------------------------*/

/* Alt and a letter press one thing: two with the same would only take the keyboard in turn. */
static void
check_letters(GtkWidget *root, const char *view, GHashTable *seen, int *clashes)
{
    if (!gtk_widget_get_mapped(root) || GTK_IS_POPOVER(root))
        return;
    guint key =
        GTK_IS_LABEL(root) ? gtk_label_get_mnemonic_keyval(GTK_LABEL(root)) : GDK_KEY_VoidSymbol;
    if (key != GDK_KEY_VoidSymbol) {
        const char *before = g_hash_table_lookup(seen, GUINT_TO_POINTER(key));
        const char *label = gtk_label_get_label(GTK_LABEL(root));
        if (before) {
            g_test_message("%s: %s and %s", view, before, label);
            ++*clashes;
        }
        g_hash_table_insert(seen, GUINT_TO_POINTER(key), (gpointer)label);
    }
    for (GtkWidget *i = gtk_widget_get_first_child(root); i; i = gtk_widget_get_next_sibling(i))
        check_letters(i, view, seen, clashes);
}

static int
clashes_in(GtkWidget *root, const char *view)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    int clashes = 0;
    check_letters(root, view, seen, &clashes);
    return clashes;
}

static void
test_letters(Stage *stage, gconstpointer data)
{
    GtkWidget *window = GTK_WIDGET(stage->window);
    int clashes = clashes_in(window, "welcome");
    stage_open_good(stage);
    for (const ScopePageInfo *info = scope_pages; info->name; info++) {
        scope_views_turn(scope_tab_get_views(stage_tab(stage)), info->name);
        settle(window);
        clashes += clashes_in(window, info->name);
    }
    scope_views_turn(scope_tab_get_views(stage_tab(stage)), "overview");
    wait_until(stage_shows_figure, window);
    gtk_widget_activate_action(window, "win.export", NULL);
    settle(window);
    g_autoptr(GListModel) windows = g_object_ref(gtk_window_get_toplevels());
    for (guint i = 0; i < g_list_model_get_n_items(windows); i++) {
        g_autoptr(GtkWidget) dialog = g_list_model_get_item(windows, i);
        if (SCOPE_IS_EXPORT_DIALOG(dialog))
            clashes += clashes_in(dialog, "export");
    }
    g_assert_cmpint(clashes, ==, 0);
}

/* --- Names ------------------------------------------------------------------------------------*/

static void
test_welcome(Stage *stage, gconstpointer data)
{
    int nameless = 0;
    check(GTK_WIDGET(stage->window), "welcome", &nameless);
    g_assert_cmpint(nameless, ==, 0);
}

static void
test_views(Stage *stage, gconstpointer data)
{
    int nameless = 0;
    stage_open_good(stage);
    for (const ScopePageInfo *info = scope_pages; info->name; info++) {
        scope_views_turn(scope_tab_get_views(stage_tab(stage)), info->name);
        settle(GTK_WIDGET(stage->window));
        check(GTK_WIDGET(stage->window), info->name, &nameless);
    }
    g_assert_cmpint(nameless, ==, 0);
}

static void
test_dialogs(Stage *stage, gconstpointer data)
{
    int nameless = 0;
    stage_open_good(stage);
    ScopeTab *tab = stage_tab(stage);
    GtkWidget *dialog =
        scope_export_dialog_new(GTK_WINDOW(stage->window), scope_tab_get_document(tab),
                                scope_tab_get_focus(tab), scope_tab_get_pane(tab));
    gtk_window_present(GTK_WINDOW(dialog));
    settle(dialog);
    check(dialog, "export", &nameless);
    gtk_window_destroy(GTK_WINDOW(dialog));
    GtkWidget *menu = find(GTK_WIDGET(stage->window), GTK_TYPE_MENU_BUTTON, "filter-menu");
    gtk_menu_button_popup(GTK_MENU_BUTTON(menu));
    settle(GTK_WIDGET(stage->window));
    check(GTK_WIDGET(gtk_menu_button_get_popover(GTK_MENU_BUTTON(menu))), "filter", &nameless);
    gtk_menu_button_popdown(GTK_MENU_BUTTON(menu));
    g_assert_cmpint(nameless, ==, 0);
}

/* A figure is a picture that says its name, and the mark that the keys are at. */
static void
test_figure(Stage *stage, gconstpointer data)
{
    GtkWidget *view = stage_open_good(stage);
    gtk_test_accessible_assert_role(GTK_ACCESSIBLE(view), GTK_ACCESSIBLE_ROLE_IMG);
    gtk_test_accessible_assert_property(GTK_ACCESSIBLE(view), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                        "Expert load");
    point_at(view, gtk_widget_get_width(view) * 0.4, gtk_widget_get_height(view) * 0.4);
    settle(view);
    const char *words = scope_scene_view_get_words(SCOPE_SCENE_VIEW(view));
    g_assert_nonnull(words);
    gtk_test_accessible_assert_property(GTK_ACCESSIBLE(view), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                        words);
}

/* A view that one turns to has the keyboard, where it was before in that view. */
static void
test_keyboard(Stage *stage, gconstpointer data)
{
    GtkWindow *window = GTK_WINDOW(stage->window);
    stage_open_good(stage);
    ScopeViews *views = scope_tab_get_views(stage_tab(stage));
    scope_views_turn(views, "overview");
    wait_until(stage_shows_figure, window);
    GtkWidget *first = gtk_window_get_focus(window);
    g_assert_true(SCOPE_IS_SCENE_VIEW(first));
    gtk_widget_child_focus(GTK_WIDGET(window), GTK_DIR_TAB_FORWARD);
    GtkWidget *second = gtk_window_get_focus(window);
    g_assert_true(SCOPE_IS_SCENE_VIEW(second) && second != first);
    scope_views_turn(views, "figures");
    g_assert_false(gtk_window_get_focus(window) == second);
    scope_views_turn(views, "overview");
    g_assert_true(gtk_window_get_focus(window) == second);
}

static void
add(void)
{
    stage_add("/access/welcome", test_welcome);
    stage_add("/access/views", test_views);
    stage_add("/access/dialogs", test_dialogs);
    stage_add("/access/figure", test_figure);
    stage_add("/access/letters", test_letters);
    stage_add("/access/keyboard", test_keyboard);
}

int
main(int argc, char **argv)
{
    g_setenv("GTK_A11Y", "test", TRUE); /* names are kept, though nobody asks */
    return stage_run(argc, argv, add);
}
