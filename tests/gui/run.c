/* SPDX-License-Identifier: MIT
 *
 * Training from the window: started, watched, stopped, gone on with; and what can't be started.
 */
#include "scope-page.h"
#include "scope-recipe-form.h"
#include "scope-tabs.h"
#include "small-run.h"
#include "stage.h"

#include <string.h>

static bool
is_open(gpointer user)
{
    ScopeTab *tab = scope_window_get_tab(user);
    return tab && scope_tab_get_state(tab) == SCOPE_TAB_OPEN;
}

static GtkWidget *
named(Stage *stage, GType type, const char *name)
{
    GtkWidget *widget = find(stage_widget(stage), type, name);
    if (!widget)
        g_error("there is no %s %s to be seen", g_type_name(type), name);
    return widget;
}

static const char *
state_of(Stage *stage)
{
    return gtk_label_get_label(GTK_LABEL(named(stage, GTK_TYPE_LABEL, "run-state")));
}

/* Opens a trace at view "run", with small values typed into the form. */
static void
open_form(Stage *stage, const char *folder, const char *steps)
{
    stage_open(stage, stage->path);
    wait_until(is_open, stage->window);
    scope_views_turn(scope_tab_get_views(stage_tab(stage)), "run");
    settle(stage_widget(stage));
    small_fill_form(stage_widget(stage), folder, steps);
}

static void
press_button(Stage *stage, const char *name)
{
    GtkWidget *button = named(stage, GTK_TYPE_BUTTON, name);
    settle(stage_widget(stage)); /* what the button said may have moved it */
    if (have_hands())
        click(button);
    else
        g_signal_emit_by_name(button, "clicked");
}

static bool
shows_run(gpointer user)
{
    Stage *stage = user;
    ScopeTab *tab = stage_tab(stage);
    return scope_tab_get_state(tab) == SCOPE_TAB_OPEN &&
           !g_str_equal(scope_tab_get_title(tab), "two-domains.npz");
}

static bool
has_stopped(gpointer user)
{
    GtkWidget *start = find(stage_widget(user), GTK_TYPE_BUTTON, "start");
    return start && gtk_widget_get_sensitive(start);
}

static bool
goes_on(gpointer user)
{
    return !has_stopped(user);
}

/* Back to the tab that runs it. */
static void
turn_back(Stage *stage)
{
    GtkWidget *tabs = gtk_widget_get_ancestor(GTK_WIDGET(stage_tab(stage)), SCOPE_TYPE_TABS);
    scope_tabs_turn(SCOPE_TABS(tabs), 1);
    settle(stage_widget(stage));
}

static void
test_train(Stage *stage, gconstpointer data)
{
    g_autofree char *folder = stage_path("from-the-window");
    open_form(stage, folder, "100000");
    press_button(stage, "start");
    wait_until(shows_run, stage);
    turn_back(stage);
    assert_drawn(stage_widget(stage), "page-run");
    press_button(stage, "stop");
    wait_until(has_stopped, stage);
    g_assert_cmpstr(state_of(stage), ==, "Stopped and saved; it can go on from here.");
    press_button(stage, "resume");
    wait_until(goes_on, stage);
    wait_until(shows_run, stage);
    turn_back(stage);
    press_button(stage, "stop");
    wait_until(has_stopped, stage);
}

/* What the program complains of. */
static void
test_refused(Stage *stage, gconstpointer data)
{
    g_autofree char *folder = stage_path("refused");
    open_form(stage, folder, "10");
    gtk_editable_set_text(GTK_EDITABLE(named(stage, GTK_TYPE_ENTRY, "data.corpus")), "/nowhere");
    press_button(stage, "start");
    wait_until(has_stopped, stage);
    g_assert_nonnull(strstr(state_of(stage), "/nowhere"));
}

/* What isn't a value is said beside it, and isn't taken. */
static void
test_wrong_value(Stage *stage, gconstpointer data)
{
    open_form(stage, "x", "10");
    GtkWidget *steps = named(stage, GTK_TYPE_ENTRY, "train.steps");
    GtkWidget *form = gtk_widget_get_ancestor(steps, SCOPE_TYPE_RECIPE_FORM);
    gtk_editable_set_text(GTK_EDITABLE(steps), "many");
    g_assert_true(gtk_widget_has_css_class(steps, "error"));
    g_auto(GStrv) changes = scope_recipe_form_get_changes(SCOPE_RECIPE_FORM(form));
    g_assert_true(g_strv_contains((const char *const *)changes, "train.steps=10"));
}

static void
add(void)
{
    stage_add("/gui/run/train", test_train);
    stage_add("/gui/run/refused", test_refused);
    stage_add("/gui/run/wrong-value", test_wrong_value);
}

int
main(int argc, char **argv)
{
    return stage_run(argc, argv, add);
}
