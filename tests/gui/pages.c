/* SPDX-License-Identifier: MIT
 *
 * The views: each opens, shows what it should of a run, and follows what is in focus.
 */
#include "scope-scene-view.h"
#include "scope-table.h"
#include "scope-tabs.h"
#include "small-run.h"
#include "stage.h"

#include <string.h>

static void
turn(Stage *stage, const char *view)
{
    scope_views_turn(scope_tab_get_views(stage_tab(stage)), view);
    settle(stage_widget(stage));
}

/* Opens the run at a view. */
static void
open_run(Stage *stage, const char *view)
{
    g_autofree char *run = small_run();
    stage_open(stage, run);
    wait_until(stage_is_open, stage);
    turn(stage, view);
}

static GtkWidget *
named(Stage *stage, GType type, const char *name)
{
    GtkWidget *widget = find(stage_widget(stage), type, name);
    if (!widget)
        g_error("there is no %s %s to be seen", g_type_name(type), name);
    return widget;
}

/* --- Waiting ----------------------------------------------------------------------------------*/

typedef struct Wanted {
    Stage *stage;
    const char *text;  /* that a label says, or is in a table */
    const char *table; /* its name, or NULL */
} Wanted;

static bool
is_said(gpointer user)
{
    const Wanted *wanted = user;
    if (!wanted->table)
        return says(stage_widget(wanted->stage), wanted->text);
    GtkWidget *table = find(stage_widget(wanted->stage), SCOPE_TYPE_TABLE, wanted->table);
    g_autofree char *csv = table ? scope_table_to_csv(SCOPE_TABLE(table)) : NULL;
    return csv && strstr(csv, wanted->text);
}

static void
wait_for_text(Stage *stage, const char *text)
{
    Wanted wanted = {stage, text, NULL};
    wait_until(is_said, &wanted);
}

static void
wait_for_row(Stage *stage, const char *table, const char *text)
{
    Wanted wanted = {stage, text, table};
    wait_until(is_said, &wanted);
}

static bool
has_token(gpointer user)
{
    return scope_focus_get(stage_focus(user), SCOPE_FOCUS_TOKEN) >= 0;
}

static bool
has_expert(gpointer user)
{
    return scope_focus_get(stage_focus(user), SCOPE_FOCUS_EXPERT) >= 0;
}

/* What a pane is set to show now. */
static bool
is_set(ScopePane *pane, const char *setting)
{
    g_auto(GStrv) settings = scope_pane_get_settings(pane);
    return g_strv_contains((const char *const *)settings, setting);
}

/* Enter on a row of the table that can be seen. */
static void
activate_row(Stage *stage, const char *table, guint row)
{
    GtkWidget *view = find(named(stage, SCOPE_TYPE_TABLE, table), GTK_TYPE_COLUMN_VIEW, NULL);
    g_assert_nonnull(view);
    g_signal_emit_by_name(view, "activate", row);
}

/* --- Cases ------------------------------------------------------------------------------------*/

static void
test_figures(Stage *stage, gconstpointer data)
{
    static const char *const views[] = {"overview",  "training", "tokens",        "expert",
                                        "relations", "domains",  "distributions", "collapse"};
    open_run(stage, "overview");
    for (gsize i = 0; i < G_N_ELEMENTS(views); i++) {
        g_autofree char *picture = g_strconcat("page-", views[i], NULL);
        turn(stage, views[i]);
        wait_until(stage_shows_figure, stage_widget(stage));
        g_assert_false(says(stage_widget(stage), "No figure"));
        assert_drawn(stage_widget(stage), picture);
    }
}

static void
test_overview(Stage *stage, gconstpointer data)
{
    open_run(stage, "overview");
    wait_for_text(stage, "MoE layers");
    wait_for_text(stage, "2 of 4");
    wait_for_text(stage, " checks over ");
}

/* What is missing, and how to record it. */
static void
test_empty(Stage *stage, gconstpointer data)
{
    stage_open(stage, stage->path);
    wait_until(stage_is_open, stage);
    turn(stage, "training");
    g_assert_true(says(stage_widget(stage), "Open the folder of a run"));
    g_assert_nonnull(find(stage_widget(stage), GTK_TYPE_BUTTON, "empty-sample"));
    assert_drawn(stage_widget(stage), "page-empty");
    turn(stage, "sub-tokens");
    g_assert_null(find(stage_widget(stage), GTK_TYPE_BUTTON, "empty-sample")); /* it has none */
    g_assert_true(says(stage_widget(stage), "moescope train mhmoe-small"));
    turn(stage, "compare");
    g_assert_true(says(stage_widget(stage), "Nothing to compare with"));
}

