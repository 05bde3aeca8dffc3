/* SPDX-License-Identifier: MIT
 *
 * What assistive technology is told: everything that can be worked with has a name, in every view.
 */
#include "stage.h"

/* Parts of a control that has a name as a whole, and what GTK draws around a window. */
static bool
is_inner(GtkWidget *widget)
{
    const GType wholes[] = {
        GTK_TYPE_MENU_BUTTON, GTK_TYPE_DROP_DOWN,       GTK_TYPE_SPIN_BUTTON,
        GTK_TYPE_ENTRY,       GTK_TYPE_SEARCH_ENTRY,    GTK_TYPE_COLUMN_VIEW,
        GTK_TYPE_LIST_VIEW,   GTK_TYPE_WINDOW_CONTROLS, GTK_TYPE_STACK_SWITCHER,
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
           GTK_IS_SPIN_BUTTON(widget) || GTK_IS_SCALE(widget);
}

static bool
has_name(GtkWidget *widget)
{
    GtkAccessible *accessible = GTK_ACCESSIBLE(widget);
    return gtk_test_accessible_has_property(accessible, GTK_ACCESSIBLE_PROPERTY_LABEL) ||
           gtk_test_accessible_has_relation(accessible, GTK_ACCESSIBLE_RELATION_LABELLED_BY) ||
           (GTK_IS_BUTTON(widget) && find(widget, GTK_TYPE_LABEL, NULL));
}

static void
check(GtkWidget *root, const char *view, int *nameless)
{
    if (!gtk_widget_get_mapped(root))
        return;
    if (is_control(root) && !is_inner(root) && !has_name(root)) {
        g_test_message("%s: a %s (%s) has no name", view, G_OBJECT_TYPE_NAME(root),
                       gtk_widget_get_name(root));
        ++*nameless;
    }
    for (GtkWidget *i = gtk_widget_get_first_child(root); i; i = gtk_widget_get_next_sibling(i))
        check(i, view, nameless);
}

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
add(void)
{
    stage_add("/access/welcome", test_welcome);
    stage_add("/access/views", test_views);
}

int
main(int argc, char **argv)
{
    g_setenv("GTK_A11Y", "test", TRUE); /* names are kept, though nobody asks */
    return stage_run(argc, argv, add);
}