static void
test_training(Stage *stage, gconstpointer data)
{
    open_run(stage, "training");
    wait_until(stage_shows_figure, stage_widget(stage));
    GtkWidget *scale = named(stage, GTK_TYPE_SCALE, "step");
    g_assert_true(says(stage_widget(stage), "step 40 of 40"));
    gtk_range_set_value(GTK_RANGE(scale), 2);
    gint64 step = scope_focus_get(stage_focus(stage), SCOPE_FOCUS_STEP);
    g_autofree char *setting = g_strdup_printf("step=%" G_GINT64_FORMAT, step);
    g_assert_cmpint(step, >, 0);
    g_assert_cmpint(step, <, 40);
    g_assert_true(is_set(stage_pane(stage), setting));
    scope_focus_undo(stage_focus(stage));
    g_assert_true(says(stage_widget(stage), "step 40 of 40"));
}

static bool
plays(gpointer user)
{
    gint64 step = scope_focus_get(stage_focus(user), SCOPE_FOCUS_STEP);
    return step > 2;
}

static void
test_play(Stage *stage, gconstpointer data)
{
    open_run(stage, "training");
    GtkWidget *play = named(stage, GTK_TYPE_BUTTON, "play");
    g_signal_emit_by_name(play, "clicked");
    wait_until(plays, stage);
    g_signal_emit_by_name(play, "clicked");
    gint64 step = scope_focus_get(stage_focus(stage), SCOPE_FOCUS_STEP);
    settle(stage_widget(stage));
    g_assert_cmpint(scope_focus_get(stage_focus(stage), SCOPE_FOCUS_STEP), ==, step);
}

static void
test_search(Stage *stage, gconstpointer data)
{
    open_run(stage, "tokens");
    wait_for_text(stage, "Document ");
    GtkWidget *entry = named(stage, GTK_TYPE_SEARCH_ENTRY, "search");
    gtk_editable_set_text(GTK_EDITABLE(entry), "OATS ");
    wait_until(has_token, stage);
    gint64 first = scope_focus_get(stage_focus(stage), SCOPE_FOCUS_TOKEN);
    g_signal_emit_by_name(entry, "activate");
    while (scope_focus_get(stage_focus(stage), SCOPE_FOCUS_TOKEN) == first)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(scope_focus_get(stage_focus(stage), SCOPE_FOCUS_TOKEN), >, first);
    g_assert_true(says(stage_widget(stage), "boats"));
    gtk_editable_set_text(GTK_EDITABLE(entry), "zebra");
    wait_for_text(stage, "Not found");
    scope_focus_set_filter(stage_focus(stage), "domain=ants");
    gtk_editable_set_text(GTK_EDITABLE(entry), "boats");
    wait_for_text(stage, "Not found in what counts");
}

/* The token under the pointer, or else the one that was chosen. */
static bool
tells_scores(gpointer user)
{
    GtkWidget *pane = find(stage_widget(user), SCOPE_TYPE_PANE, "scores");
    return pane && is_set(SCOPE_PANE(pane), "token=7") && scope_pane_has_figure(SCOPE_PANE(pane));
}

static bool
follows_pointer(gpointer user)
{
    GtkWidget *pane = find(stage_widget(user), SCOPE_TYPE_PANE, "scores");
    return pane && !is_set(SCOPE_PANE(pane), "token=7");
}

static void
test_scores(Stage *stage, gconstpointer data)
{
    open_run(stage, "tokens");
    wait_for_text(stage, "Document ");
    wait_until(stage_shows_figure, stage_widget(stage));
    GtkWidget *lower =
        gtk_widget_get_ancestor(named(stage, GTK_TYPE_DROP_DOWN, "contexts-order"), GTK_TYPE_STACK);
    gtk_stack_set_visible_child_name(GTK_STACK(lower), "scores");
    scope_focus_set(stage_focus(stage), SCOPE_FOCUS_TOKEN, 7);
    wait_until(tells_scores, stage);
    assert_drawn(stage_widget(stage), "page-scores");
    GtkWidget *text = named(stage, SCOPE_TYPE_SCENE_VIEW, NULL);
    for (int y = 40; y < 140 && !scope_scene_view_get_words(SCOPE_SCENE_VIEW(text)); y += 6) {
        point_at(text, 60, y);
        settle(text);
    }
    wait_until(follows_pointer, stage);
}

static void
test_choosers(Stage *stage, gconstpointer data)
{
    open_run(stage, "tokens");
    GtkWidget *layers = named(stage, GTK_TYPE_DROP_DOWN, "layer");
    gtk_drop_down_set_selected(GTK_DROP_DOWN(layers), 0);
    g_assert_cmpint(scope_focus_get(stage_focus(stage), SCOPE_FOCUS_LAYER), ==, 0);
    g_assert_true(is_set(stage_pane(stage), "layer=0"));
    scope_focus_set(stage_focus(stage), SCOPE_FOCUS_LAYER, 1);
    g_assert_cmpuint(gtk_drop_down_get_selected(GTK_DROP_DOWN(layers)), ==, 1);
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(named(stage, GTK_TYPE_SPIN_BUTTON, "slot")), 1);
    g_assert_true(is_set(stage_pane(stage), "slot=1"));
}

static void
test_expert(Stage *stage, gconstpointer data)
{
    open_run(stage, "expert");
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(named(stage, GTK_TYPE_SPIN_BUTTON, "expert")), 2);
    g_assert_true(is_set(stage_pane(stage), "expert=2"));
    wait_for_text(stage, "expert 2");
    GtkWidget *lower =
        gtk_widget_get_ancestor(named(stage, GTK_TYPE_DROP_DOWN, "contexts-order"), GTK_TYPE_STACK);
    gtk_stack_set_visible_child_name(GTK_STACK(lower), "relatives");
    settle(stage_widget(stage));
    wait_for_row(stage, "relatives", "\n0,");
    activate_row(stage, "relatives", 0);
    g_assert_cmpint(scope_focus_get(stage_focus(stage), SCOPE_FOCUS_EXPERT), ==, 0);
    assert_drawn(stage_widget(stage), "page-relatives");
}

static void
test_metrics(Stage *stage, gconstpointer data)
{
    open_run(stage, "metrics");
    wait_for_row(stage, "metrics", "\neffective-experts,");
    gtk_editable_set_text(GTK_EDITABLE(named(stage, GTK_TYPE_SEARCH_ENTRY, "search")), "gini");
    wait_for_row(stage, "metrics",
                 "metric,value,95 % from,to,uniform,shuffled,unit,formula\ngini,");
    activate_row(stage, "metrics", 0);
    g_assert_true(says(stage_widget(stage), "Convention") || says(stage_widget(stage), "Formula"));
    assert_drawn(stage_widget(stage), "page-metrics");
}

static bool
has_numbers(gpointer window)
{
    GdkClipboard *clipboard = gtk_widget_get_clipboard(GTK_WIDGET(window));
    return gdk_content_formats_contain_gtype(gdk_clipboard_get_formats(clipboard), G_TYPE_STRING);
}

static bool
has_menu(gpointer table)
{
    return find(table, GTK_TYPE_POPOVER_MENU, NULL) != NULL;
}

/* Where a view is a table, the table is what is exported and copied. */
static void
test_table(Stage *stage, gconstpointer data)
{
    g_autofree char *path = stage_path("metrics.csv"), *written = NULL;
    g_autoptr(GError) error = NULL;
    open_run(stage, "metrics");
    wait_for_row(stage, "metrics", "\neffective-experts,");
    ScopeTable *table = SCOPE_TABLE(named(stage, SCOPE_TYPE_TABLE, "metrics"));
    g_assert_true(scope_table_save(table, path, &error));
    g_assert_no_error(error);
    g_autofree char *csv = scope_table_to_csv(table);
    g_assert_true(g_file_get_contents(path, &written, NULL, NULL));
    g_assert_cmpstr(written, ==, csv);
    g_assert_false(scope_table_save(table, "/nowhere/at/all.csv", NULL));
    gtk_widget_activate_action(stage_widget(stage), "win.copy", NULL);
    wait_until(has_numbers, stage_widget(stage));
    if (have_hands()) {
        point_at(GTK_WIDGET(table), 60, 80);
        settle(stage_widget(stage));
        do_by_hand(stage_widget(stage), "click 3");
        wait_until(has_menu, table);
        assert_drawn(find(GTK_WIDGET(table), GTK_TYPE_POPOVER_MENU, NULL), "table-menu");
    }
}

/* The run with itself: they agree in everything. */
static void
test_compare(Stage *stage, gconstpointer data)
{
    g_autofree char *run = small_run();
    g_autofree char *trace = g_build_filename(run, "trace.npz", NULL);
    stage_open(stage, trace);
    wait_until(stage_is_open, stage);
    open_run(stage, "compare");
    GtkWidget *other = named(stage, GTK_TYPE_DROP_DOWN, "other");
    gtk_drop_down_set_selected(GTK_DROP_DOWN(other), 1);
    GtkWidget *stack = named(stage, GTK_TYPE_STACK, "compared");
    gtk_stack_set_visible_child_name(GTK_STACK(stack), "layers");
    settle(stage_widget(stage));
    wait_for_row(stage, "agreement", "\n0,1,");
    activate_row(stage, "agreement", 1);
    g_assert_cmpint(scope_focus_get(stage_focus(stage), SCOPE_FOCUS_LAYER), ==, 1);
    assert_drawn(stage_widget(stage), "page-compare");
    scope_focus_set_filter(stage_focus(stage), "domain=boats"); /* the tables follow it */
    wait_for_row(stage, "agreement", "\n0,1,");
    scope_focus_set_filter(stage_focus(stage), "doc=900-999");
    wait_for_text(stage, "no token where doc=900-999");
    scope_focus_set_filter(stage_focus(stage), "");
    gtk_drop_down_set_selected(GTK_DROP_DOWN(other), 0);
    wait_for_text(stage, "Nothing to compare with");
}

/* What a run recorded under a name can be chosen without knowing it. */
static void
test_names(Stage *stage, gconstpointer data)
{
    open_run(stage, "figures");
    stage_choose_figure(stage, "measures");
    wait_until(stage_shows_figure, stage_widget(stage));
    GtkDropDown *names = GTK_DROP_DOWN(named(stage, GTK_TYPE_DROP_DOWN, "name"));
    g_assert_cmpuint(g_list_model_get_n_items(gtk_drop_down_get_model(names)), >, 1);
    gtk_drop_down_set_selected(names, 0);
    g_autofree char *setting = g_strdup_printf(
        "name=%s", gtk_string_object_get_string(gtk_drop_down_get_selected_item(names)));
    g_assert_true(is_set(stage_pane(stage), setting));
    wait_until(stage_shows_figure, stage_widget(stage));
    assert_drawn(stage_widget(stage), "page-names");
}

static void
test_filter(Stage *stage, gconstpointer data)
{
    open_run(stage, "overview");
    wait_for_text(stage, "MoE layers");
    scope_focus_set_filter(stage_focus(stage), "domain=boats");
    wait_until(stage_shows_figure, stage_widget(stage));
    turn(stage, "expert");
    wait_until(stage_shows_figure, stage_widget(stage));
    g_assert_false(says(stage_widget(stage), "No figure"));
    g_assert_false(has_expert(stage));
}

/* Of a run with tokens of several steps: chosen beside the filter, followed by all that is of
 * tokens, and left by a button. */
static void
test_step(Stage *stage, gconstpointer data)
{
    int n;
    open_run(stage, "overview");
    wait_until(stage_shows_figure, stage_widget(stage));
    const int32_t *steps = scope_document_steps(scope_tab_get_document(stage_tab(stage)), &n);
    g_assert_cmpint(n, >, 1);
    g_autofree char *setting = g_strdup_printf("steps=%d", steps[0]);
    g_autofree char *says_step = g_strdup_printf("Step %d", steps[0]);
    GtkWidget *menu = named(stage, GTK_TYPE_MENU_BUTTON, "filter-menu");
    gtk_menu_button_popup(GTK_MENU_BUTTON(menu));
    GtkWidget *step = named(stage, GTK_TYPE_DROP_DOWN, "filter-step");
    gtk_drop_down_set_selected(GTK_DROP_DOWN(step), (guint)n); /* the earliest */
    gtk_menu_button_popdown(GTK_MENU_BUTTON(menu));
    g_assert_cmpint(scope_focus_get(stage_focus(stage), SCOPE_FOCUS_STEP), ==, steps[0]);
    g_assert_true(is_set(stage_pane(stage), setting));
    wait_until(stage_shows_figure, stage_widget(stage));
    g_assert_true(says(stage_widget(stage), says_step));
    assert_drawn(stage_widget(stage), "page-step");
    turn(stage, "tokens");
    wait_for_text(stage, "Document ");
    g_assert_true(is_set(stage_pane(stage), setting));
    turn(stage, "metrics");
    wait_for_row(stage, "metrics", "\neffective-experts,");
    g_signal_emit_by_name(named(stage, GTK_TYPE_BUTTON, "filter-back-to-last"), "clicked");
    g_assert_cmpint(scope_focus_get(stage_focus(stage), SCOPE_FOCUS_STEP), ==, -1);
    g_assert_null(find(stage_widget(stage), GTK_TYPE_BUTTON, "filter-back-to-last"));
}

static void
add(void)
{
    stage_add("/gui/pages/figures", test_figures);
    stage_add("/gui/pages/overview", test_overview);
    stage_add("/gui/pages/empty", test_empty);
    stage_add("/gui/pages/training", test_training);
    stage_add("/gui/pages/play", test_play);
    stage_add("/gui/pages/search", test_search);
    stage_add("/gui/pages/scores", test_scores);
    stage_add("/gui/pages/choosers", test_choosers);
    stage_add("/gui/pages/expert", test_expert);
    stage_add("/gui/pages/metrics", test_metrics);
    stage_add("/gui/pages/table", test_table);
    stage_add("/gui/pages/compare", test_compare);
    stage_add("/gui/pages/names", test_names);
    stage_add("/gui/pages/filter", test_filter);
    stage_add("/gui/pages/step", test_step);
}

int
main(int argc, char **argv)
{
    return stage_run(argc, argv, add);
}
